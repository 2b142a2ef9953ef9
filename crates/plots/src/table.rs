//! The numbers behind a chart.

use crate::number::number;
use crate::text::{cut, escape};

/// Most characters of a text in a page's table.
const MOST_CHARACTERS: usize = 120;

/// A cell of a [`ChartTable`].
#[derive(Debug, Clone, PartialEq)]
pub enum ChartCell {
    /// A text, as it is in the data.
    Text(String),
    /// A number.
    Number(f64),
    /// Nothing.
    Missing,
}

impl From<&str> for ChartCell {
    fn from(text: &str) -> Self {
        ChartCell::Text(text.to_owned())
    }
}

impl From<f64> for ChartCell {
    fn from(value: f64) -> Self {
        if value.is_finite() { ChartCell::Number(value) } else { ChartCell::Missing }
    }
}

impl From<Option<f64>> for ChartCell {
    fn from(value: Option<f64>) -> Self {
        value.map_or(ChartCell::Missing, ChartCell::from)
    }
}

/// The table of the numbers that a chart shows: whoever cannot see the chart, or wants to compute on, has the same.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartTable {
    /// One for each column.
    pub headers: Vec<String>,
    /// As many cells each as there are headers; the first one names the row.
    pub rows: Vec<Vec<ChartCell>>,
}

impl ChartTable {
    pub(crate) fn new<const N: usize>(headers: [&str; N]) -> ChartTable {
        ChartTable { headers: headers.map(str::to_owned).to_vec(), rows: Vec::new() }
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [ChartCell; N]) {
        self.rows.push(cells.to_vec());
    }

    /// As CSV (RFC 4180): numbers with all their digits, texts as they are.
    pub fn to_csv(&self) -> String {
        let mut out = String::new();
        let headers: Vec<String> = self.headers.iter().map(|h| csv_field(h)).collect();
        out += &headers.join(",");
        out += "\r\n";
        for row in &self.rows {
            let cells: Vec<String> = row
                .iter()
                .map(|c| match c {
                    ChartCell::Text(text) => csv_field(text),
                    ChartCell::Number(v) => v.to_string(),
                    ChartCell::Missing => String::new(),
                })
                .collect();
            out += &cells.join(",");
            out += "\r\n";
        }
        out
    }

    /// As an HTML table with a caption: numbers rounded, texts escaped and cut.
    pub fn to_html(&self, caption: &str) -> String {
        let mut out = format!("<table><caption>{}</caption><thead><tr>", escape(&cut(caption, MOST_CHARACTERS)));
        for header in &self.headers {
            out += &format!("<th scope=\"col\">{}</th>", escape(&cut(header, MOST_CHARACTERS)));
        }
        out += "</tr></thead><tbody>\n";
        for row in &self.rows {
            out += "<tr>";
            for (i, c) in row.iter().enumerate() {
                let text = match c {
                    ChartCell::Text(text) => escape(&cut(text, MOST_CHARACTERS)),
                    ChartCell::Number(v) => number(Some(*v)),
                    ChartCell::Missing => "—".into(),
                };
                out += &if i == 0 { format!("<th scope=\"row\">{text}</th>") } else { format!("<td>{text}</td>") };
            }
            out += "</tr>\n";
        }
        out + "</tbody></table>"
    }
}

fn csv_field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_keeps_what_a_page_cuts() {
        let mut table = ChartTable::new(["category", "share"]);
        table.row(["a,\"b\"".into(), 0.1234567.into()]);
        table.row([ChartCell::Text("x".repeat(300)), f64::NAN.into()]);
        let csv = table.to_csv();
        assert!(csv.starts_with("category,share\r\n\"a,\"\"b\"\"\",0.1234567\r\n"), "{csv}");
        assert!(csv.ends_with(&format!("{},\r\n", "x".repeat(300))));
        let html = table.to_html("<t>");
        assert!(
            html.contains("<caption>&lt;t&gt;</caption>")
                && html.contains("<th scope=\"row\">a,&quot;b&quot;</th><td>0.1235</td>")
        );
        assert!(html.len() < 700);
    }
}
