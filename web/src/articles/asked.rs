//! What was asked, for the ナレッジデータベース (別紙7 項番25): every ticket in a row, without who asked.

use madoguchi_core::ticket::{Ticket, TicketField};
use madoguchi_reports::table::{Cell, Column};
use madoguchi_store::{Start, TicketFilter, TicketOrder};

use crate::error::WebError;
use crate::kit::book_file::BookFile;
use crate::state::Web;
use crate::tickets::choices::offered;
use crate::tickets::names::Names;

/// The sheet.
const SHEET: &str = "問合せ";
/// Tickets that are read at once.
const AT_ONCE: u32 = 500;
/// Rows of one sheet; what is more stands on the next.
const ROWS: usize = 200_000;
/// Letters of a question in its summary.
const SUMMARY_LETTERS: usize = 200;

fn columns() -> Vec<Column> {
    let columns: [(&'static str, u16); 11] = [
        ("受付番号", 12),
        ("受付日時", 18),
        ("業務区分", 16),
        ("受付方法", 10),
        ("システム", 14),
        ("分類", 16),
        ("質問の要約", 60),
        ("回答", 80),
        ("回答の出典", 20),
        ("関連するFAQ", 20),
        ("状態", 12),
    ];
    let column = |(name, width): (&'static str, u16)| Column {
        name: name.into(),
        width,
    };
    columns.into_iter().map(column).collect()
}

/// Adds all tickets, merged ones left out, the oldest first.
pub(super) async fn add(web: &Web, book: &BookFile) -> Result<(), WebError> {
    let names = Names::new(web, offered(web).await?);
    let filter = TicketFilter::default();
    let mut next = Some(Start::First);
    let (mut sheets, mut rows) = (0, ROWS);
    while let Some(start) = next {
        let part = (&start, AT_ONCE);
        let page = web.store.page_tickets(&filter, TicketOrder::Oldest, part);
        let page = page.await?;
        if rows + page.rows.len() > ROWS {
            sheets += 1;
            rows = 0;
            let name = match sheets {
                1 => SHEET.to_owned(),
                more => format!("{SHEET}({more})"),
            };
            if !book.sheet(name, columns()).await {
                return Ok(());
            }
        }
        rows += page.rows.len();
        let cells = page.rows.iter().map(|ticket| row(&names, ticket));
        if !book.add(cells.collect()).await {
            return Ok(());
        }
        next = page.after.map(Start::After);
    }
    Ok(())
}

fn row(names: &Names, ticket: &Ticket) -> Vec<Cell> {
    let fields = &ticket.fields;
    let shown = |field| Cell::Text(names.field(field, &fields.text(field)));
    vec![
        Cell::Text(ticket.number.to_string()),
        Cell::Instant(ticket.received_at),
        shown(TicketField::Division),
        shown(TicketField::Channel),
        shown(TicketField::System),
        shown(TicketField::Category),
        Cell::Text(summary(&fields.without_personal_data(&fields.question))),
        Cell::Text(fields.without_personal_data(&fields.answer)),
        shown(TicketField::AnswerSource),
        shown(TicketField::Articles),
        Cell::from(ticket.status().label()),
    ]
}

/// A question in one line.
fn summary(question: &str) -> String {
    let words: Vec<&str> = question.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(SUMMARY_LETTERS) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_one_line_of_two_hundred_letters_at_the_most() {
        assert_eq!(summary("一行目\n 二行目\n"), "一行目 二行目");
        let long = summary(&"問".repeat(201));
        assert_eq!((long.chars().count(), long.ends_with('…')), (201, true));
    }
}
