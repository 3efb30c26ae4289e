//! Tickets, people and those whom matters are handed on to, to be looked at.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::contact::{Contact, ContactOutcome};
use madoguchi_core::department::{DEPARTMENT, Department};
use madoguchi_core::id::UserId;
use madoguchi_core::person::Person;
use madoguchi_core::ticket::{Channel, Handover, Route, TicketChange, TicketFields};
use madoguchi_core::time::Instant;
use madoguchi_core::vendor::{VENDOR, Vendor};
use madoguchi_store::{LedgerFile, NewTicket, NewVersion, Store};

fn entry(at: Instant, action: Action) -> AuditEntry {
    AuditEntry::of_system(at, action, "", Fields::new())
}

/// Keeps one of each; gives the number of the ticket.
pub(super) async fn one_of_each(store: &Store, at: Instant) -> anyhow::Result<String> {
    let person = Person {
        id: "1001".into(),
        name: "年金 花子".to_owned(),
        kana: "ネンキン ハナコ".to_owned(),
        site: "中央年金事務所".to_owned(),
        department: "総務課".to_owned(),
        mail: String::new(),
        numbers: vec!["0312345678".to_owned()],
        left_on: None,
    };
    let mut tx = store.begin(entry(at, Action::PeopleImport)).await?;
    tx.save_people(&[person], at).await?;
    tx.commit().await?;
    let vendor = Vendor {
        name: "財務会計の保守事業者".to_owned(),
        ..Vendor::default()
    };
    let department = Department {
        name: "給与課".to_owned(),
        answers: "給与の計算".to_owned(),
        number: "1234".to_owned(),
        ..Department::default()
    };
    let mut tx = store.begin(entry(at, Action::VendorChange)).await?;
    let version = |kind, data: String| NewVersion {
        kind,
        id: "one".to_owned(),
        replaces: 0,
        data: Some(data),
    };
    let vendor = version(VENDOR, serde_json::to_string(&vendor)?);
    tx.save_setting(&vendor).await?;
    tx.record(entry(at, Action::DepartmentChange));
    let department = version(DEPARTMENT, serde_json::to_string(&department)?);
    tx.save_setting(&department).await?;
    tx.commit().await?;
    let mut tx = store.begin(entry(at, Action::TicketChange)).await?;
    let ticket = tx.add_ticket(&new_ticket(at)).await?;
    tx.commit().await?;
    Ok(ticket.number.to_string())
}

/// Keeps a ledger that somebody has brought, with a row that is wrong.
pub(super) async fn ledger(store: &Store, user: &UserId, at: Instant) -> anyhow::Result<()> {
    let rows = "番号,受付日,質問,色\n1,令和6年4月1日,差戻しの理由,赤\n2,昨日,読めない日付,青\n";
    let file = LedgerFile {
        id: "one".to_owned(),
        name: "台帳.csv".to_owned(),
        content: STANDARD.encode(rows),
    };
    let mut tx = store.begin_unrecorded().await?;
    tx.keep_ledger_file(user, &file, at).await?;
    tx.commit().await?;
    Ok(())
}

/// A ticket of a mail with a note, an analysis and an escalation.
fn new_ticket(at: Instant) -> NewTicket {
    let contact = Contact {
        id: "contact".into(),
        call: None,
        channel: Channel::Mail,
        agent: None,
        from: at,
        until: None,
        outcome: ContactOutcome::Unanswered,
        outcome_at: at,
    };
    let handover = Handover {
        vendor: "財務会計の保守事業者".to_owned(),
        route: Route::Direct,
        sent: "調査をお願いします。".to_owned(),
        due: Some(at),
        remind_at: None,
    };
    NewTicket {
        id: "sample".into(),
        by: None,
        at,
        happened_at: None,
        received_at: at,
        fields: TicketFields {
            channel: Channel::Mail,
            question: "旅費の精算が差し戻された".to_owned(),
            answer: "領収書を付けて出し直してください。".to_owned(),
            ..TicketFields::default()
        },
        changes: vec![
            TicketChange::ContactAdded { contact },
            TicketChange::Noted {
                text: "折り返し待ち".to_owned(),
            },
            TicketChange::AnalysisBegun { analyst: None },
            TicketChange::Escalated { handover },
        ],
    }
}
