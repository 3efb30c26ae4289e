//! People from a file that somebody brings: shown first, then taken in.

use std::collections::BTreeMap;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::ManagePeople;
use madoguchi_core::audit::Action;
use madoguchi_core::id::PersonId;
use madoguchi_core::person::Person;
use madoguchi_core::roster::{self, Roster};
use madoguchi_reports::rows::rows;
use madoguchi_reports::sheet::SheetError;

use super::paths::HERE;
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::value::YES;
use crate::limits::FileUse;
use crate::shell::Shell;
use crate::state::Web;
use crate::upload::TypedForm;

/// Rows of one file.
const ROWS: usize = 50_000;
/// Faults and people that are shown one by one.
const SHOWN: usize = 50;
/// People that are compared with what is known of them at once.
const AT_ONCE: usize = 500;

#[derive(Template, Default)]
#[template(path = "people_import.html")]
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
    repeated: usize,
    examples: Vec<String>,
    /// The people, to be sent once more.
    lines: String,
}

pub(super) async fn page(
    visitor: Allowed<ManagePeople>,
    State(web): State<Web>,
) -> Result<Html<String>, WebError> {
    show(&web, &visitor, None, None)
}

fn show(
    web: &Web,
    visitor: &Visitor,
    refused: Option<String>,
    plan: Option<Plan>,
) -> Result<Html<String>, WebError> {
    let page = ImportPage {
        shell: Shell::new(web, Some(visitor), HERE),
        refused,
        plan,
        file_most: FileUse::Import.file_bytes(),
    };
    Ok(Html(page.render()?))
}

/// The form once more, with why what it brought cannot be read to its end.
fn show_fault(web: &Web, visitor: &Visitor, fault: &WebError) -> Result<Response, WebError> {
    let (status, why) = (fault.status(), fault.message());
    Ok((status, show(web, visitor, Some(why), None)?).into_response())
}

/// Shows what a file would do. Nothing is kept yet.
pub(super) async fn preview(
    visitor: Allowed<ManagePeople>,
    State(web): State<Web>,
    TypedForm { form, fault }: TypedForm,
) -> Result<Response, WebError> {
    if let Some(fault) = fault {
        return show_fault(&web, &visitor, &fault);
    }
    let content = form.content;
    let read = tokio::task::spawn_blocking(move || read(&content)).await;
    let read = read.map_err(|_| WebError::Internal("a file of people could not be read"))?;
    let (roster, unreadable) = match read {
        Ok(read) => read,
        Err(refused) => {
            let page = show(&web, &visitor, Some(refused), None)?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let plan = plan(&web, roster, &unreadable).await?;
    Ok(show(&web, &visitor, None, Some(plan))?.into_response())
}

/// The people of a workbook or of CSV in UTF-8 or CP932, and the rows with letters that cannot be read.
fn read(file: &Bytes) -> Result<(Roster, Vec<usize>), String> {
    let too_many = || format!("一度に取り込めるのは{ROWS}行までです。ファイルを分けてください。");
    let refused = |error| match error {
        SheetError::Broken(_) => {
            "ファイルを読み取れません。Excel（.xlsx）かCSVで保存し直してください。".to_owned()
        }
        SheetError::TooLarge | SheetError::TooManyRows(_) => too_many(),
    };
    let read = rows(file, ROWS + 1).map_err(refused)?;
    Ok((roster::read(&read.rows)?, read.unreadable))
}

async fn plan(web: &Web, roster: Roster, unreadable: &[usize]) -> Result<Plan, WebError> {
    let known = known(web, &roster.people).await?;
    let (mut new, mut changed, mut same) = (0, 0, 0);
    let mut examples = Vec::new();
    let mut lines = String::new();
    for person in &roster.people {
        let what = match known.get(&person.id) {
            None => {
                new += 1;
                "追加"
            }
            Some(before) if before == person => {
                same += 1;
                ""
            }
            Some(_) => {
                changed += 1;
                "変更"
            }
        };
        if !what.is_empty() && examples.len() < SHOWN {
            examples.push(format!(
                "{what}　{}　{}　{}",
                person.id, person.name, person.site
            ));
        }
        let line = serde_json::to_string(person);
        lines += &line.map_err(|_| WebError::Internal("a person could not be written"))?;
        lines.push('\n');
    }
    let letters = unreadable.iter().map(|row| {
        format!("{row}行目に、読み取れない文字があります。UTF-8かシフトJISで保存し直すと、正しく取り込めます。")
    });
    let faults = roster.faults.iter().map(roster::RowFault::sentence);
    let faults: Vec<_> = letters.chain(faults).collect();
    Ok(Plan {
        more_faults: faults.len().saturating_sub(SHOWN),
        faults: faults.into_iter().take(SHOWN).collect(),
        new,
        changed,
        same,
        repeated: roster.repeated,
        examples,
        lines,
    })
}

/// What is known of these people.
async fn known(web: &Web, people: &[Person]) -> Result<BTreeMap<PersonId, Person>, WebError> {
    let mut known = BTreeMap::new();
    for some in people.chunks(AT_ONCE) {
        let ids: Vec<_> = some.iter().map(|person| &person.id).collect();
        let found = web.store.people_of_ids(&ids).await?;
        known.extend(found.into_iter().map(|person| (person.id.clone(), person)));
    }
    Ok(known)
}

/// Takes the people in, all or none. Sent twice, it changes nothing more. The form comes in parts, in
/// which a letter takes no more room than it did in the file.
pub(super) async fn apply(
    visitor: Allowed<ManagePeople>,
    State(web): State<Web>,
    TypedForm { form, fault }: TypedForm,
) -> Result<Response, WebError> {
    if let Some(fault) = fault {
        return show_fault(&web, &visitor, &fault);
    }
    let lines = form.text("lines").lines();
    let lines = lines.filter(|line| !line.trim().is_empty());
    let people: Result<Vec<Person>, _> = lines.map(serde_json::from_str).collect();
    let wrong = || {
        WebError::BadRequest(
            "送られた内容を読み取れません。もう一度ファイルを選んでください。".to_owned(),
        )
    };
    let people = people.map_err(|_| wrong())?;
    if people.is_empty() || people.iter().any(|person| !person.faults().is_empty()) {
        return Err(wrong());
    }
    let now = web.desk.now();
    let mut entry = visitor.entry(now, Action::PeopleImport, "");
    entry
        .after
        .insert("records".to_owned(), people.len().to_string());
    let mut tx = web.store.begin(entry).await?;
    tx.save_people(&people, now).await?;
    if form.text("others_left") == YES {
        let left = tx.mark_people_left(now).await?;
        tx.describe("left", left.to_string());
    }
    tx.commit().await?;
    Ok(Redirect::to(&format!("{HERE}?done=people-imported")).into_response())
}
