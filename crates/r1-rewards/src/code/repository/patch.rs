//! Unified diffs, as `git diff` and `diff -u` write them.

use std::{iter::Peekable, str::Split, sync::Arc};

use super::image::{Image, is_inside};

/// A patch longer than this is refused unread.
const MOST_BYTES: usize = 4 << 20;

/// Places that are tried for all hunks of a patch, in lines; hunks that have moved are looked for elsewhere.
const MOST_TRIES: usize = 10_000_000;

/// The changes of one file.
#[derive(Debug, PartialEq)]
struct FilePatch<'a> {
    /// Its names before and after; none where there is no such file.
    old: Option<&'a str>,
    new: Option<&'a str>,
    hunks: Vec<Hunk<'a>>,
}

#[derive(Debug, PartialEq)]
struct Hunk<'a> {
    /// The first line that it changes, from 1.
    start: usize,
    lines: Vec<Line<'a>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Line<'a> {
    kind: Kind,
    text: &'a str,
    /// Whether it ends with a line feed.
    ends: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Context,
    Removed,
    Added,
}

/// The image with a patch applied; a sentence that says why it does not apply. Hunks may have moved, but the lines
/// around must be there.
pub(super) fn apply(image: &Image, patch: &str) -> Result<Image, String> {
    if patch.len() > MOST_BYTES {
        return Err(format!("the patch has more than {MOST_BYTES} bytes"));
    }
    let patches = parse(patch)?;
    if patches.is_empty() {
        return Err("it holds no patch".into());
    }
    let (mut patched, mut tries) = (image.clone(), MOST_TRIES);
    for FilePatch { old, new, hunks } in patches {
        let name = new.or(old).unwrap_or_default();
        if let Some(bad) = [old, new].into_iter().flatten().find(|name| !is_inside(name)) {
            return Err(format!("`{bad}` is no name inside of the repository"));
        }
        let before: Arc<[u8]> = match old {
            Some(old) => patched.files.remove(old).ok_or_else(|| format!("there is no file `{old}`"))?,
            None if patched.files.contains_key(name) => return Err(format!("`{name}` is there already")),
            None => Arc::default(),
        };
        let after =
            apply_hunks(&before, &hunks, &mut tries).map_err(|reason| format!("`{name}`: {reason}"))?;
        if let Some(new) = new {
            patched.files.insert(new.to_owned(), after.into());
        } else if !after.is_empty() {
            return Err(format!("`{name}` is deleted, but lines of it are left"));
        }
    }
    Ok(patched)
}

/// `tries` is what looking for moved hunks may still cost.
fn apply_hunks(before: &[u8], hunks: &[Hunk<'_>], tries: &mut usize) -> Result<Vec<u8>, String> {
    let lines: Vec<&[u8]> = before.split_inclusive(|&byte| byte == b'\n').collect();
    let (mut after, mut next, mut moved) = (Vec::with_capacity(before.len()), 0, 0isize);
    for (number, hunk) in hunks.iter().enumerate() {
        let old: Vec<&Line<'_>> = hunk.lines.iter().filter(|line| line.kind != Kind::Added).collect();
        // Without old lines the number is that of the line before.
        let start = if old.is_empty() { hunk.start } else { hunk.start.saturating_sub(1) };
        let wanted = start.saturating_add_signed(moved);
        let fits = |at: usize| {
            at >= next
                && lines
                    .get(at..at.saturating_add(old.len()))
                    .is_some_and(|found| found.iter().zip(&old).all(|(found, line)| line.is(found)))
        };
        let nearest = (0..=lines.len().min(*tries)).find_map(|far| {
            *tries = tries.saturating_sub(1);
            [wanted.checked_add(far), wanted.checked_sub(far)].into_iter().flatten().find(|&at| fits(at))
        });
        let at = nearest.ok_or_else(|| format!("hunk {} does not fit", number + 1))?;
        moved = at as isize - start as isize;
        lines[next..at].iter().for_each(|line| after.extend_from_slice(line));
        for line in hunk.lines.iter().filter(|line| line.kind != Kind::Removed) {
            after.extend_from_slice(line.text.as_bytes());
            after.extend(line.ends.then_some(b'\n'));
        }
        next = at + old.len();
    }
    lines[next..].iter().for_each(|line| after.extend_from_slice(line));
    Ok(after)
}

impl Line<'_> {
    fn is(&self, found: &[u8]) -> bool {
        match found.strip_suffix(b"\n") {
            Some(found) => self.ends && found == self.text.as_bytes(),
            None => !self.ends && found == self.text.as_bytes(),
        }
    }
}

