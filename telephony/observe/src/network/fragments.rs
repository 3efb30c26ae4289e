//! IP packets that came in pieces.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use etherparse::defrag::IpDefragBuf;
use etherparse::{IpFragOffset, IpNumber, Ipv6ExtensionSlice, LaxIpSlice};

use crate::capture::Micros;

/// Packets of which pieces wait for others. Each has at most 64 KiB.
const WAITING_AT_MOST: usize = 256;
/// How long a piece waits (RFC 8200 4.5 lets hosts wait a minute).
const WAIT_AT_MOST: Micros = Micros::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    from: IpAddr,
    to: IpAddr,
    identification: u32,
    protocol: IpNumber,
}

/// Where a piece belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    key: Key,
    offset: IpFragOffset,
    more: bool,
    at: Micros,
}

impl Piece {
    pub(super) fn of(ip: &LaxIpSlice<'_>, at: Micros) -> Option<Self> {
        let (identification, offset, more) = match ip {
            LaxIpSlice::Ipv4(ip) => {
                let header = ip.header();
                (
                    u32::from(header.identification()),
                    header.fragments_offset(),
                    header.more_fragments(),
                )
            }
            LaxIpSlice::Ipv6(ip) => {
                let mut extensions = ip.extensions().clone().into_iter();
                let fragment = extensions.find_map(|extension| match extension {
                    Ipv6ExtensionSlice::Fragment(fragment) => Some(fragment),
                    _ => None,
                })?;
                (
                    fragment.identification(),
                    fragment.fragment_offset(),
                    fragment.more_fragments(),
                )
            }
        };
        let key = Key {
            from: ip.source_addr(),
            to: ip.destination_addr(),
            identification,
            protocol: ip.payload_ip_number(),
        };
        Some(Self {
            key,
            offset,
            more,
            at,
        })
    }
}

/// The pieces that wait for others.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    waiting: HashMap<Key, (Micros, IpDefragBuf)>,
    /// In the order in which their first pieces came.
    order: VecDeque<(Micros, Key)>,
}

impl Fragments {
    /// Takes a piece; the whole if it was the last one missing.
    pub(super) fn add(&mut self, piece: &Piece, bytes: &[u8]) -> Option<Vec<u8>> {
        self.forget_old(piece.at);
        let key = piece.key;
        let (began, buffer) = self.waiting.entry(key).or_insert_with(|| {
            self.order.push_back((piece.at, key));
            let empty = IpDefragBuf::new(key.protocol, Vec::new(), Vec::new());
            (piece.at, empty)
        });
        if buffer.add(piece.offset, piece.more, bytes).is_err() {
            let began = *began;
            self.forget(began, key);
            return None;
        }
        if !buffer.is_complete() {
            return None;
        }
        let (_, buffer) = self.waiting.remove(&key)?;
        Some(buffer.take_bufs().0)
    }

    fn forget_old(&mut self, now: Micros) {
        while let Some((began, key)) = self.order.front().copied() {
            let is_old = now.since(began).0.abs() > WAIT_AT_MOST.0;
            if !is_old && self.order.len() <= WAITING_AT_MOST {
                break;
            }
            self.order.pop_front();
            self.forget(began, key);
        }
    }

    /// Forgets the packet whose first piece came then; another that began later keeps its pieces.
    fn forget(&mut self, began: Micros, key: Key) {
        if self.waiting.get(&key).is_some_and(|(at, _)| *at == began) {
            self.waiting.remove(&key);
        }
    }
}
