//! The process that outlives its parent by a moment, to end what the parent started.
//!
//! A program can shake off its own death signal (a thread that is not the first calls `execve`), so that
//! the signal goes to a process that the program cannot touch. That is the first process of the program's
//! process namespace, with which all others die; without one it is in the program's group, which nobody
//! can leave, and kills it. Its image is some two hundred bytes and holds nothing of the parent's memory.

use std::{
    fs::{File, OpenOptions, Permissions},
    io::{self, Write},
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd},
        unix::fs::PermissionsExt,
    },
    sync::OnceLock,
};

use super::fd;

/// Sent to the supervisor when the parent ends. It is blocked, so that it is waited for and never lost.
pub(super) const WAKE: libc::c_int = libc::SIGTERM;

// Waits until the signal comes, kills the group, itself included, and ends: the first process of a
// namespace does not hear its own signal.
#[cfg(target_arch = "x86_64")]
std::arch::global_asm!(
    ".pushsection .text.r1_supervisor,\"ax\",@progbits",
    ".globl r1_supervisor_start",
    "r1_supervisor_start:",
    "push 0x4000", // the set with SIGTERM alone
    "2:",
    "mov eax, 128", // rt_sigtimedwait(set, NULL, NULL, 8)
    "mov rdi, rsp",
    "xor esi, esi",
    "xor edx, edx",
    "mov r10d, 8",
    "syscall",
    "cmp eax, 15",
    "jne 2b",
    "mov eax, 62", // kill(0, SIGKILL)
    "xor edi, edi",
    "mov esi, 9",
    "syscall",
    "mov eax, 231", // exit_group(0)
    "xor edi, edi",
    "syscall",
    ".globl r1_supervisor_end",
    "r1_supervisor_end:",
    ".popsection",
);
#[cfg(target_arch = "aarch64")]
std::arch::global_asm!(
    ".pushsection .text.r1_supervisor,\"ax\",@progbits",
    ".globl r1_supervisor_start",
    "r1_supervisor_start:",
    "mov x9, #0x4000", // the set with SIGTERM alone
    "str x9, [sp, #-16]!",
    "2:",
    "mov x8, #137", // rt_sigtimedwait(set, NULL, NULL, 8)
    "mov x0, sp",
    "mov x1, #0",
    "mov x2, #0",
    "mov x3, #8",
    "svc #0",
    "cmp x0, #15",
    "b.ne 2b",
    "mov x8, #129", // kill(0, SIGKILL)
    "mov x0, #0",
    "mov x1, #9",
    "svc #0",
    "mov x8, #94", // exit_group(0)
    "mov x0, #0",
    "svc #0",
    ".globl r1_supervisor_end",
    "r1_supervisor_end:",
    ".popsection",
);

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn code() -> io::Result<&'static [u8]> {
    unsafe extern "C" {
        static r1_supervisor_start: u8;
        static r1_supervisor_end: u8;
    }
    let (start, end) = (&raw const r1_supervisor_start, &raw const r1_supervisor_end);
    // SAFETY: both are marks around the instructions above, which are in this program and never change.
    Ok(unsafe { std::slice::from_raw_parts(start, end as usize - start as usize) })
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn code() -> io::Result<&'static [u8]> {
    Err(io::Error::other("no supervisor is written for this processor"))
}

/// The image in memory, made once, open for reading.
pub(super) fn image() -> io::Result<&'static OwnedFd> {
    static IMAGE: OnceLock<Result<OwnedFd, String>> = OnceLock::new();
    let image = IMAGE.get_or_init(|| make().map_err(|error| error.to_string()));
    image.as_ref().map_err(|error| io::Error::other(error.clone()))
}

fn make() -> io::Result<OwnedFd> {
    // Since Linux 6.3 a file that may be run says so; older ones refuse the flag.
    const MFD_EXEC: libc::c_uint = 0x10;
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    let open = |flags| {
        // SAFETY: the name ends with NUL.
        match unsafe { libc::memfd_create(c"supervisor".as_ptr(), flags) } {
            -1 => Err(io::Error::last_os_error()),
            // SAFETY: the call made the descriptor and nobody else has it.
            fd => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        }
    };
    let mut file = File::from(open(flags | MFD_EXEC).or_else(|_| open(flags))?);
    file.write_all(&elf(code()?))?;
    let seals = libc::F_SEAL_WRITE | libc::F_SEAL_GROW | libc::F_SEAL_SHRINK | libc::F_SEAL_SEAL;
    // SAFETY: adds seals to a file of ours.
    if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // What is open for writing cannot be run.
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let image = OpenOptions::new().read(true).open(path)?;
    // What may be run and not read is secret to programs of the same user.
    file.set_permissions(Permissions::from_mode(0o111))?;
    fd::raise(image.into())
}

/// The smallest program file: a header, one segment, the instructions.
fn elf(code: &[u8]) -> Vec<u8> {
    const ADDRESS: u64 = 0x1_0000;
    const HEADERS: u64 = 64 + 56;
    let machine: u16 = if cfg!(target_arch = "aarch64") { 183 } else { 62 };
    let size = HEADERS + code.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let half = |file: &mut Vec<u8>, value: u16| file.extend(value.to_le_bytes());
    let word = |file: &mut Vec<u8>, value: u32| file.extend(value.to_le_bytes());
    let long = |file: &mut Vec<u8>, value: u64| file.extend(value.to_le_bytes());
    half(&mut file, 2); // an executable
    half(&mut file, machine);
    word(&mut file, 1);
    long(&mut file, ADDRESS + HEADERS); // where it starts
    long(&mut file, 64); // program headers, right behind this one
    long(&mut file, 0); // no sections
    word(&mut file, 0);
    for value in [64, 56, 1, 0, 0, 0] {
        half(&mut file, value);
    }
    word(&mut file, 1); // loaded
    word(&mut file, 5); // to read and to run
    for value in [0, ADDRESS, ADDRESS, size, size, 0x1000] {
        long(&mut file, value);
    }
    file.extend(code);
    file
}
