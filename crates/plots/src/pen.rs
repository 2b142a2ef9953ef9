//! Drawing through plotters' SVG backend, and the finished SVG.
//!
//! Only what needs no font is used: plotters measures texts with fonts on one platform and in the document on another, and the
//! same numbers must give the same bytes everywhere, in a browser's worker too.

use crate::palette::{Dash, Paint, rewrite};
use crate::text::{cut, escape, fit, width};
use driftgate_model::DriftVerdict;
use plotters::coord::Shift;
use plotters::prelude::{
    Circle, DrawingArea, IntoDrawingArea, IntoFont, PathElement, Polygon, Rectangle, SVGBackend, Text, TextStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, ShapeStyle};

/// Size of labels.
pub(crate) const SMALL: i32 = 12;
/// Size of a title.
const LARGE: i32 = 14;
/// plotters divides the size of a font by this in an SVG.
const FONT_SCALE: f64 = 1.24;
/// Most characters of a title or a description, for whoever hears the chart.
const MOST_CHARACTERS: usize = 300;

/// Who a chart is on its page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    /// Unique on the page; letters, digits and hyphens only.
    pub(crate) id: &'a str,
    /// What it shows, in a few words.
    pub(crate) title: &'a str,
    /// What it shows, for whoever does not see it.
    pub(crate) description: &'a str,
}

/// Where a text stands against its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Left,
    Middle,
    Right,
}

/// Draws in pixels, from the upper left corner.
pub(crate) struct Pen<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// Draws a chart of that size and finishes its SVG.
pub(crate) fn svg(names: Names, size: (i32, i32), draw: impl FnOnce(&Pen)) -> String {
    let mut raw = String::new();
    {
        let size = (size.0.unsigned_abs(), size.1.unsigned_abs());
        let pen = Pen { area: SVGBackend::with_string(&mut raw, size).into_drawing_area() };
        pen.title(names.title, size.0 as i32);
        draw(&pen);
        done(pen.area.present());
    }
    finish(&raw, names, size)
}

/// Drawing into a string does not fail: the error type is that of files.
fn done<E>(result: Result<(), E>) {
    result.unwrap_or_default();
}

impl Pen<'_> {
    fn title(&self, text: &str, room: i32) {
        let style = font(LARGE, Paint::Text, Anchor::Left, FontStyle::Bold);
        done(self.area.draw(&Text::new(fit(text, LARGE + 1, f64::from(room - 16)), (8, 16), style)));
    }

    /// A text; its middle line is at `at`. It is neither cleaned nor cut: see [`fit`].
    pub(crate) fn text(&self, text: &str, at: (i32, i32), anchor: Anchor, paint: Paint) {
        self.sized(text, at, anchor, paint, SMALL);
    }

    /// A text of another size than that of labels.
    pub(crate) fn sized(&self, text: &str, at: (i32, i32), anchor: Anchor, paint: Paint, size: i32) {
        let style = font(size, paint, anchor, FontStyle::Normal);
        done(self.area.draw(&Text::new(text.to_owned(), at, style)));
    }

    /// The heading of a part.
    pub(crate) fn heading(&self, text: &str, at: (i32, i32)) {
        let style = font(SMALL, Paint::Text, Anchor::Left, FontStyle::Bold);
        done(self.area.draw(&Text::new(text.to_owned(), at, style)));
    }

    /// Words where there is nothing to draw, in the middle between two corners.
    pub(crate) fn nothing(&self, words: &str, from: (i32, i32), to: (i32, i32)) {
        self.text(words, ((from.0 + to.0) / 2, (from.1 + to.1) / 2), Anchor::Middle, Paint::Faint);
    }

    /// A line through points.
    pub(crate) fn line(&self, points: &[(i32, i32)], paint: Paint, width: u32) {
        let style = ShapeStyle::from(&paint.sentinel()).stroke_width(width);
        done(self.area.draw(&PathElement::new(points.to_vec(), style)));
    }

    /// A broken line through points.
    pub(crate) fn dashed(&self, points: &[(i32, i32)], paint: Paint, dash: Dash) {
        let style = ShapeStyle::from(&paint.dashed(dash)).stroke_width(2);
        done(self.area.draw(&PathElement::new(points.to_vec(), style)));
    }

    /// A filled area within points.
    pub(crate) fn area(&self, points: &[(i32, i32)], paint: Paint) {
        done(self.area.draw(&Polygon::new(points.to_vec(), paint.sentinel().filled())));
    }

    /// A filled rectangle between two corners.
    pub(crate) fn bar(&self, from: (i32, i32), to: (i32, i32), paint: Paint) {
        done(self.area.draw(&Rectangle::new([from, to], paint.sentinel().filled())));
    }

    /// A filled rectangle that lets what is behind it through: 0 is nothing, 1 hides it.
    pub(crate) fn shade(&self, from: (i32, i32), to: (i32, i32), paint: Paint, strength: f64) {
        // Two decimals, so that the bytes are the same everywhere.
        let style = paint.sentinel().mix((strength * 100.0).round() / 100.0).filled();
        done(self.area.draw(&Rectangle::new([from, to], style)));
    }

    /// The outline of a rectangle: its lines lie within.
    pub(crate) fn frame(&self, from: (i32, i32), to: (i32, i32), paint: Paint) {
        let (a, b) = ((from.0 + 1, from.1 + 1), (to.0 - 1, to.1 - 1));
        self.line(&[a, (b.0, a.1), b, (a.0, b.1), a, (b.0, a.1)], paint, 2);
    }

    /// The mark of a verdict: a diamond for drifted, a ring for inconclusive, a dot for stable.
    pub(crate) fn mark(&self, at: (i32, i32), verdict: DriftVerdict) {
        let (x, y) = at;
        let paint = Paint::of(verdict);
        match verdict {
            DriftVerdict::Drifted => self.area(&[(x, y - 7), (x + 7, y), (x, y + 7), (x - 7, y)], paint),
            DriftVerdict::Inconclusive => self.ring(at, 5, paint),
            DriftVerdict::Stable => self.dot(at, 4, paint),
        }
    }

    /// The same mark where many lie close together.
    pub(crate) fn small_mark(&self, at: (i32, i32), verdict: DriftVerdict) {
        let ((x, y), paint) = (at, Paint::of(verdict));
        match verdict {
            DriftVerdict::Drifted => self.area(&[(x, y - 5), (x + 4, y), (x, y + 5), (x - 4, y)], paint),
            DriftVerdict::Inconclusive => self.ring(at, 3, paint),
            DriftVerdict::Stable => self.dot(at, 3, paint),
        }
    }

    /// A filled circle.
    pub(crate) fn dot(&self, at: (i32, i32), radius: i32, paint: Paint) {
        done(self.area.draw(&Circle::new(at, radius, paint.sentinel().filled())));
    }

    /// A circle with nothing in it.
    pub(crate) fn ring(&self, at: (i32, i32), radius: i32, paint: Paint) {
        self.dot(at, radius, Paint::Surface);
        let style = ShapeStyle::from(&paint.sentinel()).stroke_width(2);
        done(self.area.draw(&Circle::new(at, radius, style)));
    }

    /// A filled triangle whose point looks up or down.
    pub(crate) fn triangle(&self, at: (i32, i32), up: bool, paint: Paint) {
        let ((x, y), tip) = (at, if up { -6 } else { 6 });
        self.area(&[(x, y + tip), (x + 6, y - tip + tip / 6), (x - 6, y - tip + tip / 6)], paint);
    }

    /// An interval: a line with a stop at either end.
    pub(crate) fn whisker(&self, low: i32, high: i32, y: i32, paint: Paint) {
        self.line(&[(low, y), (high, y)], paint, 2);
        self.line(&[(low, y - 4), (low, y + 4)], paint, 2);
        self.line(&[(high, y - 4), (high, y + 4)], paint, 2);
    }

    /// What the filled and the outlined shapes are, from `x` on in the line at `y`.
    pub(crate) fn sides(&self, x: i32, y: i32) {
        self.bar((x, y - 5), (x + 16, y + 5), Paint::Reference);
        self.text("reference", (x + 22, y), Anchor::Left, Paint::Text);
        let x = x + 30 + width("reference", SMALL) as i32;
        self.frame((x, y - 5), (x + 16, y + 5), Paint::Batch);
        self.text("batch", (x + 22, y), Anchor::Left, Paint::Text);
    }

    /// What the marks mean, from `x` on in the line at `y`.
    pub(crate) fn verdicts(&self, x: i32, y: i32) {
        let mut x = x + 8;
        for verdict in [DriftVerdict::Drifted, DriftVerdict::Inconclusive, DriftVerdict::Stable] {
            self.mark((x, y), verdict);
            self.text(verdict.as_str(), (x + 12, y), Anchor::Left, Paint::Text);
            x += 34 + width(verdict.as_str(), SMALL) as i32;
        }
    }
}

