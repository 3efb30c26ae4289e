//! Session descriptions (RFC 4566), as far as a telephone call in G.711 needs them, and offer and
//! answer over them (RFC 3264).

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

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
    /// What the peer wants to do.
    pub remote_direction: Direction,
}

/// Our payload type for telephone-event.
const DTMF: u8 = 101;

/// An offer of both laws, `first` before the other, and telephone-event.
pub fn g711_offer(local: &Local, first: Option<Codec>) -> Vec<u8> {
    let order = match first {
        Some(Codec::Pcma) => [Codec::Pcma, Codec::Pcmu],
        _ => [Codec::Pcmu, Codec::Pcma],
    };
    let formats = [
        (order[0], order[0].payload_type()),
        (order[1], order[1].payload_type()),
    ];
    let mut text = session_lines(local);
    audio_lines(&mut text, local, &formats, Some(DTMF), Direction::SendRecv);
    text.into_bytes()
}

/// Whether an offer can be answered.
pub fn check_offer(offer: &[u8]) -> Result<(), SdpError> {
    choose(&Description::read(offer)?).map(|_| ())
}

/// The answer to an offer, and what is agreed on with it: the offerer's first choice of G.711.
pub fn answer(offer: &[u8], local: &Local) -> Result<(Negotiated, Vec<u8>), SdpError> {
    let description = Description::read(offer)?;
    let (used, negotiated) = choose(&description)?;
    let mut text = session_lines(local);
    for (at, media) in description.media.iter().enumerate() {
        if at == used {
            let formats = [(negotiated.codec, negotiated.payload_type)];
            let direction = negotiated.remote_direction.answered();
            audio_lines(
                &mut text,
                local,
                &formats,
                negotiated.dtmf_payload_type,
                direction,
            );
        } else {
            // Refused (RFC 3264 6), in its place. Writing to a string cannot fail.
            let _infallible = write!(
                text,
                "m={} 0 {} {}\r\n",
                media.kind, media.protocol, media.formats
            );
        }
    }
    Ok((negotiated, text.into_bytes()))
}

/// What is agreed on with the peer's answer to an offer of ours.
pub fn accept_answer(answer: &[u8]) -> Result<Negotiated, SdpError> {
    choose(&Description::read(answer)?).map(|(_, negotiated)| negotiated)
}

fn session_lines(local: &Local) -> String {
    let (ip, family) = (local.rtp.ip(), family(local.rtp.ip()));
    format!(
        "v=0\r\no=- {} {} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n",
        local.session_id, local.version
    )
}

fn family(ip: IpAddr) -> &'static str {
    if ip.is_ipv4() { "IP4" } else { "IP6" }
}

fn audio_lines(
    text: &mut String,
    local: &Local,
    formats: &[(Codec, u8)],
    dtmf: Option<u8>,
    direction: Direction,
) {
    let mut numbers = String::new();
    let mut maps = String::new();
    for (codec, number) in formats {
        numbers.push_str(&format!(" {number}"));
        maps.push_str(&format!("a=rtpmap:{number} {}/8000\r\n", codec.name()));
    }
    if let Some(number) = dtmf {
        numbers.push_str(&format!(" {number}"));
        maps.push_str(&format!(
            "a=rtpmap:{number} telephone-event/8000\r\na=fmtp:{number} 0-16\r\n"
        ));
    }
    text.push_str(&format!(
        "m=audio {} RTP/AVP{numbers}\r\n{maps}a=ptime:20\r\na={}\r\n",
        local.rtp.port(),
        direction.as_str()
    ));
}

struct Description {
    media: Vec<Media>,
}

struct Media {
    kind: String,
    port: u16,
    protocol: String,
    formats: String,
    connection: Option<IpAddr>,
    maps: Vec<(u8, String)>,
    direction: Direction,
}

impl Description {
    fn read(bytes: &[u8]) -> Result<Self, SdpError> {
        let text = String::from_utf8_lossy(bytes);
        let mut media: Vec<Media> = Vec::new();
        let mut session_connection = None;
        let mut session_direction = Direction::SendRecv;
        let mut seen_version = false;
        for line in text
            .lines()
            .map(str::trim_end)
            .filter(|line| !line.is_empty())
        {
            let (kind, value) = line.split_once('=').ok_or(SdpError::Malformed)?;
            match (kind, media.last_mut()) {
                ("v", _) => seen_version = true,
                ("m", _) => media.push(Media::read(value, session_connection, session_direction)?),
                ("c", None) => session_connection = Some(read_connection(value)?),
                ("c", Some(media)) => media.connection = Some(read_connection(value)?),
                ("a", None) => {
                    session_direction = Direction::of(value).unwrap_or(session_direction);
                }
                ("a", Some(media)) => media.take_attribute(value),
                _ => {}
            }
        }
        if seen_version {
            Ok(Self { media })
        } else {
            Err(SdpError::Malformed)
        }
    }
}

impl Media {
    fn read(
        value: &str,
        connection: Option<IpAddr>,
        direction: Direction,
    ) -> Result<Self, SdpError> {
        let mut words = value.splitn(4, ' ');
        let mut word = || words.next().ok_or(SdpError::Malformed);
        let (kind, port, protocol) = (word()?, word()?, word()?);
        let formats = words.next().unwrap_or_default();
        let port = port.split('/').next().unwrap_or(port);
        Ok(Self {
            kind: kind.to_owned(),
            port: port.parse().map_err(|_| SdpError::Malformed)?,
            protocol: protocol.to_owned(),
            formats: formats.to_owned(),
            connection,
            maps: Vec::new(),
            direction,
        })
    }

