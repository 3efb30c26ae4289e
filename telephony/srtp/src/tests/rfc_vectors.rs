//! The test vectors of the RFCs.

use zeroize::Zeroizing;

use super::{bytes, protect, protect_rtcp, unprotect, unprotect_rtcp, vector};
use crate::aes_cm::{AesCm, KeyDerivation, Label};
use crate::transform::{SessionKeys, Transform, Transforms};
use crate::{MasterKey, Protector, SrtpError, Suite, Unprotector};

/// The session salt of RFC 3711 B.2 and RFC 6188 7.1; SSRC and index are zero.
const IV: u128 = 0xf0f1_f2f3_f4f5_f6f7_f8f9_fafb_fcfd;
/// The blocks that these have vectors of.
const BLOCKS: usize = 65_282;

fn assert_keystream(suite: Suite, key: [u8; 32], first: &str, last: &str) {
    let mut stream = vec![0; 16 * BLOCKS];
    AesCm::new(suite, &key).apply_keystream(IV, &mut stream);
    assert_eq!(stream[..48], vector(first));
    assert_eq!(stream[16 * BLOCKS - 48..], vector(last));
}

#[test]
fn rfc3711_b2_aes_cm() {
    let mut key = [0; 32];
    key[..16].copy_from_slice(&vector("2B7E151628AED2A6ABF7158809CF4F3C"));
    assert_keystream(
        Suite::AesCm128HmacSha1_80,
        key,
        "E03EAD0935C95E80E166B16DD92B4EB4
         D23513162B02D0F72A43A2FE4A5F97AB
         41E95B3BB0A2E8DD477901E4FCA894C0",
        "EC8CDF7398607CB0F2D21675EA9EA1E4
         362B7C3C6773516318A077D7FC5073AE
         6A2CC3787889374FBEB4C81B17BA6C44",
    );
}

#[test]
fn rfc6188_7_1_aes_256_cm() {
    assert_keystream(
        Suite::Aes256CmHmacSha1_80,
        bytes(
            "57f82fe3613fd170a85ec93c40b1f092
             2ec4cb0dc025b58272147cc438944a98",
        ),
        "92bdd28a93c3f52511c677d08b5515a4
         9da71b2378a854f67050756ded165bac
         63c4868b7096d88421b563b8c94c9a31",
        "cea518c90fd91ced9cbb18c078a54711
         3dbc4814f4da5f00a08772b63c6a046d
         6eb246913062a16891433e97dd01a57f",
    );
}

#[test]
fn rfc3711_b3_key_derivation() {
    let master = vector("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6");
    let master = MasterKey::from_bytes(Suite::AesCm128HmacSha1_80, &master).unwrap();
    let derivation = KeyDerivation::new(&master);
    assert_eq!(
        *derivation.derive::<16>(Label::RtpEncryption),
        bytes("C61E7A93744F39EE10734AFE3FF7A087")
    );
    assert_eq!(
        *derivation.derive::<14>(Label::RtpSalt),
        bytes("30CBBC08863D8C85D49DB34A9AE1")
    );
    assert_eq!(
        *derivation.derive::<94>(Label::RtpAuthentication),
        bytes(
            "CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE
             E049646C43D9327AD175578EF7227098 6371C10C9A369AC2F94A8C5FBCDDDC25
             6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2"
        )
    );
}

#[test]
fn rfc6188_7_2_key_derivation() {
    let master = vector(
        "f0f04914b513f2763a1b1fa130f10e29 98f6f6e43e4309d1e622a0e332b9f1b6
         3b04803de51ee7c96423ab5b78d2",
    );
    let master = MasterKey::from_bytes(Suite::Aes256CmHmacSha1_32, &master).unwrap();
    let derivation = KeyDerivation::new(&master);
    assert_eq!(
        *derivation.derive::<32>(Label::RtpEncryption),
        bytes("5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4")
    );
    assert_eq!(
        *derivation.derive::<14>(Label::RtpSalt),
        bytes("fa31791685ca444a9e07c6c64e93")
    );
    assert_eq!(
        *derivation.derive::<20>(Label::RtpAuthentication),
        bytes("fd9c32d39ed5fbb5a9dc96b30818454d1313dc05")
    );
}

/// RFC 7714 16, 17: these are session keys, for RTP as for RTCP.
fn gcm_transforms() -> Transforms {
    let transform = || {
        let mut keys = SessionKeys {
            encryption: Zeroizing::default(),
            salt: Zeroizing::default(),
            authentication: Zeroizing::default(),
        };
        keys.encryption[..16].copy_from_slice(&vector("000102030405060708090a0b0c0d0e0f"));
        keys.salt[..12].copy_from_slice(b"Quid pro quo");
        Transform::new(Suite::AeadAes128Gcm, &keys, 16)
    };
    Transforms {
        rtp: transform(),
        rtcp: transform(),
    }
}

#[test]
fn rfc7714_16_1_srtp() {
    let mut plain = vector("8040f17b 8041f8d3 5501a0b2");
    plain.extend(b"Gallia est omnis divisa in partes tres");
    let protected = vector(
        "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f
         42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce",
    );
    let mut protector = Protector::with_transforms(Suite::AeadAes128Gcm, gcm_transforms());
    assert_eq!(protect(&mut protector, &plain), protected);
    let mut unprotector = Unprotector::with_transforms(Suite::AeadAes128Gcm, gcm_transforms());
    assert_eq!(unprotect(&mut unprotector, &protected), Ok(plain));
}

/// The RTCP packet of RFC 7714 17.
const GCM_RTCP: &str = "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61
    deadbeef deadbeef deadbeef deadbeef deadbeef";

#[test]
fn rfc7714_17_1_srtcp() {
    let protected = vector(
        "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1
         730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4",
    );
    let mut protector = Protector::with_transforms(Suite::AeadAes128Gcm, gcm_transforms());
    protector.begin_at(0x4d61_7273, None, 0x5d4);
    assert_eq!(protect_rtcp(&mut protector, &vector(GCM_RTCP)), protected);
    let mut unprotector = Unprotector::with_transforms(Suite::AeadAes128Gcm, gcm_transforms());
    let unprotected = unprotect_rtcp(&mut unprotector, &protected);
    assert_eq!(unprotected, Ok(vector(GCM_RTCP)));
}

#[test]
fn rfc7714_17_3_srtcp_that_is_only_authenticated() {
    let mut protected = vector(GCM_RTCP);
    protected.extend(vector("841dd968 3dd78ec9 2ae58790 125f62b3 000005d4"));
    let mut unprotector = Unprotector::with_transforms(Suite::AeadAes128Gcm, gcm_transforms());
    let unprotected = unprotect_rtcp(&mut unprotector, &protected);
    assert_eq!(unprotected, Ok(vector(GCM_RTCP)));
    let again = unprotect_rtcp(&mut unprotector, &protected);
    assert_eq!(again, Err(SrtpError::Replayed));
}
