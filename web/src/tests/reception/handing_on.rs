//! 転送: the caller goes to a colleague or a line, with what was written.

use madoguchi_core::audit::{AuditEntry, Fields};
use madoguchi_core::department::{DEPARTMENT, Department};
use madoguchi_core::live::{
    ConsultView, DeskRequest, HandOnRefusal, HandOnTo, HandOnView, ParkedCall,
};
use madoguchi_core::outbound::OutboundRefusal;
use madoguchi_core::vendor::{VENDOR, Vendor};

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

/// Where the desk was asked to hand tanaka's caller on to.
fn asked(house: &House) -> Vec<HandOnTo> {
    let requests = house.desk.requests.lock().unwrap();
    let handed_on = requests.iter().map(|(agent, request)| {
        assert_eq!(agent.as_str(), "tanaka");
        match request {
            DeskRequest::HandOn(to) => to.clone(),
            other => panic!("{other:?}"),
        }
    });
    handed_on.collect()
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
    assert_eq!(asked(&house), [HandOnTo::Agent("sato".into())]);
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
        (StatusCode::SEE_OTHER, "/reception?done=handed-to-line")
    );
    assert_eq!(asked(&house), [HandOnTo::Line("help".into())]);
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
    assert_eq!(place, "/reception?done=no-talk");
    assert!(asked(&house).is_empty());
    let (_, html) = house.open(&mut tanaka, &place).await;
    let said = "<p class=\"banner error\" role=\"alert\">できませんでした。通話が終わったか";
    assert!(
        html.contains(said),
        "what failed looks like no success: {html}"
    );
}

#[tokio::test]
async fn who_parks_a_caller_reads_the_number_to_tell_a_colleague() {
    let house = house().await;
    let mut tanaka = talking(&house).await;
    let fields = [("to", "park"), ("intent", "hand-on")];
    let (_, place, _) = send(&house, &mut tanaka, &fields).await;
    assert_eq!(place, "/reception?done=parked");
    assert_eq!(asked(&house), [HandOnTo::Park]);
    let (_, html) = house.open(&mut tanaka, &place).await;
    assert!(html.contains("通話を預けました"), "{html}");
    beside(&house, |snapshot| {
        snapshot.parked = vec![ParkedCall {
            call: "c9".into(),
            line: "help".into(),
            from: "0312345678".into(),
            slot: 3,
            parked_at: now(),
            parked_by: Some("tanaka".into()),
        }];
    });
    let (_, html) = house.open(&mut tanaka, &place).await;
    assert!(html.contains("3番に預けています"), "{html}");
    assert!(
        !html.contains("通話を預けました"),
        "it is said once: {html}"
    );
}

