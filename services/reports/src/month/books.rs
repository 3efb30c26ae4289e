//! The books beside ヘルプデスク受付状況報告: 問合せ対応報告書 (別紙7 項番24), 問合せ管理台帳, ナレッジデータベース
//! (項番25), and what 稼働報告書 takes from here (表 5.3-2).

mod inquiries;
mod knowledge_base;
mod ledger;
mod operation;

use std::collections::BTreeMap;

use madoguchi_core::id::TicketId;
use madoguchi_core::ticket::Ticket;

pub use self::inquiries::inquiry_report;
pub use self::knowledge_base::{KnowledgeLine, knowledge_base};
pub use self::ledger::ledger;
pub use self::operation::operation_parts;
use super::counted::CountedMonth;
use super::input::MonthInput;

/// 問合せ対応報告書
pub const INQUIRY_REPORT: &str = "問合せ対応報告書";
/// 問合せ管理台帳
pub const LEDGER: &str = "問合せ管理台帳";
/// ナレッジデータベース
pub const KNOWLEDGE_BASE: &str = "ナレッジデータベース";
/// What 稼働報告書 takes from here.
pub const OPERATION_PARTS: &str = "稼働報告書(問合せ・サービスレベル)";

/// Tickets that a book lists at the most; those beyond stand in the ledger as a workbook or CSV.
pub const LISTED_AT_MOST: usize = 2_000;

/// What was asked and answered, of the tickets that a book lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TicketTexts(pub BTreeMap<TicketId, (String, String)>);

impl TicketTexts {
    fn of<'t>(&'t self, ticket: &'t Ticket) -> (&'t str, &'t str) {
        let texts = self.0.get(&ticket.id);
        texts.map_or(
            (ticket.fields.question.as_str(), ""),
            |(question, answer)| (question, answer),
        )
    }
}

/// The tickets that 問合せ対応報告書 and 問合せ管理台帳 list, by id: received in the month, in the order of their
/// numbers.
pub fn listed(input: &MonthInput) -> Vec<TicketId> {
    let month = CountedMonth::of(&input.data, &input.scope, &input.rules);
    let listed = month.received.iter().take(LISTED_AT_MOST);
    listed.map(|ticket| ticket.id.clone()).collect()
}

/// How many there are beyond.
fn beyond(all: usize) -> Option<String> {
    let more = all.checked_sub(LISTED_AT_MOST).filter(|more| *more > 0)?;
    Some(format!(
        "このほかに{more}件がある。全件は、問合せ管理台帳のデータ用のファイルに載せる。"
    ))
}
