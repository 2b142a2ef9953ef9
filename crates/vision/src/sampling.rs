use crate::VisionError;
use driftgate_determinism::Stream;
use std::collections::BTreeMap;

/// What random numbers are for: each has streams of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Draw {
    Weights = 1,
    Order = 2,
    Dropout = 3,
    HoldOut = 4,
}

/// Most epochs, so that an epoch and a step fit beside each other in a stream's index.
pub(crate) const MOST_EPOCHS: u32 = 100_000;

/// The stream of one purpose, epoch (or place) and step: what a resumed training draws again.
pub(crate) fn stream(seed: u64, draw: Draw, epoch: u32, step: u64) -> Stream {
    // 4 bits of purpose, 26 of epoch or place, 34 of step.
    Stream::new(seed, ((draw as u64) << 60) | (u64::from(epoch & 0x03ff_ffff) << 34) | (step & 0x3_ffff_ffff))
}

/// Which train pictures an epoch visits, in order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Visits {
    /// Every one once, shuffled.
    Once(Vec<u32>),
    /// As many as there are, drawn with replacement: a drifted one with probability `share`, which is the reference's weight
    /// (r/(1 − r))·(C/D) for each of D drifted pictures and 1 for each of C others.
    Weighted { clean: Vec<u32>, drifted: Vec<u32>, share: f64 },
}

impl Visits {
    pub fn len(&self) -> usize {
        match self {
            Visits::Once(pictures) => pictures.len(),
            Visits::Weighted { clean, drifted, .. } => clean.len() + drifted.len(),
        }
    }

    /// The order of an epoch.
    pub fn order(&self, seed: u64, epoch: u32) -> Vec<u32> {
        let mut stream = stream(seed, Draw::Order, epoch, 0);
        match self {
            Visits::Once(pictures) => {
                let mut order = pictures.clone();
                let n = order.len();
                stream.draw(&mut order, n);
                order
            }
            Visits::Weighted { clean, drifted, share } => (0..self.len())
                .map(|_| {
                    let from = if stream.uniform() < *share { drifted } else { clean };
                    from[stream.below(from.len() as u32) as usize]
                })
                .collect(),
        }
    }
}

/// Weighs the drifted pictures among `pictures`.
///
/// Errors: none of them drifted, or all.
pub(crate) fn weighted(pictures: Vec<u32>, drifted: Option<&[bool]>, share: f64) -> Result<Visits, VisionError> {
    let setting = "oversample_drift_ratio";
    let mask = drifted.ok_or(VisionError::NoDrifted { setting, found: "none is marked as drifted" })?;
    let (drifted, clean): (Vec<u32>, Vec<u32>) = pictures.into_iter().partition(|&i| mask[i as usize]);
    match (clean.is_empty(), drifted.is_empty()) {
        (_, true) => Err(VisionError::NoDrifted { setting, found: "none is marked as drifted" }),
        (true, _) => {
            Err(VisionError::NoDrifted { setting, found: "every picture is one, and there is no other to weigh" })
        }
        _ => Ok(Visits::Weighted { clean, drifted, share }),
    }
}

/// Takes drifted pictures out of training, to choose the best epoch on: of each class min(max(1, n·ratio rounded half to even),
/// n − 1) of its n, or fewer where whole groups allow no more. Gives what stays and what was taken, both in order.
///
/// Pictures of one group (copies and near copies) stay together: a group is taken whole, and only if all of it drifted and is
/// of one class, so that nothing is chosen on a picture whose copy was learned from. Without `groups` each is alone.
///
/// Errors: no class has two drifted pictures that can be parted.
pub(crate) fn hold_out(
    codes: &[u32],
    drifted: Option<&[bool]>,
    groups: Option<&[u32]>,
    classes: usize,
    ratio: f64,
    seed: u64,
) -> Result<(Vec<u32>, Vec<u32>), VisionError> {
    let setting = "drift_val_ratio";
    let mask = drifted.ok_or(VisionError::NoDrifted { setting, found: "none is marked as drifted" })?;
    let mut together: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for picture in 0..codes.len() as u32 {
        together.entry(groups.map_or(picture, |g| g[picture as usize])).or_default().push(picture);
    }
    let mut taken = vec![false; codes.len()];
    for class in 0..classes {
        let of_class = |i: &u32| mask[*i as usize] && codes[*i as usize] as usize == class;
        let n = (0..codes.len() as u32).filter(of_class).count();
        let wanted = ((n as f64 * ratio).round_ties_even() as usize).max(1).min(n.saturating_sub(1));
        let mut whole: Vec<&Vec<u32>> = together.values().filter(|g| g.iter().all(of_class)).collect();
        let count = whole.len();
        stream(seed, Draw::HoldOut, class as u32, 0).draw(&mut whole, count);
        let mut held = 0;
        for group in whole {
            if held + group.len() <= wanted {
                held += group.len();
                group.iter().for_each(|&i| taken[i as usize] = true);
            }
        }
    }
    let (held, kept): (Vec<u32>, Vec<u32>) = (0..codes.len() as u32).partition(|&i| taken[i as usize]);
    if held.is_empty() {
        return Err(VisionError::NoDrifted { setting, found: "no class has two of them that are no copies" });
    }
    Ok((kept, held))
}
