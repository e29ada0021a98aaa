//! Memory on the device.

use std::{cell::RefCell, sync::Arc};

use cubecl::{client::Client, prelude::*, server::Handle};

/// Contiguous elements on a device.
#[derive(Debug, Clone)]
pub struct Buffer {
    /// Where they lie.
    pub handle: Handle,
    /// How many they are.
    pub len: usize,
}

impl Buffer {
    /// Room for so many elements that are yet to be written.
    pub fn empty<E: CubeElement>(client: &Client, len: usize) -> Self {
        Self { handle: client.empty(len.max(1) * size_of::<E>()), len }
    }

    /// Numbers of the host. What was put there a moment ago is not put there again: all layers of a pass ask for the
    /// same positions and lists.
    pub fn upload(client: &Client, numbers: &[u32]) -> Self {
        let device = device(client);
        RECENT.with_borrow_mut(|recent| {
            if let Some(place) =
                recent.iter().position(|known| known.device == device && known.numbers == numbers)
            {
                let known = recent.remove(place);
                let buffer = known.buffer.clone();
                recent.push(known);
                return buffer;
            }
            let handle =
                client.create_from_slice(u32::as_bytes(if numbers.is_empty() { &[0] } else { numbers }));
            let buffer = Self { handle, len: numbers.len() };
            if recent.len() == REMEMBERED {
                recent.remove(0);
            }
            recent.push(Known { device, numbers: numbers.to_vec(), buffer: buffer.clone() });
            buffer
        })
    }

    /// As an argument of a kernel that reads or writes scalars.
    pub(crate) fn arg(&self) -> BufferArg {
        // SAFETY: whoever makes a buffer vouches for its length.
        unsafe { BufferArg::from_raw_parts(self.handle.clone(), self.len) }
    }
}

/// What tells one device from another, as long as the process runs.
pub fn device(client: &Client) -> usize {
    Arc::as_ptr(&client.properties_shared()) as usize
}

/// Lists of the host that are remembered: those of a pass are fewer.
const REMEMBERED: usize = 16;

/// A list of the host that lies on a device.
struct Known {
    device: usize,
    numbers: Vec<u32>,
    buffer: Buffer,
}

thread_local! {
    /// The latest lists, the last used at the end. A thread's own, for a thread is a stream of work on the device.
    static RECENT: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
}
