use crate::plan::{CONV, NORM_BIAS, NORM_MEAN, NORM_VAR, NORM_WEIGHT, Plan};
use crate::weights::Weights;

/// Added to a variance before its root is taken, as PyTorch does.
pub(crate) const EPSILON: f64 = 1e-5;

/// The kernel and bias that do both a convolution and its normalisation.
#[derive(Debug, Clone)]
pub(crate) struct Folded {
    pub kernel: Vec<f32>,
    pub bias: Vec<f32>,
}

/// w·γ/√(v + ε) and β − m·γ/√(v + ε) of convolution `i`.
pub(crate) fn fold(plan: &Plan, weights: &Weights, i: usize) -> Folded {
    let of = |part| &weights.0[plan.conv(i, part)];
    let each = of(CONV).len() / of(NORM_WEIGHT).len();
    let scale = |(g, v): (&f32, &f32)| f64::from(*g) / (f64::from(*v) + EPSILON).sqrt();
    let scales: Vec<f64> = of(NORM_WEIGHT).iter().zip(of(NORM_VAR)).map(scale).collect();
    let kernels = of(CONV).chunks_exact(each).zip(&scales);
    let kernel =
        kernels.flat_map(|(kernel, scale)| kernel.iter().map(move |w| (f64::from(*w) * scale) as f32)).collect();
    let shifts = of(NORM_BIAS).iter().zip(of(NORM_MEAN)).zip(&scales);
    let bias = shifts.map(|((b, m), scale)| (f64::from(*b) - f64::from(*m) * scale) as f32).collect();
    Folded { kernel, bias }
}
