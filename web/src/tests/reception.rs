//! The agents' reception: from a ringing phone to a ticket, without scripts.

use axum::http::StatusCode;
use madoguchi_core::access::Role;
use madoguchi_core::audit::Action;
use madoguchi_core::contact::ContactOutcome;
use madoguchi_core::live::AgentView;
use madoguchi_core::person::Person;
use madoguchi_core::ticket::{Status, System, Ticket};
use madoguchi_store::{AuditFilter, TicketFilter};

use super::*;
use crate::query::escape;

mod drafts;
mod handing_on;
mod saving;
mod unregistered;

impl House {
    /// The own phone rings, and the agent answers.
    async fn talk(&self, call: &str, from: &str) {
        self.ring(call, from);
        let arrived = EventKind::Arrived {
            from: from.into(),
            to: "5000".into(),
            open: true,
        };
        let answered = EventKind::Answered {
            agent: Some("tanaka".into()),
        };
        let events = [
            event(call, 0, 3_600, arrived),
            event(call, 1, 3_600, answered),
        ];
        self.store.append(&events).await.unwrap();
        self.desk.figures.lock().unwrap().apply(&events[1]);
        self.set_agent(AgentState::Talking, Some(call), None);
    }

    /// The call is over, and so is the work after it.
    async fn hang_up(&self, call: &str) {
        let ended = EventKind::Ended {
            cause: EndCause::Caller,
        };
        let done = EventKind::WrapUpEnded {
            agent: "tanaka".into(),
        };
        let events = [event(call, 2, 3_600, ended), event(call, 3, 3_600, done)];
        self.store.append(&events).await.unwrap();
        for event in &events {
            self.desk.figures.lock().unwrap().apply(event);
        }
        self.set_agent(AgentState::Ready, None, None);
    }

    async fn person(&self, id: &str, name: &str, numbers: &[&str]) {
        let person = Person {
            id: id.into(),
            name: name.to_owned(),
            kana: String::new(),
            site: "中央年金事務所".to_owned(),
            department: "総務課".to_owned(),
            mail: String::new(),
            numbers: numbers.iter().map(|number| (*number).to_owned()).collect(),
            left_on: None,
        };
        let mut tx = self.store.begin_unrecorded().await.unwrap();
        tx.save_people(&[person], now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(super) async fn tickets(&self) -> Vec<Ticket> {
        let filter = TicketFilter {
            limit: 100,
            merged: true,
            ..TicketFilter::default()
        };
        let rows = self.store.list_tickets(&filter).await.unwrap();
        let mut tickets = Vec::new();
        for row in rows.iter().rev() {
            tickets.extend(self.store.lookup_ticket(&row.id).await.unwrap());
        }
        tickets
    }

    pub(super) async fn recorded(&self, action: Action) -> Vec<String> {
        let filter = AuditFilter {
            action: Some(action),
            limit: 100,
            ..AuditFilter::default()
        };
        let records = self.store.list_audit(&filter).await.unwrap();
        records
            .into_iter()
            .map(|record| record.entry.object)
            .collect()
    }
}

/// The value of a hidden field.
pub(super) fn value(html: &str, name: &str) -> String {
    let (_, rest) = html
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap_or_else(|| panic!("{name}: {html}"));
    rest.split('"').next().unwrap().to_owned()
}

/// What a browser sends of the page, with these fields filled in.
pub(super) fn filled_in(html: &str, more: &[(&str, &str)]) -> String {
    let hidden = [
        "call", "ticket", "version", "person", "sure", "division", "attached",
    ];
    let mut fields: Vec<(String, String)> = hidden
        .iter()
        .filter(|name| html.contains(&format!("name=\"{name}\" value=\"")))
        .map(|name| ((*name).to_owned(), value(html, name)))
        .collect();
    let lines = ["name", "number", "site", "department", "tags", "articles"];
    fields.extend(lines.map(|name| (name.to_owned(), value(html, name))));
    for (name, text) in more {
        fields.retain(|(known, _)| known != name);
        fields.push(((*name).to_owned(), (*text).to_owned()));
    }
    let fields = fields
        .iter()
        .map(|(name, text)| format!("{name}={}", escape(text)));
    fields.collect::<Vec<_>>().join("&")
}

#[tokio::test]
async fn the_page_tells_who_calls_how_sure_that_is_and_what_is_left() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    let (status, html) = house.open(&mut tanaka, "/reception").await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("通話なし"), "{html}");
    house.person("p1", "年金 花子", &["0312345678"]).await;
    house.ring("c9", "+81 3-1234-5678");
    let (_, html) = house.open(&mut tanaka, "/reception").await;
    for told in [
        "呼出中",
        "<strong>年金 花子</strong>",
        "certainty certain\">確定",
        "中央年金事務所 総務課",
        "一次回答 残り 30:00",
        "name=\"name\" value=\"年金 花子\"",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
    house
        .person("p2", "年金 太郎", &["1234", "0399998888"])
        .await;
    house.ring("c10", "0399998888");
    let (_, html) = house.open(&mut tanaka, "/reception").await;
    assert!(html.contains("certainty guessed\">推定"), "{html}");
    assert!(
        html.contains("name=\"name\" value=\"\""),
        "who is guessed is not filled in"
    );
    house.person("p3", "年金 次郎", &["0399998888", "5"]).await;
    house.person("p4", "年金 三郎", &["0399998888", "6"]).await;
    let (_, html) = house.open(&mut tanaka, "/reception").await;
    assert!(html.contains("候補3名") && html.contains("名前を聞いて選んでください"));
    // The choice holds for the call, also where no script keeps it.
    let body = filled_in(&html, &[("intent", "person p4"), ("question", "途中")]);
    let (status, _, html) = house.submit(&mut tanaka, "/reception", &body).await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("選択済み") && html.contains("name=\"name\" value=\"年金 三郎\""));
    let (_, html) = house.open(&mut tanaka, "/reception").await;
    assert!(
        html.contains("name=\"person\" value=\"p4\"") && html.contains("途中"),
        "{html}"
    );
}