/// An エスカレーション先 and a 部署 who can be called, and one of each who cannot.
async fn directories(house: &House) {
    let vendor = |name: &str, number: &str| {
        let vendor = Vendor {
            name: name.to_owned(),
            number: number.to_owned(),
            ..Vendor::default()
        };
        serde_json::to_string(&vendor).unwrap()
    };
    let department = |name: &str, number: &str| {
        let department = Department {
            name: name.to_owned(),
            answers: "給与".to_owned(),
            number: number.to_owned(),
            ..Department::default()
        };
        serde_json::to_string(&department).unwrap()
    };
    let entry = AuditEntry::of_system(now(), Action::VendorChange, "one", Fields::new());
    let mut tx = house.store.begin(entry).await.unwrap();
    for (kind, id, data) in [
        (VENDOR, "one", vendor("保守の窓口", "03-9876-5432")),
        (VENDOR, "two", vendor("電話のない先", "")),
        (DEPARTMENT, "one", department("給与課", "06-1111-2222")),
        (DEPARTMENT, "two", department("人事課", "内線の案内は別紙")),
    ] {
        let version = NewVersion {
            kind,
            id: id.to_owned(),
            replaces: 0,
            data: Some(data),
        };
        tx.save_setting(&version).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_caller_is_handed_on_to_a_vendor_a_department_or_any_number() {
    let house = house().await;
    directories(&house).await;
    let mut tanaka = talking(&house).await;
    let (_, html) = house.open(&mut tanaka, "/reception").await;
    assert!(
        html.contains("保守の窓口(エスカレーション先 03-9876-5432)"),
        "{html}"
    );
    assert!(html.contains("給与課(部署 06-1111-2222)"));
    for none in ["電話のない先(エスカレーション先", "人事課(部署"] {
        assert!(!html.contains(none), "{none} cannot be called");
    }
    for (to, number, called) in [
        ("reached vendor:one", "", "03-9876-5432"),
        ("reached department:one", "", "06-1111-2222"),
        ("number", " 0120-000-111 ", "0120-000-111"),
    ] {
        let fields = [("to", to), ("to_number", number), ("intent", "hand-on")];
        let (status, _, html) = send(&house, &mut tanaka, &fields).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
        let number = HandOnTo::Number(called.to_owned());
        assert_eq!(asked(&house).last(), Some(&number));
    }
    for (to, number, wrong) in [
        ("number", "  ", "転送先の電話番号を入力してください"),
        ("reached vendor:two", "", "転送先を選んでください"),
        ("reached vendor:nobody", "", "転送先を選んでください"),
    ] {
        let fields = [("to", to), ("to_number", number), ("intent", "hand-on")];
        let (status, _, html) = send(&house, &mut tanaka, &fields).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(html.contains(wrong), "{html}");
    }
    assert_eq!(asked(&house).len(), 3);
}

#[tokio::test]
async fn whoever_is_chosen_can_be_asked_beside_the_caller_and_what_was_written_is_kept() {
    let house = house().await;
    directories(&house).await;
    let mut tanaka = talking(&house).await;
    let number = |text: &str| HandOnTo::Number(text.to_owned());
    for (to, typed, asked) in [
        ("agent sato", "", HandOnTo::Agent("sato".into())),
        ("line help", "", HandOnTo::Line("help".into())),
        ("reached vendor:one", "", number("03-9876-5432")),
        ("number", "0120-000-111", number("0120-000-111")),
    ] {
        let fields = [
            ("to", to),
            ("to_number", typed),
            ("question", "相談する前の文"),
            ("intent", "consult"),
        ];
        let (status, place, html) = send(&house, &mut tanaka, &fields).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
        let last = house.desk.requests.lock().unwrap().last().cloned();
        assert_eq!(last, Some(("tanaka".into(), DeskRequest::Consult(asked))));
        let (_, html) = house.open(&mut tanaka, &place).await;
        assert!(html.contains("相談する前の文"), "{html}");
    }
    assert!(house.tickets().await.is_empty(), "nothing is saved by it");
    assert_eq!(house.recorded(Action::CallHandOn).await.len(), 4);
    for (to, wrong) in [
        ("park", "相談する相手を選んでください"),
        ("", "転送先を選んでください"),
    ] {
        let fields = [("to", to), ("intent", "consult")];
        let (status, _, html) = send(&house, &mut tanaka, &fields).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(html.contains(wrong), "{html}");
    }
    assert_eq!(house.desk.requests.lock().unwrap().len(), 4);
    // Who is asked is busy.
    beside(&house, |snapshot| {
        snapshot.hand_ons = vec![HandOnView {
            agent: "tanaka".into(),
            call: "c9".into(),
            failed: Some(HandOnRefusal::Busy),
            asks: true,
        }];
    });
    let (_, html) = house.open(&mut tanaka, "/reception").await;
    assert!(
        html.contains("相談していません。相談先が通話中か、応答を断りました。"),
        "{html}"
    );
}

/// What tanaka does beside the talk.
fn beside(house: &House, change: impl FnOnce(&mut DeskSnapshot)) {
    let mut snapshot = (*house.desk.snapshot()).clone();
    change(&mut snapshot);
    *house.desk.snapshot.lock().unwrap() = Arc::new(snapshot);
}

#[tokio::test]
async fn a_number_that_the_rules_forbid_is_refused_with_the_reason_in_plain_words() {
    let house = house().await;
    let mut tanaka = talking(&house).await;
    let barred = HandOnRefusal::Barred(OutboundRefusal::Premium);
    *house.desk.refuses.lock().unwrap() = Some(barred);
    beside(&house, |snapshot| {
        snapshot.hand_ons = vec![HandOnView {
            agent: "tanaka".into(),
            call: "c9".into(),
            failed: Some(barred),
            asks: false,
        }];
    });
    let fields = [
        ("to", "number"),
        ("to_number", "0990500123"),
        ("intent", "hand-on"),
    ];
    let (_, place, _) = send(&house, &mut tanaka, &fields).await;
    assert_eq!(place, "/reception?done=not-handed-on");
    let (_, html) = house.open(&mut tanaka, &place).await;
    assert!(html.contains("発信規制により、転送できません"), "{html}");
    assert!(html.contains("発信者との通話は続いています"), "{html}");
    assert!(
        !html.contains("操作はできませんでした"),
        "the bar says it, and says why: {html}"
    );
    let filter = AuditFilter {
        action: Some(Action::CallHandOn),
        limit: 10,
        ..AuditFilter::default()
    };
    let entries = house.store.list_audit(&filter);
    let entry = entries.await.unwrap().remove(0).entry;
    assert_eq!(
        entry.after.get("number").map(String::as_str),
        Some("0990500123")
    );
    assert!(entry.after.contains_key("refused"));
}

#[tokio::test]
async fn whom_the_agent_asks_beside_the_caller_is_shown_with_what_can_be_done() {
    let house = house().await;
    let mut tanaka = talking(&house).await;
    let consult = |answered, joined| ConsultView {
        agent: "tanaka".into(),
        call: "c10".into(),
        colleague: None,
        answered,
        joined,
    };
    for (answered, joined, buttons) in [
        (false, false, [true, false, true]),
        (true, false, [true, true, true]),
        (true, true, [true, false, true]),
    ] {
        beside(&house, |snapshot| {
            snapshot.consults = vec![consult(answered, joined)]
        });
        let (_, html) = house.open(&mut tanaka, "/reception").await;
        let shown = [
            "引き継ぐ</button>",
            "三者で話す</button>",
            "相談を終える</button>",
        ];
        let shown = shown.map(|button| html.contains(button));
        assert_eq!(shown, buttons, "{answered} {joined}");
        assert!(html.contains("外の相手"));
        let (_, board) = house.open(&mut tanaka, "/board").await;
        assert!(board.contains("data-doing="), "the board tells of it");
    }
    for (intent, request) in [
        ("hand-on asked", DeskRequest::HandOn(HandOnTo::Asked)),
        ("join", DeskRequest::Join),
        ("end-consult", DeskRequest::EndConsult),
    ] {
        let fields = [("question", ""), ("intent", intent)];
        let (status, ..) = send(&house, &mut tanaka, &fields).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        let last = house.desk.requests.lock().unwrap().last().cloned();
        assert_eq!(last, Some(("tanaka".into(), request)));
    }
}
