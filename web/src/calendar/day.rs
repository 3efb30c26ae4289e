//! One day: what holds on it, what it is changed to, and what was changed before.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use chrono::{NaiveDate, NaiveTime};
use madoguchi_core::access::ManageCalendar;
use madoguchi_core::audit::{Action, Fields};
use madoguchi_core::setup::{CalendarDay, DayRule};
use madoguchi_store::{NewVersion, Setting};
use serde::Deserialize;

use super::rule::{KIND, hours_text, read_date, read_day, reason, rule_text};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::Choice;
use crate::query::DoneQuery;
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

#[derive(Template)]
#[template(path = "calendar_day.html")]
struct DayPage {
    shell: Shell,
    iso: String,
    date: String,
    usual: String,
    now: String,
    rules: Vec<Choice>,
    opens: String,
    closes: String,
    note: String,
    version: i64,
    history: Vec<Version>,
    before: String,
    after: String,
    error: Option<String>,
}

struct Version {
    number: i64,
    at: String,
    by: String,
    rule: String,
    newest: bool,
}

pub(super) const RULES: [(&str, &str); 5] = [
    ("usual", "規則どおり"),
    ("closed", "終日休みにする"),
    ("open", "時間を決めて受け付ける(開始と終了を入力)"),
    ("until", "終了の時刻だけを変える(終了を入力)"),
    (
        "special_day",
        "特定日にする(休日でも、通常の時間で受け付ける)",
    ),
];

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct DayForm {
    rule: String,
    opens: String,
    closes: String,
    note: String,
    version: i64,
}

impl DayForm {
    pub(super) fn new(rule: &str, opens: &str, closes: &str, note: &str) -> Self {
        Self {
            rule: rule.to_owned(),
            opens: opens.to_owned(),
            closes: closes.to_owned(),
            note: note.to_owned(),
            version: 0,
        }
    }

    fn of(day: Option<&CalendarDay>, version: i64) -> Self {
        let time = |time: NaiveTime| time.format("%H:%M").to_string();
        let mut form = Self {
            rule: "usual".to_owned(),
            version,
            ..Self::default()
        };
        let Some(day) = day else { return form };
        form.note = day.note.clone();
        let rule = match day.rule {
            DayRule::Closed => "closed",
            DayRule::SpecialDay => "special_day",
            DayRule::Until { closes } => {
                form.closes = time(closes);
                "until"
            }
            DayRule::Open { opens, closes } => {
                (form.opens, form.closes) = (time(opens), time(closes));
                "open"
            }
        };
        rule.clone_into(&mut form.rule);
        form
    }

    /// What the form says of a day; `None`: nothing but the rules.
    pub(super) fn read(
        &self,
        date: NaiveDate,
        usual: NaiveTime,
    ) -> Result<Option<CalendarDay>, String> {
        let time = |name: &str, text: &str| {
            let read = NaiveTime::parse_from_str(text.trim(), "%H:%M");
            read.map_err(|_| format!("{name}の時刻を、8:00 のように入力してください。"))
        };
        let rule = match self.rule.as_str() {
            "usual" => return Ok(None),
            "closed" => DayRule::Closed,
            "special_day" => DayRule::SpecialDay,
            "until" => DayRule::Until {
                closes: time("終了", &self.closes)?,
            },
            "open" => DayRule::Open {
                opens: time("開始", &self.opens)?,
                closes: time("終了", &self.closes)?,
            },
            _ => return Err("この日の扱いを選んでください。".to_owned()),
        };
        let day = CalendarDay {
            date,
            rule,
            note: self.note.trim().to_owned(),
        };
        day.check(usual).map_err(|fault| fault.to_string())?;
        Ok(Some(day))
    }
}

