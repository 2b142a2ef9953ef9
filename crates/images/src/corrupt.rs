//! Fixed changes of a tile, to see how a model copes: eight augmentations, and corruptions at five severities.

mod families;

use crate::augment::{flip, turn};
use crate::filter::{Edge, gaussian, separable};
use crate::noise::{gauss, seed_for};
use driftgate_determinism::Stream;
use driftgate_model::TileShape;
use families::Family;

/// One fixed change of a tile.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// `horizontal_flip`, `gaussian_noise`, …; with `family` and `severity` it names the change.
    pub name: &'static str,
    /// What it does, one line.
    pub description: String,
    /// `augmentation` or `corruption`.
    pub family: &'static str,
    /// 1 to 5 of a corruption.
    pub severity: Option<u32>,
    kind: Kind,
    /// Its place in [`changes`], which gives it random numbers of its own.
    place: u64,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Flip,
    Turns(u32),
    Add(f32),
    Contrast(f64),
    Noise(f64),
    Blur(f64),
    Corruption(Family),
}

/// All changes in a fixed order: eight augmentations, then ten corruptions, each from severity 1 to 5.
///
/// `scale` is the standard deviation of the training pixels, in units of [0, 1]: brightness moves by half of it, and the noise of
/// the augmentation is a tenth of it. The corruptions and their strengths are those of CIFAR-10-C (Hendrycks and Dietterich 2019,
/// "Benchmarking neural network robustness to common corruptions and perturbations"), lengths in 32nds of a tile's shorter side.
pub fn changes(scale: f64) -> Vec<Change> {
    let half = (0.5 * scale) as f32;
    let augmentations = [
        ("horizontal_flip", "left and right exchanged".to_owned(), Kind::Flip),
        ("rotation_90", "turned by 90 degrees clockwise".into(), Kind::Turns(1)),
        ("rotation_180", "turned by half a turn".into(), Kind::Turns(2)),
        ("brightness_high", format!("brighter by {half:.3} of full scale"), Kind::Add(half)),
        ("brightness_low", format!("darker by {half:.3} of full scale"), Kind::Add(-half)),
        ("contrast_low", "half the contrast around the picture's mean".into(), Kind::Contrast(0.5)),
        ("gaussian_noise", format!("normal noise of {:.3} of full scale", 0.1 * scale), Kind::Noise(0.1 * scale)),
        ("gaussian_blur", "normal blur of one pixel".into(), Kind::Blur(1.0)),
    ];
    let augmentations = augmentations.map(|(name, description, kind)| (name, description, "augmentation", None, kind));
    let corruptions = Family::ALL.into_iter().flat_map(|family| {
        (1..=5).map(move |severity| {
            let (name, description) = family.at(severity).described();
            (name, description, "corruption", Some(severity), Kind::Corruption(family.at(severity)))
        })
    });
    let all = augmentations.into_iter().chain(corruptions).zip(0..);
    all.map(|((name, description, family, severity, kind), place)| Change {
        name,
        description,
        family,
        severity,
        kind,
        place,
    })
    .collect()
}

/// Whether a change makes sense for tiles of this shape: quarter turns need square ones.
pub fn applicable(change: &Change, shape: TileShape) -> bool {
    change.kind != Kind::Turns(1) || shape.height == shape.width
}

