//! Tickets: registered, answered, handed on, merged and split; nothing twice, nothing lost.

use madoguchi_core::access::Role;
use madoguchi_core::audit::Action;
use madoguchi_core::contact::ContactOutcome;
use madoguchi_core::ticket::{Status, Ticket, TicketChange, TicketNumber};
use madoguchi_reports::sheet;
use madoguchi_store::AuditFilter;

use super::*;
use crate::query::escape;

mod bulk;

/// A form, by its fields.
fn body(fields: &[(&str, &str)]) -> String {
    let fields = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", escape(value)));
    fields.collect::<Vec<_>>().join("&")
}

/// The fields of a ticket's form beside question and answer, as the browser sends them.
const REST: [(&str, &str); 6] = [
    ("channel", "mail"),
    ("system", "indirect"),
    ("impact", "low"),
    ("urgency", "low"),
    ("outcome", "unanswered"),
    ("work_minutes", "0"),
];

fn fields<'a>(own: &[(&'a str, &'a str)]) -> String {
    let rest = REST
        .into_iter()
        .filter(|(name, _)| own.iter().all(|(known, _)| known != name));
    let all: Vec<_> = own.iter().copied().chain(rest).collect();
    body(&all)
}

/// Where the form of a page sends to.
fn action(html: &str) -> String {
    let form = html.split("class=\"ticket-form\"").nth(1).unwrap();
    let action = form.split("action=\"").nth(1).unwrap();
    let action = action.split('"').next().unwrap();
    action.replace("&#38;", "&").replace("&amp;", "&")
}

fn number(place: &str) -> String {
    let path = place.split('?').next().unwrap();
    path.rsplit('/').next().unwrap().to_owned()
}

pub(super) async fn agent(house: &House, login: &str) -> Client {
    let mut client = house.user(login, &[Role::Agent]).await;
    let (status, html) = house.open(&mut client, "/tickets").await;
    assert_eq!(status, StatusCode::OK, "{html}");
    client
}

/// Registers a ticket; gives its number.
pub(super) async fn register(house: &House, client: &mut Client, own: &[(&str, &str)]) -> String {
    let (_, html) = house.open(client, "/tickets/new").await;
    let (status, place, html) = house.submit(client, &action(&html), &fields(own)).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    number(&place)
}

pub(super) async fn ticket(house: &House, number: &str) -> Ticket {
    let number = TicketNumber::read(number, "").unwrap();
    let id = house.store.lookup_ticket_id(number).await.unwrap().unwrap();
    house.store.lookup_ticket(&id).await.unwrap().unwrap()
}

/// Takes a step with the ticket as it is now.
async fn step(
    house: &House,
    client: &mut Client,
    number: &str,
    (name, own): (&str, &[(&str, &str)]),
) -> (StatusCode, String, String) {
    let version = ticket(house, number).await.version.to_string();
    let mut all = own.to_vec();
    all.push(("version", &version));
    let path = format!("/tickets/{number}/steps/{name}");
    house.submit(client, &path, &body(&all)).await
}

async fn recorded(house: &House, action: Action) -> usize {
    let filter = AuditFilter {
        action: Some(action),
        limit: 1_000,
        ..AuditFilter::default()
    };
    house.store.list_audit(&filter).await.unwrap().len()
}

