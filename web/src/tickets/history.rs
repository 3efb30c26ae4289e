//! What happened to a ticket, for people: who, when, what, before and after.

use std::collections::BTreeMap;

use madoguchi_core::contact::Contact;
use madoguchi_core::id::TicketId;
use madoguchi_core::ticket::{ScanResult, TicketChange, TicketEvent};
use madoguchi_core::time::Instant;

use super::names::Names;
use crate::text;

/// A text that is longer is folded.
const SHORT_LETTERS: usize = 120;

/// One thing that happened.
pub(crate) struct HistoryRow {
    pub(crate) at: String,
    pub(crate) by: String,
    pub(crate) what: String,
    pub(crate) before: FoldedText,
    pub(crate) after: FoldedText,
}

/// A text, of which a long one is folded.
#[derive(Default)]
pub(crate) struct FoldedText {
    /// The beginning of a long one.
    pub(crate) beginning: Option<String>,
    pub(crate) text: String,
}

impl FoldedText {
    fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let is_long = text.chars().count() > SHORT_LETTERS;
        let beginning = || text.chars().take(SHORT_LETTERS).collect::<String>() + "…";
        Self {
            beginning: is_long.then(beginning),
            text,
        }
    }
}

/// The numbers of other tickets, by their ids.
pub(crate) type Numbers = BTreeMap<TicketId, String>;

/// The history, the newest first.
pub(crate) fn rows(events: &[TicketEvent], names: &Names, numbers: &Numbers) -> Vec<HistoryRow> {
    let rows = events.iter().rev().map(|event| {
        let (before, after) = texts(&event.change, names, numbers);
        HistoryRow {
            at: seconds(event.at),
            by: names.by(event.by.as_ref()),
            what: title(&event.change),
            before: FoldedText::new(before),
            after: FoldedText::new(after),
        }
    });
    rows.collect()
}

/// 2026-11-24 8:30:05
pub(crate) fn seconds(at: Instant) -> String {
    format!("{} {}", at.date(), text::time_with_seconds(at))
}

/// What changes are called together, for the audit log.
pub(crate) fn what(changes: &[TicketChange]) -> String {
    let titles: Vec<_> = changes.iter().map(title).collect();
    titles.join("、")
}

fn title(change: &TicketChange) -> String {
    use TicketChange as C;
    let title = match change {
        C::Created { .. } => "登録",
        C::FieldChanged { field, .. } => field.label(),
        C::ContactAdded { .. } => "応対の追加",
        C::OutcomeSet { .. } => "応対の結果",
        C::StatusChanged { .. } => "状態",
        C::AnalysisBegun { .. } => "機能分析の開始",
        C::AnalysisEnded { .. } => "機能分析の終了",
        C::Escalated { .. } => "エスカレーション",
        C::EscalationRescheduled { .. } => "エスカレーションの期限の変更",
        C::EscalationReturned { .. } => "エスカレーション先の回答",
        C::Held { .. } => "保留",
        C::Resumed => "保留の解除",
        C::Reopened { .. } => "再開",
        C::Noted { .. } => "メモ",
        C::FileAttached { .. } => "添付",
        C::FileRemoved { .. } => "添付の取消し",
        C::Linked { .. } => "関連付け",
        C::Unlinked { .. } => "関連付けの取消し",
        C::MergedInto { .. } => "ほかの問合せへの統合",
        C::MergedFrom { .. } => "ほかの問合せの統合",
        C::MergeUndone { .. } => "統合の取消し",
        C::SplitInto { .. } => "分割",
        C::Imported { .. } => "前の台帳からの取込み",
        C::Anonymised => "氏名と番号の消去",
        C::Unknown(_) => "新しい版のプログラムによる記録",
    };
    title.to_owned()
}

