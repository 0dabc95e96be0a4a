//! A GPU, found and opened.

use std::sync::{Arc, Mutex};

use crate::GpuError;

/// Which adapters count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Take a software renderer (Mesa's lavapipe) too: for tests. It is slower than our own vector code.
    pub software: bool,
    /// Compute in f32 even where the device has f64: what Metal and most laptops do.
    pub single: bool,
}

/// What a kernel computes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// f32, with sums and equity carried in two f32 from tile to tile.
    Single,
    /// f64.
    Double,
}

impl Precision {
    /// Bytes of a number.
    pub fn bytes(self) -> u64 {
        match self {
            Precision::Single => 4,
            Precision::Double => 8,
        }
    }
}

/// What there is to say of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// As its maker calls it.
    pub name: String,
    /// Vulkan, Metal or Dx12.
    pub backend: String,
    /// The driver with its version.
    pub driver: String,
    /// A software renderer.
    pub software: bool,
    /// What kernels compute in on it.
    pub precision: Precision,
    /// Largest buffer that a kernel may read, in bytes.
    pub buffer_bytes_max: u64,
}

/// An open device.
#[derive(Debug)]
pub struct Device {
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    info: DeviceInfo,
    /// Why it was lost.
    lost: Arc<Mutex<Option<String>>>,
}

impl Device {
    /// Opens the most powerful adapter that counts.
    ///
    /// # Errors
    /// [`GpuError::NoDevice`], [`GpuError::Unopened`].
    pub fn open(wanted: Wanted) -> Result<Device, GpuError> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
        // A discrete card before an integrated one, hardware before software; equals in the order of the system.
        let rank = |kind| match kind {
            wgpu::DeviceType::DiscreteGpu => 0,
            wgpu::DeviceType::IntegratedGpu => 1,
            wgpu::DeviceType::VirtualGpu => 2,
            wgpu::DeviceType::Other => 3,
            wgpu::DeviceType::Cpu => 4,
        };
        let counts =
            |adapter: &wgpu::Adapter| wanted.software || adapter.get_info().device_type != wgpu::DeviceType::Cpu;
        let adapter = adapters
            .into_iter()
            .filter(counts)
            .min_by_key(|adapter| rank(adapter.get_info().device_type))
            .ok_or(GpuError::NoDevice { software: wanted.software })?;
        let about = adapter.get_info();
        let double = !wanted.single && adapter.features().contains(wgpu::Features::SHADER_F64);
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("assay"),
            required_features: if double { wgpu::Features::SHADER_F64 } else { wgpu::Features::empty() },
            required_limits: adapter.limits(),
            ..wgpu::DeviceDescriptor::default()
        };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor))
            .map_err(|e| GpuError::Unopened { name: about.name.clone(), why: e.to_string() })?;
        let lost = Arc::new(Mutex::new(None));
        let hear = Arc::clone(&lost);
        device.set_device_lost_callback(move |_, why| {
            hear.lock().unwrap_or_else(|e| e.into_inner()).get_or_insert(why);
        });
        // An error that no scope waits for would end the program; it ends the use of the device instead.
        let hear = Arc::clone(&lost);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            hear.lock().unwrap_or_else(|e| e.into_inner()).get_or_insert_with(|| error.to_string());
        }));
        let info = DeviceInfo {
            name: about.name,
            backend: format!("{:?}", about.backend),
            driver: format!("{} {}", about.driver, about.driver_info).trim().to_owned(),
            software: about.device_type == wgpu::DeviceType::Cpu,
            precision: if double { Precision::Double } else { Precision::Single },
            buffer_bytes_max: device.limits().max_storage_buffer_binding_size.min(device.limits().max_buffer_size),
        };
        Ok(Device { device, queue, info, lost })
    }

    /// What there is to say of it.
    pub fn info(&self) -> &DeviceInfo {
        &self.info
    }

    /// The loss, if it was lost.
    pub(crate) fn check(&self) -> Result<(), GpuError> {
        match &*self.lost.lock().unwrap_or_else(|e| e.into_inner()) {
            Some(why) => Err(GpuError::Lost { name: self.info.name.clone(), why: why.clone() }),
            None => Ok(()),
        }
    }

    /// Waits until all that was submitted is done.
    pub(crate) fn wait(&self) -> Result<(), GpuError> {
        let waited = self.device.poll(wgpu::PollType::wait_indefinitely());
        self.check()?;
        waited.map(|_| ()).map_err(|e| GpuError::Lost { name: self.info.name.clone(), why: e.to_string() })
    }
}