#[tokio::test]
async fn a_mail_is_registered_answered_and_done_and_its_history_tells_it() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let number = register(
        &house,
        &mut client,
        &[
            ("question", "旅費の差戻しの理由が分からない"),
            ("name", "年金 花子"),
            ("site", "中央年金事務所"),
            ("category", "f09"),
        ],
    )
    .await;
    assert_eq!(number, "R8-00001");
    let answered = fields(&[
        ("version", "2"),
        ("question", "旅費の差戻しの理由が分からない"),
        ("answer", "領収書を付けて出し直してください。"),
        ("name", "年金 花子"),
        ("site", "中央年金事務所"),
        ("category", "f09"),
    ]);
    let place = format!("/tickets/{number}");
    let (status, led, html) = house.submit(&mut client, &place, &answered).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert!(led.ends_with("done=saved"));
    let contact = ticket(&house, &number)
        .await
        .contacts()
        .next()
        .unwrap()
        .id
        .to_string();
    let given = [("contact", contact.as_str()), ("outcome", "answered_later")];
    step(&house, &mut client, &number, ("outcome", &given)).await;
    step(
        &house,
        &mut client,
        &number,
        ("status", &[("status", "answered")]),
    )
    .await;
    step(
        &house,
        &mut client,
        &number,
        ("status", &[("status", "done")]),
    )
    .await;
    let kept = ticket(&house, &number).await;
    assert_eq!(kept.status(), Status::Done);
    assert_eq!(
        kept.contacts().next().unwrap().outcome,
        ContactOutcome::AnsweredLater
    );
    let before = recorded(&house, Action::TicketView).await;
    // In any spelling.
    let (status, html) = house
        .open(&mut client, "/tickets/%EF%BD%92%EF%BC%98-1")
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(recorded(&house, Action::TicketView).await, before + 1);
    for told in [
        "完了",
        "領収書を付けて出し直してください。",
        "登録",
        "見本",
        "再開する",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
    let (status, ..) = step(&house, &mut client, &number, ("reopen", &[("reason", "")])).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "a reason is owed");
    step(
        &house,
        &mut client,
        &number,
        ("reopen", &[("reason", "まだ直らない")]),
    )
    .await;
    assert_eq!(ticket(&house, &number).await.status(), Status::Reopened);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_kept_once() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let (_, html) = house.open(&mut client, "/tickets/new").await;
    let (action, form) = (
        action(&html),
        fields(&[("question", "二度押し"), ("answer", "一度で足ります")]),
    );
    let (_, first, _) = house.submit(&mut client, &action, &form).await;
    let (_, second, _) = house.submit(&mut client, &action, &form).await;
    assert_eq!(first, second);
    let number = number(&first);
    let note = body(&[("text", "折り返し待ち"), ("version", "2")]);
    let path = format!("/tickets/{number}/steps/note");
    for _ in 0..2 {
        let (status, place, _) = house.submit(&mut client, &path, &note).await;
        assert_eq!(
            (status, place.as_str()),
            (StatusCode::SEE_OTHER, "/tickets/R8-00001?done=saved")
        );
    }
    let done = body(&[("status", "answered"), ("version", "3")]);
    let path = format!("/tickets/{number}/steps/status");
    for _ in 0..2 {
        let (status, ..) = house.submit(&mut client, &path, &done).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
    }
    let kept = ticket(&house, &number).await;
    // The status, and the answer that the mail has with it.
    assert_eq!((kept.notes.len(), kept.version), (1, 5));
    // The id of somebody else's makes nothing, and shows nothing.
    let mut other = agent(&house, "tanaka").await;
    let (status, _, html) = house.submit(&mut other, &action, &form).await;
    assert_eq!(status, StatusCode::CONFLICT, "{html}");
    assert!(html.contains("この画面は古くなっています"));
}

