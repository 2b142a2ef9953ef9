use crate::VisionError;
#[cfg(feature = "burn")]
use burn::tensor::Device;
use std::sync::Arc;

/// What a person asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// A GPU where one can be used, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A GPU, or an error.
    Gpu,
    /// A GPU's programs on the CPU (software Vulkan): far slower than [`DeviceChoice::Cpu`], for tests alone.
    SoftwareGpu,
}

/// Where work can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceSort {
    /// The processor.
    Cpu,
    /// A graphics card.
    Gpu,
}

impl DeviceSort {
    /// `cpu` or `gpu`.
    pub fn as_str(self) -> &'static str {
        match self {
            DeviceSort::Cpu => "cpu",
            DeviceSort::Gpu => "gpu",
        }
    }
}

/// A device that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInfo {
    /// What it is.
    pub sort: DeviceSort,
    /// Its own name.
    pub name: String,
    /// Whether [`DeviceChoice::Auto`] and [`DeviceChoice::Gpu`] may take it.
    pub usable: bool,
    /// Why not, where it is not.
    pub why_not: Option<String>,
}

/// The devices of this machine.
#[derive(Debug, Clone, Copy)]
pub struct Devices;

/// A device that was chosen, with the threads that work for it. Cheap to clone.
#[derive(Clone)]
pub struct ChosenDevice {
    /// Burn's device; the CPU needs none.
    #[cfg(feature = "burn")]
    burn: Option<Device>,
    sort: DeviceSort,
    name: String,
    /// The CPU's threads; a GPU needs none.
    pool: Option<Arc<rayon::ThreadPool>>,
}

impl std::fmt::Debug for ChosenDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.description())
    }
}

impl Devices {
    /// Every device, the CPU first. Opens each GPU.
    pub fn list() -> Vec<DeviceInfo> {
        let cpu = DeviceInfo { sort: DeviceSort::Cpu, name: "CPU".into(), usable: true, why_not: None };
        std::iter::once(cpu).chain(adapters().into_iter().map(|a| a.info)).collect()
    }

    /// Chooses a device; `threads` of the CPU work for it, 0 meaning all it has.
    ///
    /// Errors: a GPU was asked for and none can be used; threads that cannot be started.
    pub fn choose(choice: DeviceChoice, threads: usize) -> Result<ChosenDevice, VisionError> {
        if choice == DeviceChoice::Cpu {
            return ChosenDevice::cpu(threads);
        }
        let found = adapters();
        let wanted = |a: &&Adapter| a.info.usable != (choice == DeviceChoice::SoftwareGpu);
        match (found.iter().find(wanted), choice) {
            (Some(adapter), _) => Ok(ChosenDevice {
                #[cfg(feature = "gpu")]
                burn: Some(adapter.device.clone()),
                #[cfg(all(feature = "burn", not(feature = "gpu")))]
                burn: None,
                sort: DeviceSort::Gpu,
                name: adapter.info.name.clone(),
                pool: None,
            }),
            (None, DeviceChoice::Auto) => ChosenDevice::cpu(threads),
            (None, _) => Err(VisionError::NoGpu(why_none(&found))),
        }
    }
}

fn why_none(found: &[Adapter]) -> String {
    let reasons: Vec<_> =
        found.iter().filter_map(|a| a.info.why_not.as_ref().map(|why| format!("{} is {why}", a.info.name))).collect();
    if !cfg!(feature = "gpu") {
        "this build of Driftgate has no support for GPUs".into()
    } else if reasons.is_empty() {
        "the machine has none, or its driver is missing".into()
    } else {
        reasons.join("; ")
    }
}

/// A graphics adapter.
struct Adapter {
    #[cfg(feature = "gpu")]
    device: Device,
    info: DeviceInfo,
}

#[cfg(not(feature = "gpu"))]
fn adapters() -> Vec<Adapter> {
    Vec::new()
}

#[cfg(feature = "gpu")]
fn adapters() -> Vec<Adapter> {
    use burn::tensor::DeviceType;
    // A broken driver may panic where it should report; then there is no GPU.
    let devices = std::panic::catch_unwind(|| Device::enumerate(DeviceType::Wgpu).into_vec()).unwrap_or_default();
    devices.into_iter().map(|device| Adapter { info: describe(&device), device }).collect()
}

#[cfg(feature = "gpu")]
fn describe(device: &Device) -> DeviceInfo {
    let identity = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| device.identity())).unwrap_or_default();
    let (name, why_not) = match identity {
        None => ("graphics adapter".to_owned(), Some("not opened by its driver")),
        Some(identity) => (
            identity.name,
            identity.physical.is_none().then_some("a program that stands in for a GPU, and slower than the CPU itself"),
        ),
    };
    DeviceInfo { sort: DeviceSort::Gpu, name, usable: why_not.is_none(), why_not: why_not.map(String::from) }
}

impl ChosenDevice {
    fn cpu(threads: usize) -> Result<Self, VisionError> {
        let threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n,
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|i| format!("network-{i}"))
            .build()
            .map_err(|e| VisionError::Threads { threads, reason: e.to_string() })?;
        Ok(ChosenDevice {
            #[cfg(feature = "burn")]
            burn: None,
            sort: DeviceSort::Cpu,
            name: "CPU".into(),
            pool: Some(Arc::new(pool)),
        })
    }

    /// What it is.
    pub fn sort(&self) -> DeviceSort {
        self.sort
    }

    /// For people and the run's record: `CPU`, or `GPU: ` and its name.
    pub fn description(&self) -> String {
        match self.sort {
            DeviceSort::Cpu => self.name.clone(),
            DeviceSort::Gpu => format!("GPU: {}", self.name),
        }
    }

    /// Whether the same job gives the same bytes every time. A GPU may add in another order each time.
    pub fn deterministic(&self) -> bool {
        self.sort == DeviceSort::Cpu
    }

    #[cfg(feature = "burn")]
    pub(crate) fn burn(&self) -> Option<&Device> {
        self.burn.as_ref()
    }

    /// Burn's layers on the CPU, to hold them against our own.
    #[cfg(feature = "burn")]
    pub fn burn_on_cpu() -> Self {
        ChosenDevice { burn: Some(Device::flex()), sort: DeviceSort::Gpu, name: "Burn on the CPU".into(), pool: None }
    }

    /// Does `work` on the device's threads. What a GPU's driver panics with becomes an error.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> Result<T, VisionError> + Send) -> Result<T, VisionError> {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
                .unwrap_or_else(|panic| Err(self.failed(&said(panic.as_ref())))),
        }
    }

    pub(crate) fn failed(&self, reason: &str) -> VisionError {
        VisionError::Device { device: self.description(), reason: reason.into() }
    }
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
        .unwrap_or_else(|| "it stopped without saying why".into())
}
