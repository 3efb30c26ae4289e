//! A book while it is made: what all chapters read, and the proof that they add to.

use madoguchi_core::id::UserId;
use madoguchi_core::month::{Judged, Month, NotedColumn, Payment, Remark, RemarkHeading};
use madoguchi_core::ticket::Ticket;

use super::cells::{self, NOTHING};
use super::counted::CountedMonth;
use super::data::MonthCall;
use super::input::MonthInput;
use super::months::Months;
use super::outlook::Outlook;
use super::proof::Proof;
use super::summary::MonthSummary;
use crate::document::{Block, Chapter, DocCell, MonthCell, Population, Rows, Value};

/// What chapters are made of.
pub(super) struct Making<'a, 'm> {
    pub(super) input: &'a MonthInput,
    pub(super) month: &'m CountedMonth<'a>,
    pub(super) months: &'m Months<'a>,
    pub(super) judged: &'m [Judged],
    pub(super) payments: &'m [Payment],
    /// What is expected of the next month.
    pub(super) outlook: Option<Outlook>,
    pub(super) proof: Proof<'a>,
}

impl<'a> Making<'a, '_> {
    /// How many calls there are, by their arrival.
    pub(super) fn calls(&mut self, name: &str, rows: &[&'a MonthCall]) -> DocCell {
        let proof = self.proof.calls(name, rows);
        cells::count(cells::size(rows.len()), Population::Arrived, proof)
    }

    /// How many tickets there are.
    pub(super) fn tickets(
        &mut self,
        name: &str,
        population: Population,
        rows: &[&'a Ticket],
    ) -> DocCell {
        let proof = self.proof.tickets(name, rows);
        cells::count(cells::size(rows.len()), population, proof)
    }

    /// Calls as a share of others.
    pub(super) fn share_of(&mut self, name: &str, rows: &[&'a MonthCall], whole: usize) -> DocCell {
        let proof = self.proof.calls(name, rows);
        let (b, a) = (cells::size(rows.len()), cells::size(whole));
        cells::share(b, a, Population::Arrived, proof)
    }

    /// What of calls is left without those that missed.
    pub(super) fn rest_of(
        &mut self,
        name: &str,
        missed: &[&'a MonthCall],
        whole: usize,
    ) -> DocCell {
        let proof = self.proof.calls(name, missed);
        let (b, a) = (cells::size(missed.len()), cells::size(whole));
        cells::rest(b, a, Population::Arrived, proof)
    }

    /// A count of another month: 「－」 if nobody knows it. `published` says whether 別紙 8-2 has it, `cell` where
    /// it stands in the report of its month.
    pub(super) fn earlier(
        &self,
        month: Month,
        population: Population,
        published: bool,
        cell: &str,
        of: impl Fn(&MonthSummary) -> u64,
    ) -> DocCell {
        let Some(known) = self.months.get(month) else {
            return cells::lacking("記録がない", population, unknown(month));
        };
        let count = cells::number(of(&known.summary));
        match known.published {
            Some(from) if !known.is_measured && published => {
                cells::stated(of(&known.summary), &from.source)
            }
            Some(from) if !known.is_measured => {
                let rows = source_of(&from.source);
                cells::lacking("公表されていない", Population::Stated, rows)
            }
            _ => cells::count(count, population, of_month(month, cell)),
        }
    }

    /// Where the book's month was published, if nothing of it was measured here.
    pub(super) fn published_only(&self) -> Option<&str> {
        let known = self.months.get(self.month.data.month)?;
        let published = known.published.filter(|_| !known.is_measured);
        published.map(|published| published.source.as_str())
    }

    /// The blocks of a chapter, with what people added to it.
    pub(super) fn chapter(
        &self,
        number: &str,
        id: &str,
        title: &str,
        mut blocks: Vec<Block>,
    ) -> Chapter {
        let remarks = self.input.written.remarks.iter();
        for remark in remarks.filter(|remark| remark.chapter.as_str() == id) {
            add_remark(&mut blocks, remark);
        }
        cells::chapter(number, id, title, blocks)
    }

    /// What a person wrote in a cell of a row that a table calls so, or what the report says by itself.
    pub(super) fn noted(&self, column: NotedColumn, names: &[&str], otherwise: &str) -> DocCell {
        let notes = self.input.written.row_notes.iter();
        // The one that was written last.
        let note = notes.rev().find(|note| note.is_of(column, names));
        cells::text(note.map_or(otherwise, |note| note.text.as_str()))
    }

    /// 受付番号
    pub(super) fn number(&self, ticket: &Ticket) -> String {
        self.input.rules.numbers.write(ticket.number)
    }

    /// How a person is called.
    pub(super) fn name(&self, user: Option<&UserId>) -> String {
        let user = user.and_then(|id| self.input.names.get(id));
        user.cloned().unwrap_or_else(|| "未定".to_owned())
    }
}

/// Puts a remark below its heading, or at the end.
fn add_remark(blocks: &mut Vec<Block>, remark: &Remark) {
    let label = remark.heading.label();
    let block = Block::Remark {
        text: remark.text.clone(),
        author: remark.author.clone(),
        written_at: remark.written_at,
    };
    if remark.heading == RemarkHeading::Plain {
        return blocks.push(block);
    }
    let is_heading = |block: &Block| matches!(block, Block::Heading { .. });
    let own = blocks
        .iter()
        .position(|block| matches!(block, Block::Heading { text } if text.ends_with(label)));
    let Some(own) = own else {
        return blocks.extend([cells::heading(label), block]);
    };
    // What stands under it ends with the next heading, table or chart.
    let rest = blocks.iter().skip(own + 1);
    let under = rest.take_while(|block| {
        !is_heading(block) && !matches!(block, Block::Table(_) | Block::Chart(_))
    });
    let end = own + 1 + under.count();
    blocks.insert(end, block);
}

/// Where a figure of another month was published.
pub(super) fn source_of(published: &str) -> Rows {
    Rows::Source {
        source: published.to_owned(),
    }
}

/// A cell of the report of another month.
pub(super) fn of_month(month: Month, cell: impl Into<String>) -> Rows {
    let cell = cell.into();
    Rows::Months {
        cells: vec![MonthCell { month, cell }],
    }
}

/// A month of which nothing was recorded.
pub(super) fn unknown(month: Month) -> Rows {
    Rows::Source {
        source: format!("{}分の記録", month.name()),
    }
}

/// A percentage of a summary.
pub(super) fn percent(rate: Option<String>) -> Value {
    match rate {
        Some(rate) => Value::Percent(rate),
        None => Value::None(NOTHING.to_owned()),
    }
}

/// The question of a ticket in few words, without names and numbers.
pub(super) fn gist(ticket: &Ticket) -> String {
    const LETTERS: usize = 60;
    let question = ticket.fields.without_personal_data(&ticket.fields.question);
    let line = question.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut letters = line.chars();
    let kept: String = letters.by_ref().take(LETTERS).collect();
    if letters.next().is_some() {
        format!("{kept}…")
    } else {
        kept
    }
}
