//! The hash of the digests.

use burn::tensor::Tensor;
use xxhash_rust::xxh3::Xxh3;

/// Hashes bytes in parts. 64 bits are enough against accidents, which is what is looked for; nobody's honesty is.
#[derive(Default)]
pub(super) struct Hasher(Xxh3);

impl Hasher {
    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.update(bytes);
        self
    }

    pub(super) fn ids(self, ids: &[u32]) -> Self {
        ids.iter().fold(self, |hasher, id| hasher.bytes(&id.to_le_bytes()))
    }

    /// By their bits: `-0` is not `0`.
    pub(super) fn numbers(self, numbers: &[f32]) -> Self {
        numbers.iter().fold(self, |hasher, number| hasher.bytes(&number.to_bits().to_le_bytes()))
    }

    pub(super) fn tensor<const D: usize>(self, tensor: Tensor<D>) -> Self {
        self.bytes(tensor.into_data().as_bytes())
    }

    /// 16 hexadecimal digits.
    pub(super) fn finish(self) -> String {
        format!("{:016x}", self.0.digest())
    }
}

/// The bits of a number, in 8 hexadecimal digits; a dash for none.
pub(super) fn bits(number: Option<f32>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| format!("{:08x}", number.to_bits()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_xxh3_of_the_bytes() {
        // XXH3_64bits of no bytes with seed 0, from the reference implementation (xxhash 0.8, XSUM_XXH3_testdata).
        assert_eq!(Hasher::default().finish(), "2d06800538d394c2");
        let whole = Hasher::default().bytes(&[1, 0, 0, 0, 2, 0, 0, 0]).finish();
        assert_eq!(Hasher::default().ids(&[1, 2]).finish(), whole);
        assert_eq!(bits(Some(-0.0)), "80000000");
        assert_eq!(bits(None), "-");
    }
}
