//! What the tests of the cage share.
#![allow(dead_code, unreachable_pub)]

use std::{
    env, fs,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            fs::PermissionsExt,
            net::{SocketAddr, UnixDatagram},
            process::CommandExt,
        },
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use r1_rewards::code::*;

/// A user that owns nothing.
const NOBODY: u32 = 65534;

pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Every set of layers that reaches the minimum here.
pub fn layer_sets() -> Vec<(Layers, Judge)> {
    let sets = [
        Layers::ALL,
        Layers { cgroup: false, ..Layers::ALL },
        Layers { landlock: false, ..Layers::ALL },
        Layers { namespaces: false, ..Layers::ALL },
        Layers { namespaces: false, cgroup: false, ..Layers::ALL },
    ];
    let mut works: Vec<(Layers, Judge)> = Vec::new();
    for layers in sets {
        match Judge::with(Isolation::Strict, layers) {
            Ok(sandbox) if works.iter().any(|(_, other)| active(other) == active(&sandbox)) => {}
            Ok(sandbox) => works.push((layers, sandbox)),
            Err(error) => println!("not tested: {layers:?}: {error}"),
        }
    }
    works
}

fn active(sandbox: &Judge) -> Vec<bool> {
    sandbox.report().layers().iter().map(|(_, layer)| layer.is_active()).collect()
}

/// Descriptors of this process: those of the namespaces that a judge keeps for its next programs, and all others.
pub fn descriptors() -> (usize, usize) {
    let links =
        fs::read_dir("/proc/self/fd").unwrap().flatten().flat_map(|entry| fs::read_link(entry.path()));
    let is_namespace =
        |link: &PathBuf| ["net:", "user:"].iter().any(|kind| link.to_string_lossy().starts_with(kind));
    let (namespaces, others): (Vec<_>, Vec<_>) = links.partition(is_namespace);
    (namespaces.len(), others.len())
}

/// The most namespaces that a judge keeps, of 16 networks and their users, beside four that were only tried.
pub const KEPT_NAMESPACES: usize = 40;

/// Runs a test of this binary as a user without any right, and passes its output on.
pub fn as_nobody(test: &str) {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let binary = folder.path().join("tests");
    // A child writes the copy: one that another thread starts while this process has it open for writing
    // would keep it open, and then it cannot be run.
    let copied = Command::new("cp").arg(env::current_exe().unwrap()).arg(&binary).status().unwrap();
    assert!(copied.success());
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
    let output = Command::new(&binary)
        .args([test, "--exact", "--nocapture"])
        .env_remove("CARGO_MANIFEST_DIR")
        .current_dir("/")
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{stdout}");
    assert!(output.status.success(), "as nobody: {stdout}\n{stderr}");
    assert!(stdout.contains("1 passed"), "{stdout}");
}

/// What must not change: a secret file, a process of the same user, and the folder of boxes.
pub struct Host {
    pub folder: PathBuf,
    pub victim: Child,
    /// The victim's nice value at the start, which is not 0 where the tests themselves run under nice.
    nice: String,
    /// Mode and time of change of the secret and of its folder at the start.
    attributes: Vec<(u32, i64, i64)>,
    /// Where a server of the host listens for datagrams, by a path that all may write to and by name.
    pub socket: PathBuf,
    pub abstract_name: String,
    servers: [UnixDatagram; 2],
    _guards: [tempfile::TempDir; 2],
}

/// Mode, time of writing and time of change of a secret and of its folder.
fn attributes(folder: &Path) -> Vec<(u32, i64, i64)> {
    use std::os::unix::fs::MetadataExt;
    let of = |path: &Path| fs::metadata(path).map(|data| (data.mode(), data.mtime(), data.ctime())).unwrap();
    vec![of(folder), of(&folder.join("secret"))]
}

/// The nice value of a process.
fn nice_of(process: &str) -> String {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    stat.rsplit(')').next().unwrap().split_whitespace().nth(16).unwrap().to_owned()
}

impl Host {
    pub fn new() -> Self {
        let (guard, sockets) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folder = guard.path().to_owned();
        let socket = sockets.path().join("socket");
        let abstract_name = format!("r1-test-{}", socket.display());
        let address = SocketAddr::from_abstract_name(&abstract_name).unwrap();
        let servers = [UnixDatagram::bind(&socket).unwrap(), UnixDatagram::bind_addr(&address).unwrap()];
        servers.iter().for_each(|server| server.set_nonblocking(true).unwrap());
        for path in [sockets.path(), &socket] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
        }
        // Readable and writable for all, so that only the cage protects it.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        fs::write(folder.join("secret"), "secret").unwrap();
        fs::set_permissions(folder.join("secret"), fs::Permissions::from_mode(0o666)).unwrap();
        let victim = Command::new("sleep").arg("1000").stdin(Stdio::null()).spawn().unwrap();
        let nice = nice_of(&victim.id().to_string());
        let attributes = attributes(&folder);
        Self { folder, victim, nice, attributes, socket, abstract_name, servers, _guards: [guard, sockets] }
    }

    pub fn assert_unchanged(&mut self, after: &str) {
        assert_eq!(fs::read_to_string(self.folder.join("secret")).unwrap(), "secret", "after {after}");
        let names: Vec<_> =
            fs::read_dir(&self.folder).unwrap().flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(names, ["secret"], "after {after}");
        assert_eq!(attributes(&self.folder), self.attributes, "after {after}");
        assert!(self.victim.try_wait().unwrap().is_none(), "the victim died of {after}");
        let limits = fs::read_to_string(format!("/proc/{}/limits", self.victim.id())).unwrap();
        assert!(
            !limits.lines().any(|line| line.starts_with("Max open files") && line.contains(" 3 ")),
            "{after}"
        );
        assert_eq!(nice_of(&self.victim.id().to_string()), self.nice, "{after}");
        for server in &self.servers {
            assert!(server.recv(&mut [0; 8]).is_err(), "a server of the host was reached by {after}");
        }
        use std::os::unix::fs::MetadataExt;
        assert_eq!(fs::metadata("/dev/null").unwrap().mode() & 0o777, 0o666, "after {after}");
        assert_eq!(fs::metadata("/dev/null").unwrap().uid(), 0, "after {after}");
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.victim.kill().unwrap();
        self.victim.wait().unwrap();
    }
}
