//! A column of a table as columns for machines: the number, its unit where it differs, its A and B, the
//! reason where there is none.

use std::collections::BTreeSet;

use madoguchi_core::era::EraYear;

use crate::cell_text::{CellText, code_points, pieces};
use crate::document::{DocCell, DocTable, Figure, Value};
use crate::forms::numbers::{Kind, Number, of_cell};
use crate::forms::width::width;
use crate::table::Cell;

/// The widest column, in letters.
const WIDTH_AT_MOST: usize = 60;

/// A column that is built.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Built {
    /// Its name with the unit.
    pub(super) name: String,
    /// A cell for each row.
    pub(super) cells: Vec<Cell>,
    /// Rows, from 0, of which something should be known.
    pub(super) notes: Vec<(usize, String)>,
}

impl Built {
    /// A column of cells.
    pub(super) fn new(name: &str, cells: Vec<Cell>) -> Self {
        Self {
            name: CellText::new(name).text.trim().replace('\n', " "),
            cells,
            notes: Vec::new(),
        }
    }

    /// A column of texts, and further ones where a text is longer than a cell.
    pub(super) fn texts(name: &str, texts: Vec<Option<String>>) -> Vec<Self> {
        let mut columns = vec![Self::new(name, Vec::new())];
        for (row, text) in texts.iter().enumerate() {
            let (text, notes) = plain(text.as_deref().unwrap_or_default());
            let parts = pieces(&text);
            while columns.len() < parts.len() {
                let further = format!("{name} 続き{}", columns.len());
                columns.push(Self::new(&further, vec![Cell::Empty; row]));
            }
            let is_long = parts.len() > 1;
            let mut parts = parts.into_iter();
            for column in &mut columns {
                let part = parts.next().unwrap_or_default();
                column.cells.push(text_cell(part));
            }
            if let Some(first) = columns.first_mut() {
                first
                    .notes
                    .extend(notes.into_iter().map(|note| (row, note)));
                if is_long {
                    first
                        .notes
                        .push((row, "長いため、右の「続き」の列に続く。".to_owned()));
                }
            }
        }
        columns
    }

    /// In letters.
    pub(super) fn width(&self) -> u16 {
        let cells = self.cells.iter().map(|cell| match cell {
            Cell::Text(text) => width(text),
            Cell::Number(number) => number.to_string().len(),
            Cell::Instant(_) => 20,
            Cell::Date(_) => 11,
            Cell::Empty => 0,
        });
        let widest = cells.chain([width(&self.name)]).max().unwrap_or(0);
        u16::try_from(widest.clamp(6, WIDTH_AT_MOST) + 2).unwrap_or(u16::MAX)
    }
}

/// The columns of one column of a table.
pub(super) fn build(table: &DocTable, at: usize) -> Vec<Built> {
    let Some(column) = table.columns.get(at) else {
        return Vec::new();
    };
    let cells: Vec<_> = table.rows.iter().map(|row| row.cells.get(at)).collect();
    let numbers: Vec<_> = cells.iter().map(|cell| of_cell((*cell)?)).collect();
    let name = column.name.as_str();
    let is_number = cells
        .iter()
        .flatten()
        .any(|cell| matches!(cell, DocCell::Figure(_)))
        || numbers.iter().any(Option::is_some);
    let mut built = Vec::new();
    if is_number {
        built.extend(number_columns((name, column.unit.as_deref()), &numbers));
        built.extend(part_columns(name, &cells));
    } else if cells.iter().flatten().any(|cell| is_time(cell)) {
        built.push(Built::new(
            &column.heading(),
            cells.iter().map(|cell| time(*cell)).collect(),
        ));
    }
    let texts: Vec<_> = cells
        .iter()
        .zip(&numbers)
        .map(|(cell, number)| text(*cell, *number))
        .collect();
    if built.is_empty() {
        let months = months(name, table, &texts);
        built.extend(Built::texts(&column.heading(), texts));
        built.extend(months);
    } else if texts.iter().flatten().any(|text| !text.trim().is_empty()) {
        built.extend(Built::texts(&format!("{name} 文字"), texts));
    }
    built.extend(said(
        &format!("{name} 空欄の理由"),
        cells.iter().map(|cell| reason((*cell)?)),
    ));
    built.extend(said(
        &format!("{name} 出所"),
        cells.iter().map(|cell| source((*cell)?)),
    ));
    built
}

