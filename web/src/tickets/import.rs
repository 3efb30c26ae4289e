//! The ledger of a predecessor on a screen: the file is brought, its columns are told apart, what it would
//! do is shown, and then it is taken in.

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_core::access::ImportTickets;
use madoguchi_core::audit::Action;
use madoguchi_core::ledger::{Columns, LEDGER_NAME_LETTERS, LedgerField};
use madoguchi_core::roster::RowFault;
use madoguchi_reports::sheet::SheetError;
use madoguchi_store::{LedgerFile, LedgerOutcome, LedgerReading};
use serde::Deserialize;

use super::lookup::HERE;
use crate::auth::access::Allowed;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::ledger::{LedgerFault, LedgerImport, LedgerLimits, beginning, words};
use crate::limits::FileUse;
use crate::query::{Choice, escape};
use crate::shell::Shell;
use crate::state::Web;
use crate::upload::TypedForm;

/// What is taken on a screen; more at the command line.
const LIMITS: LedgerLimits = LedgerLimits {
    rows: 20_000,
    unfolded: 64 * 1024 * 1024,
};
/// Faults that are shown one by one.
const SHOWN: usize = 50;
/// Letters of the first row that stand beside a head.
const EXAMPLE_LETTERS: usize = 40;
/// The longest name of a file that is kept.
const NAME_LETTERS: usize = 200;
/// Above a form with a fault at one of its fields.
const NOT_TAKEN: &str = "取り込んでいません。入力を確認してください。";

#[derive(Template)]
#[template(path = "ticket_import.html")]
struct ImportPage {
    shell: Shell,
    /// Why what was brought or chosen cannot be taken.
    refused: Option<String>,
    /// What is wrong with the name of the ledger, and with the file.
    ledger_fault: Option<String>,
    file_fault: Option<String>,
    file_most: usize,
    ledger: String,
    ledgers: Vec<String>,
    check: Option<Check>,
}

/// What is to be looked at before a file is taken.
struct Check {
    id: String,
    file: String,
    columns: Vec<ColumnRow>,
    /// What columns are missing.
    missing: String,
    plan: Option<Plan>,
}

/// A column of the file.
struct ColumnRow {
    at: usize,
    head: String,
    example: String,
    choices: Vec<Choice>,
}

/// What a file would do.
struct Plan {
    new: usize,
    changed: usize,
    same: usize,
    faults: Vec<String>,
    more_faults: usize,
}

impl From<LedgerOutcome> for Plan {
    fn from(outcome: LedgerOutcome) -> Self {
        let count = outcome.fault_count();
        let faults = outcome.faults.iter().take(SHOWN);
        Self {
            new: outcome.new,
            changed: outcome.changed,
            same: outcome.same,
            faults: faults.map(RowFault::sentence).collect(),
            more_faults: count.saturating_sub(SHOWN),
        }
    }
}

/// A file that was brought, and the ledger that it is of.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CheckQuery {
    id: String,
    ledger: String,
}

pub(super) async fn page(
    visitor: Allowed<ImportTickets>,
    State(web): State<Web>,
) -> Result<Response, WebError> {
    show(&web, &visitor, ("", None), None).await
}

/// Why the page is shown again, and at which field.
enum Refused {
    Ledger(String),
    File(StatusCode, String),
    Columns(String),
}

