//! Numbers, times and tones as they are shown.

use anstyle::{AnsiColor, Style};
use driftgate_model::{Digest, Interval, RunStatus, SplitCounts, Timestamp};

/// How a text stands out. A tone never carries meaning alone: there is always a word or a mark too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// A heading.
    Strong,
    /// Less important.
    Faint,
    /// Went well.
    Good,
    /// Went wrong.
    Bad,
    /// Worth a look.
    Warn,
}

/// Wraps each line of `text` in the tone's codes.
pub fn paint(tone: Tone, text: &str) -> String {
    let style = match tone {
        Tone::Plain => return text.to_owned(),
        Tone::Strong => Style::new().bold(),
        Tone::Faint => Style::new().dimmed(),
        Tone::Good => AnsiColor::Green.on_default(),
        Tone::Bad => AnsiColor::Red.on_default(),
        Tone::Warn => AnsiColor::Yellow.on_default(),
    };
    let line = |line: &str| match line.strip_suffix('\n') {
        Some("") => "\n".to_owned(),
        Some(inner) => format!("{style}{inner}{style:#}\n"),
        None => format!("{style}{line}{style:#}"),
    };
    text.split_inclusive('\n').map(line).collect()
}

/// A heading.
pub fn strong(text: &str) -> String {
    paint(Tone::Strong, text)
}

/// Something less important.
pub fn faint(text: &str) -> String {
    paint(Tone::Faint, text)
}

/// Four decimals; an em dash where there is no value.
pub fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "—".into(), four)
}

/// Four decimals; nothing rounds to −0.
fn four(value: f64) -> String {
    let text = format!("{value:.4}");
    if text == "-0.0000" { "0.0000".into() } else { text }
}

/// `[0.9123, 0.9876]`.
pub fn interval(interval: Interval) -> String {
    format!("[{}, {}]", four(interval.low), four(interval.high))
}

/// A difference, always with its sign.
pub fn signed(value: f64) -> String {
    format!("{value:+.4}")
}

/// A count with thousands apart: `20,640`.
pub fn count(n: u64) -> String {
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
pub fn plural(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// Wall time: `320 ms`, `3.2 s`, `2 min 05 s`, `1 h 02 min`.
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", seconds, ms % 1000 / 100),
        60_000..3_600_000 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A size: `812 B`, `1.5 KiB`, `3.0 MiB`.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    // Exact enough for a size that is shown with one decimal.
    let mut size = n as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

/// A moment to the second, in UTC: `2026-01-31 12:00:00`.
pub fn time(t: Timestamp) -> String {
    t.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A moment that stands alone: `2026-01-31 12:00:00 UTC`.
pub fn time_utc(t: Timestamp) -> String {
    format!("{} UTC", time(t))
}

/// `398 train, 85 val, 86 test`.
pub fn splits(c: SplitCounts) -> String {
    format!("{} train, {} val, {} test", count(c.train), count(c.val), count(c.test))
}

/// A status in words, with its tone.
pub fn status(s: RunStatus) -> (String, Tone) {
    let tone = match s {
        RunStatus::Approved | RunStatus::Completed => Tone::Good,
        RunStatus::AwaitingApproval | RunStatus::Running => Tone::Warn,
        RunStatus::Blocked | RunStatus::Failed | RunStatus::Rejected | RunStatus::Interrupted => Tone::Bad,
        RunStatus::Cancelled => Tone::Faint,
    };
    (s.as_str().replace('_', " "), tone)
}

/// A declared name, or that it was redacted.
pub fn who(actor: Option<&str>) -> String {
    actor.map_or_else(|| "(redacted)".into(), str::to_owned)
}

/// The same, and whether the person's registered key signed it.
pub fn who_signed(actor: Option<&str>, key: Option<Digest>) -> String {
    let signed = if key.is_some() { ", signed" } else { "" };
    format!("{}{signed}", who(actor))
}

/// A version, or that there is none.
pub fn version(v: Option<u32>) -> String {
    v.map_or_else(|| "—".into(), |n| format!("v{n}"))
}

/// A text from outside, such as a file's name, on one line and without what steers a terminal or turns the writing direction
/// around: such characters become `�`.
pub fn visible(text: &str) -> String {
    let steers = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if steers(c) { '\u{FFFD}' } else { c }).collect()
}

/// `path`, in quotes where a shell would take it apart.
pub fn shell_word(word: &str) -> String {
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '@' | ':' | '+' | ',' | '=' | '\\');
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_thousands_apart() {
        assert_eq!(
            [count(0), count(999), count(1000), count(20_640), count(1_000_000)],
            ["0", "999", "1,000", "20,640", "1,000,000"]
        );
    }

    #[test]
    fn durations_use_the_unit_that_reads_best() {
        let shown = [0, 999, 1_000, 59_999, 60_000, 125_000, 3_599_999, 3_720_000].map(duration);
        assert_eq!(
            shown,
            ["0 ms", "999 ms", "1.0 s", "59.9 s", "1 min 00 s", "2 min 05 s", "59 min 59 s", "1 h 02 min"]
        );
    }

    #[test]
    fn sizes_use_binary_units() {
        assert_eq!([bytes(812), bytes(1536), bytes(3 << 20)], ["812 B", "1.5 KiB", "3.0 MiB"]);
    }

    #[test]
    fn numbers_have_four_decimals_and_absence_shows() {
        assert_eq!(number(Some(0.907)), "0.9070");
        assert_eq!(number(None), "—");
        assert_eq!(number(Some(-0.00001)), "0.0000");
        assert_eq!(signed(-0.01161), "-0.0116");
        assert_eq!(signed(0.0), "+0.0000");
        assert_eq!(interval(Interval { low: 0.8372, high: 1.0 }), "[0.8372, 1.0000]");
    }

    #[test]
    fn a_text_from_outside_cannot_steer_a_terminal() {
        assert_eq!(visible("a b\u{1b}[31m\r\u{202E}ä.png"), "a b�[31m��ä.png");
    }

    #[test]
    fn words_with_spaces_are_quoted_for_a_shell() {
        assert_eq!(shell_word("a/b-c.yaml"), "a/b-c.yaml");
        assert_eq!(shell_word("my data"), "'my data'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word(""), "''");
    }
}
