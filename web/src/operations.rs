//! What an operator's tools ask: does it live, is it ready, how is it doing.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use madoguchi_core::access::ReadMetrics;
use madoguchi_core::figures::Figures;
use madoguchi_core::live::AgentState;
use madoguchi_store::Fault;

use crate::auth::access::{Allowed, Public};
use crate::auth::routes::Routes;
use crate::feature::Feature;
use crate::state::Web;

pub(crate) const FEATURE: Feature = Feature::new(routes);

fn routes() -> Routes {
    Routes::new()
        .get("/healthz", healthz)
        .get("/readyz", readyz)
        .get("/metrics", metrics)
}

pub(crate) async fn healthz(_: Public) -> &'static str {
    "ok\n"
}

/// Ready while calls can be taken and counted: the database may be away, the journal may not; not
/// while the desk stops: whoever spreads visitors over nodes takes another. Told
/// from memory; whether the database takes writes is tried all the time
/// ([`madoguchi_store::StoreHealth`]).
pub(crate) async fn readyz(_: Public, State(web): State<Web>) -> impl IntoResponse {
    let status = web.desk.status();
    let health = *web.store.health().borrow();
    let database = match health.fault {
        None if health.joined => "up".to_owned(),
        fault => format!("away {}", fault.map_or("not_joined", Fault::as_str)),
    };
    let (mut code, journal) = if status.journal_failing {
        (StatusCode::SERVICE_UNAVAILABLE, "failing")
    } else {
        (StatusCode::OK, "up")
    };
    let stopping = if status.stopping {
        code = StatusCode::SERVICE_UNAVAILABLE;
        "stopping\n"
    } else {
        ""
    };
    (
        code,
        format!(
            "{stopping}journal {journal}\ndatabase {database}\nbacklog {}\n",
            status.backlog
        ),
    )
}

/// Prometheus' text format.
pub(crate) async fn metrics(_: Allowed<ReadMetrics>, State(web): State<Web>) -> impl IntoResponse {
    let (today, snapshot, status) = (web.desk.today(), web.desk.snapshot(), web.desk.status());
    let mut text = String::new();
    for (line, figures) in &today.by_line {
        let line = line.as_str().replace('\\', "\\\\").replace('"', "\\\"");
        write_line(&mut text, &line, figures);
    }
    let states = [
        ("ready", AgentState::Ready),
        ("ringing", AgentState::Ringing),
        ("talking", AgentState::Talking),
        ("wrap_up", AgentState::WrapUp),
        ("logged_out", AgentState::LoggedOut),
    ];
    let all = snapshot.agents.len();
    let mut rest = all;
    for (name, state) in states {
        let count = snapshot
            .agents
            .iter()
            .filter(|agent| agent.state == state)
            .count();
        rest -= count;
        gauge(
            &mut text,
            "madoguchi_agents",
            &format!("state=\"{name}\""),
            count as u64,
        );
    }
    gauge(&mut text, "madoguchi_agents", "state=\"away\"", rest as u64);
    gauge(
        &mut text,
        "madoguchi_journal_backlog_events",
        "",
        status.backlog,
    );
    gauge(
        &mut text,
        "madoguchi_database_up",
        "",
        u64::from(status.database_up),
    );
    gauge(
        &mut text,
        "madoguchi_journal_up",
        "",
        u64::from(!status.journal_failing),
    );
    text.push_str(&madoguchi_metrics::metrics().text());
    (
        [(header::CONTENT_TYPE, madoguchi_metrics::CONTENT_TYPE)],
        text,
    )
}

fn write_line(text: &mut String, line: &str, figures: &Figures) {
    let label = format!("line=\"{line}\"");
    gauge(text, "madoguchi_today_offered", &label, figures.offered);
    gauge(text, "madoguchi_today_answered", &label, figures.answered);
    gauge(text, "madoguchi_today_waiting", &label, figures.waiting);
    gauge(
        text,
        "madoguchi_today_after_hours",
        &label,
        figures.after_hours,
    );
    gauge(text, "madoguchi_today_outbound", &label, figures.outbound);
    for (reason, count) in &figures.abandoned_by_reason {
        let label = format!("{label},reason=\"{}\"", reason.as_str());
        gauge(text, "madoguchi_today_abandoned", &label, *count);
    }
}

fn gauge(text: &mut String, name: &str, labels: &str, value: u64) {
    let labels = if labels.is_empty() {
        String::new()
    } else {
        format!("{{{labels}}}")
    };
    // Writing to a string cannot fail.
    let _infallible = writeln!(text, "{name}{labels} {value}");
}
