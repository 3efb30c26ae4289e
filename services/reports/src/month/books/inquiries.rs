//! 問合せ対応報告書 (別紙7 項番24): what was asked of all systems, and how it was answered. What came to
//! ヘルプデスク and what came to 問合せ対応 stand apart everywhere.

mod counts;
mod handling;

use madoguchi_core::ticket::{System, Ticket};

use super::entry::{Entries, division_of};
use super::everything::with_everything;
use super::texts::{LISTED_AT_MOST, TicketTexts, beyond_listed};
use crate::document::{Block, Chapter, DocRow, DocTable, Document, Drill, with_commas};
use crate::month::cells::{
    chapter, column, heading, measured, row, sentence, size, table, text, time,
};
use crate::month::cover::document;
use crate::month::input::MonthInput;
use crate::month::making::Making;

/// 問合せ対応報告書
pub const INQUIRY_REPORT: &str = "問合せ対応報告書";

/// Makes it, with the proof of its figures.
pub fn inquiry_report(input: &MonthInput, texts: &TicketTexts) -> (Document, Drill) {
    let (chapters, drill) = with_everything(input, "inquiries_", |making| {
        vec![
            overview(making),
            counts::chapter(making),
            handling::chapter(making),
            list(making, texts),
        ]
    });
    (document(input, INQUIRY_REPORT, chapters), drill)
}

fn overview(making: &Making<'_, '_>) -> Chapter {
    let month = making.month;
    let comma = |count: usize| with_commas(size(count));
    let count = |takes: &dyn Fn(&Ticket) -> bool| {
        let all = month.received.iter();
        comma(all.filter(|ticket| takes(ticket)).count())
    };
    let divisions = making.input.rules.divisions.list().into_iter();
    let divisions: Vec<String> = divisions
        .filter_map(|(id, division)| {
            let all = count(&|ticket| division_of(making.input, ticket) == Some(id));
            (!division.retired || all != "0").then(|| format!("{}{all}件", division.name))
        })
        .collect();
    let answered = count(&|ticket| month.data.tickets.answered_first(ticket));
    let late: usize = month.late.values().map(Vec::len).sum();
    let blocks = vec![
        heading("1　現状"),
        sentence(format!(
            "{}に受け付けた問合せは{}件（間接業務システム{}件、MACS{}件）である。業務区分別では、{}である。",
            month.data.month.name(),
            comma(month.received.len()),
            count(&|ticket| ticket.fields.system == System::Indirect),
            count(&|ticket| ticket.fields.system == System::Macs),
            divisions.join("、"),
        )),
        sentence(format!(
            "このうち、機能分析又はエスカレーションより先に一次回答をしたものは{answered}件である。当月に初めて事業者へ引き渡したものは{}件、\
             当月末に完了していないものは{}件である。",
            comma(month.escalated.len()),
            comma(month.carried.left.len()),
        )),
        heading("2　計画との差異"),
        sentence(match late {
            0 => "一次回答の期限を超えた問合せはない。想定回数との差は、表2-3のとおりである。"
                .to_owned(),
            late => format!(
                "一次回答の期限を超えた問合せは{}件である（表3-2）。想定回数との差は、表2-3のとおりである。",
                comma(late)
            ),
        }),
    ];
    chapter("第1", "overview", "概況", blocks)
}

fn list(making: &Making<'_, '_>, texts: &TicketTexts) -> Chapter {
    let table = answers(making, texts);
    let blocks = vec![Block::Table(table)];
    chapter("第4", "answers", "問合せと回答の内容", blocks)
}

fn answers(making: &Making<'_, '_>, texts: &TicketTexts) -> DocTable {
    let columns = vec![
        column("number", "受付番号"),
        column("received_at", "受付日時"),
        column("division", "業務区分"),
        column("system", "システム"),
        column("channel", "受付経路"),
        column("category", "分類"),
        column("question", "問合せの内容"),
        column("answer", "回答の内容"),
        column("answered_at", "一次回答日時"),
        measured("took", "回答所要時間", "分:秒"),
        column("owner", "担当"),
        column("status", "状態"),
    ];
    let entries = Entries {
        input: making.input,
        month: making.month,
        texts,
    };
    let received = &making.month.received;
    let shown = received.iter().take(LISTED_AT_MOST);
    let rows = shown.map(|ticket| line(&entries, ticket)).collect();
    let mut table = table("表4-1", "answers", "問合せと回答", columns, rows);
    table.wide = true;
    table.notes = vec![
        "氏名、電話番号などの個人情報は、記号に置き換えている。状態は、基準日時のものである。"
            .to_owned(),
    ];
    let beyond = beyond_listed(received.len(), received.len());
    table.notes.extend(beyond);
    table
}

fn line(entries: &Entries<'_>, ticket: &Ticket) -> DocRow {
    let fields = &ticket.fields;
    let answered_at = entries.month.data.tickets.first_answered_at(ticket);
    let [question, answer] = entries.texts(ticket);
    row(
        entries.number(ticket),
        vec![
            text(entries.number(ticket)),
            time(Some(ticket.received_at)),
            text(entries.division(ticket)),
            text(fields.system.label()),
            text(fields.channel.label()),
            text(entries.category(ticket)),
            text(question),
            text(answer),
            time(answered_at),
            entries.took(ticket),
            text(entries.owner(ticket)),
            text(ticket.status().label()),
        ],
    )
}
