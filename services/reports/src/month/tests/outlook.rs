//! 第10 翌月の見通しと要員

use super::*;
use crate::document::{Block, DocTable, Population, Rows};

fn slot(slot: &str, agents: Option<u64>) -> NeededAgents {
    NeededAgents {
        slot: slot.to_owned(),
        calls: 4.25,
        agents,
        one_less_rate: agents.map(|_| 71.26),
        one_less_wait_ms: agents.map(|_| 40_000),
    }
}

fn check(period: &str, last_year_error: Option<f64>) -> ForecastCheck {
    ForecastCheck {
        period: period.to_owned(),
        expected: 950.5,
        counted: 1_029,
        error: Some(24.0),
        covered: Some(85.0),
        weekday_error: Some(58.0),
        last_year_error,
        floor: Some(19.04),
    }
}

/// An outlook with all that it can tell.
pub(super) fn outlook() -> Outlook {
    let patience = |slot: &str, agents, nobody_gives_up| PatienceSlot {
        slot: slot.to_owned(),
        calls: 4.25,
        agents,
        nobody_gives_up,
    };
    let waiting = NobodyGivesUp {
        wait_ms: 61_235,
        service_level: 75.04,
    };
    Outlook {
        days: vec![ExpectedDay {
            date: "2024-06-03".parse().unwrap(),
            calls: 62.5,
            within_80: (50, 75),
            within_95: (44, 82),
            why: "月初(1開所日目)".to_owned(),
        }],
        slots: vec![slot("8:00～8:30", Some(2)), slot("8:30～9:00", None)],
        checks: vec![check("令和6年4月", None), check("令和6年5月", Some(35.0))],
        checks_sum: Some(check("計", Some(35.0))),
        patiences: Some(ByPatience {
            secs: [60, 120, 300],
            service_level_ms: 20_000,
            slots: vec![
                patience("8:00～8:30", [Some(3), Some(2), Some(2)], Some(waiting)),
                patience("8:30～9:00", [Some(1), None, None], None),
            ],
        }),
        busiest: Some(NeededDay {
            date: "2024-06-03".parse().unwrap(),
            slots: vec![slot("8:00～8:30", Some(4))],
        }),
        ..Outlook::default()
    }
}

fn told(outlook: Outlook) -> MonthReport {
    report(&MonthInput {
        outlook: Some(outlook),
        ..input_of(counts("2024-05", 50, 50))
    })
}

fn tables(report: &MonthReport) -> Vec<&DocTable> {
    let tables = report.document.tables().map(|(_, table)| table);
    tables
        .filter(|table| table.number.starts_with("表10-"))
        .collect()
}

fn of_row(report: &MonthReport, table: &str, row: &str, columns: &[&str]) -> Vec<String> {
    let columns = columns.iter();
    columns
        .map(|column| text(report, table, row, column))
        .collect()
}

#[test]
fn a_forecast_stands_beside_last_year_and_beside_the_least_error_that_chance_leaves() {
    let report = told(outlook());
    let errors = ["error", "weekday_error", "last_year_error", "floor"];
    for row in ["check_2", "total"] {
        assert_eq!(
            of_row(&report, "forecast_checks", row, &errors),
            ["24.0%", "58.0%", "35.0%", "19.0%"],
            "{row}"
        );
    }
    let unknown = figure(&report, "forecast_checks", "check_1", "last_year_error");
    assert_eq!(
        unknown.value,
        Value::None("前年の日別の実績なし".to_owned())
    );
    let table = report.document.table("forecast_checks").unwrap();
    let totals = table.rows.iter().filter(|row| row.total);
    assert_eq!(totals.count(), 1);
    let nothing_tested = Outlook {
        checks: Vec::new(),
        checks_sum: None,
        ..outlook()
    };
    let report = told(nothing_tested);
    let table = report.document.table("forecast_checks").unwrap();
    assert!(table.rows.is_empty(), "{table:?}");
}

#[test]
fn agents_stand_side_by_side_for_three_patiences_with_erlang_c_for_reference() {
    let report = told(outlook());
    let columns = [
        "patience_1",
        "patience_2",
        "patience_3",
        "erlang_c_wait",
        "erlang_c_level",
    ];
    let first = of_row(&report, "agents_by_patience", "slot_8:00～8:30", &columns);
    assert_eq!(first, ["3", "2", "2", "1:01", "75.0%"]);
    let short = Value::None("不足".to_owned());
    for column in columns.iter().skip(1) {
        let figure = figure(&report, "agents_by_patience", "slot_8:30～9:00", column);
        assert_eq!(figure.value, short, "{column}");
    }
    let table = report.document.table("agents_by_patience").unwrap();
    let names: Vec<_> = table.columns.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "時間帯",
            "予測",
            "待ち許容時間60秒で目標を満たす人数",
            "待ち許容時間120秒で目標を満たす人数",
            "待ち許容時間300秒で目標を満たす人数",
            "放棄がないとした場合の平均待ち",
            "放棄がないとした場合の20秒以内の応答率",
        ]
    );
}

#[test]
fn the_day_with_the_most_calls_has_a_table_of_its_own() {
    let report = told(outlook());
    let numbers: Vec<_> = tables(&report)
        .iter()
        .map(|table| table.number.as_str())
        .collect();
    assert_eq!(numbers, ["表10-1", "表10-2", "表10-3", "表10-4", "表10-5"]);
    assert_eq!(
        count(&report, "busiest_agents", "slot_8:00～8:30", "agents"),
        4
    );
    let chapters = report.document.chapters.iter();
    let mut blocks = chapters.flat_map(|chapter| &chapter.blocks);
    let sentence = "着信が最も多いと予測する開所日は、令和6年6月3日（月）である（表10-5）。";
    assert!(
        blocks.any(|block| matches!(block, Block::Sentence { text } if text == sentence)),
        "{sentence}"
    );
    // A desk that is too large to be planned has neither.
    let unplanned = Outlook {
        slots: Vec::new(),
        patiences: None,
        busiest: None,
        ..outlook()
    };
    assert_eq!(tables(&told(unplanned)).len(), 3);
}

#[test]
fn every_figure_of_an_outlook_is_marked_as_expected_and_tells_its_source() {
    let report = told(outlook());
    let cells = tables(&report)
        .into_iter()
        .flat_map(|table| &table.rows)
        .flat_map(|row| &row.cells);
    let mut figures = 0;
    for cell in cells {
        let DocCell::Figure(figure) = cell else {
            continue;
        };
        figures += 1;
        assert_eq!(figure.population, Population::Expected, "{figure:?}");
        assert!(
            matches!(&figure.rows, Rows::Source { source } if source == "予測の計算"),
            "{figure:?}"
        );
    }
    assert!(figures > 40, "{figures}");
}
