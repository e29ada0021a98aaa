//! Writes a Hugging Face folder's model (one safetensors file, f32 or bf16) as a GGUF file.
//!
//!     cargo run --release -p r1-gguf --example from_hugging_face -- FOLDER MODEL.gguf q4_k_m
//!
//! The types are f32, f16, bf16, q8_0 and q4_k_m. A 0.5B model takes half a minute on two cores. The last line it
//! prints is `MODEL.gguf: 290 weights`.

use std::path::Path;

use r1_gguf::{Export, FileType};
use safetensors::{Dtype, SafeTensors};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, file, file_type] = &arguments[..] else {
        return Err("FOLDER, MODEL.gguf, TYPE are expected".into());
    };
    let file_type: FileType = file_type.parse()?;
    let folder = Path::new(folder);
    let json = |name| -> Result<serde_json::Value, Box<dyn std::error::Error>> {
        Ok(serde_json::from_slice(&std::fs::read(folder.join(name))?)?)
    };
    let (config, tokenizer) = (json("config.json")?, json("tokenizer.json")?);
    let tokenizer_config = json("tokenizer_config.json")?;
    let file_of_weights = std::fs::File::open(folder.join("model.safetensors"))?;
    // SAFETY: the map is only read, and nobody is to change the checkpoint meanwhile.
    let bytes = unsafe { memmap2::Mmap::map(&file_of_weights)? };
    let weights = SafeTensors::deserialize(&bytes)?;
    let shapes = weights.iter().map(|(name, view)| (name.to_string(), view.shape().to_vec()));
    let export = Export::new(&config, &tokenizer, &tokenizer_config, file_type)?;
    export.write(file, shapes.collect::<Vec<_>>(), |name, values| {
        let view = weights.tensor(name)?;
        match view.dtype() {
            Dtype::F32 => {
                values.extend(view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)))
            }
            Dtype::BF16 => values
                .extend(view.data().as_chunks().0.iter().map(|&[a, b]| f32::from_le_bytes([0, 0, a, b]))),
            other => return Err(format!("{other:?} is not read by this example").into()),
        }
        Ok(())
    })?;
    println!("{file}: {} weights", weights.len());
    Ok(())
}