/// The columns that name the rows: their codes, and which of them sum up.
pub(super) fn of_rows(table: &DocTable) -> Vec<Built> {
    let codes = table.rows.iter().map(|row| text_cell(row.id.trim()));
    let mut built = vec![Built::new("行コード", codes.collect())];
    if table.rows.iter().any(|row| row.total) {
        let kinds = table
            .rows
            .iter()
            .map(|row| if row.total { "合計" } else { "明細" });
        built.push(Built::new("行の種別", kinds.map(text_cell).collect()));
    }
    built
}

/// The unit of a number for machines.
pub(super) fn unit(kind: Kind, unit: Option<&str>) -> Option<&str> {
    match kind {
        Kind::Percent => Some("％"),
        Kind::Seconds => Some("秒"),
        Kind::Count | Kind::Decimal => unit,
    }
}

fn number_columns((name, of): (&str, Option<&str>), numbers: &[Option<Number>]) -> Vec<Built> {
    let units: BTreeSet<_> = numbers
        .iter()
        .flatten()
        .map(|number| unit(number.kind, of))
        .collect();
    let cells = numbers.iter().map(|number| number_cell(*number)).collect();
    match (units.len(), units.first().copied().flatten().or(of)) {
        (0 | 1, Some(unit)) => vec![Built::new(&format!("{name}（{unit}）"), cells)],
        (0 | 1, None) => vec![Built::new(name, cells)],
        _ => {
            let units = numbers
                .iter()
                .map(|number| number.and_then(|of_row| unit(of_row.kind, of)));
            let units = units.map(|unit| unit.map_or(Cell::Empty, Cell::from));
            vec![
                Built::new(name, cells),
                Built::new(&format!("{name} 単位"), units.collect()),
            ]
        }
    }
}

/// A and B of rates and means. The sum of lengths of time is in seconds, as the mean is.
fn part_columns(name: &str, cells: &[Option<&DocCell>]) -> Vec<Built> {
    let figures: Vec<_> = cells.iter().map(|cell| figure((*cell)?)).collect();
    if !figures
        .iter()
        .flatten()
        .any(|figure| figure.parts.is_some())
    {
        return Vec::new();
    }
    let is_time = |figure: &Figure| matches!(figure.value, Value::Duration(_));
    let all_times = figures.iter().flatten().all(|figure| is_time(figure));
    let a = figures
        .iter()
        .map(|figure| Some((*figure)?.parts?.a as f64));
    let b = figures.iter().map(|figure| {
        let figure = (*figure)?;
        let b = figure.parts?.b as f64;
        Some(if is_time(figure) { b / 1000.0 } else { b })
    });
    let cell = |number: Option<f64>| number.map_or(Cell::Empty, Cell::Number);
    let unit = if all_times { "（秒）" } else { "" };
    vec![
        Built::new(&format!("{name} A"), a.map(cell).collect()),
        Built::new(&format!("{name} B{unit}"), b.map(cell).collect()),
    ]
}

/// 年月 as ISO 8601, if the texts are months of an era.
fn months(name: &str, table: &DocTable, texts: &[Option<String>]) -> Option<Built> {
    let rows = || table.rows.iter().zip(texts).filter(|(row, _)| !row.total);
    let month = |text: &Option<String>| text.as_deref().and_then(iso_month);
    let all_are = rows().count() > 0 && rows().all(|(_, text)| month(text).is_some());
    all_are.then(|| {
        let cells = texts.iter().map(month);
        let cells = cells.map(|month| month.map_or(Cell::Empty, Cell::Text));
        Built::new(&format!("{name}（ISO 8601）"), cells.collect())
    })
}

/// 令和6年4月 as 2024-04, 令和元年5月 as 2019-05.
fn iso_month(text: &str) -> Option<String> {
    let (year, month) = text.trim().strip_suffix('月')?.split_once('年')?;
    let digits = year.find(|letter: char| letter.is_ascii_digit() || letter == '元')?;
    let (era, year) = year.split_at(digits);
    let year = if year == "元" { 1 } else { year.parse().ok()? };
    let year = EraYear::western(EraYear::letter_of(era)?, year)?;
    let month: u32 = month.parse().ok()?;
    (1..=12)
        .contains(&month)
        .then(|| format!("{year:04}-{month:02}"))
}

