//! The list of calls with its filters.

use askama::Template;
use axum::extract::{Query, RawQuery, State};
use axum::response::Html;
use madoguchi_core::access::{Permission, ViewCalls};
use madoguchi_core::audit::{Action, AuditEntry};
use madoguchi_core::call::CallRecord;
use madoguchi_core::setup::DeskSetup;

use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::feature::Feature;
use crate::menu::MenuEntry;
use crate::query::{CallQuery, Choice, Head, KINDS, PAGE_SIZE, Period, escape};
use crate::shell::Shell;
use crate::state::Web;
use crate::text;
use crate::views::Views;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new(
        "通話の一覧",
        "/calls",
        Permission::ViewCalls,
    )])
    .views(&["/calls"]);

fn routes() -> Routes {
    Routes::new().get("/calls", page)
}

#[derive(Template)]
#[template(path = "calls.html")]
struct CallsPage {
    shell: Shell,
    views: Views,
    heads: CallHeads,
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

/// The columns by which the list can be put in order.
struct CallHeads {
    at: Head,
    wait: Head,
    talk: Head,
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
    visitor: Allowed<ViewCalls>,
    State(web): State<Web>,
    RawQuery(asked): RawQuery,
    Query(query): Query<CallQuery>,
) -> Result<Html<String>, WebError> {
    let period = Period::read(&query.from, &query.to, web.desk.now().date())?;
    let found = web.store.list_calls(&query.filter(&period)?).await?;
    let page = query.page_number()?;
    let pages = u32::try_from(found.total.div_ceil(u64::from(PAGE_SIZE)))
        .unwrap_or(u32::MAX)
        .max(1);
    let setup = web.desk.setup();
    // Records still name the lines and agents that were removed.
    let lines = setup.lines.iter().map(|line| line.thing.name.as_str());
    let lines = lines.chain(setup.former_lines.iter().map(String::as_str));
    let lines = lines.map(|line| (line, line));
    let agents = setup.agents.iter();
    let agents = agents.map(|agent| (agent.thing.id.as_str(), agent.thing.name.as_str()));
    let former = setup.former_agents.iter();
    let agents = agents.chain(former.map(|(id, name)| (id.as_str(), name.as_str())));
    let all = || std::iter::once(("", "すべて"));
    web.store
        .append_audit(&[viewed(&web, &visitor, &query, &period)])
        .await?;
    let view = CallsPage {
        shell: Shell::new(&web, Some(&visitor), "/calls"),
        views: Views::of(&web, &visitor, "/calls", asked.as_deref()).await?,
        heads: CallHeads {
            at: query.head("日時", &[("", "descending"), ("oldest", "ascending")]),
            wait: query.head("待ち", &[("wait", "descending")]),
            talk: query.head("通話", &[("talk", "descending")]),
        },
        from: period.from.to_string(),
        to: period.to.to_string(),
        lines: Choice::list(all().chain(lines), &query.line),
        agents: Choice::list(all().chain(agents), &query.agent),
        kinds: Choice::list(KINDS, &query.kind),
        total: text::number(found.total),
        rows: found.calls.iter().map(|call| row(&setup, call)).collect(),
        page,
        pages,
        before: (page > 1).then(|| query.link(page - 1)),
        after: (page < pages).then(|| query.link(page + 1)),
        query,
    };
    Ok(Html(view.render()?))
}

/// What was looked at: the question, not the answer.
pub(crate) fn viewed(
    web: &Web,
    visitor: &Visitor,
    query: &CallQuery,
    period: &Period,
) -> AuditEntry {
    let mut entry = visitor.entry(web.desk.now(), Action::CallsView, "");
    let asked = [
        ("period", format!("{}/{}", period.from, period.to)),
        ("hour", query.hour.clone()),
        ("line", query.line.clone()),
        ("agent", query.agent.clone()),
        ("kind", query.kind.clone()),
        ("number", query.number.clone()),
        ("page", query.page.clone()),
    ];
    let asked = asked.into_iter().filter(|(_, value)| !value.is_empty());
    entry.after = asked
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    entry
}

fn row(setup: &DeskSetup, call: &CallRecord) -> CallRow {
    CallRow {
        link: format!("/calls/{}", escape(call.call.as_str())),
        date: call.arrived_at.date().to_string(),
        time: text::time_with_seconds(call.arrived_at),
        kind: text::direction(call.direction),
        line: call.line.to_string(),
        from: call.from.shown(),
        to: call.to.shown(),
        outcome: text::outcome(call),
        agent: call
            .agent()
            .map(|agent| setup.agent_name(agent.as_str()).to_owned())
            .unwrap_or_default(),
        wait: text::duration(call.wait()),
        talk: text::duration(call.talk()),
    }
}