impl Refused {
    fn file(why: String) -> Self {
        Self::File(StatusCode::UNPROCESSABLE_ENTITY, why)
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::File(status, _) => *status,
            Self::Ledger(_) | Self::Columns(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

async fn show(
    web: &Web,
    visitor: &Visitor,
    (ledger, refused): (&str, Option<Refused>),
    check: Option<Check>,
) -> Result<Response, WebError> {
    let status = refused.as_ref().map_or(StatusCode::OK, Refused::status);
    let (refused, ledger_fault, file_fault) = match refused {
        None => (None, None, None),
        Some(Refused::Columns(why)) => (Some(why), None, None),
        Some(Refused::Ledger(why)) => (Some(NOT_TAKEN.to_owned()), Some(why), None),
        Some(Refused::File(_, why)) => (Some(NOT_TAKEN.to_owned()), None, Some(why)),
    };
    let page = ImportPage {
        shell: Shell::new(web, Some(visitor), HERE),
        refused,
        ledger_fault,
        file_fault,
        file_most: FileUse::Import.file_bytes(),
        ledger: ledger.to_owned(),
        ledgers: web.store.ledgers().await?,
        check,
    };
    Ok((status, Html(page.render()?)).into_response())
}

/// Keeps the file for who brings it, and shows what is in it.
pub(super) async fn bring(
    visitor: Allowed<ImportTickets>,
    State(web): State<Web>,
    TypedForm { form, fault }: TypedForm,
) -> Result<Response, WebError> {
    let ledger = form.text("ledger").trim().to_owned();
    if let Some(fault) = fault {
        let why = Refused::File(fault.status(), fault.message());
        return show(&web, &visitor, (&ledger, Some(why)), None).await;
    }
    let letters = ledger.chars().count();
    if !(1..=LEDGER_NAME_LETTERS).contains(&letters) {
        let why = format!("台帳の名前を{LEDGER_NAME_LETTERS}文字以内で入力してください。");
        let why = Refused::Ledger(why);
        return show(&web, &visitor, (&ledger, Some(why)), None).await;
    }
    let content = form.content.clone();
    let read = tokio::task::spawn_blocking(move || beginning(&content, LIMITS)).await;
    let read = read.map_err(|_| WebError::Internal("a ledger could not be read"))?;
    let heads = read
        .map(|(heads, _)| heads)
        .map_err(|error| refusal(&error));
    let empty = || "ファイルに行がありません。".to_owned();
    if let Err(why) = heads.and_then(|heads| heads.first().map(drop).ok_or_else(empty)) {
        let why = Refused::file(why);
        return show(&web, &visitor, (&ledger, Some(why)), None).await;
    }
    let file = LedgerFile {
        id: token::new_id(),
        name: form.name.chars().take(NAME_LETTERS).collect(),
        content: STANDARD.encode(&form.content),
    };
    let now = web.desk.now();
    let mut tx = web.store.begin_unrecorded().await?;
    tx.keep_ledger_file(&visitor.user.id, &file, now).await?;
    tx.commit().await?;
    let (id, ledger) = (escape(&file.id), escape(&ledger));
    let place = format!("{HERE}/import/check?id={id}&ledger={ledger}");
    Ok(Redirect::to(&place).into_response())
}

fn refusal(error: &SheetError) -> String {
    match error {
        SheetError::Broken(_) => {
            "ファイルを読み取れません。Excel（.xlsx）かCSVで保存し直してください。".to_owned()
        }
        SheetError::TooLarge | SheetError::TooManyRows(_) => format!(
            "画面で一度に取り込めるのは{}行までです。ファイルを分けるか、コマンドで取り込んでください。",
            LIMITS.rows
        ),
    }
}

/// A file that was brought, opened.
struct Opened {
    id: String,
    name: String,
    content: Bytes,
    heads: Vec<String>,
    first: Vec<String>,
}

async fn open(web: &Web, visitor: &Visitor, id: &str) -> Result<Opened, WebError> {
    let now = web.desk.now();
    let file = web
        .store
        .lookup_ledger_file(&visitor.user.id, id, now)
        .await?;
    let gone = || {
        let message = "選んだファイルは、もう残っていません。ファイルを選び直してください。";
        WebError::Conflict(message.to_owned())
    };
    let file = file.ok_or_else(gone)?;
    let content = STANDARD.decode(&file.content).map_err(|_| gone())?;
    let content = Bytes::from(content);
    let again = content.clone();
    let read = tokio::task::spawn_blocking(move || beginning(&again, LIMITS)).await;
    let read = read.map_err(|_| WebError::Internal("a ledger could not be read"))?;
    let (heads, first) = read.map_err(|error| WebError::BadRequest(refusal(&error)))?;
    Ok(Opened {
        id: file.id,
        name: file.name,
        content,
        heads,
        first,
    })
}

/// Shows what a file would do, with its columns as they are guessed or were said before.
pub(super) async fn check(
    visitor: Allowed<ImportTickets>,
    State(web): State<Web>,
    Query(query): Query<CheckQuery>,
) -> Result<Response, WebError> {
    let file = open(&web, &visitor, &query.id).await?;
    let mapping = web.store.ledger_mapping(&query.ledger).await?;
    let columns = mapping.columns(&file.heads);
    show_check(&web, &visitor, (&query.ledger, None), (file, columns)).await
}

/// The same with the columns as somebody says.
pub(super) async fn check_again(
    visitor: Allowed<ImportTickets>,
    State(web): State<Web>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let sent = Sent::of(pairs);
    let file = open(&web, &visitor, &sent.id).await?;
    let (columns, why) = sent.columns(&file.heads);
    show_check(&web, &visitor, (&sent.ledger, why), (file, columns)).await
}

/// What the form of the columns sends.
struct Sent {
    id: String,
    ledger: String,
    fields: Vec<(usize, Option<LedgerField>)>,
}

impl Sent {
    fn of(pairs: Vec<(String, String)>) -> Self {
        let mut sent = Self {
            id: String::new(),
            ledger: String::new(),
            fields: Vec::new(),
        };
        for (name, value) in pairs {
            match name.as_str() {
                "id" => sent.id = value,
                "ledger" => sent.ledger = value,
                name => {
                    let at = name.strip_prefix("column-").and_then(|at| at.parse().ok());
                    sent.fields
                        .extend(at.map(|at| (at, LedgerField::lookup(&value))));
                }
            }
        }
        sent
    }

    /// The columns, or what is wrong with them and the columns as they are guessed.
    fn columns(&self, heads: &[String]) -> (Columns, Option<String>) {
        let said = |at: usize| {
            let found = self.fields.iter().find(|(place, _)| *place == at);
            found.and_then(|(_, field)| *field)
        };
        let fields: Vec<_> = (0..heads.len()).map(said).collect();
        match Columns::new(heads.to_vec(), fields) {
            Ok(columns) => (columns, None),
            Err(field) => {
                let why = format!(
                    "「{}」を2つの列に選んでいます。1つの列だけにしてください。",
                    field.label()
                );
                (Columns::default(), Some(why))
            }
        }
    }
}

async fn show_check(
    web: &Web,
    visitor: &Visitor,
    (ledger, why): (&str, Option<String>),
    (file, columns): (Opened, Columns),
) -> Result<Response, WebError> {
    let columns = match &why {
        Some(_) => web.store.ledger_mapping(ledger).await?.columns(&file.heads),
        None => columns,
    };
    let missing: Vec<_> = columns
        .missing()
        .into_iter()
        .map(LedgerField::label)
        .collect();
    let plan = if missing.is_empty() && why.is_none() {
        let import = import(web, ledger, &file, columns.clone()).await?;
        match import.plan().await {
            Ok(outcome) => Some(Plan::from(outcome)),
            Err(LedgerFault::File(error)) => {
                return Err(WebError::BadRequest(refusal(&error)));
            }
            Err(error) => return Err(failed(error)),
        }
    } else {
        None
    };
    let rows = columns.list().enumerate().map(|(at, (head, field))| {
        let example = file.first.get(at).map_or("", String::as_str);
        let all = LedgerField::ALL.map(|one| (one.as_str(), one.label()));
        let all = [("", "取り込まない")].into_iter().chain(all);
        ColumnRow {
            at,
            head: head.to_owned(),
            example: example.chars().take(EXAMPLE_LETTERS).collect(),
            choices: Choice::list(all, field.map_or("", LedgerField::as_str)),
        }
    });
    let check = Check {
        columns: rows.collect(),
        missing: missing.join("、"),
        plan,
        id: file.id,
        file: file.name,
    };
    let why = why.map(Refused::Columns);
    show(web, visitor, (ledger, why), Some(check)).await
}

async fn import<'w>(
    web: &'w Web,
    ledger: &str,
    file: &Opened,
    columns: Columns,
) -> Result<LedgerImport<'w>, WebError> {
    Ok(LedgerImport {
        store: &web.store,
        reading: LedgerReading {
            ledger: ledger.to_owned(),
            words: words(&web.store, &web.desk.setup().categories).await?,
            columns,
            at: web.desk.now(),
        },
        file: file.content.clone(),
        limits: LIMITS,
    })
}

fn failed(error: LedgerFault) -> WebError {
    match error {
        LedgerFault::Store(error) => error.into(),
        LedgerFault::File(_) | LedgerFault::Reader => {
            WebError::Internal("a ledger could not be read")
        }
    }
}

/// Takes the file in. Sent twice, it changes nothing more.
pub(super) async fn apply(
    visitor: Allowed<ImportTickets>,
    State(web): State<Web>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let sent = Sent::of(pairs);
    let file = open(&web, &visitor, &sent.id).await?;
    let (columns, why) = sent.columns(&file.heads);
    let letters = sent.ledger.chars().count();
    let is_named = (1..=LEDGER_NAME_LETTERS).contains(&letters);
    if why.is_some() || !columns.missing().is_empty() || !is_named {
        return show_check(&web, &visitor, (&sent.ledger, why), (file, columns)).await;
    }
    let mut entry = visitor.entry(web.desk.now(), Action::TicketImport, &sent.ledger);
    entry.after.insert("file".to_owned(), file.name.clone());
    let import = import(&web, &sent.ledger, &file, columns).await?;
    let taken = import.take(entry, Some(&visitor.user.id)).await;
    taken.map_err(failed)?;
    Ok(Redirect::to(&format!("{HERE}?done=ledger-imported")).into_response())
}
