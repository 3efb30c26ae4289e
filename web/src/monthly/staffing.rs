//! What 見通しと要員 is computed with, and the shifts that people can work. There is one record.

use madoguchi_core::access::ManageReports;
use madoguchi_core::audit::Action;
use madoguchi_core::month::{
    STAFFING_SETTINGS, STAFFING_SETTINGS_ID, StaffingSettings, TenthsOfPercent, WorkShift,
};
use madoguchi_core::setup::FieldError;

use super::paths::HERE;
use crate::auth::routes::Routes;
use crate::kit::field::{Access, Field, access};
use crate::kit::form::Input;
use crate::kit::record::{Context, Effect, Record, Screen};
use crate::kit::record_routes;

pub(super) fn routes() -> Routes {
    record_routes!(single StaffingSettings, at: "/monthly/staffing")
}

impl Record for StaffingSettings {
    type Permit = ManageReports;

    const SCREEN: Screen = Screen {
        kind: STAFFING_SETTINGS,
        action: Action::StaffingSettingsChange,
        effect: Effect::Stored,
        menu: (HERE, "月次報告"),
        label: "要員と勤務",
        not_found: "要員と勤務の設定",
        list: "/monthly/staffing",
        one: "/monthly/staffing",
        only: Some(STAFFING_SETTINGS_ID),
        takes_effect: "これから作る報告書の「翌月の見通しと要員」と、勤務計画に反映します。",
        ..Screen::DESK
    };

    fn fields<'c>(_: &'c Context<'_>) -> Vec<Field<'c, Self>> {
        type F<'c> = Field<'c, StaffingSettings>;
        vec![
            F::custom(
                Input::Lines,
                "shifts",
                "勤務の種類",
                |settings| {
                    let lines = settings.shifts.iter().map(ToString::to_string);
                    lines.collect::<Vec<_>>().join("\n")
                },
                |settings, text| {
                    settings.shifts = read_shifts(text)?;
                    Ok(())
                },
            )
            .section("勤務")
            .word("", "なし")
            .hint("1行に1種類。例：早番 8:00-16:30 休憩 12:00-13:00。時刻は30分単位。空欄のときは、勤務計画を作りません。"),
            rate("shrinkage", "欠務率", access!(shrinkage), "0から90")
                .hint("%。勤務時間のうち、休暇、研修、打合せなどで電話に出られない時間の割合。"),
            F::number(
                "patience_secs",
                "待ち許容時間",
                "秒",
                access!(patience_secs),
            )
            .section("計算に使う値")
            .hint("電話がつながるのを待つ人が、あきらめるまでの平均の時間。放棄が少ない窓口では、実績から求められません。")
            .required(),
            F::number(
                "aht_secs",
                "平均処理時間",
                "秒",
                access!(aht_secs),
            )
            .word("", "実績の平均")
            .hint("通話時間と後処理時間の合計の平均。空欄のときは、実績の平均を使います。"),
            rate("blocking", "話中の上限", access!(blocking), "0.1から50")
                .hint("%。すべての回線が使用中でかからない電話の割合の上限。必要な回線数の計算に使います。"),
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

/// A percentage in tenths, between bounds that are told where it is none.
fn rate(
    name: &'static str,
    label: &'static str,
    access: Access<StaffingSettings, TenthsOfPercent>,
    bounds: &'static str,
) -> Field<'static, StaffingSettings> {
    let Access { get, get_mut } = access;
    Field::custom(
        Input::Text,
        name,
        label,
        move |settings| get(settings).to_string(),
        move |settings, text| {
            let read = TenthsOfPercent::read(text);
            *get_mut(settings) = read
                .ok_or_else(|| format!("{bounds}までの数字を、小数第1位までで入力してください"))?;
            Ok(())
        },
    )
    .shown_by(|text| format!("{text}%"))
    .required()
}

fn read_shifts(text: &str) -> Result<Vec<WorkShift>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let shifts = lines.map(|line| {
        let read = line.parse::<WorkShift>();
        read.map_err(|fault| fault.to_string())
    });
    shifts.collect()
}
