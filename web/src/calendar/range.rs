//! Several days changed at once: looked at first, saved as one change, and taken back as one.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use chrono::NaiveDate;
use madoguchi_core::access::ManageCalendar;
use madoguchi_core::hours::Calendar;
use madoguchi_core::setup::FieldError;
use madoguchi_core::time::Instant;
use madoguchi_store::Setting;
use serde::Deserialize;

use super::day::{self, CLOSES_HINT, Day, HERE, OPENS_HINT, RULES};
use super::rule::{KIND, calendar_name, chosen, read_date, read_id};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::fields::read as read_fields;
use crate::kit::form::Values;
use crate::kit::record::Context;
use crate::kit::versioned::{Versioned, read as read_version, save as save_changes};
use crate::query::{Choice, escape};
use crate::shell::Shell;
use crate::state::Web;
use crate::text::{self, DateStyle};

const PLACE: &str = "/admin/calendar/range";
/// Days that are changed at once at the most.
const MOST_DAYS: i64 = 100;
/// Versions among which changes of several days are looked for.
const LOOKED_AT: u32 = 1_000;
/// Changes that the page tells.
const CHANGES: usize = 10;

const WHICH: [(&str, &str); 2] = [
    ("open", "規則で受付のある日だけ"),
    ("all", "休みの日も含めて、すべての日"),
];

#[derive(Template)]
#[template(path = "calendar_range.html")]
struct RangePage {
    shell: Shell,
    form: RangeForm,
    rules: Vec<Choice>,
    which: Vec<Choice>,
    error: Option<FieldError>,
    preview: Option<Preview>,
    most_days: i64,
    opens_hint: &'static str,
    closes_hint: &'static str,
    changes: Vec<ChangeRow>,
    /// What the calendar is called.
    calendar: String,
    /// The year page of the calendar.
    back: String,
}

impl RangePage {
    /// What stands at the head: what belongs to no field, or that a field is to be looked at.
    fn head_fault(&self) -> Option<String> {
        let error = self.error.as_ref()?;
        Some(if error.field.is_empty() {
            format!("{}。", error.message)
        } else {
            "入力を確認してください。保存していません。".to_owned()
        })
    }

    /// What stands beside a field.
    fn fault(&self, field: &str) -> Option<String> {
        let error = self.error.as_ref().filter(|error| error.field == field)?;
        Some(format!("{}。", error.message))
    }
}

/// What a change would do, day by day.
struct Preview {
    rows: Vec<DayRow>,
    days: usize,
    seen: String,
}

struct DayRow {
    date: String,
    before: String,
    after: String,
}

/// A change of several days that was made.
struct ChangeRow {
    at: i64,
    by: String,
    when: String,
    days: String,
    what: String,
    /// None of its days was changed afterwards.
    can_be_undone: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct RangeForm {
    /// The name of the calendar; empty for the desk's.
    calendar: String,
    from: String,
    to: String,
    rule: String,
    which: String,
    opens: String,
    closes: String,
    note: String,
    /// The versions of the days that were looked at.
    seen: String,
    done: String,
}

/// A day with the version that is in force, and what it is to become.
#[derive(Debug, Clone, PartialEq, Eq)]
struct DayChange {
    date: NaiveDate,
    version: i64,
    before: Day,
    after: Day,
}

/// The newest version of every day that a screen has changed.
type KeptDays = BTreeMap<String, (i64, Day)>;

impl RangeForm {
    /// Whose days are changed.
    fn calendar(&self) -> Option<&str> {
        (!self.calendar.is_empty()).then_some(self.calendar.as_str())
    }

