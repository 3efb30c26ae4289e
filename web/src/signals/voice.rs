//! 音声の品質: how well voice came through, by day, trunk and phone.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse as _, Response};
use madoguchi_core::access::{Permission, ReadFigures};
use madoguchi_core::quality::{DeviceQuality, VoiceDevice, by_device};
use madoguchi_core::setup::DeskSetup;

use super::days::{DaysQuery, ShownDays};
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::query::escape;
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

/// The entry of the menu.
pub(super) const HERE: &str = "/voice";
/// Measures that are read at the most: those of more than a busy quarter.
const MEASURES_AT_MOST: u32 = 50_000;
/// From this share of losses on, in tenths of a percent, people begin to hear it.
const AUDIBLE: u64 = 10;

#[derive(Template)]
#[template(path = "voice_quality.html")]
struct VoicePage {
    shell: Shell,
    days: ShownDays,
    rows: Vec<Row>,
    /// There is more than was read.
    is_cut: bool,
}

struct Row {
    day: String,
    device: String,
    legs: String,
    lost: String,
    is_bad: bool,
    worst: Option<(String, Option<String>)>,
    jitter: String,
    far_lost: String,
    round_trip: String,
    silent: String,
}

pub(super) async fn page(
    visitor: Allowed<ReadFigures>,
    State(web): State<Web>,
    Query(query): Query<DaysQuery>,
) -> Result<Response, WebError> {
    let days = query.read(web.desk.now().date())?;
    let events = match &days.period {
        Some(period) => {
            let (start, end) = (period.start(), period.end());
            web.store
                .voice_measured(start, end, MEASURES_AT_MOST)
                .await?
        }
        None => Vec::new(),
    };
    let opens_calls = visitor.permissions.contains(Permission::ViewCalls);
    let setup = web.desk.setup();
    let dates = web.settings.dates;
    let found = by_device(&events);
    let rows = found.iter().rev().map(|((day, device), quality)| {
        let device = name(device, &setup);
        row(dates.date(*day), device, quality, opens_calls)
    });
    let page = VoicePage {
        shell: Shell::new(&web, Some(&visitor), HERE),
        days,
        rows: rows.collect(),
        is_cut: u32::try_from(events.len()).is_ok_and(|read| read >= MEASURES_AT_MOST),
    };
    Ok((page.days.status(), Html(page.render()?)).into_response())
}

fn name(device: &VoiceDevice, setup: &DeskSetup) -> String {
    match device {
        VoiceDevice::Trunk(trunk) => format!("外線 {trunk}"),
        VoiceDevice::Phone(agent) => {
            let mut agents = setup.agents.iter();
            let found = agents.find(|one| one.config.id == agent.as_str());
            found.map_or_else(
                || format!("電話機 {agent}"),
                |one| format!("電話機 {}({})", one.config.extension, one.config.name),
            )
        }
    }
}

fn row(day: String, device: String, quality: &DeviceQuality, opens_calls: bool) -> Row {
    let nothing = || text::NOTHING.to_owned();
    let share = |share: Option<u64>| share.map_or_else(nothing, text::percent);
    let lost = quality.lost_permille();
    Row {
        day,
        device,
        legs: text::number(quality.legs),
        lost: share(lost),
        is_bad: lost.is_some_and(|lost| lost >= AUDIBLE),
        worst: quality.worst.as_ref().map(|(lost, call)| {
            let link = opens_calls.then(|| format!("/calls/{}", escape(call.as_str())));
            (text::percent(*lost), link)
        }),
        jitter: text::number(quality.jitter_ms),
        far_lost: share(quality.far_lost_permille()),
        round_trip: quality.round_trip_ms.map_or_else(nothing, text::number),
        silent: text::number(quality.silent_legs),
    }
}
