//! Packets as another implementation protects them: those that the tests of libsrtp check.

use super::{SSRC, protect, protect_rtcp, unprotect, unprotect_rtcp, vector};
use crate::{MasterKey, Protector, Suite, Unprotector};

const KEY_128: &str = "e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6";
const KEY_256: &str = "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6
    3b04803de51ee7c96423ab5b78d2";
const KEY_GCM: &str = "000102030405060708090a0b0c0d0e0f a0a1a2a3a4a5a6a7a8a9aaab";

/// A header with an extension, which those tests leave in the clear.
const EXTENDED: &str = "900f1234decafbadcafebabe
    bede000617414273a475262748220000c8308e4655996386b395fb00";

const RTP: &str = "800f1234decafbadcafebabe abababababababababababababababab";
const RTCP: &str = "81c8000bcafebabe abababababababababababababababab";

fn key(suite: Suite, text: &str) -> MasterKey {
    MasterKey::from_bytes(suite, &vector(text)).unwrap()
}

fn assert_rtp(key: &MasterKey, plain: &str, protected: &str) {
    let (plain, protected) = (vector(plain), vector(protected));
    assert_eq!(protect(&mut Protector::new(key), &plain), protected);
    let unprotected = unprotect(&mut Unprotector::new(key), &protected);
    assert_eq!(unprotected, Ok(plain));
}

/// The index of that implementation begins at one.
fn assert_rtcp(key: &MasterKey, plain: &str, protected: &str) {
    let (plain, protected) = (vector(plain), vector(protected));
    let mut protector = Protector::new(key);
    protector.begin_at(SSRC, None, 1);
    assert_eq!(protect_rtcp(&mut protector, &plain), protected);
    let unprotected = unprotect_rtcp(&mut Unprotector::new(key), &protected);
    assert_eq!(unprotected, Ok(plain));
}

#[test]
fn aes_128() {
    let key = key(Suite::AesCm128HmacSha1_80, KEY_128);
    assert_rtp(
        &key,
        RTP,
        "800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb",
    );
    assert_rtcp(
        &key,
        RTCP,
        "81c8000bcafebabe 7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798",
    );
}

#[test]
fn aes_128_with_short_tags_has_long_ones_for_rtcp() {
    let key = key(Suite::AesCm128HmacSha1_32, KEY_128);
    assert_rtp(
        &key,
        RTP,
        "800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc",
    );
    assert_rtcp(
        &key,
        RTCP,
        "81c8000bcafebabe 7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798",
    );
}

#[test]
fn aes_128_without_payload() {
    let key = key(Suite::AesCm128HmacSha1_80, KEY_128);
    assert_rtp(
        &key,
        "800f1234decafbadcafebabe",
        "800f1234decafbadcafebabe 773c2e1cd91d590d16e5",
    );
}

/// The tag is from the HMAC of Python; those tests have one of another key length here.
#[test]
fn aes_128_leaves_the_header_extension_in_the_clear() {
    assert_rtp(
        &key(Suite::AesCm128HmacSha1_80, KEY_128),
        &format!("{EXTENDED} abababababababababababababababab"),
        &format!("{EXTENDED} 4e55dc4ce79978d88ca4d215949d2402 867f8888fd4d2a87fb1b"),
    );
}

#[test]
fn aes_128_gcm_leaves_the_header_extension_in_the_clear() {
    assert_rtp(
        &key(Suite::AeadAes128Gcm, &KEY_128[..57]),
        &format!("{EXTENDED} abababababababababababababababab"),
        &format!("{EXTENDED} 0eca0cf95ee955b26cd3d288b49f6ca9 e0eb4eab09af2baef6804f141b9b02b0"),
    );
}

#[test]
fn aes_256() {
    assert_rtp(
        &key(Suite::Aes256CmHmacSha1_80, KEY_256),
        RTP,
        "800f1234decafbadcafebabe f1d9de17ff251ff1aa007774b0b4b40d a08d9d9a5b3a55d8873b",
    );
}

#[test]
fn aes_128_gcm() {
    let key = key(Suite::AeadAes128Gcm, KEY_GCM);
    assert_rtp(
        &key,
        RTP,
        "800f1234decafbadcafebabe c5002ede04cfdd2eb91159e0880aa06e
         d2976826f796b201df3131a127e8a392",
    );
    assert_rtcp(
        &key,
        RTCP,
        "81c8000bcafebabe c98b8b5df0392a55852b6c21ac8e7025
         c52c6fbea2b3b446ea31123ba88ce61e 80000001",
    );
}

/// RFC 3711 3.4: the bit says whether the packet is encrypted. This one is not, and has the tag
/// of the same keys.
#[test]
fn aes_128_takes_rtcp_that_is_only_authenticated() {
    let protected = format!("{RTCP} 00000001 fe88c7fdfd37ebce615d");
    let mut unprotector = Unprotector::new(&key(Suite::AesCm128HmacSha1_80, KEY_128));
    let unprotected = unprotect_rtcp(&mut unprotector, &vector(&protected));
    assert_eq!(unprotected, Ok(vector(RTCP)));
}
