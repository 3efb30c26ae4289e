//! The page of a month: how far its report is, what is to be done next, its editions, and what was handed
//! in, sent back and approved.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use madoguchi_core::access::{Permission, ReadFigures};
use madoguchi_core::month::{
    Edition, IncidentCounts, Instruction, LevelFact, Month, RegisterEntry, Remark, RowNote,
    StepKind, SubmissionState, WorkCount, nth_open_day,
};
use madoguchi_core::setup::FieldError;
use madoguchi_reports::month::books::LEDGER_AT_MOST;
use madoguchi_store::TicketSpan;

use super::book::{all_names, book_links};
use super::download::{FileLink, files_of_all, files_of_book};
use super::freeze::waits_until;
use super::list::{changed_editions, is_late};
use super::paths::{HERE, month_path, read_month};
use super::words::{People, date_text, may_write};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::field::Field;
use crate::kit::fields::sections;
use crate::kit::form::{Form, Input, Values};
use crate::query::DoneQuery;
use crate::shell::Shell;
use crate::state::Web;
use crate::text::{self, DateStyle};

#[derive(Template)]
#[template(path = "monthly_month.html")]
struct MonthPage {
    shell: Shell,
    /// 2024-04
    id: String,
    /// Its last day: 2024-04-30
    last: String,
    month: String,
    state: &'static str,
    due: Option<String>,
    /// It is past its day and was not handed in.
    late: bool,
    /// The page of the month; the other pages stand below it.
    place: String,
    /// The books of the month as it is now.
    books: Vec<BookFiles>,
    /// What holds all of them.
    archives: Vec<FileLink>,
    may_write: bool,
    /// The month has ended.
    ended: bool,
    /// The edition since which figures have changed; empty: none has.
    changed: String,
    /// From when on it can be 確定; empty: from now on.
    freezes_from: String,
    may_see_unregistered: bool,
    /// How many tickets the ledger does not hold are to be found elsewhere; empty: it holds all.
    beyond_ledger: String,
    /// What people wrote, counted.
    entries: Vec<EntryLink>,
    editions: Vec<EditionRow>,
    steps: Vec<StepRow>,
    /// The form of the next step, or of the next two.
    next: Option<Form>,
}

struct EntryLink {
    label: &'static str,
    link: String,
    count: usize,
    /// What is still to be written.
    missing: String,
}

struct EditionRow {
    name: String,
    made_at: String,
    made_by: String,
    reason: String,
    program: String,
    sha256: String,
    link: String,
    books: Vec<BookFiles>,
    archives: Vec<FileLink>,
}

/// A book of the month with its files.
struct BookFiles {
    name: String,
    link: String,
    files: Vec<FileLink>,
}

struct StepRow {
    kind: &'static str,
    edition: u32,
    on: String,
    person: String,
    remark: String,
    recorded: String,
}

/// What was typed of a step and not kept.
pub(super) struct Typed<'a> {
    pub(super) values: &'a Values,
    pub(super) faults: &'a [FieldError],
}

