//! One article: what readers see of it, what is being worked on, and its versions.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use madoguchi_core::access::{EditArticles, Permission};
use madoguchi_core::article::{Article, ManualPlace, Stage, Version, Withdrawal};
use madoguchi_core::id::UserId;
use madoguchi_core::time::Instant;
use serde::Deserialize;

use super::differences::{Line, differences};
use super::lookup::{HERE, category_name, lookup};
use super::refused::{PageForm, Refused};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::library::name;
use crate::limits::FileUse;
use crate::portal::article::File;
use crate::query::DoneQuery;
use crate::query::escape;
use crate::shell::Shell;
use crate::state::Web;
use madoguchi_reports::markdown::{self, Files};

#[derive(Template)]
#[template(path = "article.html")]
struct ArticlePage {
    shell: Shell,
    /// What it is called on the phone.
    name: String,
    link: String,
    revision: i64,
    question: String,
    html: String,
    category: String,
    keywords: String,
    audience: &'static str,
    /// Where it stands in a manual.
    manual: Option<String>,
    state: StageMark,
    number: u32,
    sent_back: Option<String>,
    publish_at: Option<String>,
    shown: Option<String>,
    withdrawal: Option<String>,
    withdrawn: bool,
    personal: Vec<String>,
    can_edit: bool,
    can_submit: bool,
    /// The button that takes the version back, if it can be taken back.
    recall: Option<&'static str>,
    /// What is asked before the draft is thrown away, if there is one.
    discard: Option<&'static str>,
    can_review: bool,
    /// What readers see so far, and what the version says otherwise, for who reviews it.
    compared: Option<(String, Vec<Line>)>,
    /// Why the visitor cannot approve what they may approve otherwise.
    own_work: bool,
    can_ask_withdrawal: bool,
    can_withdraw: bool,
    versions: Vec<VersionRow>,
    files: Vec<File>,
    /// The largest file, in bytes.
    file_most: usize,
    /// What a form of the page asked for and is not done.
    refused: Option<Refused>,
}

impl ArticlePage {
    /// Whether a form stands on the page of the article as it is now.
    fn has(&self, form: PageForm) -> bool {
        match form {
            PageForm::Files => self.can_edit,
            PageForm::Approve => self.can_review && !self.own_work,
            PageForm::SendBack => self.can_review,
            PageForm::AskWithdrawal => self.can_ask_withdrawal,
            PageForm::Button => false,
        }
    }

    /// What is wrong with what a form asked for, if that is to be put right in it.
    fn fault(&self, form: PageForm) -> Option<String> {
        let refused = self.refused.as_ref()?;
        let here = refused.form == form && self.has(form) && !refused.is_conflict();
        here.then(|| refused.message())
    }

    /// What is wrong and stands beside no form.
    fn head_fault(&self) -> Option<String> {
        let refused = self.refused.as_ref()?;
        let is_beside_form = self.fault(refused.form).is_some();
        (!is_beside_form).then(|| refused.message())
    }

    /// The reason that was typed, if its form is no longer there.
    fn lost_reason(&self) -> Option<&str> {
        let refused = self.refused.as_ref()?;
        let lost = !self.has(refused.form) && !refused.reason.trim().is_empty();
        lost.then_some(refused.reason.as_str())
    }

    /// What was typed into a form.
    fn typed(&self, form: PageForm) -> Option<&Refused> {
        self.refused.as_ref().filter(|refused| refused.form == form)
    }

    /// The reason that was typed into a form.
    fn reason(&self, form: PageForm) -> &str {
        self.typed(form).map_or("", |typed| &typed.reason)
    }

    /// When it was to be published.
    fn typed_publish_at(&self) -> &str {
        let typed = self.typed(PageForm::Approve);
        typed.map_or("", |typed| &typed.publish_at)
    }
}

/// How the page is shown beside what is kept.
#[derive(Default)]
struct Shown {
    done: String,
    refused: Option<Refused>,
}

/// A stage as it is marked: published in green, drafts in grey.
pub(super) struct StageMark {
    pub(super) class: &'static str,
    pub(super) label: &'static str,
}

impl StageMark {
    fn of(article: &Article, newest: &Version, now: Instant) -> Self {
        let shown = article.published(now).is_some();
        let is_published = matches!(newest.stage, Stage::Published { .. });
        let label = match &article.withdrawal {
            Withdrawal::Done { .. } if is_published => "取下げ済み",
            _ if is_published && !shown => "公開を終了",
            _ => newest.stage.label(),
        };
        let class = if is_published && !shown {
            "past"
        } else {
            newest.stage.name()
        };
        Self { class, label }
    }
}

struct VersionRow {
    number: u32,
    link: String,
    stage: &'static str,
    at: String,
    authors: String,
}

