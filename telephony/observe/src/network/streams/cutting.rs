//! Cuts a stream into messages as tolerantly as datagrams are read: what a peer would have to refuse was on the
//! wire all the same, and what cannot be read at all costs nothing but itself.

use madoguchi_sip::message::Message;
use madoguchi_sip::parse::{HEAD_BYTES_AT_MOST, MESSAGE_BYTES_AT_MOST};

use crate::message::{Beginning, beginning, read};

/// What came out of a stream.
#[derive(Debug)]
pub(super) enum Cut {
    /// A message.
    Message(Box<Message>),
    /// Something that cannot be read.
    Refused,
}

/// Feed bytes with [`Self::push`], then take all messages.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    buffer: Vec<u8>,
    /// The buffer is done with up to here.
    taken: usize,
    /// No end of a header begins before here, counted from `taken`.
    searched: usize,
    /// A header whose body is still on its way.
    head: Option<Head>,
    is_lost: bool,
}

/// Where the header ends and how long the body is, counted from the beginning of the message.
#[derive(Debug, Clone, Copy)]
struct Head {
    end: usize,
    body: Body,
}

#[derive(Debug, Clone, Copy)]
enum Body {
    /// So many bytes.
    Told(usize),
    /// There is one, but its length is not told, or is no length.
    Untold,
}

impl Cutter {
    /// More bytes have come.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Nothing in the stream looks like a message any more.
    pub(super) fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// How many bytes wait for the rest of their message.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.rest().len()
    }

    /// What comes next, if all of it is there.
    pub(super) fn next(&mut self) -> Option<Cut> {
        let breaks = self.rest().iter().take_while(|byte| b"\r\n".contains(byte));
        let breaks = breaks.count();
        self.take(breaks);
        if self.rest().is_empty() {
            // A stream that says nothing holds no memory.
            self.buffer = Vec::new();
            self.taken = 0;
            return None;
        }
        if self.searched == 0 && beginning(self.rest()) == Beginning::Other {
            return Some(self.look_for_next());
        }
        let Some(head) = self.head.or_else(|| self.head()) else {
            self.searched = self.rest().len().saturating_sub(2);
            let is_too_long = self.rest().len() > HEAD_BYTES_AT_MOST;
            return is_too_long.then(|| self.look_for_next());
        };
        let length = match head.body {
            Body::Told(bytes) if bytes <= MESSAGE_BYTES_AT_MOST => bytes,
            Body::Told(_) => return Some(self.look_for_next()),
            // Up to the next message, or to the end of what has come together.
            Body::Untold => {
                let rest = self.rest().get(head.end..).unwrap_or_default();
                inner_beginning(rest).unwrap_or(rest.len())
            }
        };
        let Some(whole) = self.rest().get(..head.end + length) else {
            self.head = Some(head);
            return None;
        };
        let message = read(whole);
        self.take(head.end + length);
        Some(message.map_or(Cut::Refused, |message| Cut::Message(Box::new(message))))
    }

    fn head(&self) -> Option<Head> {
        let rest = self.rest();
        let end = head_end(rest, self.searched)?;
        let fields = rest.get(..end).unwrap_or_default();
        let mut lines = fields.split(|byte| *byte == b'\n').skip(1);
        let length = lines.find_map(|line| field(line, &[b"content-length", b"l"]));
        let told = length.map(|value| std::str::from_utf8(value).ok()?.parse().ok());
        let mut lines = fields.split(|byte| *byte == b'\n').skip(1);
        let body = match told {
            Some(Some(bytes)) => Body::Told(bytes),
            None if lines.all(|line| field(line, &[b"content-type", b"c"]).is_none()) => {
                Body::Told(0)
            }
            _ => Body::Untold,
        };
        Some(Head { end, body })
    }

    /// What stands here is no message: goes on with the next one that has come.
    fn look_for_next(&mut self) -> Cut {
        let next = inner_beginning(self.rest());
        match next {
            Some(at) => self.take(at),
            None => {
                self.is_lost = true;
                self.buffer = Vec::new();
                self.taken = 0;
                self.searched = 0;
                self.head = None;
            }
        }
        Cut::Refused
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.taken..).unwrap_or_default()
    }

    fn take(&mut self, bytes: usize) {
        if bytes > 0 {
            self.taken += bytes;
            self.searched = 0;
            self.head = None;
        }
    }
}

