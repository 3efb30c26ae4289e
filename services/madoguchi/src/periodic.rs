//! All that the desk does again and again beside calls and pages, and how often.

use madoguchi_core::schedule::Plan;
use madoguchi_core::time::Millis;

use crate::scheduler::{Job, Work};

/// 窓口の設定: what other nodes and commands set is taken up.
pub(crate) const SETTINGS: Plan = plan("settings", "設定の反映", FIVE_SECS, FIVE_SECS);

/// What is published is found within a second.
pub(crate) const KNOWLEDGE: Plan =
    plan("knowledge", "FAQの公開と検索の更新", Millis(300), FIVE_SECS);

/// The machine's clock is looked at.
pub(crate) const CLOCK: Plan = plan("clock", "時計の確認", FIVE_SECS, FIVE_SECS);

/// Sessions that are over are forgotten.
pub(crate) const SESSIONS: Plan = plan("sessions", "終わったログインの整理", HOUR, MINUTE);

/// What was kept long enough is deleted.
pub(crate) const RETENTION: Plan = plan("retention", "保存期間を過ぎた記録の削除", HOUR, MINUTE);

/// The draft of the month's report is made when its day has come.
pub(crate) const REPORTS: Plan = plan("reports", "月次報告の案の作成", HOUR, MINUTE);

/// Months that are 確定 are compared with what is known now, one at a time.
pub(crate) const EDITION_CHANGES: Plan = plan(
    "edition_changes",
    "確定後の変更の確認",
    FIVE_MINUTES,
    MINUTE,
);

/// The end of the audit log is told to the log.
pub(crate) const AUDIT_END: Plan = plan("audit_end", "監査記録の末尾の控え", HOUR, MINUTE);

/// Done once: secrets of earlier versions are sealed.
pub(crate) const SEALING: Plan = plan("sealing", "以前の版の秘密の封印", MINUTE, MINUTE);

/// Done once: the words of tickets are found as this version finds them.
pub(crate) const WORD_INDEX: Plan =
    plan("word_index", "問合せの語の索引の作り直し", MINUTE, MINUTE);

/// Done once: months are read from tickets in brief as this version writes them.
pub(crate) const TICKET_BRIEFS: Plan = plan(
    "ticket_briefs",
    "月次報告に使う問合せの要約の作り直し",
    MINUTE,
    MINUTE,
);

/// Done once: the data directory remembers its database.
pub(crate) const INSTALLATION: Plan = plan(
    "installation",
    "データベースの控え",
    Millis::from_secs(1),
    FIVE_SECS,
);

const FIVE_MINUTES: Millis = Millis::from_secs(300);
const FIVE_SECS: Millis = Millis::from_secs(5);
const HOUR: Millis = Millis::from_secs(3_600);
const MINUTE: Millis = Millis::from_secs(60);

const fn plan(name: &'static str, label: &'static str, every: Millis, again: Millis) -> Plan {
    Plan {
        name,
        label,
        every,
        again,
    }
}

/// A piece of work with its plan.
pub(crate) fn job(plan: Plan, work: impl Work) -> Job {
    (plan, Box::new(work))
}