#[tokio::test]
async fn a_number_that_is_not_known_says_why() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    for (call, from, told) in [
        ("c9", "anonymous", "非通知のため、番号が分かりません"),
        ("c10", "C", "公衆電話からの電話"),
        ("c11", "unavailable", "表示圏外"),
        ("c12", "0311112222", "名簿に登録されていない番号です"),
    ] {
        house.ring(call, from);
        let (_, html) = house.open(&mut tanaka, "/reception").await;
        assert!(html.contains(told), "{told}: {html}");
    }
}

#[tokio::test]
async fn a_call_leaves_one_record_however_often_its_page_is_refreshed() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    house.ring("c9", "0312345678");
    for path in [
        "/reception",
        "/reception/part",
        "/reception/caller",
        "/reception",
    ] {
        let (status, html) = house.open(&mut tanaka, path).await;
        assert_eq!(status, StatusCode::OK);
        assert!(html.contains("0312345678"), "{path}: {html}");
    }
    assert_eq!(house.recorded(Action::CallView).await, ["c9"]);
}

#[tokio::test]
async fn a_call_that_rings_at_several_agents_leaves_one_record_that_names_them_all() {
    let house = house().await;
    let ids = ["tanaka", "sato", "suzuki"];
    let mut clients = Vec::new();
    for id in ids {
        clients.push(house.agent_of(id, id).await);
    }
    let rings_at = |agents: &[&str], call: &str| {
        house.ring(call, "0312345678");
        let mut snapshot = house.desk.snapshot.lock().unwrap();
        let mut changed = snapshot.as_ref().clone();
        let first = changed.agents[0].clone();
        changed.agents = agents
            .iter()
            .map(|id| AgentView {
                agent: (*id).into(),
                ..first.clone()
            })
            .collect();
        *snapshot = Arc::new(changed);
    };
    let records = async || {
        let filter = AuditFilter {
            action: Some(Action::CallView),
            limit: 100,
            ..AuditFilter::default()
        };
        let mut records = house.store.list_audit(&filter).await.unwrap();
        records.reverse();
        let told = records.into_iter().map(|record| {
            let ringing = record.entry.after.get("ringing").cloned();
            (record.entry.object, ringing.unwrap_or_default())
        });
        told.collect::<Vec<_>>()
    };
    rings_at(&ids, "c9");
    for client in &mut clients {
        for path in ["/reception/caller", "/reception", "/board/own-call"] {
            let (_, html) = house.open(client, path).await;
            assert!(html.contains("0312345678"), "{path}: {html}");
        }
    }
    let all = ("c9".to_owned(), "tanaka、sato、suzuki".to_owned());
    assert_eq!(records().await, [all]);
    // One after another: each of them was shown it.
    rings_at(&["tanaka"], "c10");
    house.open(&mut clients[0], "/reception").await;
    rings_at(&["sato"], "c10");
    house.open(&mut clients[1], "/reception").await;
    house.open(&mut clients[1], "/reception").await;
    let later = records().await;
    assert_eq!(later.len(), 3, "{later:?}");
    assert!(
        later[1..]
            .iter()
            .all(|one| one == &("c10".to_owned(), String::new()))
    );
}

