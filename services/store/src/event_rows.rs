//! Events as rows of the log.

use madoguchi_core::event::{CallEvent, EventKind};
use madoguchi_core::id::CallId;
use madoguchi_core::time::Instant;
use serde_json::{Map, Value};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::error::StoreError;
use crate::sql::{ROWS_IN_A_STATEMENT, Sql};

/// Inserts what is new; tells how many that were. Within a transaction that appends, so that
/// positions grow in the order in which they can be seen.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    events: &[CallEvent],
) -> Result<usize, StoreError> {
    let mut position = last_position(connection).await?;
    let mut new = 0;
    for events in events.chunks(ROWS_IN_A_STATEMENT) {
        let mut sql = Sql::new(
            "INSERT INTO call_events (call_id, seq, at, node, line, kind, data, feed_position) VALUES ",
        );
        for (n, event) in events.iter().enumerate() {
            let (kind, data) = taken_apart(&event.kind)?;
            sql.push(if n == 0 { "(" } else { ", (" });
            sql.bind(event.call.as_str())
                .push(", ")
                .bind(i64::from(event.seq));
            sql.push(", ")
                .bind(event.at.0)
                .push(", ")
                .bind(event.node.as_str());
            sql.push(", ")
                .bind(event.line.as_str())
                .push(", ")
                .bind(kind);
            position += 1;
            sql.push(", ")
                .bind(data)
                .push(", ")
                .bind(position)
                .push(")");
        }
        sql.push(" ON CONFLICT (call_id, seq) DO NOTHING");
        new += sql.execute(connection).await?;
    }
    Ok(usize::try_from(new).unwrap_or(usize::MAX))
}

/// The position of the last event that was appended; 0 if there is none.
pub(crate) async fn last_position(connection: &mut AnyConnection) -> Result<i64, StoreError> {
    let row = sqlx::query(
        "SELECT feed_position FROM call_events WHERE feed_position IS NOT NULL \
         ORDER BY feed_position DESC LIMIT 1",
    )
    .fetch_optional(connection)
    .await?;
    row.map_or(Ok(0), |row| Ok(row.try_get("feed_position")?))
}

/// All events of `calls` (not too many), those of one call together and in order.
pub(crate) async fn load(
    connection: &mut AnyConnection,
    calls: &[&CallId],
) -> Result<Vec<CallEvent>, StoreError> {
    let mut sql = Sql::new(
        "SELECT call_id, seq, at, node, line, kind, data FROM call_events WHERE call_id IN (",
    );
    sql.bind_all(calls.iter().map(|call| call.as_str()))
        .push(") ORDER BY call_id, seq");
    let rows = sql.fetch_all(connection).await?;
    rows.iter().map(event).collect()
}

/// The name of a kind of event, and its fields as JSON.
fn taken_apart(kind: &EventKind) -> Result<(String, String), StoreError> {
    let unreadable = |source| StoreError::Unreadable {
        what: "an event".into(),
        source,
    };
    let mut value = serde_json::to_value(kind).map_err(unreadable)?;
    let name = value
        .as_object_mut()
        .and_then(|fields| fields.remove("kind"));
    let name = name
        .as_ref()
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    Ok((name, value.to_string()))
}

/// An event of a row.
pub(crate) fn event(row: &AnyRow) -> Result<CallEvent, StoreError> {
    let call: &str = row.try_get("call_id")?;
    let seq: i64 = row.try_get("seq")?;
    let unreadable = |source| StoreError::Unreadable {
        what: format!("event {seq} of call {call}"),
        source,
    };
    let mut fields: Map<String, Value> =
        serde_json::from_str(row.try_get("data")?).map_err(unreadable)?;
    fields.insert("kind".to_owned(), row.try_get::<String, _>("kind")?.into());
    Ok(CallEvent {
        call: call.into(),
        seq: u32::try_from(seq).map_err(|_| StoreError::OutOfRange {
            what: "seq of an event",
            found: seq,
        })?,
        at: Instant(row.try_get("at")?),
        node: row.try_get::<&str, _>("node")?.into(),
        line: row.try_get::<&str, _>("line")?.into(),
        kind: serde_json::from_value(Value::Object(fields)).map_err(unreadable)?,
    })
}
