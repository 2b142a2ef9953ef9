//! A large text table into columns.

use super::blocks::{Block, Blocks};
use super::spill::{Meaning, Spill, SpilledColumn};
use super::{Faulty, Source, Streamed, Wanted};
use crate::cells::{Cells, FastMap, Reading, from_texts};
use crate::error::{Result, shown};
use crate::records::Lines;
use crate::typing::{LARGEST_EXACT, NullTexts, number};
use driftgate_determinism::Workers;
use driftgate_model::{ColumnType, ColumnValues, FileFormat, MISSING_CODE};
use polars::prelude::{NewChunkedArray, StringChunked};
use std::io::Read;

/// The values of one column in one block.
enum Part {
    Numbers(Vec<f64>),
    Texts { dictionary: Vec<String>, codes: Vec<u32> },
}

/// A column in one block, with what does not fit its type.
struct Parsed {
    part: Part,
    faulty: Faulty,
}

/// One wanted column while blocks come.
struct Growing {
    column: SpilledColumn,
    known: FastMap<String, u32>,
    dictionary: Vec<String>,
    faulty: Faulty,
}

/// Reads all of `input`, `size` bytes a block.
pub(super) fn read<R: Read + Send>(
    input: R,
    source: &Source,
    format: &FileFormat,
    wanted: &[Wanted],
    size: usize,
) -> Result<Streamed> {
    let mut blocks = Blocks::new(input, source.name, format, size)?;
    let places = super::positions(source.name, &blocks.header, wanted)?;
    let nulls = NullTexts::new(&format.null_values);
    let reading = Reading { nulls: &nulls, decimal: if format.decimal == ',' { b',' } else { b'.' } };
    let spill = Spill::create(source.folder)?;
    let mut growing: Vec<Growing> = wanted.iter().map(Growing::new).collect();
    let mut lines: Vec<(usize, Lines)> = Vec::new();
    Workers::run(source.threads, |workers| -> Result<()> {
        loop {
            let mut some = Vec::new();
            while some.len() < 2 * workers.threads() {
                source.cancel.check()?;
                match blocks.next()? {
                    Some(block) => some.push(block),
                    None => break,
                }
            }
            if some.is_empty() {
                return Ok(());
            }
            let parsed = workers.map(some.len(), |i| parse(&some[i], wanted, &places, &reading));
            for (block, columns) in some.iter().zip(parsed) {
                for (column, parsed) in growing.iter_mut().zip(columns) {
                    column.add(&spill, parsed)?;
                }
                lines.push((block.first, compact(&block.lines)));
            }
            (source.progress)(blocks.read(), source.size);
        }
    })?;
    let findings = blocks.findings();
    let rows = lines.last().map_or(0, |_| growing.first().map_or(0, |g| g.column.rows()));
    let place = |row: usize| {
        let at = lines.partition_point(|(first, _)| *first <= row).saturating_sub(1);
        match lines.get(at).and_then(|(first, lines)| lines.of(row - first)) {
            Some(line) => format!("row {} (line {line})", row + 1),
            None => format!("row {}", row + 1),
        }
    };
    let mut columns = Vec::with_capacity(growing.len());
    for (one, wanted) in growing.into_iter().zip(wanted) {
        columns.push(one.finish(&spill, wanted, &reading, &place)?);
    }
    Ok(Streamed { rows, names: blocks.header, findings, spill, columns })
}

/// Lines that follow one another need no list.
fn compact(lines: &Lines) -> Lines {
    match lines {
        Lines::Listed(list) => match list.first() {
            Some(&first) if list.iter().enumerate().all(|(i, l)| *l as usize == first as usize + i) => {
                Lines::Regular(u64::from(first))
            }
            _ => lines.clone(),
        },
        _ => lines.clone(),
    }
}

fn parse(block: &Block, wanted: &[Wanted], places: &[usize], reading: &Reading) -> Vec<Parsed> {
    // Whose field is the field number `i`; a column may be wanted twice.
    let last = places.iter().max().map_or(0, |p| p + 1);
    let mut whose: Vec<Vec<usize>> = vec![Vec::new(); last];
    places.iter().enumerate().for_each(|(k, &p)| whose[p].push(k));
    let mut columns: Vec<Column> = wanted.iter().map(|w| Column::new(w, block.rows)).collect();
    let bytes = block.text.as_bytes();
    let (mut at, mut row) = (0, 0);
    while row < block.rows {
        let end = memchr::memchr(block.terminator, &bytes[at..]).map_or(bytes.len(), |i| at + i);
        let mut from = at;
        for owners in &whose {
            let to = memchr::memchr(block.separator, &bytes[from..end]).map_or(end, |i| from + i);
            let text = block.text.get(from..to).unwrap_or_default().trim();
            for &k in owners {
                columns[k].take(text, reading, || (block.first + row, block.lines.of(row)));
            }
            from = (to + 1).min(end);
        }
        at = (end + 1).min(bytes.len());
        row += 1;
    }
    columns.into_iter().map(Column::done).collect()
}

/// One column of a block while its rows come.
struct Column<'t> {
    declared: Option<ColumnType>,
    numbers: Vec<f64>,
    known: FastMap<&'t str, u32>,
    dictionary: Vec<String>,
    codes: Vec<u32>,
    faulty: Faulty,
}