#[tokio::test]
async fn what_is_not_ours_is_escaped_and_what_is_not_there_is_not_found() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    house.ring("c9", NASTY);
    let (_, html) = house.open(&mut tanaka, "/reception").await;
    assert!(!html.contains(NASTY));
    let answers = [
        ("/reception?call=none", StatusCode::NOT_FOUND),
        ("/reception?ticket=none", StatusCode::NOT_FOUND),
        ("/reception?ticket=..%2F..%2Fx", StatusCode::NOT_FOUND),
        ("/reception?saved=none", StatusCode::OK),
        (
            "/reception/candidates?q=%3Cscript%3E&show=..%2Fx",
            StatusCode::OK,
        ),
    ];
    for (path, expected) in answers {
        let (status, html) = house.open(&mut tanaka, path).await;
        assert_eq!(status, expected, "{path}: {html}");
        assert!(!html.contains("<script>"), "{path}");
    }
    for (field, text) in [("ticket", "../x"), ("call", "none"), ("ticket", NASTY)] {
        let body = filled_in(
            &html,
            &[(field, text), ("question", "x"), ("intent", "save")],
        );
        let (status, ..) = house.submit(&mut tanaka, "/reception", &body).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{field}={text}");
        let (status, ..) = house.submit(&mut tanaka, "/reception/draft", &body).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{field}={text}");
    }
    assert!(house.tickets().await.is_empty());
}

#[tokio::test]
async fn who_may_not_register_calls_has_no_reception() {
    let house = house().await;
    let mut editor = house.user("henshu", &[Role::FaqEditor]).await;
    for path in ["/reception", "/reception/part", "/reception/unregistered"] {
        let (status, _) = house.open(&mut editor, path).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
    let (_, html) = house.open(&mut editor, "/account").await;
    assert!(!html.contains("pop.js") && !html.contains("/reception"));
    let mut tanaka = house.agent("tanaka").await;
    let (_, place, _) = house.open_from(&mut tanaka, "/").await;
    assert_eq!(place, "/reception", "agents begin here");
    let (_, html) = house.open(&mut tanaka, "/account").await;
    assert!(html.contains("name=\"own-phone\" content=\"tanaka\"") && html.contains("pop.js"));
}

#[tokio::test]
async fn the_page_goes_on_without_the_database() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    house.open(&mut tanaka, "/reception").await;
    house.ring("c9", "0312345678");
    house.database(true);
    let (status, html) = house.open(&mut tanaka, "/reception").await;
    assert_eq!(status, StatusCode::OK, "{html}");
    assert!(html.contains("0312345678") && html.contains("データベースに接続できないため"));
}

#[tokio::test]
async fn a_line_of_macs_begins_as_macs_in_the_form_and_where_a_script_takes_the_call_up() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    house.talk("c9", "0312345678").await;
    let chosen = "<option value=\"indirect\" selected>";
    assert!(
        house
            .open(&mut tanaka, "/reception")
            .await
            .1
            .contains(chosen)
    );
    house.desk.file.lock().unwrap().lines[0].system = System::Macs;
    house.desk.apply_setup().await;
    let (_, html) = house.open(&mut tanaka, "/reception").await;
    assert!(html.contains("<option value=\"macs\" selected>"), "{html}");
    let (_, part) = house.open(&mut tanaka, "/reception/part").await;
    assert!(part.contains("data-system=\"macs\""), "{part}");
    // Without a call the bar tells what oneself does.
    house.hang_up("c9").await;
    let (_, part) = house.open(&mut tanaka, "/reception/part?new=plain").await;
    assert!(part.contains("自分の状態："), "{part}");
}
