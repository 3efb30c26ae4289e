//! 確定: an edition of a month with all that it was made with, and what differs from the one before.

use std::collections::BTreeMap;
use std::sync::Arc;

use madoguchi_core::month::{Edition, LevelItem, Month, ReportSettings, Verdict};
use madoguchi_core::time::Instant;
use madoguchi_reports::differences::{Difference, causes, differences, revisions};
use madoguchi_reports::document::{Drill, Revision};
use madoguchi_reports::frozen::{Basis, Frozen, FrozenError, Packed};
use madoguchi_reports::month::{
    Check, Difference as ToldDifference, MonthInput, MonthReport, Scope, report_and_drill,
};
use madoguchi_store::Store;
use serde_json::{Map, Value, json};

use crate::settings::MonthSettings;
use crate::{MonthlyError, beside, gather};

/// Differences that 付録C tells; the rest is told by their number.
const TOLD: usize = 500;

/// A month as it is now.
#[derive(Debug, Clone)]
pub struct Live {
    /// The books with the proof of their figures.
    pub frozen: Arc<Frozen>,
    /// 突合せ
    pub checks: Vec<Check>,
    /// The items that are missed.
    pub missed: Vec<LevelItem>,
}

/// Who makes an edition, when and why.
#[derive(Debug, Clone)]
pub struct Maker {
    /// Their name; empty: the program itself.
    pub name: String,
    /// Their login.
    pub login: String,
    /// Why there is another edition.
    pub reason: String,
    /// The version of the program.
    pub program: String,
    /// When.
    pub at: Instant,
}

/// An edition that is ready to be kept.
#[derive(Debug)]
pub struct Prepared {
    /// What is known of it.
    pub edition: Edition,
    /// What is kept.
    pub content: Vec<u8>,
    /// 突合せ
    pub checks: Vec<Check>,
    /// The items that are missed.
    pub missed: Vec<LevelItem>,
    /// What differs from the edition before.
    pub differences: Vec<Difference>,
    /// There is an edition before it.
    pub is_further: bool,
}

/// The month as it is now, as a draft of its next edition.
///
/// # Errors
/// [`MonthlyError`].
pub async fn live(
    store: &Store,
    month: Month,
    settings: &MonthSettings,
    now: Instant,
) -> Result<Live, MonthlyError> {
    let input = gather(store, month, Scope::help_desk(), settings, now).await?;
    let basis = basis(&input, &store.report_settings().await?, "");
    let (made, drill) = beside(input, report_and_drill).await?;
    let missed = missed(&made);
    Ok(Live {
        checks: made.reconciliation.clone(),
        frozen: Arc::new(freeze(made, drill, basis)?),
        missed,
    })
}

/// The edition of this number; 0: the draft that the schedule makes.
///
/// # Errors
/// [`MonthlyError`].
pub async fn prepare(
    store: &Store,
    (month, number): (Month, u32),
    settings: &MonthSettings,
    maker: &Maker,
) -> Result<Prepared, MonthlyError> {
    let mut input = gather(store, month, Scope::help_desk(), settings, maker.at).await?;
    input.cover.edition = number.max(1);
    input.cover.draft = number == 0;
    let basis = basis(&input, &store.report_settings().await?, &maker.program);
    let before = match number {
        0 | 1 => None,
        number => Some(kept(store, month, number - 1).await?),
    };
    let mut found = Vec::new();
    if number == 1 {
        input.cover.revisions = vec![first_revision(maker)];
    }
    if let Some(before) = before {
        let (made, drill) = beside(input.clone(), report_and_drill).await?;
        let old = before.books.first();
        found = old.map_or_else(Vec::new, |old| differences(old, &made.document));
        let date = maker.at.date();
        input.cover.revisions = old.map_or_else(Vec::new, |old| old.revisions.clone());
        input
            .cover
            .revisions
            .extend(revisions(&found, number, date, &maker.reason, &maker.name));
        input.written.differences = told(&found, &before.drill, &drill);
    }
    let (made, drill) = beside(input, report_and_drill).await?;
    let (checks, missed) = (made.reconciliation.clone(), missed(&made));
    let frozen = freeze(made, drill, basis)?;
    let packed = tokio::task::spawn_blocking(move || frozen.pack()).await;
    let Packed { bytes, sha256 } = packed.map_err(|_| MonthlyError::Interrupted)??;
    Ok(Prepared {
        edition: Edition {
            month,
            number,
            made_at: maker.at,
            made_by: maker.login.clone(),
            reason: maker.reason.clone(),
            program: maker.program.clone(),
            sha256,
            bytes: bytes.len() as u64,
        },
        content: bytes,
        checks,
        missed,
        differences: found,
        is_further: number > 1,
    })
}

