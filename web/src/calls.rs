//! The list of calls with its filters.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use madoguchi_core::call::CallRecord;

use crate::error::WebError;
use crate::query::{CallQuery, KINDS, PAGE_SIZE, Period, escape};
use crate::{Web, board, text};

#[derive(Template)]
#[template(path = "calls.html")]
struct CallsPage {
    query: CallQuery,
    from: String,
    to: String,
    lines: Vec<Choice>,
    agents: Vec<Choice>,
    kinds: Vec<Choice>,
    total: String,
    rows: Vec<CallRow>,
    page: u32,
    pages: u32,
    before: Option<String>,
    after: Option<String>,
}

struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

struct CallRow {
    link: String,
    date: String,
    time: String,
    kind: &'static str,
    line: String,
    from: String,
    to: String,
    outcome: String,
    agent: String,
    wait: String,
    talk: String,
}

pub(crate) async fn page(
    State(web): State<Web>,
    Query(query): Query<CallQuery>,
) -> Result<Html<String>, WebError> {
    let period = Period::read(&query.from, &query.to, web.desk.now().date())?;
    let found = web.store.list_calls(&query.filter(&period)?).await?;
    let page = query.page_number()?;
    let pages = u32::try_from(found.total.div_ceil(u64::from(PAGE_SIZE)))
        .unwrap_or(u32::MAX)
        .max(1);
    let choice = |value: &str, label: &str, chosen: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen: value == chosen,
    };
    let settings = &web.settings;
    let lines = settings
        .lines
        .iter()
        .map(|line| choice(line.as_str(), line.as_str(), &query.line));
    let agents = settings
        .agent_names
        .iter()
        .map(|(id, name)| choice(id.as_str(), name, &query.agent));
    let view = CallsPage {
        from: period.from.to_string(),
        to: period.to.to_string(),
        lines: std::iter::once(choice("", "すべて", &query.line))
            .chain(lines)
            .collect(),
        agents: std::iter::once(choice("", "すべて", &query.agent))
            .chain(agents)
            .collect(),
        kinds: KINDS
            .iter()
            .map(|(value, label)| choice(value, label, &query.kind))
            .collect(),
        total: text::number(found.total),
        rows: found.calls.iter().map(|call| row(&web, call)).collect(),
        page,
        pages,
        before: (page > 1).then(|| query.link(page - 1)),
        after: (page < pages).then(|| query.link(page + 1)),
        query,
    };
    Ok(Html(view.render()?))
}

fn row(web: &Web, call: &CallRecord) -> CallRow {
    CallRow {
        link: format!("/calls/{}", escape(call.call.as_str())),
        date: call.arrived_at.date().to_string(),
        time: text::time_with_seconds(call.arrived_at),
        kind: text::direction(call.direction),
        line: call.line.to_string(),
        from: text::caller(&call.from).to_owned(),
        to: call.to.clone(),
        outcome: text::outcome(call),
        agent: call
            .agent()
            .map(|agent| board::name_of(&web.settings, agent.as_str()))
            .unwrap_or_default(),
        wait: text::duration(call.wait()),
        talk: text::duration(call.talk()),
    }
}
