use madoguchi_core::call::CallRecord;
use madoguchi_core::setup::{AgentConfig, LineConfig, ObserveSetting};

use super::*;

fn rules() -> Rules {
    let line = LineConfig::new("総合", vec!["0399990000".to_owned()]);
    let agent = AgentConfig::new("sato", "佐藤", "201");
    Rules::new([&line], [&agent], [], &[], &ObserveSetting::default())
}

fn columns() -> CallTableColumns {
    let name = |text: &str| text.to_owned();
    CallTableColumns {
        start: name("開始"),
        from: name("発信番号"),
        to: name("着信番号"),
        wait: name("待ち"),
        talk: name("通話"),
        extension: name("内線"),
        result: name("結果"),
        answered_words: vec![name("応答"), name("完了")],
        ..CallTableColumns::default()
    }
}

fn import(rows: &[[&str; 7]]) -> Import {
    let (rules, columns) = (rules(), columns());
    let head = [
        "開始",
        "発信番号",
        "着信番号",
        "待ち",
        "通話",
        "内線",
        "結果",
    ];
    let cells =
        |row: &[&str]| -> Vec<String> { row.iter().map(|cell| (*cell).to_owned()).collect() };
    let mut table = CallTable::new(&cells(&head), &columns, &rules).unwrap();
    for (number, row) in (2..).zip(rows) {
        table.take(number, &cells(row), &|_, _| true);
    }
    table.finish()
}

#[test]
fn rows_become_calls_by_the_columns_that_were_named() {
    let import = import(&[
        [
            "2026/11/24 10:00:00",
            "0312345678",
            "03-9999-0000",
            "12",
            "1:05",
            "201",
            "応答",
        ],
        [
            "2026-11-24 10:01:00",
            "0312345678",
            "0399990000",
            "30",
            "",
            "",
            "放棄",
        ],
        [
            "2026-11-24 10:02:00",
            "201",
            "0312340000",
            "3",
            "60",
            "",
            "完了",
        ],
        ["2026-11-24 10:03:00", "0900", "0800", "3", "60", "", "完了"],
    ]);
    assert_eq!(import.skipped, []);
    assert_eq!((import.counts.calls, import.counts.not_about_calls), (3, 1));
    let records: Vec<CallRecord> = import
        .events
        .chunk_by(|one, next| one.call == next.call)
        .map(|events| CallRecord::fold(events).unwrap())
        .collect();
    assert_eq!(records[0].wait(), Some(Millis::from_secs(12)));
    assert_eq!(records[0].talk(), Some(Millis::from_secs(65)));
    assert_eq!(records[0].agent(), Some(&"sato".into()));
    assert!(records[1].abandoned.is_some());
    assert_eq!(
        records[2].direction,
        madoguchi_core::call::Direction::Outbound
    );
}

#[test]
fn a_row_that_stands_twice_counts_once_and_one_that_cannot_be_read_is_told() {
    let row = [
        "2026-11-24 10:00:00",
        "0312345678",
        "0399990000",
        "1",
        "1",
        "201",
        "応答",
    ];
    let wrong = [
        "きのう",
        "0312345678",
        "0399990000",
        "1",
        "1",
        "201",
        "応答",
    ];
    let import = import(&[row, row, wrong]);
    assert_eq!((import.counts.calls, import.counts.repeated), (1, 1));
    assert_eq!(import.skipped.len(), 1);
    assert_eq!(import.skipped[0].line, 4);
    assert!(
        import.skipped[0]
            .reason
            .contains("「きのう」は日時ではありません")
    );
}

#[test]
fn several_rows_of_one_call_are_one_that_was_answered_if_one_of_them_was() {
    let rules = rules();
    let columns = CallTableColumns {
        id: "番号".to_owned(),
        ..columns()
    };
    let cells = |text: &str| -> Vec<String> { text.split(',').map(str::to_owned).collect() };
    let head = cells("番号,開始,発信番号,着信番号,待ち,通話,内線,結果");
    let rows = [
        "7,2026-11-24 10:00:00,0312345678,0399990000,10,,202,放棄",
        "7,2026-11-24 10:00:05,0312345678,0399990000,7,60,201,応答",
        "7,2026-11-24 10:00:00,0312345678,0399990000,20,,203,放棄",
        "7,2026-11-24 10:00:00,0312345678,0399990000,20,,203,放棄",
    ];
    for order in [[0, 1, 2, 3], [1, 0, 2, 3], [3, 2, 1, 0]] {
        let mut table = CallTable::new(&head, &columns, &rules).unwrap();
        for at in order {
            table.take(at + 2, &cells(rows[at]), &|_, _| true);
        }
        let import = table.finish();
        assert_eq!((import.counts.calls, import.skipped.len()), (1, 0));
        let record = CallRecord::fold(&import.events).unwrap();
        assert_eq!(record.talk(), Some(Millis::from_secs(60)));
        assert_eq!(record.agent(), Some(&"sato".into()));
    }
}