pub(super) async fn page(
    visitor: Allowed<ReadFigures>,
    State(web): State<Web>,
    Path(month): Path<String>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, WebError> {
    let month = read_month(&month)?;
    if month > Month::at(web.desk.now()) {
        return Err(WebError::NotFound("この月"));
    }
    show(&web, &visitor, month, &query.done, None).await
}

pub(super) async fn show(
    web: &Web,
    visitor: &Visitor,
    month: Month,
    done: &str,
    typed: Option<Typed<'_>>,
) -> Result<Response, WebError> {
    let now = web.desk.now();
    let dates = web.settings.dates;
    let report = web.store.report_of(month).await?;
    let settings = web.store.report_settings().await?;
    let calendars = web.desk.calendars();
    let first = month.next().first();
    let due = nth_open_day(calendars.desk(), first, settings.due_on_open_day);
    let may_write = may_write(visitor);
    let status = match &typed {
        Some(typed) if !typed.faults.is_empty() => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::OK,
    };
    let running = month == Month::at(now);
    let people = People::load(web).await?;
    let changed = changed_editions(web, (month, month), [&report].into_iter()).await?;
    let changed = report.newest().filter(|one| changed.contains(&one.month));
    let waits = waits_until(web, month).await?;
    let received = TicketSpan {
        from: month.start(),
        until: month.end(),
        cut_off: now,
    };
    let next = may_write.then(|| next_step(web, month, &report, typed));
    let page = MonthPage {
        shell: Shell::new(web, Some(visitor), HERE).done(web, done),
        id: month.to_string(),
        last: month.last().to_string(),
        month: month.name(),
        state: match report.state() {
            SubmissionState::Open if running => "月の途中",
            state => state.label(),
        },
        late: is_late(web, month, &report, due).await?,
        due: due.map(|day| dates.date(day)),
        place: month_path(month),
        books: books(month, ""),
        archives: files_of_all(month, ""),
        may_write,
        ended: !running,
        changed: changed.map(Edition::name).unwrap_or_default(),
        freezes_from: waits.map_or_else(String::new, |until| dates.minute(until)),
        may_see_unregistered: visitor.permissions.contains(Permission::HandleTickets),
        beyond_ledger: beyond_ledger(web.store.count_received(received).await?),
        entries: if may_write {
            entries(web, month).await?
        } else {
            Vec::new()
        },
        editions: editions(month, &report, &people, dates),
        steps: steps(&report, &people, dates),
        next: next.flatten(),
    };
    Ok((status, Html(page.render()?)).into_response())
}

/// What the page says of a month that is too large for 問合せ管理台帳.
fn beyond_ledger(received: u64) -> String {
    let most = LEDGER_AT_MOST as u64;
    if received <= most {
        return String::new();
    }
    format!(
        "問合せ管理台帳は、受付番号の順に{}件までを載せます。この月に受け付けた問合せは{}件です。",
        text::number(most),
        text::number(received)
    )
}

/// What people wrote for the month, and what is missing.
async fn entries(web: &Web, month: Month) -> Result<Vec<EntryLink>, WebError> {
    let store = &web.store;
    let facts = store.month_entries::<LevelFact>(month, month).await?.len();
    let work = store.month_entries::<WorkCount>(month, month).await?.len();
    let incidents = store.month_entries::<IncidentCounts>(month, month).await?;
    let remarks = store.month_entries::<Remark>(month, month).await?.len();
    let instructions = store.month_entries::<Instruction>(month, month).await?;
    let row_notes = store.month_entries::<RowNote>(month, month).await?;
    let improvements = store.improvements(month, month).await?;
    let unwritten = improvements.iter().filter(|one| !one.missing().is_empty());
    let unwritten = match unwritten.count() {
        0 => String::new(),
        count => format!("{count}件に未記入の欄があります"),
    };
    let link = |label: &'static str, path: &str, count: usize| EntryLink {
        label,
        link: format!("{}/{path}", month_path(month)),
        count,
        missing: String::new(),
    };
    Ok(vec![
        link("サービスレベルの事実", "facts", facts),
        link("作業実績", "work", work),
        link("インシデント件数", "incidents", incidents.len()),
        link("指示事項", "instructions", instructions.len()),
        link("対策・原因区分", "row-notes", row_notes.len()),
        EntryLink {
            missing: unwritten,
            ..link("改善状況報告", "improvements", improvements.len())
        },
        link("加筆", "remarks", remarks),
    ])
}

