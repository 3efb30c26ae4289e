//! 目標値 on screens. There is one record of this kind.

use madoguchi_core::access::ManageDesk;
use madoguchi_core::audit::Action;
use madoguchi_core::setup::{FieldError, TARGETS, TARGETS_ID, TargetConfig, Targets};

use crate::auth::routes::Routes;
use crate::kit::field::{Access, Field, access};
use crate::kit::record::{Context, Record, Screen};
use crate::kit::record_routes;

pub(super) fn routes() -> Routes {
    record_routes!(single TargetConfig, at: "/admin/desk/targets")
}

/// What is told again with other values of the setting.
const RECOUNTED: &str = "変えると、過去の期間も新しい値で集計します。";

impl Record for TargetConfig {
    type Permit = ManageDesk;

    const SCREEN: Screen = Screen {
        kind: TARGETS,
        action: Action::TargetChange,
        label: "目標値",
        not_found: "目標値",
        list: "/admin/desk/targets",
        one: "/admin/desk/targets",
        only: Some(TARGETS_ID),
        ..Screen::DESK
    };

    fn fields<'c>(context: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        let file = context.setup.file_targets;
        let usual = Targets::default();
        let field = |name, label, unit, usual: u32, hint, access: Access<Self, Option<u32>>| {
            let named = *(access.get)(&file);
            Field::number(name, label, unit, access)
                .word("", format!("既定値({usual}{unit})"))
                .hint(format!(
                    "{hint}空欄にすると、既定値の{usual}{unit}になります。"
                ))
                .unless_file(named)
        };
        vec![
            field(
                "answer_rate_target",
                "応答率",
                "%以上",
                usual.answer_rate,
                "応答状況の画面で、達成・未達を示します。",
                access!(answer_rate_target),
            )
            .section("目標"),
            field(
                "first_answer_rate_target",
                "一次回答率",
                "%以上",
                usual.first_answer_rate,
                "",
                access!(first_answer_rate_target),
            ),
            field(
                "resolution_rate_target",
                "問題解決率",
                "%以上",
                usual.resolution_rate,
                "",
                access!(resolution_rate_target),
            ),
            field(
                "first_answer_min",
                "一次回答までの時間",
                "分以内",
                usual.first_answer_min,
                "受付時間の中で数えます。",
                access!(first_answer_min),
            ),
            field(
                "service_level_s",
                "サービスレベルに数える待ち時間",
                "秒以内",
                usual.service_level_s,
                RECOUNTED,
                access!(service_level_s),
            )
            .section("集計の区切り"),
            field(
                "short_abandoned_s",
                "短時間放棄に数える待ち時間",
                "秒未満",
                usual.short_abandoned_s,
                RECOUNTED,
                access!(short_abandoned_s),
            ),
        ]
    }

    fn blank(_: &Context<'_>) -> Self {
        Self::default()
    }

    fn title(&self, _: &Context<'_>) -> String {
        "目標値".to_owned()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        self.faults()
    }

    fn initial(_: &str) -> Option<Self> {
        Some(Self::default())
    }
}
