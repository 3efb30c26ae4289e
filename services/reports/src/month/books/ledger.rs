//! 問合せ管理台帳 of a month, to read and hand in. As a file for machines, and of any span, it comes from
//! `madoguchi tickets export`.

use super::{LEDGER, TicketTexts, beyond};
use crate::document::{Block, Chapter, DocRow, Document};
use crate::month::cells::{column, row, table, text, time};
use crate::month::counted::CountedMonth;
use crate::month::cover::document;
use crate::month::input::MonthInput;
use madoguchi_core::ticket::Ticket;

/// Makes it. `personal`: with names and telephone numbers of who asked, for those who may see them.
pub fn ledger(input: &MonthInput, texts: &TicketTexts, personal: bool) -> Document {
    let month = CountedMonth::of(&input.data, &input.scope, &input.rules);
    let mut columns = vec![
        column("number", "受付番号"),
        column("received_at", "受付日時"),
        column("channel", "受付方法"),
        column("system", "システム"),
        column("division", "業務区分"),
        column("category", "分類"),
        column("site", "拠点"),
        column("department", "部署"),
    ];
    if personal {
        columns.extend([column("name", "氏名"), column("phone", "電話番号")]);
    }
    columns.extend([
        column("question", "質問"),
        column("answer", "回答"),
        column("answered_at", "一次回答日時"),
        column("vendor", "エスカレーション先"),
        column("status", "状態"),
        column("done_at", "完了日時"),
        column("owner", "担当"),
    ]);
    let shown = month.received.iter().take(super::LISTED_AT_MOST);
    let rows = shown.map(|ticket| line(input, &month, texts, ticket, personal));
    let rows = rows.collect();
    let mut table = table("表1", "ledger", "問合せ管理台帳", columns, rows);
    table.wide = true;
    table.notes = vec!["当月に受け付けた問合せを、受付番号の順に載せる。".to_owned()];
    table.notes.extend(beyond(month.received.len()));
    let chapter = Chapter {
        number: "第1".to_owned(),
        id: "ledger".to_owned(),
        title: "問合せ管理台帳".to_owned(),
        blocks: vec![Block::Table(table)],
    };
    document(input, LEDGER, vec![chapter])
}

fn line(
    input: &MonthInput,
    month: &CountedMonth<'_>,
    texts: &TicketTexts,
    ticket: &Ticket,
    personal: bool,
) -> DocRow {
    let number = input.rules.numbers.write(ticket.number);
    let (question, answer) = texts.of(ticket);
    let fields = &ticket.fields;
    let asks = &fields.requester;
    let shown = |words: &str| match personal {
        true => words.to_owned(),
        false => fields.without_personal_data(words),
    };
    let category = fields.category.as_ref();
    let category = category.and_then(|id| input.rules.categories.get(id));
    let division = fields.division.as_ref();
    let division = division.and_then(|id| input.rules.divisions.get(id));
    let vendors = ticket.escalations.iter();
    let vendors: Vec<&str> = vendors.map(|one| one.handover.vendor.as_str()).collect();
    let owner = fields.owner.as_ref().and_then(|id| input.names.get(id));
    let mut cells = vec![
        text(&number),
        time(Some(ticket.received_at)),
        text(fields.channel.label()),
        text(fields.system.label()),
        text(division.map_or("", |division| division.name.as_str())),
        text(category.map_or("", |category| category.name.as_str())),
        text(&asks.site),
        text(&asks.department),
    ];
    if personal {
        cells.extend([text(&asks.name), text(&asks.number)]);
    }
    cells.extend([
        text(shown(question)),
        text(shown(answer)),
        time(month.data.tickets.first_answered_at(&ticket.id)),
        text(vendors.join("、")),
        text(ticket.status().label()),
        time(ticket.done_at),
        text(owner.map_or("", String::as_str)),
    ]);
    row(number, cells)
}
