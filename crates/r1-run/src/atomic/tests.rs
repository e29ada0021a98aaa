use super::*;

/// The names in a folder, sorted.
fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A folder that a killed process was filling, or had filled.
fn folder(path: &Path, content: &str) {
    fs::create_dir_all(path).unwrap();
    manifest::begin(path).unwrap();
    fs::write(path.join("step"), content).unwrap();
}

fn write(target: &Path, content: &str) -> Result<(), RunError> {
    write_folder(target, |dir| {
        fs::create_dir(dir.join("inner")).unwrap();
        write_file(&dir.join("inner/weights"), content.as_bytes())?;
        write_file(&dir.join("step"), content.as_bytes())
    })
}

#[test]
fn a_file_is_replaced_and_leaves_no_other_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.json");
    write_file(&path, b"1").unwrap();
    write_file(&path, b"22").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"22");
    assert_eq!(names(dir.path()), ["a.json"]);
}

#[test]
fn a_failed_write_names_the_path_and_keeps_the_old_file() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("no/such/a.json");
    assert!(write_file(&missing, b"1").unwrap_err().to_string().contains("no/such"));

    // A folder stands where the file should go, so the renaming fails after the writing.
    let taken = dir.path().join("taken");
    folder(&taken, "old");
    assert!(write_file(&taken, b"1").unwrap_err().to_string().contains("taken"));
    assert_eq!(fs::read(taken.join("step")).unwrap(), b"old");
    assert_eq!(names(dir.path()), ["taken"]);
}

#[test]
fn a_path_without_a_name_is_refused() {
    assert!(matches!(write_file(Path::new("/"), b"1"), Err(RunError::Destination { .. })));
    assert!(matches!(write(Path::new(".."), "1"), Err(RunError::Unnamed { .. })));
}

#[test]
fn a_folder_is_replaced_and_leaves_no_other_name() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("checkpoint");
    for content in ["1", "2"] {
        write(&target, content).unwrap();
        assert_eq!(fs::read_to_string(target.join("inner/weights")).unwrap(), content);
    }
    assert_eq!(names(dir.path()), ["checkpoint"]);
}

#[test]
fn when_filling_fails_the_old_folder_stays() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("checkpoint");
    write(&target, "old").unwrap();
    let failed = write_folder(&target, |new| {
        fs::write(new.join("step"), "half").unwrap();
        Err(RunError::Missing { dir: new.to_owned() })
    });
    assert!(matches!(failed, Err(RunError::Missing { .. })));
    assert_eq!(fs::read_to_string(target.join("step")).unwrap(), "old");
    assert_eq!(names(dir.path()), ["checkpoint"]);
}

#[test]
fn a_process_killed_between_the_renames_is_recovered_forward() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("checkpoint");
    folder(&dir.path().join(".checkpoint.old"), "old");
    folder(&dir.path().join(".checkpoint.new"), "new");
    recover_folder(&target).unwrap();
    assert_eq!(fs::read_to_string(target.join("step")).unwrap(), "new");
    assert_eq!(names(dir.path()), ["checkpoint"]);
}

#[test]
fn the_old_folder_comes_back_when_the_new_one_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("checkpoint");
    folder(&dir.path().join(".checkpoint.old"), "old");
    recover_folder(&target).unwrap();
    assert_eq!(fs::read_to_string(target.join("step")).unwrap(), "old");
    assert_eq!(names(dir.path()), ["checkpoint"]);
}

#[test]
fn a_process_killed_while_filling_or_deleting_leaves_the_right_folder() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("checkpoint");

    // Killed while filling: the half-written folder is not taken, and the next write clears it.
    folder(&dir.path().join(".checkpoint.new"), "half");
    recover_folder(&target).unwrap();
    assert!(!target.exists());
    write(&target, "whole").unwrap();
    assert_eq!(names(dir.path()), ["checkpoint"]);

    // Killed while deleting the old one: the target is already the new one.
    folder(&dir.path().join(".checkpoint.old"), "old");
    recover_folder(&target).unwrap();
    assert_eq!(fs::read_to_string(target.join("step")).unwrap(), "whole");
    assert_eq!(names(dir.path()), ["checkpoint"]);
}

