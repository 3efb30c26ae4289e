//! 自分の通話: who calls, on which line, and what calls came from there before, for the agent whose
//! call it is.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use madoguchi_core::access::{Permission, ViewCalls};
use madoguchi_core::call::{CallRecord, Direction};
use madoguchi_core::id::AgentId;
use madoguchi_core::time::Millis;
use madoguchi_store::{CallFilter, StoreError};

use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::auth::visitor::Visitor;
use crate::call_views;
use crate::error::WebError;
use crate::feature::Feature;
use crate::query::escape;
use crate::state::Web;
use crate::text;

pub(crate) const FEATURE: Feature = Feature::new(routes);

fn routes() -> Routes {
    Routes::new().get("/board/own-call", part)
}

/// Earlier calls are shown that arrived within so much time, and not more of them.
const EARLIER_WITHIN: Millis = Millis::from_secs(90 * 86_400);
const EARLIER: usize = 5;
/// A number may stand in others: so many calls are looked at.
const LOOKED_AT: u32 = 20;

/// The part of the board that tells of the visitor's own call.
#[derive(Template)]
#[template(path = "board_own_call.html")]
struct OwnCall {
    call: Option<ShownCall>,
}

struct ShownCall {
    link: String,
    /// Who calls, or is called.
    role: &'static str,
    party: String,
    line: String,
    arrived: String,
    earlier: Vec<Earlier>,
    /// Why none are shown; empty if some are.
    no_earlier: &'static str,
}

struct Earlier {
    link: String,
    at: String,
    what: String,
}

/// The part alone, for the page's script.
pub(crate) async fn part(
    visitor: Allowed<ViewCalls>,
    State(web): State<Web>,
) -> Result<Html<String>, WebError> {
    Ok(Html(render(&web, &visitor).await?))
}

/// The part for a visitor; says that there is no call if they are no agent.
pub(crate) async fn render(web: &Web, visitor: &Visitor) -> Result<String, WebError> {
    let may = |permission| visitor.permissions.contains(permission);
    let agent = visitor.user.agent.as_ref();
    let agent = agent.filter(|_| may(Permission::SetOwnState) && may(Permission::ViewCalls));
    let call = agent.and_then(|agent| web.desk.call_of(agent));
    let call = match &call {
        Some(call) => {
            call_views::note(web, visitor, &call.call).await;
            Some(shown(web, call).await?)
        }
        None => None,
    };
    Ok(OwnCall { call }.render()?)
}

async fn shown(web: &Web, call: &CallRecord) -> Result<ShownCall, WebError> {
    let dials = matches!(call.direction, Direction::Outbound | Direction::Internal);
    let (party, number) = if dials {
        (call.to.shown(), call.to.number())
    } else {
        (call.from.shown(), call.from.number())
    };
    let (earlier, no_earlier) = match earlier(web, call, number).await {
        Ok(earlier) if !earlier.is_empty() => (earlier, ""),
        Ok(_) if number.is_empty() => (Vec::new(), "番号が分からないため、表示できません。"),
        Ok(_) => (Vec::new(), "過去90日間の通話はありません。"),
        Err(error) if error.is_away() => (
            Vec::new(),
            "ただいま確認できません(データベースに接続できません)。",
        ),
        Err(error) => return Err(error.into()),
    };
    Ok(ShownCall {
        link: link(call),
        role: if dials { "相手" } else { "発信者" },
        party,
        line: call.line.to_string(),
        arrived: text::time(call.arrived_at),
        earlier,
        no_earlier,
    })
}

fn link(call: &CallRecord) -> String {
    format!("/calls/{}", escape(call.call.as_str()))
}

/// The calls before this one with the same number, the newest first.
async fn earlier(web: &Web, call: &CallRecord, number: &str) -> Result<Vec<Earlier>, StoreError> {
    if number.is_empty() {
        return Ok(Vec::new());
    }
    let filter = CallFilter {
        from: Some(call.arrived_at - EARLIER_WITHIN),
        until: Some(call.arrived_at),
        number: Some(number.to_owned()),
        limit: LOOKED_AT,
        ..CallFilter::default()
    };
    let found = web.ask(web.store.list_calls(&filter)).await?;
    let setup = web.desk.setup();
    let name = |agent: &AgentId| setup.agent_name(agent.as_str()).to_owned();
    let same = |one: &&CallRecord| one.from.number() == number || one.to.number() == number;
    let calls = found.calls.iter().filter(same).take(EARLIER);
    let calls = calls.map(|one| {
        let agents: Vec<_> = one
            .parts
            .iter()
            .filter_map(|part| part.agent.as_ref())
            .map(name)
            .collect();
        let parts = [
            text::direction(one.direction).to_owned(),
            text::outcome(one),
            one.line.to_string(),
            agents.join("、"),
        ];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Earlier {
            link: link(one),
            at: web.settings.dates.minute(one.arrived_at),
            what: parts.join("　"),
        }
    });
    Ok(calls.collect())
}
