//! 公表値, as people and programs write them.

use super::*;

/// 別紙 8-2 as it stands, but for its heads of several rows.
const TABLE: &str = "\
年月|重大障害|通常障害|異常検知|障害予兆|重大障害|通常障害|異常検知|障害予兆|着信件数|応答件数|応答率|一次未回答件数|一次回答率|エスカレーション数|問題解決率
令和6年4月|0|1|1|0|1|1|0|0|1029|1023|99.4%|45|90.6%|21|99.9%
令和7年2月|0|2|0|0|0|1|1|0|185|185|100.0%|16|91.0%|8|99.4%";

fn rows(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines();
    lines
        .map(|line| line.split('|').map(str::to_owned).collect())
        .collect()
}

fn read(text: &str) -> PublishedFile {
    read_published(&rows(text), "別紙8-2.csv").unwrap()
}

fn sentences(file: &PublishedFile) -> Vec<String> {
    file.faults.iter().map(RowFault::sentence).collect()
}

#[test]
fn 別紙8の2_is_read_with_its_text_and_its_source() {
    let file = read(TABLE);
    assert_eq!(file.faults, []);
    let april = &file.months[0];
    assert_eq!(april.month.to_string(), "2024-04");
    assert_eq!(
        (april.counts.offered, april.counts.answered),
        (1_029, 1_023)
    );
    assert_eq!(
        april.first_answer_rate, "90.6%",
        "as published, whatever the formula gives"
    );
    assert_eq!(april.indirect.counts(), [0, 1, 1, 0].map(Some));
    assert_eq!(april.macs.counts(), [1, 1, 0, 0].map(Some));
    assert_eq!(april.source, "別紙8-2.csv");
}

#[test]
fn months_and_counts_are_read_as_people_and_programs_write_them() {
    let head = "month,offered,answered,answer_rate,first_unanswered,first_answer_rate,escalations,resolution_rate,source".replace(',', "|");
    let table = format!(
        "{head}\n2024-04|1,029|1023|99.4|45|90.6|21|99.9|公表資料\nR6.5|４５８|457|99.8|23|95.7|15|－|\n2019/5|1件|1|100.0|0||0|100.0|x"
    );
    let file = read(&table);
    assert_eq!(sentences(&file), Vec::<String>::new());
    let months: Vec<_> = file.months.iter().map(|it| it.month.to_string()).collect();
    assert_eq!(months, ["2019-05", "2024-04", "2024-05"]);
    assert_eq!(file.months[1].source, "公表資料");
    assert_eq!(file.months[2].source, "別紙8-2.csv");
    assert_eq!(file.months[2].counts.offered, 458);
    for (text, month) in [
        ("令和元年5月", "2019-05"),
        ("平成31年4月", "2019-04"),
        ("2024年4月", "2024-04"),
        ("2024-04-01", "2024-04"),
    ] {
        assert_eq!(read_month(text).unwrap().to_string(), month, "{text}");
    }
    for text in ["", "4月", "令和6年", "2024-13", "合計"] {
        assert_eq!(read_month(text), None, "{text}");
    }
}

#[test]
fn rates_that_a_workbook_keeps_as_shares_of_one_are_what_people_see_in_its_cells() {
    for (kept, seen) in [
        ("0.9941690962099126", "99.4%"),
        ("0.906", "90.6%"),
        ("0.9995", "100.0%"),
        ("0.99949", "99.9%"),
        ("1", "100.0%"),
        ("99.41690962099125", "99.4%"),
        // What was typed stays as it was typed.
        ("0", "0"),
        ("99.4", "99.4"),
        ("99.95", "99.95"),
        ("1%", "1%"),
        ("0.5％", "0.5％"),
        ("100.0%", "100.0%"),
        ("－", "－"),
    ] {
        assert_eq!(read_rate(kept).unwrap(), seen, "{kept}");
    }
    for text in ["百", "100.1", "-1", "NaN", "1.0E1x"] {
        assert!(read_rate(text).is_err(), "{text}");
    }
}

#[test]
fn incidents_that_a_table_does_not_tell_are_unknown_and_not_none() {
    let head =
        "年月|着信件数|応答件数|応答率|一次未回答件数|一次回答率|エスカレーション数|問題解決率";
    let april = "令和6年4月|1029|1023|99.4%|45|90.6%|21|99.9%";
    let without = &read(&format!("{head}\n{april}")).months[0];
    assert_eq!(without.indirect.counts(), [None; 4]);
    assert_eq!(without.macs.counts(), [None; 4]);
    let table = format!(
        "{head}|重大障害|通常障害|MACS重大障害\n{april}|0||－\n令和6年5月|1|1|100%|0|100%|0|100%|多数|1|1"
    );
    let some = read(&table);
    assert_eq!(
        some.months[0].indirect.counts(),
        [Some(0), None, None, None]
    );
    assert_eq!(some.months[0].macs.counts(), [None; 4]);
    let told = "3行目の「重大障害」：「多数」を件数として読み取れません。この行は取り込みません。";
    assert_eq!(sentences(&some), [told]);
}

#[test]
fn a_broken_row_names_its_row_and_column_and_the_others_are_taken() {
    let table = format!(
        "{TABLE}\n合計|0|0|0|0|0|0|0|0|1|1|100%|0|100%|0|100%\n令和6年5月|0|0|0|0|0|0|0|0|458|多数|99.8%|23|95.7%|15|百%\n令和6年4月|0|0|0|0|0|0|0|0|1|1|100%|0|100%|0|100%\n令和6年6月|0|0|0|0|0|0|0|0|10|11|100%|0|100%|0|100%\n令和6年7月|0"
    );
    let file = read(&table);
    assert_eq!(file.months.len(), 2);
    let told = sentences(&file);
    for sentence in [
        "4行目の「年月」：「合計」を年月として読み取れません。この行は取り込みません。",
        "5行目の「応答件数」：「多数」を件数として読み取れません。この行は取り込みません。",
        "5行目の「問題解決率」：「百%」を率として読み取れません。この行は取り込みません。",
        "6行目の「年月」：令和6年4月は2行目にもあります。この行は取り込みません。",
        "7行目の「応答件数」：11件は、着信件数の10件を超えています。この行は取り込みません。",
        "8行目の「着信件数」：件数を入力してください。この行は取り込みません。",
    ] {
        assert!(
            told.contains(&sentence.to_owned()),
            "{sentence} in {told:?}"
        );
    }
}

#[test]
fn heads_may_stand_below_a_title_and_a_table_without_them_is_refused() {
    let titled = format!("別紙8-2：実績作業回数\n\n{TABLE}");
    assert_eq!(read(&titled).months.len(), 2);
    for (text, told) in [
        ("", "ファイルに行がありません"),
        ("名前\n甲", "「着信件数」と「応答件数」の列がありません"),
        ("年月|着信件数|応答件数", "「応答率」の列がありません"),
    ] {
        let error = read_published(&rows(text), "x").unwrap_err();
        assert!(error.contains(told), "{error}");
    }
}
