//! Writing a session description.

use std::fmt::Write as _;
use std::net::IpAddr;

use madoguchi_srtp::CryptoAttribute;

use super::description::Media;
use super::{Codec, Direction, Local};

/// An `m=audio` line of ours.
pub(super) struct AudioLine<'a> {
    pub(super) port: u16,
    /// The profile: ours in an offer, the offerer's in an answer (RFC 3264 6).
    pub(super) protocol: &'a str,
    pub(super) formats: &'a [(Codec, u8)],
    /// The payload type of telephone-event.
    pub(super) dtmf: Option<u8>,
    pub(super) direction: Direction,
    /// Our keys.
    pub(super) crypto: &'a [CryptoAttribute],
}

pub(super) fn session_lines(local: &Local) -> String {
    let (ip, family) = (local.rtp.ip(), family(local.rtp.ip()));
    format!(
        "v=0\r\no=- {} {} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n",
        local.session_id, local.version
    )
}

fn family(ip: IpAddr) -> &'static str {
    if ip.is_ipv4() { "IP4" } else { "IP6" }
}

pub(super) fn audio_lines(text: &mut String, line: &AudioLine<'_>) {
    let mut numbers = String::new();
    let mut maps = String::new();
    for (codec, number) in line.formats {
        numbers.push_str(&format!(" {number}"));
        maps.push_str(&format!("a=rtpmap:{number} {}/8000\r\n", codec.name()));
    }
    if let Some(number) = line.dtmf {
        numbers.push_str(&format!(" {number}"));
        maps.push_str(&format!(
            "a=rtpmap:{number} telephone-event/8000\r\na=fmtp:{number} 0-16\r\n"
        ));
    }
    for key in line.crypto {
        maps.push_str(&format!("a=crypto:{}\r\n", key.sdp_value()));
    }
    text.push_str(&format!(
        "m=audio {} {}{numbers}\r\n{maps}a=ptime:20\r\na={}\r\n",
        line.port,
        line.protocol,
        line.direction.as_str()
    ));
}

/// A line that is refused, in its place (RFC 3264 6).
pub(super) fn refused_line(text: &mut String, media: &Media) {
    let formats = match media.format_text.as_str() {
        // A line without formats is none (RFC 4566 5.14).
        "" => "0",
        formats => formats,
    };
    // Writing to a string cannot fail.
    let _infallible = write!(text, "m={} 0 {} {formats}\r\n", media.kind, media.protocol);
}
