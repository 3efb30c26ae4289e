//! Crypto attributes of SDP.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, any, prop, prop_assert_eq, proptest};
use proptest::sample::select;

use super::{key, keys};
use crate::{CryptoAttribute, CryptoTag, KeyLengthError, Lifetime, MasterKey, Suite};
use crate::{UnknownSuite, UnusableCrypto};

/// The key of the examples in RFC 4568.
const INLINE: &str = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

fn read(value: &str) -> Result<CryptoAttribute, UnusableCrypto> {
    value.parse()
}

fn read_with(rest: &str) -> Result<CryptoAttribute, UnusableCrypto> {
    read(&format!("1 AES_CM_128_HMAC_SHA1_80 {INLINE}{rest}"))
}

#[test]
fn the_example_of_rfc4568() {
    let attribute = read_with("|2^20").unwrap();
    assert_eq!(attribute.tag.get(), 1);
    assert_eq!(attribute.key.suite(), Suite::AesCm128HmacSha1_80);
    assert_eq!(attribute.lifetime, Lifetime::new(1 << 20));
    let key = b"YS___semctl () {\t220;}\n}\nunles";
    let key = MasterKey::from_bytes(Suite::AesCm128HmacSha1_80, key).unwrap();
    assert_eq!(attribute.key, key);
    let written = format!("1 AES_CM_128_HMAC_SHA1_80 {INLINE}|2^20");
    assert_eq!(attribute.sdp_value(), written);
}

#[test]
fn suites_are_read_as_they_are_written() {
    for suite in Suite::ALL {
        assert_eq!(suite.to_string().parse(), Ok(suite));
        assert_eq!(suite.name().to_lowercase().parse(), Ok(suite));
    }
    assert_eq!("F8_128_HMAC_SHA1_80".parse::<Suite>(), Err(UnknownSuite));
}

#[test]
fn lifetimes() {
    assert_eq!(read_with("").unwrap().lifetime, None);
    for (text, packets) in [("1000", 1_000), ("2^0", 1), ("2^48", 1 << 48), ("007", 7)] {
        let lifetime = read_with(&format!("|{text}")).unwrap().lifetime;
        assert_eq!(lifetime.map(Lifetime::packets), Some(packets), "{text}");
    }
    for impossible in ["0", "2^49", "2^64", "2^99999999", "281474976710657"] {
        let fault = read_with(&format!("|{impossible}")).unwrap_err();
        assert_eq!(fault, UnusableCrypto::Lifetime, "{impossible}");
    }
    let beyond = read_with("|99999999999999999999999").unwrap_err();
    assert_eq!(beyond, UnusableCrypto::Lifetime);
    for malformed in ["", "2^", "2^+1", "+1", "-1", "x", "1|1", "2^20|", "1|1:1|1"] {
        let fault = read_with(&format!("|{malformed}")).unwrap_err();
        assert_eq!(fault, UnusableCrypto::Malformed, "{malformed}");
    }
}

#[test]
fn what_cannot_be_used() {
    use UnusableCrypto::{KeyMethod, Mki, SessionParameter, SeveralKeys};
    let cases = [
        ("|1:4", Mki),
        ("|2^20|1:4", Mki),
        (
            ";inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
            SeveralKeys,
        ),
        (" UNENCRYPTED_SRTP", SessionParameter),
        (" UNENCRYPTED_SRTCP", SessionParameter),
        (" WSH=64 unauthenticated_srtp", SessionParameter),
        (" KDR=1", SessionParameter),
        (" KDR=24", SessionParameter),
        (" KDR", SessionParameter),
        (" FEC_ORDER=FEC_SRTP", SessionParameter),
        (" FEC_KEY=inline:x", SessionParameter),
        (" SOMETHING_NEW", SessionParameter),
    ];
    for (rest, why) in cases {
        assert_eq!(read_with(rest).unwrap_err(), why, "{rest}");
    }
    let other = read("1 AES_CM_128_HMAC_SHA1_80 mikey:AQ==");
    assert_eq!(other.unwrap_err(), KeyMethod);
    let unknown = read(&format!("1 AES_192_CM_HMAC_SHA1_80 {INLINE}"));
    assert_eq!(unknown.unwrap_err(), UnusableCrypto::Suite);
}

