//! The wire between a desk and who speaks with it, with somebody who looks: each party speaks with a relay,
//! which has an address of its own towards the desk and notes every datagram as the desk sends or hears it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use madoguchi_core::clock::{Clock as _, TestClock};
use madoguchi_core::time::Instant;
use madoguchi_tests::desk::Desk;
use tokio::net::UdpSocket;

const DATAGRAM_BYTES_AT_MOST: usize = 65_535;

/// A datagram as it was seen, by the clock of the desk.
#[derive(Debug, Clone)]
pub(super) struct Datagram {
    pub(super) at: Instant,
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

/// What passes at the SIP port of a desk.
#[derive(Clone)]
pub(super) struct Wire {
    desk: SocketAddr,
    clock: Arc<TestClock>,
    seen: Arc<Mutex<Vec<Datagram>>>,
}

impl Wire {
    pub(super) fn of(desk: &Desk) -> Self {
        Self {
            desk: desk.sip,
            clock: desk.clock.clone(),
            seen: Arc::default(),
        }
    }

    /// All datagrams in their order.
    pub(super) fn seen(&self) -> Vec<Datagram> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.clone()
    }

    fn saw(&self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let at = self.clock.now();
        let bytes = bytes.to_vec();
        seen.push(Datagram {
            at,
            from,
            to,
            bytes,
        });
    }
}

/// Stands between the desk and one party.
pub(super) struct Relay {
    /// What the desk takes for the party.
    front: UdpSocket,
    /// What the party takes for the desk.
    back: UdpSocket,
}

impl Relay {
    /// A relay that has this address towards the desk.
    pub(super) async fn at(address: Ipv4Addr) -> anyhow::Result<Self> {
        Ok(Self {
            front: UdpSocket::bind((address, 0)).await?,
            back: UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?,
        })
    }

    /// Where the desk finds the party.
    pub(super) fn front(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.front.local_addr()?)
    }

    /// Begins to pass on what is sent; tells where the party finds the desk. A party that waits to be called
    /// has to be named, any other is known by what it sends.
    pub(super) fn connect(
        self,
        wire: &Wire,
        party: Option<SocketAddr>,
    ) -> anyhow::Result<SocketAddr> {
        let (front, back) = (self.front.local_addr()?, self.back.local_addr()?);
        tokio::spawn(self.pass_on(wire.clone(), (front, back), party));
        Ok(back)
    }

    async fn pass_on(
        self,
        wire: Wire,
        (front, back): (SocketAddr, SocketAddr),
        mut party: Option<SocketAddr>,
    ) {
        let mut of_party = vec![0; DATAGRAM_BYTES_AT_MOST];
        let mut of_desk = of_party.clone();
        loop {
            tokio::select! {
                Ok((length, from)) = self.back.recv_from(&mut of_party) => {
                    party = Some(from);
                    let bytes = of_party.get(..length).unwrap_or_default();
                    let bytes = with_addresses(bytes, [(from, front), (back, wire.desk)]);
                    wire.saw(front, wire.desk, &bytes);
                    // What is lost on the way is sent again.
                    let _sent = self.front.send_to(&bytes, wire.desk).await;
                }
                Ok((length, _)) = self.front.recv_from(&mut of_desk) => {
                    let bytes = of_desk.get(..length).unwrap_or_default();
                    wire.saw(wire.desk, front, bytes);
                    if let Some(party) = party {
                        let bytes = with_addresses(bytes, [(front, party), (wire.desk, back)]);
                        let _sent = self.back.send_to(&bytes, party).await;
                    }
                }
                else => return,
            }
        }
    }
}

/// The message with addresses replaced. All ports have five digits: no length changes.
fn with_addresses(bytes: &[u8], changes: [(SocketAddr, SocketAddr); 2]) -> Vec<u8> {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    for (from, to) in changes {
        text = text.replace(&from.to_string(), &to.to_string());
    }
    text.into_bytes()
}

/// A capture file's beginning: bare IP packets (LINKTYPE 101).
pub(super) fn capture_head() -> Vec<u8> {
    let words = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101];
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

impl Datagram {
    fn ends(&self) -> anyhow::Result<[(Ipv4Addr, u16); 2]> {
        let end = |address: SocketAddr| match address {
            SocketAddr::V4(address) => Ok((*address.ip(), address.port())),
            SocketAddr::V6(_) => Err(anyhow::anyhow!("the wire has IPv4")),
        };
        Ok([end(self.from)?, end(self.to)?])
    }

    /// Seconds and microseconds.
    fn instant(&self) -> anyhow::Result<(u32, u32)> {
        let (secs, millis) = (self.at.0 / 1_000, self.at.0 % 1_000);
        Ok((u32::try_from(secs)?, u32::try_from(millis * 1_000)?))
    }

    /// As a record of a capture file.
    pub(super) fn record(&self) -> anyhow::Result<Vec<u8>> {
        let [(from, from_port), (to, to_port)] = self.ends()?;
        let datagram = u16::try_from(self.bytes.len() + 8)?;
        // IPv4, without options; nobody checks the sums of a capture.
        let mut packet = vec![0x45, 0];
        packet.extend((datagram + 20).to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, 17, 0, 0]);
        packet.extend(from.octets());
        packet.extend(to.octets());
        for word in [from_port, to_port, datagram, 0] {
            packet.extend(word.to_be_bytes());
        }
        packet.extend(&self.bytes);
        let length = u32::try_from(packet.len())?;
        let (secs, micros) = self.instant()?;
        let head = [secs, micros, length, length];
        let mut record: Vec<u8> = head.into_iter().flat_map(u32::to_le_bytes).collect();
        record.extend(packet);
        Ok(record)
    }

    /// As a frame of a probe (HEPv3).
    pub(super) fn hep(&self) -> anyhow::Result<Vec<u8>> {
        let [(from, from_port), (to, to_port)] = self.ends()?;
        let (secs, micros) = self.instant()?;
        let chunks: [(u16, &[u8]); 10] = [
            (1, &[2]),
            (2, &[17]),
            (3, &from.octets()),
            (4, &to.octets()),
            (7, &from_port.to_be_bytes()),
            (8, &to_port.to_be_bytes()),
            (9, &secs.to_be_bytes()),
            (10, &micros.to_be_bytes()),
            (11, &[1]),
            (15, &self.bytes),
        ];
        let mut body = Vec::new();
        for (kind, value) in chunks {
            body.extend([0, 0]);
            body.extend(kind.to_be_bytes());
            body.extend(u16::try_from(value.len() + 6)?.to_be_bytes());
            body.extend(value);
        }
        let length = u16::try_from(body.len() + 6)?.to_be_bytes();
        Ok([&b"HEP3"[..], &length, &body].concat())
    }
}