#[tokio::test]
async fn what_two_people_change_apart_is_joined_and_one_field_shows_three_texts() {
    let house = house().await;
    let mut sato = agent(&house, "sato").await;
    let mut tanaka = agent(&house, "tanaka").await;
    let number = register(&house, &mut sato, &[("question", "もとの質問")]).await;
    let place = format!("/tickets/{number}");
    let form = |own: &[(&str, &str)]| {
        let mut all = own.to_vec();
        all.push(("version", "2"));
        fields(&all)
    };
    let by_sato = form(&[("question", "もとの質問"), ("answer", "佐藤の答え")]);
    let (status, ..) = house.submit(&mut sato, &place, &by_sato).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let apart = form(&[("question", "田中が直した質問")]);
    let (status, _, html) = house.submit(&mut tanaka, &place, &apart).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let kept = ticket(&house, &number).await.fields;
    assert_eq!(
        (kept.question.as_str(), kept.answer.as_str()),
        ("田中が直した質問", "佐藤の答え")
    );
    let both = form(&[("question", "もとの質問"), ("answer", "田中の答え")]);
    let (status, _, html) = house.submit(&mut tanaka, &place, &both).await;
    assert_eq!(status, StatusCode::CONFLICT);
    for told in [
        "あなたの入力",
        "田中の答え</dd>",
        "佐藤の答え</dd>",
        "(空欄)",
        "田中の答え</textarea>",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
    assert_eq!(ticket(&house, &number).await.fields.answer, "佐藤の答え");
}

#[tokio::test]
async fn what_cannot_be_done_is_said_beside_its_form_and_what_was_typed_stays() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let number = register(&house, &mut client, &[("question", "動かない")]).await;
    let sent = [
        ("vendor", ""),
        ("route", "direct"),
        ("sent", "調査をお願いします。"),
    ];
    let (status, _, html) = step(&house, &mut client, &number, ("escalate", &sent)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        html.contains("エスカレーション先を入力してください。"),
        "{html}"
    );
    assert!(html.contains("調査をお願いします。</textarea>"), "{html}");
    let sent = [
        ("vendor", "財務会計の保守"),
        ("route", "direct"),
        ("sent", "調査"),
        ("due", "2026-11-25T10:00"),
    ];
    step(&house, &mut client, &number, ("escalate", &sent)).await;
    let kept = ticket(&house, &number).await;
    assert_eq!(kept.status(), Status::Escalated);
    let (status, _, html) = step(
        &house,
        &mut client,
        &number,
        ("status", &[("status", "done")]),
    )
    .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        html.contains("エスカレーション先の回答が届いていません"),
        "{html}"
    );
    let seq = kept.escalations[0].seq.to_string();
    let returned = [("escalation", seq.as_str()), ("answer", "修正しました")];
    step(&house, &mut client, &number, ("returned", &returned)).await;
    step(&house, &mut client, &number, ("analysis-begin", &[])).await;
    step(
        &house,
        &mut client,
        &number,
        ("analysis-end", &[("finding", "設定の誤り")]),
    )
    .await;
    let held = [("until", "2026-11-30"), ("reason", "回答待ち")];
    step(&house, &mut client, &number, ("hold", &held)).await;
    assert_eq!(ticket(&house, &number).await.status(), Status::Held);
    step(&house, &mut client, &number, ("resume", &[])).await;
    let (_, html) = house.open(&mut client, &format!("/tickets/{number}")).await;
    for told in ["財務会計の保守", "修正しました", "設定の誤り", "回答待ち"] {
        assert!(html.contains(told), "{told}");
    }
    let (status, ..) = step(&house, &mut client, &number, ("sing", &[])).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn merged_tickets_lead_to_the_last_and_a_merge_is_undone() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    for question in ["一つ目", "二つ目", "三つ目"] {
        register(&house, &mut client, &[("question", question)]).await;
    }
    for (from, into) in [("R8-00001", "R8-00002"), ("R8-00002", "r8-3")] {
        let path = format!("/tickets/{from}/merge");
        for _ in 0..2 {
            let merge = body(&[("into", into), ("version", "2")]);
            let (status, _, html) = house.submit(&mut client, &path, &merge).await;
            assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
        }
    }
    let (status, place, _) = house.open_from(&mut client, "/tickets/R8-00001").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(place, "/tickets/R8-00003?from=R8-00001");
    let (_, html) = house.open(&mut client, &place).await;
    assert!(
        html.contains("R8-00001は、R8-00003に統合されています"),
        "{html}"
    );
    assert!(html.contains("一つ目") && html.contains("二つ目"));
    // Callers still have its number, and say it in their own way.
    for number in [
        "R8-00001",
        "r8-1",
        "%E4%BB%A4%E5%92%8C8%E5%B9%B4%E5%BA%A6%E3%81%AE1%E7%95%AA",
    ] {
        let path = format!("/tickets?words={number}");
        let (_, html) = house.open(&mut client, &path).await;
        assert!(html.contains("/tickets/R8-00001"), "{number}: {html}");
        assert!(!html.contains("三つ目"), "{number}");
    }
    let (status, _, html) = house
        .submit(
            &mut client,
            "/tickets/R8-00003/merge",
            &body(&[("into", "R8-00001")]),
        )
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("統合先がこの問合せ自身になります"), "{html}");
    for _ in 0..2 {
        let (status, place, _) = house
            .submit(&mut client, "/tickets/R8-00002/undo-merge", "")
            .await;
        assert_eq!(
            (status, place.as_str()),
            (StatusCode::SEE_OTHER, "/tickets/R8-00002?done=unmerged")
        );
    }
    let (_, place, _) = house.open_from(&mut client, "/tickets/R8-00001").await;
    assert_eq!(place, "/tickets/R8-00002?from=R8-00001");
}

#[tokio::test]
async fn a_part_is_split_off_with_its_contacts_once() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let number = register(&house, &mut client, &[("question", "旅費と給与")]).await;
    let contact = ticket(&house, &number)
        .await
        .contacts()
        .next()
        .unwrap()
        .id
        .to_string();
    let form = body(&[
        ("id", "split-1"),
        ("question", "給与のこと"),
        ("contact", &contact),
        ("version", "2"),
    ]);
    let path = format!("/tickets/{number}/split");
    for _ in 0..2 {
        let (status, place, html) = house.submit(&mut client, &path, &form).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
        assert_eq!(place, "/tickets/R8-00002?done=split");
    }
    assert_eq!(ticket(&house, &number).await.contacts().count(), 0);
    let made = ticket(&house, "R8-00002").await;
    assert_eq!(made.contacts().count(), 1);
    assert_eq!(made.fields.question, "給与のこと");
    let stolen = body(&[
        ("id", made.id.as_str()),
        ("question", "ほか"),
        ("version", "2"),
    ]);
    let other = register(&house, &mut client, &[("question", "別の件")]).await;
    let path = format!("/tickets/{other}/split");
    let (status, ..) = house.submit(&mut client, &path, &stolen).await;
    assert_eq!(status, StatusCode::CONFLICT, "another's id");
}

#[tokio::test]
async fn a_call_is_registered_later_and_only_an_answered_one() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let (status, _) = house.open(&mut client, "/tickets/new?call=c2").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "nobody answered it");
    let (_, html) = house.open(&mut client, "/tickets/new?call=c1").await;
    assert!(html.contains("value=\"0312345678\""), "{html}");
    let form = fields(&[
        ("question", "電話の用件"),
        ("channel", "phone"),
        ("outcome", "answered_at_once"),
    ]);
    let (status, place, html) = house.submit(&mut client, &action(&html), &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let kept = ticket(&house, &number(&place)).await;
    let contact = kept.contacts().next().unwrap();
    assert_eq!(contact.call, Some("c1".into()));
    assert_eq!(contact.agent, Some("tanaka".into()));
    assert_eq!(kept.received_at, contact.from);
    // As of its end the call has its ticket, whenever somebody wrote it down.
    let ended = contact.outcome_at + Millis(1);
    let then = house.store.tickets_as_of(vec![kept.id.clone()], ended);
    assert_eq!(then.await.unwrap()[0].contacts().count(), 1);
    let (_, html) = house.open(&mut client, &place).await;
    assert!(html.contains("href=\"/calls/c1\""));
}

