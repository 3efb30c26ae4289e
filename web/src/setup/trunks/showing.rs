//! A trunk as pages and forms show it.

use super::super::screen::Facts;
use madoguchi_core::setup::{IdentityHeader, OutboundPrivacy, TrunkConfig, TrunkSourceConfig};

pub(super) fn identity_header(header: IdentityHeader) -> &'static str {
    match header {
        IdentityHeader::None => "書かない",
        IdentityHeader::PAssertedIdentity => "P-Asserted-Identity",
        IdentityHeader::PPreferredIdentity => "P-Preferred-Identity",
    }
}

pub(super) fn privacy(privacy: OutboundPrivacy) -> &'static str {
    match privacy {
        OutboundPrivacy::Off => "書かない",
        OutboundPrivacy::None => "通知する(none)",
        OutboundPrivacy::Id => "通知しない(id)",
    }
}

/// The choice on the form.
pub(super) fn trusts(trunk: &TrunkConfig) -> &'static str {
    if trunk.trust_asserted_identity {
        "yes"
    } else {
        "no"
    }
}

pub(super) fn dialled_from(trunk: &TrunkConfig) -> Vec<&'static str> {
    let sources = trunk.dialled_from.iter();
    sources.map(|source| source.as_str()).collect()
}

pub(super) fn sources(trunk: &TrunkConfig) -> Vec<String> {
    let source = |source: &TrunkSourceConfig| match source.port {
        Some(port) => format!("{} {port}", source.net),
        None => source.net.to_string(),
    };
    trunk.sources.iter().map(source).collect()
}

/// By what the far end is recognised.
pub(super) fn inbound(trunk: &TrunkConfig) -> String {
    let mut all = sources(trunk);
    all.extend(
        trunk
            .inbound_user
            .iter()
            .map(|user| format!("利用者 {user}")),
    );
    if all.is_empty() {
        "なし".to_owned()
    } else {
        all.join("、")
    }
}

pub(super) fn facts(trunk: &TrunkConfig) -> Facts {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let register = trunk.register.as_ref().map(|register| {
        let (aor, registrar) = (&register.aor, &register.registrar);
        format!("{aor} を {registrar} に{}秒ごと", register.expires_s)
    });
    let most = match trunk.max_outbound {
        0 => "制限しない".to_owned(),
        most => format!("{most}件"),
    };
    let trusts = if trunk.trust_asserted_identity {
        "信じる"
    } else {
        "信じない"
    };
    vec![
        ("着信を認めるアドレス", sources(trunk).join("、")),
        ("着信を認める利用者名", text(&trunk.inbound_user)),
        ("発信の送り先", text(&trunk.outbound)),
        ("電話会社が求める利用者名", text(&trunk.user)),
        ("同時に発信できる数", most),
        (
            "音声",
            if trunk.symmetric_rtp {
                "知らせたのと違うアドレスからも認める"
            } else {
                "知らせたアドレスとだけやり取りする"
            }
            .to_owned(),
        ),
        ("登録", register.unwrap_or_default()),
        ("かけた番号を読むところ", dialled_from(trunk).join("、")),
        ("着信の P-Asserted-Identity", trusts.to_owned()),
        ("From の利用者名", text(&trunk.from_user)),
        ("From のドメイン", text(&trunk.from_domain)),
        (
            "見せる番号を From のほかに書くところ",
            identity_header(trunk.identity_header).to_owned(),
        ),
        ("番号の通知の指定", privacy(trunk.privacy).to_owned()),
        ("かける番号の前に付ける番号", trunk.dial_prefix.clone()),
        (
            "送信元のUDPポート",
            trunk
                .source_port
                .map(|port| port.to_string())
                .unwrap_or_default(),
        ),
    ]
}
