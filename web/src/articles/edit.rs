//! The form of an article, with a preview, and what looks like personal data in it.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::EditArticles;
use madoguchi_core::article::{Article, Content, TransitionError, Version, personal};
use madoguchi_core::audience::Audience;
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::id::ArticleId;
use madoguchi_core::time::Instant;
use madoguchi_store::{ArticleFilter, StoreError};
use serde::Deserialize;

use super::autosave::{self, Offer};
use super::differences::{Line, differences};
use super::form::{ArticleForm, with_rest_of};
use super::lookup::{HERE, category_names, lookup};
use crate::auth::access::Allowed;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::library::name;
use crate::query::{Choice, escape};
use crate::shell::Shell;
use crate::state::Web;
use madoguchi_reports::markdown::{self, Files};

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
    /// Why it cannot be saved whatever it says.
    refused: Option<String>,
    /// Somebody else has saved meanwhile: what they changed.
    meanwhile: Vec<Line>,
    /// It was the visitor, in another window.
    by_self: bool,
    /// What was typed before and not saved.
    offer: Option<Offer>,
    /// When what is shown was typed, if it was not saved.
    resumed: Option<String>,
    personal: Vec<Personal>,
    preview: Option<String>,
    /// Articles that stand beside it, and those that could.
    related: Vec<RelatedArticle>,
    found: Option<Vec<RelatedArticle>>,
    /// Where the script of the form asks for one.
    preview_address: String,
    /// Where it keeps what is typed.
    autosave_address: String,
    /// Where it brings pictures to; an article must be kept before it can have any.
    files_address: Option<String>,
}

