//! 第10 翌月の見通しと要員

mod agents;
mod expected;

use madoguchi_core::era::japanese_date;

use self::agents::{by_patience, needed_agents};
use self::expected::{decimal, expected, lacks, percent};
use crate::document::{Block, Chapter, DocCell, DocTable, Value};
use crate::month::cells::{
    NOTHING, column, date, measured, number, row, sentence, table, text, total,
};
use crate::month::making::Making;
use crate::month::outlook::{ForecastCheck, NeededDay, Outlook};

/// Why 前年同日法 has no error.
const NO_LAST_YEAR: &str = "前年の日別の実績なし";

pub(super) fn chapter(making: &mut Making<'_, '_>) -> Chapter {
    let blocks = match &making.outlook {
        Some(outlook) => {
            let mut blocks: Vec<Block> = outlook.notes.iter().map(sentence_of).collect();
            blocks.push(Block::Table(days(outlook)));
            blocks.push(Block::Table(needed_agents(
                ("表10-2", "needed_agents", "時間帯別の必要人数"),
                &outlook.slots,
            )));
            blocks.push(Block::Table(checks(outlook)));
            let patiences = outlook.patiences.as_ref().map(by_patience);
            blocks.extend(patiences.map(Block::Table));
            blocks.extend(outlook.busiest.iter().flat_map(busiest));
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

/// 表10-5
fn busiest(day: &NeededDay) -> [Block; 2] {
    let told = format!(
        "着信が最も多いと予測する開所日は、{}（{}）である（表10-5）。",
        japanese_date(day.date),
        super::days::weekday(day.date)
    );
    let name = ("表10-5", "busiest_agents", "最も多い日の時間帯別の必要人数");
    [
        sentence(told),
        Block::Table(needed_agents(name, &day.slots)),
    ]
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
        measured("last_year_error", "前年同日法の誤差", "％"),
        measured("floor", "誤差の下限", "％"),
    ];
    let months = (1_usize..).zip(&outlook.checks);
    let months = months.map(|(n, check)| row(format!("check_{n}"), checked(check)));
    let sum = outlook.checks_sum.iter();
    let rows = months.chain(sum.map(|sum| total("total", checked(sum))));
    let rows = rows.collect();
    let mut table = table(
        "表10-3",
        "forecast_checks",
        "前回の予測の検証",
        columns,
        rows,
    );
    table.notes = vec![
        "前年同日法は、前年同月の同じ順番の開所日の件数を予測とする方法である。その計は、前年の日別の実績がある月だけの計である。"
            .to_owned(),
        "誤差の下限は、日ごとの平均の件数を正しく知っていても、偶然のばらつきによって残る誤差である。"
            .to_owned(),
    ];
    table
}

fn checked(check: &ForecastCheck) -> Vec<DocCell> {
    let percent = |value: Option<f64>, reason: &str| value.map_or_else(|| lacks(reason), percent);
    vec![
        text(&check.period),
        decimal(check.expected),
        expected(Value::Count(number(check.counted))),
        percent(check.error, NOTHING),
        percent(check.covered, NOTHING),
        percent(check.weekday_error, NOTHING),
        percent(check.last_year_error, NO_LAST_YEAR),
        percent(check.floor, NOTHING),
    ]
}
