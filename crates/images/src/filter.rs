//! Small convolutions of interleaved values, height by width by channel.

use driftgate_model::TileShape;

/// What lies beyond the edge of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    /// `c b a | a b c`: the edge pixel is repeated.
    Mirror,
    /// `d c b | a b c`: it is not.
    Reflect,
    /// `a a a | a b c`.
    Clamp,
}

impl Edge {
    /// The pixel of `0..n` that stands at `at`; `n` is not 0.
    pub(crate) fn index(self, at: isize, n: usize) -> usize {
        let n = n as isize;
        let found = match self {
            Edge::Clamp => at.clamp(0, n - 1),
            Edge::Mirror => {
                let at = at.rem_euclid(2 * n);
                at.min(2 * n - 1 - at)
            }
            Edge::Reflect if n == 1 => 0,
            Edge::Reflect => {
                let at = at.rem_euclid(2 * n - 2);
                at.min(2 * n - 2 - at)
            }
        };
        found as usize
    }
}

/// Gaussian weights that sum to 1, cut at four standard deviations.
pub(crate) fn gaussian(sigma: f64) -> Vec<f64> {
    let radius = (4.0 * sigma + 0.5) as i32;
    normal((-radius..=radius).map(|i| (-0.5 * f64::from(i * i) / (sigma * sigma)).exp()).collect())
}

/// Scaled so that they sum to 1.
pub(crate) fn normal(mut weights: Vec<f64>) -> Vec<f64> {
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= sum);
    weights
}

/// The same odd kernel along rows, then along columns.
pub(crate) fn separable(values: &[f64], shape: TileShape, kernel: &[f64], edge: Edge) -> Vec<f64> {
    let radius = (kernel.len() / 2) as isize;
    let along = |dy: isize, dx: isize| -> Vec<Tap> {
        kernel.iter().enumerate().map(|(i, &w)| (dy * (i as isize - radius), dx * (i as isize - radius), w)).collect()
    };
    convolve(&convolve(values, shape, &along(1, 0), edge), shape, &along(0, 1), edge)
}

/// Rows down, columns right, weight.
pub(crate) type Tap = (isize, isize, f64);

/// Each value becomes the weighted sum of those at the taps, channel by channel.
pub(crate) fn convolve(values: &[f64], shape: TileShape, taps: &[Tap], edge: Edge) -> Vec<f64> {
    let TileShape { height, width, channels } = shape;
    let mut out = vec![0.0; values.len()];
    for &(dy, dx, weight) in taps {
        for y in 0..height {
            let from = edge.index(y as isize + dy, height) * width;
            for x in 0..width {
                let source = (from + edge.index(x as isize + dx, width)) * channels;
                let target = (y * width + x) * channels;
                for channel in 0..channels {
                    out[target + channel] += weight * values[source + channel];
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_as_drawn() {
        let row = |edge: Edge, n| (-4..n as isize + 4).map(|i| edge.index(i, n)).collect::<Vec<_>>();
        assert_eq!(row(Edge::Mirror, 3), [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0]);
        assert_eq!(row(Edge::Reflect, 3), [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2]);
        assert_eq!(row(Edge::Clamp, 2), [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
        assert_eq!(row(Edge::Reflect, 1), [0; 9]);
    }

    #[test]
    fn a_blur_keeps_the_sum_and_matches_known_weights() {
        // scipy.ndimage.gaussian_filter1d([0, 0, 1, 0, 0], 0.5)
        let kernel = gaussian(0.5);
        assert_eq!(kernel.len(), 5);
        assert!((kernel[2] - 0.786_570_72).abs() < 1e-8 && (kernel[1] - 0.106_450_77).abs() < 1e-8, "{kernel:?}");
        let shape = TileShape { height: 3, width: 5, channels: 1 };
        let mut values = vec![0.0; 15];
        values[0] = 1.0;
        let blurred = separable(&values, shape, &kernel, Edge::Mirror);
        assert!((blurred.iter().sum::<f64>() - 1.0).abs() < 1e-12 && blurred[0] > blurred[1]);
    }
}
