//! What a month's book is made of, from the store: by spans of time, a part in memory at a time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use madoguchi_core::id::{ArticleId, LineName};
use madoguchi_core::month::{Goal, LevelItem, Month, ReportSettings};
use madoguchi_core::phone;
use madoguchi_core::service_level::cut_off;
use madoguchi_core::ticket::System;
use madoguchi_core::time::Instant;
use madoguchi_reports::month::{Cover, MonthCall, MonthData, MonthInput, Scope, Written};
use madoguchi_store::{Store, StoreError, TicketSpan};

use crate::error::MonthlyError;
use crate::outlook::HalfHours;
use crate::settings::{MonthSettings, rules};
use crate::{knowledge, past};

/// Articles that 表4-2 may name, and some more.
const ARTICLES: usize = 20;
/// Months back from which the earliest month counts facts: faults count for a fiscal year, patches three months
/// after their publication, and spans of 可用性 touch the month after the one in which they began.
const FACTS_BEFORE: u32 = 12;
/// Accounts whose names a book may need.
const USERS: u32 = 5_000;

/// Everything of which the book of a month is made, as it is known now.
///
/// # Errors
/// [`MonthlyError::Store`], [`MonthlyError::Frozen`].
pub async fn gather(
    store: &Store,
    month: Month,
    scope: Scope,
    settings: &MonthSettings,
    now: Instant,
) -> Result<MonthInput, MonthlyError> {
    let half_hours = store.offered_by_half_hour(april(month).start(), month.end());
    let (input, _) = gather_beside(store, month, scope, settings, now, half_hours).await?;
    Ok(input)
}

/// The same, while the calls by half hours are read, at the least those of the fiscal year up to the month.
pub(crate) async fn gather_beside(
    store: &Store,
    month: Month,
    scope: Scope,
    settings: &MonthSettings,
    now: Instant,
    half_hours: impl Future<Output = Result<HalfHours, StoreError>>,
) -> Result<(MonthInput, HalfHours), MonthlyError> {
    let report = store.report_settings().await?;
    let rules = rules(store, settings, &report).await?;
    let source = Source {
        store,
        settings,
        report: &report,
        sites: Sites::load(store).await?,
        now,
    };
    let half_hours = async { Ok::<_, MonthlyError>(half_hours.await?) };
    let (mut data, half_hours) = tokio::try_join!(source.data(month), half_hours)?;
    data.year_calls = Some(year_calls(month, &half_hours));
    let articles = articles(store, &data).await?;
    let past = past::months(&source, month, &scope, &rules).await?;
    let users = store.list_named_users(USERS).await?.into_iter();
    let own_goals = own_goals(store).await?;
    let facts = store.level_facts(month.before(past::MONTHS + FACTS_BEFORE), month);
    let input = MonthInput {
        data,
        scope,
        rules,
        past: past.summaries,
        frozen: past.frozen,
        frozen_misses: past.missed,
        published: store.published_months().await?,
        facts: facts.await?,
        own_goals,
        written: written(store, month).await?,
        knowledge: Some(knowledge::figures(store, month, &settings.sites, now).await?),
        outlook: None,
        cover: cover(store, month, report.clone()).await?,
        names: users.map(|user| (user.id, user.name)).collect(),
        articles,
        made_at: now,
    };
    Ok((input, half_hours))
}

/// The second way to 年度累計: the calls of each month of the fiscal year up to this one, as the database counts them.
fn year_calls(month: Month, half_hours: &HalfHours) -> BTreeMap<Month, BTreeMap<LineName, u64>> {
    let year = april(month).start()..month.end();
    let mut calls: BTreeMap<Month, BTreeMap<LineName, u64>> = BTreeMap::new();
    for (line, at, count) in half_hours.iter().filter(|(_, at, _)| year.contains(at)) {
        let of_month = calls.entry(Month::at(*at)).or_default();
        *of_month.entry(line.clone()).or_default() += count;
    }
    calls
}

/// The first month of the fiscal year of a month.
fn april(month: Month) -> Month {
    let year = Month::of_fiscal_year(month.fiscal_year());
    year.first().copied().unwrap_or(month)
}

/// Goals of one's own.
pub(crate) async fn own_goals(store: &Store) -> Result<BTreeMap<LevelItem, Goal>, StoreError> {
    let own = store.own_targets().await?;
    let items = System::ALL.into_iter().flat_map(LevelItem::all_of);
    let goals = items.filter_map(|item| Some((item, Goal::from(own.of(item)?))));
    Ok(goals.collect())
}

