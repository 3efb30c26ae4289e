//! The desk's side: the panel, notices, what editors should see to, the access report.

use madoguchi_core::audit::Action;
use madoguchi_core::live::AgentState;
use madoguchi_store::{AuditFilter, Referrer, View};

use super::*;
use crate::query::escape;

async fn settled(open: &Open) -> u64 {
    let figures = open
        .house
        .store
        .access_figures(Instant(0), Instant(i64::MAX));
    let access = figures.await.unwrap().articles;
    access.get("ryohi-002").map_or(0, |access| access.settled)
}

/// The kept search that a page's forms carry.
fn search_of(html: &str) -> String {
    let (_, rest) = html.split_once("name=\"search\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// Somebody who takes calls as an agent of the desk.
async fn tanaka(open: &Open) -> Client {
    let agent = operator::NewAccount {
        login: "tanaka",
        name: "田中",
        roles: &[Role::Agent],
        agent: Some("tanaka"),
        password: PASSWORD,
        must_change: false,
    };
    operator::add_account(&open.house.store, &agent, now())
        .await
        .unwrap();
    let (_, client) = open.house.sign_in("tanaka", PASSWORD).await;
    client
}

#[tokio::test]
async fn agents_find_everything_with_reasons_and_say_what_settled_it() {
    let open = open().await;
    let mut agent = tanaka(&open).await;
    let query = escape("旅費の差戻し");
    let (_, html) = open
        .house
        .open(&mut agent, &format!("/knowledge?q={query}"))
        .await;
    assert!(
        html.contains("窓口内") && html.contains("結果に出た理由"),
        "{html}"
    );
    let search = search_of(&html);
    let body = format!("search={search}&q={query}");
    let path = "/knowledge/ryohi-002/settled";
    // Without a call it counts every time.
    for _ in 0..2 {
        let (_, place, _) = open.house.submit(&mut agent, path, &body).await;
        assert_eq!(place, format!("/knowledge?q={query}&done=settled"));
    }
    // In a call, once.
    {
        let mut snapshot = open.house.desk.snapshot.lock().unwrap();
        let mut busy = snapshot.as_ref().clone();
        busy.agents[0].state = AgentState::Talking;
        busy.agents[0].call = Some("c9".into());
        *snapshot = Arc::new(busy);
    }
    open.house.submit(&mut agent, path, &body).await;
    let (_, place, _) = open.house.submit(&mut agent, path, &body).await;
    assert!(place.ends_with("done=settled-before"));
    assert_eq!(settled(&open).await, 3);
    let (_, html) = open.house.open(&mut agent, &place).await;
    assert!(html.contains("すでに記録しています"));
    let (_, place, _) = open
        .house
        .submit(&mut agent, "/knowledge/missed", &body)
        .await;
    assert!(place.ends_with("done=missed"));
    let (status, ..) = open
        .house
        .submit(&mut agent, "/knowledge/missed", "search=x")
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, ..) = open
        .house
        .submit(&mut agent, "/knowledge/none/settled", "")
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let figures = open
        .house
        .store
        .access_figures(Instant(0), Instant(i64::MAX));
    assert_eq!(
        figures.await.unwrap().desk.searches,
        1,
        "led back is not searched"
    );
}

#[tokio::test]
async fn an_answer_is_quoted_with_its_reference() {
    let open = open().await;
    let mut agent = open.house.user("sato", &[Role::Agent]).await;
    let (_, body) = open
        .house
        .open(&mut agent, "/api/v1/knowledge/articles/login-001")
        .await;
    let json: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        json["quote"],
        "ログインの画面から再設定してください。\n\n(FAQ-0001『パスワードを忘れました。』)"
    );
    let (_, html) = open.house.open(&mut agent, "/knowledge/login-001").await;
    assert!(html.contains("(FAQ-0001『パスワードを忘れました。』)</textarea>"));
    let query = escape("差戻しを取り消す");
    let (_, body) = open
        .house
        .open(
            &mut agent,
            &format!("/api/v1/knowledge/search?q={query}&explain=1"),
        )
        .await;
    let found: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(found["hits"][0]["id"], "desk-001", "{found:#}");
    assert_eq!(found["hits"][0]["desk_only"], true);
    assert!(!found["hits"][0]["reasons"].as_array().unwrap().is_empty());
    let (_, body) = open
        .house
        .open(&mut agent, "/api/v1/knowledge/suggest?q=ryohi")
        .await;
    assert!(body.contains("旅費の請求の差戻しを窓口で"), "{body}");
    for query in ["limit=x", "offset=-1"] {
        let path = format!("/api/v1/knowledge/search?q=a&{query}");
        let (status, _) = open.house.open(&mut agent, &path).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
    }
}

