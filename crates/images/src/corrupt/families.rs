//! The corruptions after CIFAR-10-C, on values in [0, 1].

use crate::filter::{Edge, Tap, convolve, gaussian};
use crate::noise::{between, gauss, poisson};
use driftgate_determinism::Stream;
use driftgate_model::TileShape;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageFormat};

/// A corruption and its strength; lengths are for a shorter side of 32 pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Family {
    /// Standard deviation.
    Gaussian(f64),
    /// Photons of full scale.
    Shot(f64),
    /// Share of values.
    Impulse(f64),
    /// Radius of the disk, and the blur that smooths it.
    Defocus(f64, f64),
    /// Radius, and standard deviation along the path.
    Motion(f64, f64),
    /// Added to the value of the HSV model.
    Brightness(f64),
    /// Factor around the mean of each channel.
    Contrast(f64),
    /// Share of the side that is kept.
    Pixelate(f64),
    /// Quality.
    Jpeg(u8),
    /// Thickness, and how fast its detail decays.
    Fog(f64, f64),
}

impl Family {
    /// One of each, in the order of a report.
    pub(super) const ALL: [Family; 10] = [
        Family::Gaussian(0.0),
        Family::Shot(0.0),
        Family::Impulse(0.0),
        Family::Defocus(0.0, 0.0),
        Family::Motion(0.0, 0.0),
        Family::Brightness(0.0),
        Family::Contrast(0.0),
        Family::Pixelate(0.0),
        Family::Jpeg(0),
        Family::Fog(0.0, 0.0),
    ];

    /// The same corruption at a severity from 1 to 5, with the strengths of CIFAR-10-C.
    pub(super) fn at(self, severity: u32) -> Family {
        let i = (severity.clamp(1, 5) - 1) as usize;
        match self {
            Family::Gaussian(_) => Family::Gaussian([0.04, 0.06, 0.08, 0.09, 0.10][i]),
            Family::Shot(_) => Family::Shot([500.0, 250.0, 100.0, 75.0, 50.0][i]),
            Family::Impulse(_) => Family::Impulse([0.01, 0.02, 0.03, 0.05, 0.07][i]),
            Family::Defocus(..) => {
                let (radius, smooth) = [(0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1.0, 0.2), (1.5, 0.1)][i];
                Family::Defocus(radius, smooth)
            }
            Family::Motion(..) => {
                let (radius, sigma) = [(6.0, 1.0), (6.0, 1.5), (6.0, 2.0), (8.0, 2.0), (9.0, 2.5)][i];
                Family::Motion(radius, sigma)
            }
            Family::Brightness(_) => Family::Brightness([0.05, 0.1, 0.15, 0.2, 0.3][i]),
            Family::Contrast(_) => Family::Contrast([0.75, 0.5, 0.4, 0.3, 0.15][i]),
            Family::Pixelate(_) => Family::Pixelate([0.95, 0.9, 0.85, 0.75, 0.65][i]),
            Family::Jpeg(_) => Family::Jpeg([80, 65, 58, 50, 40][i]),
            Family::Fog(..) => {
                let (thickness, decay) = [(0.2, 3.0), (0.5, 3.0), (0.75, 2.5), (1.0, 2.0), (1.5, 1.75)][i];
                Family::Fog(thickness, decay)
            }
        }
    }

    /// Its name, and one line.
    pub(super) fn described(self) -> (&'static str, String) {
        match self {
            Family::Gaussian(s) => ("gaussian_noise", format!("normal noise of {s} of full scale")),
            Family::Shot(n) => ("shot_noise", format!("Poisson noise of {n} photons at full scale")),
            Family::Impulse(p) => ("impulse_noise", format!("{:.0} % of values black or full", p * 100.0)),
            Family::Defocus(r, _) => ("defocus_blur", format!("out of focus, a disk of {r}/32 of the side")),
            Family::Motion(_, s) => ("motion_blur", format!("moved, standard deviation {s}/32 of the side")),
            Family::Brightness(a) => ("brightness", format!("brighter by {a} of full scale, hue and saturation kept")),
            Family::Contrast(c) => ("contrast", format!("contrast times {c}")),
            Family::Pixelate(c) => ("pixelate", format!("reduced to {:.0} % and enlarged in blocks", c * 100.0)),
            Family::Jpeg(q) => ("jpeg_compression", format!("JPEG of quality {q}")),
            Family::Fog(c, _) => ("fog", format!("fog of thickness {c}")),
        }
    }

