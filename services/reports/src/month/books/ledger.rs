//! 問合せ管理台帳 of a month (表 5.6-9 項番2, 表 5.6-10 項番2), to read and hand in. Of any span, and however many
//! rows it has, it comes from `madoguchi tickets export`.

use madoguchi_core::ticket::Ticket;

use super::entry::Entries;
use super::everything::with_everything;
use super::texts::{EXPORT, LEDGER_AT_MOST, TicketTexts, beyond};
use crate::document::{Block, DocColumn, DocRow, DocTable, Document, Population};
use crate::month::cells::{self, column, count, measured, row, table, text, time};
use crate::month::cover::document;
use crate::month::input::MonthInput;
use crate::month::making::Making;

/// 問合せ管理台帳
pub const LEDGER: &str = "問合せ管理台帳";

/// Makes it. `personal`: with names and telephone numbers of who asked, for those who may see them.
pub fn ledger(input: &MonthInput, texts: &TicketTexts, personal: bool) -> Document {
    let (table, _) = with_everything(input, "ledger_", |making| rows(making, texts, personal));
    let blocks = vec![Block::Table(table)];
    let chapter = cells::chapter("第1", "ledger", "問合せと回答の記録", blocks);
    document(input, LEDGER, vec![chapter])
}

fn columns(personal: bool) -> Vec<DocColumn> {
    let mut columns = vec![
        column("number", "受付番号"),
        column("received_at", "受付日時"),
        column("channel", "受付方法"),
        column("division", "業務区分"),
        column("system", "システム"),
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
        measured("took", "回答所要時間", "分:秒"),
        column("vendor", "エスカレーション先"),
        column("escalated_at", "引渡日時"),
        column("incident", "障害"),
        column("status", "状態"),
        column("done_at", "完了日時"),
        column("owner", "担当"),
        measured("work", "工数", "分"),
    ]);
    columns
}

fn rows(making: &Making<'_, '_>, texts: &TicketTexts, personal: bool) -> DocTable {
    let entries = Entries {
        input: making.input,
        month: making.month,
        texts,
    };
    let received = &making.month.received;
    let shown = received.iter().take(LEDGER_AT_MOST);
    let rows = shown.map(|ticket| line(&entries, ticket, personal));
    let rows = rows.collect();
    let mut table = table("表1-1", "ledger", LEDGER, columns(personal), rows);
    table.wide = true;
    table.notes = vec![
        "当月に受け付けた問合せを、受付番号の順に載せる。ほかの問合せに統合したものは、統合先の行だけを載せる。状態は、基準日時のものである。"
            .to_owned(),
    ];
    if !personal {
        let note = "氏名、電話番号などの個人情報は、記号に置き換えている。";
        table.notes.push(note.to_owned());
    }
    table
        .notes
        .extend(beyond(received.len(), LEDGER_AT_MOST, EXPORT));
    table
}

fn line(entries: &Entries<'_>, ticket: &Ticket, personal: bool) -> DocRow {
    let fields = &ticket.fields;
    let asks = &fields.requester;
    let [question, answer] = match personal {
        true => {
            let (question, answer) = entries.texts.of(ticket);
            [question.to_owned(), answer.to_owned()]
        }
        false => entries.texts(ticket),
    };
    let mut vendors: Vec<&str> = Vec::new();
    for one in &ticket.escalations {
        let vendor = one.handover.vendor.as_str();
        if !vendors.contains(&vendor) {
            vendors.push(vendor);
        }
    }
    let escalated_at = ticket.escalations.iter().map(|one| one.sent_at).min();
    let mut cells = vec![
        text(entries.number(ticket)),
        time(Some(ticket.received_at)),
        text(fields.channel.label()),
        text(entries.division(ticket)),
        text(fields.system.label()),
        text(entries.category(ticket)),
        text(&asks.site),
        text(&asks.department),
    ];
    if personal {
        cells.extend([text(&asks.name), text(&asks.number)]);
    }
    let tickets = &entries.month.data.tickets;
    cells.extend([
        text(question),
        text(answer),
        time(tickets.first_answered_at(ticket)),
        entries.took(ticket),
        text(vendors.join("、")),
        time(escalated_at),
        text(if fields.incident { "障害" } else { "" }),
        text(ticket.status().label()),
        time(ticket.done_at),
        text(entries.owner(ticket)),
        count(
            cells::number(u64::from(fields.work_minutes)),
            Population::Stated,
            entries.record(ticket),
        ),
    ]);
    row(entries.number(ticket), cells)
}
