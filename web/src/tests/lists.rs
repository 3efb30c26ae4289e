//! Large lists: the same rows in every order, on every page and in every file.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::header;
use madoguchi_core::access::{Permission, Permissions, ViewBoard};
use madoguchi_core::account::User;
use madoguchi_core::audit::Action;
use madoguchi_reports::sheet;
use madoguchi_store::{AuditFilter, Page, Start, StoreError};

use super::*;
use crate::auth::access::Need;
use crate::auth::cookie::Origin;
use crate::auth::visitor::{By, Visitor};
use crate::error::WebError;
use crate::kit::table::{Column, Info, Listing, Order, UP, Value};
use crate::kit::table_filter::{Filter, FilterValues};
use crate::kit::table_question::Question;
use crate::kit::table_routes;
use crate::query::escape;

/// The cells of the table of a page, as texts.
fn table(html: &str) -> Vec<Vec<String>> {
    let Some((_, body)) = html.split_once("<tbody>") else {
        return Vec::new();
    };
    let body = body.split("</tbody>").next().unwrap();
    let rows = body.split("<tr>").skip(1);
    rows.map(|row| cells(row, "<td").map(text_of).collect())
        .collect()
}

/// The cells of a row, but for the one in which it is chosen.
fn cells<'a>(row: &'a str, begin: &'a str) -> impl Iterator<Item = &'a str> {
    let cells = row.split(begin).skip(1);
    cells.filter(|cell| !cell.contains("class=\"choose\""))
}

/// The heads of the table.
fn heads(html: &str) -> Vec<String> {
    let head = html.split("<thead>").nth(1).unwrap();
    let head = head.split("</thead>").next().unwrap();
    let heads = cells(head, "<th ").map(text_of);
    heads
        .map(|head| head.trim_end_matches(['▲', '▼', '↕']).to_owned())
        .collect()
}

/// The text behind the tag that `html` begins within.
fn text_of(html: &str) -> String {
    let texts = html.split('<').map(|piece| piece.split('>').nth(1));
    let text: String = texts.map(|text| text.unwrap_or_default()).collect();
    plain(&text)
}

fn plain(html: &str) -> String {
    html.replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#38;", "&")
        .trim()
        .to_owned()
}

/// Where the link of this name leads.
fn link(html: &str, name: &str) -> Option<String> {
    let before = html.split(&format!("\">{name}</a>")).next()?;
    if before.len() == html.len() {
        return None;
    }
    before.rsplit("href=\"").next().map(plain)
}

async fn look(house: &House, client: &mut Client, path: &str) -> String {
    house.let_pass(Millis(1_000));
    let (status, html) = house.open(client, path).await;
    assert_eq!(status, StatusCode::OK, "{path}: {html}");
    html
}

/// All rows of a list, page by page, and back again.
async fn walk(house: &House, client: &mut Client, path: &str) -> Vec<Vec<String>> {
    let mut html = look(house, client, path).await;
    assert_eq!(link(&html, "前のページ"), None);
    let mut there = vec![table(&html)];
    while let Some(next) = link(&html, "次のページ") {
        html = look(house, client, &next).await;
        there.push(table(&html));
    }
    let mut back = vec![table(&html)];
    while let Some(before) = link(&html, "前のページ") {
        html = look(house, client, &before).await;
        back.push(table(&html));
    }
    back.reverse();
    assert_eq!(back, there, "{path}");
    there.concat()
}

async fn json(house: &House, client: &mut Client, path: &str) -> Vec<BTreeMap<String, String>> {
    let text = look(house, client, path).await;
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    let items = read["items"].as_array().unwrap().iter();
    let item = |item: &serde_json::Value| {
        let fields = item.as_object().unwrap().iter();
        let fields = fields.map(|(name, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            (name.clone(), text)
        });
        fields.collect()
    };
    items.map(item).collect()
}

