//! What the media are told of a leg, and what they tell of it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use madoguchi_core::quality::VoiceQuality;
use madoguchi_sip::sdp::{Codec, SrtpKeys};

use super::error::MediaError;
use super::ports::RtpPorts;
use super::sound::Sound;

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

/// Gives out the ports for voice. A description names one before anything else can be done, so this is the one
/// thing of the media that is answered at once; all else is a [`MediaCommand`] or a [`MediaEvent`].
pub trait MediaPorts: Send {
    /// Reserves a port for a new leg whose peer sees us at `local`, and tells where we hear; until
    /// [`MediaCommand::Close`].
    fn open(&mut self, session: SessionId, local: IpAddr) -> Result<SocketAddr, MediaError>;

    /// How many ports there are, and how many are held.
    fn usage(&self) -> RtpPorts;
}

/// What the media are to do. Legs that are not there (any more) are no fault.
#[derive(Debug, Clone)]
pub enum MediaCommand {
    /// What the peer of a leg wants; again at each change (hold, resume, other address).
    SetRemote {
        session: SessionId,
        remote: RemoteMedia,
    },
    /// Voice between a leg and its peer is encrypted with these keys from now on; in the clear without. Counters
    /// go on if only a key is another.
    Secure {
        session: SessionId,
        keys: Option<SrtpKeys>,
    },
    /// Plays a sound to a leg, instead of what plays now and of what a bridged leg says. Begins when the peer's
    /// description is there.
    Play {
        session: SessionId,
        sound: Arc<Sound>,
        /// Told back at the end.
        playback: u32,
        /// Makes it music, without an end.
        repeat: bool,
    },
    /// Plays a tone to a leg, over and over, instead of what plays now and of what a bridged leg says. It is no music
    /// that a held party would hear later.
    Tone {
        session: SessionId,
        sound: Arc<Sound>,
    },
    /// Ends what plays; no end is told.
    Stop { session: SessionId },
    /// Lets two legs hear each other, instead of what plays and of older bridges of theirs.
    /// [`MediaEvent::Bridged`] tells `token` when it stands; never, if a leg is gone.
    Bridge {
        a: SessionId,
        b: SessionId,
        token: u64,
    },
    /// Lets several legs hear each other, instead of what plays and of older bridges of theirs, until each is
    /// bridged otherwise. Legs with the same number are of one person, and do not hear each other.
    Join { legs: Vec<(SessionId, u8)> },
    /// Ends the bridge that a leg is in.
    Unbridge { session: SessionId },
    /// Sends nothing to a leg while `withheld`; what is played to it waits.
    Withhold { session: SessionId, withheld: bool },
    /// Tells a leg a key (RFC 4733), instead of voice for so long; not if its peer did not ask for keys.
    Press {
        session: SessionId,
        /// 0–9, *, #, A–D.
        digit: char,
        lasts: Duration,
    },
    /// What a held party hears from now on that was never played any music of its line.
    SetHoldMusic { music: Arc<Sound> },
    /// Ends a leg's media and frees its port.
    Close { session: SessionId },
}

/// What happened to the media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaEvent {
    /// An announcement was played to its end. Not told if something else was played instead.
    PlaybackEnded {
        session: SessionId,
        /// The number given in [`MediaCommand::Play`].
        playback: u32,
    },
    /// Two legs hear each other.
    Bridged {
        /// The number given in [`MediaCommand::Bridge`].
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
