//! The columns of the list of tickets and of 問合せ管理台帳.

use madoguchi_core::access::Permission;
use madoguchi_core::service::AnswerState;
use madoguchi_core::ticket::{Status, Ticket, TicketField};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_store::TicketOrder;

use super::lookup::place;
use super::names::{Names, answer_in_words};
use crate::kit::table::{Column, DOWN, Order, UP, Value};

/// Letters of the question that a list shows.
const QUESTION_LETTERS: usize = 60;
const SEE: Permission = Permission::HandleTickets;

/// The list of tickets.
pub(crate) struct TicketList;

type C = Column<TicketList>;

pub(crate) const COLUMNS: &[C] = &[
    C::new("number", "受付番号", 12, |ticket, _| {
        Value::Text(ticket.number.to_string())
    })
    .class("number-name")
    .link(|ticket| place(ticket.number))
    .orders(&[
        Order("", DOWN, TicketOrder::Newest),
        Order("oldest", UP, TicketOrder::Oldest),
    ]),
    C::new("status", "状態", 14, |ticket, _| status(ticket)),
    C::new("received_at", "受付日時", 20, |ticket, _| {
        Value::Minute(ticket.received_at)
    }),
    C::new("category", "分類", 18, |ticket, names| {
        field(ticket, names, TicketField::Category)
    }),
    C::new("name", "氏名", 16, |ticket, names| {
        field(ticket, names, TicketField::Name)
    })
    .personal(SEE),
    C::new("site", "拠点", 18, |ticket, names| {
        field(ticket, names, TicketField::Site)
    }),
    C::new("owner", "担当", 14, |ticket, names| {
        field(ticket, names, TicketField::Owner)
    }),
    C::new(
        "answer",
        "一次回答",
        18,
        |ticket, names| match answer_in_words(names.answer(ticket)) {
            (Some(class), words) => Value::Mark(class, words),
            (None, words) => Value::Text(words),
        },
    ),
    C::new("question", "質問", 60, |ticket, _| {
        let mut text: String = ticket
            .fields
            .question
            .chars()
            .take(QUESTION_LETTERS)
            .collect();
        if text.len() < ticket.fields.question.len() {
            text.push('…');
        }
        Value::Text(text)
    })
    .class("long"),
    C::new("division", "業務区分", 14, |ticket, names| {
        field(ticket, names, TicketField::Division)
    })
    .in_files(),
    C::new("system", "システム", 10, |ticket, names| {
        field(ticket, names, TicketField::System)
    })
    .in_files(),
    C::new("channel", "受付方法", 10, |ticket, names| {
        field(ticket, names, TicketField::Channel)
    })
    .in_files(),
    C::new("department", "部署", 16, |ticket, names| {
        field(ticket, names, TicketField::Department)
    })
    .in_files(),
    C::new("person", "職員番号", 12, |ticket, names| {
        field(ticket, names, TicketField::Person)
    })
    .personal(SEE)
    .in_files(),
    C::new("caller", "電話番号", 16, |ticket, names| {
        field(ticket, names, TicketField::Number)
    })
    .personal(SEE)
    .in_files(),
    C::new("whole_question", "質問の全文", 60, |ticket, _| {
        Value::text(&ticket.fields.question)
    })
    .in_files(),
    C::new("whole_answer", "回答の全文", 60, |ticket, _| {
        Value::text(&ticket.fields.answer)
    })
    .in_files(),
    C::new(
        "answer_source",
        "回答の引用元",
        18,
        |ticket, names| field(ticket, names, TicketField::AnswerSource),
    )
    .in_files(),
    C::new(
        "first_answer_at",
        "一次回答の日時",
        20,
        |ticket, _| instant(ticket.first_answer().map(|answer| answer.outcome_at)),
    )
    .in_files(),
    C::new("answer_time", "回答所要時間", 12, |ticket, names| {
        Value::Duration(match names.answer(ticket) {
            Some(AnswerState::Answered { took, .. }) => Some(took),
            _ => None,
        })
    })
    .with_unit("回答所要時間(秒)")
    .in_files(),
    C::new("answer_late", "期限後の回答", 12, |ticket, names| {
        let late = match names.answer(ticket) {
            Some(AnswerState::Answered { late, .. }) => late,
            Some(AnswerState::Due { left, .. }) => left < Millis::ZERO,
            _ => false,
        };
        Value::text(if late { "あり" } else { "" })
    })
    .in_files(),
    C::new("priority", "優先度", 8, |ticket, _| {
        Value::text(ticket.fields.priority().label())
    })
    .in_files(),
    C::new("impact", "影響度", 8, |ticket, names| {
        field(ticket, names, TicketField::Impact)
    })
    .in_files(),
    C::new("urgency", "緊急度", 8, |ticket, names| {
        field(ticket, names, TicketField::Urgency)
    })
    .in_files(),
    C::new("incident", "障害", 6, |ticket, names| {
        field(ticket, names, TicketField::Incident)
    })
    .in_files(),
    C::new("urgent", "緊急", 6, |ticket, names| {
        field(ticket, names, TicketField::Urgent)
    })
    .in_files(),
    C::new("contacts", "応対の数", 8, |ticket, _| {
        Value::Number(i64::try_from(ticket.contacts().count()).unwrap_or(i64::MAX))
    })
    .in_files(),
    C::new("calls", "通話の番号", 34, |ticket, _| {
        let calls = ticket
            .contacts()
            .filter_map(|contact| contact.call.as_ref());
        let calls: Vec<_> = calls.map(|call| call.as_str()).collect();
        Value::Text(calls.join("、"))
    })
    .in_files(),
    C::new("analysis_from", "機能分析の開始", 20, |ticket, _| {
        instant(ticket.analyses.first().map(|step| step.from))
    })
    .in_files(),
    C::new(
        "analysis_until",
        "機能分析の終了",
        20,
        |ticket, _| instant(ticket.analyses.last().and_then(|step| step.until)),
    )
    .in_files(),
    C::new(
        "analysis_finding",
        "機能分析の結果",
        40,
        |ticket, _| {
            let findings = ticket.analyses.iter().map(|step| step.finding.as_str());
            joined(findings)
        },
    )
    .in_files(),
    C::new("vendor", "エスカレーション先", 24, |ticket, _| {
        let vendors = ticket.escalations.iter();
        joined(vendors.map(|one| one.handover.vendor.as_str()))
    })
    .in_files(),
    C::new(
        "escalated_at",
        "エスカレーションの日時",
        20,
        |ticket, _| instant(ticket.first_escalated_at()),
    )
    .in_files(),
    C::new(
        "escalation_due",
        "エスカレーション先の回答期限",
        20,
        |ticket, _| {
            let due = ticket.open_escalations().filter_map(|one| one.handover.due);
            instant(due.min())
        },
    )
    .in_files(),
    C::new(
        "returned_at",
        "エスカレーション先の回答日時",
        20,
        |ticket, _| {
            instant(
                ticket
                    .escalations
                    .iter()
                    .filter_map(|one| one.returned_at)
                    .max(),
            )
        },
    )
    .in_files(),
    C::new(
        "vendor_answer",
        "エスカレーション先の回答",
        40,
        |ticket, _| joined(ticket.escalations.iter().map(|one| one.answer.as_str())),
    )
    .in_files(),
    C::new("held_until", "保留の期限", 12, |ticket, _| {
        let until = ticket.hold.as_ref().and_then(|hold| hold.until);
        Value::Text(until.map_or_else(String::new, |day| day.to_string()))
    })
    .in_files(),
    C::new("done_at", "完了日時", 20, |ticket, _| {
        instant(ticket.done_at)
    })
    .in_files(),
    C::new("work", "工数", 8, |ticket, _| {
        Value::Number(i64::from(ticket.fields.work_minutes))
    })
    .with_unit("工数(分)")
    .in_files(),
    C::new("tags", "タグ", 20, |ticket, names| {
        field(ticket, names, TicketField::Tags)
    })
    .in_files(),
    C::new("articles", "関連するFAQ", 20, |ticket, names| {
        field(ticket, names, TicketField::Articles)
    })
    .in_files(),
    C::new("former_number", "移行元の番号", 16, |ticket, _| {
        Value::text(ticket.origin.as_ref().map_or("", |it| it.number.as_str()))
    })
    .in_files(),
    C::new("former_ledger", "移行元の台帳", 16, |ticket, _| {
        Value::text(ticket.origin.as_ref().map_or("", |it| it.ledger.as_str()))
    })
    .in_files(),
    C::new("updated_at", "最後の変更", 20, |ticket, _| {
        Value::Minute(ticket.updated_at)
    })
    .orders(&[Order("changed", DOWN, TicketOrder::Changed)])
    .class("time"),
];

fn field(ticket: &Ticket, names: &Names, field: TicketField) -> Value {
    Value::Text(names.field(field, &ticket.fields.text(field)))
}

fn status(ticket: &Ticket) -> Value {
    let status = ticket.status();
    Value::Mark(status_class(status), status.label().to_owned())
}

/// The look of the mark of a status.
pub(crate) fn status_class(status: Status) -> &'static str {
    match status {
        Status::Done | Status::Answered => "published",
        Status::Held => "past",
        _ => "in_review",
    }
}

fn instant(at: Option<Instant>) -> Value {
    at.map_or(Value::Nothing(""), Value::Second)
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> Value {
    let texts: Vec<_> = texts.filter(|text| !text.is_empty()).collect();
    Value::Text(texts.join("\n"))
}