/// What was kept of an edition.
///
/// # Errors
/// [`MonthlyError`].
pub async fn kept(store: &Store, month: Month, number: u32) -> Result<Frozen, MonthlyError> {
    let report = store.report_of(month).await?;
    let edition = report.editions.into_iter().find(|one| one.number == number);
    let edition = edition.ok_or(MonthlyError::NoEdition)?;
    let content = store.edition_content(month, number).await?;
    let content = content.ok_or(MonthlyError::NoEdition)?;
    let unpacked =
        tokio::task::spawn_blocking(move || Frozen::unpack(&content, &edition.sha256)).await;
    Ok(unpacked.map_err(|_| MonthlyError::Interrupted)??)
}

fn first_revision(maker: &Maker) -> Revision {
    Revision {
        edition: 1,
        date: maker.at.date(),
        place: "全体".to_owned(),
        before: String::new(),
        after: String::new(),
        reason: "初版".to_owned(),
        confirmed_by: maker.name.clone(),
    }
}

fn told(found: &[Difference], old: &Drill, new: &Drill) -> Vec<ToldDifference> {
    let some = found.iter().take(TOLD);
    let some = some.map(|one| ToldDifference {
        place: one.title(),
        before: one.before.clone(),
        after: one.after.clone(),
        cause: causes(one, old, new),
    });
    let mut told: Vec<_> = some.collect();
    let rest = found.len().saturating_sub(TOLD);
    if rest > 0 {
        told.push(ToldDifference {
            place: format!("ほか{rest}か所"),
            before: String::new(),
            after: String::new(),
            cause: String::new(),
        });
    }
    told
}

fn missed(made: &MonthReport) -> Vec<LevelItem> {
    let missed = made.judged.iter();
    let missed = missed.filter(|one| one.verdict == Verdict::Missed);
    missed.map(|one| one.item).collect()
}

fn freeze(made: MonthReport, drill: Drill, basis: Basis) -> Result<Frozen, FrozenError> {
    let figures = json!({
        "months": made.months,
        "service_levels": made.levels,
        "payment": made.payment,
        "reconciliation": made.reconciliation,
    });
    let figures = match figures {
        Value::Object(figures) => figures,
        _ => Map::new(),
    };
    Ok(Frozen {
        books: vec![made.document],
        figures,
        drill,
        basis,
    })
}

/// What the figures depend on, as it is now.
fn basis(input: &MonthInput, settings: &ReportSettings, program: &str) -> Basis {
    let calendar = input.rules.calendars.desk();
    let days = input.data.month.days().map(|day| {
        let hours = calendar.day_hours(day);
        let open = hours.hours.map(|(opens, closes)| {
            let closes = closes.map_or("24:00".to_owned(), |at| at.format("%H:%M").to_string());
            format!("{}-{closes}", opens.format("%H:%M"))
        });
        (
            day.to_string(),
            json!({"reason": hours.reason, "open": open}),
        )
    });
    let names = input.names.iter();
    let labels: BTreeMap<String, String> = names
        .map(|(id, name)| (format!("user/{id}"), name.clone()))
        .collect();
    let goals = input.own_goals.iter();
    let goals: Vec<_> = goals
        .map(|(item, goal)| json!({"item": item, "goal": goal}))
        .collect();
    Basis {
        program: program.to_owned(),
        labels,
        calendar: Value::Object(days.collect()),
        targets: Value::Array(goals),
        settings: json!(settings),
    }
}
