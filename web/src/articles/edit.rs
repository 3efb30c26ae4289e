//! The form of an article, with a preview, and what looks like personal data in it.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use chrono::{NaiveDate, NaiveDateTime};
use madoguchi_core::access::EditArticles;
use madoguchi_core::article::{Article, ArticleAudience, Content, Refusal, personal};
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::time::Instant;
use madoguchi_store::{ArticleFilter, StoreError};
use serde::Deserialize;

use super::differences::{Line, differences};
use super::lookup::{HERE, category_names, lookup};
use crate::auth::access::Allowed;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::{Choice, escape};
use crate::shell::Shell;
use crate::state::Web;
use madoguchi_reports::markdown::{self, Files};

/// As a browser writes a date and time.
const LOCAL: &str = "%Y-%m-%dT%H:%M";
/// So much of a given text becomes the question.
const QUESTION_LETTERS: usize = 80;
/// Articles that are offered to be put beside one.
const RELATED_FOUND: u32 = 10;

#[derive(Template)]
#[template(path = "article_edit.html")]
struct EditPage {
    shell: Shell,
    title: &'static str,
    place: String,
    back: String,
    form: ArticleForm,
    categories: Vec<Choice>,
    audiences: Vec<Choice>,
    faults: Vec<(&'static str, String)>,
    /// Somebody else has saved meanwhile: what they changed.
    meanwhile: Vec<Line>,
    personal: Vec<Personal>,
    preview: Option<String>,
    /// Articles that stand beside it, and those that could.
    related: Vec<Beside>,
    found: Option<Vec<Beside>>,
    /// Where the script of the form asks for one.
    preview_address: String,
}

/// Another article.
struct Beside {
    id: String,
    question: String,
}

/// Something that looks like personal data.
struct Personal {
    kind: &'static str,
    text: String,
    harmless: bool,
}

impl EditPage {
    fn fault(&self, field: &str) -> Option<&str> {
        let fault = self.faults.iter().find(|(of, _)| *of == field);
        fault.map(|(_, message)| message.as_str())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ArticleForm {
    question: String,
    answer: String,
    category: String,
    keywords: String,
    reading: String,
    audience: String,
    related: String,
    /// What is looked for to be put beside it.
    related_text: String,
    review_on: String,
    expires_at: String,
    /// One a line.
    harmless: String,
    revision: i64,
    /// `preview`, `related-search`, `related-add ID`, `related-remove ID`: shown, not saved.
    intent: String,
}

impl ArticleForm {
    fn of(content: &Content, revision: i64) -> Self {
        let day = content.review_on.map(|day| day.to_string());
        let expires = content.expires_at;
        Self {
            question: content.question.clone(),
            answer: content.answer.clone(),
            category: content.category.clone(),
            keywords: content.keywords.join("、"),
            reading: content.reading.clone().unwrap_or_default(),
            audience: content.audience.as_str().to_owned(),
            related: content.related.join(" "),
            related_text: String::new(),
            review_on: day.unwrap_or_default(),
            expires_at: expires
                .map(|at| at.in_tokyo().format(LOCAL).to_string())
                .unwrap_or_default(),
            harmless: content.harmless.join("\n"),
            revision,
            intent: String::new(),
        }
    }

    fn read(&self) -> (Content, Vec<(&'static str, String)>) {
        let mut faults = Vec::new();
        let review_on = match self.review_on.trim() {
            "" => None,
            text => match text.parse::<NaiveDate>() {
                Ok(day) => Some(day),
                Err(_) => {
                    let message = "日付を、2026-11-24 のように入力してください。";
                    faults.push(("review_on", message.to_owned()));
                    None
                }
            },
        };
        let expires_at = match self.expires_at.trim() {
            "" => None,
            text => match NaiveDateTime::parse_from_str(text, LOCAL) {
                Ok(at) => Some(Instant::from_tokyo(at)),
                Err(_) => {
                    let message = "日付と時刻を、2026-11-24T08:30 のように入力してください。";
                    faults.push(("expires_at", message.to_owned()));
                    None
                }
            },
        };
        let words = |text: &str, between: &[char]| -> Vec<String> {
            let words = text.split(between).map(str::trim);
            let words = words.filter(|word| !word.is_empty());
            words.map(str::to_owned).collect()
        };
        let reading = self.reading.trim();
        let content = Content {
            question: self.question.trim().to_owned(),
            answer: self.answer.trim().replace("\r\n", "\n"),
            category: self.category.clone(),
            keywords: words(&self.keywords, &['、', ',', '，', '\n']),
            reading: (!reading.is_empty()).then(|| reading.to_owned()),
            audience: if self.audience == ArticleAudience::Portal.as_str() {
                ArticleAudience::Portal
            } else {
                ArticleAudience::Desk
            },
            related: words(&self.related, &[' ', '　', '、', ',', '\n']),
            review_on,
            expires_at,
            harmless: words(&self.harmless, &['\n']),
            files: Vec::new(),
        };
        let of_content = content.faults().into_iter();
        faults.extend(of_content.map(|fault| (fault.field, fault.message)));
        (content, faults)
    }
}

/// What the form is shown with.
#[derive(Default)]
struct Told {
    faults: Vec<(&'static str, String)>,
    meanwhile: Vec<Line>,
    preview: bool,
}

async fn show(
    web: &Web,
    visitor: &Visitor,
    of: Option<&Article>,
    form: ArticleForm,
    told: Told,
) -> Result<Response, WebError> {
    let setup = web.desk.setup();
    let status = if !told.meanwhile.is_empty() {
        StatusCode::CONFLICT
    } else if told.faults.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let (content, _) = form.read();
    let related = beside(web, &content.related).await?;
    let found = match form.intent.as_str() {
        "related-search" => Some(findable(web, &form.related_text, of, &content).await?),
        _ => None,
    };
    let own = of.map(|article| format!("{HERE}/{}", escape(&article.id)));
    let audiences = [ArticleAudience::Portal, ArticleAudience::Desk];
    let page = EditPage {
        shell: Shell::new(web, Some(visitor), HERE),
        title: if of.is_some() {
            "記事の編集"
        } else {
            "記事の作成"
        },
        place: own
            .as_ref()
            .map_or_else(|| format!("{HERE}/new"), |own| format!("{own}/edit")),
        back: own.unwrap_or_else(|| HERE.to_owned()),
        categories: Choice::list(
            std::iter::once(("", "選んでください")).chain(category_names(&setup.categories)),
            &form.category,
        ),
        audiences: Choice::list(
            audiences.map(|one| (one.as_str(), one.label())),
            &form.audience,
        ),
        related,
        found,
        preview_address: of.map_or_else(
            || format!("{HERE}/preview"),
            |article| format!("{HERE}/preview?of={}", escape(&article.id)),
        ),
        personal: personal_data(&content),
        preview: told.preview.then(|| preview_of(&form.answer, of)),
        faults: told.faults,
        meanwhile: told.meanwhile,
        form,
    };
    Ok((status, Html(page.render()?)).into_response())
}

/// The titles of articles, also of those that nobody sees yet.
async fn beside(web: &Web, ids: &[String]) -> Result<Vec<Beside>, WebError> {
    let mut all = Vec::new();
    for id in ids {
        let article = web.store.lookup_article(id).await?;
        let newest = article.as_ref().and_then(Article::newest);
        all.push(Beside {
            id: id.clone(),
            question: newest.map_or_else(
                || "（見つからない記事）".to_owned(),
                |version| version.content.question.clone(),
            ),
        });
    }
    Ok(all)
}

/// Articles that hold a text and do not stand beside it yet.
async fn findable(
    web: &Web,
    text: &str,
    of: Option<&Article>,
    content: &Content,
) -> Result<Vec<Beside>, WebError> {
    let filter = ArticleFilter {
        text: text.trim().to_owned(),
        limit: RELATED_FOUND,
        ..ArticleFilter::default()
    };
    let today = web.desk.now().date().to_string();
    let (rows, _) = web.store.list_articles(&filter, &today).await?;
    let new = rows.into_iter().filter(|row| {
        let own = of.is_some_and(|article| article.id == row.id);
        !own && !content.related.contains(&row.id)
    });
    let beside = new.map(|row| Beside {
        id: row.id,
        question: row.question,
    });
    Ok(beside.collect())
}

impl ArticleForm {
    /// Whether a button was pressed that only changes what the form shows.
    fn is_only_shown(&mut self) -> bool {
        let mut related: Vec<&str> = self.related.split_whitespace().collect();
        if let Some(id) = self.intent.strip_prefix("related-add ") {
            related.push(id);
        } else if let Some(id) = self.intent.strip_prefix("related-remove ") {
            related.retain(|known| *known != id);
        }
        self.related = related.join(" ");
        self.intent == "preview" || self.intent.starts_with("related-")
    }
}

fn personal_data(content: &Content) -> Vec<Personal> {
    let mut found: Vec<Personal> = Vec::new();
    for text in [&content.question, &content.answer] {
        for mark in personal::marks(text) {
            let what = text.get(mark.range).unwrap_or_default();
            if !found.iter().any(|known| known.text == what) {
                found.push(Personal {
                    kind: mark.kind.label(),
                    text: what.to_owned(),
                    harmless: content.harmless.iter().any(|known| known == what),
                });
            }
        }
    }
    found
}

pub(super) async fn new_page(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
) -> Result<Response, WebError> {
    let content = Content {
        audience: ArticleAudience::Portal,
        ..Content::default()
    };
    let form = ArticleForm::of(&content, 0);
    show(&web, &visitor, None, form, Told::default()).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TextForm {
    text: String,
}

/// The form of a new article with a given text, of which nothing is kept yet.
pub(super) async fn from_text(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Form(given): Form<TextForm>,
) -> Result<Response, WebError> {
    let text = given.text.trim();
    let first = text.lines().next().unwrap_or_default();
    let content = Content {
        question: first.chars().take(QUESTION_LETTERS).collect(),
        answer: if text == first {
            String::new()
        } else {
            text.to_owned()
        },
        audience: ArticleAudience::Portal,
        ..Content::default()
    };
    let form = ArticleForm::of(&content, 0);
    show(&web, &visitor, None, form, Told::default()).await
}

/// The answer as readers will see it, for the script of the form.
pub(super) async fn preview(
    _visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Query(query): Query<PreviewQuery>,
    Form(form): Form<ArticleForm>,
) -> Result<Html<String>, WebError> {
    let of = match &query.of {
        Some(id) => web.store.lookup_article(id).await?,
        None => None,
    };
    Ok(Html(preview_of(&form.answer, of.as_ref())))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PreviewQuery {
    /// The article whose pictures are shown.
    of: Option<String>,
}

fn preview_of(answer: &str, of: Option<&Article>) -> String {
    let place = of.map_or_else(String::new, |article| {
        format!("{HERE}/{}", escape(&article.id))
    });
    let newest = of.and_then(Article::newest);
    let files = Files {
        place: &place,
        files: newest.map_or(&[], |version| &version.content.files),
    };
    markdown::to_html(answer, files)
}

pub(super) async fn create(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Form(mut form): Form<ArticleForm>,
) -> Result<Response, WebError> {
    let only_shown = form.is_only_shown();
    let (content, faults) = form.read();
    let preview = form.intent == "preview";
    if only_shown || !faults.is_empty() {
        let faults = if only_shown { Vec::new() } else { faults };
        let told = Told {
            faults,
            preview,
            ..Told::default()
        };
        return show(&web, &visitor, None, form, told).await;
    }
    let now = web.desk.now();
    let id = format!("faq-{}", token::new_id());
    let article = Article::new(&id, content, &visitor.user.id, now);
    keep(&web, &visitor, &article).await?;
    Ok(Redirect::to(&format!("{HERE}/{id}?done=created")).into_response())
}

pub(super) async fn keep(
    web: &Web,
    visitor: &Visitor,
    article: &Article,
) -> Result<(), StoreError> {
    let (now, entry) = written(web, visitor, article);
    web.store.save_article(article, now, entry).await
}

/// When an article is written, and the record of it.
pub(super) fn written(web: &Web, visitor: &Visitor, article: &Article) -> (Instant, AuditEntry) {
    let now = web.desk.now();
    let mut entry = visitor.entry(now, Action::ArticleWrite, &article.id);
    if let Some(version) = article.newest() {
        let fields = [
            ("version", version.number.to_string()),
            ("question", version.content.question.clone()),
        ];
        entry.after = Fields::from(fields.map(|(name, text)| (name.to_owned(), text)));
    }
    (now, entry)
}

pub(super) async fn page(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let (article, newest) = lookup(&web, &id).await?;
    let form = ArticleForm::of(&newest.content, article.revision);
    show(&web, &visitor, Some(&article), form, Told::default()).await
}

/// Whoever comes second is shown what the other changed, with the own text still in the form.
pub(super) async fn save(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Form(mut form): Form<ArticleForm>,
) -> Result<Response, WebError> {
    let (mut article, newest) = lookup(&web, &id).await?;
    let only_shown = form.is_only_shown();
    let (mut content, faults) = form.read();
    content.files.clone_from(&newest.content.files);
    let preview = form.intent == "preview";
    if only_shown || !faults.is_empty() {
        let faults = if only_shown { Vec::new() } else { faults };
        let told = Told {
            faults,
            preview,
            ..Told::default()
        };
        return show(&web, &visitor, Some(&article), form, told).await;
    }
    if form.revision != article.revision {
        let told = Told {
            meanwhile: differences(&content, &newest.content),
            ..Told::default()
        };
        form.revision = article.revision;
        return show(&web, &visitor, Some(&article), form, told).await;
    }
    article
        .edit(content, &visitor.user.id, web.desk.now())
        .map_err(refused)?;
    keep(&web, &visitor, &article).await?;
    Ok(Redirect::to(&format!("{HERE}/{}?done=saved", escape(&id))).into_response())
}

pub(super) fn refused(refusal: Refusal) -> WebError {
    WebError::BadRequest(format!("{refusal}。"))
}
