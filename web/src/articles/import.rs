//! Articles from a file that somebody brings, or the sections of a manual: shown first, then taken in as drafts,
//! which are reviewed as all others.

mod plan;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::EditArticles;
use madoguchi_core::article::{Article, Content, Line};
use madoguchi_core::audience::Audience;
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::id::ArticleId;
use madoguchi_reports::manual as manuals;
use madoguchi_reports::sheet::{self, SheetError};

use self::plan::{LINES, Plan, left, plan, too_many};
use super::differences::{Line as Difference, differences};
use super::lookup::{HERE, category_names};
use super::{manual, workbook};
use crate::auth::access::Allowed;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::library::name;
use crate::library::store::by_name;
use crate::limits::FileUse;
use crate::query::{Choice, escape};
use crate::shell::Shell;
use crate::state::Web;
use crate::text;
use crate::upload::{FileForm, TypedForm};
use madoguchi_reports::markdown;

/// Faults, new and changed articles that are shown one by one.
const SHOWN: usize = 50;
/// So much of a new article is shown, in letters.
const BEGINNING: usize = 80;

#[derive(Template, Default)]
#[template(path = "article_import.html")]
struct ImportPage {
    shell: Shell,
    faults: Vec<String>,
    more_faults: usize,
    plan: Option<Shown>,
    manual_title: String,
    /// The largest file, in bytes.
    file_most: usize,
    categories: Vec<Choice>,
    audiences: Vec<Choice>,
}

/// What was chosen for a manual.
#[derive(Default)]
struct Chosen {
    title: String,
    category: String,
    audience: String,
}

impl Chosen {
    fn of(upload: &FileForm) -> Self {
        Self {
            title: upload.text("title").to_owned(),
            category: upload.text("category").to_owned(),
            audience: upload.text("audience").to_owned(),
        }
    }
}

/// What would be done.
struct Shown {
    lines: String,
    /// What each asks, and how it answers.
    new: Vec<(String, String)>,
    more_new: usize,
    changed: Vec<(String, Vec<Difference>)>,
    more_changed: usize,
    same: usize,
    /// Sections of the manual that readers see and the file does not have: their names and addresses.
    left: Vec<(String, String)>,
}

pub(super) async fn page(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
) -> Result<Html<String>, WebError> {
    let page = empty_page(&web, &visitor, &Chosen::default());
    Ok(Html(page.render()?))
}

fn empty_page(web: &Web, visitor: &Visitor, chosen: &Chosen) -> ImportPage {
    let setup = web.desk.setup();
    let audiences = [Audience::Portal, Audience::Desk];
    ImportPage {
        shell: Shell::new(web, Some(visitor), HERE),
        categories: Choice::list(
            std::iter::once(("", "選んでください")).chain(category_names(&setup.categories)),
            &chosen.category,
        ),
        audiences: Choice::list(
            audiences.map(|one| (one.as_str(), one.label())),
            &chosen.audience,
        ),
        manual_title: chosen.title.clone(),
        file_most: FileUse::Import.file_bytes(),
        ..ImportPage::default()
    }
}

/// Shows what a file would do. Nothing is kept yet.
pub(super) async fn preview(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    TypedForm {
        form: upload,
        fault,
    }: TypedForm,
) -> Result<Response, WebError> {
    let chosen = Chosen::of(&upload);
    if let Some(fault) = fault {
        return show_fault(&web, &visitor, &fault, &chosen);
    }
    let text = if upload.text("kind") == "manual" {
        manual::lines(&web, &upload).await?
    } else if manuals::is_manual(&upload.content) {
        let fault = "Word、PDF、HTMLのファイルは、「資料の取込み」で選んでください。";
        Err(vec![fault.to_owned()])
    } else if upload.content.starts_with(b"PK") {
        from_book(&web, upload.content).await?
    } else {
        let text = String::from_utf8(upload.content.to_vec());
        Ok(text.unwrap_or_else(|_| "この行は UTF-8 ではありません".to_owned()))
    };
    let text = text.and_then(|text| {
        // It comes back with the button that takes it in.
        let fits = text.len() <= FileUse::Import.file_bytes();
        fits.then_some(text)
            .ok_or_else(|| vec![FileUse::Import.too_large()])
    });
    let text = match text {
        Ok(text) => text,
        Err(faults) => {
            let plan = Plan {
                faults,
                ..Plan::default()
            };
            let page = show(&web, &visitor, plan, String::new(), &chosen)?;
            return Ok(page.into_response());
        }
    };
    let mut plan = plan(&web, &visitor, &text).await?;
    plan.left = left(&web, &text).await?;
    Ok(show(&web, &visitor, plan, text, &chosen)?.into_response())
}

/// The form once more, with why what it brought cannot be read to its end.
fn show_fault(
    web: &Web,
    visitor: &Visitor,
    fault: &WebError,
    chosen: &Chosen,
) -> Result<Response, WebError> {
    let plan = Plan {
        faults: vec![fault.message()],
        ..Plan::default()
    };
    let page = show(web, visitor, plan, String::new(), chosen)?;
    Ok((fault.status(), page).into_response())
}