pub(super) async fn page(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, WebError> {
    let shown = Shown {
        done: query.done,
        ..Shown::default()
    };
    show(&web, &visitor, &id, shown).await
}

/// The page of an article once more, with what is wrong with what one of its forms asked for.
pub(super) async fn show_again(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    refused: Refused,
) -> Result<Response, WebError> {
    if !refused.is_for_page() {
        return Err(refused.error);
    }
    let shown = Shown {
        refused: Some(refused),
        ..Shown::default()
    };
    show(web, visitor, id, shown).await
}

/// The page of an article as it is now.
async fn show(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    Shown { done, refused }: Shown,
) -> Result<Response, WebError> {
    let (article, newest) = lookup(web, id).await?;
    let now = web.desk.now();
    let dates = web.settings.dates;
    let shown = article.published(now);
    let (withdrawal, asked_by) = match &article.withdrawal {
        Withdrawal::Requested { reason, by } => (Some(reason.clone()), Some(by)),
        Withdrawal::Done { reason, .. } => (Some(reason.clone()), None),
        Withdrawal::None => (None, None),
    };
    let draft = matches!(newest.stage, Stage::Draft { .. });
    let recall = match newest.stage {
        Stage::InReview { .. } => Some("確認の依頼を取り消す"),
        Stage::Scheduled { .. } => Some("公開予約を取り消す"),
        _ => None,
    };
    let discard = match (draft, article.versions.len()) {
        (false, _) => None,
        (true, 1) => Some("この下書きを削除します。元には戻せません。"),
        (true, _) => Some("この下書きを削除します。元には戻せません。前の版は残ります。"),
    };
    let approves = visitor.permissions.contains(Permission::ApproveArticles);
    let me = &visitor.user.id;
    let own_work = match &newest.stage {
        Stage::InReview { by } => by == me || newest.authors.contains(me),
        _ => false,
    };
    let link = format!("{HERE}/{}", escape(&article.id));
    let files = Files {
        place: &link,
        files: &newest.content.files,
    };
    let setup = web.desk.setup();
    let categories = &setup.categories;
    let can_review = approves && matches!(newest.stage, Stage::InReview { .. });
    let compared = shown.filter(|_| can_review).map(|shown| {
        let lines = differences(&shown.content, &newest.content, categories);
        (format!("第{}版", shown.number), lines)
    });
    let status = match &refused {
        Some(refused) => refused.error.status(),
        None => StatusCode::OK,
    };
    let page = ArticlePage {
        shell: Shell::new(web, Some(visitor), HERE).done(web, &done),
        files: File::list(files),
        link: link.clone(),
        revision: article.revision,
        question: newest.content.question.clone(),
        html: markdown::to_html(&newest.content.answer, files),
        category: category_name(categories, &newest.content.category),
        keywords: newest.content.keywords.join("、"),
        audience: newest.content.audience.label(),
        manual: newest.content.manual.as_ref().map(ManualPlace::label),
        state: StageMark::of(&article, &newest, now),
        number: newest.number,
        sent_back: match &newest.stage {
            Stage::Draft { sent_back } => sent_back.clone(),
            _ => None,
        },
        publish_at: match newest.stage {
            Stage::Scheduled { publish_at, .. } => Some(dates.minute(publish_at)),
            _ => None,
        },
        shown: shown.map(|version| format!("第{}版", version.number)),
        withdrawn: matches!(article.withdrawal, Withdrawal::Done { .. }),
        personal: newest.content.personal_left(),
        can_edit: recall.is_none(),
        can_submit: draft,
        recall,
        discard,
        can_review,
        compared,
        own_work,
        can_ask_withdrawal: shown.is_some() && withdrawal.is_none(),
        can_withdraw: approves && asked_by.is_some_and(|by| by != me),
        withdrawal,
        versions: versions(web, &article).await?,
        name: name(article.number, &article.id),
        file_most: FileUse::Attachment.file_bytes(),
        refused,
    };
    Ok((status, Html(page.render()?)).into_response())
}

async fn versions(web: &Web, article: &Article) -> Result<Vec<VersionRow>, WebError> {
    let mut rows = Vec::new();
    for version in article.versions.iter().rev() {
        rows.push(VersionRow {
            number: version.number,
            link: format!("{HERE}/{}/versions/{}", escape(&article.id), version.number),
            stage: version.stage.label(),
            at: web.settings.dates.minute(version.at),
            authors: names(web, &version.authors).await?,
        });
    }
    Ok(rows)
}

/// The names of people, as far as they are known.
async fn names(web: &Web, people: &[UserId]) -> Result<String, WebError> {
    let mut names = Vec::new();
    for id in people {
        let known = web.store.lookup_user(id).await?;
        names.push(known.map_or_else(|| "（取込み）".to_owned(), |known| known.user.name));
    }
    Ok(names.join("、"))
}

#[derive(Template)]
#[template(path = "article_version.html")]
struct VersionPage {
    shell: Shell,
    link: String,
    revision: i64,
    number: u32,
    state: StageMark,
    at: String,
    html: String,
    question: String,
    older: Option<u32>,
    lines: Vec<Line>,
    can_restore: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WithQuery {
    /// The version that it is compared with; the one before if none is named.
    with: Option<u32>,
}

pub(super) async fn version(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Path((id, number)): Path<(String, u32)>,
    Query(query): Query<WithQuery>,
) -> Result<Html<String>, WebError> {
    let (article, newest) = lookup(&web, &id).await?;
    let find = |number: u32| -> Option<&Version> {
        let mut versions = article.versions.iter();
        versions.find(|version| version.number == number)
    };
    let version = find(number).ok_or(WebError::NotFound("この版"))?;
    let older = find(query.with.unwrap_or(number.saturating_sub(1)));
    let link = format!("{HERE}/{}", escape(&article.id));
    let files = Files {
        place: &link,
        files: &version.content.files,
    };
    let setup = web.desk.setup();
    let categories = &setup.categories;
    let page = VersionPage {
        shell: Shell::new(&web, Some(&visitor), HERE),
        link: link.clone(),
        revision: article.revision,
        number,
        state: StageMark {
            class: version.stage.name(),
            label: version.stage.label(),
        },
        at: web.settings.dates.minute(version.at),
        html: markdown::to_html(&version.content.answer, files),
        question: version.content.question.clone(),
        older: older.map(|older| older.number),
        lines: older.map_or_else(Vec::new, |older| {
            differences(&older.content, &version.content, categories)
        }),
        can_restore: newest.number != number && article.next().is_none(),
    };
    Ok(Html(page.render()?))
}
