use super::conv::Conv;
use super::sum;
use crate::fold::EPSILON;
use rayon::prelude::*;

/// Pictures whose gradients of a kernel are added up before they are added to others': fixed, so that the order of a sum never
/// depends on threads.
const GROUP: usize = 8;

/// A convolution with its normalisation, 2 × 2 maximum and ReLU, while it learns.
pub(crate) struct Block {
    pub conv: Conv,
    /// Before normalisation; backward puts its gradient here.
    y: Vec<f32>,
    /// After ReLU.
    pub out: Vec<f32>,
    /// Which of four pixels each output was.
    places: Vec<u8>,
    /// Of the batch, channel by channel; the variance is that of a population.
    pub mean: Vec<f64>,
    pub variance: Vec<f64>,
}

/// Gradients of a block.
pub(crate) struct Gradients {
    pub kernel: Vec<f32>,
    pub gamma: Vec<f32>,
    pub beta: Vec<f32>,
}

impl Block {
    pub fn new(conv: Conv) -> Block {
        Block { conv, y: Vec::new(), out: Vec::new(), places: Vec::new(), mean: Vec::new(), variance: Vec::new() }
    }

    /// Values that each channel's statistics stand on.
    pub fn count(&self) -> f64 {
        (self.y.len() / self.conv.out) as f64
    }

    fn channels(&self, values: impl Fn(usize) -> f64) -> Vec<f64> {
        (0..self.conv.out).map(values).collect()
    }

    /// Pictures `x` through the block.
    pub fn forward(&mut self, kernel: &[f32], gamma: &[f32], beta: &[f32], x: &[f32]) {
        let conv = self.conv;
        let (all, half) = (conv.out * conv.pixels(), conv.out * conv.halved());
        let pictures = x.len() / (conv.inner * conv.pixels());
        self.y.resize(pictures * all, 0.0);
        self.out.resize(pictures * half, 0.0);
        self.places.resize(pictures * half, 0);
        let convolve = |room: &mut Vec<f32>, (y, x): (&mut [f32], &[f32])| -> Vec<f64> {
            conv.forward(kernel, x, room, y);
            y.chunks_exact(conv.pixels()).map(|plane| sum(plane, |v| v)).collect()
        };
        let planes = self.y.par_chunks_exact_mut(all).zip(x.par_chunks_exact(conv.inner * conv.pixels()));
        let sums: Vec<Vec<f64>> = planes.map_init(|| conv.room(), convolve).collect();
        let count = self.count();
        self.mean = self.channels(|c| sums.iter().map(|s| s[c]).sum::<f64>() / count);
        let spread = |y: &[f32]| -> Vec<f64> {
            let planes = y.chunks_exact(conv.pixels()).zip(&self.mean);
            planes.map(|(plane, mean)| sum(plane, |v| (v - *mean as f32) * (v - *mean as f32))).collect()
        };
        let sums: Vec<Vec<f64>> = self.y.par_chunks_exact(all).map(spread).collect();
        self.variance = self.channels(|c| sums.iter().map(|s| s[c]).sum::<f64>() / count);
        let scale = self.channels(|c| f64::from(gamma[c]) / (self.variance[c] + EPSILON).sqrt());
        let shift = self.channels(|c| f64::from(beta[c]) - self.mean[c] * scale[c]);
        let outputs = self.out.par_chunks_exact_mut(half).zip(self.places.par_chunks_exact_mut(half));
        outputs.zip(self.y.par_chunks_exact(all)).for_each(|((out, places), y)| {
            let planes = out.chunks_exact_mut(conv.halved()).zip(places.chunks_exact_mut(conv.halved()));
            for (c, ((out, places), plane)) in planes.zip(y.chunks_exact(conv.pixels())).enumerate() {
                conv.halve(plane, scale[c] as f32, shift[c] as f32, out, places);
            }
        });
    }

    /// From the gradient `given` of the outputs; that of `x` goes into `dx`, where asked.
    pub fn backward(
        &mut self,
        kernel: &[f32],
        gamma: &[f32],
        x: &[f32],
        given: &[f32],
        dx: Option<&mut [f32]>,
    ) -> Gradients {
        let inverse = self.channels(|c| 1.0 / (self.variance[c] + EPSILON).sqrt());
        let sums = self.sums(given, &inverse);
        self.through_normalisation(gamma, given, &inverse, &sums);
        Gradients {
            kernel: self.through_convolution(kernel, x, dx),
            gamma: sums.iter().map(|s| s.1 as f32).collect(),
            beta: sums.iter().map(|s| s.0 as f32).collect(),
        }
    }

