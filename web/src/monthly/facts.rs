//! What happened to the items of 別紙6 that the desk does not measure, entered one by one with their dates.

use madoguchi_core::audit::Action;
use madoguchi_core::month::{
    ENTRY_LETTERS, ENTRY_LINE_LETTERS, Exemption, LevelFact, Measure, Month,
};
use madoguchi_core::setup::FieldError;
use madoguchi_core::ticket::System;
use madoguchi_core::time::Instant;

use super::entry::{EntryScreen, Making, Written};
use super::options::options;
use super::words::shortened;
use crate::kit::field::{Access, Field, access};
use crate::kit::form::{Input, Values};
use crate::local_time::{local, read_local};
use crate::text::DateStyle;

options!(SYSTEMS: System);

/// Kinds of facts: the name in addresses, and the label.
const KINDS: [(&str, Kind, &str); 6] = [
    ("detection", Kind::Detection, "障害検知"),
    ("outage", Kind::Outage, "サービス全停止"),
    ("planned", Kind::Planned, "計画サービス時間"),
    ("fault", Kind::OperatorFault, "運用管理業務に起因する障害"),
    ("dispatch", Kind::Dispatch, "駆け付け"),
    ("patch", Kind::Patch, "パッチ情報の公開"),
];

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Detection,
    Outage,
    Planned,
    OperatorFault,
    Dispatch,
    Patch,
}

impl Kind {
    fn name(self) -> (&'static str, &'static str) {
        let found = KINDS.iter().find(|(_, kind, _)| *kind == self);
        found.map_or(("", ""), |(name, _, label)| (name, label))
    }

    fn of(measure: Measure) -> Self {
        match measure {
            Measure::PlannedService { .. } => Self::Planned,
            Measure::Outage { .. } => Self::Outage,
            Measure::OperatorFault => Self::OperatorFault,
            Measure::Detection { .. } => Self::Detection,
            Measure::Dispatch { .. } => Self::Dispatch,
            Measure::Patch { .. } => Self::Patch,
        }
    }
}

/// What the form of a fact holds. Which times mean something depends on its kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    kind: Kind,
    system: System,
    at: Option<Instant>,
    what: String,
    proof: String,
    /// The end of a span; 機構 was told; somebody stood on the spot; applied to 稼働維持環境.
    first: Option<Instant>,
    /// The vendor was called; applied to 本番環境.
    second: Option<Instant>,
    /// The vendor had to be called; it came late because of us.
    yes: bool,
    exempt_reason: String,
    exempt_proof: String,
}

type F = Field<'static, Draft>;

fn time(name: &'static str, label: &'static str, access: Access<Draft, Option<Instant>>) -> F {
    let Access { get, get_mut } = access;
    F::custom(
        Input::DateTime,
        name,
        label,
        move |draft| get(draft).map_or_else(String::new, local),
        move |draft, text| {
            *get_mut(draft) = read_local(text)?;
            Ok(())
        },
    )
    .shown_by(|text| text.replace('T', " "))
}

fn own_fields(kind: Kind) -> Vec<F> {
    match kind {
        Kind::OperatorFault => Vec::new(),
        Kind::Planned | Kind::Outage => vec![
            time("until", "終わり", access!(first))
                .required()
                .hint("月をまたぐときは、月ごとに分けて記入します。"),
        ],
        Kind::Detection => vec![
            time("noticed_at", "機構に通知した日時", access!(first))
                .hint("検知から15分以内。空欄は、まだ通知していないことを示します。"),
            F::check(
                "escalation_needed",
                "事業者の呼出しが必要だった",
                ("必要", "不要"),
                access!(yes),
            ),
            time(
                "escalated_at",
                "切り分けを終え、必要な呼出しをした日時",
                access!(second),
            )
            .hint("検知から30分以内。"),
        ],
        Kind::Dispatch => {
            vec![time("arrived_at", "現地に着いた日時", access!(first)).hint("受付から30分以内。")]
        }
        Kind::Patch => vec![
            time(
                "staging_applied_at",
                "稼働維持環境に適用した日時",
                access!(first),
            )
            .hint("空欄は、まだ適用していないことを示します。"),
            time(
                "production_applied_at",
                "本番環境に適用した日時",
                access!(second),
            ),
            F::check(
                "caused_by_us",
                "遅れは受託者に起因する",
                ("受託者に起因", "受託者に起因しない"),
                access!(yes),
            ),
        ],
    }
}

fn begins(kind: Kind) -> &'static str {
    match kind {
        Kind::Detection => "検知した日時",
        Kind::Outage | Kind::Planned => "始まり",
        Kind::OperatorFault => "発生した日時",
        Kind::Dispatch => "障害を受け付けた日時",
        Kind::Patch => "公開された日時",
    }
}

impl Written for LevelFact {
    type Draft = Draft;

