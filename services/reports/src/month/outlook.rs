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
    /// Its 計: all of these months together; `None` if none could be tested.
    pub checks_sum: Option<ForecastCheck>,
    /// 表10-4, over the half hours of 表10-2; `None` if these are not planned.
    pub patiences: Option<ByPatience>,
    /// 表10-5: the day of the month with the most calls; `None` if it is not planned.
    pub busiest: Option<NeededDay>,
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

/// A day that is planned by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct NeededDay {
    /// Which.
    pub date: NaiveDate,
    /// Its half hours.
    pub slots: Vec<NeededAgents>,
}

/// How many agents it takes if callers are more patient, or less: what they are cannot be measured where few
/// give up.
#[derive(Debug, Clone, PartialEq)]
pub struct ByPatience {
    /// Mean patiences, in seconds.
    pub secs: [u32; PATIENCES],
    /// T of サービスレベル, in milliseconds.
    pub service_level_ms: i64,
    /// The half hours.
    pub slots: Vec<PatienceSlot>,
}

/// Patiences that stand side by side.
pub const PATIENCES: usize = 3;

/// A half hour at each patience.
#[derive(Debug, Clone, PartialEq)]
pub struct PatienceSlot {
    /// 9:00～9:30
    pub slot: String,
    /// Expected calls.
    pub calls: f64,
    /// 目標を満たす人数 at each of [`ByPatience::secs`]; `None`: 不足, no number does.
    pub agents: [Option<u64>; PATIENCES],
    /// The agents of 表10-2 if nobody gives up (Erlang C), for reference; `None`: 不足, N ≤ A.
    pub nobody_gives_up: Option<NobodyGivesUp>,
}

/// What becomes of callers who never give up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NobodyGivesUp {
    /// 平均待ち, in milliseconds.
    pub wait_ms: i64,
    /// サービスレベル, in percent.
    pub service_level: f64,
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
    /// 前年同日法の誤差 in percent; `None` also where the year before is not known.
    pub last_year_error: Option<f64>,
    /// 誤差の下限 in percent: what chance leaves to who knows the mean of every day.
    pub floor: Option<f64>,
}