    /// Changes a tile that is not empty; the caller cuts the result to [0, 1].
    pub(super) fn apply(self, tile: &mut [f32], shape: TileShape, stream: &mut Stream) {
        let unit = (shape.height.min(shape.width) as f64 / 32.0).max(1.0);
        match self {
            Family::Gaussian(sigma) => tile.iter_mut().for_each(|v| *v += (sigma * gauss(stream)) as f32),
            Family::Shot(photons) => {
                tile.iter_mut().for_each(|v| *v = (poisson(stream, f64::from(*v) * photons) / photons) as f32);
            }
            Family::Impulse(share) => {
                for v in tile {
                    let (hit, full) = (stream.uniform() < share, stream.uniform() < 0.5);
                    *v = if hit { f32::from(u8::from(full)) } else { *v };
                }
            }
            Family::Defocus(radius, smooth) => blurred(tile, shape, &disk(radius * unit, smooth), Edge::Reflect),
            Family::Motion(radius, sigma) => {
                let angle = between(stream, -45.0, 45.0).to_radians();
                blurred(tile, shape, &path((radius * unit).round(), sigma * unit, angle), Edge::Clamp);
            }
            Family::Brightness(amount) => brighter(tile, shape, amount as f32),
            Family::Contrast(factor) => contrast(tile, shape, factor),
            Family::Pixelate(share) => pixelate(tile, shape, share),
            Family::Jpeg(quality) => jpeg(tile, shape, quality),
            Family::Fog(thickness, decay) => fog(tile, shape, thickness, decay, stream),
        }
    }
}

/// Writes values into a tile.
pub(super) fn put(tile: &mut [f32], values: &[f64]) {
    tile.iter_mut().zip(values).for_each(|(to, &from)| *to = from as f32);
}

fn blurred(tile: &mut [f32], shape: TileShape, taps: &[Tap], edge: Edge) {
    let values: Vec<f64> = tile.iter().map(|&v| f64::from(v)).collect();
    put(tile, &convolve(&values, shape, taps, edge));
}

/// The image of a point out of focus: a disk, smoothed by a normal blur of three pixels.
fn disk(radius: f64, smooth: f64) -> Vec<Tap> {
    let reach = radius.ceil() as isize + 1;
    let inside = |y: isize, x: isize| (y * y + x * x) as f64 <= radius * radius;
    let side = gaussian(smooth);
    let weight = |i: isize| side.get((side.len() / 2).wrapping_add_signed(i)).copied().unwrap_or(0.0);
    let mut taps = Vec::new();
    for y in -reach..=reach {
        for x in -reach..=reach {
            let near = (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dy, dx)));
            let sum: f64 =
                near.filter(|&(dy, dx)| inside(y + dy, x + dx)).map(|(dy, dx)| weight(dy) * weight(dx)).sum();
            if sum > 0.0 {
                taps.push((y, x, sum));
            }
        }
    }
    scaled(taps)
}

/// Half a normal curve along a line at `angle`.
fn path(radius: f64, sigma: f64, angle: f64) -> Vec<Tap> {
    let along = |i: f64| {
        let weight = (-0.5 * i * i / (sigma * sigma)).exp();
        ((i * angle.sin()).round() as isize, (i * angle.cos()).round() as isize, weight)
    };
    scaled((0..=(2.0 * radius) as u32).map(|i| along(f64::from(i))).collect())
}

fn scaled(mut taps: Vec<Tap>) -> Vec<Tap> {
    let sum: f64 = taps.iter().map(|t| t.2).sum();
    taps.iter_mut().for_each(|t| t.2 /= sum);
    taps
}

fn brighter(tile: &mut [f32], shape: TileShape, amount: f32) {
    for pixel in tile.chunks_exact_mut(shape.channels) {
        let value = pixel.iter().fold(0.0_f32, |a, &b| a.max(b));
        let wanted = (value + amount).min(1.0);
        pixel.iter_mut().for_each(|v| *v = if value > 0.0 { *v * wanted / value } else { wanted });
    }
}

