//! Names and telephone numbers that stand in the texts of tickets come into no book that all may read.

use madoguchi_core::ticket::{Handover, Route, Ticket, TicketChange, TicketEvent};
use madoguchi_core::time::Millis;

use super::*;
use crate::month::books::{TicketTexts, inquiry_report, knowledge_base, ledger, operation_parts};

const NAME: &str = "厚生 花子";
const NUMBER: &str = "03-1234-5678";
/// Numbers in texts that are not those of who asked.
const OTHERS: [&str; 2] = ["09012345678", "taro.yamada@example.jp"];

/// A text that tells all of them.
fn telling(what: &str) -> String {
    format!(
        "{what}。{NAME}（{NUMBER}）の件。{}、{}に連絡する。",
        OTHERS[0], OTHERS[1]
    )
}

/// April with tickets whose every text tells them; two of them wait, for who asked and for a vendor.
fn april() -> (MonthInput, TicketTexts) {
    let mut made = made_up(counts("2024-04", 300, 290));
    let of = month("2024-04");
    for history in &mut made.tickets {
        if let TicketChange::Created { fields, .. } = &mut history[0].change {
            fields.requester.name = NAME.to_owned();
            fields.requester.number = NUMBER.to_owned();
            fields.question = telling("旅費の精算");
            fields.answer = telling("案内した");
        }
        for event in history {
            match &mut event.change {
                TicketChange::EscalationReturned { answer, .. } => *answer = telling("改修する"),
                TicketChange::AnalysisEnded { finding } => *finding = telling("仕様"),
                _ => {}
            }
        }
    }
    let is_open = |history: &&mut Vec<TicketEvent>| {
        let ticket = Ticket::as_of(history, of.end());
        ticket.is_some_and(|ticket| ticket.done_at.is_none())
    };
    let mut open = made.tickets.iter_mut().filter(is_open);
    let held = TicketChange::Held {
        until: None,
        reason: telling("折り返しを待つ"),
    };
    let escalated = TicketChange::Escalated {
        handover: Handover {
            vendor: "保守事業者".to_owned(),
            route: Route::ViaClient,
            sent: telling("調査の依頼"),
            due: None,
            remind_at: None,
        },
    };
    let noted = TicketChange::Noted {
        text: telling("控え"),
    };
    for changes in [vec![held, noted], vec![escalated]] {
        let history = open.next().unwrap();
        for change in changes {
            let last = history.last().unwrap().clone();
            history.push(TicketEvent {
                seq: last.seq + 1,
                at: last.at + Millis(1_000),
                change,
                ..last
            });
        }
    }
    let mut input = input(made.data(of, of.end()));
    input.knowledge = Some(KnowledgeFigures {
        missed_words: vec![
            ("旅費の差戻し".to_owned(), 3),
            (OTHERS[0].to_owned(), 2),
            (OTHERS[1].to_owned(), 1),
        ],
        ..KnowledgeFigures::default()
    });
    let texts = made.tickets.iter().filter_map(|history| {
        let ticket = Ticket::as_of(history, of.end())?;
        Some((ticket.id, (ticket.fields.question, ticket.fields.answer)))
    });
    (input, TicketTexts(texts.collect()))
}

#[test]
fn no_book_that_all_may_read_tells_names_or_numbers_from_texts_of_tickets() {
    let (input, texts) = april();
    let report = report(&input);
    let books = [
        inquiry_report(&input, &texts).0,
        ledger(&input, &texts, false),
        knowledge_base(&input, &[], &texts),
        operation_parts(&report, &input).0,
        report.document,
    ];
    for book in &books {
        let said = serde_json::to_string(book).unwrap();
        for personal in [NAME, "花子", NUMBER].into_iter().chain(OTHERS) {
            assert!(!said.contains(personal), "{}: {personal}", book.name);
        }
    }
}

#[test]
fn why_a_ticket_waits_is_told_without_them() {
    let (input, texts) = april();
    let report = report(&input).document;
    let inquiries = inquiry_report(&input, &texts).0;
    let told = "折り返しを待つ。【氏名】（【電話番号】）の件。【電話番号】、【メールアドレス】に連絡する。";
    for book in [&report, &inquiries] {
        let table = book.table("unfinished").unwrap();
        let at = table.columns.iter().position(|one| one.id == "reason");
        let reasons: Vec<String> = table
            .rows
            .iter()
            .map(|row| row.cells[at.unwrap()].text())
            .collect();
        assert!(reasons.contains(&told.to_owned()), "{reasons:?}");
        let vendor = "保守事業者の回答を待っている。";
        assert!(reasons.contains(&vendor.to_owned()), "{reasons:?}");
    }
    let words = &report.table("missed_words").unwrap().rows;
    let words: Vec<String> = words.iter().map(|row| row.cells[0].text()).collect();
    assert_eq!(
        words,
        ["旅費の差戻し", "【電話番号】", "【メールアドレス】"]
    );
}