fn notice(title: &str, kind: &str, readers: &str, from: &str, until: &str) -> String {
    format!(
        "title={}&kind={kind}&readers={readers}&from={from}&until={until}&body=&version=0",
        escape(title)
    )
}

#[tokio::test]
async fn notices_are_shown_to_whom_and_while_they_are_meant() {
    let open = open().await;
    let mut boss = open.house.boss.clone();
    let path = "/admin/notices/new";
    for body in [
        notice("全員へ", "news", "everybody", "2026-11-24T09:00", ""),
        notice(
            "障害です",
            "incident",
            "everybody",
            "2026-11-24T09:30",
            "2026-11-24T12:00",
        ),
        notice("窓口だけに", "incident", "desk", "2026-11-24T09:00", ""),
        notice("来週から", "news", "everybody", "2026-12-01T09:00", ""),
        notice(
            "先週まで",
            "news",
            "everybody",
            "2026-11-01T09:00",
            "2026-11-20T09:00",
        ),
    ] {
        let (status, ..) = open.house.submit(&mut boss, path, &body).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
    }
    let mut reader = Client::default();
    for path in ["/faq", "/faq/ryohi-001", "/faq/contact"] {
        let (_, html) = open.read(&mut reader, path).await;
        let (incident, news) = (html.find("障害です"), html.find("全員へ"));
        assert!(incident.unwrap() < news.unwrap(), "incidents first");
        for hidden in ["窓口だけに", "来週から", "先週まで"] {
            assert!(!html.contains(hidden), "{hidden} on {path}");
        }
    }
    let (_, html) = open.house.get("/knowledge").await;
    assert!(html.contains("窓口だけに") && html.contains("全員へ"));
    open.house.set_time(now() + Millis::from_secs(2 * 3_600));
    let (_, html) = open.read(&mut reader, "/faq").await;
    assert!(!html.contains("障害です"), "over at twelve");
    open.house.set_time(now());
    let nonsense = notice(" ", "x", "x", "then", "2026");
    let (status, _, html) = open.house.submit(&mut boss, path, &nonsense).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("2026-11-24T08:30 のように"));
}

#[tokio::test]
async fn a_notice_is_changed_taken_away_and_brought_back_and_all_is_recorded() {
    let open = open().await;
    let mut boss = open.house.boss.clone();
    let body = notice("停止", "news", "everybody", "2026-11-24T09:00", "");
    open.house
        .submit(&mut boss, "/admin/notices/new", &body)
        .await;
    let (_, html) = open.house.open(&mut boss, "/admin/notices").await;
    let (_, rest) = html.split_once("<th scope=\"row\"><a href=\"").unwrap();
    let place = rest.split('"').next().unwrap();
    let change = body
        .replace("version=0", "version=1")
        .replace("news", "incident");
    let (status, ..) = open.house.submit(&mut boss, place, &change).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{place}");
    let late = body.replace("version=0", "version=1");
    let (status, ..) = open.house.submit(&mut boss, place, &late).await;
    assert_eq!(status, StatusCode::CONFLICT, "seen before the other change");
    let remove = format!("{place}/remove");
    open.house.submit(&mut boss, &remove, "version=2").await;
    let mut reader = Client::default();
    assert!(!open.read(&mut reader, "/faq").await.1.contains("停止"));
    let (_, html) = open.house.open(&mut boss, place).await;
    assert!(html.contains("このお知らせは削除されています"));
    assert!(html.contains("種類：お知らせ → 障害情報"), "{html}");
    let back = format!("{place}/restore");
    open.house
        .submit(&mut boss, &back, "version=1&replaces=3")
        .await;
    assert!(open.read(&mut reader, "/faq").await.1.contains("停止"));
    let changes = AuditFilter {
        action: Some(Action::NoticeChange),
        limit: 10,
        ..AuditFilter::default()
    };
    assert_eq!(
        open.house.store.list_audit(&changes).await.unwrap().len(),
        4
    );
}