pub(crate) async fn page(
    visitor: Allowed<ManageCalendar>,
    State(web): State<Web>,
    Path(date): Path<String>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, WebError> {
    let date = read_date(&date)?;
    let history = web.store.setting_history(KIND, &date.to_string()).await?;
    let newest = history.first();
    let form = DayForm::of(
        newest.and_then(read_day).as_ref(),
        newest.map_or(0, |newest| newest.version),
    );
    show(&web, &visitor, date, (&form, &history), None, &query.done)
}

fn show(
    web: &Web,
    visitor: &Visitor,
    date: NaiveDate,
    (form, history): (&DayForm, &[Setting]),
    error: Option<String>,
    done: &str,
) -> Result<Response, WebError> {
    let dates = web.settings.dates;
    let calendar = web.desk.calendar();
    let told = |hours| format!("{}　{}", reason(&hours), hours_text(&hours));
    let status = if error.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let versions = history.iter().enumerate().map(|(at, setting)| Version {
        number: setting.version,
        at: dates.minute(setting.at),
        by: setting.by.clone(),
        rule: rule_text(read_day(setting).as_ref()),
        newest: at == 0,
    });
    let page = DayPage {
        shell: Shell::new(web, Some(visitor), "/admin/calendar").done(done),
        iso: date.to_string(),
        date: format!("{}({})", dates.date(date), text::weekday(date)),
        usual: told(calendar.usual_hours(date)),
        now: told(calendar.day_hours(date)),
        rules: Choice::list(RULES, &form.rule),
        opens: form.opens.clone(),
        closes: form.closes.clone(),
        note: form.note.clone(),
        version: form.version,
        history: versions.collect(),
        before: date.pred_opt().unwrap_or(date).to_string(),
        after: date.succ_opt().unwrap_or(date).to_string(),
        error,
    };
    Ok((status, Html(page.render()?)).into_response())
}

pub(crate) async fn save(
    visitor: Allowed<ManageCalendar>,
    State(web): State<Web>,
    Path(date): Path<String>,
    Form(form): Form<DayForm>,
) -> Result<Response, WebError> {
    let date = read_date(&date)?;
    let history = web.store.setting_history(KIND, &date.to_string()).await?;
    let day = match form.read(date, web.desk.calendar().opens()) {
        Ok(day) => day,
        Err(why) => return show(&web, &visitor, date, (&form, &history), Some(why), ""),
    };
    let before = history.first().and_then(read_day);
    put(&web, &visitor, date, (before, day), form.version).await?;
    Ok(Redirect::to(&format!("/admin/calendar/{date}?done=saved")).into_response())
}

/// Keeps a new version of a day and brings it to the running desk.
async fn put(
    web: &Web,
    visitor: &Visitor,
    date: NaiveDate,
    (before, after): (Option<CalendarDay>, Option<CalendarDay>),
    replaces: i64,
) -> Result<(), WebError> {
    if before == after {
        return Ok(());
    }
    let told = |day: Option<&CalendarDay>| Fields::from([("rule".to_owned(), rule_text(day))]);
    let mut entry = visitor.entry(web.desk.now(), Action::CalendarChange, &date.to_string());
    entry.before = told(before.as_ref());
    entry.after = told(after.as_ref());
    let data = after.map(|day| serde_json::to_string(&day)).transpose();
    let version = NewVersion {
        kind: KIND,
        id: date.to_string(),
        replaces,
        data: data.map_err(|_| WebError::Internal("a day cannot be written"))?,
    };
    let mut tx = web.store.begin(entry).await?;
    tx.save_setting(&version).await?;
    tx.commit().await?;
    if web.desk.apply_setup().await {
        Ok(())
    } else {
        Err(WebError::NotInForce)
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct RestoreForm {
    version: i64,
    replaces: i64,
}

pub(crate) async fn restore(
    visitor: Allowed<ManageCalendar>,
    State(web): State<Web>,
    Path(date): Path<String>,
    Form(form): Form<RestoreForm>,
) -> Result<Redirect, WebError> {
    let date = read_date(&date)?;
    let history = web.store.setting_history(KIND, &date.to_string()).await?;
    let wanted = history.iter().find(|one| one.version == form.version);
    let wanted = wanted.ok_or(WebError::NotFound("この変更"))?;
    let days = (history.first().and_then(read_day), read_day(wanted));
    put(&web, &visitor, date, days, form.replaces).await?;
    Ok(Redirect::to(&format!(
        "/admin/calendar/{date}?done=restored"
    )))
}
