//! Session descriptions (RFC 4566), as far as a telephone call in G.711 needs them, and offer and
//! answer over them (RFC 3264).

mod description;
mod encryption;
mod write;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use description::{Description, Media};
use encryption::{Agreed, offered_keys, take_accepted, take_offered};
pub use encryption::{Encryption, KeySecret, SrtpKeys};
use madoguchi_srtp::CryptoAttribute;
use write::{AudioLine, audio_lines, refused_line, session_lines};

/// G.711 in its two laws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// µ-law, static payload type 0.
    Pcmu,
    /// A-law, static payload type 8.
    Pcma,
}

impl Codec {
    /// The static payload type (RFC 3551).
    pub fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }
}

/// Which way the media flows, from the describer's point of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the attributes")]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    fn of(attribute: &str) -> Option<Self> {
        match attribute {
            "sendrecv" => Some(Self::SendRecv),
            "sendonly" => Some(Self::SendOnly),
            "recvonly" => Some(Self::RecvOnly),
            "inactive" => Some(Self::Inactive),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// What to answer (RFC 3264 6.1).
    fn answered(self) -> Self {
        match self {
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
            other => other,
        }
    }
}

/// Why a description cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum SdpError {
    #[error("malformed session description")]
    Malformed,
    #[error("no audio in the session description")]
    NoAudio,
    #[error("no codec in common")]
    NoCodec,
    #[error("nothing may be sent to the address in the session description")]
    Unreachable,
    #[error("no address in the session description, or the name of a host in its place")]
    NoAddress,
    #[error("the voice must be encrypted")]
    NotEncrypted,
    #[error("no way of encrypting the voice in common")]
    Encryption,
}

impl SdpError {
    /// What a refusal says of it (Warning, RFC 3261 20.43): code and text.
    pub fn warning(self) -> (u16, &'static str) {
        match self {
            Self::Malformed => (399, "Session description not understood"),
            Self::NoAudio => (304, "Media type not available"),
            Self::NoCodec => (305, "Incompatible media format"),
            Self::Unreachable => (301, "Incompatible network address formats"),
            Self::NotEncrypted => (399, "Voice must be encrypted (SDES)"),
            Self::Encryption => (399, "Encryption of voice not available"),
            Self::NoAddress => (
                301,
                "Incompatible network address formats: IP address expected",
            ),
        }
    }
}

/// Our end of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    /// `o=`: the session.
    pub session_id: u64,
    /// `o=`: its version, counted up with each change.
    pub version: u64,
    /// Where we hear.
    pub rtp: SocketAddr,
    /// Whether voice is encrypted.
    pub encryption: Encryption,
    /// What our keys are made of.
    pub secret: KeySecret,
}

impl Local {
    /// An end whose voice is never encrypted.
    pub fn in_the_clear(session_id: u64, version: u64, rtp: SocketAddr) -> Self {
        Self {
            session_id,
            version,
            rtp,
            encryption: Encryption::Off,
            secret: KeySecret::new([0; 32]),
        }
    }
}

/// What offer and answer agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// The codec.
    pub codec: Codec,
    /// Its payload type in packets to the peer.
    pub payload_type: u8,
    /// telephone-event (RFC 4733) in packets to the peer, if both know it.
    pub dtmf_payload_type: Option<u8>,
    /// Where the peer hears.
    pub remote: SocketAddr,
    /// Where the peer wants reports on what it says (RTCP), if it names a port (RFC 3605).
    pub reports: Option<SocketAddr>,
    /// What the peer wants to do.
    pub remote_direction: Direction,
    /// The keys, if the voice is encrypted.
    pub srtp: Option<SrtpKeys>,
}

/// Our payload type for telephone-event.
const DTMF: u8 = 101;
/// The profile of our own offers.
const PROFILE: &str = "RTP/AVP";
/// The profile of those that may only be met by encrypted voice.
const SECURE_PROFILE: &str = "RTP/SAVP";

