//! Numbers of one picture: how bright, how colourful, how sharp it is, and a fingerprint of its shapes.

use crate::Decoded;
use crate::tile::resized;
use driftgate_model::TileShape;

/// Longest side of the rendition that everything but the size is measured on.
const SIDE: usize = 64;

/// The names of [`Measures::values`], in order.
pub const FEATURES: [&str; 8] =
    ["width", "height", "brightness", "contrast", "saturation", "warmth", "sharpness", "noise"];

/// What a picture's pixels say; all but the size on a rendition of at most 64 by 64 with values in [0, 1], so that large
/// pictures of different sizes compare. Small ones are not enlarged: pixels made up have neither noise nor detail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measures {
    /// Pixels in a row.
    pub width: f64,
    /// Rows.
    pub height: f64,
    /// Mean luma (ITU-R BT.601).
    pub brightness: f64,
    /// Standard deviation of luma.
    pub contrast: f64,
    /// Mean saturation of the HSV model.
    pub saturation: f64,
    /// Mean red minus mean blue, in [−1, 1].
    pub warmth: f64,
    /// log₁₀(10⁻⁶ + variance of the Laplacian of luma).
    pub sharpness: f64,
    /// Standard deviation of the noise of luma (Immerkær 1996, "Fast noise variance estimation").
    pub noise: f64,
}

impl Measures {
    /// The numbers in the order of [`FEATURES`].
    pub fn values(&self) -> [f64; 8] {
        [
            self.width,
            self.height,
            self.brightness,
            self.contrast,
            self.saturation,
            self.warmth,
            self.sharpness,
            self.noise,
        ]
    }
}

/// Luma of 8-bit RGB, in [0, 1] (ITU-R BT.601).
fn luma(pixel: &[u8]) -> f64 {
    (0.299 * f64::from(pixel[0]) + 0.587 * f64::from(pixel[1]) + 0.114 * f64::from(pixel[2])) / 255.0
}

/// Measures a picture; the same pixels give the same bits.
pub fn measure(picture: &Decoded) -> Measures {
    let (width, height) = (picture.rgb.width() as usize, picture.rgb.height() as usize);
    let (across, down) = (width.min(SIDE), height.min(SIDE));
    let small = resized(&picture.rgb, TileShape { height: down, width: across, channels: 3 });
    let grey: Vec<f64> = small.chunks_exact(3).map(luma).collect();
    let n = grey.len() as f64;
    let brightness = grey.iter().sum::<f64>() / n;
    let contrast = (grey.iter().map(|v| (v - brightness) * (v - brightness)).sum::<f64>() / n).sqrt();
    let (mut saturation, mut warmth) = (0.0, 0.0);
    for pixel in small.chunks_exact(3) {
        let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(f64::from);
        let most = r.max(g).max(b);
        saturation += if most > 0.0 { (most - r.min(g).min(b)) / most } else { 0.0 };
        warmth += (r - b) / 255.0;
    }
    let (mut sum, mut squares, mut rough, mut inner) = (0.0, 0.0, 0.0, 0.0);
    for y in 1..down.saturating_sub(1) {
        for x in 1..across.saturating_sub(1) {
            let at = |dy: usize, dx: usize| grey[(y + dy - 1) * across + x + dx - 1];
            let cross = at(0, 1) + at(1, 0) + at(1, 2) + at(2, 1);
            let corners = at(0, 0) + at(0, 2) + at(2, 0) + at(2, 2);
            let laplacian = cross - 4.0 * at(1, 1);
            sum += laplacian;
            squares += laplacian * laplacian;
            rough += (corners - 2.0 * cross + 4.0 * at(1, 1)).abs();
            inner += 1.0;
        }
    }
    // A picture without an inner pixel has neither edge nor noise.
    let inner = f64::max(inner, 1.0);
    let variance = (squares / inner - (sum / inner) * (sum / inner)).max(0.0);
    Measures {
        width: width as f64,
        height: height as f64,
        brightness,
        contrast,
        saturation: saturation / n,
        warmth: warmth / n,
        sharpness: (1e-6 + variance).log10(),
        noise: (std::f64::consts::PI / 2.0).sqrt() * rough / (6.0 * inner),
    }
}

/// The difference hash: 64 bits that tell, on a 9 by 8 grey rendition, whether each pixel is darker than its right neighbour.
/// Pictures that differ in size, compression or overall brightness alone differ in few bits.
pub fn difference_hash(picture: &Decoded) -> u64 {
    let small = resized(&picture.rgb, TileShape { height: 8, width: 9, channels: 1 });
    let mut hash = 0;
    for row in small.chunks_exact(9) {
        for pair in row.windows(2) {
            hash = hash << 1 | u64::from(pair[0] < pair[1]);
        }
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{decoded, noisy};

    #[test]
    fn measures_are_what_they_say() {
        let flat = measure(&decoded(20, 10, |_, _| [255, 128, 0]));
        assert_eq!((flat.width, flat.height), (20.0, 10.0));
        let luma = (0.299 * 255.0 + 0.587 * 128.0) / 255.0;
        assert!((flat.brightness - luma).abs() < 1e-9 && flat.contrast < 1e-9);
        assert_eq!((flat.saturation, flat.warmth, flat.sharpness), (1.0, 1.0, -6.0));
        let stripes = measure(&decoded(64, 64, |x, _| if x % 8 < 4 { [0; 3] } else { [255; 3] }));
        assert!((stripes.contrast - 0.5).abs() < 1e-9 && stripes.saturation == 0.0 && stripes.sharpness > -1.0);
        assert_eq!(stripes.values().len(), FEATURES.len());
        let point = measure(&decoded(1, 1, |_, _| [9; 3]));
        assert!(point.values().iter().all(|v| v.is_finite()) && point.noise == 0.0);
    }

    #[test]
    fn noise_is_estimated() {
        // Uniform noise of ±20 has a standard deviation of 41 / √12 / 255 about 0.0464 of grey.
        let measured = measure(&noisy(64, 64, 20)).noise;
        assert!((measured - 0.0464).abs() < 0.005, "{measured}");
    }

    #[test]
    fn the_hash_keeps_under_brightness_and_size_and_tells_pictures_apart() {
        let shape = |x: u32, y: u32| (((x * 7) ^ (y * 13)) % 97) as u8;
        let one = difference_hash(&decoded(90, 80, |x, y| [shape(x / 10, y / 10); 3]));
        let brighter = difference_hash(&decoded(90, 80, |x, y| [shape(x / 10, y / 10) + 100; 3]));
        let larger = difference_hash(&decoded(180, 160, |x, y| [shape(x / 20, y / 20); 3]));
        let other = difference_hash(&decoded(90, 80, |x, y| [shape(y / 10, x / 10); 3]));
        assert!((one ^ brighter).count_ones() <= 4 && (one ^ larger).count_ones() <= 4);
        assert!((one ^ other).count_ones() > 12);
        assert_eq!(difference_hash(&decoded(30, 30, |_, _| [9; 3])), 0);
    }
}