#[tokio::test]
async fn long_texts_and_rare_letters_go_through_form_search_workbook_and_back() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let long = "問".repeat(100_000);
    let number = register(&house, &mut client, &[("question", &long)]).await;
    assert_eq!(ticket(&house, &number).await.fields.question, long);
    let (_, html) = house.open(&mut client, "/tickets/new").await;
    let too_long = fields(&[("question", &format!("{long}い"))]);
    let (status, _, html) = house.submit(&mut client, &action(&html), &too_long).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("100000文字以内で入力してください"));
    let rare = "﨑髙①〜😀 <b>&\"";
    register(
        &house,
        &mut client,
        &[("question", rare), ("name", "﨑 髙子")],
    )
    .await;
    let (_, html) = house.open(&mut client, "/tickets/R8-00002").await;
    assert!(html.contains("﨑髙①〜😀 &#60;b&#62;&#38;&#34;"), "{html}");
    house.let_pass(Millis(2_000));
    let (_, html) = house
        .open(&mut client, &format!("/tickets?words={}", escape("﨑髙")))
        .await;
    assert!(
        html.contains("R8-00002") && !html.contains("R8-00001"),
        "{html}"
    );
    let request = Request::get(format!("/tickets/download?words={}", escape("😀")))
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie);
    let response = house
        .router
        .clone()
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let file = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap();
    let rows = sheet::rows(&file, 10).unwrap();
    let at = rows[0]
        .iter()
        .position(|head| head == "質問の全文")
        .unwrap();
    assert_eq!(rows[1][at], rare);
    assert_eq!(recorded(&house, Action::TicketExport).await, 1);
}

