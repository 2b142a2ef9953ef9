//! From bytes, which may be anything, to pixels.

use crate::sniff::{self, Kind};
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ExtendedColorType, ImageDecoder, ImageError, ImageFormat, ImageReader, RgbImage};
use std::io::Cursor;

/// Most pixels of a picture.
pub const MAX_PIXELS: u64 = 100_000_000;

/// Longest side of a picture, in pixels.
pub const MAX_SIDE: u32 = 16_384;

/// Most bytes of decoded samples, before they become 8-bit RGB.
const MAX_SAMPLES: u64 = 1 << 30;

/// A picture as 8-bit RGB, upright.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The pixels.
    pub rgb: RgbImage,
    /// What the file holds: `rgb`, `rgba`, `grey`, `grey_alpha`, `bilevel`, `palette`, `rgb16`, `rgba16`, `grey16`,
    /// `grey_alpha16`, `cmyk`, `float`.
    pub mode: &'static str,
    /// What was lost or changed on the way to 8-bit RGB, a sentence each.
    pub notes: Vec<String>,
}

/// Why a file cannot be used as a picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file} {detail}")]
pub struct ImageFault {
    /// The file, as the caller named it.
    pub file: String,
    /// The kind of fault.
    pub reason: FaultReason,
    /// What follows the file's name in a sentence.
    pub detail: String,
}

impl ImageFault {
    /// A fault of `file`; `detail` follows the name in a sentence.
    pub fn new(file: &str, reason: FaultReason, detail: impl Into<String>) -> Self {
        ImageFault { file: file.into(), reason, detail: detail.into() }
    }
}

/// Kinds of faults, in the order in which a report names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultReason {
    /// No byte.
    Empty,
    /// Text under a picture's name.
    Text,
    /// Not a picture of any known kind.
    NotAPicture,
    /// A picture of a kind, or with a feature, that is not read.
    Unsupported,
    /// It ends too early.
    Truncated,
    /// More pixels than [`MAX_PIXELS`] or a side longer than [`MAX_SIDE`].
    TooLarge,
    /// Its bytes contradict themselves.
    Damaged,
    /// The file system refused.
    Unreadable,
}

impl FaultReason {
    /// What such files are, as in `3 files are empty`.
    pub fn phrase(self) -> &'static str {
        match self {
            FaultReason::Empty => "empty",
            FaultReason::Text => "text, not pictures",
            FaultReason::NotAPicture => "not pictures",
            FaultReason::Unsupported => "of a kind that is not read",
            FaultReason::Truncated => "cut off",
            FaultReason::TooLarge => "too large",
            FaultReason::Damaged => "damaged",
            FaultReason::Unreadable => "not readable",
        }
    }
}

/// Turns the bytes of a file into pixels: the door for kinds of files that [`StandardLoader`] does not know.
pub trait FrameLoader: Send + Sync {
    /// `file` names the bytes in a fault and may help to choose a reader; never panics, whatever the bytes.
    fn load(&self, bytes: &[u8], file: &str) -> Result<Decoded, ImageFault>;
}

/// Reads BMP, GIF, JPEG, PNG and TIFF: [`decode`].
#[derive(Debug, Clone, Copy, Default)]
pub struct StandardLoader;

impl FrameLoader for StandardLoader {
    fn load(&self, bytes: &[u8], file: &str) -> Result<Decoded, ImageFault> {
        decode(bytes, file)
    }
}

/// Decodes BMP, GIF, JPEG, PNG or TIFF, told apart by content, never by `file`, which only names the bytes in a fault.
///
/// The header's size is checked before pixels are allocated. Transparent pixels are laid over white, the paper on which such
/// pictures are usually seen (over black, dark drawings would vanish). 16-bit samples are rounded to 8, CMYK and floating-point
/// ones converted; EXIF orientation is applied; an animation gives its first frame, a TIFF its first page. A JPEG without its
/// end marker counts as cut off. Colour profiles are not applied.
pub fn decode(bytes: &[u8], file: &str) -> Result<Decoded, ImageFault> {
    let fault = |reason, detail: &str| Err(ImageFault::new(file, reason, detail));
    if bytes.is_empty() {
        return fault(FaultReason::Empty, "is empty");
    }
    let format = match sniff::kind(bytes) {
        Kind::Standard(format) => format,
        Kind::Foreign(what) => return fault(FaultReason::Unsupported, &format!("is {what}, which is not read here")),
        Kind::Text => return fault(FaultReason::Text, "is text, not a picture"),
        Kind::Unknown => return fault(FaultReason::NotAPicture, "is not a picture of a known kind"),
    };
    let jpeg = if format == ImageFormat::Jpeg { sniff::jpeg_outline(bytes) } else { Default::default() };
    if format == ImageFormat::Jpeg && !jpeg.complete {
        return fault(FaultReason::Truncated, "is cut off: the end of the JPEG is missing");
    }
    let (image, mode, upright) = samples(bytes, format, jpeg.components).map_err(|refused| match refused {
        Refused::TooLarge(detail) => ImageFault::new(file, FaultReason::TooLarge, detail),
        Refused::Image(error) => explained(&error, file),
    })?;
    if image.width() == 0 || image.height() == 0 {
        return fault(FaultReason::Damaged, "is damaged: it has no pixel");
    }
    let mut notes = Vec::new();
    note_frames(bytes, format, &mut notes);
    let mut image = flattened(image, mode, &mut notes);
    if upright != Orientation::NoTransforms {
        let mut turned = DynamicImage::ImageRgb8(image);
        turned.apply_orientation(upright);
        image = turned.into_rgb8();
        notes.push("turned upright as its EXIF orientation says".into());
    }
    Ok(Decoded { rgb: image, mode, notes })
}

