//! 応答状況: the board, whole and as the part that is sent again when it changes.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use madoguchi_core::access::{Permission, ViewBoard};
use madoguchi_core::audit::Action;
use madoguchi_core::figures::Figures;
use madoguchi_core::live::{AgentState, AgentView, DeskSnapshot};
use madoguchi_core::time::{Instant, Millis};
use serde::Deserialize;

use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::chart::Chart;
use crate::desk::Desk;
use crate::error::WebError;
use crate::settings::WebSettings;
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

/// A whole page.
#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    shell: Shell,
    live: String,
    /// The agent whose state the visitor may set; `any` for all, empty for none.
    can_set: String,
    /// The visitor's own agent; empty for none.
    own: String,
    /// Without scripts the page loads itself again now and then, if the visitor asked for it.
    reloads: bool,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct BoardQuery {
    reload: String,
    done: String,
}

/// The part that changes.
#[derive(Template)]
#[template(path = "board_live.html")]
struct BoardLive<'a> {
    viewer: &'a Viewer,
    date: String,
    iso_date: String,
    time: String,
    now_ms: i64,
    hours: String,
    open: bool,
    demo: bool,
    database_away: Option<String>,
    database_remedy: &'static str,
    journal_failing: bool,
    backlog: String,
    outbound_stopped: bool,
    outbound_stopped_agents: String,
    rate: String,
    target: u32,
    target_met: Option<bool>,
    figures: Vec<Tile>,
    reasons: Vec<Tile>,
    waiting: Vec<WaitingRow>,
    /// The viewer's own agent, who stands above the others.
    own: Option<AgentRow>,
    agents: Vec<AgentRow>,
    ready: usize,
    chart: Chart,
}

/// A figure and where the calls behind it are.
struct Tile {
    label: &'static str,
    value: String,
    link: String,
}

struct WaitingRow {
    from: String,
    line: String,
    since_ms: i64,
    waited: String,
    ringing: Option<String>,
    link: String,
    late: bool,
}

struct AgentRow {
    id: String,
    name: String,
    extension: String,
    state: &'static str,
    class: &'static str,
    reason: String,
    since_ms: i64,
    lasted: String,
    reachable: bool,
    call: Option<String>,
    logged_in: bool,
    wrap_up: bool,
}

pub(crate) async fn page(
    visitor: Allowed<ViewBoard>,
    State(web): State<Web>,
    Query(query): Query<BoardQuery>,
) -> Result<Html<String>, WebError> {
    let viewer = Viewer::of(&visitor);
    if viewer.sees_numbers {
        note_view(&web, &visitor).await;
    }
    let page = BoardPage {
        shell: Shell::new(&web, Some(&visitor), "/board").done(&query.done),
        live: render(&*web.desk, &web.settings, &viewer)?,
        can_set: viewer.may_set,
        own: viewer.own,
        reloads: !query.reload.is_empty(),
    };
    Ok(Html(page.render()?))
}

/// Records that the board was opened. It is shown even while the database is away; then the view
/// is in the log.
async fn note_view(web: &Web, visitor: &Visitor) {
    let entry = visitor.entry(web.desk.now(), Action::BoardView, "");
    let kept = if web.desk.status().database_up {
        web.store.append_audit(&[entry]).await.is_ok()
    } else {
        false
    };
    if !kept {
        let by = visitor.user.id.as_str();
        tracing::warn!(by, "the board was opened, which could not be recorded");
    }
}

/// For whom the board is rendered.
pub(crate) struct Viewer {
    csrf: String,
    /// The agent whose state the viewer may set; `any` for all, empty for none.
    may_set: String,
    /// The agent who the viewer is; empty for none.
    own: String,
    /// Callers' numbers are personal data.
    pub(crate) sees_numbers: bool,
    /// How long things last is counted by the page's script, so that only changes need be sent.
    counts: bool,
}

impl Viewer {
    /// For all who watch; the page's script fits it to each of them.
    pub(crate) fn all(sees_numbers: bool) -> Self {
        Self {
            csrf: String::new(),
            may_set: ANY.to_owned(),
            own: String::new(),
            sees_numbers,
            counts: true,
        }
    }

    pub(crate) fn of(visitor: &Visitor) -> Self {
        let own = visitor.user.agent.as_ref();
        let own = own.filter(|_| visitor.permissions.contains(Permission::SetOwnState));
        let own = own.map_or_else(String::new, |agent| crate::query::escape(agent.as_str()));
        let may_set = if visitor.permissions.contains(Permission::SetAnyState) {
            ANY.to_owned()
        } else {
            own.clone()
        };
        Self {
            csrf: visitor.csrf().to_owned(),
            may_set,
            own,
            sees_numbers: visitor.permissions.contains(Permission::ViewCalls),
            counts: false,
        }
    }

    fn lasted(&self, millis: Millis) -> String {
        if self.counts {
            String::new()
        } else {
            text::duration(Some(millis))
        }
    }

    fn may_set(&self, agent: &str) -> bool {
        self.may_set == ANY || self.may_set == agent
    }
}

const ANY: &str = "any";

