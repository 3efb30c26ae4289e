//! What signalling tells of each trunk and day, for operators: neither names nor numbers stand here.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse as _, Response};
use ipnet::IpNet;
use madoguchi_core::access::ReadMetrics;
use madoguchi_core::setup::DeskSetup;
use madoguchi_core::signal::{TrunkFigures, Way, by_trunk};
use madoguchi_core::time::Millis;

use super::days::{DaysQuery, ShownDays};
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

/// The entry of the menu.
pub(super) const HERE: &str = "/admin/signals";
/// Causes that are named.
const CAUSES_AT_MOST: usize = 5;

#[derive(Template)]
#[template(path = "signal_figures.html")]
struct FiguresPage {
    shell: Shell,
    days: ShownDays,
    rows: Vec<Row>,
    has_trunks: bool,
}

struct Row {
    day: String,
    trunk: String,
    way: &'static str,
    attempts: String,
    answered: String,
    rate: String,
    cancelled: String,
    delay: String,
    longest: String,
    client: String,
    server: String,
    causes: String,
}

pub(super) async fn page(
    visitor: Allowed<ReadMetrics>,
    State(web): State<Web>,
    Query(query): Query<DaysQuery>,
) -> Result<Response, WebError> {
    let days = query.read(web.desk.now().date())?;
    let counts = match &days.period {
        Some(period) => {
            web.store
                .count_dialogs(period.start(), period.end())
                .await?
        }
        None => Vec::new(),
    };
    let trunks = trunks(&web.desk.setup());
    let name = |address: &str| {
        let address = address.parse::<std::net::IpAddr>().ok()?;
        let mut known = trunks.iter();
        let (_, name) = known.find(|(net, _)| net.contains(&address))?;
        Some(name.clone())
    };
    let figures = by_trunk(&counts, name);
    let dates = web.settings.dates;
    let rows = figures.iter().rev().map(|((day, trunk, way), figures)| {
        let way = match way {
            Way::Inbound => "着信",
            Way::Outbound => "発信",
        };
        row(dates.date(*day), trunk, way, figures)
    });
    let page = FiguresPage {
        shell: Shell::new(&web, Some(&visitor), HERE),
        days,
        rows: rows.collect(),
        has_trunks: !trunks.is_empty(),
    };
    Ok((page.days.status(), Html(page.render()?)).into_response())
}

/// The addresses of carriers with the names of their trunks; of those that only the setting of observing
/// has, the address is the name.
fn trunks(setup: &DeskSetup) -> Vec<(IpNet, String)> {
    let named = setup.trunks.iter().flat_map(|trunk| {
        let sources = trunk.config.sources.iter();
        sources.map(|source| (source.net, trunk.config.name.clone()))
    });
    let others = setup.observe.trunk_networks();
    named
        .chain(others.map(|net| (net, net.to_string())))
        .collect()
}

fn row(day: String, trunk: &str, way: &'static str, figures: &TrunkFigures) -> Row {
    let seconds = |time: Option<Millis>| {
        time.map_or_else(
            || text::NOTHING.to_owned(),
            |time| format!("{}.{}", time.0 / 1_000, time.0 % 1_000 / 100),
        )
    };
    let rate = figures.answer_seizure();
    let mut causes: Vec<_> = figures.refusals.iter().collect();
    causes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let causes = causes.into_iter().take(CAUSES_AT_MOST);
    let causes = causes.map(|(status, count)| match cause(*status) {
        "" => format!("{status} {count}件"),
        cause => format!("{status} {cause} {count}件"),
    });
    Row {
        day,
        trunk: trunk.to_owned(),
        way,
        attempts: text::number(figures.attempts),
        answered: text::number(figures.answered),
        rate: rate.map_or_else(
            || text::NOTHING.to_owned(),
            |tenths| format!("{}.{}%", tenths / 10, tenths % 10),
        ),
        cancelled: text::number(figures.cancelled),
        delay: seconds(figures.post_dial_delay()),
        longest: seconds(figures.longest_delay()),
        client: text::number(figures.refused(4)),
        server: text::number(figures.refused(5)),
        causes: causes.collect::<Vec<_>>().join("、"),
    }
}

/// What a status says, in plain words (RFC 3261 21).
fn cause(status: u16) -> &'static str {
    match status {
        403 => "許可されない",
        404 => "番号がない",
        408 => "応答がない",
        410 => "番号がなくなった",
        480 => "出られない",
        484 => "番号が足りない",
        486 | 600 => "話し中",
        487 => "取消し",
        488 | 606 => "音声の方式が合わない",
        500 => "相手の障害",
        502 | 504 => "中継の障害",
        503 => "混雑・停止",
        603 => "拒否",
        _ => "",
    }
}
