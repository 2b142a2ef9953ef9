//! Tables without rules: columns two spaces apart, the last one wrapped where the terminal ends.

use super::format::{Tone, paint};
use unicode_width::UnicodeWidthStr;

/// One cell.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A cell that stands out.
    pub fn toned(text: impl Into<String>, tone: Tone) -> Cell {
        Cell { text: text.into(), tone }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell { text, tone: Tone::Plain }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell { text: text.to_owned(), tone: Tone::Plain }
    }
}

/// On which side a column is flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    indent: usize,
    heads: Vec<(String, Align)>,
    rows: Vec<Vec<Cell>>,
}

const GAP: usize = 2;
/// A last column narrower than this moves to a line of its own.
const NARROWEST: usize = 24;

impl Table {
    /// A table with these columns. Where every head is empty, none is printed.
    pub fn new(heads: &[(&str, Align)]) -> Table {
        Table { indent: 2, heads: heads.iter().map(|(h, a)| ((*h).to_owned(), *a)).collect(), rows: Vec::new() }
    }

    /// Adds a row; missing cells are empty.
    pub fn row<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        let mut row: Vec<Cell> = cells.into_iter().map(Into::into).collect();
        row.resize(self.heads.len(), Cell::default());
        self.rows.push(row);
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Columns the whole table needs on one line a row.
    pub fn natural_width(&self) -> usize {
        let widths = self.widths();
        self.indent + widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.heads.iter().map(|(h, _)| h.width()).collect();
        for row in &self.rows {
            for (w, cell) in widths.iter_mut().zip(row) {
                *w = (*w).max(cell.text.width());
            }
        }
        widths
    }

    /// The lines, without those of the named columns, first named first, that do not fit.
    pub fn render_without(mut self, spare: &[&str], width: usize) -> String {
        for name in spare {
            if self.natural_width() <= width {
                break;
            }
            if let Some(at) = self.heads.iter().position(|(h, _)| h == name) {
                self.heads.remove(at);
                self.rows.iter_mut().for_each(|row| drop(row.remove(at)));
            }
        }
        self.render(width)
    }

    /// The lines, each ended.
    pub fn render(&self, width: usize) -> String {
        let widths = self.widths();
        let mut out = String::new();
        if self.heads.iter().any(|(h, _)| !h.is_empty()) {
            let head: Vec<Cell> = self.heads.iter().map(|(h, _)| Cell::toned(h.clone(), Tone::Faint)).collect();
            self.line(&mut out, &head, &widths, width);
        }
        for row in &self.rows {
            self.line(&mut out, row, &widths, width);
        }
        out
    }

    fn line(&self, out: &mut String, row: &[Cell], widths: &[usize], width: usize) {
        let Some(last) = row.len().checked_sub(1) else { return };
        let mut column = self.indent;
        let mut line = " ".repeat(self.indent);
        for (i, cell) in row.iter().enumerate() {
            let (w, align) = (widths.get(i).copied().unwrap_or(0), self.heads.get(i).map_or(Align::Left, |h| h.1));
            let pad = " ".repeat(w.saturating_sub(cell.text.width()));
            if i < last {
                match align {
                    Align::Left => line += &format!("{}{pad}{}", paint(cell.tone, &cell.text), " ".repeat(GAP)),
                    Align::Right => line += &format!("{pad}{}{}", paint(cell.tone, &cell.text), " ".repeat(GAP)),
                }
                column += w + GAP;
            } else if align == Align::Right {
                line += &format!("{pad}{}", paint(cell.tone, &cell.text));
            } else {
                Self::last(&mut line, cell, column, self.indent + 4, width);
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }

    /// The last column: on the line, wrapped below itself, or below the line where too little is left.
    fn last(line: &mut String, cell: &Cell, column: usize, fallback: usize, width: usize) {
        if cell.text.width() <= width.saturating_sub(column) {
            line.push_str(&paint(cell.tone, &cell.text));
            return;
        }
        let own_line = width.saturating_sub(column) < NARROWEST;
        let start = if own_line { fallback } else { column };
        if own_line {
            line.truncate(line.trim_end().len());
            *line += &format!("\n{}", " ".repeat(start));
        }
        let pieces = wrap(&cell.text, width.saturating_sub(start).max(NARROWEST / 2));
        for (i, piece) in pieces.iter().enumerate() {
            if i > 0 {
                *line += &format!("\n{}", " ".repeat(start));
            }
            line.push_str(&paint(cell.tone, piece));
        }
    }
}

/// Breaks text at spaces into lines of at most `width` columns; a longer word stays whole.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// Wraps a paragraph behind an indent: the first line behind `first`, the others behind as many spaces.
pub fn paragraph(first: &str, text: &str, width: usize) -> String {
    let indent = " ".repeat(first.width());
    let lines = wrap(text, width.saturating_sub(first.width()).max(NARROWEST));
    let mut out = String::new();
    for (i, line) in lines.iter().enumerate() {
        out += if i == 0 { first } else { &indent };
        out += line;
        out.push('\n');
    }
    out
}

/// `key  value` lines with the keys faint and flush.
pub fn facts<V: Into<Cell>>(pairs: impl IntoIterator<Item = (&'static str, V)>, width: usize) -> String {
    let mut table = Table::new(&[("", Align::Left), ("", Align::Left)]);
    for (key, value) in pairs {
        table.row([Cell::toned(key, Tone::Faint), value.into()]);
    }
    table.render(width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn sample() -> Table {
        let mut t = Table::new(&[("rule", Align::Left), ("value", Align::Right), ("reason", Align::Left)]);
        t.row(["accuracy", "0.9070", "accuracy is 0.9070, at least 0.8 was asked for"]);
        t.row(["größe", "12.5000", "short"]);
        t
    }

    #[test]
    fn columns_are_flush_by_what_is_seen() {
        assert_eq!(
            plain(&sample().render(usize::MAX)),
            "  rule        value  reason\n  accuracy   0.9070  accuracy is 0.9070, at least 0.8 was asked for\n  größe     12.5000  short\n"
        );
    }

    #[test]
    fn the_last_column_wraps_below_itself() {
        assert_eq!(
            plain(&sample().render(50)),
            "  rule        value  reason\n  accuracy   0.9070  accuracy is 0.9070, at least\n                     0.8 was asked for\n  größe     12.5000  short\n"
        );
    }

    #[test]
    fn a_narrow_terminal_gives_the_last_column_its_own_line() {
        let text = plain(&sample().render(40));
        assert!(
            text.contains("  accuracy   0.9070\n      accuracy is 0.9070, at least 0.8\n      was asked for\n"),
            "{text}"
        );
        assert!(text.lines().all(|l| l.width() <= 40), "{text}");
    }

    #[test]
    fn columns_that_can_be_spared_go_first() {
        let text = plain(&sample().render_without(&["reason", "value"], 40));
        assert_eq!(text, "  rule        value\n  accuracy   0.9070\n  größe     12.5000\n");
        assert_eq!(plain(&sample().render_without(&["reason"], 200)), plain(&sample().render(200)));
    }

    #[test]
    fn paragraphs_hang_behind_their_first_word() {
        assert_eq!(
            paragraph("hint: ", "one two three four five six", 30),
            "hint: one two three four five\n      six\n"
        );
    }
}