    fn take_attribute(&mut self, value: &str) {
        if let Some(map) = value.strip_prefix("rtpmap:") {
            let mut words = map.split_ascii_whitespace();
            if let (Some(Ok(number)), Some(name)) = (words.next().map(str::parse), words.next()) {
                self.maps.push((number, name.to_ascii_uppercase()));
            }
        } else if let Some(direction) = Direction::of(value) {
            self.direction = direction;
        }
    }

    fn codec_of(&self, number: u8) -> Option<Codec> {
        let mapped = self.maps.iter().find(|(known, _)| *known == number);
        match (mapped.map(|(_, name)| name.as_str()), number) {
            (Some(name), _) if name.starts_with("PCMU/8000") => Some(Codec::Pcmu),
            (Some(name), _) if name.starts_with("PCMA/8000") => Some(Codec::Pcma),
            (None, 0) => Some(Codec::Pcmu),
            (None, 8) => Some(Codec::Pcma),
            _ => None,
        }
    }
}

fn read_connection(value: &str) -> Result<IpAddr, SdpError> {
    let address = value
        .split_ascii_whitespace()
        .nth(2)
        .ok_or(SdpError::Malformed)?;
    let address = address.split('/').next().unwrap_or(address);
    // A host name is allowed by the standard and used by nobody.
    address.parse().map_err(|_| SdpError::Malformed)
}

fn choose(description: &Description) -> Result<(usize, Negotiated), SdpError> {
    let usable = |media: &Media| {
        media.kind == "audio" && media.port != 0 && media.protocol.starts_with("RTP/AVP")
    };
    let (at, media) = description
        .media
        .iter()
        .enumerate()
        .find(|(_, media)| usable(media))
        .ok_or(SdpError::NoAudio)?;
    let numbers = media
        .formats
        .split_ascii_whitespace()
        .filter_map(|word| word.parse().ok());
    let (payload_type, codec) = numbers
        .clone()
        .find_map(|number| media.codec_of(number).map(|codec| (number, codec)))
        .ok_or(SdpError::NoCodec)?;
    let dtmf_payload_type = numbers.clone().find(|number| {
        media
            .maps
            .iter()
            .any(|(known, name)| known == number && name == "TELEPHONE-EVENT/8000")
    });
    let ip = media.connection.ok_or(SdpError::Malformed)?;
    // RFC 2543 style of hold.
    let remote_direction = match media.direction {
        Direction::SendRecv if ip.is_unspecified() => Direction::SendOnly,
        direction => direction,
    };
    let remote = SocketAddr::new(ip, media.port);
    Ok((
        at,
        Negotiated {
            codec,
            payload_type,
            dtmf_payload_type,
            remote,
            remote_direction,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local() -> Local {
        Local {
            session_id: 7,
            version: 1,
            rtp: "192.0.2.9:20000".parse().unwrap(),
        }
    }

    fn offer(lines: &str) -> Vec<u8> {
        format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{lines}")
            .into_bytes()
    }

    #[test]
    fn the_offerers_first_law_is_taken_and_other_media_are_refused() {
        let offer = offer(
            "m=video 4000 RTP/AVP 31\r\nm=audio 4002 RTP/AVP 9 8 0 96\r\n\
             a=rtpmap:96 telephone-event/8000\r\n",
        );
        let (agreed, text) = answer(&offer, &local()).unwrap();
        assert_eq!(
            (agreed.codec, agreed.dtmf_payload_type),
            (Codec::Pcma, Some(96))
        );
        assert_eq!(agreed.remote, "192.0.2.1:4002".parse().unwrap());
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("m=video 0 RTP/AVP 31\r\n"));
        assert!(text.contains("m=audio 20000 RTP/AVP 8 96\r\n"));
    }

    #[test]
    fn hold_is_answered_with_its_counterpart() {
        for (asked, said) in [("sendonly", "recvonly"), ("inactive", "inactive")] {
            let offer = offer(&format!("m=audio 4002 RTP/AVP 0\r\na={asked}\r\n"));
            let (_, text) = answer(&offer, &local()).unwrap();
            assert!(
                String::from_utf8(text)
                    .unwrap()
                    .contains(&format!("a={said}\r\n"))
            );
        }
    }

    #[test]
    fn our_own_offer_is_understood() {
        let agreed = accept_answer(&g711_offer(&local(), Some(Codec::Pcma))).unwrap();
        assert_eq!(
            (agreed.codec, agreed.dtmf_payload_type),
            (Codec::Pcma, Some(101))
        );
    }

    #[test]
    fn an_offer_without_g711_is_refused() {
        assert_eq!(
            check_offer(&offer("m=audio 4 RTP/AVP 9\r\n")),
            Err(SdpError::NoCodec)
        );
        assert_eq!(
            check_offer(&offer("m=video 4 RTP/AVP 0\r\n")),
            Err(SdpError::NoAudio)
        );
        assert_eq!(check_offer(b"nonsense"), Err(SdpError::Malformed));
    }
}
