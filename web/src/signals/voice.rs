//! 音声の品質: how well voice came through, by day, trunk and phone.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use chrono::Days;
use madoguchi_core::access::{Permission, ReadFigures};
use madoguchi_core::quality::{DeviceQuality, VoiceDevice, by_device};
use madoguchi_core::setup::DeskSetup;
use serde::Deserialize;

use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::query::{Period, escape};
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

/// The entry of the menu.
pub(super) const HERE: &str = "/voice";
/// Days before today that are shown if nothing is asked.
const DAYS_BEFORE: u64 = 6;
/// Days of a period at the most.
const DAYS_AT_MOST: i64 = 92;
/// Measures that are read at the most: those of more than a busy quarter.
const MEASURES_AT_MOST: u32 = 50_000;
/// From this share of losses on, in tenths of a percent, people begin to hear it.
const AUDIBLE: u64 = 10;

#[derive(Template)]
#[template(path = "voice_quality.html")]
struct VoicePage {
    shell: Shell,
    from: String,
    to: String,
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

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct VoiceQuery {
    from: String,
    to: String,
}

pub(super) async fn page(
    visitor: Allowed<ReadFigures>,
    State(web): State<Web>,
    Query(query): Query<VoiceQuery>,
) -> Result<Html<String>, WebError> {
    let today = web.desk.now().date();
    let first = today
        .checked_sub_days(Days::new(DAYS_BEFORE))
        .unwrap_or(today);
    let from = if query.from.is_empty() && query.to.is_empty() {
        first.to_string()
    } else {
        query.from
    };
    let period = Period::read(&from, &query.to, today)?.at_most(DAYS_AT_MOST)?;
    let events = web
        .store
        .voice_measured(period.start(), period.end(), MEASURES_AT_MOST)
        .await?;
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
        from: period.from.to_string(),
        to: period.to.to_string(),
        rows: rows.collect(),
        is_cut: u32::try_from(events.len()).is_ok_and(|read| read >= MEASURES_AT_MOST),
    };
    Ok(Html(page.render()?))
}

fn name(device: &VoiceDevice, setup: &DeskSetup) -> String {
    match device {
        VoiceDevice::Trunk(trunk) => format!("外線 {trunk}"),
        VoiceDevice::Phone(agent) => {
            let mut agents = setup.agents.iter();
            let found = agents.find(|one| one.thing.id == agent.as_str());
            found.map_or_else(
                || format!("電話機 {agent}"),
                |one| format!("電話機 {}({})", one.thing.extension, one.thing.name),
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