/// That the files of a list hold what its pages show: the rows by this column, and its heads.
async fn agree(house: &House, client: &mut Client, list: &str, (key, at): (&str, usize)) {
    let html = look(house, client, list).await;
    let (path, query) = list.split_once('?').unwrap_or((list, ""));
    let file = |format: &str| format!("{path}/download?format={format}&{query}");
    let shown: Vec<_> = walk(house, client, list).await;
    let shown: Vec<_> = shown.iter().map(|row| row[at].clone()).collect();
    let items = json(house, client, &file("json")).await;
    let told: Vec<_> = items.iter().map(|item| item[key].clone()).collect();
    assert_eq!(told, shown, "{list}");
    let request = Request::get(file("xlsx"))
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie);
    let request = request.body(Body::empty()).unwrap();
    let response = house.router.clone().oneshot(request).await.unwrap();
    let kind = response.headers()[header::CONTENT_DISPOSITION].clone();
    assert!(kind.to_str().unwrap().ends_with(".xlsx\""));
    let book = axum::body::to_bytes(response.into_body(), 1 << 24).await;
    let rows = sheet::rows(&book.unwrap(), 10_000).unwrap();
    let told: Vec<_> = rows[1..].iter().map(|row| row[at].clone()).collect();
    assert_eq!(told, shown, "{list}");
    for (head, column) in heads(&html).iter().zip(&rows[0]) {
        assert!(column.starts_with(head), "{list}: {column} for {head}");
    }
    let csv = look(house, client, &file("csv")).await;
    assert!(
        csv.starts_with(&format!("\u{feff}{},", rows[0][0])),
        "{csv}"
    );
    let csv = look(house, client, &format!("{}&heads=key", file("csv"))).await;
    assert!(csv.lines().next().unwrap().contains(key), "{csv}");
}

/// That each of these is refused in words, on the page and as a file.
async fn refuses(house: &House, client: &mut Client, list: &str, asked: &[&str]) {
    let long = format!("text={}", "長".repeat(201));
    for (asked, everywhere) in asked.iter().map(|asked| (*asked, true)).chain([
        ("page=0", false),
        ("page=x", false),
        ("after=x", false),
        ("after=[1]", false),
        ("before=[\"a\",\"b\",\"c\",\"d\"]", false),
        ("sort=<script>", true),
    ]) {
        let (name, value) = asked.split_once('=').unwrap();
        let query = format!("{name}={}", escape(value));
        let pages = [list.to_owned(), format!("{list}/download")];
        for page in pages.iter().take(if everywhere { 2 } else { 1 }) {
            house.let_pass(Millis(1_000));
            let (status, html) = house.open(client, &format!("{page}?{query}")).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{page}?{asked}");
            assert!(html.contains("入力を確認してください"), "{html}");
            assert!(!html.contains("<script>alert") && html.contains("ください。"));
        }
    }
    for asked in ["format=exe", "heads=none"] {
        let (status, _) = house
            .open(client, &format!("{list}/download?{asked}"))
            .await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{asked}");
    }
    if list != "/calls" && list != "/audit" {
        let (_, value) = long.split_once('=').unwrap();
        let (status, html) = house
            .open(client, &format!("{list}?text={}", escape(value)))
            .await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(html.contains("200文字以内"), "{html}");
    }
}

