//! 第3 対応状況

use madoguchi_core::figures::Distribution;
use madoguchi_core::id::DivisionId;
use madoguchi_core::ticket::{System, Ticket};

use super::super::entry::division_of;
use super::counts::divisions;
use crate::document::{
    Block, Chapter, DocCell, DocRow, DocTable, Figure, Parts, Population, Value,
};
use crate::month::cells::{self, column, figure, length, measured, row, size, table, text, total};
use crate::month::chapters;
use crate::month::making::Making;

pub(super) fn chapter(making: &mut Making<'_, '_>) -> Chapter {
    let numbered = |table: DocTable, number: &str| {
        Block::Table(DocTable {
            number: number.to_owned(),
            ..table
        })
    };
    let blocks = vec![
        Block::Table(carried(making)),
        Block::Table(answer_times(making)),
        numbered(chapters::escalations(making), "表3-3"),
        numbered(chapters::unfinished(making), "表3-4"),
    ];
    cells::chapter("第3", "handling", "対応状況", blocks)
}

/// 表3-1
fn carried(making: &mut Making<'_, '_>) -> DocTable {
    let columns = vec![
        column("division", "業務区分"),
        measured("before", "前月末未完了（時点）", "件"),
        measured("received", "当月受付（受付月）", "件"),
        measured("closed", "当月完了（発生月）", "件"),
        measured("reopened", "再開（発生月）", "件"),
        measured("left", "当月末未完了（時点）", "件"),
    ];
    let mut rows: Vec<DocRow> = Vec::new();
    for (id, name) in divisions(making) {
        let input = making.input;
        let takes = |ticket: &Ticket| division_of(input, ticket) == Some(&id);
        let cells = moved(making, &format!("carried_{id}"), &name, &takes);
        rows.push(row(id.to_string(), cells));
    }
    let cells = moved(making, "carried", "計", &|_| true);
    rows.push(total("total", cells));
    let mut table = table("表3-1", "carried", "業務区分別の繰越し", columns, rows);
    table.notes = vec![
        "前月末未完了＋当月受付＋再開－当月完了＝当月末未完了。当月完了には、ほかの問合せに統合して終えたものを含む。"
            .to_owned(),
    ];
    table
}

fn moved(
    making: &mut Making<'_, '_>,
    key: &str,
    name: &str,
    takes: &dyn Fn(&Ticket) -> bool,
) -> Vec<DocCell> {
    let carried = &making.month.carried;
    let mut cells = vec![text(name)];
    for (column, population, list) in [
        ("before", Population::Standing, &carried.before),
        ("received", Population::Received, &carried.received),
        ("closed", Population::Happened, &carried.closed),
        ("reopened", Population::Happened, &carried.reopened),
        ("left", Population::Standing, &carried.left),
    ] {
        let of = list.iter().copied();
        let of: Vec<_> = of.filter(|ticket| takes(ticket)).collect();
        cells.push(making.tickets(&format!("{key}_{column}"), population, &of));
    }
    cells
}

/// 表3-2
fn answer_times(making: &mut Making<'_, '_>) -> DocTable {
    let columns = vec![
        column("division", "業務区分"),
        column("system", "システム"),
        column("limit", "一次回答の期限"),
        measured("timed", "対象", "件"),
        measured("late", "期限超過", "件"),
        measured("kept", "期限内の割合", "％"),
        measured("mean", "平均", "分:秒"),
        measured("longest", "最大", "分:秒"),
    ];
    let mut rows: Vec<DocRow> = Vec::new();
    for (id, name) in divisions(making) {
        for system in System::ALL {
            let month = making.month;
            let timed = of_division(making, month.timed.get(&system), &id);
            let late = of_division(making, month.late.get(&system), &id);
            let limit = month.clocks.of(Some(&id), system);
            let limit = limit.map_or(String::new(), |clock| {
                format!("{}分", clock.limit().0 / 60_000)
            });
            let key = format!("{id}_{}", system.as_str());
            let mut cells = vec![text(&name), text(system.label()), text(limit)];
            cells.extend(timing(making, &key, &timed, &late));
            rows.push(row(key, cells));
        }
    }
    let mut table = table("表3-2", "answer_times", "一次回答までの時間", columns, rows);
    table.notes = vec![
        "受付月による。入電から一次回答までの、対応時間内の時間である。障害及び緊急の問合せ並びに電話以外で受け付けた問合せを除く。"
            .to_owned(),
    ];
    table
}

fn of_division<'a>(
    making: &Making<'a, '_>,
    tickets: Option<&Vec<&'a Ticket>>,
    id: &DivisionId,
) -> Vec<&'a Ticket> {
    let all = tickets.into_iter().flatten().copied();
    let of = all.filter(|ticket| division_of(making.input, ticket) == Some(id));
    of.collect()
}

fn timing<'a>(
    making: &mut Making<'a, '_>,
    key: &str,
    timed: &[&'a Ticket],
    late: &[&'a Ticket],
) -> Vec<DocCell> {
    let mut all = Distribution::default();
    let mut answered = Vec::new();
    for ticket in timed {
        if let Some(took) = making.month.took(ticket) {
            all.add(took);
            answered.push(*ticket);
        }
    }
    let late_rows = making.proof.tickets(&format!("late_{key}"), late);
    let times = making.proof.tickets(&format!("answered_{key}"), &answered);
    let mean = match length(all.mean(), Population::Received, times.clone()) {
        DocCell::Figure(mean) => DocCell::Figure(Figure {
            parts: Some(Parts {
                a: cells::number(all.count()),
                b: all.sum().0,
            }),
            ..mean
        }),
        cell => cell,
    };
    let longest = match all.max() {
        Some(longest) => Value::Duration(longest.0),
        None => Value::None(cells::NOTHING.to_owned()),
    };
    vec![
        making.tickets(&format!("timed_{key}"), Population::Received, timed),
        making.tickets(&format!("late_{key}"), Population::Received, late),
        cells::rest(
            size(late.len()),
            size(timed.len()),
            Population::Received,
            late_rows,
        ),
        mean,
        figure(longest, Population::Received, None, times),
    ]
}