#[tokio::test]
async fn each_thing_that_editors_should_see_to_leads_to_what_mends_it() {
    let open = open().await;
    let mut reader = Client::default();
    let vain = escape("ぬりかべ<b>");
    open.read(&mut reader, &format!("/faq?q={vain}")).await;
    open.read(&mut reader, &format!("/faq?q={}", escape("宿泊料")))
        .await;
    open.read(&mut reader, "/faq/ryohi-001").await;
    let body = format!("version=1&helped=no&comment={}", escape("古い"));
    open.write(&mut reader, "/faq/ryohi-001/feedback", &body)
        .await;
    let (_, html) = open.house.get("/articles/attention").await;
    assert!(html.contains("ぬりかべ&#60;b&#62;") && !html.contains("<b>"));
    for way in [
        "action=\"/articles/from-text\"",
        "href=\"/articles/synonyms?term=",
        "href=\"/articles/ryohi-001\"",
        "href=\"/articles/login-001\"",
        "<li class=\"lines\">古い</li>",
        "見直し期日 2026年(令和8年)11月23日",
    ] {
        assert!(html.contains(way), "{way}");
    }
    let mut boss = open.house.boss.clone();
    for (kind, name) in [("in_vain", "ぬりかべ<b>"), ("unhelpful", "ryohi-001")] {
        let body = format!("kind={kind}&name={}", escape(name));
        let (_, place, _) = open
            .house
            .submit(&mut boss, "/articles/attention/done", &body)
            .await;
        assert!(place.contains("done=seen-to"), "{place}");
    }
    let (_, html) = open.house.get("/articles/attention").await;
    assert!(!html.contains("ぬりかべ") && !html.contains("古い"));
    for body in ["kind=x&name=a", "kind=in_vain&name="] {
        let (status, ..) = open
            .house
            .submit(&mut boss, "/articles/attention/done", body)
            .await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    }
}

#[tokio::test]
async fn the_access_report_adds_up_on_the_page_and_in_files() {
    let open = open().await;
    let mut reader = Client::default();
    open.read(&mut reader, &format!("/faq?q={}", escape("ぬりかべ")))
        .await;
    open.read(&mut reader, "/faq/ryohi-001").await;
    // The sample call of 03-1234-5678, from 本部, came an hour ago: before the visit.
    let view = View {
        id: "early".to_owned(),
        at: now() - Millis::from_secs(3_700),
        article: "ryohi-001".into(),
        viewer: madoguchi_core::audience::Viewer::Portal,
        site: Some("本部".to_owned()),
        visit: "somebody".to_owned(),
        way: Referrer::List,
    };
    open.house.store.log_view(&view).await.unwrap();
    let (_, html) = open.house.get("/articles/access-report").await;
    let text: String = html
        .split('<')
        .filter_map(|part| part.split('>').nth(1))
        .collect();
    assert!(text.contains("結果がなかった検索100.0%"), "{text}");
    assert!(
        text.contains("2026年(令和8年)11月23日1150.0%0"),
        "one called: {text}"
    );
    assert!(text.contains("本部12"), "a search and two views: {text}");
    assert!(text.contains("10時台11"));
    for told in [
        "週別の自己解決。数値は表にあります。",
        "本部　閲覧 2件",
        "10時台　検索 1件",
    ] {
        assert!(html.contains(told), "drawn: {told}");
    }
    for sheet in ["articles", "searches", "queries", "sites", "hours", "weeks"] {
        let path = format!("/articles/access-report.xlsx?month=2026-11&sheet={sheet}");
        let (status, file) = open.house.get(&path).await;
        assert!(
            status == StatusCode::OK && file.starts_with("PK"),
            "{sheet}"
        );
    }
    let (status, _) = open.house.get("/articles/access-report.xlsx?sheet=x").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (_, html) = open
        .house
        .get("/articles/access-report?month=2026-10")
        .await;
    assert!(html.contains("この月の閲覧はありません"));
    for month in ["x", "2026-13", "99999-01", "2026-1"] {
        let path = format!("/articles/access-report?month={month}");
        let (status, _) = open.house.get(&path).await;
        assert!(!status.is_server_error(), "{month}");
    }
}