/// Why there are no samples.
enum Refused {
    TooLarge(String),
    Image(ImageError),
}

impl From<ImageError> for Refused {
    fn from(error: ImageError) -> Self {
        Refused::Image(error)
    }
}

fn samples(
    bytes: &[u8],
    format: ImageFormat,
    components: u8,
) -> Result<(DynamicImage, &'static str, Orientation), Refused> {
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_SAMPLES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    // The sides are checked below, where the message can name them.
    let mut memory = image::Limits::no_limits();
    memory.max_alloc = limits.max_alloc;
    reader.limits(memory);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(Refused::TooLarge(format!(
            "claims {width} x {height} pixels; at most {MAX_SIDE} a side and {} million in all are read",
            MAX_PIXELS / 1_000_000
        )));
    }
    if decoder.total_bytes() > MAX_SAMPLES {
        return Err(Refused::TooLarge(format!("needs {} MiB decoded", decoder.total_bytes() >> 20)));
    }
    decoder.set_limits(limits)?;
    let upright = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mode = mode(bytes, format, components, decoder.original_color_type(), decoder.color_type());
    Ok((DynamicImage::from_decoder(decoder)?, mode, upright))
}

fn mode(
    bytes: &[u8],
    format: ImageFormat,
    components: u8,
    original: ExtendedColorType,
    color: ColorType,
) -> &'static str {
    let palette = match format {
        ImageFormat::Gif => true,
        // The colour type of IHDR.
        ImageFormat::Png => bytes.get(25) == Some(&3),
        // Bits of a pixel.
        ImageFormat::Bmp => matches!(bytes.get(28..30), Some([1 | 2 | 4 | 8, 0])),
        _ => false,
    };
    if palette {
        return "palette";
    }
    if components == 4 || matches!(original, ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16) {
        return "cmyk";
    }
    if original == ExtendedColorType::L1 {
        return "bilevel";
    }
    match color {
        ColorType::L8 => "grey",
        ColorType::La8 => "grey_alpha",
        ColorType::Rgba8 => "rgba",
        ColorType::L16 => "grey16",
        ColorType::La16 => "grey_alpha16",
        ColorType::Rgb16 => "rgb16",
        ColorType::Rgba16 => "rgba16",
        ColorType::Rgb32F | ColorType::Rgba32F => "float",
        _ => "rgb",
    }
}

fn note_frames(bytes: &[u8], format: ImageFormat, notes: &mut Vec<String>) {
    let moving = match format {
        ImageFormat::Gif => sniff::gif_frames(bytes) > 1,
        ImageFormat::Png => sniff::png_animated(bytes),
        _ => false,
    };
    if moving {
        notes.push("an animation: only its first frame is used".into());
    }
    if format == ImageFormat::Tiff && sniff::tiff_pages(bytes).several {
        notes.push("several pages: only the first is used".into());
    }
}

/// 8-bit RGB over white.
fn flattened(image: DynamicImage, mode: &str, notes: &mut Vec<String>) -> RgbImage {
    if mode.ends_with("16") {
        notes.push("16-bit samples rounded to 8 bits".into());
    }
    match mode {
        "cmyk" => notes.push("CMYK converted to RGB without a colour profile".into()),
        "float" => notes.push("floating-point samples cut to [0, 1] and rounded to 8 bits".into()),
        _ => {}
    }
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    let mut transparent = false;
    let (width, height) = image.dimensions();
    let mut rgb = RgbImage::new(width, height);
    for (to, from) in rgb.pixels_mut().zip(image.pixels()) {
        let [r, g, b, a] = from.0.map(u32::from);
        transparent |= a < 255;
        to.0 = [r, g, b].map(|c| ((c * a + 255 * (255 - a) + 127) / 255) as u8);
    }
    if transparent {
        notes.push("transparent pixels laid over white".into());
    }
    rgb
}

fn explained(error: &ImageError, file: &str) -> ImageFault {
    let text = error.to_string();
    let lower = text.to_lowercase();
    let short =
        ["unexpected end", "eof", "failed to fill", "not enough", "exhausted"].iter().any(|w| lower.contains(w));
    let (reason, start) = match error {
        ImageError::Limits(_) => (FaultReason::TooLarge, "is too large"),
        ImageError::Unsupported(_) => (FaultReason::Unsupported, "uses a feature that is not read"),
        _ if short => (FaultReason::Truncated, "is cut off"),
        _ => (FaultReason::Damaged, "is damaged"),
    };
    ImageFault::new(file, reason, format!("{start} ({})", crate::error::shown(&text)))
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
