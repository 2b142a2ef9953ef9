//! Pictures for the tests.

use crate::Decoded;
use driftgate_determinism::Stream;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use std::io::Cursor;

/// A picture whose pixel at column `x` and row `y` is `color(x, y)`.
pub(crate) fn decoded(width: u32, height: u32, color: impl Fn(u32, u32) -> [u8; 3]) -> Decoded {
    let rgb = RgbImage::from_fn(width, height, |x, y| Rgb(color(x, y)));
    Decoded { rgb, mode: "rgb", notes: Vec::new() }
}

/// Grey 128 with uniform noise of ± `amount`.
pub(crate) fn noisy(width: u32, height: u32, amount: u32) -> Decoded {
    let mut stream = Stream::new(5, 0);
    let mut rgb = RgbImage::new(width, height);
    for pixel in rgb.pixels_mut() {
        pixel.0 = [(128 + stream.below(2 * amount + 1) - amount) as u8; 3];
    }
    Decoded { rgb, mode: "rgb", notes: Vec::new() }
}

/// Random blocks: pictures of different seeds look different.
pub(crate) fn blocks(width: u32, height: u32, seed: u64) -> Decoded {
    let mut stream = Stream::new(seed, 9);
    let colors: Vec<[u8; 3]> = (0..144).map(|_| std::array::from_fn(|_| stream.below(256) as u8)).collect();
    decoded(width, height, |x, y| colors[(y * 12 / height * 12 + x * 12 / width) as usize])
}

/// The file of a picture.
pub(crate) fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.into().write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// A PNG file.
pub(crate) fn png(picture: &Decoded) -> Vec<u8> {
    encoded(picture.rgb.clone(), ImageFormat::Png)
}