#[test]
fn columns_that_are_not_there_are_named() {
    let (rules, columns) = (rules(), columns());
    let head = ["開始".to_owned(), "発信番号".to_owned()];
    let missing = CallTable::new(&head, &columns, &rules).unwrap_err();
    // Of two columns for one instant both have to be there, and nothing else has two.
    for (start, from) in [("開始+時刻", "発信番号"), ("開始", "発信番号+開始")] {
        let columns = CallTableColumns {
            start: start.to_owned(),
            from: from.to_owned(),
            ..columns.clone()
        };
        let missing = CallTable::new(&head, &columns, &rules).unwrap_err();
        assert!(missing.0[0].contains('+'), "{missing:?}");
    }
    assert_eq!(missing.0, ["着信番号", "待ち", "通話", "内線", "結果"]);
}

/// When a call begins by what stands in these columns, in seconds after 2024-04-01 09:05 in Tokyo, or why it cannot be
/// taken.
fn begins(of: &str, cells: &[&str]) -> Result<i64, String> {
    let rules = rules();
    let columns = CallTableColumns {
        start: of.to_owned(),
        ..columns()
    };
    let owned = |first: &[&str], rest: [&str; 6]| -> Vec<String> {
        let cells = first.iter().chain(&rest);
        cells.map(|cell| (*cell).to_owned()).collect()
    };
    let names = ["発信番号", "着信番号", "待ち", "通話", "内線", "結果"];
    let head = owned(&["日付", "時刻"][..cells.len()], names);
    let row = owned(
        cells,
        ["0312345678", "0399990000", "5", "60", "201", "応答"],
    );
    let mut table = CallTable::new(&head, &columns, &rules).unwrap();
    table.take(2, &row, &|_, _| true);
    let import = table.finish();
    match import.skipped.first() {
        Some(skipped) => Err(skipped.reason.clone()),
        None => Ok((import.events[0].at.0 - 1_711_929_900_000) / 1_000),
    }
}

#[test]
fn an_instant_is_read_as_people_exchanges_and_spreadsheets_write_it() {
    for text in [
        "2024/4/1 9:05:07",
        "2024-04-01 09:05:07",
        "2024/04/01 09:05:07.000",
        "2024.04.01 09:05:07",
        "2024/4/1(月) 9:05:07",
        "２０２４／４／１　９：０５：０７",
        "2024年4月1日 9時5分7秒",
        "2024年4月1日(月) 午前9時5分7秒",
        "令和6年4月1日 9:05:07",
        "R6.4.1 9:05:07",
        "2024-04-01T09:05:07+09:00",
        "2024-04-01 00:05:07+00",
        "20240401090507",
        "1711929907",
        "1711929907000",
        // A cell of a workbook.
        "45383.378553240741",
    ] {
        assert_eq!(begins("日付", &[text]), Ok(7), "{text}");
    }
    for (day, time) in [
        ("2024/4/1", "9:05:07"),
        ("2024年4月1日(月)", "午前9時5分7秒"),
        ("20240401", "090507"),
        ("45383", "9:05:07"),
        ("45383", "0.378553240741"),
    ] {
        for name in ["日付+時刻", "日付＋時刻", "日付 + 時刻"] {
            assert_eq!(begins(name, &[day, time]), Ok(7), "{day} {time}");
        }
    }
    assert_eq!(begins("日付", &["2024/4/1 9:05"]), Ok(0));
    for text in ["2024/4/1", "20240401", "45383", "9:05:07", "7", "きのう"] {
        let reason = format!("「{text}」は日時ではありません");
        assert_eq!(begins("日付", &[text]), Err(reason), "{text}");
    }
    assert_eq!(
        begins("日付+時刻", &["2024/4/1", ""]),
        Err("始まりの日時がありません".to_owned())
    );
    assert_eq!(
        begins("日付+時刻", &["2024/4/1", "昼"]),
        Err("「2024/4/1 昼」は日時ではありません".to_owned())
    );
}

#[test]
fn lengths_are_seconds_or_minutes_and_seconds() {
    let secs = |text: &str| length(text).map(|length| length.0 / 1_000);
    assert_eq!(secs("75"), Some(75));
    assert_eq!(secs("1:15"), Some(75));
    assert_eq!(secs("1:01:15"), Some(3_675));
    assert_eq!(secs("0:01:15"), Some(75));
    assert_eq!(secs("75秒"), Some(75));
    assert_eq!(secs("1分15秒"), Some(75));
    assert_eq!(secs("2分"), Some(120));
    assert_eq!(secs("1時間 5秒"), Some(3_605));
    assert_eq!(length("75.4"), Some(Millis(75_400)));
    for wrong in [
        "",
        "-1",
        "1:2:3:4",
        "x",
        "1:-5",
        "分",
        "5秒1分",
        "99999999999:00",
        "10000000",
    ] {
        assert_eq!(secs(wrong), None, "{wrong}");
    }
}
