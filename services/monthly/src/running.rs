//! The month as it runs: how each item of 別紙6 stands, how much more it can bear, and how likely it is to be
//! missed. What hardly changes within a day ([`RunningBasis`]) is made apart from what is counted.

mod judging;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use madoguchi_core::month::{Judged, LevelItem, Month, PublishedMonth};
use madoguchi_core::service_level::cut_off;
use madoguchi_core::ticket::System;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_reports::month::{Cover, MonthInput, MonthSummary, RunningCounts, Scope, Written};
use madoguchi_staffing::forecast::{Known, Model, back_test};
use madoguchi_staffing::risk::{RateRisk, Standing, TimeRisk};
use madoguchi_store::Store;

use self::judging::judge_running;
use crate::error::MonthlyError;
use crate::gathering::{Source, own_goals};
use crate::outlook::{days, history, totals};
use crate::past;
use crate::settings::{MonthSettings, rules};

/// Earlier months that tell what is usual: each weighs half of the one after it.
const PRIOR_MONTHS: u32 = 3;

/// What the running month is judged by, beside its own calls and tickets: good for a day.
#[derive(Debug, Clone)]
pub struct RunningBasis {
    /// For which day.
    pub day: NaiveDate,
    /// Earlier months, the closest first.
    past: Vec<MonthSummary>,
    /// What is to come; `None`: too little is known.
    model: Option<Model>,
}

/// The running month.
#[derive(Debug, Clone)]
pub struct RunningMonth {
    /// Which.
    pub month: Month,
    /// As of when.
    pub at: Instant,
    /// When it is judged in the end.
    pub cut_off: Instant,
    /// The items of 別紙6, those of 間接業務システム first.
    pub items: Vec<RunningItem>,
    /// Clocks of what bears no miss, the one that ends first in front.
    pub clocks: Vec<OpenClock>,
    /// What was counted.
    pub counts: RunningCounts,
    /// 着信 that are expected in the rest of the month.
    pub to_come: f64,
    /// Within what time questions are to be answered: the limits that 項番4 (MACS: 項番3) is judged by.
    pub limits: Vec<AnswerLimit>,
}

/// Within what time a 業務区分 answers questions about a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerLimit {
    /// The system.
    pub system: System,
    /// The name of the 業務区分.
    pub division: String,
    /// The limit, in open hours.
    pub limit: Millis,
}

/// An item as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct RunningItem {
    /// What was counted so far, and its value if the month ended now.
    pub judged: Judged,
    /// What is in danger.
    pub risk: ItemRisk,
    /// The same by a goal of one's own, if it is a rate.
    pub own: Option<RateRisk>,
    /// Of what counts as missed now, so many are still open and can be saved,
    pub open: u64,
    /// and so many of these are reckoned to stay missed.
    pub stay_open: u64,
}

/// What is in danger of an item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ItemRisk {
    /// A rate, or a count of the fiscal year.
    Odds(RateRisk),
    /// A share of time.
    Time(TimeRisk),
    /// It bears no miss.
    Zero {
        /// So many were missed,
        missed: u64,
        /// of so many.
        counted: u64,
    },
}

/// A clock that runs, of an item that bears no miss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenClock {
    /// Which item.
    pub item: LevelItem,
    /// The number of the ticket; `None`: it is a fact.
    pub ticket: Option<String>,
    /// The id of the fact, or of the ticket.
    pub id: String,
    /// What it is, in words; empty for a ticket.
    pub what: String,
    /// Within what time a ticket is to be answered: what its 業務区分 sets, whatever the target of its system.
    pub limit: Option<Millis>,
    /// When it runs out.
    pub due: Instant,
    /// From when on there is an alarm.
    pub alarm_from: Instant,
}

impl RunningMonth {
    /// How an item stands at an instant not before [`Self::at`].
    pub fn standing(&self, item: &RunningItem, now: Instant) -> Standing {
        let (missed, counted) = match item.risk {
            ItemRisk::Odds(risk) => return risk.standing,
            ItemRisk::Time(risk) => return risk.standing,
            ItemRisk::Zero { missed, counted } => (missed, counted),
        };
        let own = || {
            self.clocks
                .iter()
                .filter(|one| one.item == item.judged.item)
        };
        if missed > 0 || own().any(|one| one.due <= now) {
            Standing::Lost
        } else if own().any(|one| one.alarm_from <= now) {
            Standing::Alarm
        } else if counted > 0 || own().next().is_some() {
            Standing::Safe
        } else {
            Standing::NotApplicable
        }
    }

