//! 応答状況: the board, whole and as the part that is sent again when it changes.

mod agent;
mod audience;
mod risk;
mod taking;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use madoguchi_core::access::{Permission, ViewBoard};
use madoguchi_core::audit::Action;
use madoguchi_core::figures::Figures;
use madoguchi_core::live::{AgentState, DeskSnapshot, ParkedCall};
use madoguchi_core::setup::DeskSetup;
use madoguchi_core::time::Instant;
use serde::Deserialize;

use self::agent::AgentRow;
pub(crate) use self::audience::BoardAudience;
use self::risk::RiskStrip;
use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::auth::visitor::Visitor;
use crate::chart::Chart;
use crate::desk::Desk;
use crate::error::WebError;
use crate::feature::Feature;
use crate::menu::MenuEntry;
use crate::monthly::running;
use crate::own_call;
use crate::portal::notices::{self, ShownNotice};
use crate::remembered::DueCount;
use crate::settings::WebSettings;
use crate::shell::Shell;
use crate::state::{BoardPanels, Web};
use crate::text;
use crate::tickets::due;
use crate::wait_chart::WaitChart;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new("応答状況", "/board", Permission::ViewBoard)])
    .messages(&taking::MESSAGES)
    .failures(&taking::FAILURES);

fn routes() -> Routes {
    Routes::new()
        .get("/board", page)
        .post("/board/take/{call}", taking::take)
}

/// More lines with calendars of their own are not told on the board.
const LINES_AT_MOST: usize = 20;

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
    /// The session that the page is for.
    session: String,
    /// The visitor sees to tickets.
    sees_due: bool,
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
    viewer: &'a BoardAudience,
    date: String,
    iso_date: String,
    time: String,
    now_ms: i64,
    hours: String,
    open: bool,
    /// Lines with a calendar of their own.
    line_hours: Vec<LineHours>,
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
    /// Callers whom agents have left for whoever fetches them.
    parked: Vec<ParkedRow>,
    /// The viewer's own agent, who stands above the others.
    own: Option<AgentRow>,
    /// The part that tells of the viewer's own call.
    own_call: String,
    agents: Vec<AgentRow>,
    ready: usize,
    /// 障害情報 in force.
    incidents: Vec<ShownNotice>,
    /// 期限の近いもの
    due: DueCount,
    /// What of the running month is in danger.
    risk: RiskStrip,
    chart: Chart,
    waits: WaitChart,
}

/// Whether a line is open that has a calendar of its own.
struct LineHours {
    line: String,
    hours: String,
    open: bool,
}

/// A figure and where the calls behind it are.
struct Tile {
    label: &'static str,
    value: String,
    link: String,
}

struct ParkedRow {
    slot: u32,
    from: String,
    line: String,
    since_ms: i64,
    lasted: String,
    /// Who left them; empty if nobody knows.
    by: String,
    link: String,
    take: String,
}

struct WaitingRow {
    /// Where the caller is taken.
    take: String,
    from: String,
    line: String,
    since_ms: i64,
    waited: String,
    ringing: Option<String>,
    link: String,
    late: bool,
}

pub(crate) async fn page(
    visitor: Allowed<ViewBoard>,
    State(web): State<Web>,
    Query(query): Query<BoardQuery>,
) -> Result<Html<String>, WebError> {
    let viewer = BoardAudience::of(&visitor);
    let mut own_call = String::new();
    if viewer.sees.numbers {
        note_view(&web, &visitor).await;
        if !viewer.own.is_empty() {
            own_call = own_call::render(&web, &visitor).await?;
        }
    }
    notices::read(&web).await;
    if viewer.sees_due {
        due::refresh(&web).await;
    }
    if viewer.sees.month {
        running::refresh(&web);
    }
    let shown = BoardPanels {
        notices: web.notices.clone(),
        due: web.due.clone(),
        running: web.running.clone(),
    };
    let page = BoardPage {
        shell: Shell::new(&web, Some(&visitor), "/board").done(&web, &query.done),
        live: render(&*web.desk, &web.settings, &viewer, &shown, own_call)?,
        sees_due: viewer.sees_due,
        session: visitor.session().unwrap_or_default().to_owned(),
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

/// Renders the part that changes, with what is shown beside the desk and the part that tells of the viewer's
/// own call.
pub(crate) fn render(
    desk: &dyn Desk,
    settings: &WebSettings,
    viewer: &BoardAudience,
    beside: &BoardPanels,
    own_call: String,
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
        .map(|agent| AgentRow::new(agent, viewer, now).doing(&snapshot, &agent.agent));
    let (own, agents): (Vec<_>, Vec<_>) = agents.partition(|agent| agent.id == viewer.own);
    let live = BoardLive {
        viewer,
        date: settings.dates.date(now.date()),
        time: text::time_with_seconds(now),
        now_ms: now.0,
        hours: text::hours(&hours, now, settings.dates),
        open: hours.open,
        line_hours: line_hours(desk, now, settings),
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
                    take: taking::place(&call.call),
                    from: if viewer.sees.numbers {
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
        parked: parked(&snapshot, &setup, viewer, now),
        ready: snapshot
            .agents
            .iter()
            .filter(|agent| agent.state == AgentState::Ready)
            .count(),
        own: own.into_iter().next(),
        own_call,
        incidents: notices::incidents(&beside.notices.get(), now, settings.dates),
        due: beside.due.get(),
        risk: RiskStrip::of(beside.running.latest().as_deref(), now),
        agents,
        chart: Chart::new(&today.by_hour),
        waits: WaitChart::new(&today, now),
        iso_date,
    };
    live.render()
}

/// Callers who are parked, by their slots.
fn parked(
    snapshot: &DeskSnapshot,
    setup: &DeskSetup,
    viewer: &BoardAudience,
    now: Instant,
) -> Vec<ParkedRow> {
    let row = |one: &ParkedCall| ParkedRow {
        slot: one.slot,
        from: if viewer.sees.numbers {
            one.from.shown()
        } else {
            text::HIDDEN.to_owned()
        },
        line: one.line.to_string(),
        since_ms: one.parked_at.0,
        lasted: viewer.lasted(now - one.parked_at),
        by: one.parked_by.as_ref().map_or_else(String::new, |agent| {
            setup.agent_name(agent.as_str()).to_owned()
        }),
        link: format!("/calls/{}", crate::query::escape(one.call.as_str())),
        take: taking::place(&one.call),
    };
    snapshot.parked.iter().map(row).collect()
}

/// The lines that are not open whenever the desk is.
fn line_hours(desk: &dyn Desk, now: Instant, settings: &WebSettings) -> Vec<LineHours> {
    let calendars = desk.calendars();
    let lines = calendars.lines_of_their_own().take(LINES_AT_MOST);
    let hours = lines.map(|(line, calendar)| {
        let hours = calendars.named(Some(calendar)).status(now);
        LineHours {
            line: line.to_string(),
            hours: text::hours(&hours, now, settings.dates),
            open: hours.open,
        }
    });
    hours.collect()
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
        count("応対前", total.waiting, "waiting"),
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
