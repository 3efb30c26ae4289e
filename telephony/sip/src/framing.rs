//! Cuts a stream into messages (RFC 3261 18.3).
//!
//! However small the pieces in which they come, each byte is looked at once for the end of the
//! header, the header is read once, and the body is copied once.

use crate::message::Message;
use crate::parse::{
    HEAD_BYTES_AT_MOST, Head, MESSAGE_BYTES_AT_MOST, ParseError, ParseErrorKind, find_head_end,
    skip_line_breaks,
};

/// What a stream carries.
#[derive(Debug)]
pub enum Frame {
    /// A message, or what is wrong with it.
    Message(Box<Result<Message, ParseError>>),
    /// A ping (RFC 5626 3.5.1).
    KeepAlive,
}

const PING: &[u8] = b"\r\n\r\n";

/// Cuts a stream into messages. Feed bytes with [`Self::push`], then take all frames.
#[derive(Debug, Default)]
pub struct StreamReader {
    buffer: Vec<u8>,
    /// The buffer is done with up to here.
    taken: usize,
    /// No end of a header begins before here, counted from `taken`.
    searched: usize,
    /// A header whose body is still on its way.
    head: Option<PendingBody>,
    broken: bool,
}

#[derive(Debug)]
struct PendingBody {
    head: Head,
    bytes: usize,
}

impl StreamReader {
    /// More bytes have come.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Where messages begin cannot be told any more: the connection must be closed.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Whether a message has begun that is not complete.
    pub fn is_within_message(&self) -> bool {
        self.head.is_some() || !skip_line_breaks(self.rest()).is_empty()
    }

    /// How many bytes wait for the rest of their message.
    pub fn waiting_bytes(&self) -> usize {
        self.buffer.len() - self.taken
    }

    /// The next whole frame.
    pub fn next_frame(&mut self) -> Option<Frame> {
        if self.broken {
            return None;
        }
        let frame = self.cut();
        if frame.is_none() && self.waiting_bytes() == 0 {
            // A connection that says nothing holds no memory.
            self.buffer = Vec::new();
            self.taken = 0;
        }
        frame
    }

    fn cut(&mut self) -> Option<Frame> {
        if self.head.is_none() {
            if self.skip_line_breaks() {
                return Some(Frame::KeepAlive);
            }
            if let Err(error) = self.read_head()? {
                return Some(self.give_up(error));
            }
        }
        let bytes = self.head.as_ref()?.bytes;
        let body = self.rest().get(..bytes)?.to_vec();
        let pending = self.head.take()?;
        self.take(bytes);
        Some(Frame::Message(Box::new(pending.head.into_message(body))))
    }

    /// Reads the header if it is complete, once.
    fn read_head(&mut self) -> Option<Result<(), ParseError>> {
        let rest = self.rest();
        let Some(end) = find_head_end(rest, self.searched) else {
            // The line feed of an empty line may be among the last two bytes.
            let searched = rest.len().saturating_sub(2);
            let too_large = rest.len() > HEAD_BYTES_AT_MOST;
            self.searched = searched;
            return too_large.then(|| Err(too_large_head(self.rest())));
        };
        let head_bytes = rest.get(..end.head).unwrap_or_default();
        if end.head > HEAD_BYTES_AT_MOST {
            return Some(Err(too_large_head(head_bytes)));
        }
        let head = match Head::read(head_bytes) {
            Ok(head) => head,
            Err(error) => return Some(Err(error)),
        };
        // Without Content-Length a stream cannot be cut (20.14).
        let bytes = match head.content_length() {
            Ok(Some(bytes)) if bytes <= MESSAGE_BYTES_AT_MOST => bytes,
            Ok(_) => return Some(Err(head.refuse(ParseErrorKind::ContentLength, 400))),
            Err(error) => return Some(Err(error)),
        };
        self.take(end.body);
        self.head = Some(PendingBody { head, bytes });
        Some(Ok(()))
    }

    /// Line breaks before a message mean nothing (7.5), unless there is a ping among them, or the
    /// beginning of one at their end. Tells whether there was one; then it ends there.
    fn skip_line_breaks(&mut self) -> bool {
        let rest = self.rest();
        let (breaks, message) = rest.split_at(rest.len() - skip_line_breaks(rest).len());
        if let Some(at) = breaks.windows(PING.len()).position(|four| four == PING) {
            self.take(at + PING.len());
            return true;
        }
        let may_begin = |length: &usize| {
            let begun = PING.get(..*length);
            message.is_empty() && begun.is_some_and(|begun| breaks.ends_with(begun))
        };
        let kept = (0..PING.len()).rev().find(may_begin).unwrap_or(0);
        self.take(breaks.len() - kept);
        false
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.taken..).unwrap_or_default()
    }

    fn take(&mut self, bytes: usize) {
        if bytes > 0 {
            self.taken += bytes;
            self.searched = 0;
        }
    }

    fn give_up(&mut self, error: ParseError) -> Frame {
        self.broken = true;
        self.buffer = Vec::new();
        self.taken = 0;
        Frame::Message(Box::new(Err(error)))
    }
}

