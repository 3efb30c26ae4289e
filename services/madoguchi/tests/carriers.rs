//! The guide to carriers: its settings are sound as they stand.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets what it does not expect fails"
)]

use std::path::Path;

use madoguchi::config::Config;

const GUIDE: &str = include_str!("../../../docs/operations/carriers.md");

/// The settings in the guide: what stands between ```toml and ```.
fn settings() -> Vec<&'static str> {
    let blocks = GUIDE.split("```toml\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap())
        .collect()
}

fn read(text: &str) -> Config {
    let config = Config::parse(text, Path::new("carriers.md"));
    config.unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn the_settings_of_the_guide_pass_the_check_without_a_warning() {
    let settings = settings();
    assert_eq!(settings.len(), 3, "ひかり電話, an SBC, a PBX");
    for text in settings {
        let config = read(text);
        config
            .check()
            .unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(config.warnings(), [""; 0], "{text}");
        assert_eq!(config.trunks.len(), 1);
    }
}

#[test]
fn settings_of_trunks_that_contradict_each_other_are_warned_of() {
    let text = "[[trunk]]\nname = \"carrier\"\noutbound = \"sip:192.0.2.1\"\n\
         register = { aor = \"sip:1@a.example\", registrar = \"sip:192.0.2.1\" }\n";
    let config = read(text);
    config.check().unwrap();
    let told = config.warnings().join("\n");
    assert!(
        told.contains("設定「trunk「carrier」の sources」を確かめてください"),
        "{told}"
    );
    assert!(told.contains("の user」を確かめてください"), "{told}");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (setting, told) in [
        (
            "source_port = 5999",
            "5999番のポートは sip.listen にありません",
        ),
        (
            "from_domain = \"a b\"",
            "ドメイン名でもアドレスでもありません",
        ),
        ("dial_prefix = \"+81\"", "8桁以内"),
        ("dialled_from = []", "1つ以上書いてください"),
        (
            "outbound = \"sips:a.example;transport=udp\"",
            "には送れません",
        ),
        ("outbound = \"sips:a.example\"", "sip.listen に tls://"),
        (
            "outbound = \"sip:a.example;transport=tls\"",
            "sip.listen に tls://",
        ),
        ("tls = { certificate = \"a.crt\" }", "両方を書いてください"),
        (
            "tls = { require_certificate = true }",
            "tls.domain に相手のドメイン名を書いてください",
        ),
    ] {
        let text = format!("[[trunk]]\nname = \"a\"\ninbound_user = \"a\"\n{setting}\n");
        let error = read(&text).check().unwrap_err().to_string();
        assert!(error.contains(told), "{setting}: {error}");
    }
    let listen = "listen = [\"tls://0.0.0.0:5061\"]";
    for sip in [
        listen.to_owned(),
        format!("{listen}\ncertificate = \"a.crt\""),
    ] {
        let error = read(&format!("[sip]\n{sip}"))
            .check()
            .unwrap_err()
            .to_string();
        assert!(error.contains("sip.certificate_key"), "{error}");
    }
    let both = format!("[sip]\n{listen}\ncertificate = \"a.crt\"\ncertificate_key = \"a.key\"");
    let trunk = "[[trunk]]\nname = \"a\"\noutbound = \"sips:a.example\"\ntls = { ca = \"ca.crt\" }";
    read(&format!("{both}\n{trunk}")).check().unwrap();
    let phone = "[[agent]]\nid = \"a\"\nname = \"a\"\nextension = \"201\"\nlines = [\"a\"]\n\
         contact = \"sip:201@192.0.2.1;transport=tls\"\n[[line]]\nname = \"a\"\nnumbers = [\"1\"]";
    let error = read(&format!("{both}\n{phone}"))
        .check()
        .unwrap_err()
        .to_string();
    assert!(error.contains("電話機から登録してください"), "{error}");
    let error = read("[sip]\ndscp = 64").check().unwrap_err().to_string();
    assert!(error.contains("sip.dscp"), "{error}");
}
