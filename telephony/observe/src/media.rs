//! Where voice is heard, and whether it is on hold, by a session description (RFC 4566, RFC 3264 8.4).
//!
//! Read leniently: any codec, any number of streams; only the first audio stream matters.

use std::net::{IpAddr, SocketAddr};

/// The first audio stream of a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Media {
    /// Where it is heard.
    pub address: SocketAddr,
    /// Its sender hears nothing for a while.
    pub on_hold: bool,
}

/// The first audio stream that a body describes; nothing if it describes none, or a closed one.
pub fn described(body: &[u8]) -> Option<Media> {
    let begins = body
        .windows(4)
        .position(|four| four == b"v=0\r" || four == b"v=0\n")?;
    let text = String::from_utf8_lossy(body.get(begins..)?);
    let (mut session, mut stream) = (None, None);
    let (mut port, mut on_hold, mut in_audio) = (None, false, false);
    for line in text.lines().map(str::trim_end) {
        if let Some(rest) = line.strip_prefix("m=") {
            if port.is_some() {
                break;
            }
            let mut words = rest.split_ascii_whitespace();
            in_audio = words.next() == Some("audio");
            if in_audio {
                let number = words.next().and_then(|word| word.split('/').next());
                port = number.and_then(|number| number.parse::<u16>().ok());
            }
        } else if let Some(rest) = line.strip_prefix("c=") {
            let address = rest.split_ascii_whitespace().nth(2);
            let address = address.and_then(|text| text.split('/').next()?.parse::<IpAddr>().ok());
            if in_audio {
                stream = address;
            } else if port.is_none() {
                session = address;
            }
        } else if let Some(attribute) = line.strip_prefix("a=")
            && (in_audio || port.is_none())
        {
            on_hold = match attribute {
                "sendonly" | "inactive" => true,
                "sendrecv" | "recvonly" => false,
                _ => on_hold,
            };
        }
    }
    let (ip, port) = (stream.or(session)?, port?);
    (port != 0).then(|| Media {
        address: SocketAddr::new(ip, port),
        on_hold: on_hold || ip.is_unspecified(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_audio_stream_counts_with_the_address_that_is_nearest_to_it() {
        let body = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
                     m=video 9 RTP/AVP 96\r\nc=IN IP4 192.0.2.9\r\na=sendonly\r\n\
                     m=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.2\r\na=sendrecv\r\n";
        let media = described(body).unwrap();
        assert_eq!(media.address, "192.0.2.2:4000".parse().unwrap());
        assert!(!media.on_hold);
    }

    #[test]
    fn hold_is_told_by_the_direction_or_by_no_address() {
        let with = |address: &str, direction: &str| {
            let text = format!("v=0\nc=IN IP4 {address}\nm=audio 4000 RTP/AVP 0\na={direction}\n");
            described(text.as_bytes()).unwrap().on_hold
        };
        assert!(!with("192.0.2.1", "recvonly"));
        assert!(with("192.0.2.1", "sendonly") && with("192.0.2.1", "inactive"));
        assert!(with("0.0.0.0", "sendrecv"));
        assert_eq!(
            described(b"v=0\nc=IN IP4 192.0.2.1\nm=audio 0 RTP/AVP 0\n"),
            None
        );
    }
}
