//! The parts that screens are made of.

mod chart;
mod chip;
mod controls;
mod copy;
mod dialog;
mod drop;
mod gate;
mod grid;
mod icon;
mod jobs;
mod palette;
mod picture;
mod reason;
mod show;
mod toast;

pub use chart::ChartView;
pub use chip::{Chip, SeverityChip, StageChip, StatusChip, VerdictChip};
pub use controls::{Button, Check, Kind, Pick, Tabs, TextArea, TextField};
pub use copy::{CopyButton, SaveButton};
pub use dialog::Dialog;
pub use drop::{DropZone, PathField, on_drop};
pub use gate::GateView;
pub use grid::{Column, Grid, Line};
pub use icon::{Icon, IconSvg, Logo};
pub use jobs::{JobCard, JobTray, Progress};
pub use palette::Palette;
pub use picture::{PICTURES, Picture, Pictures, SIDE, Shot, is_picture, of_file, stored};
pub use reason::Reason;
pub use show::{Empty, Facts, FailureView, Notice, Shown, Top};
pub use toast::Toasts;
