//! Messages out of TCP: pieces in any order, several messages in a piece, halves, pings between.
//!
//! A stream is followed from a piece that looks like the beginning of a SIP message, whether or not its
//! own beginning was seen. All others cost nothing.

mod cutting;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;

use madoguchi_sip::message::Message;

use self::cutting::{Cut, Cutter, inner_beginning};
use super::Carrier;
use crate::capture::Micros;
use crate::message::{Beginning, beginning};

/// Streams that are followed at once.
const STREAMS_AT_MOST: usize = 65_536;
/// Pieces that wait for an earlier one of their stream, and their bytes.
const PIECES_AT_MOST: usize = 64;
const WAITING_BYTES_AT_MOST: usize = 262_144;
/// Bytes that wait in all streams together.
const ALL_BYTES_AT_MOST: usize = 64 * 1024 * 1024;
/// A stream does not begin anew so near to where it is: its beginning was seen a second time.
const SEEN_AGAIN_WITHIN: u32 = 1 << 16;
/// How long a piece waits for an earlier one before that is taken for lost by the capture.
const WAIT_AT_MOST: Micros = Micros::from_secs(2);

type Flow = (SocketAddr, SocketAddr);

/// A message out of a stream.
#[derive(Debug)]
pub struct FromStream {
    /// When its last piece was seen.
    pub at: Micros,
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// The message.
    pub message: Message,
}

/// All streams that carry SIP.
#[derive(Debug, Default)]
pub struct Streams {
    streams: HashMap<Flow, Stream>,
    /// Streams with pieces that wait, by when the first began to.
    waiting: VecDeque<(Micros, Flow)>,
    /// Messages that could not be read.
    refused: u64,
    /// Bytes that wait in all streams.
    bytes: usize,
    /// When streams were last looked through for such as have stopped.
    swept: Micros,
    /// When there was last no room for another stream.
    crowded: Micros,
}

#[derive(Debug)]
struct Stream {
    reader: Cutter,
    next: u32,
    /// Pieces behind a gap, by how far they lie from `next` when they came.
    pieces: BTreeMap<u32, Piece>,
    waiting_bytes: usize,
    /// Its beginning was seen, but nothing of what it carries.
    silent: bool,
    /// When something last came.
    last_at: Micros,
}

#[derive(Debug)]
struct Piece {
    at: Micros,
    bytes: Vec<u8>,
}

impl Streams {
    /// How many messages could not be read.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Bytes that wait for the rest of their messages, or for earlier ones.
    pub fn waiting_bytes(&self) -> usize {
        self.bytes
    }

    /// Takes a piece of a stream and gives the messages that it completes.
    pub fn take(
        &mut self,
        at: Micros,
        (from, to): (SocketAddr, SocketAddr),
        carrier: Carrier,
        bytes: &[u8],
    ) -> Vec<FromStream> {
        let Carrier::Tcp { seq, syn, fin } = carrier else {
            return Vec::new();
        };
        let flow = (from, to);
        let mut found = Vec::new();
        if syn {
            let begins = seq.wrapping_add(1);
            let known = self.streams.get(&flow);
            let is_known = |stream: &Stream| stream.next.wrapping_sub(begins) <= SEEN_AGAIN_WITHIN;
            if !known.is_some_and(is_known) {
                self.open(at, flow, begins, true);
            }
        }
        if !bytes.is_empty() {
            let first = if syn { seq.wrapping_add(1) } else { seq };
            self.take_bytes(at, flow, first, bytes, &mut found);
        }
        if fin {
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            let end = seq.wrapping_add(u32::from(syn)).wrapping_add(length);
            self.close(flow, end);
        }
        found
    }

    /// Gives up waiting for what the capture has lost before this instant.
    pub fn advance(&mut self, now: Micros) -> Vec<FromStream> {
        let mut found = Vec::new();
        while let Some((since, flow)) = self.waiting.front().copied() {
            if now.since(since).0.abs() <= WAIT_AT_MOST.0 {
                break;
            }
            self.waiting.pop_front();
            self.give_up_waiting(flow, &mut found);
        }
        found
    }

    /// The capture is over.
    pub fn finish(&mut self) -> Vec<FromStream> {
        let mut found = Vec::new();
        while let Some((_, flow)) = self.waiting.pop_front() {
            self.give_up_waiting(flow, &mut found);
        }
        self.streams.clear();
        found.sort_by_key(|message| message.at);
        found
    }