fn contrast(tile: &mut [f32], shape: TileShape, factor: f64) {
    let pixels = (shape.height * shape.width) as f64;
    for channel in 0..shape.channels {
        let values = || tile.iter().skip(channel).step_by(shape.channels).map(|&v| f64::from(v));
        let mean = values().sum::<f64>() / pixels;
        let values = tile.iter_mut().skip(channel).step_by(shape.channels);
        values.for_each(|v| *v = (mean + (f64::from(*v) - mean) * factor) as f32);
    }
}

fn pixelate(tile: &mut [f32], shape: TileShape, share: f64) {
    let kept = |side: usize| ((side as f64 * share) as usize).max(1);
    let (rows, columns) = (kept(shape.height), kept(shape.width));
    // Where block `i` of `n` begins on a side.
    let start = |i: usize, n: usize, side: usize| i * side / n;
    let former = tile.to_vec();
    for by in 0..rows {
        let ys = start(by, rows, shape.height)..start(by + 1, rows, shape.height);
        for bx in 0..columns {
            let xs = start(bx, columns, shape.width)..start(bx + 1, columns, shape.width);
            let n = (ys.len() * xs.len()) as f32;
            for channel in 0..shape.channels {
                let at = |y: usize, x: usize| (y * shape.width + x) * shape.channels + channel;
                let sum: f32 =
                    ys.clone().flat_map(|y| xs.clone().map(move |x| (y, x))).map(|(y, x)| former[at(y, x)]).sum();
                for y in ys.clone() {
                    xs.clone().for_each(|x| tile[at(y, x)] = sum / n);
                }
            }
        }
    }
}

/// Encodes and decodes; a tile that JPEG cannot hold stays as it is.
fn jpeg(tile: &mut [f32], shape: TileShape, quality: u8) {
    let bytes: Vec<u8> = tile.iter().map(|v| (v.clamp(0.0, 1.0) * 255.0).round() as u8).collect();
    let kind = if shape.channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    let mut file = Vec::new();
    let (width, height) = (shape.width as u32, shape.height as u32);
    if JpegEncoder::new_with_quality(&mut file, quality).encode(&bytes, width, height, kind).is_err() {
        return;
    }
    let Ok(image) = image::load_from_memory_with_format(&file, ImageFormat::Jpeg) else { return };
    let found = if shape.channels == 1 { image.into_luma8().into_raw() } else { image.into_rgb8().into_raw() };
    tile.iter_mut().zip(found).for_each(|(to, from)| *to = f32::from(from) / 255.0);
}

fn fog(tile: &mut [f32], shape: TileShape, thickness: f64, decay: f64, stream: &mut Stream) {
    let side = shape.height.max(shape.width).next_power_of_two().max(2);
    let cloud = plasma(side, decay, stream);
    let most = f64::from(tile.iter().fold(0.0_f32, |a, &b| a.max(b)));
    for (at, pixel) in tile.chunks_exact_mut(shape.channels).enumerate() {
        let (y, x) = (at / shape.width, at % shape.width);
        let added = thickness * cloud[y * side + x];
        pixel.iter_mut().for_each(|v| *v = ((f64::from(*v) + added) * most / (most + thickness)) as f32);
    }
}

/// A plasma fractal in [0, 1] by diamonds and squares that wrap around; `side` is a power of two.
fn plasma(side: usize, decay: f64, stream: &mut Stream) -> Vec<f64> {
    let mut map = vec![0.0; side * side];
    let (mut step, mut wibble) = (side, 100.0);
    while step >= 2 {
        let half = step / 2;
        let mut fill = |map: &mut Vec<f64>, from: [usize; 2], near: [[usize; 2]; 4]| {
            for y in (from[0]..side).step_by(step) {
                for x in (from[1]..side).step_by(step) {
                    let sum: f64 = near.iter().map(|[dy, dx]| map[(y + dy) % side * side + (x + dx) % side]).sum();
                    map[y * side + x] = sum / 4.0 + wibble * between(stream, -wibble, wibble);
                }
            }
        };
        let back = side - half;
        fill(&mut map, [half, half], [[back, back], [back, half], [half, back], [half, half]]);
        let cross = [[0, back], [0, half], [back, 0], [half, 0]];
        fill(&mut map, [0, half], cross);
        fill(&mut map, [half, 0], cross);
        step = half;
        wibble /= decay;
    }
    let low = map.iter().copied().fold(f64::INFINITY, f64::min);
    let high = map.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    map.iter().map(|v| if high > low { (v - low) / (high - low) } else { 0.0 }).collect()
}
