//! 見通しと要員, as the forecast gives them.

use chrono::NaiveDate;
use madoguchi_core::month::StaffingSettings;

/// What is expected of the next month.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outlook {
    /// 表10-1
    pub days: Vec<ExpectedDay>,
    /// 表10-2
    pub slots: Vec<NeededAgents>,
    /// 表10-3
    pub checks: Vec<ForecastCheck>,
    /// What is to be said with it: how it was made, and what cannot be checked.
    pub notes: Vec<String>,
    /// How the desk works, as it was set when this was computed.
    pub staffing: StaffingSettings,
}

/// A day to come.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpectedDay {
    /// Which.
    pub date: NaiveDate,
    /// Expected calls.
    pub calls: f64,
    /// 80% of such days lie from here to there.
    pub within_80: (u64, u64),
    /// 95% do.
    pub within_95: (u64, u64),
    /// 特定日, 月初, 祝日明け.
    pub why: String,
}

/// A half hour, and who is needed for it.
#[derive(Debug, Clone, PartialEq)]
pub struct NeededAgents {
    /// 9:00～9:30
    pub slot: String,
    /// Expected calls.
    pub calls: f64,
    /// 目標を満たす人数; `None`: 不足, no number does.
    pub agents: Option<u64>,
    /// 応答率 with one agent less, in percent; `None`: 不足.
    pub one_less_rate: Option<f64>,
    /// 平均待ち with one agent less, in milliseconds; `None`: 不足.
    pub one_less_wait_ms: Option<i64>,
}

/// How an earlier forecast turned out.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastCheck {
    /// Of which days.
    pub period: String,
    /// 予測
    pub expected: f64,
    /// 実績
    pub counted: u64,
    /// 誤差 in percent (WAPE); `None` over no calls.
    pub error: Option<f64>,
    /// 80％区間に入った割合 in percent.
    pub covered: Option<f64>,
    /// 前月同曜日法の誤差 in percent.
    pub weekday_error: Option<f64>,
}