/// Another article.
struct RelatedArticle {
    id: ArticleId,
    name: String,
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

/// What the form is shown with.
#[derive(Default)]
struct FormState {
    faults: Vec<(&'static str, String)>,
    refused: Option<String>,
    meanwhile: Vec<Line>,
    by_self: bool,
    offer: Option<Offer>,
    resumed: Option<String>,
    preview: bool,
}

async fn show(
    web: &Web,
    visitor: &Visitor,
    of: Option<&Article>,
    form: ArticleForm,
    state: FormState,
) -> Result<Response, WebError> {
    let setup = web.desk.setup();
    let status = if !state.meanwhile.is_empty() {
        StatusCode::CONFLICT
    } else if state.faults.is_empty() && state.refused.is_none() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let (content, _) = form.read();
    let related = related_articles(web, &content.related).await?;
    let found = match form.intent.as_str() {
        "related-search" => Some(findable(web, &form.related_text, of, &content).await?),
        _ => None,
    };
    let id = of.map(|article| &article.id);
    let own = id.map(|id| format!("{HERE}/{}", escape(id)));
    let audiences = [Audience::Portal, Audience::Desk];
    let page = EditPage {
        shell: Shell::new(web, Some(visitor), HERE),
        title: if of.is_some() {
            "記事の編集"
        } else {
            "記事の作成"
        },
        place: autosave::path(id),
        autosave_address: autosave::address(id),
        files_address: own.as_ref().map(|own| format!("{own}/pictures")),
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
        preview: state.preview.then(|| preview_of(&form.answer, of)),
        faults: state.faults,
        refused: state.refused,
        meanwhile: state.meanwhile,
        by_self: state.by_self,
        offer: state.offer,
        resumed: state.resumed,
        form,
    };
    Ok((status, Html(page.render()?)).into_response())
}

/// The titles of articles, also of those that nobody sees yet.
async fn related_articles(web: &Web, ids: &[ArticleId]) -> Result<Vec<RelatedArticle>, WebError> {
    let mut all = Vec::new();
    for id in ids {
        let article = web.store.lookup_article(id).await?;
        let newest = article.as_ref().and_then(Article::newest);
        let number = article.as_ref().and_then(|article| article.number);
        all.push(RelatedArticle {
            id: id.clone(),
            name: name(number, id),
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
) -> Result<Vec<RelatedArticle>, WebError> {
    let filter = ArticleFilter {
        text: text.trim().to_owned(),
        limit: RELATED_FOUND,
        ..ArticleFilter::default()
    };
    let found = web.store.page_articles(&filter).await?;
    let new = found.rows.into_iter().filter(|row| {
        let own = of.is_some_and(|article| article.id == row.id);
        !own && !content.related.contains(&row.id)
    });
    let beside = new.map(|row| RelatedArticle {
        name: name(row.number, &row.id),
        id: row.id,
        question: row.question,
    });
    Ok(beside.collect())
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

/// How the form is come to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FormQuery {
    /// Not empty: with what was typed before and not saved.
    resume: String,
}

/// The form with what was typed before and not saved, if that is asked for and there is any.
async fn resumed(
    web: &Web,
    visitor: &Visitor,
    of: Option<(&Article, &Version)>,
    query: &FormQuery,
) -> Result<Option<Response>, WebError> {
    if query.resume.is_empty() {
        return Ok(None);
    }
    let id = of.map(|(article, _)| &article.id);
    let newest = of.map(|(_, newest)| newest);
    let Some((kept, form)) = autosave::typed(web, visitor, id, newest).await? else {
        return Ok(None);
    };
    let state = FormState {
        resumed: Some(web.settings.dates.minute(kept.at)),
        ..FormState::default()
    };
    let article = of.map(|(article, _)| article);
    show(web, visitor, article, form, state).await.map(Some)
}

pub(super) async fn new_page(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Query(query): Query<FormQuery>,
) -> Result<Response, WebError> {
    if let Some(resumed) = resumed(&web, &visitor, None, &query).await? {
        return Ok(resumed);
    }
    let content = Content {
        audience: Audience::Portal,
        ..Content::default()
    };
    let form = ArticleForm::of(&content, 0);
    let state = FormState {
        offer: autosave::offer(&web, &visitor, None, None).await?,
        ..FormState::default()
    };
    show(&web, &visitor, None, form, state).await
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
        audience: Audience::Portal,
        ..Content::default()
    };
    let form = ArticleForm::of(&content, 0);
    show(&web, &visitor, None, form, FormState::default()).await
}

/// The answer as readers will see it, for the script of the form.
pub(super) async fn preview(
    _visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Query(query): Query<PreviewQuery>,
    Form(form): Form<ArticleForm>,
) -> Result<Html<String>, WebError> {
    let of = match &query.of {
        Some(id) => web.store.lookup_article(&id.as_str().into()).await?,
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
        let state = FormState {
            faults,
            preview,
            ..FormState::default()
        };
        return show(&web, &visitor, None, form, state).await;
    }
    let now = web.desk.now();
    let id = format!("faq-{}", token::new_id());
    let article = Article::new(id.as_str(), content, &visitor.user.id, now);
    keep(&web, &visitor, &article, Some(None)).await?;
    Ok(Redirect::to(&format!("{HERE}/{id}?done=created")).into_response())
}

/// Saves an article. What its writer typed into the form of the article `typed` (`Some(None)`: into the
/// form of a new one) is saved with it, and forgotten.
pub(super) async fn keep(
    web: &Web,
    visitor: &Visitor,
    article: &Article,
    typed: Option<Option<&ArticleId>>,
) -> Result<(), StoreError> {
    let (now, entry) = written(web, visitor, article);
    let mut tx = web.store.begin(entry).await?;
    tx.save_article(article, now).await?;
    if let Some(typed) = typed {
        tx.forget_autosave(&visitor.user.id, typed).await?;
    }
    tx.commit().await
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
    Query(query): Query<FormQuery>,
) -> Result<Response, WebError> {
    let (article, newest) = lookup(&web, &id).await?;
    let of = Some((&article, &newest));
    if let Some(resumed) = resumed(&web, &visitor, of, &query).await? {
        return Ok(resumed);
    }
    let form = ArticleForm::of(&newest.content, article.revision);
    let state = FormState {
        offer: autosave::offer(&web, &visitor, Some(&article.id), Some(&newest)).await?,
        ..FormState::default()
    };
    show(&web, &visitor, Some(&article), form, state).await
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
    with_rest_of(&mut content, &newest);
    let preview = form.intent == "preview";
    if only_shown || !faults.is_empty() {
        let faults = if only_shown { Vec::new() } else { faults };
        let state = FormState {
            faults,
            preview,
            ..FormState::default()
        };
        return show(&web, &visitor, Some(&article), form, state).await;
    }
    if form.revision != article.revision {
        let setup = web.desk.setup();
        let categories = &setup.categories;
        let lines = differences(&content, &newest.content, categories).into_iter();
        let me = &visitor.user.id;
        let state = FormState {
            meanwhile: lines.map(Line::between_people).collect(),
            by_self: newest.authors.iter().all(|author| author == me),
            ..FormState::default()
        };
        form.revision = article.revision;
        return show(&web, &visitor, Some(&article), form, state).await;
    }
    if let Err(refusal) = article.edit(content, &visitor.user.id, web.desk.now()) {
        let state = FormState {
            refused: Some(format!("{refusal}。")),
            ..FormState::default()
        };
        return show(&web, &visitor, Some(&article), form, state).await;
    }
    keep(&web, &visitor, &article, Some(Some(&article.id))).await?;
    let id = escape(&article.id);
    Ok(Redirect::to(&format!("{HERE}/{id}?done=saved")).into_response())
}

pub(super) fn refused(refusal: TransitionError) -> WebError {
    WebError::BadRequest(format!("{refusal}。"))
}
