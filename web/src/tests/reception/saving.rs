//! Tickets, contacts and outcomes by the buttons of the form.

use super::*;

/// Opens the page and sends it with these fields; gives status, place and page.
async fn send(
    house: &House,
    client: &mut Client,
    path: &str,
    fields: &[(&str, &str)],
) -> (StatusCode, String, String) {
    let (status, html) = house.open(client, path).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    house
        .submit(client, "/reception", &filled_in(&html, fields))
        .await
}

#[tokio::test]
async fn an_answered_call_becomes_a_ticket_with_its_contact_in_one_save() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    house.person("p1", "年金 花子", &["0312345678"]).await;
    house.talk("c9", "0312345678").await;
    let fields = [
        ("question", "旅費の精算が\r\n差し戻された"),
        ("answer", "出し直してください"),
        ("category", "f09"),
        ("tags", "旅費、差戻し"),
        ("note", "急いでいた"),
        ("urgent", "yes"),
        ("intent", "ready"),
    ];
    let (status, place, html) = send(&house, &mut tanaka, "/reception", &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let tickets = house.tickets().await;
    let ticket = tickets.first().unwrap();
    assert_eq!(
        place,
        format!("/reception?saved={}", escape(ticket.id.as_str()))
    );
    assert_eq!(ticket.status(), Status::Answered);
    assert_eq!(ticket.fields.question, "旅費の精算が\n差し戻された");
    assert_eq!(ticket.fields.requester.name, "年金 花子");
    assert_eq!(ticket.fields.tags.len(), 2);
    assert_eq!(ticket.notes.len(), 1);
    let contact = ticket.first_answer().unwrap();
    assert_eq!(contact.call, Some("c9".into()));
    assert_eq!(contact.agent, Some("tanaka".into()));
    assert_eq!(contact.outcome, ContactOutcome::AnsweredAtOnce);
    let commands = house.desk.commands.lock().unwrap().clone();
    assert_eq!(commands, [("tanaka".into(), AgentCommand::Ready)]);
    assert_eq!(house.recorded(Action::TicketChange).await.len(), 1);
    // The call goes on, and so does its ticket.
    let (_, html) = house.open(&mut tanaka, &place).await;
    assert!(html.contains("R8-00001</a> を保存しました"), "{html}");
    assert!(html.contains("受付 R8-00001") && value(&html, "ticket") == ticket.id.as_str());
}

#[tokio::test]
async fn what_is_sent_twice_is_kept_once() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    house.talk("c9", "0312345678").await;
    let (_, html) = house.open(&mut tanaka, "/reception").await;
    let body = filled_in(
        &html,
        &[("question", "一"), ("answer", "二"), ("intent", "save")],
    );
    for _ in 0..2 {
        let (status, _, html) = house.submit(&mut tanaka, "/reception", &body).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    }
    // Both presses of a double click at once.
    let (mut one, mut other) = (tanaka.clone(), tanaka.clone());
    tokio::join!(
        house.submit(&mut one, "/reception", &body),
        house.submit(&mut other, "/reception", &body)
    );
    let tickets = house.tickets().await;
    assert_eq!(tickets.len(), 1);
    assert_eq!(tickets[0].contacts().count(), 1);
    // Who goes back and changes something changes the same ticket.
    let body = filled_in(
        &html,
        &[("question", "一"), ("answer", "三"), ("intent", "save")],
    );
    house.submit(&mut tanaka, "/reception", &body).await;
    let tickets = house.tickets().await;
    assert_eq!(
        (tickets.len(), tickets[0].fields.answer.as_str()),
        (1, "三")
    );
    // Nobody takes the name of another's ticket for a new one.
    let mut boss = house.boss.clone();
    house.open(&mut boss, "/board").await;
    let (status, ..) = house.submit(&mut boss, "/reception", &body).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn faults_stand_beside_their_fields_with_what_was_typed() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    house.talk("c9", "0312345678").await;
    let fields = [("answer", "のこる文"), ("intent", "save")];
    let (status, _, html) = send(&house, &mut tanaka, "/reception", &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("質問を入力してください") && html.contains("のこる文"));
    let fields = [("question", "調べてほしい"), ("intent", "escalate")];
    let (status, _, html) = send(&house, &mut tanaka, "/reception", &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("エスカレーション先を入力してください") && html.contains("調べてほしい"));
    let long = "長".repeat(100_001);
    let fields = [("question", long.as_str()), ("intent", "save")];
    let (status, _, html) = send(&house, &mut tanaka, "/reception", &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("入力された文字数: 100001"));
    assert!(house.tickets().await.is_empty());
    // Nobody has talked yet.
    house.ring("c10", "0312345678");
    let fields = [("question", "まだ"), ("intent", "save")];
    let (status, _, html) = send(&house, &mut tanaka, "/reception", &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("まだ応答していません"));
}

