//! The Landlock rules.

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
    path::PathBuf,
};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetError, Scope,
};

use super::fd;

/// Rules for one stage, made before the fork.
#[derive(Debug)]
pub(super) struct Rules {
    /// The ruleset, to which the child adds its own box.
    pub(super) fd: OwnedFd,
    /// Rights over a box that may be written.
    pub(super) write: u64,
    /// Rights over what may be read.
    pub(super) read: u64,
    /// Those of them that a single file can have.
    pub(super) read_file: u64,
    /// The right to list folders.
    pub(super) read_dir: u64,
}

/// The version that this kernel has; 0 for none.
pub(super) fn abi() -> u32 {
    const VERSION: u32 = 1;
    // SAFETY: with this flag the call reads no memory and returns a number.
    let version =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0usize, VERSION) };
    u32::try_from(version).unwrap_or(0)
}

/// Reading and running under `readable`, reading and writing the devices; the rest is refused, and
/// so are TCP, abstract sockets and signals to the outside where the kernel can.
pub(super) fn rules(readable: &[PathBuf], devices: &[PathBuf]) -> Result<Option<Rules>, RulesetError> {
    let all = AccessFs::from_all(ABI::V7);
    let read = AccessFs::from_read(ABI::V7);
    let device: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::WriteFile;
    let write = read | AccessFs::from_write(ABI::V3) & !(AccessFs::MakeBlock | AccessFs::MakeChar);
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .handle_access(AccessNet::from_all(ABI::V7))?
        .scope(Scope::from_all(ABI::V7))?
        .create()?;
    for (paths, access) in [(readable, read), (devices, device)] {
        for fd in paths.iter().filter_map(|path| PathFd::new(path).ok()) {
            ruleset =
                ruleset.add_rule(PathBeneath::new(fd, access).set_compatibility(CompatLevel::BestEffort))?;
        }
    }
    // Rights that the kernel does not handle may not be named in a rule.
    let handled = handled();
    let fd: Option<OwnedFd> = ruleset.into();
    let file = (AccessFs::ReadFile | AccessFs::Execute).bits();
    Ok(fd.map(|fd| Rules {
        fd,
        write: write.bits() & handled,
        read: read.bits() & handled,
        read_file: file & handled,
        read_dir: BitFlags::<AccessFs>::from(AccessFs::ReadDir).bits() & handled,
    }))
}

/// The file rights of this kernel's version.
fn handled() -> u64 {
    let abi = match abi() {
        0 => return 0,
        1 => ABI::V1,
        2 => ABI::V2,
        3 => ABI::V3,
        4 => ABI::V4,
        5 => ABI::V5,
        6 => ABI::V6,
        _ => ABI::V7,
    };
    AccessFs::from_all(abi).bits()
}

impl Rules {
    /// The same rules under a number that no descriptor of a program gets.
    pub(super) fn raised(self) -> io::Result<Self> {
        Ok(Self { fd: fd::raise(self.fd)?, ..self })
    }

    /// The descriptor's number, for the child.
    pub(super) fn raw(&self) -> i32 {
        self.fd.as_raw_fd()
    }
}
