//! Where everything of a workbook will stand: names of sheets and places of what links lead to are known
//! before anything is written.

use std::collections::HashMap;
use std::sync::Arc;

use rust_xlsxwriter::utility::row_col_to_cell;

use super::titles::{Titles, figures, selection};
use crate::document::{Block, Chapter, Chart, ChartKind, Document, Drill, Figure};
use crate::forms::names::{SheetNames, quoted};
use crate::forms::plot::Plot;

/// Where rows of proofs begin: below the title and the names of columns.
pub(super) const PROOF_TOP: u32 = 3;

/// Names and places.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) cover: String,
    pub(super) revisions: Option<String>,
    pub(super) chapters: Vec<ChapterPlan>,
    /// 図の元データ
    pub(super) sources: Option<String>,
    pub(super) charts: Vec<ChartPlan>,
    /// 根拠: a row for each figure.
    pub(super) proof: Option<String>,
    /// 根拠の明細: the calls and tickets of each selection.
    pub(super) details: Vec<String>,
    /// What figures and selections are called.
    pub(super) titles: Titles,
    /// The sheet of a selection, by its number, and its first row.
    selections: HashMap<String, (usize, u32)>,
    pub(super) notes: String,
}

/// The sheets of a chapter.
#[derive(Debug)]
pub(super) struct ChapterPlan {
    /// Its sentences, remarks and charts; none if it has tables alone.
    pub(super) text: Option<String>,
    /// A sheet a table, in order.
    pub(super) tables: Vec<String>,
}

/// Where the numbers of a chart stand.
#[derive(Debug)]
pub(super) struct ChartPlan {
    pub(super) id: String,
    pub(super) plot: Plot,
    /// The row of its caption; names and numbers follow.
    pub(super) top: u32,
}

impl Plan {
    /// The plan of a book, of sheets with at most so many rows.
    pub(super) fn new(
        document: &Document,
        drill: &Drill,
        names: &mut SheetNames,
        rows_at_most: u32,
    ) -> Self {
        let cover = names.add("表紙");
        let revisions = (!document.revisions.is_empty()).then(|| names.add("改版履歴"));
        let chapters = document.chapters.iter();
        let chapters = chapters
            .map(|chapter| chapter_plan(chapter, names))
            .collect();
        let charts = chart_plans(document);
        let sources = (!charts.is_empty()).then(|| names.add("図の元データ"));
        let proof = figures(document).next().map(|_| names.add("根拠"));
        let titles = Titles::of(document);
        let (selections, sheets) = selections(drill, &titles, rows_at_most);
        let details = (0..sheets).map(|_| names.add("根拠の明細")).collect();
        Self {
            cover,
            revisions,
            chapters,
            sources,
            charts,
            proof,
            details,
            titles,
            selections,
            notes: names.add("書き出しの注記"),
        }
    }

    /// Where the proof of a figure stands: its calls or tickets, or else its row of 根拠.
    pub(super) fn proof_of(&self, figure: &Figure, number: u32) -> Option<String> {
        let place = selection(figure).and_then(|name| self.selections.get(name));
        let Some((sheet, row)) = place else {
            return self.row_of_proof(number);
        };
        self.details.get(*sheet).map(|sheet| link(sheet, *row))
    }

    /// The sheet of the table of an id.
    pub(super) fn table(&self, document: &Document, id: &str) -> Option<&str> {
        let tables = self.chapters.iter().flat_map(|chapter| &chapter.tables);
        let mut tables = document.tables().zip(tables);
        tables
            .find(|((_, table), _)| table.id == id)
            .map(|(_, sheet)| sheet.as_str())
    }

    /// The place of a chart's numbers.
    pub(super) fn chart(&self, id: &str) -> Option<&ChartPlan> {
        self.charts.iter().find(|chart| chart.id == id)
    }

    fn row_of_proof(&self, number: u32) -> Option<String> {
        let sheet = self.proof.as_ref()?;
        Some(link(sheet, PROOF_TOP + number))
    }
}

/// A link to the beginning of a row of a sheet.
pub(super) fn link(sheet: &str, row: u32) -> String {
    format!("internal:{}!{}", quoted(sheet), row_col_to_cell(row, 0))
}

fn chapter_plan(chapter: &Chapter, names: &mut SheetNames) -> ChapterPlan {
    let has_text = chapter
        .blocks
        .iter()
        .any(|block| !matches!(block, Block::Table(_)));
    let text = has_text.then(|| names.add(&format!("{} {}", chapter.number, chapter.title)));
    let tables = chapter.blocks.iter().filter_map(|block| match block {
        Block::Table(table) => Some(names.add(&format!("{} {}", table.number, table.title))),
        _ => None,
    });
    ChapterPlan {
        text,
        tables: tables.collect(),
    }
}

/// The charts that are drawn; a 濃淡図 is the table itself.
fn chart_plans(document: &Document) -> Vec<ChartPlan> {
    let mut top = 1;
    let mut plans = Vec::new();
    for chart in charts(document).filter(|chart| chart.kind != ChartKind::HeatMap) {
        let Some(plot) = Plot::of(document, chart) else {
            continue;
        };
        let rows = u32::try_from(plot.labels.len()).unwrap_or(0);
        plans.push(ChartPlan {
            id: chart.id.clone(),
            plot,
            top,
        });
        top += rows + 3;
    }
    plans
}

/// The charts of a book.
pub(super) fn charts(document: &Document) -> impl Iterator<Item = &Chart> {
    let blocks = document.chapters.iter().flat_map(|chapter| &chapter.blocks);
    blocks.filter_map(|block| match block {
        Block::Chart(chart) => Some(chart),
        _ => None,
    })
}

/// The selections that prove figures of a book, with their titles; the index holds those of all books of the
/// month.
pub(super) fn own<'a>(
    drill: &'a Drill,
    titles: &'a Titles,
) -> impl Iterator<Item = (&'a String, &'a str, &'a [Arc<str>])> {
    let all = drill.selections.iter();
    all.filter_map(|(name, ids)| Some((name, titles.selection(name)?, ids.as_slice())))
}

/// Where each selection begins, and how many sheets they take: a row an id, at least one a selection.
fn selections(
    drill: &Drill,
    titles: &Titles,
    rows_at_most: u32,
) -> (HashMap<String, (usize, u32)>, usize) {
    let (mut sheet, mut row) = (0, PROOF_TOP);
    let mut places = HashMap::new();
    for (name, _, ids) in own(drill, titles) {
        for at in 0..ids.len().max(1) {
            if row >= rows_at_most {
                (sheet, row) = (sheet + 1, PROOF_TOP);
            }
            if at == 0 {
                places.insert(name.clone(), (sheet, row));
            }
            row += 1;
        }
    }
    let sheets = if places.is_empty() { 0 } else { sheet + 1 };
    (places, sheets)
}
