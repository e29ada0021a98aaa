//! What a program finds in its cage: files, arguments, environment.

use std::{
    collections::BTreeSet,
    ffi::CString,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
};

use super::plan::{BoxFile, Exposed, Root};
use crate::{Command, SandboxError};

/// Where the system keeps programs, libraries and what those read. Never all of `/usr`: people keep their
/// own things in `/usr/src`, `/usr/local` and `/usr/share`.
const SYSTEM: [&str; 20] = [
    "/usr/bin",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libx32",
    "/usr/libexec",
    "/usr/include",
    "/usr/share/java",
    "/usr/share/locale",
    "/usr/share/nodejs",
    "/usr/share/perl",
    "/usr/share/perl5",
    "/usr/share/zoneinfo",
    "/bin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    // What the dynamic linker and the compilers read besides.
    "/etc/ld.so.cache",
    "/etc/alternatives",
];
const DEVICES: [&str; 4] = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"];

/// What may be read and run, as paths of the host: the system's, the policy's, the command's; none that
/// lies in another.
pub(super) fn readable<'a>(exposed: impl Iterator<Item = &'a PathBuf>) -> Vec<PathBuf> {
    let mut shown: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).filter(|path| path.exists()).collect();
    // Under its own name in real folders; a link comes with what it leads to.
    let real = |path: &'a PathBuf| {
        let target = fs::canonicalize(path).ok()?;
        let folder = path.parent().and_then(|folder| fs::canonicalize(folder).ok());
        let name = folder.zip(path.file_name()).map(|(folder, name)| folder.join(name));
        Some([name.unwrap_or_else(|| target.clone()), target])
    };
    let more: BTreeSet<PathBuf> = exposed.filter_map(real).flatten().collect();
    for path in more {
        if !shown.iter().any(|above| path.starts_with(above)) {
            shown.push(path);
        }
    }
    shown
}

/// The devices a program may use.
pub(super) fn devices() -> Vec<PathBuf> {
    DEVICES.iter().map(PathBuf::from).filter(|path| path.exists()).collect()
}

/// The private file system of a command.
pub(super) fn root(command: &Command, shown: &[PathBuf], proc: bool) -> Result<Root, SandboxError> {
    // Each file takes whole pages.
    let files: usize = command.files.iter().map(|(_, content)| content.len() + (8 << 10)).sum();
    let bytes = command.limits.file_bytes.saturating_add(files as u64).saturating_add(1 << 20);
    let options = format!("mode=755,nr_inodes={},size={bytes}", 4096 + 2 * command.files.len());
    let mut folders = vec![c_text("box")?, c_text("dev")?, c_text("tmp")?, c_text("etc")?];
    let mut links: Vec<(CString, CString)> = Vec::new();
    if proc {
        folders.push(c_text("proc")?);
        for (content, name) in
            [("/proc/self/fd", "dev/fd"), ("/proc/self/fd/0", "dev/stdin"), ("/proc/self/fd/1", "dev/stdout")]
        {
            links.push((c_text(content)?, c_text(name)?));
        }
    }
    let mut exposed = Vec::new();
    let devices = DEVICES.map(PathBuf::from);
    for path in shown.iter().chain(&devices) {
        let Ok(metadata) = fs::symlink_metadata(path) else { continue };
        let target = c_path(path.strip_prefix("/").unwrap_or(path))?;
        if metadata.is_symlink() {
            let content =
                fs::read_link(path).map_err(|source| SandboxError::Cage { step: "layout", source })?;
            links.push((c_path(&content)?, target));
            continue;
        }
        for folder in parents(path).into_iter().chain(metadata.is_dir().then(|| path.clone())) {
            let folder = c_path(folder.strip_prefix("/").unwrap_or(&folder))?;
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        let is_device = devices.contains(path);
        let source = c_path(path)?;
        exposed.push(Exposed { source, target, is_file: !metadata.is_dir(), is_device, tree: -1 });
    }
    Ok(Root { options: c_text(&options)?, folders, links, exposed, proc })
}

/// The folders above a path, the outermost first, without `/`.
fn parents(path: &Path) -> Vec<PathBuf> {
    let mut parents: Vec<_> = path.ancestors().skip(1).filter(|folder| folder.parent().is_some()).collect();
    parents.reverse();
    parents.into_iter().map(Path::to_owned).collect()
}

/// The command's files, to be written by the child, and the folders they are in, parents first.
pub(super) fn files(command: &Command) -> Result<(Vec<CString>, Vec<BoxFile>), SandboxError> {
    let (mut folders, mut files) = (BTreeSet::new(), Vec::new());
    for (name, content) in &command.files {
        let path = Path::new(name);
        if name.is_empty() || !path.components().all(|part| matches!(part, Component::Normal(_))) {
            let source = io::Error::other(format!("`{name}` is no name inside of the box"));
            return Err(SandboxError::Cage { step: "layout", source });
        }
        folders.extend(path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()));
        files.push(BoxFile { name: c_text(name)?, content: content.clone() });
    }
    Ok((folders.into_iter().map(c_path).collect::<Result<_, _>>()?, files))
}

/// The user and group of this process, seen as themselves inside.
pub(super) fn id_maps() -> (CString, CString) {
    // SAFETY: both calls only return a number.
    let (uid, gid) = unsafe { (libc::geteuid(), libc::getegid()) };
    let map = |id| CString::new(format!("{id} {id} 1")).unwrap_or_default();
    (map(uid), map(gid))
}

pub(super) fn argv(command: &Command) -> Result<Vec<CString>, SandboxError> {
    let name = command.program.file_name().unwrap_or(command.program.as_os_str());
    let first = CString::new(name.as_bytes()).map_err(no_nul);
    let rest = command.arguments.iter().map(|argument| c_text(argument));
    std::iter::once(first).chain(rest).collect()
}

/// Nothing of the parent's environment.
pub(super) fn environment(home: &Path, command: &Command) -> Result<Vec<CString>, SandboxError> {
    let home = home.display();
    let variables = [
        "PATH=/usr/local/bin:/usr/bin:/bin".to_owned(),
        format!("HOME={home}"),
        format!("TMPDIR={home}"),
        "LANG=C.UTF-8".to_owned(),
    ];
    let own = command.environment.iter().map(|(name, value)| format!("{name}={value}"));
    variables.into_iter().chain(own).map(|variable| c_text(&variable)).collect()
}

pub(super) fn c_path(path: &Path) -> Result<CString, SandboxError> {
    CString::new(path.as_os_str().as_bytes()).map_err(no_nul)
}

fn c_text(text: &str) -> Result<CString, SandboxError> {
    CString::new(text).map_err(no_nul)
}

fn no_nul(error: std::ffi::NulError) -> SandboxError {
    SandboxError::Cage { step: "layout", source: io::Error::other(error) }
}
