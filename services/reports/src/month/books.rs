//! The books beside ヘルプデスク受付状況報告: 問合せ対応報告書 (別紙7 項番24), 問合せ管理台帳, ナレッジデータベース
//! (項番25), and what 稼働報告書 takes from here (表 5.3-2). They count all systems and all 業務区分, whatever
//! the report beside them counts.

mod entry;
mod everything;
mod inquiries;
mod knowledge_base;
mod ledger;
mod operation;
mod texts;

pub use self::inquiries::{INQUIRY_REPORT, inquiry_report};
pub use self::knowledge_base::{KNOWLEDGE_BASE, KnowledgeLine, knowledge_base};
pub use self::ledger::{LEDGER, ledger};
pub use self::operation::{OPERATION_PARTS, operation_parts};
pub use self::texts::{LEDGER_AT_MOST, LISTED_AT_MOST, TicketTexts, listed};
