//! 第6 サービスレベル

use madoguchi_core::month::{Formula, Judged, Level, LevelItem, NotedColumn, Payment, PaymentRun};
use madoguchi_core::ticket::System;
use madoguchi_core::time::Millis;

use crate::document::{
    Block, Chapter, DocCell, DocRow, DocTable, Parts, Population, Rows, Value, duration,
};
use crate::month::cells::{
    self, NOTHING, column, count, figure, measured, number, row, sentence, size, table, text, time,
};
use crate::month::making::{Making, of_month, source_of};

pub(super) fn chapter(making: &mut Making<'_, '_>) -> Chapter {
    let mut blocks = Vec::new();
    for (number, id, title, system) in [
        (
            "表6-1",
            "levels_indirect",
            "間接業務システムのサービスレベル（別紙6）",
            System::Indirect,
        ),
        (
            "表6-2",
            "levels_macs",
            "MACSのサービスレベル（別紙6）",
            System::Macs,
        ),
    ] {
        let table = levels(making, (number, id, title), system);
        blocks.push(Block::Table(table));
    }
    blocks.push(Block::Table(payments(making)));
    blocks.push(Block::Table(misses(making)));
    let exempt = left_out(making);
    if exempt.rows.is_empty() {
        blocks.push(sentence("当月に免責又は除外としたものはない。"));
    } else {
        blocks.push(Block::Table(exempt));
    }
    making.chapter("第6", "levels", "サービスレベル", blocks)
}

/// 表6-1, 表6-2
fn levels(
    making: &mut Making<'_, '_>,
    (number, id, title): (&str, &str, &str),
    system: System,
) -> DocTable {
    let columns = vec![
        column("number", "項番"),
        column("item", "SLA項目"),
        column("goal", "目標値"),
        column("formula", "算定式"),
        column("a", "A"),
        column("b", "B"),
        column("value", "実績値"),
        column("verdict", "判定"),
        column("own_goal", "自社目標値"),
        column("own_verdict", "自社目標の判定"),
        measured("left_out", "免責・除外", "件"),
        column("proof", "根拠資料"),
    ];
    let judged = making.judged;
    let of_system = judged.iter().filter(|one| one.item.system == system);
    let rows = of_system.map(|one| level(making, one)).collect();
    let mut table = table(number, id, title, columns, rows);
    table.wide = true;
    table.notes = vec![
        "判定は、丸めた率ではなく件数（時間）による。率は、判定と矛盾しない桁まで示す。".to_owned(),
        "Aが0のときは「対象なし」とし、未達成としない。".to_owned(),
    ];
    if system == System::Indirect {
        table.notes.push(
            "項番2は、年度（4月から翌年3月まで）の当月までの件数である。項番6は、公開から3か月の期限が当月に来たパッチを数え、そのBは、CとDの和である。".to_owned(),
        );
    }
    table
}

fn level(making: &mut Making<'_, '_>, judged: &Judged) -> DocRow {
    let item = judged.item;
    let (a, b, value) = figures(making, judged);
    let left_out: Vec<String> = judged
        .counted
        .left_out
        .iter()
        .map(|one| one.id.clone())
        .collect();
    let selection = format!("left_out_{}", key(item));
    let left = size(left_out.len());
    let left_rows = making.proof.facts(&selection, left_out);
    let own = judged.own;
    row(
        item.level.as_str(),
        vec![
            text(item.number().to_string()),
            text(item.level.label()),
            text(item.goal_text()),
            text(item.formula_text()),
            a,
            b,
            value,
            text(judged.verdict.label()),
            text(own.map_or("－".to_owned(), |(goal, _)| goal.text())),
            text(own.map_or("－", |(_, verdict)| verdict.label())),
            count(left, Population::Stated, left_rows),
            text(proof(item.level)),
        ],
    )
}

/// A, B and the value of an item, with what they count.
fn figures(making: &mut Making<'_, '_>, judged: &Judged) -> (DocCell, DocCell, DocCell) {
    let item = judged.item;
    let counted = &judged.counted;
    let (a, b) = (number(counted.a), number(counted.b));
    let (a_rows, b_rows, population) = rows(making, judged);
    let is_time = item.level == Level::Availability;
    let cell = |value: i64, rows: Rows| {
        let value = if is_time {
            Value::Duration(value)
        } else {
            Value::Count(value)
        };
        figure(value, population, None, rows)
    };
    let value = match &judged.value {
        None => Value::None(NOTHING.to_owned()),
        Some(value) if item.formula() == Formula::Count => Value::Count(value.parse().unwrap_or(b)),
        Some(value) => Value::Percent(value.clone()),
    };
    let is_count = item.formula() == Formula::Count;
    let parts = (!is_count).then_some(Parts { a, b });
    let value = figure(value, population, parts, b_rows.clone());
    let first = if is_count {
        DocCell::Empty
    } else {
        cell(a, a_rows)
    };
    (first, cell(b, b_rows), value)
}