/// A column of what is said of some of the cells; none if of none.
fn said<'a>(name: &str, texts: impl Iterator<Item = Option<&'a str>>) -> Vec<Built> {
    let texts: Vec<_> = texts.map(|text| text.map(str::to_owned)).collect();
    if texts.iter().all(Option::is_none) {
        return Vec::new();
    }
    Built::texts(name, texts)
}

/// A number in its unit.
pub(super) fn number_cell(number: Option<Number>) -> Cell {
    number.map_or(Cell::Empty, |number| Cell::Number(number.value))
}

/// Text as cells for machines hold it, and what should be known of it.
fn plain(text: &str) -> (String, Vec<String>) {
    let cell = CellText::new(text);
    let trimmed = cell.text.trim();
    let mut notes = Vec::new();
    if !cell.removed.is_empty() {
        let letters = code_points(&cell.removed);
        notes.push(format!("表に書けない文字({letters})を除いた。"));
    }
    if !cell.private.is_empty() {
        let letters = code_points(&cell.private);
        notes.push(format!(
            "外字({letters})を含む。ほかの機器では別の文字に見えることがある。"
        ));
    }
    if trimmed.len() < cell.text.len() {
        notes.push("前後の空白を除いた。".to_owned());
    }
    (trimmed.to_owned(), notes)
}

fn text_cell(text: &str) -> Cell {
    if text.is_empty() {
        Cell::Empty
    } else {
        text.into()
    }
}

fn text(cell: Option<&DocCell>, number: Option<Number>) -> Option<String> {
    match cell? {
        DocCell::Text { text } => Some(text.clone()),
        DocCell::Published { text, .. } if number.is_none() => Some(text.clone()),
        _ => None,
    }
}

fn is_time(cell: &DocCell) -> bool {
    matches!(cell, DocCell::Date { .. } | DocCell::Time { .. })
}

fn time(cell: Option<&DocCell>) -> Cell {
    match cell {
        Some(DocCell::Date { date }) => Cell::Date(*date),
        Some(DocCell::Time { at }) => Cell::Instant(*at),
        _ => Cell::Empty,
    }
}

fn figure(cell: &DocCell) -> Option<&Figure> {
    match cell {
        DocCell::Figure(figure) => Some(figure),
        _ => None,
    }
}

fn reason(cell: &DocCell) -> Option<&str> {
    match &figure(cell)?.value {
        Value::None(reason) => Some(reason),
        _ => None,
    }
}

fn source(cell: &DocCell) -> Option<&str> {
    match cell {
        DocCell::Published { source, .. } => Some(source),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_of_an_era_is_told_by_iso_8601() {
        for (text, month) in [
            ("令和6年4月", Some("2024-04")),
            ("令和元年5月", Some("2019-05")),
            ("平成31年4月", Some("2019-04")),
            ("令和7年12月", Some("2025-12")),
            ("計", None),
            ("令和6年13月", None),
            ("2024年4月", None),
            ("令和6年", None),
        ] {
            assert_eq!(iso_month(text).as_deref(), month, "{text}");
        }
    }

    /// S11
    #[test]
    fn text_longer_than_a_cell_goes_on_in_a_column_of_its_own() {
        let long = "髙".repeat(40_000);
        let texts = vec![Some("短い".to_owned()), Some(long.clone()), None];
        let columns = Built::texts("回答", texts);
        assert_eq!(columns.len(), 2);
        assert_eq!(columns[1].name, "回答 続き1");
        assert!(columns.iter().all(|column| column.cells.len() == 3));
        let (Cell::Text(first), Cell::Text(rest)) = (&columns[0].cells[1], &columns[1].cells[1])
        else {
            panic!("no text");
        };
        assert_eq!(format!("{first}{rest}"), long);
        assert_eq!(
            columns[0].notes,
            [(1, "長いため、右の「続き」の列に続く。".to_owned())]
        );
        assert_eq!(columns[1].cells[0], Cell::Empty);
    }

    #[test]
    fn blanks_around_a_text_are_taken_away_and_told() {
        let columns = Built::texts("名", vec![Some("　令和 6年\n".to_owned())]);
        assert_eq!(columns[0].cells, ["令和 6年".into()]);
        assert_eq!(columns[0].notes, [(0, "前後の空白を除いた。".to_owned())]);
    }
}
