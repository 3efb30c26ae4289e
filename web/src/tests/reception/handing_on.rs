//! 転送: the caller goes to a colleague or a line, with what was written.

use madoguchi_core::live::HandOnTo;

use super::*;

fn colleague() -> AgentView {
    AgentView {
        agent: "sato".into(),
        name: "佐藤 実".to_owned(),
        extension: "202".to_owned(),
        state: AgentState::Ready,
        since: now(),
        call: None,
        next: None,
        reachable: true,
    }
}

/// tanaka talks with a caller; sato's phone can be reached.
async fn talking(house: &House) -> Client {
    let tanaka = house.agent("tanaka").await;
    house.talk("c9", "0312345678").await;
    let mut snapshot = (*house.desk.snapshot()).clone();
    snapshot.agents.push(colleague());
    *house.desk.snapshot.lock().unwrap() = Arc::new(snapshot);
    tanaka
}

async fn send(
    house: &House,
    client: &mut Client,
    fields: &[(&str, &str)],
) -> (StatusCode, String, String) {
    let (_, html) = house.open(client, "/reception").await;
    house
        .submit(client, "/reception", &filled_in(&html, fields))
        .await
}

#[tokio::test]
async fn a_caller_is_handed_on_with_the_ticket_written_so_far() {
    let house = house().await;
    let mut tanaka = talking(&house).await;
    let (_, html) = house.open(&mut tanaka, "/reception").await;
    assert!(
        html.contains("佐藤 実(202 受付可)") && html.contains("回線 help"),
        "{html}"
    );
    assert!(
        !html.contains("agent tanaka"),
        "nobody hands on to themselves"
    );
    let fields = [
        ("question", "規程の解釈"),
        ("to", "agent sato"),
        ("intent", "hand-on"),
    ];
    let (status, place, html) = send(&house, &mut tanaka, &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let handed_on = house.desk.handed_on.lock().unwrap().clone();
    assert_eq!(
        handed_on,
        [("tanaka".into(), HandOnTo::Agent("sato".into()))]
    );
    let tickets = house.tickets().await;
    assert_eq!(tickets[0].fields.question, "規程の解釈");
    assert_eq!(house.recorded(Action::CallHandOn).await, ["c9"]);
    let (_, html) = house.open(&mut tanaka, &place).await;
    assert!(html.contains("転送しています"), "{html}");
}

#[tokio::test]
async fn a_caller_of_whom_nothing_is_written_is_put_to_a_line() {
    let house = house().await;
    let mut tanaka = talking(&house).await;
    let fields = [("to", "line help"), ("intent", "hand-on")];
    let (status, place, _) = send(&house, &mut tanaka, &fields).await;
    assert_eq!(
        (status, place.as_str()),
        (StatusCode::SEE_OTHER, "/reception?done=handed-on")
    );
    let handed_on = house.desk.handed_on.lock().unwrap().clone();
    assert_eq!(
        handed_on,
        [("tanaka".into(), HandOnTo::Line("help".into()))]
    );
    assert!(house.tickets().await.is_empty());
}

#[tokio::test]
async fn nobody_is_handed_on_to_nobody_or_without_a_talk() {
    let house = house().await;
    let mut tanaka = talking(&house).await;
    for to in ["", "agent nobody", "line nowhere", "sato"] {
        let fields = [("to", to), ("question", "のこる文"), ("intent", "hand-on")];
        let (status, _, html) = send(&house, &mut tanaka, &fields).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{to}");
        assert!(html.contains("転送先を選んでください") && html.contains("のこる文"));
    }
    house.hang_up("c9").await;
    let fields = [("call", "c9"), ("to", "line help"), ("intent", "hand-on")];
    let (_, place, _) = send(&house, &mut tanaka, &fields).await;
    assert_eq!(place, "/reception?done=not-handed-on");
    assert!(house.desk.handed_on.lock().unwrap().is_empty());
}
