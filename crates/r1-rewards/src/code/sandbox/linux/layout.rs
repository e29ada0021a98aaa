//! What a program finds in its cage: files, environment, limits.

use std::{
    ffi::CString,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use libc::c_int;

use super::{
    Settings,
    plan::{BoxFile, Exposed, Root},
};
use crate::code::{
    SandboxError,
    sandbox::{Job, Stage},
};

/// Where the system keeps programs and libraries.
const SYSTEM: [&str; 7] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
/// What the dynamic linker and the compilers read besides.
const SYSTEM_FILES: [&str; 2] = ["/etc/ld.so.cache", "/etc/alternatives"];
const DEVICES: [&str; 4] = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"];

/// What may be read and run, as paths of the host.
pub(super) fn readable(exposed: &[PathBuf]) -> Vec<PathBuf> {
    let system = SYSTEM.iter().chain(&SYSTEM_FILES).map(PathBuf::from);
    system.chain(exposed.iter().cloned()).filter(|path| path.exists()).collect()
}

/// The devices a program may use.
pub(super) fn devices() -> Vec<PathBuf> {
    DEVICES.iter().map(PathBuf::from).filter(|path| path.exists()).collect()
}

/// The private file system of a job.
pub(super) fn root(job: &Job, proc: bool) -> Result<Root, SandboxError> {
    let files: usize = job.files.iter().map(|(_, content)| content.len()).sum();
    let bytes = job.limits.file_bytes.saturating_add(files as u64).saturating_add(1 << 20);
    let options = format!("mode=755,nr_inodes=4096,size={bytes}");
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
    let extra = job.exposed.iter().filter(|path| !SYSTEM.iter().any(|system| path.starts_with(system)));
    let shown = SYSTEM.iter().chain(&SYSTEM_FILES).chain(&DEVICES).map(PathBuf::from);
    for path in shown.chain(extra.cloned()) {
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        let target = c_path(path.strip_prefix("/").unwrap_or(&path))?;
        if metadata.is_symlink() {
            let content =
                fs::read_link(&path).map_err(|source| SandboxError::Cage { step: "layout", source })?;
            links.push((c_path(&content)?, target));
            continue;
        }
        for folder in parents(&path).into_iter().chain(metadata.is_dir().then(|| path.clone())) {
            let folder = c_path(folder.strip_prefix("/").unwrap_or(&folder))?;
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        let is_device = DEVICES.iter().any(|device| path == Path::new(device));
        exposed.push(Exposed { source: c_path(&path)?, target, is_file: !metadata.is_dir(), is_device });
    }
    Ok(Root { options: c_text(&options)?, folders, links, exposed, proc })
}

/// The folders above a path, the outermost first, without `/`.
fn parents(path: &Path) -> Vec<PathBuf> {
    let mut parents: Vec<_> = path.ancestors().skip(1).filter(|folder| folder.parent().is_some()).collect();
    parents.reverse();
    parents.into_iter().map(Path::to_owned).collect()
}

/// The job's files, to be written by the child.
pub(super) fn files(job: &Job) -> Result<Vec<BoxFile>, SandboxError> {
    let file =
        |(name, content): &(String, _)| Ok(BoxFile { name: c_text(name)?, content: Clone::clone(content) });
    job.files.iter().map(file).collect()
}

/// The user and group of this process, seen as themselves inside.
pub(super) fn id_maps() -> (CString, CString) {
    // SAFETY: both calls only return a number.
    let (uid, gid) = unsafe { (libc::geteuid(), libc::getegid()) };
    let map = |id| CString::new(format!("{id} {id} 1")).unwrap_or_default();
    (map(uid), map(gid))
}

/// The limits that the kernel keeps for one process. Memory and time have a margin here: the parent
/// and the control group are the ones to judge.
pub(super) fn rlimits(job: &Job, settings: Settings) -> Vec<(c_int, u64, u64)> {
    let limits = &job.limits;
    let seconds = job.total_cpu.unwrap_or(limits.cpu).as_secs().saturating_add(2);
    let same = |resource: u32, value: u64| (resource as c_int, value, value);
    let mut list = vec![
        same(libc::RLIMIT_CPU, seconds),
        same(libc::RLIMIT_FSIZE, limits.file_bytes),
        same(libc::RLIMIT_NOFILE, 128),
        same(libc::RLIMIT_NPROC, others(settings) + u64::from(limits.max_threads)),
        same(libc::RLIMIT_CORE, 0),
        same(libc::RLIMIT_STACK, 64 << 20),
        same(libc::RLIMIT_MEMLOCK, 0),
        same(libc::RLIMIT_MSGQUEUE, 0),
        same(libc::RLIMIT_RTPRIO, 0),
    ];
    if job.limit_address_space {
        list.push(same(libc::RLIMIT_AS, limits.memory_bytes.saturating_add(512 << 20)));
    }
    if job.stage == Stage::Compile {
        list.retain(|&(resource, ..)| resource != libc::RLIMIT_STACK as c_int);
    }
    list
}

/// How many threads the user of the program has already: nobody else uses a user of ours, and in a
/// user namespace the count starts anew.
fn others(settings: Settings) -> u64 {
    if settings.uid_drop || settings.user_namespace {
        return 0;
    }
    use std::os::unix::fs::MetadataExt;
    // SAFETY: only returns a number.
    let own = unsafe { libc::geteuid() };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ours = processes.filter(|entry| entry.metadata().is_ok_and(|metadata| metadata.uid() == own));
    ours.map(|entry| fs::read_dir(entry.path().join("task")).map_or(0, |tasks| tasks.count() as u64)).sum()
}

pub(super) fn argv(job: &Job) -> Result<Vec<CString>, SandboxError> {
    let name = job.program.file_name().unwrap_or(job.program.as_os_str());
    let first = CString::new(name.as_bytes()).map_err(no_nul);
    let rest = job.arguments.iter().map(|argument| c_text(argument));
    std::iter::once(first).chain(rest).collect()
}

/// Nothing of the parent's environment.
pub(super) fn environment(home: &Path) -> Result<Vec<CString>, SandboxError> {
    let home = home.display();
    let variables = [
        "PATH=/usr/local/bin:/usr/bin:/bin".to_owned(),
        format!("HOME={home}"),
        format!("TMPDIR={home}"),
        "LANG=C.UTF-8".to_owned(),
        "PYTHONHASHSEED=0".to_owned(),
        "PYTHONDONTWRITEBYTECODE=1".to_owned(),
    ];
    variables.iter().map(|variable| c_text(variable)).collect()
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