/// Number and title of the articles that most tickets of the month name.
async fn articles(
    store: &Store,
    data: &MonthData,
) -> Result<BTreeMap<ArticleId, (String, String)>, StoreError> {
    let mut named: BTreeMap<&ArticleId, usize> = BTreeMap::new();
    for ticket in data.tickets.iter() {
        if let Some(article) = ticket.fields.articles.first() {
            *named.entry(article).or_default() += 1;
        }
    }
    let mut ranked: Vec<_> = named.into_iter().collect();
    ranked.sort_by(|(one, its), (other, theirs)| (theirs, one).cmp(&(its, other)));
    let mut articles = BTreeMap::new();
    for (id, _) in ranked.into_iter().take(ARTICLES) {
        let Some(article) = store.lookup_article(id).await? else {
            continue;
        };
        let number = article
            .number
            .map_or("－".to_owned(), |number| number.to_string());
        let newest = article
            .newest()
            .map(|version| version.content.question.clone());
        articles.insert(id.clone(), (number, newest.unwrap_or_default()));
    }
    Ok(articles)
}

/// What people wrote for a month.
async fn written(store: &Store, month: Month) -> Result<Written, StoreError> {
    let april = april(month);
    let mut improvements = store.improvements(month.before(12), month).await?;
    improvements.retain(|one| {
        let confirmed = one.confirmed_on;
        one.month == month || confirmed.is_none_or(|day| day >= month.first())
    });
    let incidents = store.month_entries(april, month).await?.into_iter();
    Ok(Written {
        remarks: store.remarks(month).await?,
        instructions: store.instructions(month).await?,
        row_notes: store.row_notes(month).await?,
        improvements,
        work: store.work_counts(april, month).await?,
        incidents: incidents.map(|kept| kept.entry).collect(),
        reasons: store.check_reasons(month).await?,
        differences: Vec::new(),
    })
}

/// The cover of what would be the next edition.
async fn cover(store: &Store, month: Month, settings: ReportSettings) -> Result<Cover, StoreError> {
    let register = store.report_of(month).await?;
    Ok(Cover {
        edition: register.newest().map_or(1, |newest| newest.number + 1),
        draft: true,
        submitted_to: settings.submitted_to,
        submitted_by: settings.submitted_by,
        classification: settings.classification,
        seals: settings.seals,
        revisions: Vec::new(),
        confirmed_by: String::new(),
    })
}

/// Where months are read from.
pub(crate) struct Source<'a> {
    pub(crate) store: &'a Store,
    settings: &'a MonthSettings,
    report: &'a ReportSettings,
    sites: Sites,
    now: Instant,
}

/// From which 拠点 each number calls.
#[derive(Debug, Clone)]
pub(crate) struct Sites(Arc<HashMap<String, Arc<str>>>);

impl Sites {
    async fn load(store: &Store) -> Result<Self, StoreError> {
        let mut names: HashMap<String, Arc<str>> = HashMap::new();
        let all = store.sites_of_numbers().await?.into_iter();
        // Thousands of numbers share some hundred names.
        let all = all.map(|(number, site)| {
            let name = names.entry(site.clone());
            (number, name.or_insert_with(|| Arc::from(site)).clone())
        });
        Ok(Self(Arc::new(all.collect())))
    }
}

impl<'a> Source<'a> {
    /// The same without telling from where anybody called.
    pub(crate) fn without_sites(
        store: &'a Store,
        settings: &'a MonthSettings,
        report: &'a ReportSettings,
        now: Instant,
    ) -> Self {
        Self {
            store,
            settings,
            report,
            sites: Sites(Arc::default()),
            now,
        }
    }

    /// A month as it was recorded.
    pub(crate) async fn data(&self, month: Month) -> Result<MonthData, MonthlyError> {
        let desk = self.settings.calendars.desk();
        let cut_off = cut_off(month.first(), self.report.cut_off(), desk).min(self.now);
        let span = TicketSpan {
            from: month.start(),
            until: month.end(),
            cut_off,
        };
        // Both are read at once, each on a processor of its own.
        let (store, sites) = (self.store.clone(), self.sites.clone());
        let calls = tokio::spawn(async move {
            let calls = calls(&store, month, &sites).await?;
            // The second way to their sums.
            let figures = store.call_counts(month.start(), month.end()).await?;
            Ok::<_, StoreError>((calls, figures))
        });
        let tickets = self.store.month_tickets(span).await;
        let calls = calls.await.map_err(|_| MonthlyError::Interrupted)?;
        let ((calls, figures), tickets) = (calls?, tickets?);
        Ok(MonthData {
            month,
            cut_off,
            calls,
            tickets: tickets.tickets.into_iter().collect(),
            turns: tickets.turns,
            open_at_end: tickets.open_at_end,
            figures,
            year_calls: None,
            ledger_rows: Some(self.store.count_received(span).await?),
        })
    }
}

/// The calls of a month.
async fn calls(store: &Store, month: Month, sites: &Sites) -> Result<Vec<MonthCall>, StoreError> {
    let (from, until) = (month.start(), month.end());
    let mut reasons = store.no_ticket_reasons(from, until).await?;
    let mut calls = Vec::new();
    store
        .visit_calls(from, until, |record| {
            let mut call = MonthCall::of(&record);
            if !reasons.is_empty() {
                call.no_ticket = reasons.remove(&record.call);
            }
            if !sites.0.is_empty() {
                let number = phone::normalize(record.from.number());
                call.site = sites.0.get(&number).cloned();
            }
            calls.push(call);
        })
        .await?;
    Ok(calls)
}
