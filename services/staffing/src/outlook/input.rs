//! What an outlook is made of.

use chrono::NaiveDate;
use madoguchi_core::hours::Calendar;
use madoguchi_core::month::Month;

use crate::agents::{RateTarget, Shrinkage};
use crate::days::{DayCounts, MonthTotal};
use crate::shifts::Shift;

/// What is known, and how the desk works.
#[derive(Debug, Clone)]
pub struct OutlookInput<'a> {
    /// The month that is looked ahead to.
    pub month: Month,
    /// The first day of which the calls are not known yet: nothing from this day on is used, whatever
    /// `history` holds.
    pub origin: NaiveDate,
    /// When the desk is open, in the past and to come.
    pub calendar: &'a Calendar,
    /// 着信 of open days that are known, in any order. An open day after the first of them and before
    /// `origin` that is left out had no calls.
    pub history: &'a [DayCounts],
    /// Months of which only a published total is known. One that `history` covers is not used.
    pub totals: &'a [MonthTotal],
    /// How the desk works.
    pub desk: &'a DeskPlan,
}

/// How the desk works.
#[derive(Debug, Clone, PartialEq)]
pub struct DeskPlan {
    /// Mean handling time (talk and wrap-up), in seconds. Above zero.
    pub aht_secs: f64,
    /// Mean patience of who waits, in seconds, by which agents are planned. Above zero.
    pub patience_secs: f64,
    /// 応答率 that is aimed at (the desk's own target).
    pub target: RateTarget,
    /// T of サービスレベル, in seconds.
    pub wait_target_secs: f64,
    /// Share of the paid time in which people are not at the phone.
    pub shrinkage: Shrinkage,
    /// The shifts that people can work.
    pub shifts: Vec<Shift>,
    /// Largest share of callers who may find all lines busy, such as 0.01.
    pub blocking: f64,
}

impl Default for DeskPlan {
    /// 8 minutes a call, 2 minutes of patience, 応答率 95%, 20 s, 30% shrinkage, no shifts, 1% blocked.
    fn default() -> Self {
        Self {
            aht_secs: 480.0,
            patience_secs: 120.0,
            target: RateTarget::from_thousandths(95_000).unwrap_or_default(),
            wait_target_secs: 20.0,
            shrinkage: Shrinkage::from_hundredths(3_000).unwrap_or_default(),
            shifts: Vec::new(),
            blocking: 0.01,
        }
    }
}