fn font(size: i32, paint: Paint, anchor: Anchor, weight: FontStyle) -> TextStyle<'static> {
    let h = match anchor {
        Anchor::Left => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::Right => HPos::Right,
    };
    let font = ("sans-serif", f64::from(size) * FONT_SCALE, weight).into_font();
    let mut style = TextStyle::from(font).pos(Pos::new(h, VPos::Center));
    style.color = paint.sentinel().to_backend_color();
    style
}

/// The root with its names, and every element with tokens for sentinels and without attributes that say nothing.
fn finish(raw: &str, names: Names, size: (i32, i32)) -> String {
    let (id, (w, h)) = (names.id, size);
    let title = escape(&cut(names.title, MOST_CHARACTERS));
    let description = escape(&cut(names.description, MOST_CHARACTERS * 2));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"dg-chart\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
         font-family=\"system-ui,sans-serif\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\n\
         <title id=\"{id}-t\">{title}</title>\n<desc id=\"{id}-d\">{description}</desc>\n"
    );
    // Texts hold no `<`: the backend escapes them.
    for piece in raw.split('<').skip(2) {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        if tag.starts_with("/svg") {
            break;
        }
        out.push('<');
        element(tag, &mut out);
        out.push('>');
        out += text.trim();
        if !tag.starts_with("text") {
            out.push('\n');
        }
    }
    out + "</svg>"
}

fn element(tag: &str, out: &mut String) {
    let name_end = tag.find(' ').unwrap_or(tag.len());
    let (name, mut rest) = tag.split_at(name_end);
    *out += name;
    while let Some((key, after)) = rest.split_once("=\"") {
        let Some((value, next)) = after.split_once('"') else { break };
        rest = next;
        let key = key.trim();
        if says_nothing(key, value) {
            continue;
        }
        let value = match key {
            "font-size" => value.parse::<f64>().map_or_else(|_| value.to_owned(), |v| format!("{v:.0}")),
            _ => rewrite(value).unwrap_or_else(|| value.trim().to_owned()),
        };
        *out += &format!(" {key}=\"{value}\"");
    }
    if tag.ends_with('/') && name_end < tag.len() {
        out.push('/');
    }
}

/// Whether an attribute only repeats what holds without it.
fn says_nothing(key: &str, value: &str) -> bool {
    matches!((key, value), ("opacity" | "stroke-width", "1") | ("stroke", "none") | ("font-family", _))
}
