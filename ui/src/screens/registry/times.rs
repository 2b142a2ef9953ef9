//! Moments that a person types.

use driftgate_model::Timestamp;

/// The moment that `text` states: a day, with or without a time of the day, in the machine's own time zone; or with `Z` in UTC.
/// A day alone is its end, so that what happened on it counts. `behind` tells how many minutes the zone was behind UTC at a second.
pub fn moment(text: &str, behind: impl Fn(i64) -> i64) -> Option<Timestamp> {
    let text = text.trim();
    let (plain, utc) = match text.strip_suffix(['Z', 'z']) {
        Some(plain) => (plain.trim_end(), true),
        None => (text, false),
    };
    let (day, time) = match plain.split_once([' ', 'T', 't']) {
        Some((day, time)) => (day, time.trim().to_owned()),
        None => (plain, "23:59:59".into()),
    };
    let time = match time.matches(':').count() {
        1 => format!("{time}:00"),
        _ => time,
    };
    // Exactly `2026-11-26` and `20:18:30`: nothing shorter is guessed at.
    if !shaped(day, "dddd-dd-dd") || !shaped(time.split('.').next().unwrap_or_default(), "dd:dd:dd") {
        return None;
    }
    let local: Timestamp = format!("{day}T{time}Z").parse().ok()?;
    if utc {
        return Some(local);
    }
    let wall = local.as_second();
    // Twice: near a change of the clock the first guess may lie on its other side.
    let guess = wall + behind(wall) * 60;
    let second = wall + behind(guess) * 60;
    Timestamp::from_second(second).ok()
}

fn shaped(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.chars().zip(shape.chars()).all(|(c, s)| if s == 'd' { c.is_ascii_digit() } else { c == s })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Option<String> {
        moment(text, |_| 0).map(|t| t.to_string())
    }

    #[test]
    fn days_and_times_are_read() {
        assert_eq!(utc("2026-11-26").as_deref(), Some("2026-11-26T23:59:59Z"));
        assert_eq!(utc(" 2026-11-26 20:18 ").as_deref(), Some("2026-11-26T20:18:00Z"));
        assert_eq!(utc("2026-11-26T20:18:30").as_deref(), Some("2026-11-26T20:18:30Z"));
        assert_eq!(utc("2026-11-26T20:18:30.5Z").as_deref(), Some("2026-11-26T20:18:30.5Z"));
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in ["", "yesterday", "2026-13-01", "2026-11-26 25:00", "26.11.2026", "2026-1-2", "2026-11-26 8"] {
            assert_eq!(utc(text), None, "{text}");
        }
    }

    #[test]
    fn the_zone_of_that_day_counts() {
        // Berlin: an hour ahead in winter, two from the 29th of March 2026 at 01:00 UTC.
        let change = "2026-03-29T01:00:00Z".parse::<Timestamp>().map(|t| t.as_second()).unwrap_or_default();
        let berlin = |second: i64| if second >= change { -120 } else { -60 };
        let read = |text: &str| moment(text, berlin).map(|t| t.to_string());
        assert_eq!(read("2026-01-10 12:00").as_deref(), Some("2026-01-10T11:00:00Z"));
        assert_eq!(read("2026-07-10 12:00").as_deref(), Some("2026-07-10T10:00:00Z"));
        assert_eq!(read("2026-03-29 01:30").as_deref(), Some("2026-03-29T00:30:00Z"));
        assert_eq!(read("2026-03-29 03:30").as_deref(), Some("2026-03-29T01:30:00Z"));
        assert_eq!(read("2026-07-10 12:00Z").as_deref(), Some("2026-07-10T12:00:00Z"));
    }
}