#[test]
fn what_somebody_else_wrote_is_never_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("out");
    fs::create_dir(&target).unwrap();
    fs::write(target.join("thesis.txt"), "mine").unwrap();
    for overwrite in [false, true] {
        let error = check_folder(&target, overwrite).unwrap_err().to_string();
        assert!(error.contains("thesis.txt") && error.contains("--overwrite"), "{error}");
    }
    assert!(matches!(write(&target, "1"), Err(RunError::NotOurs { .. })));
    assert_eq!(names(&target), ["thesis.txt"]);
    // Nor is a file, nor what stands where the folder is filled or moved aside.
    for name in ["file", ".new.new", ".old.old"] {
        fs::write(dir.path().join(name), "mine").unwrap();
    }
    for name in ["file", "new"] {
        assert!(write(&dir.path().join(name), "1").is_err(), "{name}");
    }
    let old = dir.path().join("old");
    write(&old, "1").unwrap();
    assert!(write(&old, "2").is_err());
    assert_eq!(fs::read_to_string(old.join("step")).unwrap(), "1");
    for name in ["file", ".new.new", ".old.old"] {
        assert_eq!(fs::read_to_string(dir.path().join(name)).unwrap(), "mine");
    }
    assert_eq!(names(dir.path()), [".new.new", ".old.old", "file", "old", "out"]);
}

#[test]
fn what_was_written_here_is_replaced_only_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("out");
    check_folder(&target, false).unwrap();
    fs::create_dir(&target).unwrap();
    check_folder(&target, false).unwrap();
    write(&target, "1").unwrap();
    let error = check_folder(&target, false).unwrap_err().to_string();
    assert!(error.ends_with("choose another --out, or replace it with --overwrite"), "{error}");
    check_folder(&target, true).unwrap();
    write(&target, "2").unwrap();
    // Something of the user's came into it.
    fs::write(target.join("inner/notes"), "mine").unwrap();
    assert!(check_folder(&target, true).unwrap_err().to_string().contains("inner/notes"));
    assert!(write(&target, "3").is_err());
    assert_eq!(fs::read_to_string(target.join("step")).unwrap(), "2");
    assert_eq!(names(dir.path()), ["out"]);
}

#[test]
#[cfg(unix)]
fn a_link_to_a_folder_stays_a_link() {
    let dir = tempfile::tempdir().unwrap();
    let (target, link) = (dir.path().join("far/out"), dir.path().join("out"));
    fs::create_dir_all(&target).unwrap();
    std::os::unix::fs::symlink("far/out", &link).unwrap();
    write(&link, "1").unwrap();
    write(&link, "2").unwrap();
    assert!(link.is_symlink());
    assert_eq!(fs::read_to_string(target.join("step")).unwrap(), "2");
}

#[test]
#[cfg(unix)]
fn files_have_the_permissions_of_the_user() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let plain = dir.path().join("plain");
    fs::write(&plain, "").unwrap();
    // As safetensors writes them.
    let private = |path: &Path| fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    let target = dir.path().join("out");
    write_folder::<RunError>(&target, |dir| {
        fs::write(dir.join("weights"), "1").unwrap();
        private(&dir.join("weights"));
        Ok(())
    })
    .unwrap();
    assert_eq!(mode(&target.join("weights")), mode(&plain));
    write_file(&dir.path().join("new"), b"1").unwrap();
    assert_eq!(mode(&dir.path().join("new")), mode(&plain));
    // What the user had closed stays closed.
    private(&plain);
    write_file(&plain, b"1").unwrap();
    assert_eq!(mode(&plain), 0o600);
}