#[tokio::test]
async fn calls_are_met_once_in_every_order_and_the_files_agree() {
    let house = house().await;
    let mut boss = house.boss.clone();
    let mut events = Vec::new();
    for n in 0..130 {
        let arrived = EventKind::Arrived {
            from: format!("06{n:08}").as_str().into(),
            to: "5000".into(),
            open: true,
        };
        let gone = EventKind::Abandoned {
            reason: AbandonReason::CallerHangup,
        };
        let call = format!("n{n:03}");
        // Several at one instant, and several that wait equally long.
        events.push(event(&call, 0, n / 3, arrived));
        events.push(event(&call, 1, n / 3 + n % 5, gone));
    }
    house.store.append(&events).await.unwrap();
    for order in [
        "/calls",
        "/calls?sort=oldest",
        "/calls?sort=wait",
        "/calls?sort=talk",
    ] {
        let rows = walk(&house, &mut boss, order).await;
        let callers: BTreeSet<_> = rows.iter().map(|row| &row[2]).collect();
        assert_eq!((rows.len(), callers.len()), (132, 132), "{order}");
    }
    agree(&house, &mut boss, "/calls?sort=oldest", ("from", 2)).await;
    agree(&house, &mut boss, "/calls?kind=answered", ("outcome", 5)).await;
    let html = look(
        &house,
        &mut boss,
        "/calls?kind=abandoned&line=help&sort=wait",
    )
    .await;
    assert!(html.contains("131件") && html.contains("aria-sort=\"descending\""));
    assert!(html.contains("区分：放棄を外す"), "{html}");
    let without = "href=\"/calls?line=help&#38;sort=wait\"";
    assert!(html.contains(without), "{html}");
    // An address from before there were cursors.
    let html = look(&house, &mut boss, "/calls?page=3").await;
    assert_eq!(table(&html).len(), 32);
    let before = link(&html, "前のページ").unwrap();
    let html = look(&house, &mut boss, &before).await;
    assert_eq!(table(&html).len(), 50);
    refuses(
        &house,
        &mut boss,
        "/calls",
        &["from=x", "to=1999-01-01", "kind=x", "hour=24", "hour=x"],
    )
    .await;
    let exports = AuditFilter {
        action: Some(Action::ListExport),
        limit: 1,
        ..AuditFilter::default()
    };
    let record = &house.store.list_audit(&exports).await.unwrap()[0].entry;
    assert_eq!(record.object, "calls");
    assert_eq!(record.after["records"], "1");
    assert_eq!(record.after["kind"], "answered");
}

#[tokio::test]
async fn programs_go_on_where_a_page_of_calls_ends() {
    let house = house().await;
    let arrived = |n: i64| EventKind::Arrived {
        from: n.to_string().as_str().into(),
        to: "5000".into(),
        open: true,
    };
    let events: Vec<_> = (0..60)
        .map(|n| event(&format!("n{n}"), 0, n, arrived(n)))
        .collect();
    house.store.append(&events).await.unwrap();
    let (_, first) = house.get("/api/v1/calls").await;
    let first: serde_json::Value = serde_json::from_str(&first).unwrap();
    assert_eq!((&first["total"], &first["page"]), (&62.into(), &1.into()));
    let after = escape(first["after"].as_str().unwrap());
    let (_, next) = house.get(&format!("/api/v1/calls?after={after}")).await;
    let next: serde_json::Value = serde_json::from_str(&next).unwrap();
    assert_eq!(next["calls"].as_array().unwrap().len(), 12);
    assert_eq!(next["after"], serde_json::Value::Null);
    let (_, second) = house.get("/api/v1/calls?page=2").await;
    let second: serde_json::Value = serde_json::from_str(&second).unwrap();
    assert_eq!(second["calls"], next["calls"]);
    let (status, error) = house.get("/api/v1/calls?after=x").await;
    assert!(status == StatusCode::BAD_REQUEST && error.contains("bad_request"));
}

