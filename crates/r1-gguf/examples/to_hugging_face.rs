//! Writes a GGUF file's model as a Hugging Face folder with f32 weights.
//!
//!     cargo run --release -p r1-gguf --example to_hugging_face -- MODEL.gguf FOLDER
//!
//! Takes four bytes a weight on the disk and in memory; a 0.5B model takes 10 seconds. The last line it prints is
//! `FOLDER: 290 weights`.

use std::path::Path;

use r1_gguf::{Gguf, GgufError};
use safetensors::{Dtype, View};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, folder] = &arguments[..] else { return Err("MODEL.gguf and FOLDER are expected".into()) };
    let gguf = Gguf::open(file)?;
    let folder = Path::new(folder);
    std::fs::create_dir(folder)?;
    for (name, json) in [
        ("config.json", gguf.config()?),
        ("tokenizer.json", gguf.tokenizer_json()?),
        ("tokenizer_config.json", gguf.tokenizer_config()?),
    ] {
        std::fs::write(folder.join(name), serde_json::to_string_pretty(&json)?)?;
    }
    let weights = gguf.weights()?;
    let decoded = weights.iter().map(|weight| {
        let mut values = Vec::new();
        weight.to_f32(&mut values);
        Ok((weight.name().to_owned(), Decoded { shape: weight.shape().to_vec(), values }))
    });
    let decoded = decoded.collect::<Result<Vec<_>, GgufError>>()?;
    safetensors::serialize_to_file(decoded, None, &folder.join("model.safetensors"))?;
    println!("{}: {} weights", folder.display(), weights.len());
    Ok(())
}

struct Decoded {
    shape: Vec<usize>,
    values: Vec<f32>,
}

impl View for Decoded {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> std::borrow::Cow<'_, [u8]> {
        self.values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>().into()
    }
    fn data_len(&self) -> usize {
        self.values.len() * 4
    }
}
