//! 第10 翌月の見通しと要員

use crate::document::{Block, Chapter, DocCell, DocTable, Population, Rows, Value};
use crate::month::cells::{
    NOTHING, column, date, figure, lacking, measured, number, row, sentence, table, text,
};
use crate::month::making::Making;
use crate::month::outlook::Outlook;

pub(super) fn chapter(making: &mut Making<'_, '_>) -> Chapter {
    let blocks = match &making.input.outlook {
        Some(outlook) => {
            let mut blocks: Vec<Block> = outlook.notes.iter().map(sentence_of).collect();
            blocks.push(Block::Table(days(outlook)));
            blocks.push(Block::Table(slots(outlook)));
            blocks.push(Block::Table(checks(outlook)));
            blocks
        }
        None => vec![sentence(
            "予測に足りる実績がないため、翌月の見通し及び要員は示さない。",
        )],
    };
    making.chapter("第10", "outlook", "翌月の見通しと要員", blocks)
}

fn sentence_of(text: &String) -> Block {
    sentence(text)
}

fn expected(value: Value) -> DocCell {
    let source = "予測の計算".to_owned();
    figure(value, Population::Expected, None, Rows::Source { source })
}

fn decimal(value: f64) -> DocCell {
    expected(Value::Decimal(format!("{value:.1}")))
}

fn short() -> DocCell {
    let source = "予測の計算".to_owned();
    lacking("不足", Population::Expected, Rows::Source { source })
}

/// 表10-1
fn days(outlook: &Outlook) -> DocTable {
    let columns = vec![
        column("date", "日付"),
        column("weekday", "曜日"),
        measured("calls", "予測着信", "件"),
        column("within_80", "80％区間"),
        column("within_95", "95％区間"),
        column("why", "根拠"),
    ];
    let span = |(low, high): (u64, u64)| text(format!("{low}～{high}件"));
    let rows = outlook.days.iter().map(|day| {
        row(
            day.date.to_string(),
            vec![
                date(day.date),
                text(super::days::weekday(day.date)),
                decimal(day.calls),
                span(day.within_80),
                span(day.within_95),
                text(&day.why),
            ],
        )
    });
    let rows = rows.collect();
    table("表10-1", "expected_days", "翌月の日別の予測", columns, rows)
}

/// 表10-2
fn slots(outlook: &Outlook) -> DocTable {
    let columns = vec![
        column("slot", "時間帯"),
        measured("calls", "予測", "件"),
        measured("agents", "目標を満たす人数", "人"),
        measured("one_less_rate", "1人減らした場合の応答率", "％"),
        measured("one_less_wait", "1人減らした場合の平均待ち", "分:秒"),
    ];
    let rows = outlook.slots.iter().map(|slot| {
        let agents = slot
            .agents
            .map(|agents| expected(Value::Count(number(agents))));
        let rate = slot.one_less_rate;
        let rate = rate.map(|rate| expected(Value::Percent(format!("{rate:.1}"))));
        let wait = slot.one_less_wait_ms;
        let wait = wait.map(|wait| expected(Value::Duration(wait)));
        row(
            format!("slot_{}", slot.slot),
            vec![
                text(&slot.slot),
                decimal(slot.calls),
                agents.unwrap_or_else(short),
                rate.unwrap_or_else(short),
                wait.unwrap_or_else(short),
            ],
        )
    });
    let rows = rows.collect();
    let mut table = table(
        "表10-2",
        "needed_agents",
        "時間帯別の必要人数",
        columns,
        rows,
    );
    table.notes =
        vec!["待ち行列が際限なく伸びる人数では、「－」（不足）とし、値を示さない。".to_owned()];
    table
}

/// 表10-3
fn checks(outlook: &Outlook) -> DocTable {
    let columns = vec![
        column("period", "期間"),
        measured("expected", "予測", "件"),
        measured("counted", "実績", "件"),
        measured("error", "誤差", "％"),
        measured("covered", "80％区間に入った割合", "％"),
        measured("weekday_error", "前月同曜日法の誤差", "％"),
    ];
    let percent = |value: Option<f64>| match value {
        Some(value) => expected(Value::Percent(format!("{value:.1}"))),
        None => {
            let source = "予測の計算".to_owned();
            lacking(NOTHING, Population::Expected, Rows::Source { source })
        }
    };
    let rows = (1..).zip(&outlook.checks).map(|(n, check)| {
        let n: usize = n;
        row(
            format!("check_{n}"),
            vec![
                text(&check.period),
                decimal(check.expected),
                expected(Value::Count(number(check.counted))),
                percent(check.error),
                percent(check.covered),
                percent(check.weekday_error),
            ],
        )
    });
    let rows = rows.collect();
    table(
        "表10-3",
        "forecast_checks",
        "前回の予測の検証",
        columns,
        rows,
    )
}