/// The articles of a workbook as lines of JSON, or what is wrong with it.
async fn from_book(web: &Web, file: Bytes) -> Result<Result<String, Vec<String>>, WebError> {
    let rows = tokio::task::spawn_blocking(move || sheet::rows(&file, LINES + 1)).await;
    let rows = match rows.map_err(|_| WebError::Internal("a workbook could not be read"))? {
        Ok(rows) => rows,
        Err(SheetError::Broken(_)) => {
            let fault =
                "Excelのファイル（.xlsx）として読み取れません。Excelで開いて保存し直してください。";
            return Ok(Err(vec![fault.to_owned()]));
        }
        Err(SheetError::TooLarge | SheetError::TooManyRows(_)) => return Ok(Err(vec![too_many()])),
    };
    let new_id = || ArticleId::new(format!("faq-{}", token::new_id()));
    let lines = match workbook::lines(&rows, &web.desk.setup().categories, new_id) {
        Ok(lines) => lines,
        Err(faults) => return Ok(Err(faults)),
    };
    let mut text = String::new();
    for mut line in lines {
        let known = by_name(&web.store, line.id.as_str()).await?;
        if let Some(version) = known.as_ref().and_then(Article::newest) {
            keep_unsaid(&mut line, &rows, &version.content);
        }
        let line = serde_json::to_string(&line);
        text += &line.map_err(|_| WebError::Internal("an article could not be written"))?;
        text.push('\n');
    }
    Ok(Ok(text))
}

/// Leaves as it is what a workbook does not say of an article: columns that it does not have, whom the
/// article is for if that is blank, and the marks of an answer, which stands in it as plain text.
fn keep_unsaid(line: &mut Line, rows: &[Vec<String>], before: &Content) {
    if markdown::to_text(&before.answer) == line.answer {
        line.answer.clone_from(&before.answer);
    }
    if !workbook::has(rows, workbook::CATEGORY) {
        line.category.clone_from(&before.category);
    }
    if !workbook::has(rows, workbook::KEYWORDS) {
        line.keywords.clone_from(&before.keywords);
    }
    if !workbook::has(rows, workbook::READING) {
        line.reading.clone_from(&before.reading);
    }
    line.audience = line.audience.or(Some(before.audience));
}

fn show(
    web: &Web,
    visitor: &Visitor,
    plan: Plan,
    lines: String,
    chosen: &Chosen,
) -> Result<Html<String>, WebError> {
    let question = |article: &Article| {
        let newest = article.newest();
        let question = newest.map_or("", |version| version.content.question.as_str());
        format!("{}　{question}", name(article.number, &article.id))
    };
    // What a section of a manual is known by until it has a number is nothing to read.
    let new_question = |article: &Article| match article.newest() {
        Some(version) if version.content.manual.is_some() => version.content.question.clone(),
        _ => question(article),
    };
    let setup = web.desk.setup();
    let categories = &setup.categories;
    let changed = plan.changed.iter().take(SHOWN).map(|(article, before)| {
        let newest = article.newest();
        let lines = newest.map(|version| differences(before, &version.content, categories));
        (question(article), lines.unwrap_or_default())
    });
    let shown = Shown {
        lines,
        new: plan
            .new
            .iter()
            .take(SHOWN)
            .map(|one| (new_question(one), beginning(one)))
            .collect(),
        more_new: plan.new.len().saturating_sub(SHOWN),
        changed: changed.collect(),
        more_changed: plan.changed.len().saturating_sub(SHOWN),
        same: plan.same,
        left: plan
            .left
            .iter()
            .map(|one| {
                (
                    question(one),
                    format!("/articles/{}", escape(one.id.as_str())),
                )
            })
            .collect(),
    };
    let whole = plan.faults.is_empty();
    let page = ImportPage {
        more_faults: plan.faults.len().saturating_sub(SHOWN),
        faults: plan.faults.into_iter().take(SHOWN).collect(),
        plan: whole.then_some(shown),
        ..empty_page(web, visitor, chosen)
    };
    Ok(Html(page.render()?))
}

/// How an answer begins, in one line.
fn beginning(article: &Article) -> String {
    let answer = article
        .newest()
        .map_or("", |version| version.content.answer.as_str());
    let text = markdown::to_text(answer);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text::beginning(&words, BEGINNING)
}

/// Takes all articles of the file in as drafts, or none. What is the same already stays as it is, so
/// that a second click does nothing. The form comes in parts, in which a letter takes no more room than
/// it did in the file.
pub(super) async fn apply(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    TypedForm { form, fault }: TypedForm,
) -> Result<Response, WebError> {
    let chosen = Chosen::default();
    if let Some(fault) = fault {
        return show_fault(&web, &visitor, &fault, &chosen);
    }
    let lines = form.text("lines");
    let plan = plan(&web, &visitor, lines).await?;
    if !plan.faults.is_empty() {
        let page = show(&web, &visitor, plan, lines.to_owned(), &chosen)?;
        return Ok(page.into_response());
    }
    let now = web.desk.now();
    let changed = plan.changed.into_iter().map(|(article, _)| article);
    let all: Vec<Article> = plan.new.into_iter().chain(changed).collect();
    let manual = all.iter().find_map(manual_of).unwrap_or_default();
    let all = all.into_iter();
    let all: Vec<(Article, AuditEntry)> = all
        .map(|article| {
            let mut entry = visitor.entry(now, Action::ArticleImport, &article.id);
            let newest = article.newest();
            let question = newest.map_or("", |version| version.content.question.as_str());
            entry.after = Fields::from([("question".to_owned(), question.to_owned())]);
            (article, entry)
        })
        .collect();
    web.store.save_articles(all, now).await?;
    // The sections of a manual are listed by themselves, so that they can be requested together.
    let text = escape(&manual);
    let place = format!("{HERE}?stage=draft&text={text}&done=imported");
    Ok(Redirect::to(&place).into_response())
}

/// What the manual is called that an article is a section of.
fn manual_of(article: &Article) -> Option<String> {
    let place = article.newest()?.content.manual.as_ref()?;
    Some(place.title.clone())
}
