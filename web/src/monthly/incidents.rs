//! インシデント件数 of a month in the form of 別紙8-2, as somebody counted them.

use madoguchi_core::audit::Action;
use madoguchi_core::month::{ENTRY_LINE_LETTERS, IncidentCounts, Incidents, Month};
use madoguchi_core::setup::FieldError;

use super::entry::{EntryScreen, Making, Written};
use crate::kit::field::{Field, access};
use crate::kit::form::Values;
use crate::text::{self, DateStyle};

/// What the form of the counts holds. Nothing is counted as 0 unless somebody wrote it.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    indirect: Counts,
    macs: Counts,
    source: String,
}

/// The counts of a system.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    major: Option<u32>,
    normal: Option<u32>,
    anomalies: Option<u32>,
    signs: Option<u32>,
}

type F = Field<'static, Draft>;

impl Counts {
    fn of(known: Incidents) -> Self {
        let count = |count: u64| Some(u32::try_from(count).unwrap_or(u32::MAX));
        Self {
            major: count(known.major),
            normal: count(known.normal),
            anomalies: count(known.anomalies),
            signs: count(known.signs),
        }
    }

    /// The counts; what is missing stands in the faults, each at its field.
    fn read(self, names: [&'static str; 4], faults: &mut Vec<FieldError>) -> Incidents {
        let mut count = |field: &'static str, count: Option<u32>| {
            if count.is_none() {
                faults.push(FieldError::missing(field));
            }
            u64::from(count.unwrap_or_default())
        };
        let [major, normal, anomalies, signs] = names;
        Incidents {
            major: count(major, self.major),
            normal: count(normal, self.normal),
            anomalies: count(anomalies, self.anomalies),
            signs: count(signs, self.signs),
        }
    }
}

const INDIRECT: [&str; 4] = [
    "indirect_major",
    "indirect_normal",
    "indirect_anomalies",
    "indirect_signs",
];
const MACS: [&str; 4] = ["macs_major", "macs_normal", "macs_anomalies", "macs_signs"];

const NONE: &str = "なかったときは0とします。";

fn indirect() -> Vec<F> {
    let [major, normal, anomalies, signs] = INDIRECT;
    vec![
        F::number(major, "重大障害", "件", access!(indirect.major))
            .short("間接 重大障害")
            .section("間接業務システム")
            .hint(NONE)
            .required(),
        F::number(normal, "通常障害", "件", access!(indirect.normal))
            .short("間接 通常障害")
            .required(),
        F::number(anomalies, "異常検知", "件", access!(indirect.anomalies))
            .short("間接 異常検知")
            .required(),
        F::number(signs, "障害予兆", "件", access!(indirect.signs))
            .short("間接 障害予兆")
            .required(),
    ]
}

fn macs() -> Vec<F> {
    let [major, normal, anomalies, signs] = MACS;
    vec![
        F::number(major, "重大障害", "件", access!(macs.major))
            .short("MACS 重大障害")
            .section("MACS")
            .hint(NONE)
            .required(),
        F::number(normal, "通常障害", "件", access!(macs.normal))
            .short("MACS 通常障害")
            .required(),
        F::number(anomalies, "異常検知", "件", access!(macs.anomalies))
            .short("MACS 異常検知")
            .required(),
        F::number(signs, "障害予兆", "件", access!(macs.signs))
            .short("MACS 障害予兆")
            .required(),
    ]
}

impl Written for IncidentCounts {
    type Draft = Draft;

    const SCREEN: EntryScreen = EntryScreen {
        label: "インシデント件数",
        path: "incidents",
        about: "月別推移(表2-2)に示す、別紙8-2のインシデント件数です。窓口では数えていないので、月に1回、出所とともに記入します。なかったものは0とします。記入しない月は、件数の分からない月として示します。",
        action: Action::IncidentCountsChange,
        can_add: true,
        needs_reason: true,
    };
    const COLUMNS: &'static [&'static str] = &["年月", "間接業務システム", "MACS", "出所"];

    fn fields(_: &Draft) -> Vec<F> {
        let source = F::text("source", "出所", access!(source))
            .hint(format!(
                "数えた台帳や文書の名前。{ENTRY_LINE_LETTERS}文字以内"
            ))
            .section("出所")
            .required();
        indirect()
            .into_iter()
            .chain(macs())
            .chain([source])
            .collect()
    }

    fn blank(_: Month, _: &Values) -> Draft {
        Draft::default()
    }

    fn draft(&self) -> Draft {
        Draft {
            indirect: Counts::of(self.indirect),
            macs: Counts::of(self.macs),
            source: self.source.clone(),
        }
    }

    fn entry(draft: Draft, _: Option<&Self>, making: &Making<'_>) -> Result<Self, Vec<FieldError>> {
        let mut faults = Vec::new();
        let counts = Self {
            month: making.month,
            indirect: draft.indirect.read(INDIRECT, &mut faults),
            macs: draft.macs.read(MACS, &mut faults),
            source: draft.source,
        };
        faults.extend(counts.faults());
        if faults.is_empty() {
            Ok(counts)
        } else {
            Err(faults)
        }
    }

    fn title(&self) -> String {
        format!("{}のインシデント件数", self.month.name())
    }

    fn cells(&self, _: DateStyle) -> Vec<String> {
        vec![
            self.month.name(),
            in_words(self.indirect),
            in_words(self.macs),
            self.source.clone(),
        ]
    }
}

fn in_words(known: Incidents) -> String {
    let kinds = [
        ("重大障害", known.major),
        ("通常障害", known.normal),
        ("異常検知", known.anomalies),
        ("障害予兆", known.signs),
    ];
    let kinds = kinds.map(|(name, count)| format!("{name}{}件", text::number(count)));
    kinds.join("、")
}