fn parse(patch: &str) -> Result<Vec<FilePatch<'_>>, String> {
    let mut lines = patch.split('\n').peekable();
    let mut patches: Vec<FilePatch<'_>> = Vec::new();
    while let Some(line) = lines.next() {
        if line.starts_with("GIT binary patch") || line.starts_with("Binary files ") {
            return Err("it changes a file that is no text".into());
        } else if let Some(old) = line.strip_prefix("rename from ") {
            let new = lines.next().and_then(|line| line.strip_prefix("rename to "));
            let new = new.ok_or_else(|| format!("`{old}` is renamed to nothing"))?;
            patches.push(FilePatch { old: Some(old), new: Some(new), hunks: Vec::new() });
        } else if let Some(old) = line.strip_prefix("--- ") {
            let Some(new) = lines.next_if(|line| line.starts_with("+++ ")) else { continue };
            let (old, new) = (name(old, "a/")?, name(&new[4..], "b/")?);
            if old.is_none() && new.is_none() {
                return Err("a file has no name".into());
            }
            // The name was told by the lines before, where it changes.
            let renamed =
                patches.last().is_some_and(|last| last.hunks.is_empty() && last.new == new && old.is_some());
            if !renamed {
                patches.push(FilePatch { old, new, hunks: Vec::new() });
            }
        } else if let Some(header) = line.strip_prefix("@@ ") {
            let current = patches.last_mut().ok_or("a hunk comes before any file")?;
            current.hunks.push(hunk(header, &mut lines)?);
        }
    }
    Ok(patches)
}

/// The name in a header; none for `/dev/null`.
fn name<'a>(text: &'a str, prefix: &str) -> Result<Option<&'a str>, String> {
    // `diff -u` writes the time behind it.
    let name = text.split('\t').next().unwrap_or_default().trim_end_matches('\r');
    if name.starts_with('"') {
        return Err(format!("the name {name} is quoted; use plain names"));
    }
    Ok((name != "/dev/null").then(|| name.strip_prefix(prefix).unwrap_or(name)))
}

/// `-3,7 +3,8 @@ fn name()` and the lines that follow.
fn hunk<'a>(header: &str, lines: &mut Peekable<Split<'a, char>>) -> Result<Hunk<'a>, String> {
    let bad = || format!("`@@ {}` is no header of a hunk", header.chars().take(80).collect::<String>());
    let range = |text: &str| -> Option<(usize, usize)> {
        let (start, count) = text.split_once(',').unwrap_or((text, "1"));
        Some((start.parse().ok()?, count.parse().ok()?))
    };
    let mut parts = header.split(' ');
    let old = parts.next().and_then(|part| range(part.strip_prefix('-')?));
    let new = parts.next().and_then(|part| range(part.strip_prefix('+')?));
    let ((start, mut old), (_, mut new)) = old.zip(new).ok_or_else(bad)?;
    let mut hunk = Hunk { start, lines: Vec::new() };
    while old > 0 || new > 0 {
        let line = lines.next().ok_or_else(|| format!("the hunk `@@ {header}` is cut off"))?;
        let (kind, text) = match line.as_bytes().first() {
            Some(b'+') => (Kind::Added, &line[1..]),
            Some(b'-') => (Kind::Removed, &line[1..]),
            Some(b' ') => (Kind::Context, &line[1..]),
            // Editors cut the space of an empty line.
            None => (Kind::Context, line),
            Some(_) => {
                return Err(format!("`{}` is no line of a hunk", line.chars().take(80).collect::<String>()));
            }
        };
        let count = |left: &mut usize| left.checked_sub(1).map(|fewer| *left = fewer);
        let counted = match kind {
            Kind::Added => count(&mut new),
            Kind::Removed => count(&mut old),
            Kind::Context => count(&mut old).and(count(&mut new)),
        };
        counted.ok_or_else(|| format!("the hunk `@@ {header}` has more lines than it says"))?;
        // `\ No newline at end of file`, of this line.
        let ends = lines.next_if(|line| line.starts_with('\\')).is_none();
        hunk.lines.push(Line { kind, text, ends });
    }
    Ok(hunk)
}

