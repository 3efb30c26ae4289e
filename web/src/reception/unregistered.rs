//! 未登録の通話: answered calls that have neither a ticket nor a reason for having none. Agents see their
//! own, supervisors and who writes reports all; of a month, if it is asked for.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use madoguchi_core::access::{HandleTickets, Permission};
use madoguchi_core::audit::Action;
use madoguchi_core::call::CallRecord;
use madoguchi_core::month::Month;
use madoguchi_core::time::Instant;
use serde::Deserialize;

use super::side_panel::UNREGISTERED_WITHIN;
use super::subject::HERE;
use super::without_ticket;
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::{Choice, escape};
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

/// The entry of the menu.
const LIST: &str = "/reception/unregistered";
/// Calls on the page.
const CALLS: u32 = 200;

#[derive(Template)]
#[template(path = "reception_unregistered.html")]
struct UnregisteredPage {
    shell: Shell,
    all: bool,
    /// The month that was asked for, with its name.
    month: Option<(String, String)>,
    total: u64,
    /// Not all are shown.
    is_cut: bool,
    calls: Vec<Row>,
    reasons: Vec<Choice>,
    refused: Option<String>,
    /// Where the call is that was just said to be 対象外.
    without: Option<String>,
}

struct Row {
    id: String,
    link: String,
    at: String,
    line: String,
    from: String,
    agents: String,
    talked: String,
    /// It goes on: there is nothing to be decided yet.
    goes_on: bool,
}

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    /// A month alone; empty: the last days.
    pub(super) month: String,
    pub(super) done: String,
    /// The call that was said to be 対象外.
    pub(super) without: String,
}

pub(super) async fn list(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Query(query): Query<ListQuery>,
) -> Result<Html<String>, WebError> {
    show(&web, &visitor, &query, None).await
}

/// The list; `refused`: why a call of it did not become 対象外.
pub(super) async fn show(
    web: &Web,
    visitor: &Visitor,
    query: &ListQuery,
    refused: Option<String>,
) -> Result<Html<String>, WebError> {
    let now = web.desk.now();
    let may = |permission| visitor.permissions.contains(permission);
    let all = may(Permission::SetAnyState) || may(Permission::ManageReports);
    let month = match query.month.as_str() {
        "" => None,
        text => Some(
            text.parse::<Month>()
                .map_err(|_| WebError::NotFound("この月"))?,
        ),
    };
    // What arrives while the page is made is on it.
    let until = now + UNREGISTERED_WITHIN;
    let span: (Instant, Instant) = match month {
        Some(month) => (month.start(), month.end()),
        None => (now - UNREGISTERED_WITHIN, until),
    };
    let own = visitor.user.agent.as_ref();
    let (calls, total) = if all || own.is_some() {
        let agent = own.filter(|_| !all);
        let calls = web.store.unregistered_calls(agent, span, CALLS).await?;
        (calls, web.store.count_unregistered(agent, span).await?)
    } else {
        (Vec::new(), 0)
    };
    let entry = visitor.entry(now, Action::CallsView, "");
    web.store.append_audit(&[entry]).await?;
    let page = UnregisteredPage {
        shell: Shell::new(web, Some(visitor), LIST).done(web, &query.done),
        all,
        month: month.map(|month| (month.to_string(), month.name())),
        total,
        is_cut: total > u64::from(CALLS),
        calls: calls.iter().map(|call| row(web, call)).collect(),
        reasons: without_ticket::reasons(""),
        refused,
        without: without_ticket::link_to_call(&query.without),
    };
    Ok(Html(page.render()?))
}

fn row(web: &Web, call: &CallRecord) -> Row {
    let setup = web.desk.setup();
    let agents = call.parts.iter().filter_map(|part| part.agent.as_ref());
    let agents: Vec<_> = agents
        .map(|agent| setup.agent_name(agent.as_str()).to_owned())
        .collect();
    Row {
        id: call.call.as_str().to_owned(),
        link: format!("{HERE}?call={}", escape(call.call.as_str())),
        at: web.settings.dates.minute(call.arrived_at),
        line: call.line.to_string(),
        from: call.from.shown(),
        agents: agents.join("、"),
        talked: text::duration(call.talk()),
        goes_on: call.ended_at.is_none(),
    }
}
