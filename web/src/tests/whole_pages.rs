//! Whole pages as browsers get them. What changes in one is seen in its snapshot, and has to be meant.

use super::portal::{Open, open};
use super::tickets::{agent, register};
use super::*;
use crate::query::escape;

/// What chance makes in a page: hashes, and ids of 22 letters, of articles and of contacts with more beside them.
fn is_chance(word: &str) -> bool {
    let is_hash = word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let varied = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let is_id = |word: &str| word.len() == 22 && word.bytes().any(varied);
    let id = word.strip_prefix("faq-").unwrap_or(word);
    is_hash || is_id(id) || id.strip_suffix("-1").is_some_and(is_id)
}

/// The body of a page, an element a line, without what chance makes.
fn body(html: &str) -> String {
    let (_, body) = html.split_once("<body>").expect("a page");
    let mut stable = String::new();
    let mut word = String::new();
    for letter in body.chars().chain(['\n']) {
        if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_') {
            word.push(letter);
            continue;
        }
        stable.push_str(if is_chance(&word) { "[chance]" } else { &word });
        word.clear();
        stable.push(letter);
    }
    let lines = stable.replace("><", ">\n<");
    let lines = lines.lines().map(str::trim_end);
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// Compares pages with their snapshots; a name and an address each.
async fn compare(house: &House, client: &mut Client, pages: &[(&str, &str)]) {
    for (name, path) in pages {
        let (status, html) = house.open(client, path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {html}");
        insta::assert_snapshot!(*name, body(&html));
    }
}

#[test]
fn what_chance_makes_is_left_out_and_all_else_stays() {
    let id = "aB3_-6789012345678901z";
    let page = format!(
        "<head></head><body><a href=\"/x/{id}?a=1\">{}</a>\n\n",
        "0f".repeat(32)
    );
    assert_eq!(body(&page), "<a href=\"/x/[chance]?a=1\">[chance]</a>");
    assert_eq!(
        body("<body><p class=\"announcement-described\">R8-00001</p>"),
        "<p class=\"announcement-described\">R8-00001</p>"
    );
}

/// The desk with a caller and two agents, one of whom talks.
fn small(house: &House) {
    let mut snapshot = house.desk.snapshot.lock().unwrap();
    let mut small = snapshot.as_ref().clone();
    small.agents.truncate(2);
    for (agent, name) in small.agents.iter_mut().zip(["田中 恵", "鈴木 一郎"]) {
        name.clone_into(&mut agent.name);
    }
    small.agents[0].state = AgentState::Talking;
    small.agents[0].call = Some("c1".into());
    small.agents[1].state = AgentState::Ready;
    small.waiting[0].from = "0312345678".into();
    *snapshot = Arc::new(small);
}

#[tokio::test]
async fn the_board_the_calls_and_a_call_look_as_they_did() {
    let house = house().await;
    small(&house);
    let pages = [
        ("board", "/board"),
        ("calls", "/calls?from=2026-11-24&to=2026-11-24"),
        ("call", "/calls/c1"),
        (
            "call_figures",
            "/calls/figures?from=2026-11-23&to=2026-11-24",
        ),
    ];
    compare(&house, &mut house.boss.clone(), &pages).await;
}

#[tokio::test]
async fn a_user_and_a_line_look_as_they_did() {
    let house = house().await;
    let mut boss = house.boss.clone();
    house.prove(&mut boss).await;
    let id = house.store.lookup_login("boss").await.unwrap().unwrap();
    let user = format!("/admin/users/{}", escape(id.user.id.as_str()));
    let pages = [
        ("user_new", "/admin/users/new"),
        ("user", user.as_str()),
        ("users", "/admin/users"),
        ("line_by_file", "/admin/desk/line/help"),
        ("line_new", "/admin/desk/lines/new"),
        ("calendar_range", "/admin/calendar/range"),
    ];
    compare(&house, &mut boss, &pages).await;
    let (status, _, html) = house
        .submit(&mut boss, "/admin/desk/lines/new", "name=help&numbers=x")
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_snapshot!("line_refused", body(&html));
}

#[tokio::test]
async fn a_ticket_looks_as_it_did() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let question = [
        ("question", "旅費の差戻しの理由が分からない"),
        ("name", "年金 花子"),
        ("site", "中央年金事務所"),
        ("category", "f09"),
    ];
    let number = register(&house, &mut client, &question).await;
    let path = format!("/tickets/{number}");
    let pages = [("ticket", path.as_str()), ("tickets", "/tickets")];
    compare(&house, &mut client, &pages).await;
}

impl Open {
    async fn compare(&self, pages: &[(&str, &str)]) {
        for (name, path) in pages {
            let (status, html) = self.read(&mut Client::default(), path).await;
            assert_eq!(status, StatusCode::OK, "{path}: {html}");
            insta::assert_snapshot!(*name, body(&html));
        }
    }
}

#[tokio::test]
async fn the_portal_looks_as_it_did() {
    let found = format!("/faq?q={}", escape("宿泊料の上限"));
    let pages = [
        ("portal_home", "/faq"),
        ("portal_found", found.as_str()),
        ("portal_category", "/faq/category/f09"),
        ("portal_article", "/faq/ryohi-001"),
        ("portal_contact", "/faq/contact?article=ryohi-001"),
    ];
    open().await.compare(&pages).await;
}

#[tokio::test]
async fn an_article_and_the_report_on_reading_look_as_they_did() {
    let house = house().await;
    let mut boss = house.boss.clone();
    let new = "/articles/new";
    house.open(&mut boss, new).await;
    let form = format!(
        "question={}&answer={}&category=f09&audience=portal&keywords=&reading=&revision=0",
        escape("宿泊料の上限はいくらですか。"),
        escape("### 上限\n\n| 地域 | 上限 |\n| --- | --- |\n| 甲 | 10,900円 |")
    );
    let (status, place, html) = house.submit(&mut boss, new, &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let article = place.split('?').next().unwrap();
    let edit = format!("{article}/edit");
    let pages = [
        ("article", article),
        ("article_edit", edit.as_str()),
        ("articles", "/articles"),
        ("access_report", "/articles/access-report"),
    ];
    compare(&house, &mut boss, &pages).await;
}