/// What makes up A and B.
fn rows(making: &mut Making<'_, '_>, judged: &Judged) -> (Rows, Rows, Population) {
    let item = judged.item;
    let month = making.month;
    let proof = &mut making.proof;
    match item.level {
        Level::AnswerRate => {
            let ended = month.offered.iter().copied();
            let ended: Vec<_> = ended.filter(|call| call.answered || call.ended).collect();
            (
                proof.calls("ended", &ended),
                proof.calls("answered", &month.answered),
                Population::Arrived,
            )
        }
        Level::FirstAnswerRate => (
            proof.calls("answered", &month.answered),
            proof.calls("first_unanswered", &month.first_unanswered),
            Population::Arrived,
        ),
        Level::ResolutionRate => (
            proof.calls("answered", &month.answered),
            proof.calls("unsolved", &month.unsolved),
            Population::Arrived,
        ),
        Level::AnswerTime => {
            let of = |lists: &std::collections::BTreeMap<System, Vec<_>>| {
                lists.get(&item.system).cloned().unwrap_or_default()
            };
            let (timed, late) = (of(&month.timed), of(&month.late));
            let system = item.system.as_str();
            (
                proof.tickets(&format!("timed_{system}"), &timed),
                proof.tickets(&format!("late_{system}"), &late),
                Population::Received,
            )
        }
        _ => {
            let key = key(item);
            let missed = missed(judged);
            (
                proof.facts(&key, judged.counted.of.clone()),
                proof.facts(&format!("missed_{key}"), missed),
                Population::Stated,
            )
        }
    }
}

/// The facts of B, those twice that count twice (C and D).
fn missed(judged: &Judged) -> Vec<String> {
    let ids = judged.counted.misses.iter().map(|miss| miss.id.clone());
    let mut ids: Vec<String> = ids.collect();
    if judged.counted.c_and_d.is_some() {
        let both = usize::try_from(judged.counted.b).unwrap_or(ids.len());
        let twice = both.saturating_sub(ids.len());
        let again: Vec<_> = ids.iter().take(twice).cloned().collect();
        ids.extend(again);
    }
    ids
}

fn key(item: LevelItem) -> String {
    format!("{}_{}", item.system.as_str(), item.level.as_str())
}

fn proof(level: Level) -> &'static str {
    match level {
        Level::AnswerRate => "通話の記録（表2-1）",
        Level::FirstAnswerRate | Level::ResolutionRate => "通話の記録、問合せ管理台帳",
        Level::AnswerTime => "問合せ管理台帳（表6-4）",
        Level::FaultNotice | Level::FaultEscalation => "障害の検知と通知の記録（表5-4）",
        _ => "記入した記録",
    }
}

/// 表6-3
fn payments(making: &mut Making<'_, '_>) -> DocTable {
    let columns = vec![
        column("month", "評価月"),
        column("missed", "未達成項目"),
        measured("run", "連続未達成回数", "回"),
        column("paid_month", "支払い対象月"),
        measured("percent", "支払い割合", "％"),
    ];
    let year = making.month.data.month.fiscal_year();
    let of_year = making.payments.iter();
    let of_year = of_year.filter(|one| one.month.fiscal_year() == year);
    let rows = of_year.map(|one| payment(making, one)).collect();
    let mut table = table(
        "表6-3",
        "payments",
        "支払い割合（要件定義書 表5.6-8）",
        columns,
        rows,
    );
    table.notes = vec![
        format!(
            "連続未達成回数は、{}が未達成であった月の連続回数で、年度をまたいで数える。",
            match making.input.rules.run {
                PaymentRun::AnyItem => "いずれかの項目",
                PaymentRun::SameItem => "同じ項目",
            }
        ),
        "支払い割合は、評価月の翌月分の費用に対するものである。".to_owned(),
    ];
    table
}

