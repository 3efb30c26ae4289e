//! What the last hour of an observed PBX would be counted as by the setting that is typed, beside what it
//! is counted as now. The messages that were kept go through the same pipeline once more.

mod next_steps;

use std::collections::BTreeMap;

use askama::Template;
use madoguchi_core::id::LineName;
use madoguchi_core::setup::{ObserveSetting, ScreenObserve};
use madoguchi_core::signal::SignalMessage;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_observe::calls::{Certainty, JoinSettings, Outcome};
use madoguchi_observe::capture::Micros;
use madoguchi_observe::counting::{CountedAs, Rules};
use madoguchi_observe::recount::{Counted, Message, recount};

use self::next_steps::{UnnamedRow, WhereToWrite};
use crate::error::WebError;
use crate::kit::record::Context;
use crate::mask;
use crate::state::Web;
use crate::text;

/// So far back.
const LAST: Millis = Millis::from_secs(3_600);
/// Messages that are counted again; of more, the newest.
const MESSAGES_AT_MOST: u32 = 20_000;
/// Rows of a table.
const ROWS_AT_MOST: usize = 30;
const UNKNOWN: &CountedAs = &CountedAs::Unknown;

#[derive(Template)]
#[template(path = "observe_preview.html")]
struct PreviewPart {
    found: Option<Found>,
}

struct Found {
    messages: String,
    /// There were more messages than are counted again.
    is_cut: bool,
    kinds: Vec<KindRow>,
    /// There is no line to which a call could come.
    has_no_lines: bool,
    unknown: Vec<UnknownRow>,
    more_unknown: usize,
    unnamed: Vec<UnnamedRow>,
    calls: Vec<CallRow>,
    more_calls: usize,
}

/// How many calls are of a kind.
struct KindRow {
    kind: String,
    now: String,
    then: String,
    answered: String,
    is_unknown: bool,
}

/// Calls of which no setting says what they are.
struct UnknownRow {
    from: String,
    to: String,
    hop: String,
    count: usize,
    /// What to do about it.
    write: &'static str,
}

struct CallRow {
    time: String,
    from: String,
    to: String,
    kind: String,
    outcome: String,
    certainty: &'static str,
}

/// The part of the form.
pub(super) async fn part(
    typed: &ScreenObserve,
    is_trial: bool,
    context: &Context<'_>,
) -> Result<Option<String>, WebError> {
    let found = if is_trial && typed.observe.faults(None).is_empty() {
        let setting = context.setup.file_observe.over(&typed.observe);
        Some(try_out(setting, context).await?)
    } else {
        None
    };
    Ok(Some(PreviewPart { found }.render()?))
}

async fn try_out(setting: ObserveSetting, context: &Context<'_>) -> Result<Found, WebError> {
    let web = context.web;
    let messages = web
        .store
        .signals_since(context.now - LAST, MESSAGES_AT_MOST)
        .await?;
    let is_cut = messages.len() >= MESSAGES_AT_MOST as usize;
    let now = context.setup.observe.clone();
    let web = web.clone();
    let counting = tokio::task::spawn_blocking(move || {
        let before = count(&web, &messages, &now);
        let then = count(&web, &messages, &setting);
        let has_no_lines = web.desk.setup().lines.is_empty();
        let found = shown(&before, &then, messages.len(), is_cut);
        Found {
            has_no_lines,
            ..found
        }
    });
    counting
        .await
        .map_err(|_| WebError::Internal("a count ended early"))
}

fn count(web: &Web, messages: &[SignalMessage], setting: &ObserveSetting) -> Vec<Counted> {
    let (setup, calendars) = (web.desk.setup(), web.desk.calendars());
    let rules = Rules::new(
        setup.lines.iter().map(|line| &line.config),
        setup.agents.iter().map(|agent| &agent.config),
        setup.trunks.iter().map(|trunk| &trunk.config),
        &setup.feature_codes,
        setting,
    );
    let join = JoinSettings {
        correlation_headers: setting.joining_headers(),
    };
    let is_open = |line: &LineName, at: Instant| calendars.of_line(line).status(at).open;
    let read = messages.iter().filter_map(|one| {
        Some(Message {
            at: Micros(one.at_us),
            ends: (one.source.parse().ok()?, one.destination.parse().ok()?),
            repeated: one.repeated,
            text: &one.text,
        })
    });
    recount(read, join, &rules, &is_open)
}

