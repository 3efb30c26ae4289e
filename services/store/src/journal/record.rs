//! One record as one line of a journal segment: `length crc32 json`, newline. The JSON is an event,
//! or an agent's state under the name `presence`.
//!
//! Length and checksum are eight hexadecimal digits each, over the JSON text without the newline.
//! JSON text holds no raw newline, so after damage the next line is found again.

use std::io::{self, BufRead};

use madoguchi_core::event::CallEvent;
use madoguchi_core::live::AgentPresence;
use serde::{Deserialize, Serialize};

/// Eight digits, a blank, eight digits, a blank.
const HEADER: usize = 18;

/// How the text of an agent's state begins, and no event's.
const PRESENCE: &[u8] = b"{\"presence\":";

#[derive(Serialize, Deserialize)]
struct PresenceRecord<P> {
    presence: P,
}

/// Appends the lines of agents' states to `out`.
pub(super) fn encode_presences<'a>(
    presences: impl IntoIterator<Item = &'a AgentPresence>,
    out: &mut Vec<u8>,
) -> serde_json::Result<()> {
    encode(
        presences
            .into_iter()
            .map(|presence| PresenceRecord { presence }),
        out,
    )
}

/// Appends the lines of events to `out`.
pub(super) fn encode(
    records: impl IntoIterator<Item = impl Serialize>,
    out: &mut Vec<u8>,
) -> serde_json::Result<()> {
    for record in records {
        let json = serde_json::to_string(&record)?;
        let line = format!(
            "{:08x} {:08x} {json}\n",
            json.len(),
            crc32fast::hash(json.as_bytes())
        );
        out.extend_from_slice(line.as_bytes());
    }
    Ok(())
}

/// The JSON text of an undamaged line.
fn checked_json(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\n")?;
    let (header, json) = line.split_at_checked(HEADER)?;
    let expected = format!("{:08x} {:08x} ", json.len(), crc32fast::hash(json));
    (header == expected.as_bytes()).then_some(json)
}

/// A record of a segment, or a stretch that is none.
#[derive(Debug)]
pub(super) struct JournalRecord {
    /// Where it begins.
    pub(super) start: u64,
    /// Where the next one begins.
    pub(super) end: u64,
    /// What it holds.
    pub(super) content: Content,
}

/// What a stretch of a segment holds.
#[derive(Debug)]
pub(super) enum Content {
    /// An event.
    Event(CallEvent),
    /// A state of an agent.
    Presence(AgentPresence),
    /// A line that was cut short or changed.
    Damaged,
    /// An undamaged line that is no record of this program.
    Unknown(serde_json::Error),
}

/// Goes through a segment line by line.
#[derive(Debug)]
pub(super) struct Scan<R> {
    input: R,
    at: u64,
    line: Vec<u8>,
}

impl<R: BufRead> Scan<R> {
    /// `input` stands at the byte `at` of the segment.
    pub(super) fn new(input: R, at: u64) -> Self {
        Self {
            input,
            at,
            line: Vec::new(),
        }
    }

    /// The next stretch, or `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<JournalRecord>> {
        self.line.clear();
        let length = self.input.read_until(b'\n', &mut self.line)?;
        if length == 0 {
            return Ok(None);
        }
        let start = self.at;
        self.at += length as u64;
        let content = match checked_json(&self.line) {
            None => Content::Damaged,
            Some(json) if json.starts_with(PRESENCE) => {
                serde_json::from_slice(json).map_or_else(Content::Unknown, |record| {
                    let PresenceRecord { presence } = record;
                    Content::Presence(presence)
                })
            }
            Some(json) => {
                serde_json::from_slice(json).map_or_else(Content::Unknown, Content::Event)
            }
        };
        Ok(Some(JournalRecord {
            start,
            end: self.at,
            content,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::tests::event;

    fn records(bytes: &[u8]) -> Vec<JournalRecord> {
        let mut scan = Scan::new(bytes, 0);
        std::iter::from_fn(|| scan.next().unwrap()).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let events = [event("佐藤\n﨑髙①〜", 0), event("b", 1)];
        let mut bytes = Vec::new();
        encode(&events, &mut bytes).unwrap();
        let read = records(&bytes);
        assert_eq!(read.len(), 2);
        for (piece, event) in read.iter().zip(&events) {
            assert!(matches!(&piece.content, Content::Event(read) if read == event));
        }
        assert_eq!(read[1].end, bytes.len() as u64);
    }

    #[test]
    fn every_changed_byte_is_noticed_and_the_next_line_survives() {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        encode(&[event("a", 0)], &mut first).unwrap();
        encode(&[event("b", 0)], &mut second).unwrap();
        for at in 0..first.len() - 1 {
            let mut bytes = first.clone();
            bytes[at] ^= 0x01;
            bytes.extend_from_slice(&second);
            let read = records(&bytes);
            assert!(matches!(read[0].content, Content::Damaged), "byte {at}");
            let last = read.last().unwrap();
            assert!(matches!(&last.content, Content::Event(e) if e.call.as_str() == "b"));
        }
    }

    #[test]
    fn a_checked_line_that_is_no_event_is_not_called_damaged() {
        let json = "{}";
        let line = format!(
            "{:08x} {:08x} {json}\n",
            2,
            crc32fast::hash(json.as_bytes())
        );
        assert!(matches!(
            records(line.as_bytes())[0].content,
            Content::Unknown(_)
        ));
    }
}
