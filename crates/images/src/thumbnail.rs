//! Small pictures to look at.

use crate::tile::resized;
use crate::{Decoded, ImagesError, Result};
use driftgate_model::TileShape;
use image::{ExtendedColorType, ImageEncoder as _, codecs::png::PngEncoder};

/// The picture as a PNG file whose longer side is at most `side` pixels; never larger than it is.
///
/// Errors: it cannot be encoded.
pub fn thumbnail(picture: &Decoded, side: u32) -> Result<Vec<u8>> {
    let (width, height) = (picture.rgb.width(), picture.rgb.height());
    let scale = (f64::from(side.max(1)) / f64::from(width.max(height).max(1))).min(1.0);
    let scaled = |n: u32| ((f64::from(n) * scale).round() as usize).max(1);
    let shape = TileShape { height: scaled(height), width: scaled(width), channels: 3 };
    let pixels = resized(&picture.rgb, shape);
    let mut png = Vec::new();
    PngEncoder::new(&mut png)
        .write_image(&pixels, shape.width as u32, shape.height as u32, ExtendedColorType::Rgb8)
        .map_err(|e| ImagesError::Options(format!("a small picture cannot be written: {e}")))?;
    Ok(png)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use image::RgbImage;

    #[test]
    fn the_longer_side_is_bounded_and_nothing_grows() {
        let of = |width, height| Decoded { rgb: RgbImage::new(width, height), mode: "rgb", notes: Vec::new() };
        let size = |png: &[u8]| {
            let read = image::load_from_memory(png).unwrap();
            (read.width(), read.height())
        };
        assert_eq!(size(&thumbnail(&of(200, 100), 50).unwrap()), (50, 25));
        assert_eq!(size(&thumbnail(&of(10, 20), 50).unwrap()), (10, 20));
        assert_eq!(size(&thumbnail(&of(1000, 1), 50).unwrap()), (50, 1));
    }
}