/// The board shows the talk at once; of a call of another node the event comes a while later.
#[tokio::test]
async fn who_talks_saves_before_a_slow_disk_has_the_answer() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    house.ring("c9", "0312345678");
    house.set_agent(AgentState::Talking, Some("c9"), None);
    let fields = [
        ("call", "c9"),
        ("question", "もう話している"),
        ("answer", "はい"),
        ("intent", "save"),
    ];
    let (status, _, html) = send(&house, &mut tanaka, "/reception", &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let tickets = house.tickets().await;
    let contact = tickets[0].contacts().next().expect("the call is a contact");
    assert_eq!(contact.agent, Some("tanaka".into()));
}

#[tokio::test]
async fn each_button_says_what_came_of_the_call() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    for (n, (intent, answer, vendor, status, outcome)) in [
        ("save", "", "", Status::Received, ContactOutcome::Unanswered),
        (
            "callback",
            "",
            "",
            Status::InProgress,
            ContactOutcome::Unanswered,
        ),
        (
            "callback",
            "答",
            "",
            Status::Answered,
            ContactOutcome::AnsweredLater,
        ),
        (
            "analysis",
            "",
            "",
            Status::Analysing,
            ContactOutcome::ToAnalysis,
        ),
        (
            "escalate",
            "",
            "保守",
            Status::Escalated,
            ContactOutcome::Escalated,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        house.talk(&format!("k{n}"), "0311112222").await;
        let fields = [
            ("question", "問"),
            ("answer", answer),
            ("vendor", vendor),
            ("route", "direct"),
            ("due", "2026-11-25T12:00"),
            ("intent", intent),
        ];
        let (code, _, html) = send(&house, &mut tanaka, "/reception", &fields).await;
        assert_eq!(code, StatusCode::SEE_OTHER, "{html}");
        let tickets = house.tickets().await;
        let ticket = tickets.last().unwrap();
        assert_eq!(tickets.len(), n + 1);
        assert_eq!(ticket.status(), status, "{intent}");
        assert_eq!(
            ticket.contacts().next().unwrap().outcome,
            outcome,
            "{intent}"
        );
        house.hang_up(&format!("k{n}")).await;
    }
    let tickets = house.tickets().await;
    let sent = &tickets.last().unwrap().escalations[0].handover;
    assert_eq!((sent.vendor.as_str(), sent.sent.as_str()), ("保守", "問"));
    assert!(sent.due.is_some());
}

#[tokio::test]
async fn a_call_back_finds_the_open_ticket_and_becomes_a_contact_of_it() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    house.talk("c9", "0312345678").await;
    let fields = [("question", "差戻し"), ("intent", "save")];
    send(&house, &mut tanaka, "/reception", &fields).await;
    house.hang_up("c9").await;
    house.talk("c10", "03-1234-5678").await;
    let (_, html) = house.open(&mut tanaka, "/reception").await;
    assert!(
        html.contains("未完了の問合せ") && html.contains("R8-00001"),
        "{html}"
    );
    let id = house.tickets().await[0].id.clone();
    // What was typed by then waits for the call.
    let button = format!("ticket {id}");
    let body = filled_in(&html, &[("question", "別の件かも"), ("intent", &button)]);
    let (_, place, _) = house.submit(&mut tanaka, "/reception", &body).await;
    assert!(place.starts_with("/reception?ticket=") && place.ends_with("&call=c10"));
    let fields = [
        ("question", "差戻し"),
        ("answer", "直してください"),
        ("intent", "save"),
    ];
    let (status, _, html) = send(&house, &mut tanaka, &place, &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let tickets = house.tickets().await;
    assert_eq!(tickets.len(), 1);
    let outcomes: Vec<_> = tickets[0]
        .contacts()
        .map(|contact| contact.outcome)
        .collect();
    assert_eq!(
        outcomes,
        [ContactOutcome::Unanswered, ContactOutcome::AnsweredAtOnce]
    );
    let (_, html) = house
        .open(&mut tanaka, "/reception?call=c10&new=matter")
        .await;
    assert!(html.contains("別の件かも"));
}

#[tokio::test]
async fn an_answer_after_the_call_is_折り返して回答() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    house.talk("c9", "0312345678").await;
    let fields = [("question", "差戻し"), ("intent", "callback")];
    send(&house, &mut tanaka, "/reception", &fields).await;
    house.hang_up("c9").await;
    house.let_pass(Millis::from_secs(600));
    let place = format!("/reception?ticket={}", house.tickets().await[0].id);
    let fields = [
        ("question", "差戻し"),
        ("answer", "直してください"),
        ("intent", "save"),
    ];
    let (status, _, html) = send(&house, &mut tanaka, &place, &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let ticket = house.tickets().await.remove(0);
    let answer = ticket.first_answer().unwrap();
    assert_eq!(answer.outcome, ContactOutcome::AnsweredLater);
    assert_eq!(answer.outcome_at, house.desk.now());
    assert_eq!(
        (ticket.contacts().count(), ticket.status()),
        (1, Status::Answered)
    );
}

