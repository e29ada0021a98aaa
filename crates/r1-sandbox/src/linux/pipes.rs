//! What flows into a program and out of it.

use std::{
    fs::File,
    io::{ErrorKind, Read, Write},
    os::fd::{AsRawFd, OwnedFd},
    sync::Arc,
};

/// The parent's ends of a program's pipes.
#[derive(Default)]
pub(super) struct Ends {
    pub(super) stdin: Option<(OwnedFd, Arc<[u8]>)>,
    pub(super) requests: Option<OwnedFd>,
    pub(super) stdout: Option<OwnedFd>,
    pub(super) stderr: Option<OwnedFd>,
    pub(super) results: Option<OwnedFd>,
}

/// Data on its way into a program.
pub(super) struct Feed {
    pub(super) file: File,
    pub(super) data: Vec<u8>,
    pub(super) written: usize,
    /// Whether to close when all is written.
    pub(super) end: bool,
}

impl Feed {
    pub(super) fn fd(&self) -> i32 {
        self.file.as_raw_fd()
    }

    pub(super) fn wants(&self) -> bool {
        self.end || self.written < self.data.len()
    }

    /// Writes what fits; true when the pipe is to be closed.
    pub(super) fn write(&mut self) -> bool {
        while let Some(rest) = self.data.get(self.written..).filter(|rest| !rest.is_empty()) {
            match self.file.write(rest) {
                Ok(0) => return true,
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return error.kind() != ErrorKind::WouldBlock,
            }
        }
        self.end
    }
}

/// Data on its way out of a program, of which no more than a limit is kept.
pub(super) struct Capture {
    pub(super) file: File,
    pub(super) data: Vec<u8>,
    pub(super) cap: usize,
    pub(super) seen: usize,
    pub(super) overflow: bool,
    pub(super) open: bool,
}

impl Capture {
    pub(super) fn new(fd: OwnedFd, cap: usize) -> Self {
        Self { file: fd.into(), data: Vec::new(), cap, seen: 0, overflow: false, open: true }
    }

    pub(super) fn fd(&self) -> i32 {
        if self.open { self.file.as_raw_fd() } else { -1 }
    }

    /// Reads what is there, once; true when there may be more.
    pub(super) fn read(&mut self) -> bool {
        let mut buffer = [0; 64 << 10];
        if !self.open {
            return false;
        }
        match self.file.read(&mut buffer) {
            Ok(0) => self.open = false,
            Ok(count) => {
                let room = self.cap.saturating_sub(self.data.len()).min(count);
                self.data.extend_from_slice(&buffer[..room]);
                self.seen = self.seen.saturating_add(count);
                self.overflow |= room < count;
                return true;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => return true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.open = false,
        }
        false
    }
}