    fn open(&mut self, at: Micros, flow: Flow, next: u32, silent: bool) {
        self.forget(flow);
        if self.streams.len() >= STREAMS_AT_MOST && !self.make_room(at) {
            return;
        }
        let stream = Stream {
            reader: Cutter::default(),
            next,
            pieces: BTreeMap::new(),
            waiting_bytes: 0,
            silent,
            last_at: at,
        };
        self.streams.insert(flow, stream);
    }

    fn forget(&mut self, flow: Flow) {
        if let Some(stream) = self.streams.remove(&flow) {
            self.bytes = self.bytes.saturating_sub(stream.bytes());
        }
    }

    /// Whether another stream can be followed. A stream between two messages is found again at the next one.
    fn make_room(&mut self, now: Micros) -> bool {
        // What was full of messages just now still is: looking costs more than a packet may.
        if now.since(self.crowded).0.abs() <= WAIT_AT_MOST.0 {
            return false;
        }
        self.streams.retain(|_, stream| stream.is_within_message());
        if self.streams.len() >= STREAMS_AT_MOST {
            self.sweep(now);
        }
        let has_room = self.streams.len() < STREAMS_AT_MOST;
        if !has_room {
            self.crowded = now;
        }
        has_room
    }

    /// Forgets streams that have stopped within a message, once in so long a time at the most.
    fn sweep(&mut self, now: Micros) {
        if now.since(self.swept).0.abs() <= WAIT_AT_MOST.0 {
            return;
        }
        self.swept = now;
        let has_stopped = |stream: &Stream| now.since(stream.last_at).0.abs() > WAIT_AT_MOST.0;
        let before = self.streams.len();
        self.streams.retain(|_, stream| !has_stopped(stream));
        self.refused += (before - self.streams.len()) as u64;
        self.bytes = self.streams.values().map(Stream::bytes).sum();
    }

    /// A stream ends before this byte. If something of it is still missing, that may come yet, or is given up.
    fn close(&mut self, flow: Flow, end: u32) {
        let waits = self.streams.get(&flow).is_some_and(|stream| {
            let missing = end.wrapping_sub(stream.next);
            !stream.pieces.is_empty() || (1..=u32::MAX / 2).contains(&missing)
        });
        if !waits {
            self.forget(flow);
        }
    }

    fn take_bytes(
        &mut self,
        at: Micros,
        flow: Flow,
        seq: u32,
        bytes: &[u8],
        found: &mut Vec<FromStream>,
    ) {
        let (mut seq, mut bytes) = (seq, bytes);
        if !self.streams.contains_key(&flow) {
            let Some(begins) = first_beginning(bytes) else {
                return;
            };
            seq = seq.wrapping_add(u32::try_from(begins).unwrap_or_default());
            bytes = bytes.get(begins..).unwrap_or_default();
            self.open(at, flow, seq, false);
        }
        let Some(stream) = self.streams.get_mut(&flow) else {
            return;
        };
        // Of a stream that has just begun, the first bytes tell what it carries.
        if stream.silent && seq == stream.next {
            if beginning(bytes) == Beginning::Other {
                self.forget(flow);
                return;
            }
            stream.silent = false;
        }
        let (waited, held) = (!stream.pieces.is_empty(), stream.bytes());
        stream.last_at = at;
        stream.add(at, seq, bytes);
        let refused = stream.read_on(flow, found);
        self.refused += refused;
        self.bytes = (self.bytes + stream.bytes()).saturating_sub(held);
        if !waited && !stream.pieces.is_empty() {
            self.waiting.push_back((at, flow));
        }
        if stream.is_full() || self.waiting.len() > STREAMS_AT_MOST {
            self.give_up_waiting(flow, found);
        } else if stream.reader.is_lost() {
            self.forget(flow);
        }
        if self.bytes > ALL_BYTES_AT_MOST {
            self.sweep(at);
            if self.bytes > ALL_BYTES_AT_MOST {
                self.forget(flow);
                self.refused += 1;
            }
        }
    }

