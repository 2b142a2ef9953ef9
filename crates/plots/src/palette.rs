//! Colours by what they mean. Charts are drawn with sentinel colours, which become design tokens (CSS custom properties) in
//! the finished SVG, so that one chart serves light and dark themes.

use driftgate_model::DriftVerdict;
use plotters::style::RGBColor;

/// What a colour is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    /// Titles and labels.
    Text,
    /// Axis labels.
    Faint,
    /// Grid lines.
    Grid,
    /// Behind everything, and around lines that cross a filled area.
    Surface,
    /// The reference.
    Reference,
    /// The batch.
    Batch,
    /// Drifted.
    Drifted,
    /// Inconclusive.
    Inconclusive,
    /// Stable.
    Stable,
    /// The smallest effect that matters.
    Limit,
    /// A third line among others.
    Third,
    /// A fourth line among others.
    Fourth,
}

/// How a line is broken, so that lines differ without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dash {
    Solid,
    Long,
    Dotted,
    Mixed,
}

/// The `stroke-dasharray` of each [`Dash`].
const DASHES: [&str; 4] = ["", "8 4", "2 3", "9 3 2 3"];

/// A design token: a CSS custom property with a colour for each theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// The property's name, such as `--dg-reference`.
    pub name: &'static str,
    /// Its colour on a light ground; also what shows where no style sheet defines the property.
    pub light: &'static str,
    /// Its colour on a dark ground.
    pub dark: &'static str,
}

const fn token(name: &'static str, light: &'static str, dark: &'static str) -> Token {
    Token { name, light, dark }
}

/// The tokens that charts use. A page that shows charts defines them; tests prove their contrast.
pub const TOKENS: [Token; 12] = [
    token("--dg-text", "#1b1f24", "#e8ebee"),
    token("--dg-faint", "#57606a", "#a5afba"),
    token("--dg-grid", "#d7dce1", "#363d46"),
    token("--dg-surface", "#ffffff", "#15191e"),
    token("--dg-reference", "#6f93bd", "#5f86b3"),
    token("--dg-batch", "#a63603", "#ffb077"),
    token("--dg-drifted", "#b3261e", "#ff9389"),
    token("--dg-inconclusive", "#7a5200", "#f2c14e"),
    token("--dg-stable", "#1a6f31", "#74d68e"),
    token("--dg-limit", "#57606a", "#a5afba"),
    token("--dg-third", "#6b3fa0", "#c5a3ff"),
    token("--dg-fourth", "#0f6b6b", "#62d0cf"),
];

/// The first two bytes of every sentinel; the third is the token's number in its lower five bits, and the dash above.
const SENTINEL: (u8, u8) = (0xD6, 0xA7);

impl Paint {
    /// The colour of a verdict. It never stands alone: a shape and a word say the same.
    pub(crate) fn of(verdict: DriftVerdict) -> Paint {
        match verdict {
            DriftVerdict::Stable => Paint::Stable,
            DriftVerdict::Inconclusive => Paint::Inconclusive,
            DriftVerdict::Drifted => Paint::Drifted,
        }
    }

    /// The colour to draw with.
    pub(crate) fn sentinel(self) -> RGBColor {
        self.dashed(Dash::Solid)
    }

    /// The colour to draw a broken line with.
    pub(crate) fn dashed(self, dash: Dash) -> RGBColor {
        RGBColor(SENTINEL.0, SENTINEL.1, self as u8 | (dash as u8) << 5)
    }
}

/// The value of an attribute with a sentinel replaced by its token, the colour of the light theme where none is defined; for a
/// broken line, its dashes in an attribute of their own.
pub(crate) fn rewrite(value: &str) -> Option<String> {
    let number = value.strip_prefix("#D6A7").and_then(|n| usize::from_str_radix(n, 16).ok())?;
    let token = TOKENS.get(number & 31)?;
    let colour = format!("var({},{})", token.name, token.light);
    match *DASHES.get(number >> 5)? {
        "" => Some(colour),
        dashes => Some(format!("{colour}\" stroke-dasharray=\"{dashes}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.2: relative luminance.
    fn luminance(hex: &str) -> f64 {
        let channel = |i: usize| {
            let c = f64::from(u8::from_str_radix(&hex[i..i + 2], 16).unwrap()) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn texts_and_marks_stand_out_in_both_themes() {
        let ground = TOKENS[Paint::Surface as usize];
        for t in TOKENS {
            let least = match t.name {
                "--dg-grid" | "--dg-surface" => continue,
                // A filled area, not a text.
                "--dg-reference" => 3.0,
                _ => 4.5,
            };
            for (colour, ground) in [(t.light, ground.light), (t.dark, ground.dark)] {
                assert!(contrast(colour, ground) >= least, "{} {colour}: {}", t.name, contrast(colour, ground));
            }
        }
    }

    #[test]
    fn counts_stand_out_from_the_strongest_shade() {
        let token = |paint: Paint| TOKENS[paint as usize];
        let (shade, ground, text) = (token(Paint::Reference), token(Paint::Surface), token(Paint::Text));
        for (shade, ground, text) in [(shade.light, ground.light, text.light), (shade.dark, ground.dark, text.dark)] {
            let part = |hex: &str, i: usize| f64::from(u8::from_str_radix(&hex[i..i + 2], 16).unwrap());
            let mixed = |i| {
                part(shade, i) * crate::confusion::STRONGEST + part(ground, i) * (1.0 - crate::confusion::STRONGEST)
            };
            let hex = format!("#{:02x}{:02x}{:02x}", mixed(1) as u8, mixed(3) as u8, mixed(5) as u8);
            assert!(contrast(&hex, text) >= 4.5, "{hex} {text}: {}", contrast(&hex, text));
        }
    }

    #[test]
    fn every_sentinel_becomes_its_token() {
        let c = Paint::Limit.sentinel();
        assert_eq!(rewrite(&format!("#{:02X}{:02X}{:02X}", c.0, c.1, c.2)).unwrap(), "var(--dg-limit,#57606a)");
        let c = Paint::Third.dashed(Dash::Mixed);
        let dashed = rewrite(&format!("#{:02X}{:02X}{:02X}", c.0, c.1, c.2)).unwrap();
        assert_eq!(dashed, "var(--dg-third,#6b3fa0)\" stroke-dasharray=\"9 3 2 3");
        assert_eq!(Paint::Fourth as usize, TOKENS.len() - 1);
        assert_eq!((rewrite("none"), rewrite("#D6A7FF"), rewrite("#010203")), (None, None, None));
    }
}
