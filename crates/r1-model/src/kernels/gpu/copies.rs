//! Tables of the host that GPUs were given.

use std::sync::{Mutex, PoisonError};

use burn_cubecl::cubecl::{client::Client, prelude::*};
use r1_gpu::Buffer;

/// The copies of two tables of numbers on the devices that asked for them. They are no part of what the tables are: a
/// clone has none, and all are equal.
#[derive(Debug, Default)]
pub(crate) struct Copies(Mutex<Vec<(usize, [Buffer; 2])>>);

impl Copies {
    pub(crate) fn on(&self, client: &Client, tables: [&[f32]; 2]) -> [Buffer; 2] {
        let device = r1_gpu::device(client);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, copies)) = known.iter().find(|(other, _)| *other == device) {
            return copies.clone();
        }
        let copies = tables.map(|numbers| Buffer {
            handle: client.create_from_slice(f32::as_bytes(numbers)),
            len: numbers.len(),
        });
        known.push((device, copies.clone()));
        copies
    }
}

impl Clone for Copies {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Copies {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
