//! The sequence of a call as a drawing and as a table that says the same, and single messages word by
//! word: with names and numbers only for those who may read them.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use madoguchi_core::access::{Permission, ReadSignals, ViewCalls};
use madoguchi_core::audit::Action;
use madoguchi_core::id::CallId;
use madoguchi_core::signal::SignalMessage;
use madoguchi_core::time::Instant;
use madoguchi_observe::capture::Micros;
use madoguchi_observe::ladder::{Ladder, LadderStep, StepKind};
use madoguchi_observe::recount::Message;

use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::mask;
use crate::query::escape;
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

/// Messages on a page.
const MESSAGES_AT_MOST: u32 = 300;
/// Parties that have a column of their own; the last column is that of all others.
const COLUMNS_AT_MOST: usize = 8;

/// Where the first column stands, and how far the next.
const LEFT: usize = 96;
const COLUMN: usize = 184;
/// How high the names and a step are.
const HEAD: usize = 40;
const STEP: usize = 34;
/// How long the head of an arrow is.
const ARROW: usize = 7;
/// The letters of a label in the drawing.
const LABEL_LETTERS: usize = 26;

#[derive(Template)]
#[template(path = "signals.html")]
struct LadderPage {
    shell: Shell,
    call: String,
    drawing: Drawing,
    rows: Vec<Row>,
    is_cut: bool,
    /// The reader may see the messages as they were.
    reads_text: bool,
}

struct Drawing {
    width: usize,
    height: usize,
    columns: Vec<(usize, String)>,
    arrows: Vec<Arrow>,
}

struct Arrow {
    number: usize,
    class: &'static str,
    from: usize,
    to: usize,
    y: usize,
    /// The point of the arrow, as SVG has polygons.
    point: String,
    label: String,
    /// How often it was sent again.
    repeated: u32,
    middle: usize,
}

struct Row {
    number: usize,
    time: String,
    after: String,
    from: String,
    to: String,
    what: String,
    is_refusal: bool,
    media: String,
    dialog: usize,
    /// How often it was sent again.
    repeated: u32,
}

pub(super) async fn page(
    visitor: Allowed<ViewCalls>,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Html<String>, WebError> {
    let messages = messages(&web, &id).await?;
    let ladder = Ladder::new(messages.iter().filter_map(read));
    let entry = visitor.entry(web.desk.now(), Action::SignalsView, &id);
    web.store.append_audit(&[entry]).await?;
    let page = LadderPage {
        shell: Shell::new(&web, Some(&visitor), "/calls"),
        call: format!("/calls/{}", escape(&id)),
        drawing: Drawing::new(&ladder),
        rows: (1..)
            .zip(&ladder.steps)
            .map(|(number, step)| row(number, step, &ladder))
            .collect(),
        is_cut: messages.len() >= MESSAGES_AT_MOST as usize,
        reads_text: visitor.permissions.contains(Permission::ReadSignals),
    };
    Ok(Html(page.render()?))
}

#[derive(Template)]
#[template(path = "signal_message.html")]
struct MessagePage {
    shell: Shell,
    ladder: String,
    number: usize,
    of: usize,
    time: String,
    source: String,
    destination: String,
    /// How often it was sent again.
    repeated: u32,
    text: String,
    is_masked: bool,
    before: Option<String>,
    after: Option<String>,
}

/// A message without names and with masked numbers.
pub(super) async fn masked(
    visitor: Allowed<ViewCalls>,
    State(web): State<Web>,
    Path((id, number)): Path<(String, usize)>,
) -> Result<Html<String>, WebError> {
    message(&web, &visitor, &id, number, true).await
}

/// A message as it was sent.
pub(super) async fn as_sent(
    visitor: Allowed<ReadSignals>,
    State(web): State<Web>,
    Path((id, number)): Path<(String, usize)>,
) -> Result<Html<String>, WebError> {
    message(&web, &visitor, &id, number, false).await
}

async fn message(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    number: usize,
    is_masked: bool,
) -> Result<Html<String>, WebError> {
    let messages = messages(web, id).await?;
    let readable: Vec<_> = messages.iter().filter(|one| read(one).is_some()).collect();
    let found = number.checked_sub(1).and_then(|at| readable.get(at));
    let found = found.ok_or(WebError::NotFound("この信号"))?;
    let mut entry = visitor.entry(web.desk.now(), Action::SignalsView, id);
    entry.after.insert("message".to_owned(), number.to_string());
    web.store.append_audit(&[entry]).await?;
    let ladder = format!("/calls/{}/signals", escape(id));
    let end = if is_masked { "" } else { "/text" };
    let beside = |number: usize| format!("{ladder}/{number}{end}");
    let page = MessagePage {
        shell: Shell::new(web, Some(visitor), "/calls"),
        number,
        of: readable.len(),
        time: text::time_with_millis(Instant(found.at_us.div_euclid(1_000))),
        source: found.source.clone(),
        destination: found.destination.clone(),
        repeated: found.repeated,
        text: if is_masked {
            mask::message(&found.text)
        } else {
            found.text.clone()
        },
        is_masked,
        before: (number > 1).then(|| beside(number - 1)),
        after: (number < readable.len()).then(|| beside(number + 1)),
        ladder,
    };
    Ok(Html(page.render()?))
}

/// The messages of a call, of which there are some.
async fn messages(web: &Web, id: &str) -> Result<Vec<SignalMessage>, WebError> {
    let messages = web
        .store
        .signals_of(&CallId::new(id), MESSAGES_AT_MOST)
        .await?;
    if messages.is_empty() {
        return Err(WebError::NotFound("この通話の信号の記録"));
    }
    Ok(messages)
}

fn read(message: &SignalMessage) -> Option<Message<'_>> {
    Some(Message {
        at: Micros(message.at_us),
        ends: (
            message.source.parse().ok()?,
            message.destination.parse().ok()?,
        ),
        repeated: message.repeated,
        text: &message.text,
    })
}

