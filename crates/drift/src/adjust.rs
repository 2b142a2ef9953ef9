//! p-values of many tests at once.

use driftgate_model::Correction;

/// Adjusted p-values, in the order given: a test is significant at level α exactly where its adjusted p-value is at most α.
///
/// `None` (nothing could be tested) stays `None` and does not count as a test. Benjamini and Hochberg (1995), Holm (1979),
/// Bonferroni. NaN is treated as `None`.
pub fn adjust(p_values: &[Option<f64>], correction: Correction) -> Vec<Option<f64>> {
    let mut tested: Vec<(usize, f64)> = p_values
        .iter()
        .enumerate()
        .filter_map(|(i, p)| p.filter(|p| !p.is_nan()).map(|p| (i, p.clamp(0.0, 1.0))))
        .collect();
    tested.sort_by(|a, b| a.1.total_cmp(&b.1));
    let m = tested.len() as f64;
    let mut out = vec![None; p_values.len()];
    match correction {
        Correction::None => tested.iter().for_each(|&(i, p)| out[i] = Some(p)),
        Correction::Bonferroni => tested.iter().for_each(|&(i, p)| out[i] = Some((p * m).min(1.0))),
        Correction::Holm => {
            let mut least = 0.0_f64;
            for (rank, &(i, p)) in tested.iter().enumerate() {
                least = least.max((p * (m - rank as f64)).min(1.0));
                out[i] = Some(least);
            }
        }
        Correction::BenjaminiHochberg => {
            let mut most = 1.0_f64;
            for (rank, &(i, p)) in tested.iter().enumerate().rev() {
                most = most.min(p * m / (rank as f64 + 1.0));
                out[i] = Some(most);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let p = [Some(0.01), None, Some(0.04), Some(0.03), Some(0.005)];
        let near = |got: Vec<Option<f64>>, want: [f64; 4]| {
            assert_eq!(got[1], None);
            for (g, w) in [got[0], got[2], got[3], got[4]].iter().zip(want) {
                assert!((g.unwrap() - w).abs() < 1e-15, "{got:?} {want:?}");
            }
        };
        near(adjust(&p, Correction::Bonferroni), [0.04, 0.16, 0.12, 0.02]);
        near(adjust(&p, Correction::Holm), [0.03, 0.06, 0.06, 0.02]);
        near(adjust(&p, Correction::BenjaminiHochberg), [0.02, 0.04, 0.04, 0.02]);
        near(adjust(&p, Correction::None), [0.01, 0.04, 0.03, 0.005]);
        assert_eq!(adjust(&[Some(f64::NAN), None], Correction::Holm), [None, None]);
    }
}