    /// Channel by channel, the sum of the gradient and that of the gradient times the normalised value.
    fn sums(&self, given: &[f32], inverse: &[f64]) -> Vec<(f64, f64)> {
        let conv = self.conv;
        let (all, half) = (conv.out * conv.pixels(), conv.out * conv.halved());
        let of_picture = |((y, given), places): ((&[f32], &[f32]), &[u8])| -> Vec<(f64, f64)> {
            let channel = |c: usize| {
                let (plane, at) =
                    (&y[c * conv.pixels()..(c + 1) * conv.pixels()], c * conv.halved()..(c + 1) * conv.halved());
                let (mean, mut total, mut along) = (self.mean[c] as f32, 0.0_f32, 0.0_f32);
                conv.not_cut(&given[at.clone()], &places[at], |place, gradient| {
                    total += gradient;
                    along += gradient * (plane[place] - mean);
                });
                (f64::from(total), f64::from(along) * inverse[c])
            };
            (0..conv.out).map(channel).collect()
        };
        let pictures =
            self.y.par_chunks_exact(all).zip(given.par_chunks_exact(half)).zip(self.places.par_chunks_exact(half));
        let parts: Vec<Vec<(f64, f64)>> = pictures.map(of_picture).collect();
        (0..conv.out).map(|c| parts.iter().fold((0.0, 0.0), |(a, b), p| (a + p[c].0, b + p[c].1))).collect()
    }

    /// Turns `y` into its gradient: γ/σ · (g − mean of g − normalised value · mean of g times normalised value).
    fn through_normalisation(&mut self, gamma: &[f32], given: &[f32], inverse: &[f64], sums: &[(f64, f64)]) {
        let (conv, count) = (self.conv, self.count());
        let (all, half) = (conv.out * conv.pixels(), conv.out * conv.halved());
        let scale = self.channels(|c| f64::from(gamma[c]) * inverse[c]);
        let slope = self.channels(|c| -scale[c] * inverse[c] * sums[c].1 / count);
        let base = self.channels(|c| -scale[c] * sums[c].0 / count - slope[c] * self.mean[c]);
        let pictures = self.y.par_chunks_exact_mut(all).zip(given.par_chunks_exact(half));
        pictures.zip(self.places.par_chunks_exact(half)).for_each(|((y, given), places)| {
            for (c, plane) in y.chunks_exact_mut(conv.pixels()).enumerate() {
                let (slope, base, scale) = (slope[c] as f32, base[c] as f32, scale[c] as f32);
                plane.iter_mut().for_each(|v| *v = *v * slope + base);
                let at = c * conv.halved()..(c + 1) * conv.halved();
                conv.not_cut(&given[at.clone()], &places[at], |place, gradient| plane[place] += gradient * scale);
            }
        });
    }

    fn through_convolution(&self, kernel: &[f32], x: &[f32], dx: Option<&mut [f32]>) -> Vec<f32> {
        let conv = self.conv;
        let (all, inner) = (conv.out * conv.pixels(), conv.inner * conv.pixels());
        let group = |room: &mut Vec<f32>, ys: &[f32], xs: &[f32], dxs: Option<&mut [f32]>| {
            let mut sum = vec![0.0; kernel.len()];
            let mut dxs = dxs.map(|d| d.chunks_exact_mut(inner));
            for (y, x) in ys.chunks_exact(all).zip(xs.chunks_exact(inner)) {
                conv.backward(kernel, x, y, room, &mut sum, dxs.as_mut().and_then(Iterator::next));
            }
            sum
        };
        let groups = self.y.par_chunks(GROUP * all).zip(x.par_chunks(GROUP * inner));
        let parts: Vec<Vec<f32>> = match dx {
            Some(dx) => {
                let groups = groups.zip(dx.par_chunks_mut(GROUP * inner));
                groups.map_init(|| conv.room(), |room, ((y, x), dx)| group(room, y, x, Some(dx))).collect()
            }
            None => groups.map_init(|| conv.room(), |room, (y, x)| group(room, y, x, None)).collect(),
        };
        let mut whole = vec![0.0; kernel.len()];
        for part in parts {
            whole.iter_mut().zip(part).for_each(|(sum, value)| *sum += value);
        }
        whole
    }
}
