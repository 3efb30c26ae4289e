//! 目標値 on screens. There is one thing of this kind.

use axum::extract::{Form, Query, State};
use axum::response::Response;
use madoguchi_core::access::ManageDesk;
use madoguchi_core::audit::Action;
use madoguchi_core::setup::{Fault, Part, TARGETS, TARGETS_ID, TargetConfig, Targets};

use super::form::{Field, Section, Values};
use super::page::{Shown, save_thing, show};
use super::restore::{RestoreForm, restore_thing};
use super::screen::{Facts, Read, Row, SettingScreen, SetupContext};
use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::query::DoneQuery;
use crate::state::Web;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/admin/desk/targets", page)
        .post("/admin/desk/targets", save)
        .post("/admin/desk/targets/restore", restore)
}

async fn page(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, WebError> {
    let shown = Shown {
        done: query.done,
        ..Shown::default()
    };
    show::<TargetConfig>(&web, &visitor, TARGETS_ID, shown).await
}

async fn save(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    save_thing::<TargetConfig>(&web, &visitor, TARGETS_ID, Values::of(pairs)).await
}

async fn restore(
    visitor: Allowed<ManageDesk>,
    State(web): State<Web>,
    Form(form): Form<RestoreForm>,
) -> Result<Response, WebError> {
    restore_thing::<TargetConfig>(&web, &visitor, TARGETS_ID, &form).await
}

/// A target as the page shows it.
struct Target {
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    hint: &'static str,
    of: fn(&TargetConfig) -> Option<u32>,
    usual: fn(&Targets) -> u32,
}

const RATES: [Target; 4] = [
    Target {
        name: "answer_rate_target",
        label: "応答率",
        unit: "%以上",
        hint: "応答状況の画面で、達成・未達を示します。",
        of: |targets| targets.answer_rate_target,
        usual: |targets| targets.answer_rate,
    },
    Target {
        name: "first_answer_rate_target",
        label: "一次回答率",
        unit: "%以上",
        hint: "",
        of: |targets| targets.first_answer_rate_target,
        usual: |targets| targets.first_answer_rate,
    },
    Target {
        name: "resolution_rate_target",
        label: "問題解決率",
        unit: "%以上",
        hint: "",
        of: |targets| targets.resolution_rate_target,
        usual: |targets| targets.resolution_rate,
    },
    Target {
        name: "first_answer_min",
        label: "一次回答までの時間",
        unit: "分以内",
        hint: "受付時間の中で数えます。",
        of: |targets| targets.first_answer_min,
        usual: |targets| targets.first_answer_min,
    },
];

const THRESHOLDS: [Target; 2] = [
    Target {
        name: "service_level_s",
        label: "サービスレベルに数える待ち時間",
        unit: "秒以内",
        hint: "変えると、過去の期間も新しい値で集計します。",
        of: |targets| targets.service_level_s,
        usual: |targets| targets.service_level_s,
    },
    Target {
        name: "short_abandoned_s",
        label: "短時間放棄に数える待ち時間",
        unit: "秒未満",
        hint: "変えると、過去の期間も新しい値で集計します。",
        of: |targets| targets.short_abandoned_s,
        usual: |targets| targets.short_abandoned_s,
    },
];

impl SettingScreen for TargetConfig {
    const KIND: &'static str = TARGETS;
    const ACTION: Action = Action::TargetChange;
    const PART: Option<Part> = None;
    const LABEL: &'static str = "目標値";
    const NOT_FOUND: &'static str = "目標値";
    const ABOUT: &'static str = "";
    const LIST: &'static str = "/admin/desk/targets";
    const PLACE: &'static str = "/admin/desk/targets";
    const COLUMNS: &'static [&'static str] = &[];
    const ID_FIELD: &'static str = "";

    fn rows(_: &SetupContext<'_>) -> Vec<Row> {
        Vec::new()
    }

    fn of_file(_: &SetupContext<'_>, _: &str) -> Option<(String, Facts)> {
        None
    }

    fn initial(_: &str) -> Option<Self> {
        Some(Self::default())
    }

    fn place(_: &str) -> String {
        Self::PLACE.to_owned()
    }

    fn new_id(&self) -> String {
        TARGETS_ID.to_owned()
    }

    fn title(&self) -> String {
        "目標値".to_owned()
    }

    fn facts(&self, _: &SetupContext<'_>) -> Facts {
        let told = |target: &Target| {
            let value = match (target.of)(self) {
                Some(value) => format!("{value}{}", target.unit),
                None => format!("既定値({})", usual(target)),
            };
            (target.label, value)
        };
        RATES.iter().chain(&THRESHOLDS).map(told).collect()
    }

    fn blank(_: &SetupContext<'_>) -> Values {
        Values::default()
    }

    fn values(&self) -> Values {
        let mut values = Values::default();
        for target in RATES.iter().chain(&THRESHOLDS) {
            if let Some(value) = (target.of)(self) {
                values.set(target.name, value.to_string());
            }
        }
        values
    }

    fn sections(
        values: &Values,
        around: &SetupContext<'_>,
        _: Option<(&str, &Self)>,
    ) -> Vec<Section> {
        let field = |target: &Target| {
            if let Some(value) = (target.of)(&around.setup.file_targets) {
                let shown = format!("{value}{}", target.unit);
                let hint = "設定ファイルで定めています。";
                return Field::fixed(target.name, target.label, &shown).hint(hint);
            }
            let usual = usual(target);
            let hint = format!("{}空欄にすると、既定値の{usual}になります。", target.hint);
            Field::number(values, target.name, target.label, target.unit).hint(hint)
        };
        vec![
            Section::new("目標", RATES.iter().map(field).collect()),
            Section::new("集計の区切り", THRESHOLDS.iter().map(field).collect()),
        ]
    }

    fn read(
        values: &Values,
        around: &SetupContext<'_>,
        of: Option<(&str, &Self)>,
    ) -> Result<Read<Self>, Vec<Fault>> {
        let mut faults = Vec::new();
        let file = around.setup.file_targets;
        let before = of.map_or_else(Self::default, |(_, before)| *before);
        // What the file names is not in the form, and stays what it was.
        let mut read = |name: &str, of: fn(&Self) -> Option<u32>| match of(&file) {
            Some(_) => of(&before),
            None => values.optional_number(name, &mut faults),
        };
        let targets = Self {
            answer_rate_target: read("answer_rate_target", |one| one.answer_rate_target),
            first_answer_rate_target: read("first_answer_rate_target", |one| {
                one.first_answer_rate_target
            }),
            resolution_rate_target: read("resolution_rate_target", |one| {
                one.resolution_rate_target
            }),
            first_answer_min: read("first_answer_min", |one| one.first_answer_min),
            service_level_s: read("service_level_s", |one| one.service_level_s),
            short_abandoned_s: read("short_abandoned_s", |one| one.short_abandoned_s),
        };
        faults.extend(targets.faults());
        if faults.is_empty() {
            Ok((targets, None))
        } else {
            Err(faults)
        }
    }

    fn can_remove(&self) -> bool {
        false
    }

    fn consequences(&self, _: &str, _: &SetupContext<'_>) -> Vec<String> {
        Vec::new()
    }
}

/// 90%以上
fn usual(target: &Target) -> String {
    format!("{}{}", (target.usual)(&Targets::default()), target.unit)
}
