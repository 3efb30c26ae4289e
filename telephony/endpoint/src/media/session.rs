//! One leg of a call, as the media sees it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use madoguchi_metrics::metrics;
use madoguchi_sip::sdp::Codec;

use super::interface::{RemoteMedia, SessionId};
use super::key_press::KeyPress;
use super::latch::{Latch, Seen};
use super::reception::Reception;
use super::reporting::Reporting;
use super::rtp::Packet;
use super::secrecy::Secrecy;
use super::sound::{Cursor, Sound};
use super::stream::{OutStream, StreamStart};

/// What our own offers name telephone events; a peer may send it whatever it asked us to send.
const OUR_DTMF_PAYLOAD_TYPE: u8 = 101;
/// A holder who sends nothing for this long has no music of its own.
const HOLDER_SILENT_FOR: Duration = Duration::from_millis(200);

/// The state of one leg.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) remote: Option<Remote>,
    pub(super) stream: OutStream,
    /// Its voice is encrypted.
    pub(super) secrecy: Option<Secrecy>,
    pub(super) playing: Option<Playing>,
    /// The other leg of the call.
    pub(super) peer: Option<SessionId>,
    /// A key that is being told to this leg.
    pub(super) key: Option<KeyPress>,
    /// What came from it.
    pub(super) reception: Reception,
    /// What it is told of that, and tells itself.
    pub(super) reporting: Reporting,
    /// The music last played to this leg; heard again when the other side holds.
    pub(super) music: Option<Arc<Sound>>,
    /// Nothing is sent yet: nobody has proven to hear at the described address.
    pub(super) withheld: bool,
    /// That somebody else sends was logged.
    stranger_told: bool,
    pub(super) last_heard: Option<Duration>,
    /// Since when something should be heard, while nothing has been told of its absence.
    expected_since: Option<Duration>,
    silence_told: bool,
    /// The clock of the latest key, so that each is told once.
    last_key: Option<u32>,
}

/// The far end of a leg.
#[derive(Debug)]
pub(super) struct Remote {
    pub(super) media: RemoteMedia,
    pub(super) latch: Latch,
}

/// What a leg hears from us.
#[derive(Debug)]
pub(super) struct Playing {
    /// Never used twice.
    pub(super) serial: u64,
    pub(super) cursor: Cursor,
    pub(super) purpose: Purpose,
}

/// Why something is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Its end is told.
    Once {
        /// Under this number.
        playback: u32,
    },
    /// Until something else is asked for.
    Music,
    /// Until the other leg of the bridge is back.
    Hold,
}

/// What a packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Voice(Codec),
    Keys,
}

impl Session {
    pub(super) fn new(start: StreamStart) -> Self {
        Self {
            remote: None,
            stream: OutStream::new(start),
            secrecy: None,
            playing: None,
            peer: None,
            reception: Reception::default(),
            reporting: Reporting::new(start.ssrc),
            music: None,
            withheld: false,
            stranger_told: false,
            key: None,
            last_heard: None,
            expected_since: None,
            silence_told: false,
            last_key: None,
        }
    }

    pub(super) fn set_remote(&mut self, media: RemoteMedia, now: Duration) {
        if !self.listens() {
            // What it did not hear is no loss.
            self.stream.interrupt();
        }
        match &mut self.remote {
            Some(remote) => {
                remote.latch.describe(media.addr, media.symmetric_with, now);
                remote.media = media;
            }
            None => {
                self.remote = Some(Remote {
                    media,
                    latch: Latch::new(media.addr, media.symmetric_with, now),
                })
            }
        }
        if !media.receive {
            // What it sends meanwhile is not heard, and no loss.
            self.reception.interrupt();
        }
        let expected = media.receive && media.wants_to_hear();
        self.expected_since = expected.then_some(now);
        self.silence_told = false;
    }

    /// Whether what we send is wanted: the description is there and it is no hold.
    pub(super) fn listens(&self) -> bool {
        self.remote
            .as_ref()
            .is_some_and(|remote| remote.media.wants_to_hear())
    }

