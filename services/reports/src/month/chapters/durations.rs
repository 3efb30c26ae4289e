//! 第3 応対時間

use madoguchi_core::ticket::{System, Ticket};
use madoguchi_core::time::Millis;

use super::days::{counts_talk, with_parts};
use crate::document::{Block, Chapter, DocCell, DocRow, DocTable, Population, Rows};
use crate::month::cells::{column, count, length, measured, number, row, size, table, text};
use crate::month::data::MonthCall;
use crate::month::lengths::Lengths;
use crate::month::making::Making;

pub(super) fn chapter(making: &mut Making<'_, '_>) -> Chapter {
    let table = durations(making);
    making.chapter("第3", "durations", "応対時間", vec![Block::Table(table)])
}

fn durations(making: &mut Making<'_, '_>) -> DocTable {
    let columns = vec![
        column("kind", "区分"),
        measured("counted", "対象件数", "件"),
        measured("left_out", "除外件数（復旧による）", "件"),
        measured("mean", "平均", "分:秒"),
        measured("median", "中央値", "分:秒"),
        measured("p90", "90％点", "分:秒"),
        measured("max", "最大", "分:秒"),
    ];
    let month = making.month;
    let abandoned = month.all_abandoned();
    let talking: Vec<_> = month.answered.iter().copied().filter(counts_talk).collect();
    let recovered = month.answered.iter().copied();
    let recovered: Vec<_> = recovered.filter(|call| call.recovered).collect();
    let wrapped = month.answered.iter().copied();
    let wrapped: Vec<_> = wrapped.filter(|call| call.wrap_up.is_some()).collect();
    let handled = |call: &MonthCall| {
        let wrap_up = call.wrap_up.unwrap_or(Millis::ZERO);
        call.talk.map(|talk| talk + wrap_up)
    };
    let none: Vec<&MonthCall> = Vec::new();
    let mut rows = Vec::new();
    for (id, selection, name, calls, left_out, all) in [
        (
            "wait",
            "answered",
            "待ち時間（応答）",
            &month.answered,
            &none,
            lengths(&month.answered, |call| call.wait),
        ),
        (
            "abandoned_wait",
            "abandoned",
            "待ち時間（放棄）",
            &abandoned,
            &none,
            lengths(&abandoned, |call| call.wait),
        ),
        (
            "talk",
            "talks",
            "通話時間",
            &talking,
            &recovered,
            lengths(&talking, |call| call.talk),
        ),
        (
            "wrap_up",
            "wrap_ups",
            "後処理時間",
            &wrapped,
            &none,
            lengths(&wrapped, |call| call.wrap_up),
        ),
        (
            "handle",
            "talks",
            "処理時間（通話＋後処理）",
            &talking,
            &recovered,
            lengths(&talking, handled),
        ),
    ] {
        let counted = making.calls(selection, calls);
        let left_out = making.calls(&format!("left_out_{id}"), left_out);
        let proof = making.proof.calls(selection, calls);
        let figures = figures(&all, Population::Arrived, &proof);
        rows.push(line(id, name, counted, left_out, figures));
    }
    rows.push(answer_times(making));
    let mut table = table("表3-1", "durations", "応対時間", columns, rows);
    table.notes = vec![
        "待ち時間は着信から応答まで、通話時間は応答から会話の終わりまで（保留を含む）、後処理時間は会話の終わりから\
         次の受付ができるまでで、1通話ごとに担当者の分を合計する。"
            .to_owned(),
        "回答所要時間は、入電から一次回答までのうち、業務区分の対応時間に当たる時間である（障害及び緊急を除く）。"
            .to_owned(),
        "除外件数は、障害からの復旧により終了時刻を定めた通話で、応答件数には含め、通話時間には含めない。"
            .to_owned(),
    ];
    table
}

fn lengths(calls: &[&MonthCall], of: impl Fn(&MonthCall) -> Option<Millis>) -> Lengths {
    calls.iter().filter_map(|call| of(call)).collect()
}

fn line(
    id: &str,
    name: &str,
    counted: DocCell,
    left_out: DocCell,
    figures: [DocCell; 4],
) -> DocRow {
    let mut cells = vec![text(name), counted, left_out];
    cells.extend(figures);
    row(id, cells)
}

fn figures(all: &Lengths, population: Population, rows: &Rows) -> [DocCell; 4] {
    let one = |time| length(time, population, rows.clone());
    let others = [all.median(), all.percentile(90), all.max()].map(one);
    let [median, p90, max] = others;
    [
        of_population(with_parts(all.sum(), rows.clone()), population),
        median,
        p90,
        max,
    ]
}

fn of_population(cell: DocCell, population: Population) -> DocCell {
    match cell {
        DocCell::Figure(figure) => DocCell::Figure(crate::document::Figure {
            population,
            ..figure
        }),
        cell => cell,
    }
}

/// 回答所要時間 of what has a limit and was answered.
fn answer_times(making: &mut Making<'_, '_>) -> DocRow {
    let timed = making.month.timed.get(&System::Indirect);
    let timed = timed.cloned().unwrap_or_default();
    let timed = timed.into_iter();
    let answered = timed.filter_map(|ticket| Some((making.month.took(ticket)?, ticket)));
    let (all, answered): (Vec<Millis>, Vec<&Ticket>) = answered.unzip();
    let all: Lengths = all.into_iter().collect();
    let rows = making.proof.tickets("answered_in_hours", &answered);
    let counted = count(size(answered.len()), Population::Received, rows.clone());
    let left_out = making.tickets("left_out_answer", Population::Received, &[]);
    debug_assert_eq!(number(all.sum().count()), size(answered.len()));
    line(
        "answer",
        "回答所要時間（間接業務システム）",
        counted,
        left_out,
        figures(&all, Population::Received, &rows),
    )
}
