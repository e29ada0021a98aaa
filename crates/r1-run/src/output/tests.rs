use super::*;

#[test]
#[cfg(unix)]
fn a_link_is_followed_and_stays_a_link() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let (target, link) = (dir.path().join("deep/a.json"), dir.path().join("link"));
    fs::create_dir(dir.path().join("deep")).unwrap();
    // The link is relative and, at first, leads to nothing.
    symlink("deep/a.json", &link).unwrap();
    for content in ["1", "22"] {
        let output = Output::open(&link).unwrap();
        output.write(content.as_bytes()).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), content);
        assert!(link.is_symlink());
        assert_eq!(output.file().unwrap().canonicalize().unwrap(), target.canonicalize().unwrap());
    }
    let circle = dir.path().join("circle");
    symlink("circle", &circle).unwrap();
    let error = Output::open(&circle).unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("in a circle"));
}

#[test]
#[cfg(target_os = "linux")]
fn devices_are_written_through_and_stay() {
    use std::os::unix::fs::FileTypeExt;
    let null = Output::open("/dev/null").unwrap();
    assert_eq!(null.file(), None);
    null.write(b"1").unwrap();
    assert!(matches!(Output::open("/dev/full").unwrap().write(b"1"), Err(RunError::Write { .. })));
    for device in ["/dev/null", "/dev/full"] {
        assert!(fs::metadata(device).unwrap().file_type().is_char_device(), "{device}");
    }
    assert!(Output::open("/dev/stdout").unwrap().is_standard_output());
    assert_eq!(Output::open("/dev/stderr").unwrap().file(), None);
}

#[test]
#[cfg(unix)]
fn a_pipe_needs_a_reader_and_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let error = Output::open(&path).unwrap_err().to_string();
    assert!(error.ends_with("nobody reads this pipe; start its reader first"), "{error}");
    let reader = {
        let path = path.clone();
        std::thread::spawn(move || fs::read(path).unwrap())
    };
    let output = loop {
        match Output::open(&path) {
            Ok(output) => break output,
            Err(_) => std::thread::yield_now(),
        }
    };
    output.write(b"12").unwrap();
    output.write(b"3").unwrap();
    drop(output);
    assert_eq!(reader.join().unwrap(), b"123");
}

#[test]
fn what_cannot_be_written_is_told_before_the_work() {
    let dir = tempfile::tempdir().unwrap();
    let check = |path: &Path| Output::open(path).unwrap_err().to_string();
    assert!(check(dir.path()).ends_with("it is a folder; give a file"));
    assert!(check(&dir.path().join("no/such")).ends_with("no` does not exist; make it first"));
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(check(&file.join("a.json")).contains("does not exist"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}