/// An offer of both laws, `first` before the other, and telephone-event.
pub fn g711_offer(local: &Local, first: Option<Codec>) -> Vec<u8> {
    let profile = match local.encryption {
        Encryption::Required => SECURE_PROFILE,
        Encryption::Off | Encryption::Optional => PROFILE,
    };
    let mut text = session_lines(local);
    offered_audio(&mut text, local, first, profile);
    text.into_bytes()
}

/// An offer inside a session that our description `before` belongs to: every line that was ever
/// described keeps its place, the refused ones stay refused (RFC 3264 8).
pub fn g711_offer_again(before: &[u8], local: &Local, first: Option<Codec>) -> Vec<u8> {
    let Ok(before) = Description::read(before) else {
        return g711_offer(local, first);
    };
    let used = before.media.iter().position(|media| media.port != 0);
    // A stream that was closed is opened again in its old place.
    let Some(used) = used.or_else(|| before.media.iter().position(Media::is_audio)) else {
        return g711_offer(local, first);
    };
    let mut text = session_lines(local);
    for (at, media) in before.media.iter().enumerate() {
        if at == used {
            offered_audio(&mut text, local, first, &media.protocol);
        } else {
            refused_line(&mut text, media);
        }
    }
    text.into_bytes()
}

/// Whether an offer that begins a session can be answered.
pub fn check_offer(offer: &[u8], local: &Local) -> Result<(), SdpError> {
    choose(&Description::read(offer)?, local, take_offered).map(|_| ())
}

/// The answer to an offer that begins a session, and what is agreed on with it: the offerer's
/// first choice of G.711, in the profile of the offer.
pub fn answer(offer: &[u8], local: &Local) -> Result<(Negotiated, Vec<u8>), SdpError> {
    let description = Description::read(offer)?;
    let chosen = choose(&description, local, take_offered)?;
    Ok(answer_with(&description, chosen, local))
}

/// The answer to an offer inside a session on which `before` was agreed. It may close the
/// stream with port 0 and open it again later (RFC 3264 8.2).
pub fn answer_within(
    offer: &[u8],
    local: &Local,
    before: &Negotiated,
) -> Result<(Negotiated, Vec<u8>), SdpError> {
    let description = Description::read(offer)?;
    let chosen = choose_within(&description, local, before, take_offered)?;
    Ok(answer_with(&description, chosen, local))
}

/// What is agreed on with the peer's answer to an offer of ours that begins a session.
pub fn accept_answer(answer: &[u8], local: &Local) -> Result<Negotiated, SdpError> {
    let description = Description::read(answer)?;
    choose(&description, local, take_accepted).map(|chosen| chosen.negotiated)
}

/// What is agreed on with the peer's answer inside a session on which `before` was agreed.
pub fn accept_answer_within(
    answer: &[u8],
    local: &Local,
    before: &Negotiated,
) -> Result<Negotiated, SdpError> {
    let description = Description::read(answer)?;
    choose_within(&description, local, before, take_accepted).map(|chosen| chosen.negotiated)
}

/// The line that is used, by its place, and what is agreed on with it.
struct Chosen {
    at: usize,
    negotiated: Negotiated,
    /// Our key in the answer.
    crypto: Option<CryptoAttribute>,
}

/// How the keys of a media line are taken.
type TakeKeys = fn(&Media, &Local) -> Result<Agreed, SdpError>;

fn answer_with(description: &Description, chosen: Chosen, local: &Local) -> (Negotiated, Vec<u8>) {
    let negotiated = chosen.negotiated;
    let mut text = session_lines(local);
    for (at, media) in description.media.iter().enumerate() {
        if at == chosen.at && media.port != 0 {
            let line = AudioLine {
                port: local.rtp.port(),
                protocol: &media.protocol,
                formats: &[(negotiated.codec, negotiated.payload_type)],
                dtmf: negotiated.dtmf_payload_type,
                direction: negotiated.remote_direction.answered(),
                crypto: chosen.crypto.as_slice(),
            };
            audio_lines(&mut text, &line);
        } else {
            refused_line(&mut text, media);
        }
    }
    (negotiated, text.into_bytes())
}