    const SCREEN: EntryScreen = EntryScreen {
        label: "サービスレベルの事実",
        path: "facts",
        about: "窓口で計測していない項目(可用性、運用起因の障害、障害の通知と呼出し、駆け付け、パッチ)を判定するための事実です。合計ではなく、1件ずつ日時とともに記入します。判定は、計測した項目と同じ計算で行います。",
        action: Action::LevelFactChange,
        can_add: true,
        needs_reason: true,
    };
    const COLUMNS: &'static [&'static str] =
        &["内容", "種別", "システム", "日時", "免責", "根拠資料"];

    fn fields(draft: &Draft) -> Vec<F> {
        let kind = draft.kind;
        let mut fields = vec![
            F::read_only("kind", "種別", |draft: &Draft| {
                draft.kind.name().1.to_owned()
            }),
            F::one_of("system", "システム", SYSTEMS, access!(system)),
            time("at", begins(kind), access!(at)).required(),
        ];
        fields.extend(own_fields(kind));
        fields.extend([
            F::area("what", "内容", access!(what))
                .hint(format!("{ENTRY_LETTERS}文字以内"))
                .required(),
            F::text("proof", "根拠資料", access!(proof)).hint(format!(
                "文書の名前や番号。{ENTRY_LINE_LETTERS}文字以内"
            )),
            F::area("exempt_reason", "免責の理由", access!(exempt_reason))
                .section("免責(5.6.9)")
                .hint("免責とするときだけ、理由と根拠の両方を記入します。件数から除き、除いたことを報告に示します。"),
            F::text("exempt_proof", "免責の根拠", access!(exempt_proof))
                .hint("認められた文書の名前や番号"),
        ]);
        fields
    }

    fn blank(month: Month, asked: &Values) -> Draft {
        let asked = asked.get("kind");
        let kind = KINDS.iter().find(|(name, ..)| *name == asked);
        let kind = kind.map_or(Kind::default(), |(_, kind, _)| *kind);
        let (at, first) = match kind {
            Kind::Planned => (Some(month.start()), Some(month.end())),
            _ => (None, None),
        };
        Draft {
            kind,
            at,
            first,
            ..Draft::default()
        }
    }

    fn all_fields() -> Vec<F> {
        let own = KINDS.iter().flat_map(|(_, kind, _)| own_fields(*kind));
        Self::fields(&Draft::default())
            .into_iter()
            .chain(own)
            .collect()
    }

    fn asked(draft: &Draft) -> String {
        format!("&kind={}", draft.kind.name().0)
    }

    fn new_links() -> Vec<(&'static str, String)> {
        let links = KINDS.iter();
        links
            .map(|(name, _, label)| (*label, format!("?kind={name}")))
            .collect()
    }

    fn draft(&self) -> Draft {
        let (first, second, yes) = match self.measure {
            Measure::PlannedService { until } | Measure::Outage { until } => {
                (Some(until), None, false)
            }
            Measure::OperatorFault => (None, None, false),
            Measure::Detection {
                noticed_at,
                escalation_needed,
                escalated_at,
            } => (noticed_at, escalated_at, escalation_needed),
            Measure::Dispatch { arrived_at } => (arrived_at, None, false),
            Measure::Patch {
                staging_applied_at,
                production_applied_at,
                caused_by_us,
            } => (staging_applied_at, production_applied_at, caused_by_us),
        };
        let exempt = self.exempt.clone();
        Draft {
            kind: Kind::of(self.measure),
            system: self.system,
            at: Some(self.at),
            what: self.what.clone(),
            proof: self.proof.clone(),
            first,
            second,
            yes,
            exempt_reason: exempt
                .as_ref()
                .map_or_else(String::new, |it| it.reason.clone()),
            exempt_proof: exempt.map_or_else(String::new, |it| it.proof),
        }
    }

    fn entry(draft: Draft, _: Option<&Self>, making: &Making<'_>) -> Result<Self, Vec<FieldError>> {
        let missing = |field| vec![FieldError::missing(field)];
        let at = draft.at.ok_or_else(|| missing("at"))?;
        let until = || draft.first.ok_or_else(|| missing("until"));
        let measure = match draft.kind {
            Kind::Planned => Measure::PlannedService { until: until()? },
            Kind::Outage => Measure::Outage { until: until()? },
            Kind::OperatorFault => Measure::OperatorFault,
            Kind::Detection => Measure::Detection {
                noticed_at: draft.first,
                escalation_needed: draft.yes,
                escalated_at: draft.second,
            },
            Kind::Dispatch => Measure::Dispatch {
                arrived_at: draft.first,
            },
            Kind::Patch => Measure::Patch {
                staging_applied_at: draft.first,
                production_applied_at: draft.second,
                caused_by_us: draft.yes,
            },
        };
        let (reason, proof) = (draft.exempt_reason, draft.exempt_proof);
        let is_exempt = !reason.is_empty() || !proof.is_empty();
        let fact = Self {
            id: making.id.to_owned(),
            system: draft.system,
            at,
            what: draft.what,
            measure,
            exempt: is_exempt.then_some(Exemption { reason, proof }),
            proof: draft.proof,
            entered_by: Some(making.visitor.user.id.clone()),
        };
        let faults = fact.faults(making.now);
        if faults.is_empty() {
            Ok(fact)
        } else {
            Err(faults)
        }
    }

    fn title(&self) -> String {
        format!("{}の事実", Kind::of(self.measure).name().1)
    }

    fn cells(&self, dates: DateStyle) -> Vec<String> {
        let exempt = self.exempt.as_ref();
        vec![
            shortened(&self.what),
            Kind::of(self.measure).name().1.to_owned(),
            self.system.label().to_owned(),
            dates.minute(self.at),
            exempt.map_or_else(String::new, |it| shortened(&it.reason)),
            self.proof.clone(),
        ]
    }
}
