//! 外線

use madoguchi_core::setup::ScreenTrunk;

use super::*;

const NEW: &str = "/admin/desk/trunks/new";
const PLACE: &str = "/admin/desk/trunk/telco";

async fn kept(house: &House) -> ScreenTrunk {
    let settings = house.store.list_settings("trunk").await.unwrap();
    serde_json::from_str(settings[0].data.as_deref().unwrap()).unwrap()
}

const USER: [(&str, &str); 3] = [
    ("outbound", "sip:telco.example"),
    ("user", "0312345678"),
    ("password", "very-secret"),
];

#[tokio::test]
async fn a_carriers_password_is_kept_sealed_and_never_shown_again() {
    let house = house().await;
    house.take(NEW, &trunk("telco", &USER)).await;
    let first = kept(&house).await;
    let sealed = first.password.clone().unwrap();
    let seal = Seal::new(&[7; 32]);
    assert_eq!(seal.open(&sealed.sealed).unwrap(), b"very-secret");
    assert!(
        !serde_json::to_string(&first)
            .unwrap()
            .contains("very-secret")
    );
    let html = house.page(PLACE).await;
    assert!(!html.contains("very-secret") && !html.contains(&sealed.sealed));
    assert!(html.contains("に設定しました。変えるときだけ入力してください。"));

    // Left empty, it stays; without the user, it goes.
    let body = trunk(
        "telco",
        &[
            ("outbound", "sip:other.example"),
            ("user", "0312345678"),
            ("version", "1"),
        ],
    );
    house.take(PLACE, &body).await;
    assert_eq!(kept(&house).await.password, Some(sealed.clone()));
    let body = trunk(
        "telco",
        &[("outbound", "sip:other.example"), ("version", "2")],
    );
    house.take(PLACE, &body).await;
    assert_eq!(kept(&house).await.password, None);
    // An older version comes back without a password that was given up since.
    house
        .take(&format!("{PLACE}/restore"), "version=1&replaces=3")
        .await;
    let back = kept(&house).await;
    assert_eq!((back.password, back.trunk.user.is_some()), (None, true));
}

#[tokio::test]
async fn sources_and_registration_are_read_and_shown_again() {
    let house = house().await;
    let body = trunk(
        "telco",
        &[
            ("sources", "198.51.100.0/28\r\n2001:db8::1 5060"),
            ("register.aor", "sip:03@telco.example"),
            ("register.registrar", "sip:telco.example"),
            ("inbound_user", "telco-in"),
            ("inbound_password", "in-secret"),
        ],
    );
    house.take(NEW, &body).await;
    let trunk = kept(&house).await.trunk;
    assert_eq!(trunk.sources.len(), 2);
    assert_eq!(trunk.sources[1].port, Some(5060));
    assert_eq!(trunk.register.unwrap().expires_s, 300);
    let html = house.page(PLACE).await;
    assert!(
        html.contains(">198.51.100.0/28\n2001:db8::1/128 5060</textarea>"),
        "{html}"
    );
    assert!(html.contains("value=\"sip:03@telco.example\""));
    let list = house.page("/admin/desk/trunks").await;
    assert!(list.contains("198.51.100.0/28、2001:db8::1/128 5060、利用者 telco-in"));
}

#[tokio::test]
async fn what_makes_no_trunk_is_refused_at_its_field() {
    let house = house().await;
    for (values, told) in [
        (&[][..], "のどれかを入力してください"),
        (&[("sources", "telco")], "「telco」を読めません"),
        (&[("sources", "0.0.0.0/0")], "範囲を狭くしてください"),
        (&[("outbound", "sip:a"), ("user", "u")], "入力してください"),
        (
            &[("outbound", "sip:a"), ("password", "p")],
            "利用者名も入力してください",
        ),
        (
            &[("outbound", "sip:a"), ("register.aor", "sip:a")],
            "登録先も入力してください",
        ),
        (
            &[("outbound", "sip:a"), ("max_outbound", "x")],
            "数字で入力してください",
        ),
    ] {
        let html = house.refuse(NEW, &trunk("telco", values)).await;
        assert!(
            html.contains(told) && html.contains("field-error"),
            "{told}"
        );
    }
    let html = house.refuse(NEW, &trunk("carrier", &USER)).await;
    assert!(html.contains("同じ名前の外線が2つあります"));
    assert!(
        !html.contains("very-secret"),
        "typed passwords are not sent back"
    );
}

