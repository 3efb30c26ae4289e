//! Captures of real exchanges and of our own making, from their bytes to rows.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that meets what it does not expect fails, and says what it found"
)]

mod build;
mod counted;
mod damage;
mod damaged_forms;
mod decided;
mod dialogs;
mod hard;
mod interfaces;
mod links;
mod own;
mod packets;
mod samples;
mod somebody;
mod transfers;
mod voice;

use madoguchi_observe::calls::{Closed, JoinSettings};
use madoguchi_observe::capture::CaptureReader;
use madoguchi_observe::observer::Observer;
use madoguchi_observe::rows;
use serde_json::Value;

/// What the capture tells, and who read it.
fn observe(capture: &[u8]) -> (Vec<Value>, Observer) {
    observe_with(capture, JoinSettings::default())
}

fn observe_with(capture: &[u8], join: JoinSettings) -> (Vec<Value>, Observer) {
    let mut reader = CaptureReader::default();
    let mut observer = Observer::new(join);
    let mut closed = Vec::new();
    reader.push(capture);
    reader.end();
    while let Ok(Some(packet)) = reader.next_packet() {
        closed.extend(observer.packet(&packet).closed);
    }
    closed.extend(observer.finish().closed);
    (values(&closed), observer)
}

fn values(closed: &[Closed]) -> Vec<Value> {
    let lines = closed.iter().flat_map(rows::lines);
    let values = lines.map(|line| serde_json::from_str(&line).unwrap());
    values.collect()
}

fn of_kind<'a>(rows: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    rows.iter().filter(move |row| row["kind"] == kind)
}