    fn period(&self) -> Result<(NaiveDate, NaiveDate), FieldError> {
        let date = |field: &str, text: &str| {
            let read = read_date(text.trim());
            read.map_err(|_| FieldError::new(field, "日付を選んでください"))
        };
        let from = date("from", &self.from)?;
        let to = date("to", &self.to)?;
        if from > to {
            let why = "期間の最初の日は、最後の日以前にしてください";
            return Err(FieldError::new("from", why));
        }
        if (to - from).num_days() >= MOST_DAYS {
            let why = format!("期間は、{MOST_DAYS}日以内で指定してください");
            return Err(FieldError::new("to", why));
        }
        Ok((from, to))
    }

    /// What is to hold, on the first of the days.
    fn day(
        &self,
        first: NaiveDate,
        last: NaiveDate,
        calendar: &Calendar,
    ) -> Result<Day, FieldError> {
        let typed = [
            ("rule", &self.rule),
            ("opens", &self.opens),
            ("closes", &self.closes),
            ("note", &self.note),
        ];
        if self.rule.is_empty() {
            return Err(FieldError::new("rule", "これらの日の扱いを選んでください"));
        }
        let typed = typed.map(|(name, value)| (name.to_owned(), value.clone()));
        let mut day = Day::usual(first, self.calendar());
        let values = Values::of(typed.into());
        let mut faults = read_fields(&day::fields(), &values, &mut day, true);
        let days = first.iter_days().take_while(|day| *day <= last);
        let opens = days.map(|day| calendar.opens_on(day)).max();
        faults.extend(day.faults(opens.unwrap_or_default()));
        match faults.into_iter().next() {
            Some(fault) => Err(fault),
            None => Ok(day.plain()),
        }
    }