#[tokio::test]
async fn lines_that_named_a_removed_trunk_use_the_first_as_was_told() {
    let house = house().await;
    house.take(NEW, &trunk("telco", &USER)).await;
    let night = line("夜間", &[("trunk", "telco")]);
    house.take("/admin/desk/lines/new", &night).await;
    let ask = house.page(&format!("{PLACE}/remove")).await;
    assert!(ask.contains("最初の外線を使うようになります: 夜間"));
    assert!(
        !ask.contains("外へ発信できる外線がなくなります"),
        "the file has one"
    );
    house.take(&format!("{PLACE}/remove"), "version=1").await;
    assert_eq!(house.desk.setup().line("夜間").unwrap().config.trunk, None);
}

#[tokio::test]
async fn a_password_that_the_key_does_not_open_is_told() {
    let house = house().await;
    house.take(NEW, &trunk("telco", &USER)).await;
    let data = serde_json::to_string(&kept(&house).await).unwrap();
    let sealed = kept(&house).await.password.unwrap().sealed;
    let other = Seal::new(&[8; 32]).seal(b"x").unwrap();
    let version = NewVersion {
        kind: "trunk",
        id: "telco".to_owned(),
        replaces: 1,
        data: Some(data.replace(&sealed, &other)),
    };
    let user = house
        .store
        .lookup_login("boss")
        .await
        .unwrap()
        .unwrap()
        .user;
    let entry = madoguchi_core::audit::AuditEntry {
        at: now(),
        actor: madoguchi_core::audit::Actor::System,
        address: String::new(),
        action: madoguchi_core::audit::Action::TrunkChange,
        object: user.id.as_str().to_owned(),
        before: Default::default(),
        after: Default::default(),
    };
    let mut tx = house.store.begin(entry).await.unwrap();
    tx.save_setting(&version).await.unwrap();
    tx.commit().await.unwrap();
    assert!(
        house
            .page(PLACE)
            .await
            .contains("保存したパスワードを読めません")
    );
}

#[tokio::test]
async fn what_a_carrier_expects_is_set_on_the_screen_and_contradictions_are_told() {
    use madoguchi_core::setup::{DialledSource, IdentityHeader, OutboundPrivacy};
    let house = house().await;
    let mut values = vec![
        ("outbound", "sip:telco.example"),
        ("dialled_from", "to\r\nrequest-uri"),
        ("trust_asserted_identity", "no"),
        ("from_user", "0003"),
        ("from_domain", "telco.example"),
        ("identity_header", "p-preferred-identity"),
        ("privacy", "id"),
        ("dial_prefix", "186"),
        ("source_port", "5062"),
    ];
    house.take(NEW, &trunk("telco", &values)).await;
    let trunk_is = kept(&house).await.trunk;
    let sources = [DialledSource::To, DialledSource::RequestUri];
    assert_eq!(trunk_is.dialled_from, sources);
    assert!(!trunk_is.trust_asserted_identity);
    let names = (
        trunk_is.from_user.as_deref(),
        trunk_is.from_domain.as_deref(),
    );
    assert_eq!(names, (Some("0003"), Some("telco.example")));
    assert_eq!(trunk_is.identity_header, IdentityHeader::PPreferredIdentity);
    assert_eq!(trunk_is.privacy, OutboundPrivacy::Id);
    assert_eq!(trunk_is.dial_prefix, "186");
    assert_eq!(trunk_is.source_port, Some(5062));
    let html = house.page(PLACE).await;
    assert!(html.contains(">to\nrequest-uri</textarea>"), "{html}");
    assert!(
        html.contains("value=\"p-preferred-identity\" selected"),
        "{html}"
    );
    assert!(
        html.contains("設定を確かめてください。dial_prefix と privacy の"),
        "{html}"
    );
    // What a form leaves out is as it usually is.
    values.truncate(1);
    values.push(("version", "1"));
    house.take(PLACE, &trunk("telco", &values)).await;
    let trunk_is = kept(&house).await.trunk;
    assert_eq!(trunk_is.dialled_from, DialledSource::DEFAULT);
    assert!(trunk_is.trust_asserted_identity);
    for (field, value, told) in [
        ("dialled_from", "from", "「from」を読めません"),
        ("source_port", "70000", "65535以下"),
        ("dial_prefix", "+81", "8桁以内"),
    ] {
        let values = [("outbound", "sip:a"), (field, value)];
        let html = house.refuse(NEW, &trunk("other", &values)).await;
        assert!(html.contains(told), "{told}");
    }
}
