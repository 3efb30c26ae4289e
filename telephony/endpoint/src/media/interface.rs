//! What the media are told of a leg, and what they tell of it.

use std::net::{IpAddr, SocketAddr};

use madoguchi_core::quality::VoiceQuality;
use madoguchi_sip::sdp::Codec;

/// Names one leg of a call towards the media. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// What the session description of the peer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteMedia {
    /// Where the peer wants to hear.
    pub addr: SocketAddr,
    /// Where the peer wants reports of it (RTCP), if not at the next port.
    pub reports: Option<SocketAddr>,
    /// The codec agreed on.
    pub codec: Codec,
    /// Its payload type in packets to the peer.
    pub payload_type: u8,
    /// telephone-event in packets to the peer, if agreed on.
    pub dtmf_payload_type: Option<u8>,
    /// We send to the peer. `false` on hold.
    pub send: bool,
    /// The peer sends to us.
    pub receive: bool,
    /// Where the peer's signalling comes from, if symmetric RTP (RFC 4961) is asked for: shortly
    /// after the description, packets from there or from another port of `addr` may take its
    /// place. `None`: only `addr` is heard, and voice goes nowhere else.
    pub symmetric_with: Option<IpAddr>,
}

/// What happened to the media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaEvent {
    /// An announcement was played to its end. Not told if something else was played instead.
    PlaybackEnded {
        session: SessionId,
        /// The number given in [`super::Media::play`].
        playback: u32,
    },
    /// Two legs hear each other.
    Bridged {
        /// The number given in [`super::Media::bridge`].
        token: u64,
    },
    /// Nothing came from the peer for [`super::MediaSettings::rtp_timeout`], although it should have: its
    /// description is there and says neither hold nor that it only listens. Told once for each
    /// silence; a packet or a new description begins anew.
    Silent { session: SessionId },
    /// How well the voice of a leg came through until now; told once a second while there is any.
    Quality {
        session: SessionId,
        quality: VoiceQuality,
    },
    /// The peer pressed a key (RFC 4733).
    Dtmf {
        session: SessionId,
        /// 0–9, *, #, A–D.
        digit: char,
    },
}
