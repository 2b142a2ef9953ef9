//! The exponential of many numbers at once.

/// Adding and subtracting it rounds an `f32` of moderate size to the nearest whole number.
const ROUND: f32 = 12_582_912.0;
/// ln 2, its leading bits alone: a whole number up to 127 times it is exact.
const LN2_HIGH: f32 = 0.693_359_4;
/// The rest of ln 2.
const LN2_LOW: f32 = -2.121_944_4e-4;
/// Below it the result would not be a normal number.
const LEAST: f32 = -87.0;

/// `exp(v)` of each value, none above 0, in place; below −87 it is `exp(−87)`.
///
/// `2^k · exp(r)` with `r` within ± ln 2 / 2 (reduction of Cody and Waite 1980, polynomial of Cephes `expf`); the relative
/// error is below 2e-7. No branches and no fused steps: a compiler makes it parallel, with the same bits on every machine.
pub(super) fn exp_of_negative(values: &mut [f32]) {
    for v in values {
        *v = one(*v);
    }
}

#[inline(always)]
fn one(v: f32) -> f32 {
    let x = if v > LEAST { v } else { LEAST };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let r = x - whole * LN2_HIGH - whole * LN2_LOW;
    let mut p = 1.987_569_1e-4_f32;
    for c in [1.398_2e-3_f32, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        p = p * r + c;
    }
    let exp_r = p * r * r + r + 1.0;
    // The low bits of `shifted` are the whole number.
    let power = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32).wrapping_add(127);
    exp_r * f32::from_bits((power as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_exponential_to_seven_digits() {
        let mut worst = 0.0_f64;
        for i in 0..=870_000 {
            let x = -(i as f32) * 1e-4;
            let truth = f64::from(x).exp();
            worst = worst.max((f64::from(one(x)) / truth - 1.0).abs());
        }
        assert!(worst < 2e-7, "{worst}");
        assert_eq!(one(0.0), 1.0);
        let mut far = [f32::NEG_INFINITY, -1e30, -100.0];
        exp_of_negative(&mut far);
        assert!(far.iter().all(|v| *v > 0.0 && *v < 2e-38), "{far:?}");
    }
}
