//! Values of a trunk as its form has them.

use madoguchi_core::setup::{
    DialledSource, IdentityHeader, OutboundPrivacy, Sealed, TrunkConfig, TrunkSourceConfig,
    VoiceEncryption,
};

use crate::kit::value::{FieldValue as _, Options};
use crate::state::Web;

/// The longest password.
const LETTERS_AT_MOST: usize = 200;

pub(super) const IDENTITY_HEADERS: &Options<IdentityHeader> = &[
    (
        IdentityHeader::None,
        IdentityHeader::None.as_str(),
        "書かない",
    ),
    (
        IdentityHeader::PAssertedIdentity,
        IdentityHeader::PAssertedIdentity.as_str(),
        "P-Asserted-Identity",
    ),
    (
        IdentityHeader::PPreferredIdentity,
        IdentityHeader::PPreferredIdentity.as_str(),
        "P-Preferred-Identity",
    ),
];

pub(super) const PRIVACIES: &Options<OutboundPrivacy> = &[
    (
        OutboundPrivacy::Off,
        OutboundPrivacy::Off.as_str(),
        "書かない",
    ),
    (
        OutboundPrivacy::None,
        OutboundPrivacy::None.as_str(),
        "通知する(none)",
    ),
    (
        OutboundPrivacy::Id,
        OutboundPrivacy::Id.as_str(),
        "通知しない(id)",
    ),
];

pub(super) const ENCRYPTIONS: &Options<VoiceEncryption> = &[
    (
        VoiceEncryption::Off,
        VoiceEncryption::Off.as_str(),
        "しない",
    ),
    (
        VoiceEncryption::Optional,
        VoiceEncryption::Optional.as_str(),
        "相手ができればする",
    ),
    (
        VoiceEncryption::Required,
        VoiceEncryption::Required.as_str(),
        "必ずする(できなければ通話しない)",
    ),
];

/// A password that was typed, sealed.
pub(crate) fn sealed(web: &Web, typed: &str) -> Result<Sealed, String> {
    if typed.chars().count() > LETTERS_AT_MOST {
        return Err(format!("{LETTERS_AT_MOST}文字以内で入力してください"));
    }
    let sealed = web.seal.seal(typed.as_bytes());
    Ok(Sealed {
        sealed: sealed.ok_or("パスワードを保存できません")?,
        at: web.desk.now(),
    })
}

/// One a line: a network or an address, and a port after a blank.
pub(super) fn read_sources(text: &str) -> Result<Vec<TrunkSourceConfig>, String> {
    let lines = Vec::from_text(text)?;
    let read = lines.iter().map(|line| {
        read_source(line).ok_or_else(|| {
            format!(
                "「{line}」を読めません。198.51.100.0/28 か、198.51.100.1 5060 のように入力してください"
            )
        })
    });
    read.collect()
}

fn read_source(line: &str) -> Option<TrunkSourceConfig> {
    let mut words = line.split_whitespace();
    let net = words.next()?;
    let host = |address: std::net::IpAddr| address.into();
    let net = net.parse().or_else(|_| net.parse().map(host)).ok()?;
    let port = words.next().map(str::parse).transpose().ok()?;
    words
        .next()
        .is_none()
        .then_some(TrunkSourceConfig { net, port })
}

/// As [`read_sources`] reads them.
pub(super) fn sources(trunk: &TrunkConfig) -> String {
    let source = |source: &TrunkSourceConfig| match source.port {
        Some(port) => format!("{} {port}", source.net),
        None => source.net.to_string(),
    };
    let sources: Vec<_> = trunk.sources.iter().map(source).collect();
    sources.join("\n")
}

/// By what the far end is recognised.
pub(super) fn inbound(trunk: &TrunkConfig) -> String {
    let sources = sources(trunk);
    let user = trunk.inbound_user.iter();
    let user = user.map(|user| format!("利用者 {user}"));
    let all: Vec<_> = sources.lines().map(str::to_owned).chain(user).collect();
    if all.is_empty() {
        "なし".to_owned()
    } else {
        all.join("、")
    }
}

pub(super) fn read_port(text: &str) -> Result<Option<u16>, &'static str> {
    let port = Option::<u32>::from_text(text)?;
    let port = port.map(u16::try_from).transpose();
    let port = port.ok().filter(|port| *port != Some(0));
    port.ok_or("1以上65535以下の値にしてください")
}

/// One a line, by name; nothing is the usual order.
pub(super) fn read_dialled_from(text: &str) -> Result<Vec<DialledSource>, String> {
    let names = Vec::from_text(text)?;
    if names.is_empty() {
        return Ok(DialledSource::DEFAULT.to_vec());
    }
    let read = names.iter().map(|name| {
        DialledSource::lookup(name).ok_or_else(|| {
            format!(
                "「{name}」を読めません。p-called-party-id、request-uri、to のどれかを入力してください"
            )
        })
    });
    read.collect()
}

/// As [`read_dialled_from`] reads them.
pub(super) fn dialled_from(trunk: &TrunkConfig) -> String {
    let sources = trunk.dialled_from.iter();
    let sources: Vec<_> = sources.map(|source| source.as_str()).collect();
    sources.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_networks_or_addresses_with_or_without_a_port() {
        let read = |line| read_source(line).map(|source| (source.net.to_string(), source.port));
        let some = |net: &str, port| Some((net.to_owned(), port));
        assert_eq!(read("198.51.100.0/28"), some("198.51.100.0/28", None));
        assert_eq!(
            read("198.51.100.1 5060"),
            some("198.51.100.1/32", Some(5060))
        );
        assert_eq!(read("2001:db8::1"), some("2001:db8::1/128", None));
        for wrong in [
            "",
            "carrier",
            "198.51.100.1 x",
            "198.51.100.1 5060 x",
            "1.2.3.4/33",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
