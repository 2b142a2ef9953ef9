//! Texts from outside, made fit for a chart or a page: no control characters, no markup, not too long.

/// Text on one line without what XML forbids or what turns the writing direction around; such characters become `�`.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
            c if c.is_control() => '\u{FFFD}',
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}' => '\u{FFFD}',
            c => c,
        })
        .collect()
}

/// Clean text with markup escaped, for an element or an attribute in double quotes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// At most `most` characters: the middle is left out, since names of a family differ at their ends.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let tail = most.saturating_sub(1) / 3;
    let head = most.saturating_sub(1) - tail;
    let begin: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(count - tail).collect();
    format!("{begin}…{end}")
}

/// About how wide a text is, in pixels, at `size` pixels a line.
///
/// An estimate on purpose: measuring needs fonts on one platform and a document on another, and the same numbers must give
/// the same bytes everywhere.
pub(crate) fn width(text: &str, size: i32) -> f64 {
    text.chars().map(em).sum::<f64>() * f64::from(size)
}

/// Room to keep for a text that must not be cut, in whole pixels: fonts may be a little wider than the estimate.
pub(crate) fn room(text: &str, size: i32) -> i32 {
    (width(text, size) * 1.12).ceil() as i32
}

fn em(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' | '(' | ')' | '[' | ']' => 0.34,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.9,
        c if c.is_ascii_uppercase() => 0.7,
        c if c.is_ascii() => 0.58,
        '…' | '–' | '—' => 0.9,
        c if (c as u32) < 0x2E80 => 0.65,
        _ => 1.05,
    }
}

/// A clean text cut so that it fits `room` pixels.
pub(crate) fn fit(text: &str, size: i32, room: f64) -> String {
    // What is far too long is cut before it is looked at character by character, again and again.
    let text = cut(&clean(text), 400);
    if width(&text, size) <= room {
        return text;
    }
    let count = text.chars().count();
    let (mut low, mut high) = (1, count);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if width(&cut(&text, middle), size) <= room {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    cut(&text, low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_forbids_and_what_turns_text_around_is_replaced() {
        assert_eq!(clean("a\0b\u{1b}[31m\u{202E}c\nd\u{FFFF}"), "a�b�[31m�c d�");
        assert_eq!(escape(r#"<b a="1">&'"#), "&lt;b a=&quot;1&quot;&gt;&amp;&#39;");
    }

    #[test]
    fn long_texts_keep_both_ends() {
        assert_eq!(cut("temperature_sensor_0001", 12), "temperat…001");
        assert_eq!((cut("abc", 3), cut("abcd", 1), cut("äöü", 2)), ("abc".into(), "…".into(), "ä…".into()));
        let long = "x".repeat(1_000_000);
        assert!(width(&fit(&long, 12, 100.0), 12) <= 100.0);
        assert_eq!(fit("short", 12, 100.0), "short");
    }
}
