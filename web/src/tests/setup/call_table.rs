//! 通話の表の列: which columns hold what, tried before it is kept.

use madoguchi_core::call_table::CALL_TABLE;

use super::*;

const PAGE: &str = "/admin/desk/call-table";

fn columns(more: &[(&str, &str)]) -> String {
    let all = [
        ("start", "開始"),
        ("from", "発信番号"),
        ("to", "着信番号"),
        ("answer", "応答"),
        ("end", "終了"),
        ("extension", "内線"),
        ("version", "0"),
    ];
    form(&all.iter().chain(more).copied().collect::<Vec<_>>())
}

#[tokio::test]
async fn columns_are_tried_with_rows_that_are_pasted_and_kept_without_them() {
    let house = house().await;
    let mut boss = house.boss.clone();
    let sample = "開始,発信番号,着信番号,応答,終了,内線\r\n\
        2026-11-24 09:00:00,0312345678,5000,2026-11-24 09:00:10,2026-11-24 09:01:10,201\r\n\
        2026-11-24 09:05:00,0312345678,5000,,2026-11-24 09:05:30,\r\n\
        いつか,0312345678,5000,,2026-11-24 09:05:30,\r\n\
        2026-11-24 09:06:00,0312345678,0399,,2026-11-24 09:06:30,\r\n";
    let body = columns(&[("sample", sample), ("intent", "try")]);
    let (status, _, html) = house.submit(&mut boss, PAGE, &body).await;
    assert_eq!(status, StatusCode::OK);
    for told in [
        "通話2件、番号から数えない行1件、重複した行0件、取り込めない行1件",
        "4行目：「いつか」は日時ではありません",
        "<td>help</td>",
        "放棄",
    ] {
        assert!(html.contains(told), "{told}\n{html}");
    }
    assert_eq!(
        house.store.list_settings(CALL_TABLE).await.unwrap().len(),
        0
    );
    let body = columns(&[("sample", "開始,発信番号\r\n1,2\r\n"), ("intent", "try")]);
    let (_, _, html) = house.submit(&mut boss, PAGE, &body).await;
    assert!(
        html.contains("列が見つかりません: 着信番号、応答、終了、内線"),
        "{html}"
    );
    house.take(PAGE, &columns(&[("sample", sample)])).await;
    let kept = house.store.list_settings(CALL_TABLE).await.unwrap();
    let kept = kept[0].data.as_deref().unwrap();
    assert!(
        kept.contains("発信番号") && !kept.contains("0312345678"),
        "{kept}"
    );
}

#[tokio::test]
async fn a_table_without_what_a_call_needs_is_refused() {
    let house = house().await;
    let html = house.refuse(PAGE, &form(&[("version", "0")])).await;
    assert!(html.contains("応答した日時か、待ち時間の列を入力してください"));
}