#[tokio::test]
async fn an_article_is_found_by_the_number_that_was_said_on_the_phone() {
    let open = open().await;
    let mut agent = open.house.user("sato", &[Role::Agent]).await;
    for typed in ["FAQ-0102", "ｆａｑ１０２", "0102"] {
        let path = format!("/knowledge?q={}", escape(typed));
        let (_, html) = open.house.open(&mut agent, &path).await;
        let first = html.split_once("data-result=\"").unwrap().1;
        assert!(first.starts_with("ryohi-002\""), "{typed}: {html}");
        assert!(html.contains("FAQ-0102"), "{typed}");
    }
    let mut reader = Client::default();
    for path in ["/faq/FAQ-0102", "/faq/ryohi-002"] {
        let (status, html) = open.read(&mut reader, path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(html.contains("FAQ番号 FAQ-0102"), "{path}: {html}");
        assert!(html.contains("/faq/ryohi-002/feedback"), "{path}");
    }
    // What is for the desk has a number, too; in the portal there is no such article.
    let (status, html) = open.read(&mut reader, "/faq/FAQ-0201").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(html.contains("このFAQは見つかりません") && html.contains("role=\"search\""));
    let (_, html) = open.read(&mut reader, "/faq?q=FAQ-0201").await;
    assert!(
        !html.contains(SECRET) && !html.contains("desk-001"),
        "{html}"
    );
    let (_, html) = open.house.open(&mut agent, "/knowledge/FAQ-0201").await;
    assert!(html.contains(SECRET), "{html}");
    open.house.database(true);
    *open.shelf.1.lock().unwrap() = true;
    let (status, html) = open.read(&mut reader, "/faq/FAQ-0102").await;
    assert!(
        status == StatusCode::OK && html.contains("差戻しの理由"),
        "{html}"
    );
}

#[tokio::test]
async fn an_answer_is_read_beside_the_list_with_the_own_state_and_call() {
    let open = open().await;
    let mut agent = tanaka(&open).await;
    let path = format!("/knowledge?q={}", escape("宿泊料の上限"));
    let (_, html) = open.house.open(&mut agent, &path).await;
    assert!(html.contains("data-previewed=\"ryohi-001\""), "{html}");
    assert!(html.contains("地域の区分ごとの上限まで支給します"));
    assert!(html.contains("自分の状態") && html.contains("離席"));
    assert!(html.contains("form=\"missed\"") && html.contains("id=\"missed\""));
    {
        let mut snapshot = open.house.desk.snapshot.lock().unwrap();
        let mut busy = snapshot.as_ref().clone();
        busy.agents[0].state = AgentState::Talking;
        busy.agents[0].call = Some("c1".into());
        *snapshot = Arc::new(busy);
    }
    let (_, part) = open.house.open(&mut agent, "/knowledge/own").await;
    assert!(
        part.contains("通話中") && part.contains("/calls/c1"),
        "{part}"
    );
    assert!(
        part.contains("0312345678") && !part.contains("<html"),
        "{part}"
    );
    let part = "/knowledge/ryohi-002/preview";
    let (_, part) = open.house.open(&mut agent, part).await;
    assert!(
        part.contains("差戻しの理由") && !part.contains("<html"),
        "{part}"
    );
    // Who takes no calls has no state.
    let mut editor = open.house.user("hensyu", &[Role::FaqEditor]).await;
    let (_, part) = open.house.open(&mut editor, "/knowledge/own").await;
    assert!(!part.contains("自分の状態"), "{part}");
}

#[tokio::test]
async fn what_only_comes_near_is_called_so_and_was_looked_for_in_vain() {
    let open = open().await;
    let mut agent = open.house.user("sato", &[Role::Agent]).await;
    let near = escape("百鬼夜行絵巻の閲覧を予約したい旅費");
    let (_, html) = open
        .house
        .open(&mut agent, &format!("/knowledge?q={near}"))
        .await;
    assert!(
        html.contains("近いもの") && html.contains("data-result"),
        "{html}"
    );
    let (_, html) = open
        .read(&mut Client::default(), &format!("/faq?q={near}"))
        .await;
    assert!(
        html.contains("ぴったり合うFAQは見つかりませんでした"),
        "{html}"
    );
    let right = escape("旅費の請求を差し戻された");
    let (_, html) = open
        .house
        .open(&mut agent, &format!("/knowledge?q={right}"))
        .await;
    assert!(!html.contains("近いもの"), "{html}");
    let vain = madoguchi_store::ContentGap::InVain;
    let vain = open.house.store.missed_queries(vain, Instant(0), 5);
    let vain = vain.await.unwrap();
    assert_eq!(vain.len(), 1, "{vain:?}");
    assert_eq!(vain[0].count, 2);
}