    /// Goes on behind the gap: with the next piece in which a message can begin.
    fn give_up_waiting(&mut self, flow: Flow, found: &mut Vec<FromStream>) {
        let Some(stream) = self.streams.get_mut(&flow) else {
            return;
        };
        let held = stream.bytes();
        while let Some((distance, piece)) = stream.pieces.pop_first() {
            stream.waiting_bytes = stream.waiting_bytes.saturating_sub(piece.bytes.len());
            if let Some(begins) = first_beginning(&piece.bytes) {
                let bytes = piece.bytes.get(begins..).unwrap_or_default();
                let passed = distance.saturating_add(u32::try_from(begins).unwrap_or_default());
                let seq = stream.next.wrapping_add(passed);
                stream.begin_anew(seq, passed);
                stream.add(piece.at, seq, bytes);
                self.refused += stream.read_on(flow, found);
                break;
            }
        }
        self.bytes = (self.bytes + stream.bytes()).saturating_sub(held);
        if let Some(piece) = stream.pieces.values().next() {
            self.waiting.push_back((piece.at, flow));
        } else if !stream.is_within_message() {
            self.forget(flow);
        }
    }
}

/// Where the first message within a piece begins: the end of one whose beginning was not seen may stand before it.
fn first_beginning(bytes: &[u8]) -> Option<usize> {
    if beginning(bytes) == Beginning::Sip {
        return Some(0);
    }
    inner_beginning(bytes)
}

impl Stream {
    fn is_within_message(&self) -> bool {
        self.bytes() > 0
    }

    /// Bytes that wait for others.
    fn bytes(&self) -> usize {
        self.reader.waiting_bytes() + self.waiting_bytes
    }

    fn is_full(&self) -> bool {
        self.pieces.len() > PIECES_AT_MOST || self.waiting_bytes > WAITING_BYTES_AT_MOST
    }

    /// Forgets what was before, and that the other pieces lay `nearer` by so much further away.
    fn begin_anew(&mut self, next: u32, nearer: u32) {
        self.reader = Cutter::default();
        self.next = next;
        let pieces = std::mem::take(&mut self.pieces);
        self.pieces = pieces
            .into_iter()
            .filter_map(|(distance, piece)| Some((distance.checked_sub(nearer)?, piece)))
            .collect();
        self.waiting_bytes = self.pieces.values().map(|piece| piece.bytes.len()).sum();
    }

    fn add(&mut self, at: Micros, seq: u32, bytes: &[u8]) {
        let distance = seq.wrapping_sub(self.next);
        let (distance, bytes) = if distance > u32::MAX / 2 {
            // It begins before what is due: a repetition, perhaps with something new behind it.
            let known = usize::try_from(self.next.wrapping_sub(seq)).unwrap_or(usize::MAX);
            match bytes.get(known..) {
                Some(new) if !new.is_empty() => (0, new),
                _ => return,
            }
        } else {
            (distance, bytes)
        };
        let longer = self
            .pieces
            .get(&distance)
            .is_none_or(|known| known.bytes.len() < bytes.len());
        if longer {
            self.waiting_bytes += bytes.len();
            let bytes = bytes.to_vec();
            if let Some(replaced) = self.pieces.insert(distance, Piece { at, bytes }) {
                self.waiting_bytes = self.waiting_bytes.saturating_sub(replaced.bytes.len());
            }
        }
    }

    /// Reads the pieces that follow without a gap; tells how many messages were refused.
    fn read_on(&mut self, flow: Flow, found: &mut Vec<FromStream>) -> u64 {
        let mut refused = 0;
        while let Some((distance, piece)) = self.pieces.pop_first() {
            if distance > 0 {
                self.pieces.insert(distance, piece);
                break;
            }
            let length = u32::try_from(piece.bytes.len()).unwrap_or(u32::MAX);
            self.waiting_bytes = self.waiting_bytes.saturating_sub(piece.bytes.len());
            self.reader.push(&piece.bytes);
            while let Some(cut) = self.reader.next() {
                match cut {
                    Cut::Message(message) => found.push(FromStream {
                        at: piece.at,
                        from: flow.0,
                        to: flow.1,
                        message: *message,
                    }),
                    Cut::Refused => refused += 1,
                }
            }
            self.next = self.next.wrapping_add(length);
            self.move_up(length);
        }
        refused
    }

    /// The pieces that wait lie nearer now; what was repeated of them goes.
    fn move_up(&mut self, by: u32) {
        if self.pieces.is_empty() {
            return;
        }
        for (distance, mut piece) in std::mem::take(&mut self.pieces) {
            let known = by.saturating_sub(distance);
            let known = usize::try_from(known).unwrap_or(usize::MAX);
            if known >= piece.bytes.len() {
                self.waiting_bytes = self.waiting_bytes.saturating_sub(piece.bytes.len());
                continue;
            }
            self.waiting_bytes = self.waiting_bytes.saturating_sub(known);
            piece.bytes.drain(..known);
            self.pieces.insert(distance.saturating_sub(by), piece);
        }
    }
}
