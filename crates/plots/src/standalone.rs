//! A chart as a file of its own.

use crate::Chart;
use crate::palette::{Paint, TOKENS};

/// The ground that a chart is shown on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// Dark marks on white.
    Light,
    /// Light marks on black.
    Dark,
}

/// The fonts of a chart outside the window.
const FONTS: &str = "system-ui,'Segoe UI','Helvetica Neue',Arial,sans-serif";

impl Chart {
    /// The SVG as a file that shows the same everywhere: colours in place of tokens, a filled ground, a list of fonts.
    pub fn to_standalone_svg(&self, ground: Ground) -> String {
        let mut svg = self.svg.replace("font-family=\"system-ui,sans-serif\"", &format!("font-family=\"{FONTS}\""));
        for token in &TOKENS {
            let colour = match ground {
                Ground::Light => token.light,
                Ground::Dark => token.dark,
            };
            svg = svg.replace(&format!("var({},{})", token.name, token.light), colour);
        }
        let surface = TOKENS[Paint::Surface as usize];
        let colour = if ground == Ground::Light { surface.light } else { surface.dark };
        // Texts from outside hold no `</desc>`: they are escaped.
        svg.replacen("</desc>\n", &format!("</desc>\n<rect width=\"100%\" height=\"100%\" fill=\"{colour}\"/>\n"), 1)
    }
}
