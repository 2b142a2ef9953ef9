//! Numbers as they are shown, and the ticks of an axis. Nothing here fails on infinities, NaN or subnormal numbers.

/// Four decimals; powers of ten for what those cannot show; an em dash where there is no number.
pub(crate) fn number(value: Option<f64>) -> String {
    let Some(v) = value.filter(|v| v.is_finite()) else { return "—".into() };
    let size = v.abs();
    if size == 0.0 {
        "0".into()
    } else if !(1e-4..1e7).contains(&size) {
        format!("{v:.3e}")
    } else {
        let text = format!("{v:.4}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// Always four decimals, so that numbers below one another can be compared; powers of ten for what those cannot show.
pub(crate) fn four(value: Option<f64>) -> String {
    match value.filter(|v| v.is_finite()) {
        Some(v) if v != 0.0 && !(1e-4..1e7).contains(&v.abs()) => format!("{v:.3e}"),
        // Nothing is called −0.
        Some(v) => format!("{:.4}", if v == 0.0 { 0.0 } else { v }),
        None => "—".into(),
    }
}

/// A number beside its mark: four decimals where it is small, as many digits otherwise as tell values apart.
pub(crate) fn brief(value: Option<f64>) -> String {
    match value.filter(|v| v.is_finite()) {
        Some(v) if (1e7..).contains(&v.abs()) => format!("{v:.2e}"),
        Some(v) if v.abs() >= 999.5 => format!("{}{}", if v < 0.0 { "-" } else { "" }, count(v.abs().round() as u64)),
        Some(v) if v.abs() >= 99.995 => format!("{v:.1}"),
        Some(v) if v.abs() >= 9.9995 => format!("{v:.2}"),
        other => four(other),
    }
}

/// A p-value: four decimals, or that it is smaller than those can say.
pub(crate) fn p_value(p: Option<f64>) -> String {
    match p.filter(|p| p.is_finite()) {
        None => "—".into(),
        Some(p) if p < 0.0001 => "<0.0001".into(),
        Some(p) => format!("{p:.4}"),
    }
}

/// `9.7×`; what has no bound that means anything is only said to be large.
pub(crate) fn times(multiple: f64) -> String {
    match multiple {
        m if m.is_nan() => "—".into(),
        m if m >= 1e6 => ">1,000,000×".into(),
        m if m >= 100.0 => format!("{}×", count(m.round() as u64)),
        m if m >= 9.95 => format!("{m:.0}×"),
        m => format!("{:.1}×", m.max(0.0)),
    }
}

/// A count with thousands apart: `20,640`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `1 row`, `2 rows`.
pub(crate) fn plural(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// Where `v` lies between `low` and `high`, from 0 to 1. Halved first, so that no difference overflows.
pub(crate) fn unit(v: f64, low: f64, high: f64) -> f64 {
    let at = (v / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
    if at.is_nan() { 0.0 } else { at.clamp(0.0, 1.0) }
}

/// Round values between `low` and `high`, about `wanted` of them, with their labels. Only the ends where nothing round fits.
pub(crate) fn ticks(low: f64, high: f64, wanted: u32) -> Vec<(f64, String)> {
    let ends = || {
        let mut list = vec![(low, number(Some(low)))];
        if high > low {
            list.push((high, number(Some(high))));
        }
        list
    };
    let span = high - low;
    let rough = span / f64::from(wanted.max(1));
    if !(rough.is_normal() && rough > 0.0) || rough < low.abs().max(high.abs()) * 1e-12 {
        return ends();
    }
    let ten = 10f64.powi(rough.log10().floor() as i32);
    let Some(step) = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * ten).find(|s| *s >= rough * 0.999_999) else {
        return ends();
    };
    let first = (low / step).ceil();
    let mut list = Vec::new();
    for i in 0..=wanted * 2 {
        let value = (first + f64::from(i)) * step;
        if !value.is_finite() || value > high + step * 1e-9 {
            break;
        }
        // Nothing is called −0.
        let value = if value == 0.0 { 0.0 } else { value };
        list.push((value, label(value, step, low.abs().max(high.abs()))));
    }
    if list.len() < 2 { ends() } else { list }
}

/// As many digits as tell neighbours apart.
fn label(value: f64, step: f64, largest: f64) -> String {
    let (of_step, of_largest) = (step.log10().floor() as i32, largest.log10().floor() as i32);
    if value == 0.0 {
        "0".into()
    } else if of_step >= 0 && largest < 1e6 {
        format!("{value:.0}")
    } else if largest < 1e6 && of_step >= -6 {
        format!("{value:.*}", of_step.unsigned_abs() as usize)
    } else {
        format!("{value:.*e}", (of_largest - of_step).clamp(0, 12) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64) -> Vec<String> {
        ticks(low, high, 5).into_iter().map(|t| t.1).collect()
    }

    #[test]
    fn numbers_show_what_matters() {
        let shown = [0.0, -0.0, 0.5, 0.96684, 12.0, 1e-9, -3.2e12].map(|v| number(Some(v)));
        assert_eq!(shown, ["0", "0", "0.5", "0.9668", "12", "1.000e-9", "-3.200e12"]);
        assert_eq!([number(None), number(Some(f64::NAN))], ["—", "—"]);
        assert_eq!(
            [0.0, -0.0, 0.5, -12.25, 1e-9].map(|v| four(Some(v))),
            ["0.0000", "0.0000", "0.5000", "-12.2500", "1.000e-9"]
        );
        assert_eq!(
            [0.0, 0.04, 9.7, 12.3, 1234.0, f64::INFINITY].map(times),
            ["0.0×", "0.0×", "9.7×", "12×", "1,234×", ">1,000,000×"]
        );
        assert_eq!(
            [0.9, -34_210.5, 2.4e9, 123.456, 12.345, -0.05].map(|v| brief(Some(v))),
            ["0.9000", "-34,211", "2.40e9", "123.5", "12.35", "-0.0500"]
        );
        assert_eq!([p_value(None), p_value(Some(1e-9)), p_value(Some(0.05))], ["—", "<0.0001", "0.0500"]);
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(0.0, 1.0), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(6.98, 28.1), ["10", "15", "20", "25"]);
        assert_eq!(labels(-3.0, 3.0), ["-2", "0", "2"]);
        assert_eq!(labels(0.0, 3e9), ["0", "1e9", "2e9", "3e9"]);
        assert_eq!(labels(0.0, 3e-9), ["0", "1e-9", "2e-9", "3e-9"]);
    }

    #[test]
    fn odd_ranges_have_ticks_too() {
        for (low, high) in
            [(0.0, 0.0), (1e15, 1e15 + 1.0), (f64::MIN, f64::MAX), (0.0, 5e-324), (f64::NAN, 1.0), (2.0, 1.0)]
        {
            let list = ticks(low, high, 5);
            assert!((1..=11).contains(&list.len()), "{low} {high}: {list:?}");
            assert!((0.0..=1.0).contains(&unit(low, low, high)));
        }
        assert_eq!(unit(0.0, f64::MIN, f64::MAX), 0.5);
    }
}