fn payment(making: &Making<'_, '_>, payment: &Payment) -> DocRow {
    let own = making.month.data.month;
    let known = making.months.get(payment.month);
    let published = known.filter(|one| !one.is_measured);
    let published = published.and_then(|one| one.published);
    let rows = |column: &str| {
        if let Some(published) = published {
            source_of(&published.source)
        } else if payment.month == own {
            let tables = ["levels_indirect", "levels_macs"];
            let verdicts = payment.missed.iter().map(|item| {
                let table = tables.get(usize::from(item.system == System::Macs));
                let table = table.copied().unwrap_or_default();
                format!("{table}/{}/verdict", item.level.as_str())
            });
            cells::cells(verdicts)
        } else {
            let month = payment.month;
            of_month(month, format!("payments/{month}/{column}"))
        }
    };
    let missed: Vec<String> = payment.missed.iter().map(|item| name(*item)).collect();
    let missed = match missed.as_slice() {
        [] => "なし".to_owned(),
        missed => missed.join("、"),
    };
    let stated = |column: &str, value: Value| figure(value, Population::Stated, None, rows(column));
    row(
        payment.month.to_string(),
        vec![
            text(payment.month.name()),
            text(missed),
            stated("run", Value::Decimal(payment.run.to_string())),
            text(payment.paid_month.name()),
            stated("percent", Value::Percent(payment.percent.to_string())),
        ],
    )
}

fn name(item: LevelItem) -> String {
    let (system, number) = (item.system.label(), item.number());
    format!("{system} 項番{number} {}", item.level.label())
}

/// 表6-4
fn misses(making: &mut Making<'_, '_>) -> DocTable {
    /// Rows at the most; the ledger has all tickets.
    const ROWS_AT_MOST: usize = 2_000;
    let columns = vec![
        column("number", "項番"),
        column("item", "SLA項目"),
        column("what", "対象番号"),
        column("at", "日時"),
        column("over", "超過（分:秒）"),
        column("cause", "原因区分"),
    ];
    let judged = making.judged.iter();
    let all: Vec<_> = judged
        .flat_map(|one| one.counted.misses.iter().map(move |miss| (one.item, miss)))
        .collect();
    let rows = (1..).zip(all.iter().take(ROWS_AT_MOST));
    let rows = rows.map(|(n, (item, miss))| {
        let n: usize = n;
        let over = |over: Millis| duration(over.0);
        let cause = match item.level {
            Level::AnswerTime => "一次回答の遅れ",
            Level::Patches => "適用の遅れ",
            Level::OperatorFaults => "運用作業",
            Level::Availability => "サービスの停止",
            _ => "連絡又は到着の遅れ",
        };
        row(
            format!("miss_{n}"),
            vec![
                text(item.number().to_string()),
                text(name(*item)),
                text(&miss.what),
                time(Some(miss.at)),
                text(miss.over.map_or("－".to_owned(), over)),
                making.noted(NotedColumn::Cause, &[&miss.what], cause),
            ],
        )
    });
    let rows: Vec<DocRow> = rows.collect();
    let mut table = table("表6-4", "misses", "未達成の明細", columns, rows);
    table.wide = true;
    if let Some(more) = all.len().checked_sub(ROWS_AT_MOST).filter(|more| *more > 0) {
        table.notes.push(format!(
            "このほかに{more}件がある。全件は、表6-1及び表6-2のBの根拠（提出用のファイルの「根拠の明細」）に載せる。"
        ));
    }
    table
}

/// 表6-5: what was left out, why, and what proves it.
fn left_out(making: &Making<'_, '_>) -> DocTable {
    let columns = vec![
        column("number", "項番"),
        column("item", "SLA項目"),
        column("what", "事象"),
        column("at", "日時"),
        column("reason", "免責・除外の理由"),
        column("proof", "根拠"),
    ];
    let all = making.judged.iter().flat_map(|one| {
        let left_out = one.counted.left_out.iter();
        left_out.map(move |left| (one.item, left))
    });
    let rows = (1..).zip(all).map(|(n, (item, left))| {
        let n: usize = n;
        row(
            format!("left_out_{n}"),
            vec![
                text(item.number().to_string()),
                text(name(item)),
                text(&left.what),
                time(Some(left.at)),
                text(&left.reason),
                text(&left.proof),
            ],
        )
    });
    let rows = rows.collect();
    table(
        "表6-5",
        "left_out",
        "免責・除外の明細（5.6.9）",
        columns,
        rows,
    )
}
