//! Sorting a column.

/// From this many values on, counting digits is faster than comparing.
const MANY: usize = 4096;
const BITS: u32 = 11;
const PASSES: usize = 6;
const BINS: usize = 1 << BITS;

/// Sorts by [`f64::total_cmp`]: −NaN, −∞, …, −0, +0, …, ∞, NaN. Equal numbers have equal bits, so there is no order among them.
///
/// Many values are sorted by digits (least significant first, 11 bits a pass) of the integers whose order is that of the floats;
/// passes in which all values share a digit are left out. It takes as much memory again as the values.
pub fn sort(values: &mut [f64]) {
    if values.len() < MANY || u32::try_from(values.len()).is_err() {
        values.sort_unstable_by(f64::total_cmp);
        return;
    }
    let mut counts = vec![[0u32; BINS]; PASSES];
    let mut from: Vec<u64> = values.iter().map(|v| key(*v)).collect();
    for &k in &from {
        for (pass, count) in counts.iter_mut().enumerate() {
            count[digit(k, pass)] += 1;
        }
    }
    let mut to = vec![0u64; from.len()];
    for (pass, count) in counts.iter_mut().enumerate() {
        let all = from.len() as u32;
        if count.contains(&all) {
            continue;
        }
        let mut start = 0;
        for c in count.iter_mut() {
            (start, *c) = (start + *c, start);
        }
        for &k in &from {
            let place = &mut count[digit(k, pass)];
            to[*place as usize] = k;
            *place += 1;
        }
        std::mem::swap(&mut from, &mut to);
    }
    for (v, k) in values.iter_mut().zip(from) {
        *v = value(k);
    }
}

#[inline]
fn digit(key: u64, pass: usize) -> usize {
    (key >> (BITS * pass as u32)) as usize & (BINS - 1)
}

/// Ascending as unsigned integers where the floats ascend.
#[inline]
fn key(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

#[inline]
fn value(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    #[test]
    fn many_values_are_sorted_as_few_are() {
        let mut stream = Stream::new(1, 1);
        let special = [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, f64::MAX, f64::MIN, 5e-324];
        let mut values: Vec<f64> = (0..20_000)
            .map(|i| match i % 4 {
                0 => special[stream.below(9) as usize],
                1 => f64::from(stream.below(100)) - 50.0,
                _ => (stream.uniform() - 0.5) * 10f64.powi(stream.below(600) as i32 - 300),
            })
            .collect();
        let mut want = values.clone();
        want.sort_unstable_by(f64::total_cmp);
        sort(&mut values);
        assert!(values.iter().zip(&want).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
}