impl<'t> Column<'t> {
    fn new(wanted: &Wanted, rows: usize) -> Column<'t> {
        let is_number = matches!(wanted.declared, Some(ColumnType::Float | ColumnType::Int));
        Column {
            declared: wanted.declared,
            numbers: Vec::with_capacity(if is_number { rows } else { 0 }),
            known: FastMap::default(),
            dictionary: Vec::new(),
            codes: Vec::with_capacity(if is_number { 0 } else { rows }),
            faulty: Faulty::default(),
        }
    }

    #[inline]
    fn take(&mut self, text: &'t str, reading: &Reading, place: impl Fn() -> (usize, Option<u64>)) {
        let missing = reading.nulls.is_missing(text);
        let Some(declared @ (ColumnType::Float | ColumnType::Int)) = self.declared else {
            let code = if missing {
                MISSING_CODE
            } else {
                *self.known.entry(text).or_insert_with(|| {
                    self.dictionary.push(text.to_owned());
                    (self.dictionary.len() - 1) as u32
                })
            };
            self.codes.push(code);
            return;
        };
        let value = if missing { Ok(f64::NAN) } else { as_number(text, declared, reading.decimal) };
        self.numbers.push(value.unwrap_or_else(|infinite| {
            let (row, line) = place();
            let place = line.map_or_else(|| format!("row {}", row + 1), |l| format!("row {} (line {l})", row + 1));
            self.faulty.add(infinite, place, text);
            f64::NAN
        }));
    }

    fn done(self) -> Parsed {
        let part = match self.declared {
            Some(ColumnType::Float | ColumnType::Int) => Part::Numbers(self.numbers),
            _ => Part::Texts { dictionary: self.dictionary, codes: self.codes },
        };
        Parsed { part, faulty: self.faulty }
    }
}

/// The number that `text` is; `Err` says whether it is an infinite one.
fn as_number(text: &str, declared: ColumnType, decimal: u8) -> Result<f64, bool> {
    let int = declared == ColumnType::Int;
    let n = number(text, decimal).filter(|n| !(n.rounded && int)).ok_or(false)?;
    if n.value.is_infinite() {
        return Err(true);
    }
    let broken = int && !n.value.is_nan() && (n.value.fract() != 0.0 || n.value.abs() > LARGEST_EXACT);
    if broken { Err(false) } else { Ok(n.value) }
}

impl Growing {
    fn new(wanted: &Wanted) -> Growing {
        let meaning = match wanted.declared {
            Some(ColumnType::Float | ColumnType::Int) => Meaning::Numbers,
            _ => Meaning::Texts(Vec::new()),
        };
        Growing {
            column: SpilledColumn::new(&wanted.name, meaning),
            known: FastMap::default(),
            dictionary: Vec::new(),
            faulty: Faulty::default(),
        }
    }

    fn add(&mut self, spill: &Spill, parsed: Parsed) -> Result<()> {
        self.faulty.join(parsed.faulty);
        match parsed.part {
            Part::Numbers(values) => self.column.add_numbers(spill, &values),
            Part::Texts { dictionary, mut codes } => {
                super::merge(&mut self.known, &mut self.dictionary, dictionary, &mut codes);
                self.column.add_codes(spill, &codes)
            }
        }
    }

    /// What the texts mean, now that all are known.
    fn finish(
        mut self,
        spill: &Spill,
        wanted: &Wanted,
        reading: &Reading,
        place: &dyn Fn(usize) -> String,
    ) -> Result<(SpilledColumn, Faulty, ColumnType)> {
        let declared = match wanted.declared {
            Some(declared @ (ColumnType::Float | ColumnType::Int)) => {
                return Ok((self.column, self.faulty, declared));
            }
            Some(ColumnType::String) => {
                self.column.meaning = Meaning::Texts(self.dictionary);
                return Ok((self.column, self.faulty, ColumnType::String));
            }
            other => other,
        };
        let texts = StringChunked::from_iter_values("".into(), self.dictionary.iter().map(String::as_str));
        let (seen, cells) = from_texts(wanted.name.clone(), false, texts, reading);
        let declared = declared.unwrap_or(seen.inferred);
        let (values, misfits) = cells.convert(declared, reading);
        let infinite = misfits.wrong.count == 0;
        if misfits.wrong.count + misfits.infinite.count > 0 {
            let is_nan = |k: usize| number(&self.dictionary[k], reading.decimal).is_some_and(|n| n.value.is_nan());
            let bad: Vec<bool> = (0..values.len()).map(|k| values.is_missing(k) && !is_nan(k)).collect();
            let (faulty, dictionary) = (&mut self.faulty, &self.dictionary);
            self.column.each_codes(spill, |first, codes| {
                for (i, code) in codes.iter().enumerate() {
                    if bad.get(*code as usize).copied().unwrap_or(false) {
                        faulty.add(infinite, place(first + i), &dictionary[*code as usize]);
                    }
                }
            })?;
        }
        self.column.meaning = match (values, cells) {
            (ColumnValues::Number(values), _) => Meaning::Valued(values),
            (ColumnValues::Text { dictionary, codes }, Cells::Texts { .. } | Cells::Numbers { .. }) => {
                Meaning::Renamed { codes, dictionary }
            }
        };
        Ok((self.column, self.faulty, declared))
    }
}

impl Faulty {
    fn add(&mut self, infinite: bool, place: String, value: &str) {
        let (count, first) = if infinite { &mut self.infinite } else { &mut self.wrong };
        *count += 1;
        first.get_or_insert_with(|| (place, shown(value)));
    }

    fn join(&mut self, other: Faulty) {
        for (mine, theirs) in [(&mut self.wrong, other.wrong), (&mut self.infinite, other.infinite)] {
            mine.0 += theirs.0;
            if mine.1.is_none() {
                mine.1 = theirs.1;
            }
        }
    }
}
