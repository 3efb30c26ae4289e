//! 定型文: a kind of record of which the kit makes all screens.

use axum::http::StatusCode;
use madoguchi_core::access::Role;
use madoguchi_core::audit::Action;
use madoguchi_store::AuditFilter;

use super::*;
use crate::query::escape;

const NEW: &str = "/admin/phrases/new";

fn phrase(code: &str, title: &str, text: &str, version: u32) -> String {
    let fields = [("code", code), ("title", title), ("text", text)];
    let fields = fields.map(|(name, value)| format!("{name}={}", escape(value)));
    format!("{}&version={version}", fields.join("&"))
}

#[tokio::test]
async fn a_phrase_is_made_changed_removed_and_brought_back() {
    let house = house().await;
    let mut editor = house.user("henshu", &[Role::FaqEditor]).await;
    let body = phrase("aisatsu", "あいさつ", "{氏名}様、担当の{担当者}です。", 0);
    let (status, place, html) = house.submit(&mut editor, NEW, &body).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert_eq!(place, "/admin/phrase/aisatsu?done=created");
    let (status, _, html) = house.submit(&mut editor, NEW, &body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("この定型文は、すでにあります"));
    let wrong = phrase("a b", "", "{住所}です", 0);
    let (_, _, html) = house.submit(&mut editor, NEW, &wrong).await;
    for told in [
        "だけで入力してください",
        "「{住所}」は使えません",
        "value=\"a b\"",
    ] {
        assert!(html.contains(told), "{told}");
    }
    let path = "/admin/phrase/aisatsu";
    let change = phrase("other", "ごあいさつ", "{氏名}様、{担当者}です。", 1);
    let (status, ..) = house.submit(&mut editor, path, &change).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (status, ..) = house
        .submit(&mut editor, path, &body.replace("=0", "=1"))
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "seen before the other change");
    let (_, html) = house.open(&mut editor, path).await;
    assert!(html.contains("題：あいさつ → ごあいさつ"), "{html}");
    assert!(!html.contains("other"), "the code never changes");
    let (_, html) = house.open(&mut editor, &format!("{path}/remove")).await;
    assert!(html.contains("呼び出せなくなります"));
    house
        .submit(&mut editor, &format!("{path}/remove"), "version=2")
        .await;
    let (_, html) = house.open(&mut editor, "/admin/phrases").await;
    assert!(html.contains("削除した定型文") && html.contains("ごあいさつ"));
    let back = format!("{path}/restore");
    house
        .submit(&mut editor, &back, "version=1&replaces=3")
        .await;
    let (_, html) = house.open(&mut editor, "/admin/phrases").await;
    assert!(html.contains("<th scope=\"row\"><a href=\"/admin/phrase/aisatsu\">aisatsu</a></th>"));
    let changes = AuditFilter {
        action: Some(Action::PhraseChange),
        limit: 10,
        ..AuditFilter::default()
    };
    let records = house.store.list_audit(&changes).await.unwrap();
    assert_eq!(records.len(), 4);
    assert_eq!(records[2].entry.before["title"], "あいさつ");
    assert_eq!(records[2].entry.after["title"], "ごあいさつ");
}

#[tokio::test]
async fn the_list_of_phrases_is_a_workbook_csv_and_json_and_agents_read_it() {
    let house = house().await;
    let mut editor = house.user("henshu", &[Role::FaqEditor]).await;
    let body = phrase("k1", "=1+1", "一行目\n二行目", 0);
    house.submit(&mut editor, NEW, &body).await;
    let (status, file) = house.open(&mut editor, "/admin/phrases/download").await;
    assert!(status == StatusCode::OK && file.starts_with("PK"));
    let (_, file) = house
        .open(&mut editor, "/admin/phrases/download?format=csv")
        .await;
    assert_eq!(
        file,
        "\u{feff}符号,題,文\r\nk1,'=1+1,\"一行目\n二行目\"\r\n"
    );
    let mut agent = house.user("tanto", &[Role::Agent]).await;
    let (status, text) = house.open(&mut agent, "/api/v1/phrases").await;
    assert_eq!(status, StatusCode::OK);
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read["items"][0]["id"], "k1");
    assert_eq!(read["items"][0]["text"], "一行目\n二行目");
    for path in [
        "/admin/phrases",
        "/admin/phrases/download",
        "/admin/phrase/k1",
    ] {
        let (status, _) = house.open(&mut agent, path).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
    let exports = AuditFilter {
        action: Some(Action::ListExport),
        limit: 10,
        ..AuditFilter::default()
    };
    let records = house.store.list_audit(&exports).await.unwrap();
    assert_eq!(records.len(), 2);
    assert_eq!(records[0].entry.object, "phrase");
}