fn offered_audio(text: &mut String, local: &Local, first: Option<Codec>, protocol: &str) {
    let order = match first {
        Some(Codec::Pcma) => [Codec::Pcma, Codec::Pcmu],
        _ => [Codec::Pcmu, Codec::Pcma],
    };
    let keys = match local.encryption {
        Encryption::Off => Vec::new(),
        Encryption::Optional | Encryption::Required => offered_keys(local),
    };
    let line = AudioLine {
        port: local.rtp.port(),
        protocol,
        formats: &order.map(|codec| (codec, codec.payload_type())),
        dtmf: Some(DTMF),
        direction: Direction::SendRecv,
        crypto: &keys,
    };
    audio_lines(text, &line);
}

/// The first audio line that we can speak on; rather one that is encrypted.
fn choose(description: &Description, local: &Local, keys: TakeKeys) -> Result<Chosen, SdpError> {
    let mut fault = SdpError::NoAudio;
    let mut plain = None;
    let lines = description.media.iter().enumerate();
    for (at, media) in lines.filter(|(_, media)| media.is_audio() && media.port != 0) {
        match agree(media, local, keys) {
            Ok((negotiated, crypto)) => {
                let is_encrypted = crypto.is_some();
                let chosen = Chosen {
                    at,
                    negotiated,
                    crypto,
                };
                if is_encrypted {
                    return Ok(chosen);
                }
                plain.get_or_insert(chosen);
            }
            Err(error) => fault = error,
        }
    }
    plain.ok_or(fault)
}

/// What was encrypted before is encrypted now.
fn choose_within(
    description: &Description,
    local: &Local,
    before: &Negotiated,
    keys: TakeKeys,
) -> Result<Chosen, SdpError> {
    let local = Local {
        encryption: match &before.srtp {
            Some(_) => Encryption::Required,
            None => local.encryption,
        },
        ..*local
    };
    let closed = |media: &Media| media.is_audio() && media.port == 0;
    match (
        choose(description, &local, keys),
        description.media.iter().position(closed),
    ) {
        (Err(SdpError::NoAudio), Some(at)) => Ok(Chosen {
            at,
            negotiated: Negotiated {
                remote: SocketAddr::new(before.remote.ip(), 0),
                reports: None,
                remote_direction: Direction::Inactive,
                ..before.clone()
            },
            crypto: None,
        }),
        (chosen, _) => chosen,
    }
}

fn agree(
    media: &Media,
    local: &Local,
    keys: TakeKeys,
) -> Result<(Negotiated, Option<CryptoAttribute>), SdpError> {
    let (payload_type, codec) = media
        .formats
        .iter()
        .find_map(|number| media.codec_of(*number).map(|codec| (*number, codec)))
        .ok_or(SdpError::NoCodec)?;
    // Keys are told by the clock of the voice that they interrupt (RFC 4733 2.1).
    let dtmf_payload_type = media
        .formats
        .iter()
        .copied()
        .find(|number| media.is_telephone_event(*number));
    let ip = media.connection.ok_or(SdpError::NoAddress)?;
    if is_shared(ip) {
        return Err(SdpError::Unreachable);
    }
    // RFC 2543 style of hold.
    let remote_direction = match media.direction {
        Direction::SendRecv if ip.is_unspecified() => Direction::SendOnly,
        Direction::RecvOnly if ip.is_unspecified() => Direction::Inactive,
        direction => direction,
    };
    let (srtp, crypto) = keys(media, local)?.unzip();
    let negotiated = Negotiated {
        codec,
        payload_type,
        dtmf_payload_type,
        remote: SocketAddr::new(ip, media.port),
        reports: media.reports_port.map(|port| SocketAddr::new(ip, port)),
        remote_direction,
        srtp,
    };
    Ok((negotiated, crypto))
}

/// An address of many hearers: one call would become voice for all of them.
fn is_shared(ip: std::net::IpAddr) -> bool {
    ip.is_multicast() || matches!(ip, std::net::IpAddr::V4(ip) if ip.is_broadcast())
}
