//! Session descriptions as plain phones write them: one codec, and one key if voice is encrypted.

use std::net::SocketAddr;

use anyhow::Context;
use madoguchi_srtp::{CryptoAttribute, CryptoTag, MasterKey, RANDOM_BYTES, Suite};

/// What nearly every phone can.
const SUITE: Suite = Suite::AesCm128HmacSha1_80;

/// The far end, as it describes itself.
pub(super) struct Described {
    /// Where it hears.
    pub(super) rtp: SocketAddr,
    /// The key that it sends with, of the suite that we speak.
    pub(super) crypto: Option<CryptoAttribute>,
}

/// A new key of ours. An answer takes the number of the key that it accepts.
pub(super) fn new_key(accepted: Option<&CryptoAttribute>) -> anyhow::Result<CryptoAttribute> {
    let random: [u8; RANDOM_BYTES] = rand::random();
    let tag = accepted.map(|accepted| accepted.tag).or(CryptoTag::new(1));
    Ok(CryptoAttribute {
        tag: tag.context("a number")?,
        key: MasterKey::generate(SUITE, &random),
        lifetime: None,
    })
}

pub(super) fn describe(rtp: SocketAddr, crypto: Option<&CryptoAttribute>) -> String {
    let (ip, port) = (rtp.ip(), rtp.port());
    let (profile, key) = match crypto {
        Some(crypto) => ("SAVP", format!("a=crypto:{}\r\n", crypto.sdp_value())),
        None => ("AVP", String::new()),
    };
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/{profile} 0\r\na=rtpmap:0 PCMU/8000\r\n{key}"
    )
}

pub(super) fn read(body: &[u8]) -> anyhow::Result<Described> {
    let text = std::str::from_utf8(body)?;
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    let ip = value("c=IN IP4 ").context("an address")?.trim().parse()?;
    let audio = value("m=audio ").context("a line of audio")?;
    let port = audio.split(' ').next().unwrap_or_default().parse()?;
    let keys = text
        .lines()
        .filter_map(|line| line.strip_prefix("a=crypto:"));
    let mut keys = keys.filter_map(|key| key.trim().parse::<CryptoAttribute>().ok());
    Ok(Described {
        rtp: SocketAddr::new(ip, port),
        crypto: keys.find(|crypto| crypto.key.suite() == SUITE),
    })
}
