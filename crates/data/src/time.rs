//! Points in time as numbers that keep their order.

use driftgate_model::{ColumnValues, Timestamp};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Microseconds since 1970 of an ISO 8601 date, date and time, or timestamp with an offset; without an offset it is UTC.
/// `2024/05/17` works too. Exact up to the year 2255, in order beyond.
pub(crate) fn micros(text: &str) -> Option<f64> {
    if let Ok(t) = text.parse::<Timestamp>() {
        return Some(t.as_microsecond() as f64);
    }
    let civil = |d: DateTime| d.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp().as_microsecond() as f64);
    if let Ok(d) = text.parse::<DateTime>() {
        return civil(d);
    }
    if let Ok(d) = text.parse::<Date>() {
        return civil(d.at(0, 0, 0, 0));
    }
    let mut parts = text.splitn(3, '/');
    let (year, month, day) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    civil(Date::new(year, month, day).ok()?.at(0, 0, 0, 0))
}

/// A number for each row that orders the rows by time; NaN where there is none. Numbers are taken as they are.
pub(crate) fn order(values: &ColumnValues) -> Vec<f64> {
    match values {
        ColumnValues::Number(v) => v.clone(),
        ColumnValues::Text { dictionary, codes } => {
            let known: Vec<f64> = dictionary.iter().map(|t| micros(t).unwrap_or(f64::NAN)).collect();
            codes.iter().map(|c| known.get(*c as usize).copied().unwrap_or(f64::NAN)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn dates_and_times_keep_their_order() {
        let texts = ["1969-12-31", "1970-01-01", "1970-01-01T00:00:01Z", "2024/05/17", "2024-05-17 08:30:00.000001"];
        let values: Vec<f64> = texts.iter().map(|t| micros(t).unwrap()).collect();
        assert_eq!(values[..3], [-86_400_000_000.0, 0.0, 1_000_000.0]);
        assert!(values.is_sorted_by(|a, b| a < b), "{values:?}");
        assert_eq!(micros("2024-05-17T10:00:00+02:00"), micros("2024-05-17 08:00:00"));
        for bad in ["", "yesterday", "2024-13-01", "17.05.2024", "2024"] {
            assert_eq!(micros(bad), None, "{bad}");
        }
    }
}