/// Renders the part that changes.
pub(crate) fn render(
    desk: &dyn Desk,
    settings: &WebSettings,
    viewer: &Viewer,
) -> Result<String, askama::Error> {
    let (now, status, snapshot) = (desk.now(), desk.status(), desk.snapshot());
    let (today, hours) = (desk.today(), desk.hours(now));
    let setup = desk.setup();
    let target = setup.targets.answer_rate;
    let iso_date = now.date().to_string();
    let total = &today.total;
    let agents = snapshot
        .agents
        .iter()
        .map(|agent| agent_row(agent, viewer, now));
    let (own, agents): (Vec<_>, Vec<_>) = agents.partition(|agent| agent.id == viewer.own);
    let live = BoardLive {
        viewer,
        date: settings.dates.date(now.date()),
        time: text::time_with_seconds(now),
        now_ms: now.0,
        hours: text::hours(&hours, now, settings.dates),
        open: hours.open,
        demo: status.demo,
        database_away: (!status.database_up).then(|| text::time(status.database_since)),
        database_remedy: status.database_remedy.unwrap_or_default(),
        journal_failing: status.journal_failing,
        backlog: text::number(status.backlog),
        outbound_stopped: snapshot.outbound.stopped,
        outbound_stopped_agents: stopped_agents(&snapshot),
        rate: text::rate(total.answer_rate()),
        target,
        target_met: target_met(total, target),
        figures: tiles(total, &iso_date),
        reasons: reasons(total, &iso_date),
        waiting: snapshot
            .waiting
            .iter()
            .map(|call| {
                let waited = now - call.arrived_at;
                WaitingRow {
                    from: if viewer.sees_numbers {
                        call.from.shown()
                    } else {
                        text::HIDDEN.to_owned()
                    },
                    line: call.line.to_string(),
                    since_ms: call.arrived_at.0,
                    waited: viewer.lasted(waited),
                    ringing: call
                        .ringing
                        .as_ref()
                        .map(|agent| setup.agent_name(agent.as_str()).to_owned()),
                    link: format!("/calls/{}", crate::query::escape(call.call.as_str())),
                    late: waited > setup.targets.figures().service_level,
                }
            })
            .collect(),
        ready: snapshot
            .agents
            .iter()
            .filter(|agent| agent.state == AgentState::Ready)
            .count(),
        own: own.into_iter().next(),
        agents,
        chart: Chart::new(&today.by_hour),
        iso_date,
    };
    live.render()
}

/// Whether the target is met; over nothing it is neither met nor missed.
fn target_met(total: &Figures, target: u32) -> Option<bool> {
    let decided = total.offered - total.waiting;
    (decided > 0).then(|| total.answered * 100 >= decided * u64::from(target))
}

fn tiles(total: &Figures, date: &str) -> Vec<Tile> {
    let link = |kind: &str| format!("/calls?from={date}&to={date}&kind={kind}");
    let count = |label, value, kind: &str| Tile {
        label,
        value: text::number(value),
        link: link(kind),
    };
    let time = |label, value, kind: &str| Tile {
        label,
        value: text::duration(value),
        link: link(kind),
    };
    vec![
        count("着信", total.offered, "offered"),
        count("応答", total.answered, "answered"),
        count("放棄", total.abandoned(), "abandoned"),
        count("呼出中", total.waiting, "waiting"),
        time("平均待ち時間", total.waits.mean(), "answered"),
        time("最長待ち時間", total.waits.max(), "answered"),
        time("平均通話時間", total.talks.mean(), "answered"),
        time("平均後処理時間", total.wrap_ups.mean(), "answered"),
        Tile {
            label: "サービスレベル",
            value: text::rate(total.service_level()),
            link: link("answered"),
        },
        count("時間外着信", total.after_hours, "after_hours"),
        count("発信", total.outbound, "outbound"),
        count("発信応答", total.outbound_answered, "outbound"),
        count("発信規制", total.outbound_barred(), "outbound"),
    ]
}

/// The names of agents who have used up their minutes of the day.
fn stopped_agents(snapshot: &DeskSnapshot) -> String {
    let stopped = &snapshot.outbound.stopped_agents;
    let agents = snapshot.agents.iter();
    let names = agents.filter(|agent| stopped.contains(&agent.agent));
    let names: Vec<_> = names.map(|agent| format!("{}さん", agent.name)).collect();
    names.join("、")
}

fn reasons(total: &Figures, date: &str) -> Vec<Tile> {
    total
        .abandoned_by_reason
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(reason, count)| Tile {
            label: text::reason(*reason),
            value: text::number(*count),
            link: format!("/calls?from={date}&to={date}&kind={}", reason.as_str()),
        })
        .collect()
}

fn agent_row(agent: &AgentView, viewer: &Viewer, now: Instant) -> AgentRow {
    let reason = match &agent.state {
        AgentState::Away { reason } => reason.clone(),
        _ => String::new(),
    };
    AgentRow {
        id: crate::query::escape(agent.agent.as_str()),
        name: agent.name.clone(),
        extension: agent.extension.clone(),
        state: text::agent_state(&agent.state),
        class: match agent.state {
            AgentState::Ready => "ready",
            AgentState::Ringing => "ringing",
            AgentState::Talking => "talking",
            AgentState::WrapUp => "wrap-up",
            AgentState::Away { .. } => "away",
            AgentState::LoggedOut => "logged-out",
        },
        reason,
        since_ms: agent.since.0,
        lasted: viewer.lasted(now - agent.since),
        reachable: agent.reachable,
        call: agent
            .call
            .as_ref()
            .map(|call| format!("/calls/{}", crate::query::escape(call.as_str()))),
        logged_in: agent.state != AgentState::LoggedOut,
        wrap_up: agent.state == AgentState::WrapUp,
    }
}