fn row(number: usize, step: &LadderStep, ladder: &Ladder) -> Row {
    let party = |at: usize| ladder.parties.get(at).cloned().unwrap_or_default();
    let micros = step.after.0;
    Row {
        number,
        time: text::time_with_millis(Instant(step.at.millis())),
        after: format!("{}.{:03}", micros / 1_000_000, micros % 1_000_000 / 1_000),
        from: party(step.from),
        to: party(step.to),
        what: step.what.clone(),
        is_refusal: step.kind == StepKind::Refusal,
        media: step.media.clone().unwrap_or_default(),
        dialog: step.dialog,
        repeated: step.repeated,
    }
}

impl Drawing {
    fn new(ladder: &Ladder) -> Self {
        let shown = ladder.parties.len().min(COLUMNS_AT_MOST);
        let names = ladder.parties.iter().take(shown).enumerate();
        let columns = names.map(|(at, name)| {
            let is_rest = at + 1 == shown && ladder.parties.len() > shown;
            let name = if is_rest { "ほか" } else { name.as_str() };
            (LEFT + at * COLUMN, name.to_owned())
        });
        let arrows = ladder.steps.iter().enumerate();
        let arrows = arrows.map(|(at, step)| Arrow::new(at, step, shown));
        Self {
            width: LEFT + shown.saturating_sub(1) * COLUMN + LEFT,
            height: HEAD + ladder.steps.len() * STEP + 10,
            columns: columns.collect(),
            arrows: arrows.collect(),
        }
    }
}

impl Arrow {
    fn new(at: usize, step: &LadderStep, columns: usize) -> Self {
        let x = |place: usize| LEFT + place.min(columns.saturating_sub(1)) * COLUMN;
        let (from, to) = (x(step.from), x(step.to));
        let y = HEAD + (at + 1) * STEP - 6;
        let (upper, lower) = (y - 4, y + 4);
        let point = match from.cmp(&to) {
            std::cmp::Ordering::Less => {
                format!("{to},{y} {back},{upper} {back},{lower}", back = to - ARROW)
            }
            std::cmp::Ordering::Greater => {
                format!("{to},{y} {back},{upper} {back},{lower}", back = to + ARROW)
            }
            std::cmp::Ordering::Equal => String::new(),
        };
        Self {
            number: at + 1,
            class: match step.kind {
                StepKind::Request => "request",
                StepKind::Provisional => "provisional",
                StepKind::Success => "success",
                StepKind::Refusal => "refusal",
            },
            from,
            to,
            y,
            point,
            label: label(&step.what),
            repeated: step.repeated,
            middle: usize::midpoint(from, to),
        }
    }
}

/// What fits between two columns: of a long response, the method that it answers stands in the table alone.
fn label(what: &str) -> String {
    let fits = what.chars().count() <= LABEL_LETTERS;
    let short = what.rsplit_once(" (").filter(|_| !fits);
    let text = short.map_or(what, |(reason, _)| reason);
    text.chars().take(LABEL_LETTERS).collect()
}
