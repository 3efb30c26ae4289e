//! A call as a row of the table `calls`, there and back.

use std::borrow::Cow;

use madoguchi_core::call::{AgentPart, CallRecord, Direction};
use madoguchi_core::caller::{CalledNumber, Caller, NoNumberReason};
use madoguchi_core::event::{AbandonReason, EndCause};
use madoguchi_core::id::NodeName;
use madoguchi_core::names::Names;
use madoguchi_core::outbound::OutboundRefusal;
use madoguchi_core::phone;
use madoguchi_core::time::Instant;
use serde::de::value::{Error as NameError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::sql::{Sql, storable};

/// What [`record`] reads.
pub(crate) const COLUMNS: &str = "call_id, line, direction, reason, cause, from_number, \
     no_number, from_isub, to_number, to_isub, arrived_at, answered_at, talk_ended_at, ended_at, \
     parts, last_seq, last_at";

/// Stands between the texts in a column that is searched, and at both ends.
const SEPARATOR: char = '\n';

/// [`AgentPart`] in JSON: agent, from, until, end of the wrap-up.
#[derive(Serialize, Deserialize)]
struct Part<'p>(
    #[serde(borrow)] Option<Agent<'p>>,
    Instant,
    Option<Instant>,
    Option<Instant>,
);

/// The name of an agent.
#[derive(Serialize, Deserialize)]
struct Agent<'p>(#[serde(borrow)] Cow<'p, str>);

/// The statement that writes these calls with the nodes that saw them first.
pub(super) fn upsert(calls: &[(&NodeName, CallRecord)]) -> Result<Sql, StoreError> {
    let mut sql = Sql::new(
        "INSERT INTO calls (call_id, invite, node, line, direction, outcome, reason, cause, from_number, \
         no_number, from_isub, to_number, to_isub, numbers, arrived_at, answered_at, talk_ended_at, ended_at, parts, agents, \
         last_seq, last_at) VALUES ",
    );
    for (n, (node, call)) in calls.iter().enumerate() {
        sql.push(if n == 0 { "(" } else { ", (" });
        write(&mut sql, node, call)?;
        sql.push(")");
    }
    sql.push(
        " ON CONFLICT (call_id) DO UPDATE SET node = excluded.node, line = excluded.line, \
         direction = excluded.direction, outcome = excluded.outcome, reason = excluded.reason, \
         cause = excluded.cause, from_number = excluded.from_number, \
         no_number = excluded.no_number, from_isub = excluded.from_isub, \
         to_number = excluded.to_number, to_isub = excluded.to_isub, numbers = excluded.numbers, \
         arrived_at = excluded.arrived_at, answered_at = excluded.answered_at, \
         talk_ended_at = excluded.talk_ended_at, ended_at = excluded.ended_at, \
         parts = excluded.parts, agents = excluded.agents, last_seq = excluded.last_seq, \
         last_at = excluded.last_at",
    );
    Ok(sql)
}

fn write(sql: &mut Sql, node: &NodeName, call: &CallRecord) -> Result<(), StoreError> {
    let instant = |at: Option<Instant>| at.map(|at| at.0);
    let parts: Vec<Part<'_>> = call
        .parts
        .iter()
        .map(|part| {
            let agent = part.agent.as_ref();
            Part(
                agent.map(|agent| Agent(Cow::Borrowed(agent.as_str()))),
                part.from,
                part.until,
                part.wrap_up_ended_at,
            )
        })
        .collect();
    let json = |source| StoreError::Unreadable {
        what: format!("call {}", call.call),
        source,
    };
    let cause = call
        .cause
        .map(serde_json::to_value)
        .transpose()
        .map_err(json)?;
    let cause = cause
        .as_ref()
        .and_then(serde_json::Value::as_str)
        .map(str::to_owned);

    sql.bind(call.call.as_str())
        .push(", ")
        .bind(call.call.invite().map(str::to_owned));
    sql.push(", ")
        .bind(node.as_str())
        .push(", ")
        .bind(call.line.as_str())
        .push(", ")
        .bind(call.direction.as_str());
    sql.push(", ").bind(call.outcome().as_str());
    sql.push(", ").bind(reason(call)).push(", ").bind(cause);
    sql.push(", ")
        .bind(storable(call.from.number()))
        .push(", ")
        .bind(call.from.no_number_reason().map(NoNumberReason::as_str))
        .push(", ")
        .bind(call.from.subaddress().map(storable));
    sql.push(", ")
        .bind(storable(call.to.number()))
        .push(", ")
        .bind(call.to.subaddress().map(storable));
    sql.push(", ").bind(searchable([
        searched_number(call.from.number()),
        searched_number(call.to.number()),
    ]));
    sql.push(", ")
        .bind(call.arrived_at.0)
        .push(", ")
        .bind(instant(call.answered_at));
    sql.push(", ")
        .bind(instant(call.talk_ended_at))
        .push(", ")
        .bind(instant(call.ended_at));
    sql.push(", ")
        .bind(serde_json::to_string(&parts).map_err(json)?);
    let agents = call.parts.iter().filter_map(|part| part.agent.as_ref());
    sql.push(", ")
        .bind(searchable(agents.map(|agent| storable(agent.as_str()))));
    sql.push(", ")
        .bind(i64::from(call.last_seq))
        .push(", ")
        .bind(call.last_at.0);
    Ok(())
}

