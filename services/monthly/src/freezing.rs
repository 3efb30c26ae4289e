//! 確定: everything that an edition says, and all that it was made with, as one thing to keep. Whoever keeps
//! it does so in one unit of work, so that a program that ends meanwhile has kept all of it or nothing.

use std::collections::BTreeMap;

use madoguchi_core::month::{LevelItem, Month};
use madoguchi_core::service_level::cut_off;
use madoguchi_core::ticket::System;
use madoguchi_core::time::Instant;
use madoguchi_reports::differences::{causes, first_revision, of_books, revisions};
use madoguchi_reports::document::{Document, Drill};
use madoguchi_reports::frozen::{Basis, Frozen, FrozenError};
use madoguchi_reports::month::{Check, Difference, MonthInput, MonthReport, report_and_drill};
use madoguchi_store::Store;
use serde_json::{Map, Value, json};

use crate::books::Material;
use crate::error::MonthlyError;
use crate::newest::STAFFING;
use crate::settings::MonthSettings;
use crate::{beside, with_outlook};

/// Who makes an edition, and why.
#[derive(Debug, Clone, Copy)]
pub struct Freezing<'a> {
    /// The name of who makes it.
    pub by: &'a str,
    /// Why there is another one; of the first, why a month is 確定 in which nothing came, else empty.
    pub reason: &'a str,
    /// The version of the program.
    pub program: &'a str,
    /// The draft that the schedule makes: it may hold sums that do not agree.
    pub draft: bool,
}

/// An edition, ready to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEdition {
    /// Its number; 0 for the draft.
    pub number: u32,
    /// What it says.
    pub frozen: Frozen,
}

/// From when on a month can be 確定: its cut-off. Before it, its tickets are not what the month is judged by.
///
/// # Errors
/// [`MonthlyError::Store`].
pub async fn freezes_from(
    store: &Store,
    month: Month,
    settings: &MonthSettings,
) -> Result<Instant, MonthlyError> {
    let report = store.report_settings().await?;
    let desk = settings.calendars.desk();
    Ok(cut_off(month.first(), report.cut_off(), desk))
}

/// The next edition of a month. What was kept before is not touched.
///
/// # Errors
/// [`MonthlyError::BeforeCutOff`], [`MonthlyError::Silent`], and [`MonthlyError::NotReconciled`] with the checks
/// that stand in the way of 確定, if it is no draft; else [`MonthlyError`].
pub async fn next_edition(
    store: &Store,
    month: Month,
    settings: &MonthSettings,
    freezing: Freezing<'_>,
    now: Instant,
) -> Result<NewEdition, MonthlyError> {
    if !freezing.draft {
        let from = freezes_from(store, month, settings).await?;
        if now < from {
            return Err(MonthlyError::BeforeCutOff(from));
        }
    }
    let register = store.report_of(month).await?;
    let newest = register.newest().cloned();
    let before = match &newest {
        Some(edition) => {
            let content = store.edition_content(month, edition.number).await?;
            let content = content.unwrap_or_default();
            Some(Frozen::unpack(&content, &edition.sha256)?)
        }
        None => None,
    };
    let mut input = with_outlook(store, month, settings, now).await?;
    input.cover.draft = freezing.draft;
    if !freezing.draft {
        input.cover.confirmed_by = freezing.by.to_owned();
    }
    let number = if freezing.draft {
        0
    } else {
        input.cover.edition
    };
    let basis = basis(&input, freezing.program);
    let (by, reason) = (freezing.by.to_owned(), freezing.reason.to_owned());
    let made = tokio::task::spawn_blocking(move || {
        let made = report_and_drill(&input);
        (made, input)
    });
    let made = made.await.map_err(|_| MonthlyError::Interrupted)?;
    let ((report, drill), input) = made;
    if !freezing.draft && !report.is_reconciled() {
        let open = report.reconciliation.into_iter().filter(Check::blocks);
        return Err(MonthlyError::NotReconciled(open.collect()));
    }
    if !freezing.draft && report.summary.is_silent() && freezing.reason.trim().is_empty() {
        return Err(MonthlyError::Silent);
    }
    let material = Material::read(store, &input).await?;
    let frozen = beside(input, move |input| {
        let (books, drill) = material.books(input, &report, drill);
        let made = (report, books, drill);
        let (report, books, drill) = match before {
            Some(before) => with_history(input, &material, (&before, made), &by, &reason),
            None => made,
        };
        Ok::<_, MonthlyError>(Frozen {
            figures: figures(&report)?,
            books,
            drill,
            basis,
        })
    });
    let frozen = frozen.await??;
    Ok(NewEdition { number, frozen })
}

