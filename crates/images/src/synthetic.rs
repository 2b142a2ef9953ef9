//! Made-up pictures: classes that differ in shape, not in colour.

use crate::Decoded;
use crate::error::{ImagesError, Result, io_at};
use crate::filter::{Edge, gaussian, separable};
use crate::noise::{between, gauss, seed_for};
use driftgate_determinism::Stream;
use driftgate_model::TileShape;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, RgbImage};
use std::path::Path;

/// The classes there are, in the order in which they are used.
const CLASSES: [&str; 6] = ["circles", "stripes", "checks", "crosses", "rings", "gradients"];

/// What [`synthesize`] makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntheticOptions {
    /// 2 to 6: circles, stripes, checks, crosses, rings, gradients.
    pub classes: usize,
    /// Pictures of each, from 1.
    pub per_class: usize,
    /// Pixels of a side, 16 to 512.
    pub size: u32,
    /// Same seed, same bytes.
    pub seed: u64,
    /// How all of them are changed.
    pub drift: Option<SyntheticDrift>,
}

/// How a later batch differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyntheticDrift {
    /// Half the light.
    Darker,
    /// More red, less blue.
    Warmer,
    /// A normal blur of a 20th of the side.
    Blurred,
    /// Normal noise of 0.15 of full scale.
    Noisy,
}

/// Writes PNG files `images/<class>/<class>_0001.png` into `folder`; the number of files.
///
/// Every picture has two random colours, a random place, size and angle of its shape, and slight noise, so that the mean colour
/// says nothing of the class. Errors: options out of range, writing.
pub fn synthesize(folder: &Path, options: &SyntheticOptions) -> Result<usize> {
    let allowed = (2..=CLASSES.len()).contains(&options.classes)
        && (1..=1_000_000).contains(&options.per_class)
        && (16..=512).contains(&options.size);
    if !allowed {
        return Err(ImagesError::Options(
            "Made-up pictures need 2 to 6 classes, 1 to 1,000,000 pictures of each, and sides of 16 to 512 pixels"
                .into(),
        ));
    }
    for (kind, class) in CLASSES.iter().enumerate().take(options.classes) {
        let home = folder.join("images").join(class);
        std::fs::create_dir_all(&home).map_err(io_at(&home))?;
        for number in 0..options.per_class {
            let picture = drawn(kind, number as u64, options);
            let path = home.join(format!("{class}_{:04}.png", number + 1));
            std::fs::write(&path, png(&picture.rgb, &path)?).map_err(io_at(&path))?;
        }
    }
    Ok(options.classes * options.per_class)
}

/// A picture as the bytes of a PNG file; `path` is for the error alone.
pub(crate) fn png(rgb: &RgbImage, path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(rgb.as_raw(), rgb.width(), rgb.height(), ExtendedColorType::Rgb8)
        .map_err(|e| ImagesError::Io { path: path.into(), source: std::io::Error::other(e) })?;
    Ok(bytes)
}

/// Where and how a shape lies; lengths in sides.
struct Pose {
    center: [f64; 2],
    radius: f64,
    period: f64,
    angle: f64,
}

fn drawn(kind: usize, number: u64, options: &SyntheticOptions) -> Decoded {
    let mut stream = Stream::new(seed_for(options.seed, kind as u64), number);
    let (back, front) = colors(&mut stream);
    let radius = between(&mut stream, 0.18, 0.32);
    let pose = Pose {
        center: [0; 2].map(|_| between(&mut stream, radius, 1.0 - radius)),
        radius,
        period: between(&mut stream, 0.22, 0.4),
        angle: between(&mut stream, 0.0, std::f64::consts::PI),
    };
    let size = options.size as usize;
    let mut values = Vec::with_capacity(size * size * 3);
    for y in 0..size {
        for x in 0..size {
            let at = |i: usize| (i as f64 + 0.5) / size as f64;
            let share = coverage(kind, &pose, at(x), at(y));
            values.extend((0..3).map(|c| back[c] + share * (front[c] - back[c]) + 0.03 * gauss(&mut stream)));
        }
    }
    if let Some(drift) = options.drift {
        values = drifted(values, size, drift, &mut stream);
    }
    let bytes = values.into_iter().map(|v| (v.clamp(0.0, 1.0) * 255.0).round() as u8).collect();
    let rgb = RgbImage::from_raw(options.size, options.size, bytes).unwrap_or_default();
    Decoded { rgb, mode: "rgb", notes: Vec::new() }
}

/// Two colours that can be told apart: their luma differs by a quarter.
fn colors(stream: &mut Stream) -> ([f64; 3], [f64; 3]) {
    let luma = |c: &[f64; 3]| 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2];
    loop {
        let mut color = || [0; 3].map(|_| between(stream, 0.05, 0.95));
        let (back, front) = (color(), color());
        if (luma(&back) - luma(&front)).abs() > 0.25 {
            return (back, front);
        }
    }
}