/// Why an offered call was given up, or a call to the outside refused by a rule.
fn reason(call: &CallRecord) -> Option<&'static str> {
    let abandoned = call.abandoned.map(AbandonReason::as_str);
    abandoned.or(call.barred.map(OutboundRefusal::as_str))
}

/// The canonical form of a number or of a piece of one, for searching.
pub(super) fn searched_number(text: &str) -> String {
    storable(&phone::normalize(text).to_lowercase())
}

/// How the whole `text` stands in a column that is searched.
pub(crate) fn searched_whole(text: &str) -> String {
    format!("{SEPARATOR}{}{SEPARATOR}", storable(text))
}

fn searchable(texts: impl IntoIterator<Item = String>) -> String {
    let mut all = String::from(SEPARATOR);
    for text in texts {
        all.push_str(&text);
        all.push(SEPARATOR);
    }
    all
}

/// The values of [`COLUMNS`], in their order.
#[derive(Deserialize)]
struct Values<'v> {
    #[serde(borrow)]
    call_id: Cow<'v, str>,
    #[serde(borrow)]
    line: Cow<'v, str>,
    #[serde(borrow)]
    direction: Cow<'v, str>,
    reason: Option<String>,
    cause: Option<String>,
    from_number: String,
    no_number: Option<String>,
    from_isub: Option<String>,
    to_number: String,
    to_isub: Option<String>,
    arrived_at: i64,
    answered_at: Option<i64>,
    talk_ended_at: Option<i64>,
    ended_at: Option<i64>,
    #[serde(borrow)]
    parts: Cow<'v, str>,
    last_seq: i64,
    last_at: i64,
}

/// The call in a row with [`COLUMNS`].
pub(crate) fn record(row: &AnyRow) -> Result<CallRecord, StoreError> {
    let borrowed = |column| row.try_get::<&str, _>(column).map(Cow::Borrowed);
    let values = Values {
        call_id: borrowed("call_id")?,
        line: borrowed("line")?,
        direction: borrowed("direction")?,
        reason: row.try_get("reason")?,
        cause: row.try_get("cause")?,
        from_number: row.try_get("from_number")?,
        no_number: row.try_get("no_number")?,
        from_isub: row.try_get("from_isub")?,
        to_number: row.try_get("to_number")?,
        to_isub: row.try_get("to_isub")?,
        arrived_at: row.try_get("arrived_at")?,
        answered_at: row.try_get("answered_at")?,
        talk_ended_at: row.try_get("talk_ended_at")?,
        ended_at: row.try_get("ended_at")?,
        parts: borrowed("parts")?,
        last_seq: row.try_get("last_seq")?,
        last_at: row.try_get("last_at")?,
    };
    of_values(values, &mut Names::default())
}

/// The call in a JSON array of the values of [`COLUMNS`].
pub(super) fn record_of_line(line: &str, names: &mut Names) -> Result<CallRecord, StoreError> {
    let values = serde_json::from_str(line).map_err(|source| StoreError::Unreadable {
        what: format!("a call: {line}"),
        source,
    })?;
    of_values(values, names)
}

fn of_values(values: Values<'_>, names: &mut Names) -> Result<CallRecord, StoreError> {
    let parts: Vec<Part<'_>> =
        serde_json::from_str(&values.parts).map_err(|source| StoreError::Unreadable {
            what: format!("the agents of call {}", values.call_id),
            source,
        })?;
    let direction = direction(&values.direction)?;
    let reason = values.reason.as_deref();
    let (abandoned, barred) = match direction {
        Direction::Outbound => (None, reason.map(named).transpose()?),
        _ => (reason.map(named).transpose()?, None),
    };
    let no_number = values.no_number.as_deref().map(named).transpose()?;
    Ok(CallRecord {
        call: values.call_id.as_ref().into(),
        line: names.get(&values.line),
        direction,
        from: Caller::restored(values.from_number, no_number, values.from_isub),
        to: CalledNumber::from(values.to_number).with_subaddress(values.to_isub),
        arrived_at: Instant(values.arrived_at),
        answered_at: values.answered_at.map(Instant),
        talk_ended_at: values.talk_ended_at.map(Instant),
        ended_at: values.ended_at.map(Instant),
        parts: parts
            .into_iter()
            .map(|Part(agent, from, until, wrap_up_ended_at)| AgentPart {
                agent: agent.map(|agent| names.get(&agent.0)),
                from,
                until,
                wrap_up_ended_at,
            })
            .collect(),
        abandoned,
        barred,
        cause: values.cause.as_deref().map(named::<EndCause>).transpose()?,
        last_seq: u32::try_from(values.last_seq).map_err(|_| StoreError::OutOfRange {
            what: "last_seq of a call",
            found: values.last_seq,
        })?,
        last_at: Instant(values.last_at),
    })
}

/// The kind of a call by its name.
pub(super) fn direction(name: &str) -> Result<Direction, StoreError> {
    use Direction::{AfterHours, Inbound, Internal, Outbound, Superseded};
    [Inbound, AfterHours, Outbound, Internal, Superseded]
        .into_iter()
        .find(|direction| direction.as_str() == name)
        .ok_or_else(|| StoreError::UnknownName {
            what: "direction of a call",
            name: name.into(),
        })
}

/// The value that serialises to `name`.
pub(super) fn named<T: DeserializeOwned>(name: &str) -> Result<T, StoreError> {
    let text: StrDeserializer<'_, NameError> = name.into_deserializer();
    T::deserialize(text).map_err(|_| StoreError::UnknownName {
        what: "end of a call",
        name: name.into(),
    })
}
