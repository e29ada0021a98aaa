//! Blocks and values that other programs made, `golden/make.py`.

use r1_quant::{BlockType, decode, encode};

#[derive(serde::Deserialize)]
struct Golden {
    decoded: Vec<Row>,
    encoded: Vec<Row>,
}

#[derive(serde::Deserialize)]
struct Row {
    r#type: String,
    blocks: String,
    values: String,
}

impl Row {
    fn parts(&self) -> (BlockType, Vec<u8>, Vec<f32>) {
        let block_type = BlockType::ALL.into_iter().find(|b| b.to_string() == self.r#type).unwrap();
        let values =
            bytes(&self.values).chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
        (block_type, bytes(&self.blocks), values)
    }
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    (0..hexadecimal.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&hexadecimal[i..i + 2], 16).unwrap())
        .collect()
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/blocks.json")).unwrap()
}

#[test]
fn decoded_values_have_the_bits_of_the_gguf_package() {
    let rows = golden().decoded;
    assert_eq!(rows.len(), BlockType::ALL.len() - 1);
    for row in rows {
        let (block_type, blocks, expected) = row.parts();
        let mut values = vec![f32::NAN; expected.len()];
        decode(block_type, &blocks, &mut values).unwrap();
        for (i, (value, expected)) in values.iter().zip(&expected).enumerate() {
            assert_eq!(value.to_bits(), expected.to_bits(), "{block_type} {i}: {value} {expected}");
        }
    }
}

#[test]
fn encoded_blocks_are_those_of_llama_cpp() {
    for row in golden().encoded {
        let (block_type, expected, values) = row.parts();
        let blocks = encode(block_type, &values).unwrap();
        assert_eq!(blocks, expected, "{block_type}");
    }
}
