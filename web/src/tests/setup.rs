//! 窓口の設定 on screens.

mod agents;
mod call_table;
mod categories;
mod lines;
mod observe;
mod outbound;
mod targets;
mod trunks;

use axum::http::StatusCode;

use super::*;
use crate::query::escape;

/// A form with these values; of two for one field the later counts.
fn form(values: &[(&str, &str)]) -> String {
    let pairs = values.iter().enumerate();
    let pairs: Vec<_> = pairs
        .filter(|(at, (name, _))| !values[at + 1..].iter().any(|(later, _)| later == name))
        .map(|(_, pair)| pair)
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
        .collect();
    pairs.join("&")
}

/// The form of a line, with the defaults and what differs from them.
fn line(name: &str, differs: &[(&str, &str)]) -> String {
    let values = [
        ("name", name),
        ("numbers", "5100"),
        ("greeting", "yes"),
        ("strategy", "longest_idle"),
        ("ring_timeout_s", "15"),
        ("away_after_no_answers", "3"),
        ("max_waiting", "0"),
        ("max_wait_s", "0"),
        ("announce_every_s", "30"),
        ("announce", "position"),
        ("wait_without_agents", "yes"),
        ("at_closing", "serve"),
        ("closing_limit_s", "600"),
        ("wrap_up_s", "30"),
        ("priority", "0"),
        ("version", "0"),
    ];
    form(&[&values[..], differs].concat())
}

/// The form of an agent.
fn agent(id: &str, extension: &str, more: &[(&str, &str)]) -> String {
    let values = [("id", id), ("name", "鈴木 一郎"), ("extension", extension)];
    form(&[&values[..], more].concat())
}

/// The form of a trunk.
fn trunk(name: &str, more: &[(&str, &str)]) -> String {
    let values = [
        ("name", name),
        ("max_outbound", "0"),
        ("register.expires_s", "300"),
    ];
    form(&[&values[..], more].concat())
}

impl House {
    async fn send_form(&self, path: &str, body: &str) -> (StatusCode, String, String) {
        self.submit(&mut self.boss.clone(), path, body).await
    }

    /// Sends a form that makes a secret, and gives the page on which it is shown.
    async fn make_secret(&self, path: &str, body: &str) -> String {
        let mut boss = self.boss.clone();
        let (status, place, html) = self.submit(&mut boss, path, body).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{path}: {html}");
        let (status, html) = self.open(&mut boss, &place).await;
        assert_eq!(status, StatusCode::OK, "{place}");
        html
    }

    /// Sends a form that must be taken.
    async fn take(&self, path: &str, body: &str) {
        let (status, place, html) = self.send_form(path, body).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{path}: {place} {html}");
    }

    /// What a page says of a form that must be refused.
    async fn refuse(&self, path: &str, body: &str) -> String {
        let (status, _, html) = self.send_form(path, body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {html}");
        html
    }

    async fn page(&self, path: &str) -> String {
        let (status, html) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {html}");
        assert!(html.len() < 150_000 && html.contains("lang=\"ja\""));
        html
    }
}

#[tokio::test]
async fn the_overview_tells_what_there_is_and_where_it_is_set() {
    let house = house().await;
    house
        .take("/admin/desk/lines/new", &line("夜間", &[]))
        .await;
    let html = house.page("/admin/desk").await;
    for told in [
        "2件(設定ファイル 1件)",
        "1人(設定ファイル 1人)",
        "応答率90%、一次回答率75%、問題解決率95%",
        "12件",
        "/admin/desk/categories",
    ] {
        assert!(html.contains(told), "{told}");
    }
}

#[tokio::test]
async fn what_the_file_names_is_only_shown() {
    let house = house().await;
    for (path, told) in [
        ("/admin/desk/line/help", "5000"),
        ("/admin/desk/agent/tanaka", "201"),
        ("/admin/desk/trunk/carrier", "sip:carrier.example"),
    ] {
        let html = house.page(path).await;
        assert!(html.contains("設定ファイルで定めています") && html.contains(told));
        assert!(
            !html.contains("保存する") && !html.contains("remove"),
            "{path}"
        );
        let (status, ..) = house.send_form(path, &line("help", &[])).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        let (status, ..) = house
            .send_form(&format!("{path}/remove"), "version=0")
            .await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
    for list in ["lines", "agents", "trunks"] {
        let html = house.page(&format!("/admin/desk/{list}")).await;
        assert!(html.contains(">設定ファイル</td>"), "{list}");
    }
}

#[tokio::test]
async fn a_setting_that_is_kept_but_not_in_force_is_told() {
    let house = house().await;
    *house.desk.takes_up.lock().unwrap() = false;
    let (status, _, html) = house
        .send_form("/admin/desk/lines/new", &line("夜間", &[]))
        .await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(html.contains("保存しましたが、反映できませんでした"));
    assert_eq!(house.store.list_settings("line").await.unwrap().len(), 1);
}

#[tokio::test]
async fn every_change_leaves_a_record_without_secrets() {
    let house = house().await;
    house
        .take("/admin/desk/lines/new", &line("夜間", &[]))
        .await;
    let changed = line("夜間", &[("wrap_up_s", "60"), ("version", "1")]);
    let path = format!("/admin/desk/line/{}", escape("夜間"));
    house.take(&path, &changed).await;
    let body = agent("suzuki", "202", &[]);
    let html = house.make_secret("/admin/desk/agents/new", &body).await;
    let secret = one_time(&html);
    let body = trunk(
        "a",
        &[
            ("outbound", "sip:a"),
            ("user", "u"),
            ("password", "pass-word"),
        ],
    );
    house.take("/admin/desk/trunks/new", &body).await;
    let all = madoguchi_store::AuditFilter {
        limit: 10,
        ..Default::default()
    };
    let records = house.store.list_audit(&all).await.unwrap();
    let told: Vec<_> = records
        .iter()
        .map(|record| (record.entry.action.as_str(), record.entry.object.as_str()))
        .take(4)
        .collect();
    let expected = [
        ("trunk.change", "a"),
        ("phone.change", "suzuki"),
        ("line.change", "夜間"),
        ("line.change", "夜間"),
    ];
    assert_eq!(told, expected);
    let text = format!("{records:?}");
    assert!(!text.contains(&secret) && !text.contains("pass-word"));
    let entry = &records[2].entry;
    assert_eq!(entry.before["wrap_up_s"], "30");
    assert_eq!(entry.after["wrap_up_s"], "60");
    assert_eq!(entry.after.len(), 1, "only what changed");
    let mut auditor = house.user("kansa", &[Role::Auditor]).await;
    let (_, html) = house.open(&mut auditor, "/audit").await;
    assert!(html.contains("後処理の時間") && html.contains("30秒") && html.contains("60秒"));
    assert!(!html.contains("wrap_up_s"), "people read Japanese");
}

/// The secret that a page shows until it is noted.
fn one_time(html: &str) -> String {
    let (_, rest) = html.split_once("id=\"one-time\">").expect(html);
    rest.split('<').next().unwrap().to_owned()
}
