//! The second factor: time-based one-time passwords (RFC 6238, six digits, 30 s, HMAC-SHA-1 as
//! authenticator apps expect it).

use hmac::{Hmac, KeyInit, Mac};
use madoguchi_core::time::Instant;
use sha1::Sha1;

const STEP_MS: i64 = 30_000;
/// Clocks may differ by one step.
const STEPS_AROUND: i64 = 1;

/// A secret shared with an authenticator app.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; 20]);

impl TotpSecret {
    /// A new one.
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// One that was kept.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.try_into().ok()?))
    }

    /// To be kept, sealed.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As people type it into an app: base32 (RFC 4648).
    pub fn base32(&self) -> String {
        let mut text = String::new();
        let (mut buffer, mut bits) = (0_u32, 0);
        for byte in self.0 {
            buffer = buffer << 8 | u32::from(byte);
            bits += 8;
            while bits >= 5 {
                bits -= 5;
                text.push(base32_letter(buffer >> bits & 31));
            }
        }
        text
    }

    /// One that was sent as base32.
    pub fn from_base32(text: &str) -> Option<Self> {
        let mut bytes = Vec::with_capacity(20);
        let (mut buffer, mut bits) = (0_u32, 0);
        for letter in text.chars() {
            let value = (0..32).find(|value| base32_letter(*value) == letter)?;
            buffer = buffer << 5 | value;
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                bytes.push(u8::try_from(buffer >> bits & 0xff).ok()?);
            }
        }
        Self::from_bytes(&bytes)
    }

    /// What an app reads from a QR code.
    pub fn uri(&self, login: &str) -> String {
        format!(
            "otpauth://totp/Madoguchi:{login}?secret={}&issuer=Madoguchi",
            self.base32()
        )
    }

    /// The time step for which `code` is right, if there is one about now.
    pub fn step_of(&self, code: &str, now: Instant) -> Option<i64> {
        let current = now.0.div_euclid(STEP_MS);
        (current - STEPS_AROUND..=current + STEPS_AROUND)
            .find(|step| crate::token::same(&self.code(*step), code))
    }

    fn code(&self, step: i64) -> String {
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(&self.0) else {
            return String::new();
        };
        mac.update(&step.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        let offset = usize::from(digest.last().copied().unwrap_or(0) & 0xf);
        let part = digest.get(offset..offset + 4).unwrap_or_default();
        let number = part
            .iter()
            .fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
    }

    /// The code that an app shows at a time.
    pub fn code_at(&self, now: Instant) -> String {
        self.code(now.0.div_euclid(STEP_MS))
    }
}

fn base32_letter(value: u32) -> char {
    let value = u8::try_from(value).unwrap_or(0);
    char::from(if value < 26 {
        b'A' + value
    } else {
        b'2' + (value - 26)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B (the last six of the eight digits there).
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = TotpSecret(*b"12345678901234567890");
        for (secs, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.code_at(Instant(secs * 1000)), code);
            assert_eq!(secret.step_of(code, Instant(secs * 1000)), Some(secs / 30));
            assert_eq!(secret.step_of(code, Instant((secs + 90) * 1000)), None);
        }
    }

    #[test]
    fn a_secret_survives_being_typed() {
        let secret = TotpSecret(*b"12345678901234567890");
        assert_eq!(secret.base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(TotpSecret::from_base32(&secret.base32()) == Some(secret.clone()));
        assert!(TotpSecret::from_base32("GEZD!").is_none());
        assert!(secret.uri("tanaka").contains(&secret.base32()));
    }
}