fn editions(
    month: Month,
    report: &RegisterEntry,
    people: &People,
    dates: DateStyle,
) -> Vec<EditionRow> {
    let rows = report.editions.iter().rev().map(|edition| {
        let number = edition.number;
        EditionRow {
            name: edition.name(),
            made_at: dates.minute(edition.made_at),
            made_by: match edition.made_by.as_str() {
                "" => "自動".to_owned(),
                login => people.name(login),
            },
            reason: edition.reason.clone(),
            program: edition.program.clone(),
            sha256: edition.sha256.clone(),
            link: format!("{}/book?edition={number}", month_path(month)),
            books: books(month, &number.to_string()),
            archives: files_of_all(month, &number.to_string()),
        }
    });
    rows.collect()
}

/// The books of an edition; without one, of the month as it is now.
fn books(month: Month, edition: &str) -> Vec<BookFiles> {
    let books = book_links(month, edition, None, all_names()).into_iter();
    let books = books.enumerate().map(|(at, book)| BookFiles {
        name: book.name,
        link: book.link,
        files: files_of_book(month, edition, at),
    });
    books.collect()
}

fn steps(report: &RegisterEntry, people: &People, dates: DateStyle) -> Vec<StepRow> {
    let rows = report.steps.iter().map(|step| StepRow {
        kind: step.kind.label(),
        edition: step.edition,
        on: dates.date(step.on),
        person: step.person.clone(),
        remark: step.remark.clone(),
        recorded: format!(
            "{}　{}",
            dates.minute(step.recorded_at),
            people.name(&step.recorded_by)
        ),
    });
    rows.collect()
}

/// What the form of a step holds; it is read by hand, for it makes no record that could be changed.
struct Step;

/// The form of the step that may be taken next; `None` if there is none.
fn next_step(
    web: &Web,
    month: Month,
    report: &RegisterEntry,
    typed: Option<Typed<'_>>,
) -> Option<Form> {
    let kinds = StepKind::ALL.into_iter();
    let kinds: Vec<_> = kinds.filter(|kind| report.check(*kind).is_ok()).collect();
    let edition = report.newest()?.number;
    let first = *kinds.first()?;
    let seq = report.steps.len() + 1;
    let today = date_text(Some(web.desk.now().date()));
    let begun = Values::of(vec![("on".to_owned(), today)]);
    let (values, faults) = match &typed {
        Some(typed) => (typed.values, typed.faults),
        None => (&begun, &[][..]),
    };
    let field = |input, name: &'static str, label: &'static str| {
        Field::<Step>::custom(input, name, label, |_| String::new(), |_, _| Ok(()))
    };
    let mut fields = Vec::new();
    if kinds.len() > 1 {
        let choices = kinds.iter().map(|kind| (kind.as_str(), kind.label()));
        fields.push(field(Input::Radio, "kind", "機構の回答").choices(choices));
    }
    let person = match first {
        StepKind::Submitted => "受け取った人",
        StepKind::Returned | StepKind::Approved => "差戻し・承認をした人",
    };
    fields.push(field(Input::Text, "on", "日付").required());
    fields.push(field(Input::Text, "person", person).required());
    fields
        .push(field(Input::Area, "remark", "備考").hint("差戻しのときは、理由を必ず記入します。"));
    let action = match kinds.as_slice() {
        [only] => format!("{}/steps?kind={}", month_path(month), only.as_str()),
        _ => format!("{}/steps", month_path(month)),
    };
    let action = match action.contains('?') {
        true => format!("{action}&seq={seq}&edition={edition}"),
        false => format!("{action}?seq={seq}&edition={edition}"),
    };
    let mut form = Form::new(action, 0, sections(&fields, values, None), faults);
    form.submit = match first {
        StepKind::Submitted => "提出を記録する",
        StepKind::Returned | StepKind::Approved => "回答を記録する",
    };
    Some(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_that_is_too_large_for_the_ledger_says_so() {
        assert_eq!(beyond_ledger(LEDGER_AT_MOST as u64), "");
        let told = beyond_ledger(100_000);
        assert!(
            told.contains("10,000件まで") && told.contains("100,000件"),
            "{told}"
        );
    }
}