/// How much of the front colour is at a point: 0, 1, or between for gradients.
fn coverage(kind: usize, pose: &Pose, x: f64, y: f64) -> f64 {
    let (dx, dy) = (x - pose.center[0], y - pose.center[1]);
    let (sin, cos) = pose.angle.sin_cos();
    let (along, beside) = (dx * cos + dy * sin, dy * cos - dx * sin);
    let distance = (dx * dx + dy * dy).sqrt();
    let odd = |v: f64| (v / pose.period * 2.0).floor().rem_euclid(2.0) == 1.0;
    let inside = match CLASSES[kind] {
        "circles" => distance < pose.radius,
        "stripes" => odd(along),
        "checks" => odd(along) != odd(beside),
        "crosses" => {
            let arm = |a: f64, b: f64| a.abs() < pose.radius && b.abs() < 0.3 * pose.radius;
            arm(along, beside) || arm(beside, along)
        }
        "rings" => (0.6 * pose.radius..pose.radius).contains(&distance),
        _ => return (0.5 + along * 0.9).clamp(0.0, 1.0),
    };
    f64::from(u8::from(inside))
}

fn drifted(mut values: Vec<f64>, size: usize, drift: SyntheticDrift, stream: &mut Stream) -> Vec<f64> {
    match drift {
        SyntheticDrift::Darker => values.iter_mut().for_each(|v| *v *= 0.5),
        SyntheticDrift::Warmer => values.chunks_exact_mut(3).for_each(|p| {
            p[0] = p[0] * 1.15 + 0.06;
            p[2] *= 0.65;
        }),
        SyntheticDrift::Blurred => {
            let shape = TileShape { height: size, width: size, channels: 3 };
            values = separable(&values, shape, &gaussian(size as f64 / 20.0), Edge::Mirror);
        }
        SyntheticDrift::Noisy => values.iter_mut().for_each(|v| *v += 0.15 * gauss(stream)),
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StandardLoader, inspect, scan};
    use driftgate_model::{CancelToken, ImageSetSpec, NullObserver};

    fn made(options: &SyntheticOptions) -> (tempfile::TempDir, crate::Inspection) {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(synthesize(dir.path(), options).unwrap(), options.classes * options.per_class);
        let spec = ImageSetSpec::default();
        let listing = scan(dir.path(), &spec).unwrap();
        let found = inspect(&listing, &StandardLoader, &spec, 1, &NullObserver, &CancelToken::new()).unwrap();
        (dir, found)
    }

    fn options() -> SyntheticOptions {
        SyntheticOptions { classes: 3, per_class: 40, size: 32, seed: 7, drift: None }
    }

    #[test]
    fn the_set_is_sound_and_its_bytes_are_the_seeds() {
        // The sixth, gradients, are so smooth that two may be alike by chance.
        let five = SyntheticOptions { classes: 5, ..options() };
        let (_dir, found) = made(&five);
        assert_eq!(found.findings, []);
        assert_eq!(found.pictures[0].entry.file, "checks/checks_0001.png");
        assert_eq!(found, {
            let (_dir, mut again) = made(&five);
            again.pictures.iter_mut().zip(&found.pictures).for_each(|(a, b)| a.entry = b.entry.clone());
            again
        });
        let (_dir, other) = made(&SyntheticOptions { seed: 8, ..five });
        assert_ne!(found.pictures[0].digest, other.pictures[0].digest);
    }

    #[test]
    fn mean_colour_does_not_tell_the_class() {
        let (_dir, found) = made(&SyntheticOptions { per_class: 150, ..options() });
        let feature = |class: &str, of: fn(&crate::Measures) -> f64| {
            let of_class = found.pictures.iter().filter(|p| p.entry.label.as_deref() == Some(class));
            of_class.map(|p| of(&p.measures)).collect::<Vec<f64>>()
        };
        for of in [(|m| m.brightness) as fn(&crate::Measures) -> f64, |m| m.warmth] {
            let classes = CLASSES[..3].iter().map(|c| feature(c, of));
            let stats: Vec<(f64, f64)> = classes
                .map(|v| {
                    let mean = v.iter().sum::<f64>() / v.len() as f64;
                    (mean, (v.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / v.len() as f64).sqrt())
                })
                .collect();
            for (mean, spread) in &stats {
                assert!((mean - stats[0].0).abs() < 0.5 * spread, "{stats:?}");
            }
        }
    }

    #[test]
    fn each_drift_moves_its_measure() {
        let mean = |drift, of: fn(&crate::Measures) -> f64| {
            let (_dir, found) = made(&SyntheticOptions { drift, per_class: 15, ..options() });
            found.pictures.iter().map(|p| of(&p.measures)).sum::<f64>() / found.pictures.len() as f64
        };
        use SyntheticDrift::{Blurred, Darker, Noisy, Warmer};
        let by = |drift, of: fn(&crate::Measures) -> f64| mean(Some(drift), of) - mean(None, of);
        assert!(by(Darker, |m| m.brightness) < -0.2);
        assert!(by(Warmer, |m| m.warmth) > 0.15);
        assert!(by(Blurred, |m| m.sharpness) < -0.3);
        assert!(by(Noisy, |m| m.noise) > 0.01);
    }

    #[test]
    fn options_out_of_range_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        for wrong in [
            SyntheticOptions { classes: 7, ..options() },
            SyntheticOptions { classes: 1, ..options() },
            SyntheticOptions { per_class: 0, ..options() },
            SyntheticOptions { size: 4, ..options() },
        ] {
            assert!(matches!(synthesize(dir.path(), &wrong), Err(ImagesError::Options(_))));
        }
    }
}
