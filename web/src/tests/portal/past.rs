//! Earlier tickets as answers: for agents who may see tickets, without who asked.

use madoguchi_core::ticket::{Requester, Status, TicketChange, TicketFields};
use madoguchi_store::NewTicket;

use super::*;
use crate::query::escape;

const QUESTION: &str = "複合機のパネルに灰色の帯が出ると年金花子様が言う";
const ANSWER: &str = "複合機の電源を切り、三分待ってから入れてください。";

impl Open {
    /// An answered ticket, as the search has it after the save.
    async fn past(&self) -> String {
        let new = NewTicket {
            id: "t98".into(),
            by: None,
            at: now(),
            happened_at: None,
            received_at: now(),
            fields: TicketFields {
                question: QUESTION.to_owned(),
                answer: ANSWER.to_owned(),
                category: Some("f09".into()),
                requester: Requester {
                    name: "年金 花子".to_owned(),
                    number: "0312345678".to_owned(),
                    ..Requester::default()
                },
                ..TicketFields::default()
            },
            changes: vec![TicketChange::StatusChanged {
                before: Status::Received,
                after: Status::Answered,
            }],
        };
        let mut tx = self.house.store.begin_unrecorded().await.unwrap();
        let ticket = tx.add_ticket(&new).await.unwrap();
        tx.commit().await.unwrap();
        let past = ticket.past_answer().unwrap();
        let entry = Entry {
            id: "t98".to_owned(),
            number: None,
            source: Source::Ticket,
            audience: Audience::Desk,
            question: past.question,
            answer: past.answer,
            category: "f09".into(),
            keywords: Vec::new(),
            reading: None,
            settled: 0,
            updated_at: now(),
        };
        let put = Change::Put(Box::new(entry));
        let knowledge = self.knowledge.as_ref().unwrap();
        knowledge.apply(Feed::Tickets, &[put], 1).unwrap();
        ticket.number.to_string()
    }
}

#[tokio::test]
async fn an_earlier_ticket_is_taken_as_an_answer_without_who_asked() {
    let open = open().await;
    let number = open.past().await;
    let mut agent = open.house.user("sato", &[Role::Agent]).await;
    let question = escape("複合機に灰色の帯");
    let path = format!("/reception/candidates?q={question}");
    let (_, html) = open.house.open(&mut agent, &path).await;
    for told in [
        "data-take=\"ticket:t98\"",
        "<span class=\"tag past\">過去</span>",
        &format!(">{number}</a>"),
        "三分待ってから",
        "【氏名】様が言う",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
    assert!(!html.contains("花子"), "{html}");
    let body = format!("question={question}&version=0&channel=phone&intent=take+ticket:t98");
    let (_, _, html) = open.house.submit(&mut agent, "/reception", &body).await;
    for told in [
        &format!("{ANSWER}</textarea>"),
        "name=\"answer_source\" value=\"ticket:t98\"",
        "<option value=\"f09\" selected>",
        "過去の問合せの回答を、回答の欄に入れました。",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
    let path = "/api/v1/knowledge/articles/ticket:t98";
    let (_, body) = open.house.open(&mut agent, path).await;
    let json: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(json["source"], "ticket");
    assert_eq!(json["quote"], format!("{ANSWER}\n\n(問合せ {number})"));
}

#[tokio::test]
async fn the_panel_looks_through_articles_tickets_or_both() {
    let open = open().await;
    let number = open.past().await;
    let mut agent = open.house.user("sato", &[Role::Agent]).await;
    let query = escape("複合機に灰色の帯");
    for (source, is_found) in [("", true), ("ticket", true), ("faq", false)] {
        let path = format!("/knowledge?q={query}&source={source}");
        let (_, html) = open.house.open(&mut agent, &path).await;
        let link = format!("href=\"/tickets/{number}\"");
        assert_eq!(html.contains(&link), is_found, "{source}: {html}");
    }
    let query = escape("旅費の差戻し");
    let path = format!("/knowledge?q={query}&source=ticket");
    let (_, html) = open.house.open(&mut agent, &path).await;
    assert!(!html.contains("data-result=\"ryohi-002\""), "{html}");
}

#[tokio::test]
async fn who_may_not_see_tickets_finds_none() {
    let open = open().await;
    open.past().await;
    let mut editor = open.house.user("hensyu", &[Role::FaqEditor]).await;
    let query = escape("複合機に灰色の帯");
    let mut shown = Vec::new();
    for path in [
        format!("/knowledge?q={query}"),
        format!("/knowledge?q={query}&source=ticket"),
        format!("/knowledge/results?q={query}&source=ticket"),
        format!("/api/v1/knowledge/search?q={query}"),
    ] {
        shown.push(open.house.open(&mut editor, &path).await);
    }
    for path in [
        "/knowledge/ticket:t98/preview",
        "/knowledge/ticket:t98",
        "/api/v1/knowledge/articles/ticket:t98",
    ] {
        let (status, html) = open.house.open(&mut editor, path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        shown.push((status, html));
    }
    let mut reader = Client::default();
    for path in [
        format!("/faq?q={query}"),
        format!("/faq/results?q={query}&source=ticket"),
        format!("/faq/suggest?q={query}"),
    ] {
        shown.push(open.read(&mut reader, &path).await);
    }
    for (_, html) in shown {
        assert!(
            !html.contains("三分待ってから") && !html.contains("灰色の帯が"),
            "{html}"
        );
    }
}