    /// The days that would differ from what they are now.
    fn changes(&self, kept: &KeptDays, calendar: &Calendar) -> Result<Vec<DayChange>, FieldError> {
        let (from, to) = self.period()?;
        let rule = self.day(from, to, calendar)?;
        // Back to the rules goes every day; a shorter day does not open one that is closed.
        let all = self.which == "all" || self.rule == "usual";
        let days = from.iter_days().take_while(|day| *day <= to);
        let days = days.filter(|day| all || calendar.usual_hours(*day).hours.is_some());
        let mut changes = Vec::new();
        for date in days {
            let after = rule.on(date);
            let kept = kept.get(&after.id()).cloned();
            let (version, before) = kept.unwrap_or_else(|| (0, Day::usual(date, self.calendar())));
            if before != after {
                changes.push(DayChange {
                    date,
                    version,
                    before,
                    after,
                });
            }
        }
        if changes.is_empty() {
            return Err(FieldError::new("", "この期間に、変わる日はありません"));
        }
        Ok(changes)
    }
}

/// The versions of the days, as the form carries them.
fn versions(changes: &[DayChange]) -> String {
    let versions = changes.iter();
    let versions = versions.map(|change| format!("{}:{}", change.date, change.version));
    versions.collect::<Vec<_>>().join(",")
}

/// The days of a calendar.
async fn kept_days(web: &Web, calendar: Option<&str>) -> Result<KeptDays, WebError> {
    let mut days = KeptDays::new();
    for setting in web.store.list_settings(KIND).await? {
        let day = day_of(&setting)?;
        days.insert(setting.id, (setting.version, day));
    }
    // What was removed comes with what it last was; now the rules hold.
    for setting in web.store.removed_settings(KIND).await? {
        let (date, of) = read_id(&setting.id)?;
        let usual = Day::usual(date, of);
        days.insert(setting.id, (setting.version, usual));
    }
    days.retain(|_, (_, day)| day.calendar.as_deref() == calendar);
    Ok(days)
}

/// The day that a version says, or that holds without it.
fn day_of(setting: &Setting) -> Result<Day, WebError> {
    let (date, calendar) = read_id(&setting.id)?;
    let usual = Day::usual(date, calendar);
    Ok(read_version::<Day>(setting)?.unwrap_or(usual))
}

pub(super) async fn page(
    visitor: Allowed<ManageCalendar>,
    State(web): State<Web>,
    Query(form): Query<RangeForm>,
) -> Result<Response, WebError> {
    let kept = kept_days(&web, chosen(&web, &form.calendar)?).await?;
    if form.from.is_empty() && form.to.is_empty() {
        return show(&web, &visitor, form, &kept, (StatusCode::OK, None)).await;
    }
    preview(&web, &visitor, form, &kept, (StatusCode::OK, None)).await
}

/// The page with what the form would change, or with what is wrong with it.
async fn preview(
    web: &Web,
    visitor: &Visitor,
    form: RangeForm,
    kept: &KeptDays,
    answer: (StatusCode, Option<FieldError>),
) -> Result<Response, WebError> {
    let calendars = web.desk.calendars();
    let answer = match form.changes(kept, calendars.named(form.calendar())) {
        Ok(_) => answer,
        Err(why) => (StatusCode::UNPROCESSABLE_ENTITY, Some(why)),
    };
    show(web, visitor, form, kept, answer).await
}

async fn show(
    web: &Web,
    visitor: &Visitor,
    form: RangeForm,
    kept: &KeptDays,
    (status, error): (StatusCode, Option<FieldError>),
) -> Result<Response, WebError> {
    let dates = web.settings.dates;
    let calendars = web.desk.calendars();
    let calendar = form.calendar();
    let changes = form.changes(kept, calendars.named(calendar)).ok();
    let preview = changes.map(|changes| Preview {
        days: changes.len(),
        seen: versions(&changes),
        rows: changes
            .iter()
            .map(|change| DayRow {
                date: format!(
                    "{}({})",
                    dates.date(change.date),
                    text::weekday(change.date)
                ),
                before: change.before.rule_text(),
                after: change.after.rule_text(),
            })
            .collect(),
    });
    let made = last_changes(web, calendar).await?;
    let rule = if form.rule.is_empty() {
        "closed"
    } else {
        form.rule.as_str()
    };
    let which = if form.which == "all" { "all" } else { "open" };
    let page = RangePage {
        shell: Shell::new(web, Some(visitor), HERE).done(web, &form.done),
        rules: Choice::list(RULES.iter().map(|(_, name, label)| (*name, *label)), rule),
        which: Choice::list(WHICH, which),
        error,
        preview,
        most_days: MOST_DAYS,
        opens_hint: OPENS_HINT,
        closes_hint: CLOSES_HINT,
        changes: made
            .iter()
            .filter_map(|change| change_row(change, kept, dates))
            .collect(),
        calendar: calendar_name(calendar).to_owned(),
        back: calendar.map_or_else(
            || HERE.to_owned(),
            |name| format!("{HERE}?calendar={}", escape(name)),
        ),
        form,
    };
    Ok((status, Html(page.render()?)).into_response())
}

pub(super) async fn save(
    visitor: Allowed<ManageCalendar>,
    State(web): State<Web>,
    Form(form): Form<RangeForm>,
) -> Result<Response, WebError> {
    let kept = kept_days(&web, chosen(&web, &form.calendar)?).await?;
    let changes = form.changes(&kept, web.desk.calendars().named(form.calendar()));
    let Ok(changes) = changes else {
        return preview(&web, &visitor, form, &kept, (StatusCode::OK, None)).await;
    };
    if versions(&changes) != form.seen {
        let why = "確認した後に、この期間の日が変更されました。もう一度、内容を確認してください";
        let answer = (StatusCode::CONFLICT, Some(FieldError::new("", why)));
        return preview(&web, &visitor, form, &kept, answer).await;
    }
    save_days(&web, &visitor, changes).await?;
    Ok(done(form.calendar(), "saved").into_response())
}

/// Leads back to the form for a calendar.
fn done(calendar: Option<&str>, what: &str) -> Redirect {
    let calendar = calendar.map_or_else(String::new, |name| format!("&calendar={}", escape(name)));
    Redirect::to(&format!("{PLACE}?done={what}{calendar}"))
}

/// Saves all these days, or none, and brings them to the running desk.
async fn save_days(web: &Web, visitor: &Visitor, days: Vec<DayChange>) -> Result<(), WebError> {
    let context = Context::new(web, "");
    let mut changes = Vec::with_capacity(days.len());
    for day in days {
        let kept = Versioned::of(&day.after.id(), day.before, day.version);
        changes.push(kept.change(visitor, &context, Some(&day.after), day.version)?);
    }
    let saved = save_changes::<Day>(web, "", changes).await?;
    saved.map_err(|fault| WebError::BadRequest(format!("{}。", fault.message)))
}

/// The last changes of several days of a calendar, the newest first.
async fn last_changes(web: &Web, calendar: Option<&str>) -> Result<Vec<Vec<Setting>>, WebError> {
    let mut last = web.store.last_settings(KIND, LOOKED_AT).await?;
    last.retain(|one| read_id(&one.id).is_ok_and(|(_, of)| of == calendar));
    Ok(several_at_once(last))
}

/// Versions that were set together, if they are several; they stand together.
fn several_at_once(settings: Vec<Setting>) -> Vec<Vec<Setting>> {
    let together = settings.chunk_by(|one, next| one.at == next.at && one.by == next.by);
    let several = together.filter(|change| change.len() > 1);
    several.take(CHANGES).map(<[Setting]>::to_vec).collect()
}

/// 2026年12月28日から2026年12月31日まで(4日)
fn days_text(days: &[NaiveDate], dates: DateStyle) -> String {
    match (days.iter().min(), days.iter().max()) {
        (Some(first), Some(last)) if first != last => format!(
            "{}から{}まで({}日)",
            dates.date(*first),
            dates.date(*last),
            days.len()
        ),
        (Some(only), _) => dates.date(*only),
        _ => String::new(),
    }
}

fn change_row(change: &[Setting], kept: &KeptDays, dates: DateStyle) -> Option<ChangeRow> {
    let first = change.first()?;
    let days = change
        .iter()
        .filter_map(|one| Some(read_id(&one.id).ok()?.0));
    let days: Vec<NaiveDate> = days.collect();
    let first_day = day_of(first).ok()?;
    let is_alike = |one: &Setting| day_of(one).is_ok_and(|day| first_day.on(day.date) == day);
    let is_one_rule = change.iter().all(is_alike);
    Some(ChangeRow {
        at: first.at.0,
        by: first.by.clone(),
        when: dates.minute(first.at),
        days: days_text(&days, dates),
        what: if is_one_rule {
            first_day.rule_text()
        } else {
            "日ごとに違う内容に戻した変更".to_owned()
        },
        can_be_undone: is_newest(change, kept),
    })
}

/// Whether none of the days was changed afterwards.
fn is_newest(change: &[Setting], kept: &KeptDays) -> bool {
    let newest = |one: &Setting| kept.get(&one.id).map(|(version, _)| *version);
    change.iter().all(|one| newest(one) == Some(one.version))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct UndoForm {
    calendar: String,
    at: i64,
    by: String,
}

/// Gives all days of a change what they were before it.
pub(super) async fn undo(
    visitor: Allowed<ManageCalendar>,
    State(web): State<Web>,
    Form(form): Form<UndoForm>,
) -> Result<Redirect, WebError> {
    let calendar = chosen(&web, &form.calendar)?;
    let made = last_changes(&web, calendar).await?;
    let is_meant = |change: &&Vec<Setting>| {
        let first = change.first();
        first.is_some_and(|first| first.at == Instant(form.at) && first.by == form.by)
    };
    let change = made.iter().find(is_meant);
    let change = change.ok_or(WebError::NotFound("この変更"))?;
    let kept = kept_days(&web, calendar).await?;
    if !is_newest(change, &kept) {
        let why =
            "この変更の後に、変更された日があります。その日の画面で、内容を確認してください。";
        return Err(WebError::Conflict(why.to_owned()));
    }
    let mut changes = Vec::with_capacity(change.len());
    for one in change {
        let history = web.store.setting_history(KIND, &one.id).await?;
        let older = history.iter().find(|older| older.version < one.version);
        let (date, _) = read_id(&one.id)?;
        changes.push(DayChange {
            date,
            version: one.version,
            before: day_of(one)?,
            after: older.map_or_else(|| Ok(Day::usual(date, calendar)), day_of)?,
        });
    }
    save_days(&web, &visitor, changes).await?;
    Ok(done(calendar, "restored"))
}

#[cfg(test)]
mod tests {
    use madoguchi_core::hours::HoursSettings;
    use madoguchi_core::setup::{CalendarDay, DayRule};

    use super::*;

    fn form(from: &str, to: &str, rule: &str, which: &str) -> RangeForm {
        RangeForm {
            from: from.to_owned(),
            to: to.to_owned(),
            rule: rule.to_owned(),
            which: which.to_owned(),
            closes: "15:00".to_owned(),
            ..RangeForm::default()
        }
    }

    fn dates(form: &RangeForm, kept: &KeptDays) -> Vec<String> {
        let calendar = Calendar::new(HoursSettings::default());
        let changes = form.changes(kept, &calendar).unwrap();
        changes
            .iter()
            .map(|change| change.date.to_string())
            .collect()
    }

    #[test]
    fn a_shorter_day_does_not_open_the_weekend_and_a_closed_one_closes_what_is_wanted() {
        // Friday to Monday; the Monday is 勤労感謝の日.
        let none = KeptDays::new();
        let short = form("2026-11-20", "2026-11-23", "until", "open");
        assert_eq!(dates(&short, &none), ["2026-11-20"]);
        let all = form("2026-11-20", "2026-11-23", "special_day", "all");
        assert_eq!(dates(&all, &none).len(), 4);
    }

    #[test]
    fn days_that_are_so_already_get_no_new_version() {
        let date: NaiveDate = "2026-11-24".parse().unwrap();
        let day = Day::from(CalendarDay {
            calendar: None,
            date,
            rule: DayRule::Closed,
            note: String::new(),
        });
        let kept = KeptDays::from([(date.to_string(), (3, day))]);
        let closed = form("2026-11-24", "2026-11-26", "closed", "open");
        assert_eq!(dates(&closed, &kept), ["2026-11-25", "2026-11-26"]);
        let usual = form("2026-11-20", "2026-11-26", "usual", "open");
        assert_eq!(dates(&usual, &kept), ["2026-11-24"]);
        let calendar = Calendar::new(HoursSettings::default());
        let changes = usual.changes(&kept, &calendar).unwrap();
        assert_eq!(versions(&changes), "2026-11-24:3");
    }

    #[test]
    fn periods_without_sense_are_refused() {
        for (from, to) in [
            ("", "2026-11-24"),
            ("2026-11-24", "x"),
            ("2026-11-25", "2026-11-24"),
            ("2026-01-01", "2026-12-31"),
        ] {
            assert!(
                form(from, to, "closed", "all").period().is_err(),
                "{from} {to}"
            );
        }
        let longest = form("2026-01-01", "2026-04-10", "closed", "all");
        assert!(longest.period().is_ok());
    }

    #[test]
    fn only_versions_that_were_set_together_are_one_change() {
        let setting = |id: &str, at: i64, by: &str| Setting {
            id: id.to_owned(),
            version: 1,
            at: Instant(at),
            by: by.to_owned(),
            data: None,
        };
        let changes = several_at_once(vec![
            setting("a", 9, "boss"),
            setting("a", 5, "boss"),
            setting("b", 5, "boss"),
            setting("c", 5, "other"),
        ]);
        let ids: Vec<_> = changes
            .iter()
            .flatten()
            .map(|one| one.id.as_str())
            .collect();
        assert_eq!((changes.len(), ids), (1, vec!["a", "b"]));
    }
}
