//! What is set for the month's report, and the targets of one's own. There is one record of each kind.

use madoguchi_core::access::ManageReports;
use madoguchi_core::audit::Action;
use madoguchi_core::month::{
    ContractTargets, OWN_TARGETS, OWN_TARGETS_ID, OwnTargets, PaymentRun, REPORT_SETTINGS,
    REPORT_SETTINGS_ID, ReportSettings, TenthsOfPercent,
};
use madoguchi_core::setup::FieldError;

use super::options::options;
use super::paths::HERE;
use crate::auth::routes::Routes;
use crate::kit::field::{Access, Field, access};
use crate::kit::form::Input;
use crate::kit::record::{Context, Effect, Record, Screen};
use crate::kit::record_routes;

pub(super) fn routes() -> Routes {
    record_routes!(single ReportSettings, at: "/monthly/settings")
        .and(record_routes!(single OwnTargets, at: "/monthly/targets"))
}

options!(RUNS: PaymentRun);

impl Record for ReportSettings {
    type Permit = ManageReports;

    const SCREEN: Screen = Screen {
        kind: REPORT_SETTINGS,
        action: Action::ReportSettingsChange,
        effect: Effect::Stored,
        menu: (HERE, "月次報告"),
        label: "月次報告の設定",
        not_found: "月次報告の設定",
        list: "/monthly/settings",
        one: "/monthly/settings",
        only: Some(REPORT_SETTINGS_ID),
        takes_effect: "これから作る版に反映します。確定した版は変わりません。",
        ..Screen::DESK
    };

    fn fields<'c>(_: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        type F<'c> = Field<'c, ReportSettings>;
        vec![
            F::text("submitted_to", "提出先", access!(submitted_to))
                .section("表紙")
                .required(),
            F::text("submitted_by", "受託者名", access!(submitted_by)),
            F::text("classification", "情報の格付", access!(classification)),
            F::lines("seals", "確認印欄", access!(seals)).hint("押印する人の役職。1行に1人"),
            F::number(
                "create_on_open_day",
                "案を自動で作成する日",
                "開所日目",
                access!(create_on_open_day),
            )
            .section("期日")
            .hint("翌月の最初から数えた開所日。受付カレンダーで数えます。")
            .required(),
            F::number(
                "due_on_open_day",
                "提出期限",
                "開所日目",
                access!(due_on_open_day),
            )
            .hint("翌月の最初から数えた開所日")
            .required(),
            F::number(
                "cut_off_open_days",
                "締め日時",
                "開所日目の終わり",
                access!(cut_off_open_days),
            )
            .section("判定")
            .hint("問合せが完了しているかどうかを判定する日時。翌月の最初から数えた開所日。0は、その月の終わり。")
            .required(),
            F::check(
                "late_is_unanswered",
                "回答所要時間を超えた一次回答も、一次未回答に数える",
                ("数える", "数えない"),
                access!(late_is_unanswered),
            ),
            F::one_of(
                "payment_run",
                "支払い割合の連続未達成の数え方",
                RUNS,
                access!(payment_run),
            ),
        ]
    }

    fn blank(_: &Context<'_>) -> Self {
        Self::default()
    }

    fn title(&self, _: &Context<'_>) -> String {
        Self::SCREEN.label.to_owned()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        self.faults()
    }

    fn initial(_: &str) -> Option<Self> {
        Some(Self::default())
    }
}

impl Record for OwnTargets {
    type Permit = ManageReports;

    const SCREEN: Screen = Screen {
        kind: OWN_TARGETS,
        action: Action::OwnTargetsChange,
        effect: Effect::Stored,
        menu: (HERE, "月次報告"),
        label: "自社目標",
        not_found: "自社目標",
        list: "/monthly/targets",
        one: "/monthly/targets",
        only: Some(OWN_TARGETS_ID),
        takes_effect: "契約の目標とは別に、並べて判定します。これから作る版に反映します。",
        ..Screen::DESK
    };

    fn fields<'c>(_: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        type F<'c> = Field<'c, OwnTargets>;
        let contract = ContractTargets::default();
        let rate = |name: &'static str,
                    label: &'static str,
                    least: u32,
                    access: Access<OwnTargets, Option<TenthsOfPercent>>| {
            let Access { get, get_mut } = access;
            F::custom(
                Input::Text,
                name,
                label,
                move |targets| get(targets).map_or_else(String::new, |rate| rate.to_string()),
                move |targets, text| {
                    *get_mut(targets) = match text {
                        "" => None,
                        text => Some(TenthsOfPercent::read(text).ok_or_else(|| {
                            "100以下の数字を、小数第1位までで入力してください".to_owned()
                        })?),
                    };
                    Ok(())
                },
            )
            .word("", "なし")
            .shown_by(|text| format!("{text}%以上"))
            .hint(format!(
                "%以上。契約の目標は{least}%です。空欄は、自社目標なし。"
            ))
        };
        let minutes = |name, label, most: u32, access: Access<OwnTargets, Option<u32>>| {
            F::number(name, label, "分以内", access)
                .word("", "なし")
                .hint(format!("契約の目標は{most}分です。空欄は、自社目標なし。"))
        };
        vec![
            rate(
                "answer_rate",
                "電話応答率",
                contract.answer_rate,
                access!(answer_rate),
            ),
            rate(
                "first_answer_rate",
                "一次回答率",
                contract.first_answer_rate,
                access!(first_answer_rate),
            ),
            rate(
                "resolution_rate",
                "問題解決率",
                contract.resolution_rate,
                access!(resolution_rate),
            ),
            minutes(
                "answer_min",
                "回答所要時間(間接)",
                contract.answer_min,
                access!(answer_min),
            ),
            minutes(
                "macs_answer_min",
                "回答所要時間(MACS)",
                contract.macs_answer_min,
                access!(macs_answer_min),
            ),
        ]
    }

    fn blank(_: &Context<'_>) -> Self {
        Self::default()
    }

    fn title(&self, _: &Context<'_>) -> String {
        Self::SCREEN.label.to_owned()
    }

    fn check(&self, _: Option<&Self>, _: &Context<'_>) -> Vec<FieldError> {
        self.faults(ContractTargets::default())
    }

    fn initial(_: &str) -> Option<Self> {
        Some(Self::default())
    }
}
