//! Files that the gguf package wrote, `golden/make.py`.

use std::path::PathBuf;

use r1_gguf::{Gguf, GgufError};

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn holds_the_golden_tensors(gguf: &Gguf) {
    let expected: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(golden("values.json")).unwrap()).unwrap();
    let expected = expected.as_object().unwrap();
    assert_eq!(gguf.tensors().len(), expected.len());
    let mut values = Vec::new();
    for (name, row) in expected {
        let tensor = gguf.tensor(name).unwrap();
        assert_eq!(serde_json::json!(tensor.shape()), row["shape"]);
        assert_eq!(tensor.block_type().to_string().to_lowercase(), *name);
        tensor.to_f32(&mut values);
        let numbers: Vec<f32> = serde_json::from_value(row["values"].clone()).unwrap();
        assert_eq!(values, numbers, "{name}");
        tensor.rows_to_f32(1..3, &mut values);
        assert_eq!(values, numbers[tensor.columns()..3 * tensor.columns()], "{name}");
    }
}

#[test]
fn a_value_of_every_type_is_read() {
    let gguf = Gguf::open(golden("every.gguf")).unwrap();
    let metadata = gguf.metadata();
    let number = |key: &str| metadata.need::<u64>(key, "a test").unwrap();
    assert_eq!([number("test.u8"), number("test.u16")], [200, 60000]);
    assert_eq!([number("test.u32"), number("test.u64")], [4_000_000_000, 1 << 60]);
    assert_eq!(metadata.get::<f64>("test.f32").unwrap(), Some(1e-6));
    assert_eq!(metadata.get::<f64>("test.f64").unwrap(), Some(0.1));
    assert_eq!(metadata.get::<bool>("test.yes").unwrap(), Some(true));
    assert_eq!(metadata.get::<&str>("test.text").unwrap(), Some("Grüße, 世界"));
    assert_eq!(metadata.get::<&[String]>("test.texts").unwrap().unwrap(), ["a", "", "ß"]);
    assert_eq!(metadata.get::<Vec<i64>>("test.numbers").unwrap(), Some(vec![1, -2, 3]));
    assert_eq!(metadata.get::<Vec<f64>>("test.floats").unwrap(), Some(vec![0.5, -0.25]));
    assert_eq!(metadata.get::<u64>("test.absent").unwrap(), None);
    for key in ["test.i8", "test.i16", "test.i32", "test.i64", "test.text"] {
        let error = metadata.get::<u64>(key).unwrap_err();
        assert!(error.to_string().starts_with(&format!("`{key}` is ")), "{error}");
    }
    holds_the_golden_tensors(&gguf);
}

#[test]
fn any_part_of_a_split_file_opens_all() {
    for part in 1..=3 {
        holds_the_golden_tensors(&Gguf::open(golden(&format!("split-0000{part}-of-00003.gguf"))).unwrap());
    }
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let part = |number: usize| folder.path().join(format!("split-0000{number}-of-00003.gguf"));
    for (to, from) in [(1, 1), (2, 3), (3, 3)] {
        std::fs::copy(golden(&format!("split-0000{from}-of-00003.gguf")), part(to)).unwrap();
    }
    let error = Gguf::open(part(1)).unwrap_err().to_string();
    assert!(error.contains("`split.no` is not 1"), "{error}");
    std::fs::remove_file(part(2)).unwrap();
    assert!(matches!(Gguf::open(part(1)), Err(GgufError::Io { path, .. }) if path == part(2)));
    std::fs::rename(part(1), folder.path().join("renamed.gguf")).unwrap();
    let error = Gguf::open(folder.path().join("renamed.gguf")).unwrap_err().to_string();
    assert!(error.contains("one of 3 parts"), "{error}");
}
