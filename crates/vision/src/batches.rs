use crate::VisionError;
use driftgate_model::{Augment, TileShape, TileSource};
use std::sync::mpsc::{Receiver, sync_channel};

/// Batches read ahead of the network.
const AHEAD: usize = 2;

/// Subtract the mean and divide by the standard deviation, channel by channel, of values in [0, 1].
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Normal {
    mean: Vec<f32>,
    std: Vec<f32>,
}

impl Normal {
    pub fn new(mean: &[f64], std: &[f64]) -> Normal {
        let narrow = |values: &[f64]| values.iter().map(|v| *v as f32).collect();
        Normal { mean: narrow(mean), std: narrow(std) }
    }

    fn apply(&self, value: f32, channel: usize) -> f32 {
        (value - self.mean[channel]) / self.std[channel]
    }
}

/// Some pictures as the network takes them.
pub(crate) struct Batch {
    /// Pictures, by their place in the part.
    pub pictures: Vec<u32>,
    /// Their values: picture, channel, height, width.
    pub values: Vec<f32>,
}

/// Reads tiles and turns them into what the network takes.
pub(crate) struct Reader<'a> {
    pub tiles: &'a dyn TileSource,
    pub normal: &'a Normal,
    /// Changes at random, with the epoch.
    pub augment: Option<(&'a dyn Augment, u32)>,
    /// What the changes are keyed by; the place in the part where there are none.
    pub ids: Option<&'a [u64]>,
}

impl Reader<'_> {
    /// `times` counts, by place, how often a picture was read in this epoch: one that comes again is changed otherwise.
    ///
    /// Errors: a tile that cannot be read.
    pub fn read(&self, pictures: &[u32], times: &mut Vec<u64>) -> Result<Batch, VisionError> {
        let shape = self.tiles.shape();
        let mut values = vec![0.0; pictures.len() * shape.values()];
        let mut bytes = vec![0; shape.values()];
        let mut tile = vec![0.0; shape.values()];
        for (&picture, out) in pictures.iter().zip(values.chunks_exact_mut(shape.values())) {
            let place = picture as usize;
            self.tiles
                .read(place, &mut bytes)
                .map_err(|e| VisionError::Tile { picture: place + 1, reason: e.to_string() })?;
            for (value, byte) in tile.iter_mut().zip(&bytes) {
                *value = f32::from(*byte) / 255.0;
            }
            if let Some((augment, epoch)) = self.augment {
                times.resize(self.tiles.len(), 0);
                let id = self.ids.map_or(u64::from(picture), |ids| ids[place]);
                // Weyl's sequence: the first time it is the id itself.
                augment.change(&mut tile, id.wrapping_add(times[place].wrapping_mul(0x9e37_79b9_7f4a_7c15)), epoch);
                times[place] += 1;
            }
            self.arrange(&tile, shape, out);
        }
        Ok(Batch { pictures: pictures.to_vec(), values })
    }

    /// From height, width, channel to channel, height, width, normalised.
    fn arrange(&self, tile: &[f32], shape: TileShape, out: &mut [f32]) {
        let pixels = shape.height * shape.width;
        for (channel, plane) in out.chunks_exact_mut(pixels).enumerate() {
            for (value, pixel) in plane.iter_mut().zip(tile.chunks_exact(shape.channels)) {
                *value = self.normal.apply(pixel[channel], channel);
            }
        }
    }

    /// Gives `each` the pictures of `order`, `size` at a time, while a thread of its own reads the next ones.
    ///
    /// Errors: a tile that cannot be read, a thread that cannot be started, those of `each`. All end the reading.
    pub fn ahead(
        &self,
        order: &[u32],
        size: usize,
        mut each: impl FnMut(&mut Waiting) -> Result<(), VisionError>,
    ) -> Result<(), VisionError> {
        std::thread::scope(|scope| {
            let (give, batches) = sync_channel(AHEAD);
            std::thread::Builder::new()
                .name("tiles".into())
                .spawn_scoped(scope, move || {
                    let mut times = Vec::new();
                    for pictures in order.chunks(size.max(1)) {
                        let batch = self.read(pictures, &mut times);
                        let last = batch.is_err();
                        if give.send(batch).is_err() || last {
                            return;
                        }
                    }
                })
                .map_err(|e| VisionError::Threads { threads: 1, reason: e.to_string() })?;
            each(&mut Waiting(batches))
        })
    }
}

/// The batches that are being read.
pub(crate) struct Waiting(Receiver<Result<Batch, VisionError>>);

impl Waiting {
    /// The next batch, or `None` after the last.
    pub fn next(&mut self) -> Result<Option<Batch>, VisionError> {
        self.0.recv().ok().transpose()
    }
}

/// Checks tiles against the network's.
pub(crate) fn same_shape(expected: TileShape, found: TileShape) -> Result<(), VisionError> {
    let words = |s: TileShape| format!("{} × {} pixels and {} channels", s.height, s.width, s.channels);
    match expected == found {
        true => Ok(()),
        false => Err(VisionError::Shape { expected: words(expected), found: words(found) }),
    }
}
