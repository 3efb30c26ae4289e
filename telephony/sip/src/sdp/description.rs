//! Reading a session description: its media lines, as far as we answer to them.

use std::net::IpAddr;

use super::{Codec, Direction, SdpError};

/// More media lines than any telephone describes; an answer repeats them all.
const MEDIA_LINES_AT_MOST: usize = 64;
/// More formats, and names of formats, than any telephone has codecs.
const FORMATS_AT_MOST: usize = 128;
/// More keys of one media line than there are suites.
const KEYS_AT_MOST: usize = 32;

/// A session description.
pub(super) struct Description {
    pub(super) media: Vec<Media>,
}

/// One `m=` line and what belongs to it.
pub(super) struct Media {
    pub(super) kind: String,
    pub(super) port: u16,
    pub(super) protocol: String,
    /// The formats as they were written, for a refusal.
    pub(super) format_text: String,
    /// Those that are payload types.
    pub(super) formats: Vec<u8>,
    pub(super) connection: Option<IpAddr>,
    pub(super) direction: Direction,
    /// The port of `a=rtcp` (RFC 3605).
    pub(super) reports_port: Option<u16>,
    maps: Vec<Map>,
    /// The values of `a=crypto` (RFC 4568).
    pub(super) crypto: Vec<String>,
}

/// What a media line is carried by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Profile {
    /// RTP, with feedback (RFC 4585) or without.
    Plain,
    /// SRTP.
    Secure,
}

/// `a=rtpmap`: what a payload type means.
struct Map {
    number: u8,
    /// In capitals.
    encoding: String,
    clock_hz: u32,
}

impl Description {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, SdpError> {
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
                ("m", _) => {
                    if media.len() == MEDIA_LINES_AT_MOST {
                        return Err(SdpError::Malformed);
                    }
                    media.push(Media::read(value, session_connection, session_direction)?);
                }
                ("c", None) => session_connection = read_connection(value),
                ("c", Some(media)) => media.connection = read_connection(value),
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
        let mut words = value.split_ascii_whitespace();
        let mut word = || words.next().ok_or(SdpError::Malformed);
        let (kind, port, protocol) = (word()?, word()?, word()?);
        let formats: Vec<&str> = words.collect();
        let port = port.split('/').next().unwrap_or(port);
        Ok(Self {
            kind: kind.to_owned(),
            port: port.parse().map_err(|_| SdpError::Malformed)?,
            protocol: protocol.to_owned(),
            format_text: formats.join(" "),
            formats: formats
                .iter()
                .take(FORMATS_AT_MOST)
                .filter_map(|format| format.parse().ok())
                .collect(),
            connection,
            direction,
            reports_port: None,
            maps: Vec::new(),
            crypto: Vec::new(),
        })
    }

    fn take_attribute(&mut self, value: &str) {
        if let Some(map) = value.strip_prefix("rtpmap:") {
            if self.maps.len() < FORMATS_AT_MOST {
                self.maps.extend(Map::read(map));
            }
        } else if let Some(crypto) = value.strip_prefix("crypto:") {
            if self.crypto.len() < KEYS_AT_MOST {
                self.crypto.push(crypto.to_owned());
            }
        } else if let Some(reports) = value.strip_prefix("rtcp:") {
            // An address there may be that of somebody who never asked for reports.
            let port = reports.split_ascii_whitespace().next();
            self.reports_port = port.and_then(|port| port.parse().ok());
        } else if let Some(direction) = Direction::of(value) {
            self.direction = direction;
        }
    }

    /// Audio that we can speak on.
    pub(super) fn is_audio(&self) -> bool {
        self.kind.eq_ignore_ascii_case("audio") && self.profile().is_some()
    }

    pub(super) fn profile(&self) -> Option<Profile> {
        let is = |profile: &&str| self.protocol.eq_ignore_ascii_case(profile);
        if ["RTP/AVP", "RTP/AVPF"].iter().any(is) {
            Some(Profile::Plain)
        } else if ["RTP/SAVP", "RTP/SAVPF"].iter().any(is) {
            Some(Profile::Secure)
        } else {
            None
        }
    }

    pub(super) fn codec_of(&self, number: u8) -> Option<Codec> {
        match (self.map_of(number), number) {
            (Some(map), _) if map.is("PCMU") => Some(Codec::Pcmu),
            (Some(map), _) if map.is("PCMA") => Some(Codec::Pcma),
            (None, 0) => Some(Codec::Pcmu),
            (None, 8) => Some(Codec::Pcma),
            _ => None,
        }
    }

    /// Whether the payload type tells keys by the clock of G.711.
    pub(super) fn is_telephone_event(&self, number: u8) -> bool {
        self.map_of(number)
            .is_some_and(|map| map.is("TELEPHONE-EVENT"))
    }

    fn map_of(&self, number: u8) -> Option<&Map> {
        self.maps.iter().find(|map| map.number == number)
    }
}

impl Map {
    /// The clock of both laws of G.711 (RFC 3551).
    const G711_CLOCK_HZ: u32 = 8000;

    /// Reads `number name/clock`, perhaps with the number of channels.
    fn read(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let number = words.next()?.parse().ok()?;
        let mut parts = words.next()?.split('/');
        let (encoding, clock) = (parts.next()?, parts.next()?);
        // G.711 of several channels is another codec than ours.
        if parts.next().is_some_and(|channels| channels != "1") {
            return Some(Self {
                number,
                encoding: String::new(),
                clock_hz: 0,
            });
        }
        Some(Self {
            number,
            encoding: encoding.to_ascii_uppercase(),
            clock_hz: clock.parse().ok()?,
        })
    }

    fn is(&self, encoding: &str) -> bool {
        self.encoding == encoding && self.clock_hz == Self::G711_CLOCK_HZ
    }
}

fn read_connection(value: &str) -> Option<IpAddr> {
    let address = value.split_ascii_whitespace().nth(2)?;
    let address = address.split('/').next().unwrap_or(address);
    // A host name is allowed by the standard and used by nobody.
    address.parse().ok()
}
