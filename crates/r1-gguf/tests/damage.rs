//! Damaged files: an error or a file, never a panic.

use proptest::prelude::*;
use r1_gguf::{Gguf, GgufError};

const EVERY: &[u8] = include_bytes!("golden/every.gguf");

/// Opens bytes and uses everything that opened.
fn survives(bytes: Vec<u8>) -> Result<(), GgufError> {
    let gguf = Gguf::from_bytes(bytes)?;
    let mut values = Vec::new();
    for tensor in gguf.tensors() {
        tensor.to_f32(&mut values);
    }
    let _ = gguf.metadata().iter().map(|(key, value)| format!("{key} {value}")).collect::<String>();
    Ok(())
}

#[test]
fn every_beginning_of_a_file_is_refused() {
    for len in 0..EVERY.len() {
        let cut = survives(EVERY[..len].to_vec());
        // Behind the last tensor there may be padding.
        assert!(cut.is_err() || len + 32 > EVERY.len(), "{len}");
    }
    survives(EVERY.to_vec()).unwrap();
}

#[test]
fn errors_name_the_field_and_the_place() {
    let error = survives(EVERY[..700].to_vec()).unwrap_err().to_string();
    assert!(error.contains("at byte") && error.contains("fetch it again"), "{error}");
    let error = survives(b"PK\x03\x04....".to_vec()).unwrap_err().to_string();
    assert!(error.starts_with("the file begins with PK"), "{error}");
    let mut old = EVERY.to_vec();
    old[4] = 1;
    assert!(survives(old.clone()).unwrap_err().to_string().starts_with("the file has version 1"));
    old[4..8].copy_from_slice(&[0, 0, 0, 3]);
    assert!(survives(old).unwrap_err().to_string().starts_with("the file is big-endian"));
}

#[test]
fn every_single_byte_may_be_anything() {
    for place in 0..EVERY.len().min(2500) {
        for value in [0, 1, 9, 0x7f, 0x80, 0xff] {
            let mut bytes = EVERY.to_vec();
            bytes[place] = value;
            let _ = survives(bytes);
        }
    }
}

proptest! {
    #[test]
    fn changed_bytes_are_an_error_or_a_file(
        changes in prop::collection::vec((0..EVERY.len(), any::<u8>()), 1..12),
        number in prop::option::of((0..1500usize, prop::sample::select(vec![u64::MAX, 1 << 63, 1 << 40, 0]))),
    ) {
        let mut bytes = EVERY.to_vec();
        for (place, value) in changes {
            bytes[place] = value;
        }
        if let Some((place, number)) = number {
            bytes[place..place + 8].copy_from_slice(&number.to_le_bytes());
        }
        let _ = survives(bytes);
    }

    #[test]
    fn any_bytes_behind_the_magic_are_an_error_or_a_file(tail in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = survives([b"GGUF\x03\0\0\0".to_vec(), tail].concat());
    }
}