#[tokio::test]
async fn users_are_met_once_in_every_order_and_the_files_agree() {
    let house = house().await;
    let mut boss = house.boss.clone();
    let users: Vec<_> = (0..70)
        .map(|n| User {
            id: format!("u{n}").as_str().into(),
            login: format!("login{n:02}"),
            name: format!("氏名 {}", n / 5),
            roles: [Role::Agent].into(),
            agent: None,
            oidc_subject: None,
            must_change_password: false,
            password_changed_at: None,
            second_factor: false,
            failures: 0,
            failed_at: None,
            disabled_at: None,
            created_at: now(),
            last_used_at: (n % 2 == 0).then(now),
            version: 1,
        })
        .collect();
    madoguchi_store::testing::add_users(&house.store, &users)
        .await
        .unwrap();
    for sort in ["", "name", "used", "unused"] {
        let list = format!("/admin/users?sort={sort}");
        let rows = walk(&house, &mut boss, &list).await;
        let logins: BTreeSet<_> = rows.iter().map(|row| &row[0]).collect();
        assert_eq!((rows.len(), logins.len()), (71, 71), "{sort}");
    }
    agree(&house, &mut boss, "/admin/users?role=agent", ("login", 0)).await;
    let html = look(&house, &mut boss, "/admin/users?text=LOGIN07&state=active").await;
    assert!(
        html.contains("1人") && html.contains(">login07</a>"),
        "{html}"
    );
    assert!(html.contains("状態：利用中を外す"));
    let html = look(&house, &mut boss, "/admin/users?state=disabled").await;
    assert!(html.contains("0人") && html.contains("この条件の利用者はいません"));
    refuses(&house, &mut boss, "/admin/users", &["role=king", "state=x"]).await;
    // What others may not see they do not take out either.
    let mut other = house.user("tanto", &[Role::FaqApprover]).await;
    for path in [
        "/admin/users/download",
        "/calls/download",
        "/audit/download",
    ] {
        let (status, _) = house.open(&mut other, path).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn audit_records_are_met_once_in_every_order_and_the_files_agree() {
    let house = house().await;
    let mut auditor = house.user("kansa", &[Role::Auditor]).await;
    let visitor = visitor(&house, Permissions::NONE).await;
    let entries: Vec<_> = (0..230)
        .map(|n| visitor.entry(Instant(now().0 - n / 4), Action::CallView, format!("c{n}")))
        .collect();
    house.store.append_audit(&entries).await.unwrap();
    let list = "/audit?action=call.view";
    for list in [list.to_owned(), format!("{list}&sort=oldest")] {
        let rows = walk(&house, &mut auditor, &list).await;
        let objects: BTreeSet<_> = rows.iter().map(|row| &row[5]).collect();
        assert_eq!((rows.len(), objects.len()), (230, 230));
    }
    agree(&house, &mut auditor, list, ("object", 5)).await;
    let (status, _) = house.open(&mut auditor, "/audit?older=x-y").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    // A link from before there were cursors.
    let html = look(&house, &mut auditor, list).await;
    let newest = house
        .store
        .list_audit(&AuditFilter {
            action: Some(Action::CallView),
            limit: 100,
            ..AuditFilter::default()
        })
        .await
        .unwrap();
    let last = newest.last().unwrap();
    let older = format!("{list}&older={}-{}", last.entry.at.0, last.seq);
    let next = link(&html, "次のページ").unwrap();
    assert_eq!(
        table(&look(&house, &mut auditor, &older).await),
        table(&look(&house, &mut auditor, &next).await)
    );
    refuses(
        &house,
        &mut auditor,
        "/audit",
        &["from=2026-13-01", "to=x", "action=<script>"],
    )
    .await;
}

#[tokio::test]
async fn articles_are_met_once_in_every_order_and_the_files_agree() {
    let house = house().await;
    let mut editor = house.user("hensyu", &[Role::FaqEditor]).await;
    house.open(&mut editor, "/articles").await;
    for n in 0..55 {
        house.let_pass(Millis(1_000));
        let question = escape(format!("質問{n}\"<b>"));
        let draft = format!("question={question}&answer=a&category=f09&audience=portal&revision=0");
        let (status, ..) = house.submit(&mut editor, "/articles/new", &draft).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
    }
    for sort in ["", "unchanged", "number", "number-down"] {
        let list = format!("/articles?sort={sort}");
        let rows = walk(&house, &mut editor, &list).await;
        let numbers: BTreeSet<_> = rows.iter().map(|row| &row[0]).collect();
        assert_eq!((rows.len(), numbers.len()), (55, 55), "{sort}");
    }
    let list = "/articles?stage=draft&sort=number";
    agree(&house, &mut editor, list, ("question", 1)).await;
    // The list as files stands beside the whole of the articles, which can be taken in again.
    assert!(
        look(&house, &mut editor, list)
            .await
            .contains("/articles/export.xlsx")
    );
    let body = format!("page={}&name=mine&query=stage%3Ddraft", escape("/articles"));
    let (_, place, _) = house.submit(&mut editor, "/views", &body).await;
    assert_eq!(place, "/articles?stage=draft");
    let html = look(&house, &mut editor, &place).await;
    assert!(html.contains("aria-current=\"true\">mine</a>"), "{html}");
    refuses(&house, &mut editor, "/articles", &["stage=x", "overdue=2"]).await;
}

/// A list of which not everybody who may see it may see all.
struct Guests;

type GuestColumn = Column<Guests>;

impl Listing for Guests {
    type Permit = ViewBoard;
    type Row = i64;
    type Filter = FilterValues;
    type Order = ();
    type Context = ();

    const INFO: Info = Info {
        page: "/guests",
        file: "/guests/download",
        name: "guests",
        title: "来訪者",
        unit: "人",
        counted: true,
        empty: "いません。",
        rows: 10,
    };
    const COLUMNS: &'static [Column<Self>] = &[
        GuestColumn::new("guest", "番号", 8, |row, _| Value::Number(*row)).orders(&[Order(
            "",
            UP,
            (),
        )]),
        GuestColumn::new("phone", "電話番号", 20, |row, _| {
            Value::Text(format!("090-{row}"))
        })
        .personal(Permission::ViewCalls)
        .orders(&[Order("phone", UP, ())]),
    ];

    fn filters(_: &Web, _: &FilterValues) -> Vec<Filter> {
        vec![Filter::text("phone", "電話番号").personal(Permission::ViewCalls)]
    }

    fn filter(_: &Web, asked: &FilterValues, (): ()) -> Result<FilterValues, WebError> {
        Ok(asked.clone())
    }

    fn context(_: &Web) {}

    async fn page(
        _: &Web,
        asked: &FilterValues,
        _: Start,
        _: u32,
    ) -> Result<Page<i64>, StoreError> {
        let phone = asked.get("phone");
        let rows = (1..4).filter(|row| phone.is_empty() || format!("090-{row}") == phone);
        Ok(Page {
            rows: rows.collect(),
            before: None,
            after: None,
        })
    }

    async fn count(web: &Web, asked: &FilterValues, _: u32) -> Result<u64, StoreError> {
        let page = Self::page(web, asked, Start::First, 10).await?;
        Ok(page.rows.len() as u64)
    }
}

/// The boss with these permissions alone.
async fn visitor(house: &House, permissions: Permissions) -> Visitor {
    let user = house
        .store
        .lookup_login("boss")
        .await
        .unwrap()
        .unwrap()
        .user;
    Visitor {
        user,
        permissions,
        by: By::Token {
            name: "test".to_owned(),
        },
        origin: Origin {
            address: "192.0.2.1".parse().unwrap(),
            encrypted: false,
        },
        owes: None,
    }
}

#[tokio::test]
async fn personal_data_is_neither_shown_nor_taken_out_nor_asked_for_without_permission() {
    let house = house().await;
    let (desk, settings) = (house.desk.clone(), house.settings.clone());
    let web = web(
        desk,
        house.store.clone(),
        settings,
        &[7; 32],
        Faq::default(),
    );
    let (router, declared) = table_routes::<Guests>().finish();
    assert_eq!(declared.len(), 2);
    assert_eq!(declared[1].need, Need::Permission(Permission::ViewBoard));
    let router = router.with_state(web.clone());
    let open = async |path: &str, visitor: &Visitor| {
        let request = Request::get(path).extension(Arc::new(visitor.clone()));
        let request = request.body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await;
        String::from_utf8(body.unwrap().to_vec()).unwrap()
    };
    let some = Permissions::NONE.with(Permission::ViewBoard);
    let sees = visitor(&house, some.with(Permission::ViewCalls)).await;
    let does_not = visitor(&house, some).await;
    for path in [
        "/guests",
        "/guests/download?format=csv",
        "/guests/download?format=json",
    ] {
        assert!(open(path, &sees).await.contains("090-1"), "{path}");
        let told = open(path, &does_not).await;
        assert!(
            !told.is_empty() && !told.contains("090-") && !told.contains("電話"),
            "{told}"
        );
        // Nor can it be found out by asking.
        let path = format!(
            "{path}{}phone=090-1",
            if path.contains('?') { "&" } else { "?" }
        );
        let told = table(&open(&path, &sees).await);
        assert!(told.is_empty() || told.len() == 1);
        let told = table(&open(&path, &does_not).await);
        assert!(told.is_empty() || told.len() == 3);
    }
    let sorted = || vec![("sort".to_owned(), "phone".to_owned())];
    assert!(Question::<Guests>::read(&web, &sees, sorted()).is_ok());
    assert!(Question::<Guests>::read(&web, &does_not, sorted()).is_err());
}