#[test]
fn what_only_advises_is_passed_over() {
    for rest in [" WSH=64", "\tKDR=0  wsh=128 ", " -SOMETHING_NEW=1"] {
        assert_eq!(read_with(rest), read_with(""), "{rest}");
    }
}

#[test]
fn keys_are_as_long_as_their_suite_wants() {
    for (suite, text) in [
        ("AES_256_CM_HMAC_SHA1_80", INLINE),
        ("AEAD_AES_128_GCM", INLINE),
        ("AES_CM_128_HMAC_SHA1_32", "inline:"),
        ("AES_CM_128_HMAC_SHA1_32", "inline:AAAA"),
        ("AES_CM_128_HMAC_SHA1_32", &format!("{INLINE}{INLINE}")),
    ] {
        let fault = read(&format!("1 {suite} {text}")).unwrap_err();
        let expected = [UnusableCrypto::KeyLength, UnusableCrypto::Malformed];
        assert!(expected.contains(&fault), "{suite} {text}: {fault}");
    }
    let short = MasterKey::from_bytes(Suite::AeadAes128Gcm, &[0; 27]);
    assert_eq!(short.unwrap_err(), KeyLengthError);
    let damaged = read(&format!("1 AES_CM_128_HMAC_SHA1_80 {}*", &INLINE[..46]));
    assert_eq!(damaged.unwrap_err(), UnusableCrypto::Malformed);
}

#[test]
fn padding_may_be_missing() {
    for suite in Suite::ALL {
        let tag = CryptoTag::new(7).unwrap();
        let attribute = CryptoAttribute {
            tag,
            key: key(suite),
            lifetime: None,
        };
        let text = attribute.sdp_value();
        assert_eq!(read(text.trim_end_matches('=')), Ok(attribute));
    }
}

#[test]
fn tags_have_up_to_nine_digits() {
    for tag in ["0", "000000000", "1000000000", "0000000001", "", "+1", "x"] {
        let fault = read(&format!("{tag} AES_CM_128_HMAC_SHA1_80 {INLINE}")).unwrap_err();
        // Without a tag, the suite stands where it would.
        assert_eq!(fault, UnusableCrypto::Malformed, "{tag}");
    }
    for (text, number) in [("999999999", 999_999_999), ("01", 1)] {
        let attribute = read(&format!("{text} AES_CM_128_HMAC_SHA1_80 {INLINE}"));
        assert_eq!(attribute.unwrap().tag.get(), number);
    }
}

#[test]
fn long_values_are_not_read() {
    let fault = read_with(&" WSH=64".repeat(200)).unwrap_err();
    assert_eq!(fault, UnusableCrypto::Malformed);
}

#[test]
fn keys_are_not_printed() {
    let attribute = read_with("").unwrap();
    let printed = format!("{attribute:?}");
    assert!(printed.contains("AesCm128HmacSha1_80"), "{printed}");
    for secret in ["WVNf", "89", "59", "5f", "95"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

/// Pieces of attributes, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let known = select(vec![
        "1",
        " ",
        "AES_CM_128_HMAC_SHA1_80",
        INLINE,
        "inline:",
        "|",
        "2^",
        "20",
        ":",
        ";",
        "=",
        "WSH=64",
        "KDR=",
        "é",
        "-",
    ]);
    let piece = prop::strategy::Union::new([
        known.prop_map(str::to_owned).boxed(),
        any::<String>().boxed(),
    ]);
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        number in 1u32..=999_999_999,
        key in keys(),
        packets in option::of(1u64..=1 << 48),
    ) {
        let attribute = CryptoAttribute {
            tag: CryptoTag::new(number).unwrap(),
            key,
            lifetime: packets.and_then(Lifetime::new),
        };
        prop_assert_eq!(read(&attribute.sdp_value()), Ok(attribute));
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), pieces in pieces()) {
        for text in [&text, &pieces] {
            if let Ok(attribute) = read(text) {
                prop_assert_eq!(read(&attribute.sdp_value()), Ok(attribute));
            }
        }
    }
}