    /// Whether the packet is from the peer and of use; keeps account of it.
    pub(super) fn hear(
        &mut self,
        source: SocketAddr,
        packet: &Packet<'_>,
        now: Duration,
    ) -> Option<Content> {
        let remote = self.remote.as_mut().filter(|remote| remote.media.receive)?;
        let content = remote.media.content(packet.payload_type);
        let seen = Seen {
            source,
            ssrc: packet.ssrc,
            sequence: packet.sequence,
            agreed: content.is_some(),
        };
        if !remote.latch.accept(seen, now) {
            metrics().rtp_packets_dropped.add("stranger");
            if !std::mem::replace(&mut self.stranger_told, true) {
                tracing::info!(%source, "voice from an address that was not described is dropped");
            }
            return None;
        }
        self.last_heard = Some(now);
        self.silence_told = false;
        let is_voice = matches!(content, Some(Content::Voice(_)));
        self.reception.take(packet, is_voice, now);
        content
    }

    /// Since when voice should come from the leg; nothing while it need not.
    pub(super) fn expected_since(&self) -> Option<Duration> {
        self.expected_since
    }

    /// Where reports to the leg go (RFC 3605; otherwise the next port, RFC 3550 11).
    pub(super) fn reports_to(&self) -> Option<SocketAddr> {
        let remote = self.remote.as_ref()?;
        let target = remote.latch.target();
        let described = remote.media.reports.filter(|_| target == remote.media.addr);
        let next = || {
            let port = target.port().checked_add(1)?;
            Some(SocketAddr::new(target.ip(), port))
        };
        let to = described.or_else(next)?;
        let is_address = !to.ip().is_unspecified() && to.port() != 0 && target.port() != 0;
        is_address.then_some(to)
    }

    /// Whether this packet begins a key that was not told yet.
    pub(super) fn is_new_key(&mut self, timestamp: u32) -> bool {
        self.last_key.replace(timestamp) != Some(timestamp)
    }

    /// Whether nothing came for `timeout` although it should have; true once for each silence.
    pub(super) fn fell_silent(&mut self, timeout: Duration, now: Duration) -> bool {
        let Some(since) = self.expected_since.filter(|_| !self.silence_told) else {
            return false;
        };
        let since = self.last_heard.map_or(since, |heard| heard.max(since));
        self.silence_told = now.saturating_sub(since) >= timeout;
        self.silence_told
    }

    /// Whether this leg has put the other on hold.
    pub(super) fn holds(&self) -> bool {
        self.remote.is_some() && !self.listens()
    }

    /// Whether this leg has put the other on hold and leaves the music to us.
    pub(super) fn holds_silently(&self, now: Duration) -> bool {
        let Some(remote) = &self.remote else {
            return false;
        };
        let quiet = self
            .last_heard
            .is_none_or(|heard| now.saturating_sub(heard) >= HOLDER_SILENT_FOR);
        self.holds() && (!remote.media.receive || quiet)
    }

    pub(super) fn hears_hold_music(&self) -> bool {
        self.playing
            .as_ref()
            .is_some_and(|playing| playing.purpose == Purpose::Hold)
    }
}

impl RemoteMedia {
    /// The peer takes what we send. An unspecified address is the old way to ask for hold
    /// (RFC 3264 8.4).
    fn wants_to_hear(&self) -> bool {
        self.send && !self.addr.ip().is_unspecified() && self.addr.port() != 0
    }

    fn content(&self, payload_type: u8) -> Option<Content> {
        match (payload_type, self.dtmf_payload_type) {
            (kind, _) if kind == self.payload_type => Some(Content::Voice(self.codec)),
            (kind, Some(keys)) if kind == keys || kind == OUR_DTMF_PAYLOAD_TYPE => {
                Some(Content::Keys)
            }
            (kind, _) => [Codec::Pcmu, Codec::Pcma]
                .into_iter()
                .find(|codec| codec.payload_type() == kind)
                .map(Content::Voice),
        }
    }
}
