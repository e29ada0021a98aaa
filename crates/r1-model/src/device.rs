//! Where tensors live.

use burn::tensor::Device;

use crate::ModelError;

/// The device of this process: what `R1_DEVICE` names (`flex`, `ndarray`, `cuda:0`, `vulkan`, ...),
/// else the GPU backend that was compiled in, else the CPU.
///
/// # Errors
/// [`ModelError::Device`] when `R1_DEVICE` names a device that this build does not have.
pub fn device() -> Result<Device, ModelError> {
    match std::env::var("R1_DEVICE") {
        Ok(name) if !name.is_empty() => named(&name),
        _ => named(available().first().copied().unwrap_or("flex")),
    }
}

/// The backends of this build, the preferred one first.
fn available() -> Vec<&'static str> {
    let mut names = Vec::new();
    for (enabled, name) in [
        (cfg!(feature = "cuda"), "cuda"),
        (cfg!(feature = "rocm"), "rocm"),
        (cfg!(feature = "metal"), "metal"),
        (cfg!(feature = "vulkan"), "vulkan"),
        (cfg!(feature = "wgpu"), "wgpu"),
        (cfg!(feature = "flex"), "flex"),
        (cfg!(feature = "ndarray"), "ndarray"),
    ] {
        if enabled {
            names.push(name);
        }
    }
    names
}

/// Some device of this build, for what is never put on one.
pub(crate) fn any() -> Device {
    available().last().and_then(|name| named(name).ok()).expect("a build has a backend")
}

/// The device with this name, as [`device`] understands it: `flex`, `ndarray`, `cuda:0`, `vulkan`, ...
///
/// # Errors
/// [`ModelError::Device`] when this build does not have it.
pub fn named(name: &str) -> Result<Device, ModelError> {
    let unknown = || ModelError::Device { name: name.to_owned(), available: available().join(", ") };
    let (backend, index) = match name.split_once(':') {
        Some((backend, index)) => (backend, index.parse::<usize>().map_err(|_| unknown())?),
        None => (name, 0),
    };
    let _ = index;
    match backend {
        #[cfg(feature = "flex")]
        "flex" | "cpu" => Ok(Device::flex()),
        #[cfg(feature = "ndarray")]
        #[allow(deprecated)]
        "ndarray" => Ok(Device::ndarray()),
        #[cfg(feature = "cuda")]
        "cuda" => Ok(Device::cuda(index)),
        #[cfg(feature = "rocm")]
        "rocm" => Ok(Device::rocm(index)),
        #[cfg(feature = "vulkan")]
        "vulkan" => Ok(Device::vulkan(gpu(index))),
        #[cfg(feature = "metal")]
        "metal" => Ok(Device::metal(gpu(index))),
        #[cfg(feature = "wgpu")]
        "wgpu" => Ok(Device::wgpu(gpu(index))),
        _ => Err(unknown()),
    }
}

/// Whether a device is a GPU.
pub fn is_gpu(device: &Device) -> bool {
    #[cfg(feature = "gpu")]
    let is_gpu = matches!(device.clone().inner().as_dispatch(), burn::backend::DispatchDevice::Cube(_));
    #[cfg(not(feature = "gpu"))]
    let is_gpu = {
        let _ = device;
        false
    };
    is_gpu
}

/// The default adapter for index 0, else the discrete GPU of that index.
#[cfg(any(feature = "vulkan", feature = "metal", feature = "wgpu"))]
fn gpu(index: usize) -> burn::tensor::DeviceKind {
    if index == 0 { Default::default() } else { burn::tensor::DeviceKind::DiscreteGpu(index) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_device_is_refused_with_the_known_ones() {
        let error = named("abacus").unwrap_err().to_string();
        assert!(error.contains("`abacus` is not available") && error.contains("flex"), "{error}");
        assert!(named("flex:x").is_err());
    }
}
