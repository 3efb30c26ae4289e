//! The board: what it tells of one's own call, of incidents and of agents.

use axum::http::StatusCode;
use madoguchi_core::access::Role;
use madoguchi_core::audit::Action;
use madoguchi_core::live::AgentState;
use madoguchi_store::AuditFilter;

use super::*;

impl House {
    /// A user who is the agent of the file.
    pub(in crate::tests) async fn agent(&self, login: &str) -> Client {
        self.agent_of(login, "tanaka").await
    }

    pub(in crate::tests) async fn agent_of(&self, login: &str, agent: &str) -> Client {
        let account = operator::NewAccount {
            login,
            name: "田中",
            roles: &[Role::Agent],
            agent: Some(agent),
            password: PASSWORD,
            must_change: false,
        };
        operator::add_account(&self.store, &account, now())
            .await
            .unwrap();
        self.sign_in(login, PASSWORD).await.1
    }

    pub(in crate::tests) fn set_agent(
        &self,
        state: AgentState,
        call: Option<&str>,
        next: Option<AgentState>,
    ) {
        let mut snapshot = self.desk.snapshot.lock().unwrap();
        let mut changed = snapshot.as_ref().clone();
        let agent = &mut changed.agents[0];
        (agent.state, agent.next) = (state, next);
        agent.call = call.map(|call| call.into());
        *snapshot = Arc::new(changed);
    }

    pub(in crate::tests) fn ring(&self, call: &str, from: &str) {
        let arrived = EventKind::Arrived {
            from: from.into(),
            to: "5000".into(),
            open: true,
        };
        let event = event(call, 0, 3_600, arrived);
        self.desk.figures.lock().unwrap().apply(&event);
        self.set_agent(AgentState::Ringing, Some(call), None);
    }
}

#[tokio::test]
async fn an_agent_sees_who_calls_on_which_line_and_what_came_from_there_before() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    let (_, html) = house.open(&mut tanaka, "/board").await;
    assert!(html.contains("通話はありません。"), "{html}");
    house.ring("c9", "0312345678");
    let own = house.open(&mut tanaka, "/board/own-call").await.1;
    for told in [
        "<a href=\"/calls/c9\">0312345678</a>",
        "<dd>help</dd>",
        "<dd>10:00</dd>",
        "<a href=\"/calls/c1\">2026年(令和8年)11月24日 9:00</a> 着信　応答　help　田中 恵",
    ] {
        assert!(own.contains(told), "{told}: {own}");
    }
    let (_, whole) = house.open(&mut tanaka, "/board").await;
    assert!(whole.contains("<a href=\"/calls/c9\">0312345678</a>"));
    let seen = AuditFilter {
        action: Some(Action::CallView),
        limit: 10,
        ..AuditFilter::default()
    };
    let seen = house.store.list_audit(&seen).await.unwrap();
    assert!(seen.iter().all(|one| one.entry.object == "c9") && seen.len() == 1);
    // It is nobody else's, and goes on without the database.
    let (_, boss) = house.get("/board/own-call").await;
    assert!(boss.contains("通話はありません。"));
    house.database(true);
    let (status, own) = house.open(&mut tanaka, "/board/own-call").await;
    assert_eq!(status, StatusCode::OK);
    assert!(own.contains("0312345678") && own.contains("ただいま確認できません"));
    house.database(false);
    house.ring("c10", "anonymous");
    let own = house.open(&mut tanaka, "/board/own-call").await.1;
    assert!(own.contains("非通知") && own.contains("番号が分からないため"));
}

#[tokio::test]
async fn a_state_that_waits_for_the_end_of_a_call_is_shown_and_every_button_keeps_its_place() {
    let house = house().await;
    let away = AgentState::Away {
        reason: "会議".to_owned(),
    };
    house.set_agent(AgentState::Talking, Some("c1"), Some(away));
    let (_, html) = house.get("/board").await;
    assert!(html.contains("通話後：離席(会議)"));
    let places = |html: &str| -> Vec<String> {
        let buttons = html.split("<button name=\"command\" value=\"").skip(1);
        let names = buttons.map(|button| button.split('"').next().unwrap().to_owned());
        names.take(4).collect()
    };
    let talking = places(&html);
    assert_eq!(talking, ["ready", "end_wrap_up", "log_out", "away"]);
    assert!(html.contains("value=\"end_wrap_up\" aria-disabled=\"true\""));
    for state in [AgentState::WrapUp, AgentState::LoggedOut, AgentState::Ready] {
        house.set_agent(state, None, None);
        assert_eq!(places(&house.get("/board").await.1), talking);
    }
    let (_, html) = house.get("/board").await;
    assert!(!html.contains("value=\"ログアウト") && html.contains(">受付を終える</button>"));
}

#[tokio::test]
async fn incidents_in_force_stand_on_the_board_and_other_notices_do_not() {
    let house = house().await;
    let mut boss = house.boss.clone();
    for (kind, title) in [
        ("incident", "VPN"),
        ("news", "ONSHIRASE"),
        ("incident", "LATER"),
    ] {
        let from = if title == "LATER" {
            "2026-11-25"
        } else {
            "2026-11-24"
        };
        let form = format!("kind={kind}&title={title}&readers=desk&from={from}T09:30");
        let (status, ..) = house.submit(&mut boss, "/admin/notices/new", &form).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
    }
    let (_, html) = house.get("/board").await;
    assert!(
        html.contains("<strong>VPN</strong>")
            && html.contains("障害情報 <span class=\"count\">1件")
    );
    assert!(!html.contains("ONSHIRASE") && !html.contains("LATER"));
}

#[tokio::test]
async fn the_day_is_drawn_with_its_waits_and_its_queue_and_told_in_a_table() {
    let (_, html) = house().await.get("/board").await;
    assert!(html.contains("時間帯ごとの待ち") && html.contains("同時に待った人数(最大)"));
    let row = "hour=9&amp;sort=wait\">9時台</a></th><td class=\"number\">1</td>\
               <td class=\"number\">0:05</td><td class=\"number\">0:05</td>";
    assert!(html.contains(row), "{html}");
    assert!(html.contains("<dt>応対前</dt>") && !html.contains("<dt>呼出中</dt>"));
}

#[tokio::test]
async fn a_page_of_another_session_does_not_become_the_board_of_who_came_after() {
    let house = house().await;
    let request = |session: &str| {
        Request::get(format!("/board/events?session={session}"))
            .header("host", "localhost")
            .header("cookie", &house.boss.cookie)
            .body(Body::empty())
            .unwrap()
    };
    let (_, html) = house.get("/board").await;
    let (_, rest) = html.split_once("data-session=\"").unwrap();
    let own = rest.split('"').next().unwrap();
    assert!(!own.is_empty());
    let answer = house.router.clone().oneshot(request(own)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let answer = house
        .router
        .clone()
        .oneshot(request("other"))
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
}