/// The report, all books and the proof of their figures.
type Made = (MonthReport, Vec<Document>, Drill);

/// The same with what differs from the edition before, and why.
fn with_history(
    input: &MonthInput,
    material: &Material,
    (before, made): (&Frozen, Made),
    by: &str,
    reason: &str,
) -> Made {
    let Some(old) = before.books.first() else {
        return made;
    };
    let (_, books, drill) = made;
    let found = of_books(&before.books, &books);
    // What is made again needs the room.
    drop(books);
    let mut again = input.clone();
    again.cover.revisions = old.revisions.clone();
    // First editions of old do not tell who confirmed them.
    if again.cover.revisions.is_empty() {
        let first = first_revision(old.made_at.date(), "");
        again.cover.revisions.push(first);
    }
    let date = input.made_at.date();
    let lines = revisions(&found, input.cover.edition, date, reason, by);
    again.cover.revisions.extend(lines);
    again.written.differences = found
        .iter()
        .map(|one| Difference {
            place: one.title(),
            before: one.before.clone(),
            after: one.after.clone(),
            cause: causes(one, &before.drill, &drill),
        })
        .collect();
    let (report, drill) = report_and_drill(&again);
    let (books, drill) = material.books(&again, &report, drill);
    (report, books, drill)
}

/// What programs read beside the chapters, and the integers of the month for later ones.
pub(crate) fn figures(report: &MonthReport) -> Result<Map<String, Value>, FrozenError> {
    let figures = json!({
        "months": serde_json::to_value(&report.months)?,
        "service_levels": serde_json::to_value(&report.levels)?,
        "payment": serde_json::to_value(&report.payment)?,
        "reconciliation": serde_json::to_value(&report.reconciliation)?,
        "summary": serde_json::to_value(&report.summary)?,
    });
    Ok(figures.as_object().cloned().unwrap_or_default())
}

/// What the figures depend on beside calls, tickets and facts.
fn basis(input: &MonthInput, program: &str) -> Basis {
    let rules = &input.rules;
    let mut labels = BTreeMap::new();
    for (id, category) in rules.categories.tree() {
        labels.insert(format!("category.{id}"), category.name.clone());
    }
    for (id, division) in rules.divisions.list() {
        labels.insert(format!("division.{id}"), division.name.clone());
    }
    for (id, name) in &input.names {
        labels.insert(format!("user.{id}"), name.clone());
    }
    let desk = rules.calendars.desk();
    let days = input.data.month.days().map(|day| {
        let hours = desk.day_hours(day).hours;
        let hours = hours.map(|(opens, closes)| {
            let closes = closes.map(|closes| closes.to_string());
            json!([opens.to_string(), closes])
        });
        (day.to_string(), hours.unwrap_or(Value::Null))
    });
    let systems = System::ALL.into_iter();
    let items = systems.flat_map(LevelItem::all_of);
    let targets = items.map(|item| {
        let own = input.own_goals.get(&item).map(|own| own.text());
        let name = format!("{}.{}", item.system.as_str(), item.level.as_str());
        (name, json!({"target": item.goal_text(), "own": own}))
    });
    Basis {
        program: program.to_owned(),
        labels,
        calendar: Value::Object(days.collect()),
        targets: Value::Object(targets.collect()),
        settings: json!({
            "cut_off": input.data.cut_off,
            "late_is_unanswered": rules.late_is_unanswered,
            "payment_run": rules.run,
            "short_abandoned_ms": rules.figures.short_abandoned,
            "service_level_ms": rules.figures.service_level,
            STAFFING: input.outlook.as_ref().map(|outlook| &outlook.staffing),
        }),
    }
}
