//! The JSON API: the same as the pages, for programs.

mod answers;
mod described;

use axum::Json;
use axum::extract::{Path, Query, State};
use chrono::DateTime;
use madoguchi_core::access::{Permission, ReadFigures, SetOwnState, ViewBoard, ViewCalls};
use madoguchi_core::audit::Action;
use madoguchi_core::call::CallRecord;
use madoguchi_core::caller::Caller;
use madoguchi_core::id::{CallId, LineName};
use madoguchi_core::live::AgentView;
use madoguchi_core::stats::{By, StatsQuery, StatsReport};
use madoguchi_core::time::Instant;
use serde::Deserialize;

use self::answers::{AgentFigures, Board, Call, Hours};
use crate::agents::{self, StateRequest};
use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::error::WebError;
use crate::feature::Feature;
use crate::query::Period;
use crate::state::Web;

pub(crate) const FEATURE: Feature = Feature::new(routes);

fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/board", board)
        .described(described::board)
        .get("/api/v1/stats", stats)
        .described(described::stats)
        .get("/api/v1/calls/{id}", call)
        .described(described::call)
        .get("/api/v1/agents", agents)
        .described(described::agents)
        .post("/api/v1/agents/{id}/state", set_agent_state)
        .described(described::set_agent_state)
        .get("/api/v1/hours", hours)
        .described(described::hours)
}

async fn board(visitor: Allowed<ViewBoard>, State(web): State<Web>) -> Json<Board> {
    let (now, today, status) = (web.desk.now(), web.desk.today(), web.desk.status());
    let by_agent = today
        .by_agent
        .iter()
        .map(|(agent, figures)| AgentFigures {
            agent: agent.as_ref().map(ToString::to_string),
            figures: figures.clone(),
        })
        .collect();
    let mut desk = web.desk.snapshot().as_ref().clone();
    // Callers' numbers are personal data.
    if !visitor.permissions.contains(Permission::ViewCalls) {
        for call in &mut desk.waiting {
            call.from = Caller::default();
        }
        for call in &mut desk.parked {
            call.from = Caller::default();
        }
    }
    Json(Board {
        now: now.to_rfc3339(),
        open: web.desk.hours(now).open,
        target_answer_rate: web.desk.setup().targets.answer_rate,
        today,
        by_agent,
        desk,
        database_up: status.database_up,
        backlog: status.backlog,
    })
}

/// Days of figures at the most: each may be a row.
const MOST_DAYS: i64 = 3_660;

#[derive(Deserialize, Default)]
#[serde(default)]
struct FiguresQuery {
    from: String,
    to: String,
    by: String,
}

async fn stats(
    _: Allowed<ReadFigures>,
    State(web): State<Web>,
    Query(query): Query<FiguresQuery>,
) -> Result<Json<StatsReport>, WebError> {
    let period = Period::read(&query.from, &query.to, web.desk.now().date())?;
    let period = period.at_most(MOST_DAYS)?;
    let by = match query.by.as_str() {
        "" | "total" => By::Total,
        "day" => By::Day,
        "month" => By::Month,
        "hour" => By::Hour,
        "line" => By::Line,
        "agent" => By::Agent,
        _ => {
            let message = "by は total、day、month、hour、line、agent のどれかにしてください。";
            return Err(WebError::BadRequest(message.to_owned()));
        }
    };
    let query = StatsQuery {
        from: period.from,
        to: period.to,
        by,
        line: None,
        agent: None,
    };
    let thresholds = web.desk.setup().targets.figures();
    Ok(Json(web.store.stats(query, thresholds).await?))
}

async fn call(
    visitor: Allowed<ViewCalls>,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Json<Call>, WebError> {
    let events = web.store.events_of(&CallId::new(&id)).await?;
    let call = CallRecord::fold(&events).ok_or(WebError::NotFound("この通話の記録"))?;
    let entry = visitor.entry(web.desk.now(), Action::CallView, &id);
    web.store.append_audit(&[entry]).await?;
    Ok(Json(Call { call, events }))
}

async fn agents(_: Allowed<ViewBoard>, State(web): State<Web>) -> Json<Vec<AgentView>> {
    Json(web.desk.snapshot().agents.clone())
}

async fn set_agent_state(
    visitor: Allowed<SetOwnState>,
    State(web): State<Web>,
    Path(agent): Path<String>,
    Json(request): Json<StateRequest>,
) -> Result<Json<serde_json::Value>, WebError> {
    agents::set(&web, &visitor, &agent, request).await?;
    Ok(Json(serde_json::json!({})))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct HoursQuery {
    at: String,
    /// Of which line; the desk's if none is named.
    line: String,
}

async fn hours(
    _: Allowed<ViewBoard>,
    State(web): State<Web>,
    Query(query): Query<HoursQuery>,
) -> Result<Json<Hours>, WebError> {
    let at = if query.at.is_empty() {
        web.desk.now()
    } else {
        let read = DateTime::parse_from_rfc3339(&query.at);
        read.map(|at| Instant(at.timestamp_millis())).map_err(|_| {
            WebError::BadRequest(format!(
                "「{}」は日時ではありません。2026-12-29T09:00:00+09:00 のように指定してください。",
                query.at
            ))
        })?
    };
    let status = if query.line.is_empty() {
        web.desk.hours(at)
    } else if web.desk.setup().line(&query.line).is_some() {
        let line = LineName::new(&query.line);
        web.desk.calendars().of_line(&line).status(at)
    } else {
        return Err(WebError::NotFound("この回線"));
    };
    let shown = |at: Option<Instant>| at.map(|at| at.in_tokyo().to_rfc3339());
    Ok(Json(Hours {
        open: status.open,
        reason: status.reason,
        closes_at: shown(status.closes_at),
        opens_at: shown(status.opens_at),
    }))
}