/// The first line within these bytes, but not at their beginning, that begins a message.
pub(super) fn inner_beginning(bytes: &[u8]) -> Option<usize> {
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let mut begins = ends.map(|(at, _)| at + 1);
    begins.find(|at| {
        let rest = bytes.get(*at..).unwrap_or_default();
        rest.first().is_some_and(u8::is_ascii_alphabetic) && beginning(rest) == Beginning::Sip
    })
}

/// Where the first empty line ends, whatever its line ends.
fn head_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(found) = bytes.get(at..)?.iter().position(|byte| *byte == b'\n') {
        let end = at + found + 1;
        match bytes.get(end..)? {
            [b'\n', ..] => return Some(end + 1),
            [b'\r', b'\n', ..] => return Some(end + 2),
            _ => at = end,
        }
    }
    None
}

/// The value of a header field, if it has one of these names.
fn field<'a>(line: &'a [u8], names: &[&[u8]]) -> Option<&'a [u8]> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = line.get(..colon)?.trim_ascii();
    let is_it = names.iter().any(|known| name.eq_ignore_ascii_case(known));
    is_it.then(|| line.get(colon + 1..).unwrap_or_default().trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Identity;

    fn message(call_id: &str, more: &str, body: &str) -> String {
        format!(
            "INVITE sip:5000@desk SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\n\
             From: <sip:1@a>;tag=a\r\nTo: <sip:2@b>\r\nCall-ID: {call_id}\r\nCSeq: 1 INVITE\r\n\
             {more}\r\n{body}"
        )
    }

    /// The Call-IDs of a stream that comes in pieces of this size, and what was refused.
    fn cut(stream: &str, size: usize) -> (Vec<String>, usize) {
        let mut cutter = Cutter::default();
        let (mut found, mut refused) = (Vec::new(), 0);
        for piece in stream.as_bytes().chunks(size) {
            cutter.push(piece);
            while let Some(cut) = cutter.next() {
                match cut {
                    Cut::Message(message) => found.push(Identity::of(&message).unwrap().call_id),
                    Cut::Refused => refused += 1,
                }
            }
        }
        (found, refused)
    }

    #[test]
    fn what_a_peer_would_refuse_costs_no_other_message_of_the_stream() {
        let told = "Content-Length: 4\r\n";
        let stream = [
            message("twice", &format!("CSeq: 2 INVITE\r\n{told}"), "body"),
            message("no-field", &format!("this is no field\r\n{told}"), "body"),
            message("compact", "l :4\r\n", "body"),
            message("no-length", "", ""),
            "\r\n\r\n".to_owned(),
            message("whole", told, "body"),
        ];
        let expected = ["twice", "no-field", "compact", "no-length", "whole"];
        for size in [1, 7, 100, 5_000] {
            let (found, refused) = cut(&stream.concat(), size);
            assert_eq!((found, refused), (expected.map(str::to_owned).to_vec(), 0));
        }
    }

    #[test]
    fn a_body_of_untold_length_ends_where_the_next_message_begins() {
        let untold = "Content-Type: application/sdp\r\n";
        let stream = message("one", untold, "v=0\r\ns=-\r\n") + &message("two", untold, "v=0\r\n");
        assert_eq!(cut(&stream, 5_000).0, ["one", "two"]);
    }

    #[test]
    fn what_is_no_message_is_passed_over_up_to_the_next_one() {
        let whole = message("whole", "Content-Length: 0\r\n", "");
        let stream = format!("\u{1}\u{2} something else\r\n{whole}");
        assert_eq!(cut(&stream, 5_000), (vec!["whole".to_owned()], 1));
        let lies = message("lies", "Content-Length: 99999999\r\n", "");
        assert_eq!(cut(&(lies + &whole), 5_000), (vec!["whole".to_owned()], 1));
    }

    #[test]
    fn a_header_without_end_holds_no_memory() {
        let mut cutter = Cutter::default();
        cutter.push(b"INVITE sip:a@b SIP/2.0\r\n");
        for _ in 0..100 {
            cutter.push(&[b'x'; 1_000]);
            while cutter.next().is_some() {}
        }
        assert!(cutter.buffer.len() <= HEAD_BYTES_AT_MOST + 1_000);
    }
}