    /// What is past its limit: tickets that were received in the month, answered since or not, and the month's
    /// 障害 and 駆け付け.
    pub fn past_limit(&self, now: Instant) -> u64 {
        let items = self.items.iter();
        let missed = items.map(|item| match item.risk {
            ItemRisk::Zero { missed, .. } => missed,
            ItemRisk::Odds(_) | ItemRisk::Time(_) => 0,
        });
        // What had run out when it was counted is among what was missed.
        let clocks = self.clocks.iter();
        let run_out = clocks.filter(|one| one.due > self.at && one.due <= now);
        missed.sum::<u64>() + run_out.count() as u64
    }

    /// The clocks that still run.
    pub fn running_clocks(&self, now: Instant) -> impl Iterator<Item = &OpenClock> {
        self.clocks.iter().filter(move |one| one.due > now)
    }
}

/// What the running month is judged by today.
///
/// # Errors
/// [`MonthlyError`].
pub async fn running_basis(
    store: &Store,
    settings: &MonthSettings,
    now: Instant,
) -> Result<RunningBasis, MonthlyError> {
    let month = Month::at(now);
    let report = store.report_settings().await?;
    let rules = rules(store, settings, &report).await?;
    let scope = Scope::help_desk();
    let source = Source::without_sites(store, settings, &report, now);
    let published = store.published_months().await?;
    let mut known_months = Vec::new();
    for before in 1..=PRIOR_MONTHS {
        let earlier = month.before(before);
        if let Some(frozen) = past::frozen(store, earlier, &scope).await? {
            known_months.push(frozen.summary);
        } else if store.has_month(earlier.start(), earlier.end()).await? {
            let data = source.data(earlier).await?;
            known_months.push(MonthSummary::of(&data, &scope, &rules));
        } else {
            let published = published.iter().find(|one| one.month == earlier);
            known_months.extend(published.map(MonthSummary::of_published));
        }
    }
    let history = history(store, month).await?;
    let calendar = settings.calendars.desk().clone();
    let day = now.date();
    let fitting = move || {
        let counts = days(&scope, &rules, &history);
        let known = Known::new(&calendar, &counts, &totals(&published), day);
        let model = Model::fit(&known)?;
        Some(model.with_errors_of(&back_test(&known)))
    };
    let model = tokio::task::spawn_blocking(fitting).await;
    Ok(RunningBasis {
        day,
        past: known_months,
        model: model.map_err(|_| MonthlyError::Interrupted)?,
    })
}

/// The running month as it is now.
///
/// # Errors
/// [`MonthlyError`].
pub async fn running_month(
    store: &Store,
    settings: &MonthSettings,
    basis: RunningBasis,
    now: Instant,
) -> Result<RunningMonth, MonthlyError> {
    let month = Month::at(now);
    let report = store.report_settings().await?;
    let source = Source::without_sites(store, settings, &report, now);
    let year_before = Month::of_fiscal_year(month.fiscal_year() - 1);
    let first = year_before.first().copied().unwrap_or(month);
    let input = MonthInput {
        data: source.data(month).await?,
        scope: Scope::help_desk(),
        rules: rules(store, settings, &report).await?,
        past: Vec::new(),
        frozen: BTreeSet::new(),
        frozen_misses: BTreeMap::new(),
        published: Vec::<PublishedMonth>::new(),
        facts: store.level_facts(first, month).await?,
        own_goals: own_goals(store).await?,
        written: Written::default(),
        knowledge: None,
        outlook: None,
        cover: Cover::default(),
        names: BTreeMap::new(),
        articles: BTreeMap::new(),
        made_at: now,
    };
    let desk = settings.calendars.desk();
    let cut_off = cut_off(month.first(), report.cut_off(), desk);
    let made = tokio::task::spawn_blocking(move || judge_running(&input, &basis, cut_off)).await;
    made.map_err(|_| MonthlyError::Interrupted)
}