#[tokio::test]
async fn a_number_that_no_ticket_may_hold_is_warned_of_before_it_is_saved() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let (_, html) = house.open(&mut client, "/tickets/new").await;
    let (action, question) = (action(&html), "番号は1234-5678-9018です");
    let form = fields(&[("question", question)]);
    let (status, _, html) = house.submit(&mut client, &action, &form).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("個人番号のように見えます"), "{html}");
    assert!(html.contains("name=\"sensitive_confirmed\""));
    let form = fields(&[("question", question), ("sensitive_confirmed", "yes")]);
    let (status, ..) = house.submit(&mut client, &action, &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn after_the_time_of_retention_no_page_list_or_file_holds_the_name() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let own = [
        ("question", "年金花子の旅費の差戻し"),
        ("answer", "承認者が差し戻します"),
        ("name", "年金 花子"),
        ("number", "0312345678"),
        ("site", "中央年金事務所"),
    ];
    let number = register(&house, &mut client, &own).await;
    let note = [("text", "年金 花子へ0312345678で連絡")];
    step(&house, &mut client, &number, ("note", &note)).await;
    let done = [("status", "done")];
    let (status, ..) = step(&house, &mut client, &number, ("status", &done)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let id = ticket(&house, &number).await.id;
    let mut tx = house.store.begin_unrecorded().await.unwrap();
    tx.anonymise_ticket(&id, now(), None).await.unwrap();
    tx.commit().await.unwrap();
    let words = format!("/tickets?state=all&words={}", escape("花子"));
    let file = "/tickets/download?format=csv&state=all";
    let api = "/api/v1/tickets?state=all";
    for path in [&format!("/tickets/{number}"), &words, file, api] {
        house.let_pass(Millis(2_000));
        let (status, text) = house.open(&mut client, path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        // What was looked for stands on the page.
        let shown = text.replace("value=\"花子\"", "").replace("言葉：花子", "");
        for personal in ["花子", "0312345678"] {
            assert!(!shown.contains(personal), "{path}: {shown}");
        }
    }
    let (_, html) = house.open(&mut client, &format!("/tickets/{number}")).await;
    assert!(html.contains("(削除済み)の旅費の差戻し") && html.contains("中央年金事務所"));
}

#[tokio::test]
async fn a_step_warns_of_such_a_number_too_and_keeps_what_was_typed() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let number = register(&house, &mut client, &[("question", "旅費の差戻し")]).await;
    let secret = "番号は123456789018です";
    for (name, field) in [("note", "text"), ("hold", "reason"), ("escalate", "sent")] {
        let typed = [(field, secret), ("vendor", "保守事業者")];
        let before = ticket(&house, &number).await.version;
        let (status, _, html) = step(&house, &mut client, &number, (name, &typed)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(html.contains("個人番号のように見えます"), "{name}: {html}");
        assert!(html.contains(secret) && html.contains("value=\"yes\"> 個人番号や"));
        assert_eq!(ticket(&house, &number).await.version, before);
        let sure = [typed[0], typed[1], ("sensitive_confirmed", "yes")];
        let (status, ..) = step(&house, &mut client, &number, (name, &sure)).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{name}");
        if name == "hold" {
            step(&house, &mut client, &number, ("resume", &[])).await;
        }
    }
}

#[tokio::test]
async fn the_list_shows_mine_and_what_is_due() {
    let house = house().await;
    let mut sato = agent(&house, "sato").await;
    let mut tanaka = agent(&house, "tanaka").await;
    let mine = [
        ("question", "佐藤の件"),
        ("received_at", "2026-11-24T09:35"),
    ];
    for (client, own) in [
        (&mut sato, mine),
        (&mut tanaka, [("question", "田中の件"), ("site", "")]),
    ] {
        let owner = {
            let (_, html) = house.open(client, "/tickets/new").await;
            let select = html.split("name=\"owner\"").nth(1).unwrap();
            let chosen = select.split(" selected").next().unwrap();
            chosen
                .rsplit("value=\"")
                .next()
                .unwrap()
                .split('"')
                .next()
                .unwrap()
                .to_owned()
        };
        let mut all = own.to_vec();
        all.push(("owner", &owner));
        register(&house, client, &all).await;
    }
    house.let_pass(Millis(2_000));
    let (_, html) = house.open(&mut sato, "/tickets?state=open&owner=me").await;
    assert!(
        html.contains("佐藤の件") && !html.contains("田中の件"),
        "{html}"
    );
    // 9:35 from 10:00: five minutes are left of thirty.
    let (_, html) = house.open(&mut sato, "/tickets?due=near").await;
    assert!(
        html.contains("佐藤の件") && html.contains("残り4分") && !html.contains("田中の件"),
        "{html}"
    );
    assert!(
        html.contains("期限間近(1件)") && html.contains("超過(0件)"),
        "{html}"
    );
    // Whatever else is asked for narrows what is due, too.
    for (more, is_there) in [
        (&*format!("&words={}", escape("佐藤")), true),
        (&*format!("&words={}", escape("田中")), false),
        ("&state=done", false),
        ("&number=0399990000", false),
        ("&mark=incident", false),
        ("&from=2026-11-24", true),
        ("&to=2026-11-23", false),
    ] {
        let (status, html) = house
            .open(&mut sato, &format!("/tickets?due=near{more}"))
            .await;
        assert_eq!(status, StatusCode::OK, "{more}");
        assert_eq!(html.contains("佐藤の件"), is_there, "{more}: {html}");
    }
    let (status, _) = house.open(&mut sato, "/tickets?state=nonsense").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_waits_for_a_vendor_or_a_caller_longer_than_it_was_meant_to_is_listed() {
    let house = house().await;
    let mut sato = agent(&house, "sato").await;
    let vendor = register(&house, &mut sato, &[("question", "保守に渡した件")]).await;
    let caller = register(&house, &mut sato, &[("question", "返事を待つ件")]).await;
    let urgent = [("question", "急ぐ件"), ("urgent", "yes")];
    register(&house, &mut sato, &urgent).await;
    let escalate = [
        ("vendor", "保守"),
        ("sent", "見てください"),
        ("remind_at", "2026-11-24T10:01"),
    ];
    let hold = [("until", "2026-11-24"), ("reason", "確認")];
    for (number, taken) in [
        (&vendor, ("escalate", &escalate[..])),
        (&caller, ("hold", &hold[..])),
    ] {
        let (status, _, html) = step(&house, &mut sato, number, taken).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    }
    let (_, html) = house.open(&mut sato, "/tickets?waits=vendor").await;
    assert!(!html.contains("保守に渡した件"), "not yet: {html}");
    let (_, html) = house.open(&mut sato, "/tickets?waits=caller").await;
    assert!(
        html.contains("返事を待つ件") && !html.contains("急ぐ件"),
        "{html}"
    );
    house.let_pass(Millis::from_secs(120));
    let (_, html) = house.open(&mut sato, "/tickets?waits=vendor").await;
    assert!(
        html.contains("保守に渡した件") && !html.contains("返事を待つ件"),
        "{html}"
    );
    let (_, html) = house.open(&mut sato, "/tickets?mark=urgent").await;
    assert!(
        html.contains("急ぐ件") && !html.contains("保守に渡した件"),
        "{html}"
    );
}

#[tokio::test]
async fn a_ticket_becomes_a_draft_of_the_faq_without_who_asked() {
    let house = house().await;
    let mut client = house.user("henshu", &[Role::FaqEditor, Role::Agent]).await;
    house.open(&mut client, "/tickets").await;
    let number = register(
        &house,
        &mut client,
        &[
            ("question", "年金 花子です。差戻しの直し方は。"),
            ("answer", "出し直してください。"),
            ("name", "年金 花子"),
            ("category", "f09"),
        ],
    )
    .await;
    let path = format!("/tickets/{number}/faq");
    let form = body(&[("version", "2")]);
    let (status, first, html) = house.submit(&mut client, &path, &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (_, second, _) = house.submit(&mut client, &path, &form).await;
    assert_eq!(first, second);
    let (_, html) = house.open(&mut client, &first).await;
    assert!(html.contains("【氏名】です。差戻しの直し方は。"), "{html}");
    assert!(!html.contains("花子"));
    assert_eq!(ticket(&house, &number).await.fields.articles.len(), 1);
    // The page leads to the draft, and pressed on a later version the button would, too.
    let (_, html) = house.open(&mut client, &format!("/tickets/{number}")).await;
    assert!(
        html.contains("関連するFAQ") && html.contains("<span class=\"sub\">下書き</span>"),
        "{html}"
    );
    assert!(!html.contains("FAQの下書きにする"), "{html}");
    let (_, third, _) = house
        .submit(&mut client, &path, &body(&[("version", "3")]))
        .await;
    assert_eq!(first, format!("{third}/edit"));
    assert_eq!(ticket(&house, &number).await.fields.articles.len(), 1);
    let mut other = agent(&house, "sato").await;
    let (status, ..) = house.submit(&mut other, &path, &form).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    // What is not published is not for agents who do not write it.
    let (_, html) = house.open(&mut other, &format!("/tickets/{number}")).await;
    assert!(!html.contains("articles-title"), "{html}");
}

/// A request of a program.
pub(super) async fn call(
    house: &House,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    json: &str,
) -> (StatusCode, String, serde_json::Value) {
    house.let_pass(Millis(1_000));
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost:8080")
        .header("cookie", &house.boss.cookie)
        .header("x-csrf-token", &house.boss.csrf)
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(json.to_owned())).unwrap();
    let response = house.router.clone().oneshot(request).await.unwrap();
    let etag = response.headers().get("etag");
    let etag = etag.map_or("", |etag| etag.to_str().unwrap()).to_owned();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap();
    (
        status,
        etag,
        serde_json::from_slice(&bytes).unwrap_or_default(),
    )
}

#[tokio::test]
async fn programs_make_a_ticket_once_and_change_what_they_have_seen() {
    let house = house().await;
    let new = r#"{"fields":{"question":"APIからの問合せ","channel":"mail"},"outcome":"answered_at_once"}"#;
    let post = ("POST", "/api/v1/tickets");
    let (status, ..) = call(&house, post, &[], new).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "without a key");
    let key = [("idempotency-key", "k1")];
    let (status, etag, made) = call(&house, post, &key, new).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(
        (made["number"].as_str(), etag.as_str()),
        (Some("R8-00001"), "\"2\"")
    );
    let (status, same_etag, again) = call(&house, post, &key, new).await;
    assert_eq!(
        (status, &same_etag, &again),
        (StatusCode::CREATED, &etag, &made)
    );
    let risky = r#"{"fields":{"question":"番号は1234-5678-9018"}}"#;
    let (status, _, warned) = call(&house, post, &[("idempotency-key", "k9")], risky).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(warned["error"]["code"], "sensitive");
    assert_eq!(warned["error"]["found"][0]["text"], "1234-5678-9018");
    let sure = risky.replace("}}", "},\"sensitive_confirmed\":true}");
    let (status, _, kept) = call(&house, post, &[("idempotency-key", "k9")], &sure).await;
    assert_eq!(status, StatusCode::CREATED, "{kept}");
    let other = new.replace("から", "より");
    let (status, ..) = call(&house, post, &key, &other).await;
    assert_eq!(status, StatusCode::CONFLICT, "a key stands for one thing");
    let one = "/api/v1/tickets/R8-00001";
    let patch = r#"{"answer":"答え","tags":["旅費"],"status":"answered"}"#;
    let (status, ..) = call(&house, ("PATCH", one), &[], patch).await;
    assert_eq!(status, StatusCode::PRECONDITION_REQUIRED);
    let risky = r#"{"answer":"1234-567890の方"}"#;
    let tag = [("if-match", etag.as_str())];
    let (status, _, warned) = call(&house, ("PATCH", one), &tag, risky).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{warned}");
    assert_eq!(warned["error"]["found"][0]["kind"], "基礎年金番号");
    let (status, etag, changed) = call(&house, ("PATCH", one), &[("if-match", &etag)], patch).await;
    assert_eq!(status, StatusCode::OK, "{changed}");
    assert_eq!(changed["status"], "answered");
    let (status, now, seen) = call(&house, ("PATCH", one), &[("if-match", "\"2\"")], patch).await;
    assert_eq!((status, &now), (StatusCode::PRECONDITION_FAILED, &etag));
    assert_eq!(seen["fields"]["answer"], "答え", "what there is now");
    let (status, same_etag, again) = call(&house, post, &key, new).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(
        (same_etag.as_str(), &again),
        ("\"2\"", &made),
        "as it was told then"
    );
    let (_, _, list) = call(&house, ("GET", "/api/v1/tickets?words=API"), &[], "").await;
    assert_eq!(
        (list["total"].as_u64(), &list["tickets"][0]["number"]),
        (Some(1), &made["number"])
    );
    let (_, _, contacts) = call(&house, ("GET", "/api/v1/contacts?ticket=R8-00001"), &[], "").await;
    assert_eq!(contacts["contacts"][0]["outcome"], "answered_at_once");
    let (status, _, wrong) = call(
        &house,
        ("PATCH", one),
        &[("if-match", &etag)],
        r#"{"mood":"x"}"#,
    )
    .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(wrong["error"]["message"].as_str().unwrap().contains("mood"));
}

#[tokio::test]
async fn a_key_is_one_users_and_is_forgotten_after_a_day() {
    let house = house().await;
    let new = r#"{"fields":{"question":"一日"}}"#;
    let post = ("POST", "/api/v1/tickets");
    let key = [("idempotency-key", "k1")];
    let number = async || {
        let (status, _, made) = call(&house, post, &key, new).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        made["number"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        (number().await, number().await),
        ("R8-00001".into(), "R8-00001".into())
    );
    let mut other = house.user("sekinin", &[Role::Supervisor]).await;
    house.open(&mut other, "/tickets").await;
    let request = Request::post("/api/v1/tickets")
        .header("host", "localhost:8080")
        .header("cookie", &other.cookie)
        .header("x-csrf-token", &other.csrf)
        .header("content-type", "application/json")
        .header("idempotency-key", "k1");
    let request = request
        .body(Body::from(r#"{"fields":{"question":"別の人"}}"#))
        .unwrap();
    assert_eq!(house.send(request).await.0, StatusCode::CREATED);
    let kept = house.store.lookup_request("k1", now()).await.unwrap();
    assert_eq!(kept, None, "keys are kept as hashes");
    house.set_wall(now() + Millis::from_secs(86_401));
    assert_eq!(number().await, "R8-00003");
}

#[tokio::test]
async fn what_cannot_be_read_is_told_to_programs_in_their_own_form() {
    let house = house().await;
    let key = [("idempotency-key", "k1")];
    for wrong in [
        "{",
        r#"{"mood":"x"}"#,
        r#"{"fields":"x"}"#,
        r#"{"fields":{"tags":{}}}"#,
    ] {
        let (status, _, told) = call(&house, ("POST", "/api/v1/tickets"), &key, wrong).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
        assert_eq!(told["error"]["code"], "bad_request", "{wrong} {told}");
    }
    let long = "問".repeat(100_001);
    let long = format!(r#"{{"fields":{{"question":"{long}"}}}}"#);
    let (status, _, told) = call(&house, ("POST", "/api/v1/tickets"), &key, &long).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let message = told["error"]["message"].as_str().unwrap();
    assert_eq!(
        message,
        "質問：100000文字以内で入力してください(入力された文字数: 100001)。"
    );
}

#[tokio::test]
async fn letters_that_others_lose_come_back_from_form_search_and_files() {
    const RARE: &str = "﨑髙①〜😀の差戻し";
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let number = register(
        &house,
        &mut client,
        &[("question", RARE), ("name", "﨑山 髙子")],
    )
    .await;
    for word in [RARE, "😀", "﨑山", "①"] {
        let (_, html) = house
            .open(&mut client, &format!("/tickets?words={}", escape(word)))
            .await;
        assert!(html.contains(&number), "{word}");
    }
    let (_, _, list) = call(
        &house,
        ("GET", "/api/v1/tickets?words=%F0%9F%98%80"),
        &[],
        "",
    )
    .await;
    assert_eq!(list["tickets"][0]["fields"]["question"], RARE);
    let (_, html) = house.open(&mut client, &format!("/tickets/{number}")).await;
    assert!(html.contains(RARE));
    let request = Request::get("/tickets/download?format=xlsx")
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie);
    let request = request.body(Body::empty()).unwrap();
    let response = house.router.clone().oneshot(request).await.unwrap();
    let book = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap();
    let rows = sheet::rows(&book, 10).unwrap();
    assert!(rows[1].iter().any(|cell| cell == RARE), "{rows:?}");
    let long = "問".repeat(100_001);
    let (_, html) = house.open(&mut client, "/tickets/new").await;
    let form = fields(&[("question", &long)]);
    let (status, _, html) = house.submit(&mut client, &action(&html), &form).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("文字以内で入力してください(入力された文字数: 100001)"));
    assert!(html.contains(&long), "what was typed is still there");
}

#[tokio::test]
async fn the_events_alone_make_the_ticket_that_the_pages_made() {
    let house = house().await;
    let mut client = agent(&house, "sato").await;
    let number = register(&house, &mut client, &[("question", "一つ")]).await;
    step(&house, &mut client, &number, ("note", &[("text", "メモ")])).await;
    let link = [("relation", "duplicate"), ("other", "R8-00009")];
    let (status, _, html) = step(&house, &mut client, &number, ("link", &link)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("この番号の問合せはありません"), "{html}");
    let other = register(&house, &mut client, &[("question", "二つ")]).await;
    let link = [("relation", "duplicate"), ("other", other.as_str())];
    step(&house, &mut client, &number, ("link", &link)).await;
    let kept = ticket(&house, &number).await;
    let events = house.store.ticket_events(&kept.id).await.unwrap();
    assert!(matches!(events[0].change, TicketChange::Created { .. }));
    assert_eq!(Ticket::fold(&events), Some(kept));
}

/// Keeps what is typed into a form of a ticket's page, as its script does.
async fn type_into(house: &House, client: &mut Client, (id, name): (&str, &str), typed: &str) {
    let fields = [
        ("ticket", id),
        ("name", name),
        ("version", "2"),
        ("fields", typed),
    ];
    let (status, _, html) = house.submit(client, "/tickets/typed", &body(&fields)).await;
    assert_eq!(status, StatusCode::OK, "{html}");
}

#[tokio::test]
async fn what_is_typed_on_the_page_of_a_ticket_is_there_again_until_it_is_saved() {
    let house = house().await;
    let mut sato = agent(&house, "sato").await;
    let mut tanaka = agent(&house, "tanaka").await;
    let number = register(&house, &mut sato, &[("question", "差戻しの件")]).await;
    let id = ticket(&house, &number).await.id.to_string();
    let place = format!("/tickets/{number}");
    let note = r#"{"text":"途中までのメモ"}"#;
    type_into(&house, &mut sato, (&id, "note"), note).await;
    let answer = r#"{"answer":"途中までの回答"}"#;
    type_into(&house, &mut sato, (&id, "fields"), answer).await;
    let (_, html) = house.open(&mut sato, &place).await;
    assert!(
        html.contains("途中までのメモ") && html.contains("途中までの回答"),
        "{html}"
    );
    // It is theirs alone; that they write is told to others, and the reception leads back to it.
    let (_, html) = house.open(&mut tanaka, &place).await;
    assert!(
        !html.contains("途中まで") && html.contains("入力中:見本"),
        "{html}"
    );
    let (_, html) = house.open(&mut sato, &place).await;
    assert!(html.contains("閲覧中:見本"), "{html}");
    let (_, html) = house.open(&mut sato, "/reception?new=plain").await;
    assert!(
        html.contains(&format!("href=\"{place}\">{number}")),
        "{html}"
    );
    // What cannot be read takes nothing away.
    let many: Vec<String> = (0..61).map(|n| format!("\"f{n}\":\"\"")).collect();
    for broken in ["{", "[1]", &format!("{{{}}}", many.join(","))] {
        let fields = [
            ("ticket", id.as_str()),
            ("name", "note"),
            ("fields", broken),
        ];
        let typed = body(&fields);
        let sent = house.submit(&mut sato, "/tickets/typed", &typed).await;
        assert_eq!(sent.0, StatusCode::BAD_REQUEST, "{broken}");
    }
    let (_, html) = house.open(&mut sato, &place).await;
    assert!(html.contains("途中までのメモ"), "{html}");
    // What is saved, or taken away, is kept no more.
    let (status, ..) = step(&house, &mut sato, &number, ("note", &[("text", "メモ")])).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    type_into(&house, &mut sato, (&id, "fields"), "").await;
    let (_, html) = house.open(&mut sato, &place).await;
    assert!(!html.contains("途中まで"), "{html}");
    // A form of no ticket is kept nowhere.
    for (ticket, name) in [("nobody", "note"), (id.as_str(), "../x"), ("new", "note")] {
        let fields = [("ticket", ticket), ("name", name), ("fields", note)];
        let sent = house
            .submit(&mut sato, "/tickets/typed", &body(&fields))
            .await;
        assert_eq!(sent.0, StatusCode::NOT_FOUND, "{ticket} {name}");
    }
}

#[tokio::test]
async fn a_part_with_a_number_that_no_ticket_may_hold_is_warned_of_before_it_is_split_off() {
    let house = house().await;
    let mut sato = agent(&house, "sato").await;
    let number = register(&house, &mut sato, &[("question", "二つの件")]).await;
    let place = format!("/tickets/{number}/split");
    let mut fields = vec![("id", "part"), ("question", "番号は123456789018です")];
    let (status, _, html) = house.submit(&mut sato, &place, &body(&fields)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{html}");
    assert!(html.contains("個人番号のように見えます") && html.contains("123456789018"));
    fields.push(("sensitive_confirmed", "yes"));
    let (status, _, html) = house.submit(&mut sato, &place, &body(&fields)).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
}
