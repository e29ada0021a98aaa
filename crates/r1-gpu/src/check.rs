//! What the kernels' tests share: a device, random numbers on both sides, and a comparison.

use cubecl::{client::Client, ir::ElemType, prelude::*};

use crate::Buffer;

/// A device with some numbers on it.
pub(crate) struct Device {
    pub(crate) client: Client,
}

/// The same numbers on the device and on the host.
pub(crate) struct Both {
    pub(crate) on: Buffer,
    pub(crate) host: Vec<f32>,
}

impl Device {
    pub(crate) fn new() -> Self {
        Self { client: cubecl::Device::default().client() }
    }

    pub(crate) fn f32(&self) -> ElemType {
        f32::elem_type_native()
    }

    /// Numbers between -1 and 1.
    pub(crate) fn random(&self, count: usize, seed: u64) -> Both {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let draw = |_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((state >> 40) as f32) / (1u64 << 23) as f32 - 1.0
        };
        self.put((0..count).map(draw).collect())
    }

    pub(crate) fn put(&self, host: Vec<f32>) -> Both {
        let handle = self.client.create_from_slice(f32::as_bytes(&host));
        Both { on: Buffer { handle, len: host.len() }, host }
    }

    /// Room that holds nonsense, so that what is not written is seen.
    pub(crate) fn empty(&self, count: usize) -> Buffer {
        self.put(vec![f32::MAX; count]).on
    }

    pub(crate) fn read(&self, buffer: &Buffer) -> Vec<f32> {
        let bytes = self.client.read_one(buffer.handle.clone()).expect("a buffer can be read");
        f32::from_bytes(&bytes)[..buffer.len].to_vec()
    }

    pub(crate) fn close(&self, found: &Buffer, expected: &[f64], tolerance: f64) {
        let found = self.read(found);
        assert_eq!(found.len(), expected.len());
        for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
            let error = (*found as f64 - expected).abs();
            assert!(error <= tolerance * expected.abs().max(1.0), "{place}: {found} is not {expected}");
        }
    }
}
