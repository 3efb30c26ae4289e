//! The directory of people: brought from files, looked at, and found by those who take calls.

use axum::body::Bytes;
use madoguchi_core::access::Role;
use madoguchi_core::audit::Action;
use madoguchi_core::id::PersonId;
use madoguchi_reports::stream::{RowText, TextFormat};
use madoguchi_reports::table::{Cell, Column, Form, Table, workbook};
use madoguchi_store::AuditFilter;

use super::*;
use crate::query::escape;

async fn supervisor(house: &House) -> Client {
    let mut client = house.user("sekinin", &[Role::Supervisor]).await;
    let (status, html) = house.open(&mut client, "/people/import").await;
    assert_eq!(status, StatusCode::OK, "{html}");
    client
}

/// A field's name, the name of its file if it is one, and its content.
pub(super) type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

/// Sends a form with a file or with fields.
pub(super) async fn send(
    house: &House,
    client: &mut Client,
    (path, parts): (&str, &[Part<'_>]),
) -> (StatusCode, String, String) {
    let mut body = Vec::new();
    let csrf = client.csrf.clone();
    let token = ("_csrf", None, csrf.as_bytes());
    for (name, file, content) in std::iter::once(&token).chain(parts) {
        body.extend(format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"").bytes());
        if let Some(file) = file {
            body.extend(format!("; filename=\"{file}\"").bytes());
        }
        body.extend(b"\r\n\r\n");
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(b"--edge--\r\n");
    let request = Request::post(path)
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie)
        .header("origin", "http://localhost:8080")
        .header("content-type", "multipart/form-data; boundary=edge");
    // As it comes over a connection: in pieces.
    let pieces = body.chunks(64 * 1024).map(Bytes::copy_from_slice);
    let pieces: Vec<_> = pieces.map(Ok::<_, std::convert::Infallible>).collect();
    let pieces = Body::from_stream(futures::stream::iter(pieces));
    house.pass(client, request.body(pieces).unwrap()).await
}

fn plain(html: &str) -> String {
    html.replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#38;", "&")
}

/// Brings a file, and takes in what the preview shows; gives the preview.
async fn import(house: &House, client: &mut Client, file: (&str, &[u8])) -> String {
    let upload = [("file", Some(file.0), file.1)];
    let (status, _, html) = send(house, client, ("/people/import", &upload)).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    let lines = html.split("name=\"lines\" value=\"").nth(1);
    let lines = lines.unwrap_or_else(|| panic!("nothing to take in: {html}"));
    let lines = plain(lines.split('"').next().unwrap());
    let apply = [("lines", None, lines.as_bytes())];
    for _ in 0..2 {
        let (status, place, html) = send(house, client, ("/people/import/apply", &apply)).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
        assert_eq!(place, "/people?done=people-imported");
    }
    html
}

#[tokio::test]
async fn a_csv_file_in_cp932_is_shown_and_taken_in_with_its_faults_named() {
    let house = house().await;
    let mut client = supervisor(&house).await;
    let heads = [
        "職員番号",
        "氏名",
        "拠点",
        "主な電話番号",
        "電話番号",
        "退職日",
    ];
    let first = [
        "1001",
        "構 花子",
        "機構,本部",
        "03-1234-5678",
        "1234／5678",
        "",
    ];
    let rows = [
        first,
        ["1002", "主 二つ", "", "03-1111-2222、06-1111-2222", "", ""],
        ["", "名なし", "", "", "", ""],
        ["1003", "退職 次郎", "", "0120-000-000", "", "2026/3/31"],
        first,
    ];
    let rows = rows.map(|row| row.map(|text| Cell::Text(text.to_owned())).to_vec());
    let text = RowText::new(TextFormat::Cp932, heads.map(Into::into).to_vec());
    let mut file = text.head().unwrap();
    file.extend(text.rows(&rows).unwrap());
    // 構 is 8D 5C in CP932, of which the second byte is a backslash; here within quotes.
    assert!(file.windows(3).any(|three| three == [0x8d, 0x5c, b',']));
    let html = import(&house, &mut client, ("meibo.csv", &file)).await;
    for told in [
        "追加3人",
        "同じ内容の行が1行",
        "3行目の「主な電話番号」：主な電話番号が2つあります",
        "4行目の「職員番号」：職員番号を入力してください。この行は取り込みません。",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
    let person = async |id: &str| house.store.lookup_person(&PersonId::new(id)).await.unwrap();
    let first = person("1001").await.unwrap();
    assert_eq!(
        (first.name.as_str(), first.site.as_str()),
        ("構 花子", "機構,本部")
    );
    assert_eq!(first.numbers, ["0312345678", "1234", "5678"]);
    assert_eq!(
        person("1002").await.unwrap().numbers,
        ["0311112222", "0611112222"]
    );
    let found = house
        .store
        .people_of_number("0120-000-000", 5)
        .await
        .unwrap();
    assert!(found.is_empty(), "who left is kept and not offered");
    assert!(person("1003").await.unwrap().left_on.is_some());
    let filter = AuditFilter {
        action: Some(Action::PeopleImport),
        limit: 10,
        ..AuditFilter::default()
    };
    assert_eq!(house.store.list_audit(&filter).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_workbook_changes_people_and_rare_letters_stay() {
    let house = house().await;
    let mut client = supervisor(&house).await;
    let utf8 = "\u{feff}職員番号,氏名\n7,旧 名\n8,ほか 人\n";
    import(&house, &mut client, ("a.csv", utf8.as_bytes())).await;
    let column = |name: &'static str| Column {
        name: name.into(),
        width: 10,
    };
    let text = |text: &str| Cell::Text(text.to_owned());
    let table = Table {
        title: "名簿".to_owned(),
        sheet: "名簿".to_owned(),
        made_at: now(),
        columns: vec![column("職員番号"), column("氏名"), column("内線")],
        rows: vec![vec![text("7"), text("﨑髙①〜😀"), text("内線１２３４")]],
    };
    let file = workbook(&table, Form::Data).unwrap();
    let html = import(&house, &mut client, ("b.xlsx", &file)).await;
    assert!(html.contains("追加0人、変更1人、変更なし0人"), "{html}");
    let found = house.store.people_of_number("1234", 5).await.unwrap();
    assert_eq!(found[0].name, "﨑髙①〜😀");
    let (status, html) = house
        .open(&mut client, &format!("/people?word={}", escape("﨑髙")))
        .await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        html.contains("﨑髙①〜😀") && !html.contains("ほか 人"),
        "{html}"
    );
    let (_, html) = house.open(&mut client, "/people/7").await;
    assert!(
        html.contains("1234") && html.contains("問合せはありません"),
        "{html}"
    );
    let (status, _) = house.open(&mut client, "/people/9").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_no_table_of_people_is_refused_in_a_sentence_and_changes_nothing() {
    let house = house().await;
    let mut client = supervisor(&house).await;
    for (file, told) in [
        (&b"PK\x03\x04broken"[..], "読み取れません"),
        ("名前だけ\n甲\n".as_bytes(), "「職員番号」の列がありません"),
        (b"\n", "ファイルに行がありません"),
    ] {
        let upload = [("file", Some("x.csv"), file)];
        let (status, _, html) = send(&house, &mut client, ("/people/import", &upload)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(html.contains(told), "{told}: {html}");
        assert!(!html.contains("/people/import/apply"));
    }
    let forged = [("lines", None, &br#"{"id":"","name":""}"#[..])];
    let (status, ..) = send(&house, &mut client, ("/people/import/apply", &forged)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(house.store.count_people().await.unwrap(), 0);
    let mut agent = house.user("sato", &[Role::Agent]).await;
    let (status, _) = house.open(&mut agent, "/people/import").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

/// Sends more than a file may be to each address; the form of the page comes back with the limit.
pub(super) async fn refuse_too_large(house: &House, client: &mut Client, page: &str) {
    let (_, html) = house.open(client, page).await;
    assert!(html.contains("data-most-bytes=\"12582912\""), "{html}");
    let large = vec![b'x'; 13 * 1024 * 1024];
    let file = [("file", Some("x.csv"), &large[..])];
    let lines = [("lines", None, &large[..])];
    let apply = format!("{page}/apply");
    for (path, parts) in [(page, &file), (apply.as_str(), &lines)] {
        let (status, _, html) = send(house, client, (path, parts)).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        let form = format!("<form method=\"post\" action=\"{page}\"");
        assert!(html.contains(&form), "{path}: {html}");
        assert!(
            html.contains("12MB以内になるように分けてから"),
            "{path}: {html}"
        );
    }
}

#[tokio::test]
async fn a_file_that_is_too_large_leads_back_to_the_form_of_the_import() {
    let house = house().await;
    let mut client = supervisor(&house).await;
    refuse_too_large(&house, &mut client, "/people/import").await;
    assert_eq!(house.store.count_people().await.unwrap(), 0);
}

#[tokio::test]
async fn nobody_is_led_to_an_import_that_would_be_refused() {
    let house = house().await;
    let mut supervisor = supervisor(&house).await;
    let mut agent = house.user("sato", &[Role::Agent]).await;
    for (client, may) in [(&mut supervisor, true), (&mut agent, false)] {
        let (_, html) = house.open(client, "/people").await;
        assert_eq!(html.contains("href=\"/people/import\""), may, "{html}");
        let (status, _) = house.open(client, "/people/import").await;
        assert_eq!(status == StatusCode::OK, may);
    }
}

#[tokio::test]
async fn a_desk_begins_with_two_divisions_that_are_changed_on_screens() {
    let house = house().await;
    let (_, html) = house.get("/admin/desk/divisions").await;
    assert!(
        html.contains("ヘルプデスク") && html.contains("問合せ対応"),
        "{html}"
    );
    let (_, html) = house.get("/admin/desk/division/inquiries").await;
    assert!(
        html.contains("value=\"120\"") && html.contains("value=\"7:00\""),
        "{html}"
    );
    let form = format!(
        "version=0&name={}&order=20&limit_min=45&near_min=10&opens=7:00&closes=23:00",
        escape("問合せ対応")
    );
    let path = "/admin/desk/division/inquiries";
    assert_eq!(house.post(path, &[], &form).await, StatusCode::SEE_OTHER);
    let (_, html) = house.get("/tickets").await;
    assert!(html.contains("問合せ対応"));
    let (_, html) = house.get(path).await;
    assert!(
        html.contains("value=\"45\"") && !html.contains("value=\"120\""),
        "{html}"
    );
    let vendor = format!("name={}&kind=hardware&route=direct", escape("機器の保守"));
    let path = "/admin/desk/vendors/new";
    assert_eq!(house.post(path, &[], &vendor).await, StatusCode::SEE_OTHER);
    let department = format!(
        "name={}&answers={}&number=1234",
        escape("給与課"),
        escape("給与の計算")
    );
    let path = "/admin/desk/departments/new";
    assert_eq!(
        house.post(path, &[], &department).await,
        StatusCode::SEE_OTHER
    );
    let (_, json) = house.get("/api/v1/vendors").await;
    assert!(json.contains("機器の保守"), "{json}");
}
