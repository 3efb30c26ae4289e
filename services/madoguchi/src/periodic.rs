//! All that the desk does again and again beside calls and pages, and how often.

use madoguchi_core::schedule::Plan;
use madoguchi_core::time::Millis;

use crate::scheduler::{Job, Work};

/// 窓口の設定: what other nodes and commands set is taken up.
pub(crate) const SETTINGS: Plan = Plan {
    name: "settings",
    label: "設定の反映",
    every: Millis::from_secs(5),
    again: Millis::from_secs(5),
};

/// What is published is found within a second.
pub(crate) const KNOWLEDGE: Plan = Plan {
    name: "knowledge",
    label: "FAQの公開と検索の更新",
    every: Millis(300),
    again: Millis::from_secs(5),
};

/// The machine's clock is looked at.
pub(crate) const CLOCK: Plan = Plan {
    name: "clock",
    label: "時計の確認",
    every: Millis::from_secs(5),
    again: Millis::from_secs(5),
};

/// Sessions that are over are forgotten.
pub(crate) const SESSIONS: Plan = Plan {
    name: "sessions",
    label: "終わったログインの整理",
    every: HOUR,
    again: MINUTE,
};

/// What was kept long enough is deleted.
pub(crate) const RETENTION: Plan = Plan {
    name: "retention",
    label: "保存期間を過ぎた記録の削除",
    every: HOUR,
    again: MINUTE,
};

/// The end of the audit log is told to the log.
pub(crate) const AUDIT_END: Plan = Plan {
    name: "audit_end",
    label: "監査記録の末尾の控え",
    every: HOUR,
    again: MINUTE,
};

/// Done once: secrets of earlier versions are sealed.
pub(crate) const SEALING: Plan = Plan {
    name: "sealing",
    label: "以前の版の秘密の封印",
    every: MINUTE,
    again: MINUTE,
};

/// Done once: the data directory remembers its database.
pub(crate) const INSTALLATION: Plan = Plan {
    name: "installation",
    label: "データベースの控え",
    every: Millis::from_secs(1),
    again: Millis::from_secs(5),
};

const HOUR: Millis = Millis::from_secs(3_600);
const MINUTE: Millis = Millis::from_secs(60);

/// A piece of work with its plan.
pub(crate) fn job(plan: Plan, work: impl Work) -> Job {
    (plan, Box::new(work))
}
