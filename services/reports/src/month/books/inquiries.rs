//! 問合せ対応報告書 (別紙7 項番24): what was asked of all systems, and how it was answered.

use madoguchi_core::service::Division;
use madoguchi_core::ticket::{Channel, System, Ticket};

use super::{INQUIRY_REPORT, TicketTexts, beyond};
use crate::document::{Block, Chapter, DocRow, DocTable, Document, Drill, Population, Rows, Value};
use crate::month::cells::{
    self, column, count, figure, heading, measured, row, sentence, size, table, text, time, total,
};
use crate::month::counted::CountedMonth;
use crate::month::cover::document;
use crate::month::input::MonthInput;
use crate::month::proof::Proof;

/// Makes it, with the proof of its figures.
pub fn inquiry_report(input: &MonthInput, texts: &TicketTexts) -> (Document, Drill) {
    let month = CountedMonth::of(&input.data, &input.scope, &input.rules);
    let mut proof = Proof::default();
    let chapters = vec![
        overview(&month),
        counts(input, &month, &mut proof),
        list(input, &month, texts),
    ];
    let book = document(input, INQUIRY_REPORT, chapters);
    (book, proof.drill())
}

fn chapter(number: &str, id: &str, title: &str, blocks: Vec<Block>) -> Chapter {
    Chapter {
        number: number.to_owned(),
        id: id.to_owned(),
        title: title.to_owned(),
        blocks,
    }
}

fn overview(month: &CountedMonth<'_>) -> Chapter {
    let comma = |count: usize| crate::document::with_commas(size(count));
    let of = |system: System| {
        let all = month.received.iter();
        all.filter(|ticket| ticket.fields.system == system).count()
    };
    let answered = month.received.iter();
    let answered = answered.filter(|ticket| month.data.tickets.answered_first(&ticket.id));
    let blocks = vec![
        heading("1　現状"),
        sentence(format!(
            "{}に受け付けた問合せは{}件（間接業務システム{}件、MACS{}件）である。",
            month.data.month.name(),
            comma(month.received.len()),
            comma(of(System::Indirect)),
            comma(of(System::Macs)),
        )),
        sentence(format!(
            "このうち、機能分析又はエスカレーションより先に一次回答をしたものは{}件である。当月に初めて事業者へ引き渡したものは{}件、\
             当月末に完了していないものは{}件である。",
            comma(answered.count()),
            comma(month.escalated.len()),
            comma(month.carried.left.len()),
        )),
    ];
    chapter("第1", "overview", "概況", blocks)
}

fn counts<'a>(input: &MonthInput, month: &CountedMonth<'a>, proof: &mut Proof<'a>) -> Chapter {
    let mut columns = vec![column("division", "業務区分"), column("system", "システム")];
    for channel in Channel::ALL {
        columns.push(measured(channel.as_str(), channel.label(), "件"));
    }
    columns.push(measured("total", "計", "件"));
    let mut rows: Vec<DocRow> = Vec::new();
    let divisions = input.rules.divisions.list();
    let first = divisions.first().map(|(id, _)| *id);
    for (id, division) in &divisions {
        let Division { name, .. } = division;
        for system in System::ALL {
            let all = month.received.iter().copied();
            let of: Vec<&Ticket> = all
                .filter(|ticket| {
                    let own = ticket.fields.division.as_ref().or(first);
                    let own = own.filter(|own| input.rules.divisions.get(own).is_some());
                    own.or(first) == Some(*id) && ticket.fields.system == system
                })
                .collect();
            let key = format!("answered_{id}_{}", system.as_str());
            let mut cells = vec![text(name), text(system.label())];
            cells.extend(by_channel(proof, &key, &of));
            rows.push(row(key, cells));
        }
    }
    let mut cells = vec![text("計"), text("")];
    cells.extend(by_channel(proof, "answered_all", &month.received));
    rows.push(total("total", cells));
    let mut table = table(
        "表2-1",
        "inquiries",
        "業務区分及びシステム別の問合せ",
        columns,
        rows,
    );
    table.notes = vec!["件数は、いずれも受付月による。".to_owned()];
    chapter("第2", "counts", "件数", vec![Block::Table(table)])
}

fn by_channel<'a>(
    proof: &mut Proof<'a>,
    key: &str,
    tickets: &[&'a Ticket],
) -> Vec<crate::document::DocCell> {
    let mut cells = Vec::new();
    for channel in Channel::ALL {
        let of = tickets.iter().copied();
        let of: Vec<_> = of
            .filter(|ticket| ticket.fields.channel == channel)
            .collect();
        let rows = proof.tickets(&format!("{key}_{}", channel.as_str()), &of);
        cells.push(count(size(of.len()), Population::Received, rows));
    }
    let rows = proof.tickets(key, tickets);
    cells.push(count(size(tickets.len()), Population::Received, rows));
    cells
}

fn list(input: &MonthInput, month: &CountedMonth<'_>, texts: &TicketTexts) -> Chapter {
    let table = listed(input, month, texts);
    chapter(
        "第3",
        "answers",
        "問合せと回答の内容",
        vec![Block::Table(table)],
    )
}

fn listed(input: &MonthInput, month: &CountedMonth<'_>, texts: &TicketTexts) -> DocTable {
    let columns = vec![
        column("number", "番号"),
        column("received_at", "受付日時"),
        column("system", "システム"),
        column("channel", "受付経路"),
        column("category", "分類"),
        column("question", "問合せの内容"),
        column("answer", "回答の内容"),
        column("answered_at", "一次回答日時"),
        measured("took", "回答所要時間", "時:分:秒"),
        column("status", "状態"),
    ];
    let shown = month.received.iter().take(super::LISTED_AT_MOST);
    let rows = shown.map(|ticket| line(input, month, texts, ticket));
    let rows = rows.collect();
    let mut table = table("表3-1", "answers", "問合せと回答", columns, rows);
    table.wide = true;
    table.notes.extend(beyond(month.received.len()));
    table
}

fn line(
    input: &MonthInput,
    month: &CountedMonth<'_>,
    texts: &TicketTexts,
    ticket: &Ticket,
) -> DocRow {
    let number = input.rules.numbers.write(ticket.number);
    let (question, answer) = texts.of(ticket);
    let fields = &ticket.fields;
    let answered_at = month.data.tickets.first_answered_at(&ticket.id);
    let source = format!("問合せ{number}の記録");
    let rows = Rows::Source { source };
    let took = match month.took(ticket) {
        Some(took) => figure(Value::Duration(took.0), Population::Received, None, rows),
        None => cells::lacking("一次回答がまだない", Population::Received, rows),
    };
    let category = fields.category.as_ref();
    let category = category.and_then(|id| input.rules.categories.get(id));
    row(
        number.clone(),
        vec![
            text(number),
            time(Some(ticket.received_at)),
            text(fields.system.label()),
            text(fields.channel.label()),
            text(category.map_or("未分類", |category| category.name.as_str())),
            text(fields.without_personal_data(question)),
            text(fields.without_personal_data(answer)),
            time(answered_at),
            took,
            text(ticket.status().label()),
        ],
    )
}
