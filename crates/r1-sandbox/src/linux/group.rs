//! Memory control groups, version 1 and 2.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

/// A group of our own in which one program runs at a time.
#[derive(Debug)]
pub(super) struct MemoryGroup {
    path: PathBuf,
    unified: bool,
    limit: u64,
    /// Kills by the kernel before this run.
    kills: u64,
}

impl MemoryGroup {
    /// Makes a group below the one that this process is in.
    pub(super) fn new() -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let (parent, unified) = own_group()?;
        remove_stale(&parent);
        let name = format!("r1-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = parent.join(name);
        fs::create_dir(&path)?;
        let mut group = Self { path, unified, limit: 0, kills: 0 };
        group.prepare(64 << 20)?;
        Ok(group)
    }

    /// Sets the limit for the next program.
    pub(super) fn prepare(&mut self, limit: u64) -> io::Result<()> {
        if limit != self.limit {
            self.write(if self.unified { "memory.max" } else { "memory.limit_in_bytes" }, limit)?;
            if self.unified {
                // Not there without swap accounting.
                let _ = self.write("memory.swap.max", 0);
            } else {
                let _ = self.write("memory.swappiness", 0);
            }
            self.limit = limit;
        }
        // Version 2 resets its peak since Linux 6.12 only, and not by path; version 1 by any write.
        if !self.unified {
            self.write("memory.max_usage_in_bytes", 0)?;
        }
        self.kills = self.total_kills();
        Ok(())
    }

    /// The file to which a process writes itself.
    pub(super) fn door(&self) -> io::Result<OwnedFd> {
        Ok(OpenOptions::new().write(true).open(self.path.join("cgroup.procs"))?.into())
    }

    /// Whether the kernel killed for memory since [`prepare`](Self::prepare).
    pub(super) fn exceeded(&self) -> bool {
        self.total_kills() > self.kills
    }

    /// The most memory used since [`prepare`](Self::prepare), the cache of files included.
    pub(super) fn peak(&self) -> Option<u64> {
        let text = fs::read_to_string(self.path.join("memory.max_usage_in_bytes")).ok()?;
        text.trim().parse().ok()
    }

    fn total_kills(&self) -> u64 {
        let file = if self.unified { "memory.events" } else { "memory.oom_control" };
        let text = fs::read_to_string(self.path.join(file)).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        line.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
    }

    fn write(&self, file: &str, value: u64) -> io::Result<()> {
        use io::Write;
        File::options().write(true).open(self.path.join(file))?.write_all(value.to_string().as_bytes())
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        // A group that a dying process has not left yet is removed by the next run of ours.
        let _ = fs::remove_dir(&self.path);
    }
}

/// The folder of our own memory group, and whether it is version 2.
fn own_group() -> io::Result<(PathBuf, bool)> {
    let groups = fs::read_to_string("/proc/self/cgroup")?;
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    // 35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
    let mount = |kind: &str, option: &str| {
        mounts.lines().find_map(|line| {
            let (place, source) = line.split_once(" - ")?;
            let matches = source.split(' ').next() == Some(kind)
                && (option.is_empty() || source.rsplit(' ').next()?.split(',').any(|word| word == option));
            let mut fields = place.split(' ').skip(3);
            matches.then_some((fields.next()?, fields.next()?))
        })
    };
    let find = |controller: &str, kind: &str| {
        let own = groups.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':').skip(1);
            let controllers = fields.next()?;
            controllers.split(',').any(|name| name == controller).then(|| fields.next())?
        })?;
        let (root, point) = mount(kind, controller)?;
        let below = own.strip_prefix(root).unwrap_or(own).trim_start_matches('/');
        Some(Path::new(point).join(below))
    };
    if let Some(path) = find("memory", "cgroup") {
        return Ok((path, false));
    }
    let path = find("", "cgroup2").ok_or_else(|| io::Error::other("no memory controller"))?;
    let controllers = fs::read_to_string(path.join("cgroup.subtree_control"))?;
    if controllers.split_whitespace().any(|name| name == "memory") {
        Ok((path, true))
    } else {
        Err(io::Error::other("the memory controller is not delegated"))
    }
}

/// Removes the empty groups of processes that were killed.
fn remove_stale(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner =
            name.to_str().and_then(|name| name.strip_prefix("r1-")?.split('-').next()?.parse::<u32>().ok());
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid.to_string()).exists()) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}
