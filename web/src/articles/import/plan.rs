//! What a file of articles would do, before anything is kept.

use std::collections::BTreeSet;

use madoguchi_core::article::{Article, ArticleNumber, Content, Line};
use madoguchi_core::id::ArticleId;
use serde_json::error::Category;

use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::library::store::by_name;
use crate::state::Web;

/// Articles of one file.
pub(super) const LINES: usize = 1_000;

/// What a file would do.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) faults: Vec<String>,
    pub(super) new: Vec<Article>,
    pub(super) changed: Vec<(Article, Content)>,
    pub(super) same: usize,
    /// Sections of the manual that readers see and the file does not have.
    pub(super) left: Vec<Article>,
}

/// Reads lines of JSON; blank ones are left out.
fn read(text: &str) -> Result<Vec<Line>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = (1..).zip(text.lines());
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let lines: Vec<Line> = lines
        .map(|(n, line)| serde_json::from_str(line).map_err(|error| unreadable(n, &error)))
        .collect::<Result<_, _>>()?;
    if lines.is_empty() {
        return Err("ファイルに記事がありません。".to_owned());
    }
    if lines.len() > LINES {
        return Err(too_many());
    }
    Ok(lines)
}

/// Why a line is no article.
fn unreadable(line: usize, error: &serde_json::Error) -> String {
    let why = match error.classify() {
        Category::Data => "項目の名前か値が違います。id、question、answer、category が必要です",
        _ => {
            "JSONではありません。1行に1件の記事を書いたファイルか、Excelのファイルを選んでください"
        }
    };
    format!("{line}行目を読み取れません。{why}。")
}

pub(super) fn too_many() -> String {
    format!("一度に取り込めるのは{LINES}件までです。ファイルを分けてください。")
}

/// What the lines of a file would do.
pub(super) async fn plan(web: &Web, visitor: &Visitor, text: &str) -> Result<Plan, WebError> {
    let mut plan = Plan::default();
    let lines = match read(text) {
        Ok(lines) => lines,
        Err(fault) => {
            plan.faults.push(fault);
            return Ok(plan);
        }
    };
    plan.faults = Line::faults(&lines);
    let (by, now) = (&visitor.user.id, web.desk.now());
    for line in lines {
        let Some(mut article) = by_name(&web.store, line.id.as_str()).await? else {
            // A number is given by us: under this one there is no article.
            if ArticleNumber::read(line.id.as_str()).is_some() {
                plan.faults
                    .push(format!("番号「{}」の記事はありません。", line.id));
                continue;
            }
            let content = line.content(Content::default());
            plan.new.push(Article::new(line.id, content, by, now));
            continue;
        };
        let before = article.newest().map(|version| version.content.clone());
        let before = before.unwrap_or_default();
        let content = line.content(before.clone());
        if content == before {
            plan.same += 1;
        } else if article.edit(content, by, now).is_err() {
            plan.faults.push(format!(
                "id「{}」は、確認待ちか公開予約のため、変更できません。",
                line.id
            ));
        } else {
            plan.changed.push((article, before));
        }
    }
    Ok(plan)
}

/// The sections of a manual that readers see and that its lines do not have any more. Each names the sections beside
/// it, so that all are found from those that stayed.
pub(super) async fn left(web: &Web, text: &str) -> Result<Vec<Article>, WebError> {
    let lines = read(text).unwrap_or_default();
    let Some(title) = lines
        .iter()
        .find_map(|line| Some(&line.manual.as_ref()?.title))
    else {
        return Ok(Vec::new());
    };
    let here: BTreeSet<&ArticleId> = lines.iter().map(|line| &line.id).collect();
    let mut waiting: Vec<ArticleId> = here.iter().map(|id| (*id).clone()).collect();
    let mut seen: BTreeSet<ArticleId> = waiting.iter().cloned().collect();
    let (mut left, now) = (Vec::new(), web.desk.now());
    while let Some(id) = waiting.pop() {
        let Some(article) = web.store.lookup_article(&id).await? else {
            continue;
        };
        let Some(version) = article.published(now) else {
            continue;
        };
        let is_of_it = version.content.manual.as_ref();
        if is_of_it.is_none_or(|place| place.title != *title) {
            continue;
        }
        for beside in &version.content.related {
            if seen.len() < 2 * LINES && seen.insert(beside.clone()) {
                waiting.push(beside.clone());
            }
        }
        if !here.contains(&article.id) {
            left.push(article);
        }
    }
    left.sort_by_key(|article| article.number);
    Ok(left)
}
