//! 月次: インシデント件数 is entered with its source, corrected with a reason, and stands in 表2-2 of the report.

use madoguchi_core::month::IncidentCounts;
use madoguchi_reports::document::Document;

use super::monthly::{form, write, writer};
use super::*;

const MONTH: &str = "/monthly/2026-11";
const COUNTS: [(&str, &str); 9] = [
    ("indirect_major", "0"),
    ("indirect_normal", "１"),
    ("indirect_anomalies", "2"),
    ("indirect_signs", "0"),
    ("macs_major", "0"),
    ("macs_normal", "1"),
    ("macs_anomalies", "0"),
    ("macs_signs", "0"),
    ("source", "障害管理台帳"),
];

/// The counts with others in the place of one.
fn counts_with(name: &'static str, value: &'static str) -> Vec<(&'static str, &'static str)> {
    let counts = COUNTS.into_iter();
    counts
        .map(|one| if one.0 == name { (name, value) } else { one })
        .collect()
}

/// What 表2-2 tells of the month in a column.
async fn told(house: &House, client: &mut Client, edition: &str, column: &str) -> String {
    let path = format!("{MONTH}/download?form=json&edition={edition}");
    let (status, text) = house.open(client, &path).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let book: Document = serde_json::from_str(&text).unwrap();
    let table = book.table("months").unwrap();
    table.cell("2026-11", column).unwrap().text()
}

async fn kept(house: &House) -> Vec<IncidentCounts> {
    let month = "2026-11".parse().unwrap();
    let kept = house.store.month_entries(month, month).await.unwrap();
    kept.into_iter().map(|kept| kept.entry).collect()
}

#[tokio::test]
async fn incidents_are_entered_whole_or_not_at_all() {
    let house = house().await;
    let mut client = writer(&house).await;
    let new = format!("{MONTH}/incidents/new");
    let (_, html) = house.open(&mut client, &new).await;
    let empty = "name=\"indirect_major\" value=\"\"";
    assert!(html.contains(empty), "nobody said 0: {html}");
    for (name, value, message) in [
        ("macs_signs", "", "障害予兆を入力してください。"),
        ("macs_major", "多数", "数字で入力してください"),
        (
            "indirect_normal",
            "1000001",
            "1,000,000以下の件数を入力してください",
        ),
        ("source", "", "出所を入力してください。"),
    ] {
        let fields = counts_with(name, value);
        let (status, _, html, _) = write(&house, &mut client, &new, &fields).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name}: {html}");
        assert!(html.contains(message), "{message}: {html}");
    }
    assert!(kept(&house).await.is_empty());
    let (status, place, html, action) = write(&house, &mut client, &new, &COUNTS).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert_eq!(place, format!("{MONTH}/incidents?done=created"));
    let (status, ..) = house.submit(&mut client, &action, &form(&COUNTS)).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "a double click");
    let others = counts_with("macs_major", "3");
    let (status, _, html, _) = write(&house, &mut client, &new, &others).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        html.contains("このインシデント件数は、すでに記入されています"),
        "{html}"
    );
    let kept = kept(&house).await;
    assert_eq!((kept.len(), kept[0].indirect.normal), (1, 1));
    let (_, html) = house.open(&mut client, &place).await;
    assert!(
        html.contains("重大障害0件、通常障害1件、異常検知2件、障害予兆0件"),
        "{html}"
    );
}

#[tokio::test]
async fn incidents_stand_in_the_report_and_an_edition_keeps_what_they_were() {
    let house = house().await;
    house.set_time(Instant::from_tokyo("2026-12-01T10:00:00".parse().unwrap()));
    let mut client = writer(&house).await;
    assert_eq!(told(&house, &mut client, "", "macs_normal").await, "－");
    let new = format!("{MONTH}/incidents/new");
    let (status, _, html, _) = write(&house, &mut client, &new, &COUNTS).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (_, html) = house.open(&mut client, MONTH).await;
    assert!(html.contains(&format!("{MONTH}/incidents")), "{html}");
    house.let_pass(Millis::from_secs(61));
    for (column, count) in [("macs_normal", "1"), ("indirect_signs", "0")] {
        assert_eq!(told(&house, &mut client, "", column).await, count);
    }

    let checks = format!("{MONTH}/checks");
    let why = form(&[
        ("check", "registered"),
        ("sums", "1 0"),
        ("reason", "登録の前に締めた"),
        ("version", "0"),
    ]);
    house.open(&mut client, &checks).await;
    let (status, _, html) = house.submit(&mut client, &checks, &why).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let freeze = format!("{MONTH}/freeze");
    let (status, _, html) = house.submit(&mut client, &freeze, "edition=1").await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");

    let one = format!("{MONTH}/incidents/2026-11");
    house.open(&mut client, &one).await;
    let mut later = counts_with("macs_normal", "2");
    let silent = format!("{}&version=1", form(&later));
    let (status, _, html) = house.submit(&mut client, &one, &silent).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{html}");
    later.push(("change_reason", "1件の区分を改めた"));
    let said = format!("{}&version=1", form(&later));
    let (status, _, html) = house.submit(&mut client, &one, &said).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (_, html) = house.open(&mut client, &one).await;
    assert!(html.contains("MACS 通常障害：1件 → 2件"), "{html}");
    assert!(html.contains("1件の区分を改めた"), "{html}");
    house.let_pass(Millis::from_secs(61));
    assert_eq!(told(&house, &mut client, "1", "macs_normal").await, "1");
    assert_eq!(told(&house, &mut client, "", "macs_normal").await, "2");
    let (_, html) = house.open(&mut client, &freeze).await;
    assert!(
        html.contains("第1版との差異") && html.contains("MACS 通常障害"),
        "{html}"
    );
}
