//! The attribute `a=crypto` of SDP (RFC 4568), without MKI and with one key.

use std::str::FromStr;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::key::{Lifetime, MasterKey};
use crate::suite::Suite;

/// The longest value of `a=crypto` that is read, in bytes.
pub const CRYPTO_ATTRIBUTE_BYTES_AT_MOST: usize = 1_024;

const KEY_METHOD: &str = "inline:";
/// What the longest key with its salt has in base64.
const ENCODED_BYTES_AT_MOST: usize = 64;
const TAG_DIGITS_AT_MOST: usize = 9;

/// Not all peers pad (RFC 4568 6.1 asks them to).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The number of a crypto attribute among those of its media, 1 to 999999999; an answer takes
/// that of the offer it accepts (RFC 4568 4.1, 5.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CryptoTag(u32);

impl CryptoTag {
    /// `None` if the number has more than nine digits or is zero.
    pub const fn new(number: u32) -> Option<Self> {
        match number {
            1..=999_999_999 => Some(Self(number)),
            _ => None,
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// A crypto attribute that can be used: it tells the key that its author sends with
/// (RFC 4568 4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CryptoAttribute {
    /// Its number.
    pub tag: CryptoTag,
    /// The key, with the suite.
    pub key: MasterKey,
    /// How many packets its author sends with the key at most; `None` for [`Lifetime::LONGEST`]
    /// (RFC 4568 6.1).
    pub lifetime: Option<Lifetime>,
}

/// Why a crypto attribute cannot be used; the next of those offered may be better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnusableCrypto {
    /// Not what RFC 4568 9.1 says, or longer than [`CRYPTO_ATTRIBUTE_BYTES_AT_MOST`].
    #[error("malformed crypto attribute")]
    Malformed,
    /// The crypto-suite is not spoken here.
    #[error("unknown crypto-suite")]
    Suite,
    /// The key method is not `inline` (RFC 4568 6.1).
    #[error("unknown key method")]
    KeyMethod,
    /// The key has another length than its suite.
    #[error("wrong key length")]
    KeyLength,
    /// It tells several keys, which only an MKI could tell apart (RFC 4568 6.1).
    #[error("several keys")]
    SeveralKeys,
    /// Packets would have an MKI (RFC 3711 3.1).
    #[error("with MKI")]
    Mki,
    /// A lifetime of no packets, or of more than a key may have (RFC 3711 9.2).
    #[error("impossible lifetime")]
    Lifetime,
    /// A session parameter that is not spoken here and may not be passed over (RFC 4568 6.3).
    #[error("session parameter")]
    SessionParameter,
}

impl CryptoAttribute {
    /// The value after `a=crypto:`. It holds the key: it belongs into the message and nowhere
    /// else.
    pub fn sdp_value(&self) -> String {
        let Self { tag, key, lifetime } = self;
        let inline = Zeroizing::new(BASE64.encode(&*key.bytes()));
        let lifetime = match lifetime.map(Lifetime::packets) {
            None => String::new(),
            Some(packets) if packets.is_power_of_two() => format!("|2^{}", packets.ilog2()),
            Some(packets) => format!("|{packets}"),
        };
        let (tag, suite) = (tag.get(), key.suite());
        format!("{tag} {suite} {KEY_METHOD}{}{lifetime}", *inline)
    }
}

impl FromStr for CryptoAttribute {
    type Err = UnusableCrypto;

    /// Reads the value after `a=crypto:`. Of the session parameters, `WSH` only advises, and
    /// those that begin with `-` may be passed over (RFC 4568 6.3).
    fn from_str(value: &str) -> Result<Self, UnusableCrypto> {
        if value.len() > CRYPTO_ATTRIBUTE_BYTES_AT_MOST {
            return Err(UnusableCrypto::Malformed);
        }
        let mut fields = value.split_ascii_whitespace();
        let mut field = || fields.next().ok_or(UnusableCrypto::Malformed);
        let tag = tag(field()?)?;
        let suite = field()?.parse().map_err(|_| UnusableCrypto::Suite)?;
        let (key, lifetime) = key(suite, field()?)?;
        if !fields.all(may_be_passed_over) {
            return Err(UnusableCrypto::SessionParameter);
        }
        Ok(Self { tag, key, lifetime })
    }
}

fn tag(text: &str) -> Result<CryptoTag, UnusableCrypto> {
    digits(text)
        .filter(|_| text.len() <= TAG_DIGITS_AT_MOST)
        .and_then(|number| u32::try_from(number).ok())
        .and_then(CryptoTag::new)
        .ok_or(UnusableCrypto::Malformed)
}

/// The number, if there are only digits, and not more than it can hold.
fn digits(text: &str) -> Option<u64> {
    let are_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| are_digits)
}

fn key(suite: Suite, params: &str) -> Result<(MasterKey, Option<Lifetime>), UnusableCrypto> {
    if params.contains(';') {
        return Err(UnusableCrypto::SeveralKeys);
    }
    let (_, info) = params
        .split_at_checked(KEY_METHOD.len())
        .filter(|(method, _)| method.eq_ignore_ascii_case(KEY_METHOD))
        .ok_or(UnusableCrypto::KeyMethod)?;
    let mut fields = info.split('|');
    let encoded = fields.next().unwrap_or_default();
    let lifetime = match (fields.next(), fields.next(), fields.next()) {
        (None, ..) => None,
        (Some(lifetime), None, _) if !lifetime.contains(':') => Some(read_lifetime(lifetime)?),
        (Some(mki), None, _) | (_, Some(mki), None) if mki.contains(':') => {
            return Err(UnusableCrypto::Mki);
        }
        _ => return Err(UnusableCrypto::Malformed),
    };
    Ok((master_key(suite, encoded)?, lifetime))
}

fn read_lifetime(text: &str) -> Result<Lifetime, UnusableCrypto> {
    let packets = match text.strip_prefix("2^") {
        Some(exponent) => {
            let exponent = digits(exponent).ok_or(UnusableCrypto::Malformed)?;
            u32::try_from(exponent)
                .ok()
                .and_then(|exponent| 1u64.checked_shl(exponent))
        }
        None if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) => {
            return Err(UnusableCrypto::Malformed);
        }
        None => digits(text),
    };
    packets
        .and_then(Lifetime::new)
        .ok_or(UnusableCrypto::Lifetime)
}

fn master_key(suite: Suite, encoded: &str) -> Result<MasterKey, UnusableCrypto> {
    if encoded.len() > ENCODED_BYTES_AT_MOST {
        return Err(UnusableCrypto::KeyLength);
    }
    let mut decoded = Zeroizing::new([0; ENCODED_BYTES_AT_MOST]);
    let bytes = BASE64
        .decode_slice(encoded, decoded.as_mut_slice())
        .map_err(|_| UnusableCrypto::Malformed)?;
    let decoded = decoded.get(..bytes).unwrap_or_default();
    MasterKey::from_bytes(suite, decoded).map_err(|_| UnusableCrypto::KeyLength)
}

fn may_be_passed_over(param: &str) -> bool {
    let (name, value) = param.split_once('=').unwrap_or((param, ""));
    name.starts_with('-')
        || name.eq_ignore_ascii_case("WSH")
        || name.eq_ignore_ascii_case("KDR") && digits(value) == Some(0)
}