/// The patch in an answer: its last block marked `diff` or `patch`, else all of it from the first header on.
pub(super) fn extract(answer: &str) -> Option<&str> {
    let (mut found, mut start, mut place) = (None, None, 0);
    for line in answer.split_inclusive('\n') {
        let text = line.trim();
        let fence = text.trim_start_matches(['`', '~']);
        let is_fence = text.len() - fence.len() >= 3;
        match start {
            None if is_fence && ["diff", "patch"].contains(&fence.trim()) => start = Some(place + line.len()),
            Some(begun) if is_fence && fence.is_empty() && line.starts_with(['`', '~']) => {
                (found, start) = (answer.get(begun..place), None);
            }
            _ => {}
        }
        place += line.len();
    }
    let header = || {
        let at = ["diff --git ", "--- "].into_iter().filter_map(|mark| {
            if answer.starts_with(mark) {
                Some(0)
            } else {
                answer.find(&format!("\n{mark}")).map(|at| at + 1)
            }
        });
        at.min().and_then(|at| answer.get(at..))
    };
    found.or_else(header)
}

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use proptest::prelude::*;

    use super::*;

    fn image(files: &[(&str, &str)]) -> Image {
        let mut image = Image::default();
        files.iter().for_each(|(name, content)| image.insert(name, content.as_bytes()).unwrap());
        image
    }

    #[test]
    fn files_are_changed_made_removed_and_renamed() {
        let before = image(&[("a", "1\n2\n3\n"), ("gone", "x\n"), ("old", "1\n2\n"), ("same", "s")]);
        let patch = "diff --git a/a b/a\nindex 1..2 100644\n--- a/a\n+++ b/a\n@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n\
                     diff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\
                     --- /dev/null\n+++ b/new/file\n@@ -0,0 +1,2 @@\n+--- not a header\n+end\n\\ No newline at end of file\n\
                     diff --git a/old b/young\nsimilarity index 50%\nrename from old\nrename to young\n--- a/old\n+++ b/young\n@@ -1,2 +1,2 @@\n-1\n+one\n 2\n";
        let after = image(&[
            ("a", "1\ntwo\n3\n"),
            ("new/file", "--- not a header\nend"),
            ("young", "one\n2\n"),
            ("same", "s"),
        ]);
        assert_eq!(apply(&before, patch), Ok(after));
    }

    #[test]
    fn what_does_not_fit_says_why() {
        let before = image(&[("a", "1\n2\n")]);
        for (patch, reason) in [
            ("", "holds no patch"),
            ("--- a/b\n+++ b/b\n@@ -1 +1 @@\n-1\n+2\n", "there is no file `b`"),
            ("--- a/a\n+++ b/a\n@@ -1 +1 @@\n-3\n+2\n", "hunk 1 does not fit"),
            ("--- a/a\n+++ b/a\n@@ -1,9 +1 @@\n-1\n", "cut off"),
            ("--- a/a\n+++ b/a\n@@ odd @@\n", "no header"),
            ("--- a/../x\n+++ b/../x\n@@ -0,0 +1 @@\n+1\n", "no name inside"),
            ("--- /dev/null\n+++ /etc/passwd\n@@ -0,0 +1 @@\n+1\n", "no name inside"),
            ("--- /dev/null\n+++ b/.git/hooks/x\n@@ -0,0 +1 @@\n+1\n", "no name inside"),
            ("--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+1\n", "there already"),
            ("@@ -1 +1 @@\n-1\n+2\n", "before any file"),
            ("--- a/a\n+++ b/a\n@@ -18446744073709551615,18446744073709551615 +1 @@\n-1\n", "cut off"),
        ] {
            let error = apply(&before, patch).unwrap_err();
            assert!(error.contains(reason), "{patch}: {error}");
        }
    }

    #[test]
    fn hunks_that_jump_about_are_given_up() {
        // Each hunk asks for a place far from the one before, in a file of equal lines.
        let hunks: String =
            (0..2000).map(|n| format!("@@ -{} +1 @@\n-x\n+y\n", 1 + n % 2 * 100_000)).collect();
        let patch = format!("--- a/f\n+++ b/f\n{hunks}");
        let error = apply(&image(&[("f", &"x\n".repeat(100_000))]), &patch).unwrap_err();
        assert!(error.contains("does not fit"), "{error}");
    }

    #[test]
    fn a_patch_is_found_in_an_answer() {
        let patch = "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n";
        assert_eq!(
            extract(&format!("Like this:\n```diff\nold\n```\nor\n```diff\n{patch}```\nDone.")),
            Some(patch)
        );
        assert_eq!(extract(&format!("Like this:\n{patch}")), Some(patch));
        assert_eq!(extract("nothing"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        /// `diff -u` is the oracle: what it finds between two texts makes the one of the other.
        #[test]
        fn differences_of_the_system_make_the_new_of_the_old(
            old in "([a-c]{0,2}\n){0,12}[ab]?", new in "([a-c]{0,2}\n){0,12}[ab]?",
        ) {
            let folder = tempfile::tempdir().unwrap();
            for (name, text) in [("old", &old), ("new", &new)] {
                fs::write(folder.path().join(name), text).unwrap();
            }
            let output = Command::new("diff").args(["-u", "--label", "a/f", "--label", "b/f", "old", "new"]).current_dir(&folder).output();
            let Ok(output) = output else { return Ok(()) };
            prop_assume!(old != new);
            let patch = String::from_utf8(output.stdout).unwrap();
            prop_assert_eq!(apply(&image(&[("f", &old)]), &patch), Ok(image(&[("f", &new)])), "{}", patch);
        }

        #[test]
        fn no_text_makes_it_panic(patch in "(--- [ab]/f|\\+\\+\\+ b/f|@@ -[0-9],[0-9] \\+[0-9],[0-9] @@|[-+ \\\\][ab]|\n|rename from f|rename to g){0,30}") {
            let _ = apply(&image(&[("f", "a\nb\n")]), &patch);
            let _ = extract(&patch);
        }
    }
}