/// What it was before, and what it is after.
fn texts(change: &TicketChange, names: &Names, numbers: &Numbers) -> (String, String) {
    use TicketChange as C;
    let number = |id: &TicketId| {
        let known = numbers.get(id);
        known.map_or_else(|| id.to_string(), Clone::clone)
    };
    let after = |text: String| (String::new(), text);
    match change {
        C::Created {
            fields, split_from, ..
        } => {
            let from = split_from.as_ref().map(number);
            let from = from.map(|from| format!("{from}から分割\n"));
            after(from.unwrap_or_default() + &fields.question)
        }
        C::FieldChanged {
            field,
            before,
            after,
        } => (names.field(*field, before), names.field(*field, after)),
        C::ContactAdded { contact } => after(contact_text(contact, names)),
        C::OutcomeSet { before, after, .. } => (before.label().into(), after.label().into()),
        C::StatusChanged { before, after } => (before.label().into(), after.label().into()),
        C::AnalysisBegun { analyst } => {
            let analyst = analyst.as_ref();
            after(analyst.map_or_else(String::new, |user| names.by(Some(user))))
        }
        C::AnalysisEnded { finding } => after(finding.clone()),
        C::Escalated { handover } => {
            let due = handover.due.map(|due| names.dates.minute(due));
            let due = due.map_or_else(String::new, |due| format!("、期限 {due}"));
            let route = handover.route.label();
            after(format!(
                "{}({route}{due})\n{}",
                handover.vendor, handover.sent
            ))
        }
        C::EscalationRescheduled { due, remind_at, .. } => {
            let told = |label: &str, at: &Option<Instant>| {
                at.map_or_else(String::new, |at| {
                    format!("{label} {}　", names.dates.minute(at))
                })
            };
            after(told("期限", due) + &told("催促", remind_at))
        }
        C::EscalationReturned { answer, .. } => after(answer.clone()),
        C::Held { until, reason } => {
            let until = until.map(|day| format!("{}まで　", names.dates.date(day)));
            after(until.unwrap_or_default() + reason)
        }
        C::Reopened { reason } => after(reason.clone()),
        C::Noted { text } => after(text.clone()),
        C::FileAttached { file } => {
            let scan = match file.scan {
                ScanResult::NotSet => String::new(),
                said => format!("、{}", said.label()),
            };
            after(format!("{}({}{scan})", file.name, text::bytes(file.bytes)))
        }
        C::FileRemoved { name, .. } => (name.clone(), String::new()),
        C::Linked { relation, other } => after(format!("{} {}", relation.label(), number(other))),
        C::Unlinked { relation, other } => {
            let before = format!("{} {}", relation.label(), number(other));
            (before, String::new())
        }
        C::MergedInto { into } => after(number(into)),
        C::MergedFrom { from } => after(number(from)),
        C::MergeUndone { other } => after(number(other)),
        C::SplitInto { into, .. } => after(number(into)),
        C::Imported { ledger, number, .. } => after(format!("{ledger} {number}")),
        C::Resumed | C::Anonymised | C::Unknown(_) => after(String::new()),
    }
}

/// 電話、その場で回答、2026-11-24 8:30:05
pub(crate) fn contact_text(contact: &Contact, names: &Names) -> String {
    let agent = contact.agent.as_ref();
    let agent = agent.map_or_else(String::new, |agent| {
        format!("、{}", names.agent(agent.as_str()))
    });
    format!(
        "{}{agent}、{}、{}",
        contact.channel.label(),
        contact.outcome.label(),
        seconds(contact.from)
    )
}

/// The tickets that a history names.
pub(crate) fn named(events: &[TicketEvent]) -> Vec<TicketId> {
    use TicketChange as C;
    let named = events.iter().filter_map(|event| match &event.change {
        C::Created { split_from, .. } => split_from.clone(),
        C::Linked { other, .. } | C::Unlinked { other, .. } | C::MergeUndone { other } => {
            Some(other.clone())
        }
        C::MergedInto { into } | C::SplitInto { into, .. } => Some(into.clone()),
        C::MergedFrom { from } => Some(from.clone()),
        _ => None,
    });
    let mut named: Vec<_> = named.collect();
    named.sort();
    named.dedup();
    named
}
