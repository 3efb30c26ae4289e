//! Books as values for the form. Text is handed over as text and never becomes markup.

use typst::foundations::{Array, Bytes, Dict, Str, Value};

use crate::book::{Book, CellText, Item, Picture, Row, Section, Table};
use crate::fonts::Fonts;
use crate::paper::{BOTTOM, Paper, SIDE, TOP};
use crate::widths::{CELL_MARGIN, Fit, pieces, width};

/// The size of sentences in pt.
const TEXT_SIZE: f64 = 10.5;

/// What several books in one file are called.
pub(crate) const BOUND: &str = "報告書一式";

/// What the form reads as `sys.inputs`.
pub(super) fn inputs(books: &[Book], title: &str, fonts: &Fonts) -> Dict {
    let bound = match books {
        [_] => Value::None,
        _ => bound(books),
    };
    let items = || {
        books
            .iter()
            .flat_map(|book| &book.sections)
            .flat_map(|section| &section.items)
    };
    dict([
        ("title", text(title)),
        ("depth", Value::Int(i64::from(books.len() != 1))),
        ("bound", bound),
        ("books", array(books.iter().map(of_book))),
        (
            "tables",
            Value::Bool(items().any(|item| matches!(item, Item::Table(_)))),
        ),
        (
            "charts",
            Value::Bool(items().any(|item| matches!(item, Item::Chart(_)))),
        ),
        (
            "gothic",
            array(fonts.gothic().iter().map(|name| text(name))),
        ),
        (
            "mincho",
            array(fonts.mincho().iter().map(|name| text(name))),
        ),
        ("upright", paper(Paper::A4)),
        ("margins", margins()),
    ])
}

fn margins() -> Value {
    let of = [
        ("side", SIDE),
        ("top", TOP),
        ("bottom", BOTTOM),
        ("cell", CELL_MARGIN),
    ];
    Value::Dict(dict(of.map(|(name, length)| (name, Value::Float(length)))))
}

/// The cover of several books in one file.
fn bound(books: &[Book]) -> Value {
    let first = books.first();
    let month = first.map_or("", |book| &book.month);
    let of_first = |of: fn(&Book) -> &str| text(first.map_or("", of));
    Value::Dict(dict([
        ("name", text(BOUND)),
        ("running", text(&format!("{BOUND}\u{3000}{month}分"))),
        ("month", of_first(|book| &book.month)),
        ("classification", of_first(|book| &book.classification)),
        ("draft", Value::Bool(books.iter().any(|book| book.draft))),
        ("cover", array(books.iter().map(listed))),
        ("seals", array([])),
    ]))
}

fn listed(book: &Book) -> Value {
    let edition = book.cover.iter().find(|(name, _)| *name == "版");
    let edition = edition.map_or("", |(_, edition)| edition);
    array([text(&book.name), text(edition)])
}

fn of_book(book: &Book) -> Value {
    let cover = book
        .cover
        .iter()
        .map(|(name, value)| array([text(name), text(value)]));
    Value::Dict(dict([
        ("name", text(&book.name)),
        ("running", text(&book.running())),
        ("month", text(&book.month)),
        ("classification", text(&book.classification)),
        ("draft", Value::Bool(book.draft)),
        ("cover", array(cover)),
        ("seals", array(book.seals.iter().map(|seal| text(seal)))),
        (
            "revisions",
            book.revisions.as_ref().map_or(Value::None, of_table),
        ),
        ("sections", array(book.sections.iter().map(of_section))),
    ]))
}

fn of_section(section: &Section) -> Value {
    let items = section
        .items
        .iter()
        .map(|item| of_item(item, section.paper));
    Value::Dict(dict([
        ("paper", paper(section.paper)),
        ("items", array(items)),
    ]))
}

fn paper(paper: Paper) -> Value {
    let (width, height) = paper.size();
    Value::Dict(dict([
        ("width", Value::Float(width)),
        ("height", Value::Float(height)),
    ]))
}

fn of_item(item: &Item, paper: Paper) -> Value {
    let room = paper.text_width() / TEXT_SIZE - 2.0;
    let parts = match item {
        Item::Chapter {
            text: title,
            begins_page,
        } => dict([
            ("kind", text("chapter")),
            ("text", text(title)),
            ("breaks", Value::Bool(*begins_page)),
        ]),
        Item::Heading { level, text: of } => dict([
            ("kind", text("heading")),
            ("level", Value::Int(i64::from(*level))),
            ("text", text(of)),
        ]),
        Item::Text(of) => dict([("kind", text("text")), ("text", lines(of, room))]),
        Item::Remark { text: of, by } => dict([
            ("kind", text("remark")),
            ("text", lines(of, room)),
            ("by", text(by)),
        ]),
        Item::Table(table) => return of_table(table),
        Item::Chart(chart) => of_chart(chart, paper),
    };
    Value::Dict(parts)
}

fn of_table(table: &Table) -> Value {
    let heads = table.heads.iter().enumerate();
    let notes_room = table.fit.paper.text_width() / TEXT_SIZE;
    Value::Dict(dict([
        ("kind", text("table")),
        ("caption", text(&table.caption())),
        ("size", Value::Float(table.fit.size)),
        (
            "widths",
            array(table.fit.widths.iter().map(|width| Value::Float(*width))),
        ),
        (
            "heads",
            array(heads.map(|(at, head)| lines(head, table.fit.room(at)))),
        ),
        (
            "rows",
            array(table.rows.iter().map(|row| of_row(row, &table.fit))),
        ),
        (
            "notes",
            array(table.notes.iter().map(|note| lines(note, notes_room))),
        ),
        ("above", Value::Bool(table.notes_above)),
    ]))
}

fn of_row(row: &Row, fit: &Fit) -> Value {
    let cells = row.cells.iter().enumerate();
    Value::Dict(dict([
        ("total", Value::Bool(row.total)),
        ("kept", Value::Bool(row.kept_together)),
        (
            "cells",
            array(cells.map(|(at, cell)| of_cell(cell, fit.room(at)))),
        ),
    ]))
}

fn of_cell(cell: &CellText, room: f64) -> Value {
    Value::Dict(dict([
        ("right", Value::Bool(cell.right)),
        ("text", lines(&cell.text, room)),
    ]))
}

fn of_chart(chart: &Picture, paper: Paper) -> Dict {
    dict([
        ("kind", text("chart")),
        ("caption", text(&chart.caption())),
        ("alt", text(&chart.alt)),
        ("svg", Value::Bytes(Bytes::from_string(chart.svg.clone()))),
        ("width", Value::Float(paper.text_width())),
    ])
}

/// The lines of a text as the form takes them. Blanks stand for tabs, which no font draws.
fn lines(of: &str, room: f64) -> Value {
    let of = of.replace('\t', "    ");
    if width(&of) <= room && !of.contains('\n') {
        return array([array([text(&of)])]);
    }
    let lines = pieces(&of, room).into_iter();
    array(lines.map(|line| array(line.iter().map(|piece| text(piece)))))
}

fn text(of: &str) -> Value {
    Value::Str(Str::from(of))
}

fn array(values: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(values.into_iter().collect::<Array>())
}

fn dict<const N: usize>(entries: [(&str, Value); N]) -> Dict {
    entries
        .into_iter()
        .map(|(name, value)| (Str::from(name), value))
        .collect()
}
