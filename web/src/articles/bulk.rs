//! まとめて確認・承認する: a manual comes in as many articles, and each would take two people a press. Each step
//! has a record of its own; what it cannot be taken with is listed with the reason.

use askama::Template as _;
use axum::extract::{Form, State};
use axum::response::Html;
use madoguchi_core::access::{EditArticles, Permission};
use madoguchi_core::article::{Article, TransitionError};
use madoguchi_core::audit::Action;
use madoguchi_core::id::UserId;
use madoguchi_core::time::Instant;
use madoguchi_store::Start;

use super::list::ArticleList;
use super::lookup::{HERE, lookup};
use super::steps::taken;
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::bulk::{self, AT_ONCE, DonePage, LATER, Left, WITHIN};
use crate::kit::form::Values;
use crate::kit::table::Listing as _;
use crate::kit::table_filter::Pairs;
use crate::kit::table_question::Question;
use crate::library::name;
use crate::query::escape;
use crate::shell::Shell;
use crate::state::Web;

/// The steps that are taken with many articles.
#[derive(Clone, Copy)]
enum Step {
    Submit,
    Approve,
}

impl Step {
    fn of(visitor: &Visitor, text: &str) -> Result<Self, WebError> {
        let approves = Permission::ApproveArticles;
        match text {
            "submit" => Ok(Self::Submit),
            "approve" if visitor.permissions.contains(approves) => Ok(Self::Approve),
            "approve" => Err(WebError::NotAllowed(approves)),
            _ => {
                let message = "操作を選び直してください。".to_owned();
                Err(WebError::BadRequest(message))
            }
        }
    }

    fn action(self) -> Action {
        match self {
            Self::Submit => Action::ArticleSubmit,
            Self::Approve => Action::ArticleApprove,
        }
    }

    fn done(self) -> &'static str {
        match self {
            Self::Submit => "の確認を依頼しました",
            Self::Approve => "を承認して公開しました",
        }
    }

    fn take(self, article: &mut Article, by: &UserId, now: Instant) -> Result<(), TransitionError> {
        match self {
            Self::Submit => article.submit(by, now),
            Self::Approve => article.approve(by, now, now),
        }
    }
}

/// An article that a step is to be taken with, as the list showed it.
struct Target {
    id: String,
    /// `None`: it was changed after the list was shown.
    revision: Option<i64>,
}

pub(super) async fn take(
    visitor: Allowed<EditArticles>,
    State(web): State<Web>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Html<String>, WebError> {
    let chosen = bulk::chosen(&pairs);
    let values = Values::of(pairs);
    let step = Step::of(&visitor, values.get("step"))?;
    let targets = match bulk::asked_by_filter(&values, HERE)? {
        Some(asked) => filtered(&web, &visitor, asked).await?,
        None => named(&chosen),
    };
    bulk::check_count(targets.len(), "記事")?;
    let mut page = DonePage {
        shell: Shell::new(&web, Some(&visitor), HERE),
        list: ("FAQの編集", HERE),
        back: bulk::back(HERE, &values),
        row: ("記事", "番号"),
        done: step.done(),
        changed: Vec::new(),
        same: 0,
        left: Vec::new(),
    };
    let until = web.desk.monotonic() + WITHIN;
    for target in targets {
        let outcome = if web.desk.monotonic() < until {
            take_one(&web, &visitor, step, &target).await?
        } else {
            Err(LATER.to_owned())
        };
        let link = format!("{HERE}/{}", escape(&target.id));
        match outcome {
            Ok(article) => {
                let told = name(article.number, &article.id);
                page.changed.push((told, link));
            }
            Err(why) => page.left.push(Left {
                name: lookup(&web, &target.id)
                    .await
                    .map_or(target.id, |(article, _)| name(article.number, &article.id)),
                link,
                why,
            }),
        }
    }
    Ok(Html(page.render()?))
}

/// Takes the step with one article, or tells why it cannot be taken.
async fn take_one(
    web: &Web,
    visitor: &Visitor,
    step: Step,
    target: &Target,
) -> Result<Result<Article, String>, WebError> {
    let Some(revision) = target.revision else {
        let why = "一覧を表示した後に変更されました。内容を確認してください。";
        return Ok(Err(why.to_owned()));
    };
    let seen = (target.id.as_str(), revision, "");
    let by = visitor.user.id.clone();
    let step_of = |article: &mut Article, now| {
        step.take(article, &by, now)?;
        Ok("")
    };
    match taken(web, visitor, seen, step.action(), step_of).await {
        Ok((article, _)) => Ok(Ok(article)),
        Err(WebError::BadRequest(why) | WebError::Conflict(why)) => Ok(Err(why)),
        Err(error @ WebError::NotFound(_)) => Ok(Err(error.message())),
        Err(error) => Err(error),
    }
}

/// The articles that were chosen one by one, each once.
fn named(chosen: &[String]) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for text in chosen {
        let (id, revision) = text.rsplit_once(' ').unwrap_or((text, ""));
        if targets.iter().all(|known| known.id != id) {
            targets.push(Target {
                id: id.to_owned(),
                revision: Some(revision.parse().unwrap_or(0)),
            });
        }
    }
    targets
}

/// The articles that the list showed by its filters.
async fn filtered(
    web: &Web,
    visitor: &Visitor,
    (pairs, at): (Pairs, Instant),
) -> Result<Vec<Target>, WebError> {
    let question = Question::<ArticleList>::read(web, visitor, pairs)?;
    let page = ArticleList::page(web, &question.filter, Start::First, AT_ONCE + 1).await?;
    let targets = page.rows.iter().map(|row| Target {
        id: row.id.to_string(),
        revision: (row.updated_at <= at).then_some(row.revision),
    });
    Ok(targets.collect())
}
