//! A large list as a file: a workbook, CSV or JSON. Rows are read some at a time and sent on, so that
//! memory does not grow with them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::Response;
use futures::stream::{self, Stream};
use madoguchi_reports::stream::{RowText, TextFormat};
use madoguchi_reports::table::{Cell, Column as Head, ReportError};
use madoguchi_store::{Start, StoreError};

use super::book_file::BookFile;
use super::table::{Column, Listing};
use super::table_filter::Pairs;
use super::table_question::Question;
use crate::auth::access::Allowed;
use crate::download;
use crate::error::WebError;
use crate::state::Web;
use crate::text;

/// Rows that are read at once.
const AT_ONCE: u32 = 1_000;
/// Rows of one file; a longer list has to be divided, which the page says.
const AT_MOST: u32 = 200_000;

#[derive(Clone, Copy)]
enum Format {
    Workbook,
    Text(TextFormat),
}

/// Formats: in addresses, of files, and what the browser is told.
const FORMATS: [(&str, Format, &str, &str); 4] = [
    (
        "xlsx",
        Format::Workbook,
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    (
        "csv",
        Format::Text(TextFormat::Csv),
        "csv",
        "text/csv; charset=utf-8",
    ),
    (
        "cp932",
        Format::Text(TextFormat::Cp932),
        "csv",
        "text/csv; charset=Shift_JIS",
    ),
    (
        "json",
        Format::Text(TextFormat::Json),
        "json",
        "application/json",
    ),
];

/// The rows of a list, some at a time.
struct Rows<L: Listing> {
    web: Web,
    filter: L::Filter,
    columns: Vec<&'static Column<L>>,
    context: L::Context,
}

impl<L: Listing> Rows<L> {
    /// The rows from here on, and where the next ones begin.
    async fn read(&self, start: Start) -> Result<(Vec<Vec<Cell>>, Option<Start>), StoreError> {
        let page = L::page(&self.web, &self.filter, start, AT_ONCE).await?;
        let rows = page.rows.iter().map(|row| {
            let cells = self.columns.iter();
            let cells = cells.map(|column| (column.value)(row, &self.context).cell());
            cells.collect()
        });
        Ok((rows.collect(), page.after.map(Start::After)))
    }
}

pub(crate) async fn download<L: Listing>(
    visitor: Allowed<L::Permit>,
    State(web): State<Web>,
    Query(pairs): Query<Pairs>,
) -> Result<Response, WebError> {
    let question = Question::<L>::read(&web, &visitor, pairs)?;
    let wanted = match question.passing("format") {
        "" => "xlsx",
        format => format,
    };
    let known = FORMATS.iter().find(|(name, ..)| *name == wanted);
    let (_, format, end, kind) = known
        .ok_or_else(|| WebError::BadRequest("ファイルの形式を選び直してください。".to_owned()))?;
    let for_programs = match question.passing("heads") {
        "" | "label" => *end == "json",
        "key" => true,
        _ => {
            let message = "見出しの言葉を選び直してください。";
            return Err(WebError::BadRequest(message.to_owned()));
        }
    };
    let name = format!("{}.{end}", L::INFO.name);
    record::<L>(&web, &visitor, &question, &name).await?;
    let heads = question.columns.iter().map(|column| Head {
        name: if for_programs {
            column.key.into()
        } else {
            column.with_unit.into()
        },
        width: column.width,
    });
    let heads: Vec<_> = heads.collect();
    let rows = Rows::<L> {
        context: L::context(&web),
        web,
        filter: question.filter,
        columns: question.columns,
    };
    let body = match *format {
        Format::Text(format) => {
            let names = heads.into_iter().map(|head| head.name).collect();
            Body::from_stream(text_file(rows, RowText::new(format, names)))
        }
        Format::Workbook => workbook_file(rows, heads).await?,
    };
    Ok(download::saved_file(kind, &name, body))
}

/// Records that the list is taken out, and how much of it, before it is.
async fn record<L: Listing>(
    web: &Web,
    visitor: &Allowed<L::Permit>,
    question: &Question<L>,
    name: &str,
) -> Result<(), WebError> {
    let count = L::count(web, &question.filter, AT_MOST + 1).await?;
    if count > u64::from(AT_MOST) {
        return Err(WebError::BadRequest(format!(
            "一度に出力できるのは{}{}までです。条件を絞って、分けて出力してください。",
            text::number(u64::from(AT_MOST)),
            L::INFO.unit
        )));
    }
    let mut entry = visitor.entry(web.desk.now(), L::EXPORTED, L::INFO.name);
    entry.after = L::recorded(web, &question.asked)?;
    entry.after.insert("records".to_owned(), count.to_string());
    entry.after.insert("file".to_owned(), name.to_owned());
    web.store.append_audit(&[entry]).await?;
    Ok(())
}

/// Why a file ends before its end.
#[derive(Debug, thiserror::Error)]
enum FileError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Report(#[from] ReportError),
}

enum Step {
    Head,
    Rows(Start),
    More(Start),
    Foot,
    End,
}

fn text_file<L: Listing>(
    rows: Rows<L>,
    text: RowText,
) -> impl Stream<Item = Result<Vec<u8>, FileError>> {
    let source = Arc::new((rows, text));
    stream::try_unfold(Step::Head, move |step| {
        let source = Arc::clone(&source);
        async move {
            let (rows, text) = &*source;
            let (mut piece, start) = match step {
                Step::Head => return Ok(Some((text.head()?, Step::Rows(Start::First)))),
                Step::Rows(start) => (Vec::new(), start),
                Step::More(start) => (text.between().to_vec(), start),
                Step::Foot => return Ok(Some((text.foot().to_vec(), Step::End))),
                Step::End => return Ok(None),
            };
            let (read, next) = rows.read(start).await?;
            piece.extend(text.rows(&read)?);
            Ok(Some((piece, next.map_or(Step::Foot, Step::More))))
        }
    })
}

/// A workbook of the rows. It is whole before any of it is sent.
async fn workbook_file<L: Listing>(rows: Rows<L>, heads: Vec<Head>) -> Result<Body, WebError> {
    let book = BookFile::begin(L::INFO.title, heads);
    let mut next = Some(Start::First);
    while let Some(start) = next {
        let (read, after) = rows.read(start).await?;
        if !book.add(read).await {
            break;
        }
        next = after;
    }
    book.finish().await
}
