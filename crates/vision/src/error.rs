use driftgate_model::{Cancelled, Code, Coded};

/// Why a network was not trained, read or asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VisionError {
    /// A hyper-parameter is outside its range.
    #[error("`{name}` is {value}: it must be {rule}")]
    Parameter {
        /// Its name in the training config.
        name: &'static str,
        /// Its value.
        value: String,
        /// Its range.
        rule: &'static str,
    },
    /// Every convolution halves the picture, and nothing is left of it.
    #[error(
        "{layers} convolution layers halve a tile of {height} × {width} pixels {layers} times, and it has no pixels left"
    )]
    TileTooSmall {
        /// Convolutions.
        layers: usize,
        /// Rows of pixels.
        height: usize,
        /// Pixels in a row.
        width: usize,
    },
    /// More weights than are supported.
    #[error("the network would have more than {0} weights")]
    TooLarge(usize),
    /// There is nothing to learn from, or to choose the best epoch on.
    #[error("the {0} has no pictures")]
    NoPictures(&'static str),
    /// Pictures and what is said of them differ in number.
    #[error("the {part} has {pictures} pictures and {found} {what}")]
    Count {
        /// The part of the data.
        part: &'static str,
        /// Pictures there are.
        pictures: usize,
        /// What there is another number of.
        what: &'static str,
        /// How many.
        found: usize,
    },
    /// A class code points past the label set.
    #[error("picture {picture} has class code {code}, but there are only {labels} labels")]
    ClassCode {
        /// Picture, from 1.
        picture: usize,
        /// The code.
        code: u32,
        /// Labels there are.
        labels: usize,
    },
    /// Every picture has the same label.
    #[error("every training picture has the label `{0}`: there is nothing to tell apart")]
    SingleClass(String),
    /// Tiles of another size than the network takes.
    #[error("the network takes tiles of {expected}, and these have {found}")]
    Shape {
        /// What the network takes.
        expected: String,
        /// What it was given.
        found: String,
    },
    /// The network to continue from is not of this kind.
    #[error("the version in Production cannot be fine-tuned: its {0} differs from this config")]
    Base(&'static str),
    /// Fine-tuning on drifted pictures, and there are too few of them.
    #[error("`{setting}` needs drifted pictures in the train split: {found}")]
    NoDrifted {
        /// The setting that asks for them.
        setting: &'static str,
        /// What there is.
        found: &'static str,
    },
    /// A tile could not be read.
    #[error("picture {picture} cannot be read: {reason}")]
    Tile {
        /// Picture, from 1.
        picture: usize,
        /// What the source said.
        reason: String,
    },
    /// The loss is NaN or infinite.
    #[error("training diverged in epoch {epoch}, step {step}: the loss is not a finite number")]
    Diverged {
        /// Epoch, from 1.
        epoch: u32,
        /// Step within the epoch, from 1; 0 when it showed on the validation pictures.
        step: u64,
    },
    /// The device failed while it worked.
    #[error("{device} failed: {reason}")]
    Device {
        /// The device.
        device: String,
        /// What it said.
        reason: String,
    },
    /// A GPU was asked for, and there is none that can be used.
    #[error("no GPU can be used: {0}")]
    NoGpu(String),
    /// The worker threads could not be started.
    #[error("{threads} worker threads could not be started: {reason}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the system said.
        reason: String,
    },
    /// A checkpoint could not be kept.
    #[error("the checkpoint after epoch {epoch} could not be saved: {reason}")]
    Checkpoint {
        /// Epoch, from 1.
        epoch: u32,
        /// What the store said.
        reason: String,
    },
    /// Bytes that are not a network of this description.
    #[error("these bytes are not the network that was described: {0}")]
    Decode(String),
    /// A description written by a newer Driftgate.
    #[error("the network is described as `{0}`, which this Driftgate does not read")]
    Newer(String),
    /// The work was asked to stop.
    #[error("the work on pictures was cancelled")]
    Cancelled,
}

impl From<Cancelled> for VisionError {
    fn from(_: Cancelled) -> Self {
        VisionError::Cancelled
    }
}

impl Coded for VisionError {
    fn code(&self) -> Code {
        match self {
            VisionError::Parameter { .. } | VisionError::TileTooSmall { .. } | VisionError::TooLarge(_) => {
                Code::BadInput
            }
            VisionError::NoPictures(_)
            | VisionError::SingleClass(_)
            | VisionError::Shape { .. }
            | VisionError::NoDrifted { .. }
            | VisionError::Diverged { .. } => Code::BadData,
            VisionError::Base(_) => Code::Refused,
            VisionError::NoGpu(_) => Code::NotFound,
            VisionError::Tile { .. }
            | VisionError::Device { .. }
            | VisionError::Threads { .. }
            | VisionError::Checkpoint { .. } => Code::Io,
            VisionError::Decode(_) => Code::Corrupt,
            VisionError::Newer(_) => Code::Newer,
            VisionError::Cancelled => Code::Cancelled,
            VisionError::Count { .. } | VisionError::ClassCode { .. } => Code::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            VisionError::TileTooSmall { .. } => {
                "use fewer `conv_layers` in the training config, or a larger `target_size` in the preprocessing config"
            }
            VisionError::TooLarge(_) => "use fewer `fc_units` or channels, or smaller tiles",
            VisionError::NoPictures(_) => "check the folder of pictures and the split shares",
            VisionError::SingleClass(_) => "add pictures of another class: one folder for each",
            VisionError::Base(_) => "train from scratch, without `--fine-tune`",
            VisionError::NoDrifted { .. } => "prepare drifted pictures for training first, or remove the setting",
            VisionError::Diverged { .. } => "lower `learning_rate`, set `gradient_clip`, or turn `normalize` on",
            VisionError::Device { .. } | VisionError::NoGpu(_) => "run again with `--device cpu`",
            VisionError::Threads { .. } => "ask for fewer threads with `--threads`",
            VisionError::Decode(_) => "run `driftgate audit verify` to find what is damaged",
            VisionError::Newer(_) => "update Driftgate",
            VisionError::Checkpoint { .. } => "check the free space on the disk",
            VisionError::Parameter { .. }
            | VisionError::Shape { .. }
            | VisionError::Tile { .. }
            | VisionError::Count { .. }
            | VisionError::ClassCode { .. }
            | VisionError::Cancelled => return None,
        };
        Some(text.into())
    }
}