fn shown(before: &[Counted], then: &[Counted], messages: usize, is_cut: bool) -> Found {
    let (unknown, more_unknown) = unknown_rows(then);
    let rows = then.iter().rev().filter(|one| is_a_call(&one.kind));
    let calls: Vec<CallRow> = rows.clone().take(ROWS_AT_MOST).map(call_row).collect();
    Found {
        messages: text::number(messages as u64),
        is_cut,
        kinds: kind_rows(before, then),
        has_no_lines: false,
        unknown,
        more_unknown,
        unnamed: next_steps::unnamed_rows(then),
        more_calls: rows.count() - calls.len(),
        calls,
    }
}

fn is_a_call(kind: &CountedAs) -> bool {
    matches!(
        kind,
        CountedAs::Inbound(_) | CountedAs::Outbound | CountedAs::Internal
    )
}

fn kind_name(kind: &CountedAs) -> String {
    match kind {
        CountedAs::Inbound(line) => format!("着信({line})"),
        CountedAs::Outbound => "発信".to_owned(),
        CountedAs::Internal => "内線".to_owned(),
        CountedAs::Unknown => "不明".to_owned(),
        CountedAs::FeatureCode => "機能番号(通話ではない)".to_owned(),
        CountedAs::AlreadyUp => "観測の前からの通話".to_owned(),
    }
}

fn kind_rows(before: &[Counted], then: &[Counted]) -> Vec<KindRow> {
    let mut kinds: BTreeMap<&CountedAs, (u64, u64, u64)> = BTreeMap::new();
    // What nobody knows is told even if there is none of it.
    kinds.insert(UNKNOWN, (0, 0, 0));
    for one in before {
        kinds.entry(&one.kind).or_default().0 += 1;
    }
    for one in then {
        let row = kinds.entry(&one.kind).or_default();
        row.1 += 1;
        row.2 += u64::from(is_answered(one));
    }
    let rows = kinds
        .into_iter()
        .map(|(kind, (now, then, answered))| KindRow {
            kind: kind_name(kind),
            now: text::number(now),
            then: text::number(then),
            answered: if is_a_call(kind) {
                text::number(answered)
            } else {
                text::NOTHING.to_owned()
            },
            is_unknown: *kind == CountedAs::Unknown,
        });
    rows.collect()
}

fn is_answered(one: &Counted) -> bool {
    let record = one.record.as_ref();
    record.is_some_and(|record| record.answered_at.is_some())
}

/// The commonest first.
fn unknown_rows(counted: &[Counted]) -> (Vec<UnknownRow>, usize) {
    let mut rows: BTreeMap<(String, String, String, WhereToWrite), usize> = BTreeMap::new();
    for one in counted.iter().filter(|one| one.kind == CountedAs::Unknown) {
        let hop = format!("{} → {}", one.hop.0.ip(), one.hop.1.ip());
        let from = mask::numbers(&one.seen.from);
        let key = (from, called(one), hop, WhereToWrite::of(one));
        *rows.entry(key).or_default() += 1;
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let more = rows.len().saturating_sub(ROWS_AT_MOST);
    let rows = rows.into_iter().take(ROWS_AT_MOST);
    let rows = rows.map(|((from, to, hop, write), count)| UnknownRow {
        from,
        to,
        hop,
        count,
        write: write.text(),
    });
    (rows.collect(), more)
}

/// The called number: what comes from a carrier is for a number of our own, anything else may be
/// somebody's.
fn called(one: &Counted) -> String {
    if one.is_from_trunk {
        one.seen.to.clone()
    } else {
        mask::numbers(&one.seen.to)
    }
}

fn call_row(one: &Counted) -> CallRow {
    let start = one.seen.start.map(|at| Instant(at.millis()));
    let seen = match one.seen.outcome {
        Outcome::Answered => "応答",
        Outcome::Abandoned => "放棄",
        Outcome::Refused => "不成立",
        Outcome::Open => "通話中",
    };
    let record = one.record.as_ref();
    CallRow {
        time: start.map_or_else(String::new, text::time_with_seconds),
        from: mask::numbers(&one.seen.from),
        to: called(one),
        kind: kind_name(&one.kind),
        outcome: record.map_or_else(|| seen.to_owned(), text::outcome),
        certainty: match one.seen.certainty {
            Certainty::Certain => "確定",
            Certainty::Estimated => "推定",
            Certainty::Unknown => "不明",
        },
    }
}
