//! What a month's book is made of, from the store: by spans of time, a part in memory at a time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use madoguchi_core::figures::{Figures, FiguresSettings};
use madoguchi_core::id::LineName;
use madoguchi_core::month::Month;
use madoguchi_core::phone;
use madoguchi_core::service_level::cut_off;
use madoguchi_core::time::Instant;
use madoguchi_reports::month::{
    Cover, MonthCall, MonthData, MonthInput, Scope, Written, without_texts,
};
use madoguchi_store::{Store, StoreError, TicketSpan, UserFilter};

use crate::past;
use crate::settings::{MonthSettings, rules};

/// Accounts whose names a book may need.
const USERS: u32 = 5_000;

/// Everything of which the book of a month is made, as it is known now.
///
/// # Errors
/// [`StoreError`].
pub async fn gather(
    store: &Store,
    month: Month,
    scope: Scope,
    settings: &MonthSettings,
    now: Instant,
) -> Result<MonthInput, StoreError> {
    let rules = rules(store, settings).await?;
    let sites = Sites::load(store).await?;
    let data = data(store, month, settings, &sites, now).await?;
    let past = past::summaries(store, month, &scope, settings, &rules, &sites, now).await?;
    let users = UserFilter {
        limit: USERS,
        ..UserFilter::default()
    };
    let users = store.page_users(&users).await?.rows.into_iter();
    Ok(MonthInput {
        data,
        scope,
        rules,
        past,
        published: Vec::new(),
        facts: Vec::new(),
        own_goals: BTreeMap::new(),
        written: Written::default(),
        knowledge: None,
        outlook: None,
        cover: Cover::default(),
        names: users.map(|user| (user.id, user.name)).collect(),
        articles: BTreeMap::new(),
        made_at: now,
    })
}

/// From which 拠点 each number calls.
#[derive(Debug)]
pub(crate) struct Sites(HashMap<String, Arc<str>>);

impl Sites {
    async fn load(store: &Store) -> Result<Self, StoreError> {
        let mut names: HashMap<String, Arc<str>> = HashMap::new();
        let all = store.sites_of_numbers().await?.into_iter();
        // Thousands of numbers share some hundred names.
        let all = all.map(|(number, site)| {
            let name = names.entry(site.clone());
            (number, name.or_insert_with(|| Arc::from(site)).clone())
        });
        Ok(Self(all.collect()))
    }
}

/// A month as it was recorded.
pub(crate) async fn data(
    store: &Store,
    month: Month,
    settings: &MonthSettings,
    sites: &Sites,
    now: Instant,
) -> Result<MonthData, StoreError> {
    let cut_off = cut_off(month.first(), settings.cut_off, settings.calendars.desk()).min(now);
    let span = TicketSpan {
        from: month.start(),
        until: month.end(),
        cut_off,
    };
    let (calls, tickets) = tokio::try_join!(
        calls(store, month, settings.figures, sites),
        store.month_tickets(span, without_texts),
    )?;
    let (calls, figures) = calls;
    Ok(MonthData {
        month,
        cut_off,
        calls,
        tickets: tickets.tickets.into_iter().collect(),
        turns: tickets.turns,
        figures,
        ledger_rows: Some(store.count_received(month.start(), month.end()).await?),
    })
}

/// The calls of a month, and the second way to their sums: the fold of core over whole records.
async fn calls(
    store: &Store,
    month: Month,
    settings: FiguresSettings,
    sites: &Sites,
) -> Result<(Vec<MonthCall>, BTreeMap<LineName, Figures>), StoreError> {
    let (from, until) = (month.start(), month.end());
    let mut reasons = store.no_ticket_reasons(from, until).await?;
    let mut figures: BTreeMap<LineName, Figures> = BTreeMap::new();
    let mut calls = Vec::new();
    store
        .visit_calls(from, until, |record| {
            let of_line = figures.entry(record.line.clone()).or_default();
            of_line.add(&record, settings);
            let mut call = MonthCall::of(&record);
            call.no_ticket = reasons.remove(&record.call);
            let number = phone::normalize(record.from.number());
            call.site = sites.0.get(&number).cloned();
            calls.push(call);
        })
        .await?;
    Ok((calls, figures))
}
