//! 公表値: the totals of earlier months as somebody published them, brought from a file: shown first, then
//! taken in.

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::{ManageReports, ReadFigures};
use madoguchi_core::audit::Action;
use madoguchi_core::month::{PublishedFile, PublishedMonth, read_published};
use madoguchi_core::roster::RowFault;
use madoguchi_reports::rows::rows;
use madoguchi_reports::sheet::SheetError;

use super::paths::HERE;
use super::words::may_write;
use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::limits::FileUse;
use crate::query::DoneQuery;
use crate::shell::Shell;
use crate::state::Web;
use crate::text;
use crate::upload::TypedForm;

/// Rows of one file: more than a hundred years.
const ROWS: usize = 2_000;
/// Faults that are shown one by one.
const SHOWN: usize = 50;
/// Letters of the name of a file that is kept as the source.
const NAME_LETTERS: usize = 100;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/monthly/published", list)
        .get("/monthly/published/import", page)
        .upload("/monthly/published/import", FileUse::Import, preview)
        .upload("/monthly/published/import/apply", FileUse::Import, apply)
}

#[derive(Template)]
#[template(path = "monthly_published.html")]
struct ListPage {
    shell: Shell,
    may_import: bool,
    rows: Vec<Row>,
}

/// A month as it was published.
struct Row {
    month: String,
    offered: String,
    answered: String,
    answer_rate: String,
    first_unanswered: String,
    first_answer_rate: String,
    escalations: String,
    resolution_rate: String,
    source: String,
    what: &'static str,
}

impl Row {
    fn of(month: &PublishedMonth, what: &'static str) -> Self {
        let counts = month.counts;
        Self {
            month: month.month.name(),
            offered: text::number(counts.offered),
            answered: text::number(counts.answered),
            answer_rate: month.answer_rate.clone(),
            first_unanswered: text::number(counts.first_unanswered),
            first_answer_rate: month.first_answer_rate.clone(),
            escalations: text::number(counts.escalations),
            resolution_rate: month.resolution_rate.clone(),
            source: month.source.clone(),
            what,
        }
    }
}

async fn list(
    visitor: Allowed<ReadFigures>,
    State(web): State<Web>,
    Query(query): Query<DoneQuery>,
) -> Result<Html<String>, WebError> {
    let months = web.store.published_months().await?;
    let page = ListPage {
        shell: Shell::new(&web, Some(&visitor), HERE).done(&web, &query.done),
        may_import: may_write(&visitor),
        rows: months
            .iter()
            .rev()
            .map(|month| Row::of(month, ""))
            .collect(),
    };
    Ok(Html(page.render()?))
}

#[derive(Template)]
#[template(path = "monthly_published_import.html")]
struct ImportPage {
    shell: Shell,
    /// Why the file cannot be taken at all.
    refused: Option<String>,
    plan: Option<Plan>,
    /// The largest file, in bytes.
    file_most: usize,
}

/// What a file would do.
struct Plan {
    faults: Vec<String>,
    more_faults: usize,
    new: usize,
    changed: usize,
    same: usize,
    rows: Vec<Row>,
    /// The months, to be sent once more.
    lines: String,
}

async fn page(
    visitor: Allowed<ManageReports>,
    State(web): State<Web>,
) -> Result<Response, WebError> {
    show(&web, &visitor, None, None)
}

fn show(
    web: &Web,
    visitor: &Visitor,
    refused: Option<(StatusCode, String)>,
    plan: Option<Plan>,
) -> Result<Response, WebError> {
    let (status, refused) =
        refused.map_or((StatusCode::OK, None), |(status, why)| (status, Some(why)));
    let page = ImportPage {
        shell: Shell::new(web, Some(visitor), HERE),
        refused,
        plan,
        file_most: FileUse::Import.file_bytes(),
    };
    Ok((status, Html(page.render()?)).into_response())
}

