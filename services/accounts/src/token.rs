//! Secrets that we hand out, and what we keep of them.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A new secret of 256 bits, as text for cookies and headers.
pub fn new_secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// A new API token: recognisable, so that one that was left lying about is found.
pub fn new_api_token() -> String {
    format!("mdg_{}", new_secret())
}

/// A new name that is no secret, of 128 bits.
pub fn new_id() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>())
}

/// What is stored of a secret. The secrets are random and long, so that no salt is needed.
pub fn hash(secret: &str) -> String {
    Sha256::digest(secret.as_bytes())
        .iter()
        .fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _infallible = write!(text, "{byte:02x}");
            text
        })
}

/// Whether two texts are the same, in a time that does not tell where they differ.
pub fn same(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one
            .bytes()
            .zip(other.bytes())
            .fold(0, |differs, (one, other)| differs | (one ^ other))
            == 0
}

/// Letters that are not mistaken for others when they are read from paper.
const CLEAR_LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789x";

/// A one-time password or recovery code: groups of five clear letters.
pub fn readable(groups: usize) -> String {
    let mut text = String::new();
    for group in 0..groups {
        if group > 0 {
            text.push('-');
        }
        for byte in rand::random::<[u8; 5]>() {
            let letter = CLEAR_LETTERS.get(usize::from(byte & 31)).copied();
            text.push(char::from(letter.unwrap_or(b'x')));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_compared_whole() {
        assert_eq!(new_secret().len(), 43);
        assert_ne!(new_secret(), new_secret());
        assert!(same("abc", "abc") && !same("abc", "abd") && !same("abc", "ab"));
        assert_eq!(hash("a").len(), 64);
        let code = readable(4);
        assert!(
            code.len() == 23 && code.split('-').all(|group| group.len() == 5),
            "{code}"
        );
    }
}