/// Changes a tile of values in [0, 1], height by width by channel, in place; the result is cut to [0, 1].
///
/// The same seed, picture and change give the same tile. A change that is not [`applicable`] leaves it as it is.
pub fn apply(change: &Change, tile: &mut [f32], shape: TileShape, seed: u64, picture: u64) {
    if tile.len() != shape.values() || tile.is_empty() || !applicable(change, shape) {
        return;
    }
    let mut stream = Stream::new(seed_for(seed, change.place), picture);
    match change.kind {
        Kind::Flip => flip(tile, shape),
        Kind::Turns(1) => turn(tile, shape),
        Kind::Turns(_) => {
            tile.reverse();
            tile.chunks_exact_mut(shape.channels).for_each(<[f32]>::reverse);
        }
        Kind::Add(amount) => tile.iter_mut().for_each(|v| *v += amount),
        Kind::Contrast(factor) => {
            let mean = tile.iter().map(|&v| f64::from(v)).sum::<f64>() / tile.len() as f64;
            tile.iter_mut().for_each(|v| *v = (mean + (f64::from(*v) - mean) * factor) as f32);
        }
        Kind::Noise(sigma) => tile.iter_mut().for_each(|v| *v += (sigma * gauss(&mut stream)) as f32),
        Kind::Blur(sigma) => {
            let values: Vec<f64> = tile.iter().map(|&v| f64::from(v)).collect();
            families::put(tile, &separable(&values, shape, &gaussian(sigma), Edge::Mirror));
        }
        Kind::Corruption(family) => family.apply(tile, shape, &mut stream),
    }
    tile.iter_mut().for_each(|v| *v = v.clamp(0.0, 1.0));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::blocks;

    fn tile(shape: TileShape) -> Vec<f32> {
        let picture = blocks(shape.width as u32, shape.height as u32, 2).rgb;
        let bytes = picture.pixels().flat_map(|p| p.0.into_iter().take(shape.channels));
        // Blocks with a fine texture over them.
        bytes.enumerate().map(|(i, v)| f32::from(v) / 320.0 + (i * 7919 % 97) as f32 / 485.0).collect()
    }

    fn shapes() -> [TileShape; 5] {
        [(32, 32, 3), (32, 32, 1), (20, 33, 3), (1, 1, 3), (2, 5, 1)].map(|(height, width, channels)| TileShape {
            height,
            width,
            channels,
        })
    }

    fn applied(change: &Change, shape: TileShape, seed: u64, picture: u64) -> Vec<f32> {
        let mut values = tile(shape);
        apply(change, &mut values, shape, seed, picture);
        values
    }

    #[test]
    fn there_are_eight_and_fifty_with_names_of_their_own() {
        let all = changes(0.25);
        assert_eq!(all.len(), 58);
        let names: std::collections::BTreeSet<_> = all.iter().map(|c| (c.family, c.name, c.severity)).collect();
        assert_eq!(names.len(), 58);
        assert!(all.iter().all(|c| !c.description.is_empty()));
        assert_eq!(all, changes(0.25));
    }

    #[test]
    fn every_change_is_safe_for_every_shape_and_stays_in_range() {
        for shape in shapes() {
            for change in changes(0.25) {
                let found = applied(&change, shape, 1, 1);
                assert!(found.iter().all(|v| (0.0..=1.0).contains(v)), "{change:?} {shape:?}");
                if !applicable(&change, shape) {
                    assert_eq!((change.name, found), ("rotation_90", tile(shape)));
                } else if shape.values() > 500 {
                    assert_ne!(found, tile(shape), "{change:?} {shape:?}");
                }
            }
        }
    }

    #[test]
    fn seed_and_picture_name_the_noise() {
        let shape = shapes()[0];
        for change in changes(0.25).iter().filter(|c| ["shot_noise", "fog", "motion_blur"].contains(&c.name)) {
            assert_eq!(applied(change, shape, 1, 1), applied(change, shape, 1, 1));
            assert_ne!(applied(change, shape, 1, 1), applied(change, shape, 2, 1), "{change:?}");
            assert_ne!(applied(change, shape, 1, 1), applied(change, shape, 1, 2), "{change:?}");
        }
    }

    #[test]
    fn severity_grows() {
        let shape = shapes()[0];
        let clean = tile(shape);
        let distance = |change: &Change| {
            let parts = (0..4).flat_map(|p| applied(change, shape, 1, p));
            parts.zip(clean.iter().cycle()).map(|(a, b)| f64::from((a - b).abs())).sum::<f64>()
        };
        let all = changes(0.25);
        for five in all[8..].chunks(5) {
            let (first, last) = (distance(&five[0]), distance(&five[4]));
            assert!(last > 1.2 * first, "{}: {first} {last}", five[0].name);
        }
    }

    #[test]
    fn augmentations_are_what_they_say() {
        let shape = TileShape { height: 2, width: 2, channels: 1 };
        let done = |name: &str| {
            let mut values = [0.1, 0.2, 0.3, 0.4];
            let all = changes(0.2);
            apply(all.iter().find(|c| c.name == name).unwrap(), &mut values, shape, 1, 1);
            values.map(|v| (v * 1000.0).round() as i32)
        };
        assert_eq!(done("horizontal_flip"), [200, 100, 400, 300]);
        assert_eq!(done("rotation_90"), [300, 100, 400, 200]);
        assert_eq!(done("rotation_180"), [400, 300, 200, 100]);
        assert_eq!(done("brightness_high"), [200, 300, 400, 500]);
        assert_eq!(done("brightness_low"), [0, 100, 200, 300]);
        assert_eq!(done("contrast_low"), [175, 225, 275, 325]);
    }
}