/// Shows what a file would do. Nothing is kept yet.
async fn preview(
    visitor: Allowed<ManageReports>,
    State(web): State<Web>,
    TypedForm { form, fault }: TypedForm,
) -> Result<Response, WebError> {
    if let Some(fault) = fault {
        return show(
            &web,
            &visitor,
            Some((fault.status(), fault.message())),
            None,
        );
    }
    let name: String = form.name.chars().take(NAME_LETTERS).collect();
    let content = form.content;
    let read = tokio::task::spawn_blocking(move || read(&content, &name)).await;
    let read = read.map_err(|_| WebError::Internal("a file of months could not be read"))?;
    match read {
        Ok((file, unreadable)) => {
            let plan = plan(&web, &file, &unreadable).await?;
            show(&web, &visitor, None, Some(plan))
        }
        Err(why) => {
            let refused = (StatusCode::UNPROCESSABLE_ENTITY, why);
            show(&web, &visitor, Some(refused), None)
        }
    }
}

/// The months of a file, and the rows with letters that cannot be read.
fn read(file: &Bytes, name: &str) -> Result<(PublishedFile, Vec<usize>), String> {
    let read = rows(file, ROWS + 1).map_err(|error| match error {
        SheetError::Broken(_) => {
            "ファイルを読み取れません。Excel（.xlsx）かCSVで保存し直してください。".to_owned()
        }
        SheetError::TooLarge | SheetError::TooManyRows(_) => {
            format!("一度に取り込めるのは{ROWS}行までです。ファイルを分けてください。")
        }
    })?;
    Ok((read_published(&read.rows, name)?, read.unreadable))
}

async fn plan(web: &Web, file: &PublishedFile, unreadable: &[usize]) -> Result<Plan, WebError> {
    let known = web.store.published_months().await?;
    let (mut new, mut changed, mut same) = (0, 0, 0);
    let mut shown = Vec::new();
    let mut lines = String::new();
    for month in &file.months {
        let what = match known.iter().find(|known| known.month == month.month) {
            None => {
                new += 1;
                "追加"
            }
            Some(known) if known == month => {
                same += 1;
                "変更なし"
            }
            Some(_) => {
                changed += 1;
                "変更"
            }
        };
        shown.push(Row::of(month, what));
        let line = serde_json::to_string(month);
        lines += &line.map_err(|_| WebError::Internal("a month could not be written"))?;
        lines.push('\n');
    }
    let letters = unreadable.iter().map(|row| {
        format!("{row}行目に、読み取れない文字があります。UTF-8かシフトJISで保存し直すと、正しく取り込めます。")
    });
    let faults: Vec<_> = letters
        .chain(file.faults.iter().map(RowFault::sentence))
        .collect();
    Ok(Plan {
        more_faults: faults.len().saturating_sub(SHOWN),
        faults: faults.into_iter().take(SHOWN).collect(),
        new,
        changed,
        same,
        rows: shown,
        lines,
    })
}

/// Takes the months in, all or none. Sent twice, it changes nothing more.
async fn apply(
    visitor: Allowed<ManageReports>,
    State(web): State<Web>,
    TypedForm { form, fault }: TypedForm,
) -> Result<Response, WebError> {
    if let Some(fault) = fault {
        return show(
            &web,
            &visitor,
            Some((fault.status(), fault.message())),
            None,
        );
    }
    let lines = form.text("lines").lines();
    let lines = lines.filter(|line| !line.trim().is_empty());
    let months: Result<Vec<PublishedMonth>, _> = lines.map(serde_json::from_str).collect();
    let months = months.ok().filter(|months| !months.is_empty());
    let months = months.filter(|months| months.len() <= ROWS && months.iter().all(is_sound));
    let Some(months) = months else {
        let message = "送られた内容を読み取れません。もう一度ファイルを選んでください。";
        return Err(WebError::BadRequest(message.to_owned()));
    };
    let mut entry = visitor.entry(web.desk.now(), Action::PublishedImport, "");
    entry
        .after
        .insert("records".to_owned(), months.len().to_string());
    let mut tx = web.store.begin(entry).await?;
    let outcome = tx.save_published_months(&months).await?;
    tx.describe("new", outcome.new.to_string());
    tx.describe("changed", outcome.changed.to_string());
    tx.commit().await?;
    Ok(Redirect::to("/monthly/published?done=published-imported").into_response())
}

/// Whether it is what a file could have said.
fn is_sound(month: &PublishedMonth) -> bool {
    let counts = month.counts;
    let texts = [
        &month.answer_rate,
        &month.first_answer_rate,
        &month.resolution_rate,
        &month.source,
    ];
    counts.answered <= counts.offered
        && counts.first_unanswered <= counts.answered
        && texts
            .iter()
            .all(|text| text.chars().count() <= NAME_LETTERS)
}
