//! Tickets: registered, answered, handed on, merged and split; nothing twice, nothing lost.

use madoguchi_core::access::Role;
use madoguchi_core::audit::Action;
use madoguchi_core::contact::ContactOutcome;
use madoguchi_core::ticket::{Status, Ticket, TicketChange, TicketNumber};
use madoguchi_reports::sheet;
use madoguchi_store::AuditFilter;

use super::*;
use crate::query::escape;

mod api;
mod bulk;
mod editing;
mod family;
mod list;
mod personal_data;

pub(super) use self::api::call;

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
