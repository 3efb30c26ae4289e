//! 月次: every book is shown, and handed out in every form.

use std::io::Cursor;

use axum::body::to_bytes;
use madoguchi_monthly::BOOKS;
use madoguchi_reports::rows::rows;

use super::monthly::freeze_books;
use super::*;
use crate::query::escape;

const MONTH: &str = "/monthly/2026-11";

async fn writer(house: &House) -> Client {
    house.set_time(Instant::from_tokyo("2026-12-01T10:00:00".parse().unwrap()));
    house.user("sekinin", &[Role::Supervisor]).await
}

/// What was handed out: its type, its name as it is encoded, and its bytes.
struct Handed {
    kind: String,
    name: String,
    bytes: Vec<u8>,
}

async fn handed(house: &House, client: &Client, path: &str) -> Handed {
    let request = Request::get(path)
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie);
    let request = request.body(Body::empty()).unwrap();
    let response = house.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    let (kind, named) = (header("content-type"), header("content-disposition"));
    assert!(named.starts_with("attachment; filename=\""), "{named}");
    let (_, name) = named.split_once("filename*=UTF-8''").unwrap();
    let name = name.to_owned();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    Handed {
        kind,
        name,
        bytes: bytes.into(),
    }
}

/// The names of what an archive holds, all of which can be read.
fn names(archive: &[u8]) -> Vec<String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let all = 0..archive.len();
    let read = |at| {
        let mut file = archive.by_index(at).unwrap();
        std::io::copy(&mut file, &mut std::io::sink()).unwrap();
        file.name().unwrap().into_owned()
    };
    all.map(read).collect()
}

#[tokio::test]
async fn every_book_is_shown_and_leads_to_the_others_and_to_its_files() {
    let house = house().await;
    let mut client = writer(&house).await;
    let (status, html) = house.open(&mut client, MONTH).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    for (at, (_, name)) in BOOKS.iter().enumerate() {
        assert!(
            html.contains(&format!("book?book={at}\">{name}</a>")),
            "{html}"
        );
        for form in ["submission", "data", "docx", "pdf", "json"] {
            assert!(
                html.contains(&format!("form={form}&#38;book={at}\"")),
                "{form} {name}"
            );
        }
    }
    for (at, (_, name)) in BOOKS.iter().enumerate() {
        let path = format!("{MONTH}/book?book={at}");
        let (status, html) = house.open(&mut client, &path).await;
        assert_eq!(status, StatusCode::OK, "{html}");
        assert!(
            html.contains(&format!("<h1>{name}(令和8年11月)</h1>")),
            "{html}"
        );
        let current = format!("book={at}\" aria-current=\"page\">{name}</a>");
        assert!(html.contains(&current), "{html}");
    }
    // A figure of another book is proven as those of the report are.
    let figure = format!("{MONTH}/figure?book=1&cell=inquiries/total/total");
    let (status, html) = house.open(&mut client, &figure).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    assert!(html.contains("表2-1") && html.contains("受付月"), "{html}");
    let (status, _) = house
        .open(&mut client, &format!("{MONTH}/book?book=9"))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_book_is_handed_out_in_every_form_and_opens() {
    let house = house().await;
    let client = writer(&house).await;
    let download = format!("{MONTH}/download?");
    let workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    for (at, (_, name)) in BOOKS.iter().enumerate() {
        let begin = escape(format!("{name}_令和08年11月_案"));
        for (form, ending) in [("submission", ".xlsx"), ("data", "_データ用.xlsx")] {
            let file = handed(&house, &client, &format!("{download}form={form}&book={at}")).await;
            assert_eq!(file.kind, workbook);
            assert_eq!(file.name, format!("{begin}{}", escape(ending)));
            let cells = rows(&file.bytes, 200).unwrap().rows.concat();
            assert!(cells.iter().any(|cell| cell.contains(name)), "{cells:?}");
        }
        let file = handed(&house, &client, &format!("{download}form=json&book={at}")).await;
        let json: serde_json::Value = serde_json::from_slice(&file.bytes).unwrap();
        assert_eq!(json["name"], *name);
    }
}

#[tokio::test]
async fn an_edition_is_handed_out_as_docx_pdf_and_in_one_archive() {
    let house = house().await;
    let client = writer(&house).await;
    let all = BOOKS.map(|(_, name)| name);
    freeze_books(&house, 1, &all).await;
    let download = "/monthly/2026-10/download?edition=1&";
    let docx = handed(&house, &client, &format!("{download}form=docx&book=2")).await;
    assert_eq!(
        docx.kind,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    );
    assert_eq!(docx.name, escape("問合せ管理台帳_令和08年10月_第1版.docx"));
    assert!(names(&docx.bytes).contains(&"word/document.xml".to_owned()));
    let pdf = handed(&house, &client, &format!("{download}form=pdf&book=4")).await;
    assert_eq!(pdf.kind, "application/pdf");
    assert_eq!(
        pdf.name,
        escape("ナレッジデータベース_令和08年10月_第1版.pdf")
    );
    assert!(pdf.bytes.starts_with(b"%PDF-"));
    let end = pdf.bytes.len().saturating_sub(32);
    assert!(String::from_utf8_lossy(&pdf.bytes[end..]).contains("%%EOF"));

    let archive = handed(&house, &client, &format!("{download}form=zip")).await;
    assert_eq!(archive.kind, "application/zip");
    let name = "ヘルプデスク受付状況報告_令和08年10月_第1版_電子納品.zip";
    assert_eq!(archive.name, escape(name));
    let names = names(&archive.bytes);
    for book in all {
        for ending in [".xlsx", "_データ用.xlsx", ".docx"] {
            let file = format!("{book}_令和08年10月_第1版{ending}");
            let is_there = names.iter().any(|name| name.ends_with(&file));
            assert!(is_there, "{file}: {names:?}");
        }
    }
    for file in ["_結合.pdf", "元データ一覧.csv"] {
        assert!(names.iter().any(|name| name.ends_with(file)), "{names:?}");
    }
}

#[tokio::test]
async fn names_and_numbers_are_in_the_ledger_of_those_alone_who_see_them_in_tickets() {
    let house = house().await;
    let mut client = writer(&house).await;
    let place = format!("{MONTH}/ledger/download");
    let (_, html) = house
        .open(&mut client, &format!("{MONTH}/book?book=2"))
        .await;
    assert!(html.contains(&format!("href=\"{place}\"")), "{html}");
    let request = Request::get(&place)
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie);
    let response = house
        .router
        .clone()
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let named = response.headers()["content-disposition"].to_str().unwrap();
    let name = escape("問合せ管理台帳_令和08年11月_案_氏名入り.xlsx");
    assert!(named.ends_with(&name), "{named}");
    let mut auditor = house.user("kansa", &[Role::Auditor]).await;
    let (status, _) = house.open(&mut auditor, &place).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}