fn too_large_head(bytes: &[u8]) -> ParseError {
    match Head::read(bytes) {
        Ok(head) => head.refuse(ParseErrorKind::HeadTooLarge, 513),
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::parse::parse_datagram;

    const INVITE: &[u8] =
        b"INVITE sip:5000@desk SIP/2.0\r\nv: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\n\
        f: <sip:0312345678@192.0.2.1>;tag=a\r\nt: <sip:5000@desk>\r\ni: one\r\n\
        CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nl: 4\r\n\r\nbody";

    fn frames(reader: &mut StreamReader) -> Vec<Frame> {
        std::iter::from_fn(|| reader.next_frame()).collect()
    }

    #[test]
    fn a_ping_among_line_breaks_is_one_however_the_stream_is_cut() {
        let bytes = [b"\n\n\r\n\n", PING, b"\n\r\n", INVITE].concat();
        for size in 1..bytes.len() {
            let mut reader = StreamReader::default();
            let mut all = Vec::new();
            for piece in bytes.chunks(size) {
                reader.push(piece);
                all.extend(frames(&mut reader));
            }
            assert!(
                matches!(all.as_slice(), [Frame::KeepAlive, Frame::Message(_)]),
                "{size}: {all:?}"
            );
        }
    }

    #[test]
    fn a_stream_fed_byte_by_byte_gives_the_same_messages() {
        let mut reader = StreamReader::default();
        let mut all = Vec::new();
        let bytes = [PING, INVITE, b"\r\n", INVITE].concat();
        for byte in bytes {
            reader.push(&[byte]);
            all.extend(frames(&mut reader));
        }
        let whole = parse_datagram(INVITE).unwrap();
        assert!(matches!(all.first(), Some(Frame::KeepAlive)));
        for frame in &all[1..] {
            assert!(matches!(frame, Frame::Message(read) if read.as_ref() == &Ok(whole.clone())));
        }
        assert_eq!((all.len(), reader.waiting_bytes()), (3, 0));
    }

    #[test]
    fn the_head_of_a_dripped_message_is_read_once() {
        let text = String::from_utf8_lossy(INVITE).replace("l: 4\r\n\r\nbody", "l: 60000\r\n\r\n");
        let mut reader = StreamReader::default();
        reader.push(text.as_bytes());
        assert!(reader.next_frame().is_none());
        let head_is_read = |reader: &StreamReader| reader.head.is_some() && reader.searched == 0;
        for _ in 0..59_999 {
            reader.push(b"x");
            assert!(reader.next_frame().is_none() && head_is_read(&reader));
        }
        reader.push(b"x");
        assert!(matches!(frames(&mut reader)[..], [Frame::Message(_)]));
        assert!(!reader.is_within_message());
    }

    #[test]
    fn what_was_searched_for_the_end_of_the_head_is_not_searched_again() {
        let mut reader = StreamReader::default();
        for sent in 1..=INVITE.len() - 8 {
            reader.push(&INVITE[sent - 1..sent]);
            assert!(reader.next_frame().is_none());
            assert_eq!(reader.searched, sent.saturating_sub(2));
        }
    }

    #[test]
    fn a_head_without_end_breaks_the_stream_before_it_fills_the_memory() {
        let mut reader = StreamReader::default();
        let begun = INVITE.split_last_chunk::<10>().unwrap().0;
        reader.push(begun);
        let mut answered = Vec::new();
        for _ in 0..100 {
            reader.push(&[b"X: ".as_slice(), &[b'x'; 1_000], b"\r\n"].concat());
            answered.extend(frames(&mut reader));
        }
        assert!(reader.is_broken() && reader.waiting_bytes() <= HEAD_BYTES_AT_MOST + 110_000);
        let [Frame::Message(message)] = &answered[..] else {
            panic!("{answered:?}")
        };
        let answer = message.as_ref().as_ref().unwrap_err().answer.as_ref();
        assert_eq!(answer.map(|answer| answer.status), Some(513));
    }

    #[test]
    fn line_breaks_without_end_hold_no_memory() {
        let mut reader = StreamReader::default();
        for _ in 0..1_000 {
            reader.push(b"\n\n\r\n\n\r");
            assert_eq!(frames(&mut reader).len(), 0);
            assert!(reader.waiting_bytes() < PING.len());
        }
        assert!(!reader.is_within_message());
    }

    proptest! {
        #[test]
        fn random_bytes_do_no_harm(pieces in proptest::collection::vec(
            proptest::collection::vec(any::<u8>(), 0..200), 0..8,
        )) {
            let mut reader = StreamReader::default();
            for piece in pieces {
                reader.push(&piece);
                prop_assert!(frames(&mut reader).len() <= 1_600);
            }
        }

        #[test]
        fn the_cuts_of_the_network_change_nothing(cuts in proptest::collection::vec(1..200_usize, 1..40)) {
            let bytes = [INVITE, PING, INVITE, b"\r\n", INVITE].concat();
            let mut reader = StreamReader::default();
            let (mut rest, mut messages) = (bytes.as_slice(), 0);
            for cut in cuts.iter().cycle() {
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                reader.push(piece);
                messages += frames(&mut reader)
                    .iter()
                    .filter(|frame| matches!(frame, Frame::Message(read) if read.is_ok()))
                    .count();
                rest = after;
                if rest.is_empty() { break }
            }
            prop_assert_eq!(messages, 3);
        }
    }
}