#[tokio::test]
async fn two_people_on_one_ticket_are_joined_or_shown_three_texts() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    house.talk("c9", "0312345678").await;
    let fields = [("question", "まえ"), ("intent", "save")];
    send(&house, &mut tanaka, "/reception", &fields).await;
    house.hang_up("c9").await;
    let place = format!("/reception?ticket={}", house.tickets().await[0].id);
    let mut boss = house.boss.clone();
    let (_, seen) = house.open(&mut tanaka, &place).await;
    let (_, theirs) = house.open(&mut boss, &place).await;
    // Apart: joined.
    let body = filled_in(
        &theirs,
        &[("question", "まえ"), ("tags", "旅費"), ("intent", "save")],
    );
    house.submit(&mut boss, "/reception", &body).await;
    let fields = [("question", "わたしの質問"), ("intent", "save")];
    let (status, _, html) = house
        .submit(&mut tanaka, "/reception", &filled_in(&seen, &fields))
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let ticket = house.tickets().await.remove(0);
    assert_eq!(ticket.fields.question, "わたしの質問");
    assert!(ticket.fields.tags.contains("旅費"));
    // One field: three texts, and nothing overwritten unseen.
    let body = filled_in(&theirs, &[("question", "かれらの質問"), ("intent", "save")]);
    let (status, _, html) = house.submit(&mut boss, "/reception", &body).await;
    assert_eq!(status, StatusCode::CONFLICT);
    for text in [
        "わたしの質問",
        "かれらの質問",
        "<dd>まえ</dd>",
        "別の画面で先に保存されています",
    ] {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert_eq!(house.tickets().await[0].fields.question, "わたしの質問");
    // Who has seen them saves what they mean.
    let body = filled_in(&html, &[("question", "ふたりの質問"), ("intent", "save")]);
    let (status, _, html) = house.submit(&mut boss, "/reception", &body).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert_eq!(house.tickets().await[0].fields.question, "ふたりの質問");
}

#[tokio::test]
async fn what_looks_like_a_personal_number_needs_a_second_press() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    house.talk("c9", "0312345678").await;
    let fields = [
        ("question", "基礎年金番号は1234-567890です"),
        ("intent", "save"),
    ];
    let (status, _, html) = send(&house, &mut tanaka, "/reception", &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        html.contains("1234-567890」は基礎年金番号のように見えます"),
        "{html}"
    );
    assert!(house.tickets().await.is_empty());
    // Another number is warned of anew.
    let other = [
        ("question", "基礎年金番号は9876-543210です"),
        ("intent", "save"),
    ];
    let (status, ..) = house
        .submit(&mut tanaka, "/reception", &filled_in(&html, &other))
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, ..) = house
        .submit(&mut tanaka, "/reception", &filled_in(&html, &fields))
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(house.tickets().await.len(), 1);
}

#[tokio::test]
async fn what_came_by_no_call_is_written_down_too() {
    let house = house().await;
    let mut boss = house.boss.clone();
    let fields = [
        ("question", "メールの質問"),
        ("answer", "返信した"),
        ("channel", "mail"),
        ("intent", "save"),
    ];
    let (status, _, html) = send(&house, &mut boss, "/reception?new=plain", &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let ticket = house.tickets().await.remove(0);
    let contact = ticket.contacts().next().unwrap();
    assert_eq!(contact.channel.as_str(), "mail");
    assert_eq!(
        (&contact.call, contact.outcome),
        (&None, ContactOutcome::AnsweredAtOnce)
    );
}

#[tokio::test]
async fn what_a_phrase_leaves_open_is_filled_in_or_refused_and_never_kept() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    let (_, html) = house.open(&mut tanaka, "/reception?new=plain").await;
    let with = |answer: &str| {
        filled_in(
            &html,
            &[("question", "用件"), ("answer", answer), ("intent", "save")],
        )
    };
    let body = with("{氏名}様、確認します。");
    let (status, _, page) = house.submit(&mut tanaka, "/reception", &body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("「{氏名}」が残っています"), "{page}");
    assert!(house.tickets().await.is_empty());
    let body = with("受付番号は{受付番号}です。");
    house.submit(&mut tanaka, "/reception", &body).await;
    let tickets = house.tickets().await;
    let told = format!("受付番号は{}です。", tickets[0].number);
    assert_eq!(
        (tickets.len(), tickets[0].fields.answer.as_str()),
        (1, told.as_str())
    );
}
