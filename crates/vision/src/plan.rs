use crate::VisionError;
use driftgate_model::{CnnArchitecture, TileShape};

/// Most weights of a network.
pub(crate) const LARGEST: usize = 500_000_000;
/// Largest side of a kernel.
const LARGEST_KERNEL: u32 = 31;
/// Most convolutions.
const MOST_LAYERS: usize = 16;

/// Tensors of one convolution with its normalisation, in the order of [`Plan::tensors`].
pub(crate) const PER_CONV: usize = 5;
pub(crate) const CONV: usize = 0;
pub(crate) const NORM_WEIGHT: usize = 1;
pub(crate) const NORM_BIAS: usize = 2;
pub(crate) const NORM_MEAN: usize = 3;
pub(crate) const NORM_VAR: usize = 4;

/// How a tensor starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Start {
    /// Uniform in ± 1/√fan_in: what PyTorch draws, Kaiming with a = √5.
    Uniform { fan_in: usize },
    /// All 1.
    Ones,
    /// All 0.
    Zeros,
}

/// One tensor of a network.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TensorPlan {
    pub name: String,
    pub shape: Vec<usize>,
    pub start: Start,
    /// Learned by gradient; the others are running statistics.
    pub learned: bool,
    /// Part of the last layer.
    pub head: bool,
}

impl TensorPlan {
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Every tensor of an architecture: for each convolution its kernel and the four of its normalisation, then the dense layers.
///
/// A convolution has no bias: the normalisation behind it takes it away again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    pub tensors: Vec<TensorPlan>,
    pub convs: usize,
}

impl Plan {
    /// Errors: settings out of range, a tile that is halved away, more weights than [`LARGEST`].
    pub fn new(architecture: &CnnArchitecture, shape: TileShape, classes: usize) -> Result<Plan, VisionError> {
        check(architecture, shape, classes)?;
        let mut tensors = Vec::new();
        let mut add = |name: String, shape: Vec<usize>, start, learned, head| {
            tensors.push(TensorPlan { name, shape, start, learned, head });
        };
        let (mut channels, mut height, mut width) = (shape.channels, shape.height, shape.width);
        for (i, layer) in architecture.conv_layers.iter().enumerate() {
            let (out, kernel) = (layer.out_channels as usize, layer.kernel_size as usize);
            let start = Start::Uniform { fan_in: channels * kernel * kernel };
            add(format!("conv.{i}.weight"), vec![out, channels, kernel, kernel], start, true, false);
            add(format!("norm.{i}.weight"), vec![out], Start::Ones, true, false);
            add(format!("norm.{i}.bias"), vec![out], Start::Zeros, true, false);
            add(format!("norm.{i}.running_mean"), vec![out], Start::Zeros, false, false);
            add(format!("norm.{i}.running_var"), vec![out], Start::Ones, false, false);
            (channels, height, width) = (out, height / 2, width / 2);
            if height == 0 || width == 0 {
                let layers = architecture.conv_layers.len();
                return Err(VisionError::TileTooSmall { layers, height: shape.height, width: shape.width });
            }
        }
        let (flat, units) = (channels * height * width, architecture.fc_units as usize);
        let (fc, head) = (Start::Uniform { fan_in: flat }, Start::Uniform { fan_in: units });
        add("fc.weight".into(), vec![units, flat], fc, true, false);
        add("fc.bias".into(), vec![units], fc, true, false);
        add("head.weight".into(), vec![classes, units], head, true, true);
        add("head.bias".into(), vec![classes], head, true, true);
        let all = tensors.iter().try_fold(0_usize, |sum, t| {
            t.shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d)).and_then(|n| sum.checked_add(n))
        });
        match all {
            Some(n) if n <= LARGEST => Ok(Plan { tensors, convs: architecture.conv_layers.len() }),
            _ => Err(VisionError::TooLarge(LARGEST)),
        }
    }

    /// Place of tensor `part` of convolution `i`.
    pub fn conv(&self, i: usize, part: usize) -> usize {
        i * PER_CONV + part
    }

    /// Place of the first dense layer's weights; its bias follows, then the last layer's.
    pub fn dense(&self) -> usize {
        self.convs * PER_CONV
    }
}

fn check(architecture: &CnnArchitecture, shape: TileShape, classes: usize) -> Result<(), VisionError> {
    let refuse = |name, value: String, rule| Err(VisionError::Parameter { name, value, rule });
    let layers = &architecture.conv_layers;
    if layers.is_empty() || layers.len() > MOST_LAYERS {
        return refuse("conv_layers", format!("a list of {}", layers.len()), "a list of 1 to 16 layers");
    }
    for layer in layers {
        if !(1..=65_536).contains(&layer.out_channels) {
            return refuse("out_channels", layer.out_channels.to_string(), "from 1 to 65536");
        }
        if layer.kernel_size % 2 == 0 || layer.kernel_size > LARGEST_KERNEL {
            return refuse("kernel_size", layer.kernel_size.to_string(), "odd and from 1 to 31");
        }
    }
    if !(1..=1_048_576).contains(&architecture.fc_units) {
        return refuse("fc_units", architecture.fc_units.to_string(), "from 1 to 1048576");
    }
    if !(0.0..1.0).contains(&architecture.dropout) {
        return refuse("dropout", architecture.dropout.to_string(), "at least 0 and below 1");
    }
    let side = 1..=16_384;
    if !side.contains(&shape.height) || !side.contains(&shape.width) {
        return refuse("target_size", format!("[{}, {}]", shape.height, shape.width), "from 1 to 16384 pixels");
    }
    if shape.channels != 1 && shape.channels != 3 {
        return refuse("color_mode", format!("{} channels", shape.channels), "1 or 3 channels");
    }
    if !(2..=65_536).contains(&classes) {
        return refuse("labels", format!("{classes} labels"), "from 2 to 65536 labels");
    }
    Ok(())
}
