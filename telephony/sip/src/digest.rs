//! Digest access authentication (RFC 7616, RFC 8760), both sides of it.
//!
//! Nonces are made of the time, a salt and a keyed hash, so that the server remembers nothing.

use std::fmt::Write as _;

use md5::Md5;
use sha2::{Digest, Sha256};

use crate::uri::{Malformed, split_outside_quotes};

/// How long a nonce may be used.
pub const NONCE_LIFETIME_MS: u64 = 300_000;

/// The hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// SHA-256 (RFC 8760).
    Sha256,
    /// MD5, for phones that know no better.
    Md5,
}

impl Algorithm {
    /// All that we know, the better one first.
    pub const ALL: [Self; 2] = [Self::Sha256, Self::Md5];

    /// The name in headers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Md5 => "MD5",
        }
    }

    fn of(name: Option<&str>) -> Option<Self> {
        match name {
            None => Some(Self::Md5),
            Some(name) if name.eq_ignore_ascii_case("MD5") => Some(Self::Md5),
            Some(name) if name.eq_ignore_ascii_case("SHA-256") => Some(Self::Sha256),
            Some(_) => None,
        }
    }

    fn hash(self, text: &str) -> String {
        match self {
            Self::Sha256 => hex(&Sha256::digest(text)),
            Self::Md5 => hex(&Md5::digest(text)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string cannot fail.
            let _infallible = write!(text, "{byte:02x}");
            text
        })
}

/// H(user:realm:password): all that must be kept of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    /// By which hash.
    pub algorithm: Algorithm,
    /// The hash in hexadecimal.
    pub hex: String,
}

impl std::fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ha1")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl Ha1 {
    /// The hash of a password.
    pub fn new(algorithm: Algorithm, user: &str, realm: &str, password: &str) -> Self {
        Self {
            algorithm,
            hex: algorithm.hash(&format!("{user}:{realm}:{password}")),
        }
    }

    /// The hashes of a password for all algorithms that we know.
    pub fn all(user: &str, realm: &str, password: &str) -> Vec<Self> {
        Algorithm::ALL
            .into_iter()
            .map(|algorithm| Self::new(algorithm, user, realm, password))
            .collect()
    }
}

/// A WWW-Authenticate value.
pub fn challenge(
    algorithm: Algorithm,
    realm: &str,
    secret: &[u8; 32],
    salt: &str,
    now_ms: u64,
    stale: bool,
) -> String {
    let nonce = make_nonce(secret, salt, now_ms);
    let stale = if stale { ", stale=true" } else { "" };
    format!(
        "Digest realm=\"{realm}\", nonce=\"{nonce}\", qop=\"auth\", algorithm={}{stale}",
        algorithm.name()
    )
}

fn make_nonce(secret: &[u8; 32], salt: &str, now_ms: u64) -> String {
    let mut hash = Sha256::new();
    hash.update(secret);
    hash.update(now_ms.to_be_bytes());
    hash.update(salt);
    let seal = hex(&hash.finalize());
    format!("{now_ms:x}-{salt}-{}", seal.get(..32).unwrap_or_default())
}

/// When one of our nonces was made; `None` if it is not ours.
fn nonce_time(nonce: &str, secret: &[u8; 32]) -> Option<u64> {
    let mut parts = nonce.splitn(3, '-');
    let made_at = u64::from_str_radix(parts.next()?, 16).ok()?;
    let salt = parts.next()?;
    same(&make_nonce(secret, salt, made_at), nonce).then_some(made_at)
}

/// Compares without telling by its duration where the texts differ.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len()
        && a.bytes()
            .zip(b.bytes())
            .fold(0, |sum, (a, b)| sum | (a ^ b))
            == 0
}

/// An Authorization value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Whose they claim to be.
    pub username: String,
    /// For which realm.
    pub realm: String,
    /// Made with which nonce.
    pub nonce: String,
    /// For which URI.
    pub uri: String,
    /// How often the nonce was used, if qop is.
    pub nonce_count: Option<u32>,
    response: String,
    algorithm: Option<Algorithm>,
    qop: Option<String>,
    cnonce: String,
    nc: String,
}

impl Credentials {
    /// Reads the value.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let fields = Fields::read(text)?;
        let must = |name| {
            fields
                .get(name)
                .map(str::to_owned)
                .ok_or(Malformed("credentials"))
        };
        let nc = fields.get("nc").unwrap_or_default().to_owned();
        Ok(Self {
            username: must("username")?,
            realm: must("realm")?,
            nonce: must("nonce")?,
            uri: must("uri")?,
            response: must("response")?,
            algorithm: Algorithm::of(fields.get("algorithm")),
            qop: fields.get("qop").map(str::to_owned),
            cnonce: fields.get("cnonce").unwrap_or_default().to_owned(),
            nonce_count: u32::from_str_radix(&nc, 16).ok(),
            nc,
        })
    }
}

/// What credentials are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// They prove the user.
    Valid,
    /// They would, but for a nonce that is too old.
    Stale,
    /// They prove nothing.
    Wrong,
}

/// Verifies credentials for a request with `method` against the hashes kept of a user.
pub fn verify(
    credentials: &Credentials,
    method: &str,
    secrets: &[Ha1],
    realm: &str,
    nonce_secret: &[u8; 32],
    now_ms: u64,
) -> Verification {
    let Some(algorithm) = credentials.algorithm else {
        return Verification::Wrong;
    };
    let Some(ha1) = secrets.iter().find(|ha1| ha1.algorithm == algorithm) else {
        return Verification::Wrong;
    };
    let qop_known = credentials
        .qop
        .as_deref()
        .is_none_or(|qop| qop.eq_ignore_ascii_case("auth"));
    if credentials.realm != realm || !qop_known {
        return Verification::Wrong;
    }
    let expected = response(algorithm, &ha1.hex, method, credentials);
    if !same(&expected, &credentials.response.to_ascii_lowercase()) {
        return Verification::Wrong;
    }
    match nonce_time(&credentials.nonce, nonce_secret) {
        Some(made_at) if now_ms < made_at.saturating_add(NONCE_LIFETIME_MS) => Verification::Valid,
        _ => Verification::Stale,
    }
}

fn response(algorithm: Algorithm, ha1: &str, method: &str, given: &Credentials) -> String {
    let ha2 = algorithm.hash(&format!("{method}:{}", given.uri));
    algorithm.hash(&match &given.qop {
        Some(qop) => {
            format!(
                "{ha1}:{}:{}:{}:{qop}:{ha2}",
                given.nonce, given.nc, given.cnonce
            )
        }
        None => format!("{ha1}:{}:{ha2}", given.nonce),
    })
}

/// What a client remembers of a server's nonce.
#[derive(Debug, Default)]
pub struct ClientState {
    nonce: String,
    count: u32,
}

/// What a client wants to prove.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names are the parameters of RFC 7616")]
pub struct Proof<'a> {
    pub method: &'a str,
    pub uri: &'a str,
    pub user: &'a str,
    pub password: &'a str,
    pub cnonce: &'a str,
}

/// The Authorization value that answers the best of these challenges that we know.
pub fn answer(challenges: &[&str], state: &mut ClientState, proof: Proof<'_>) -> Option<String> {
    let known = challenges.iter().filter_map(|text| {
        let fields = Fields::read(text).ok()?;
        let algorithm = Algorithm::of(fields.get("algorithm"))?;
        Some((algorithm, fields))
    });
    let (algorithm, fields) = known.min_by_key(|(algorithm, _)| *algorithm == Algorithm::Md5)?;
    let (realm, nonce) = (fields.get("realm")?, fields.get("nonce")?);
    let qop = fields.get("qop").filter(|offered| {
        offered
            .split(',')
            .any(|qop| qop.trim().eq_ignore_ascii_case("auth"))
    });
    state.count = if state.nonce == nonce {
        state.count + 1
    } else {
        1
    };
    nonce.clone_into(&mut state.nonce);
    let mut given = Credentials {
        username: proof.user.to_owned(),
        realm: realm.to_owned(),
        nonce: nonce.to_owned(),
        uri: proof.uri.to_owned(),
        nonce_count: None,
        response: String::new(),
        algorithm: Some(algorithm),
        qop: qop.map(|_| "auth".to_owned()),
        cnonce: proof.cnonce.to_owned(),
        nc: format!("{:08x}", state.count),
    };
    let ha1 = Ha1::new(algorithm, proof.user, realm, proof.password);
    given.response = response(algorithm, &ha1.hex, proof.method, &given);
    let mut value = format!(
        "Digest username=\"{}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{}\", \
         response=\"{}\", algorithm={}",
        proof.user,
        proof.uri,
        given.response,
        algorithm.name()
    );
    if given.qop.is_some() {
        value.push_str(&format!(
            ", qop=auth, nc={}, cnonce=\"{}\"",
            given.nc, given.cnonce
        ));
    }
    if let Some(opaque) = fields.get("opaque") {
        value.push_str(&format!(", opaque=\"{opaque}\""));
    }
    Some(value)
}

struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(text: &str) -> Result<Self, Malformed> {
        let text = text.trim();
        let rest = match text.split_once(char::is_whitespace) {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("Digest") => rest,
            _ => return Err(Malformed("Digest")),
        };
        let mut fields = Vec::new();
        for part in split_outside_quotes(rest, ',') {
            let (name, value) = part.split_once('=').ok_or(Malformed("Digest"))?;
            let value = value.trim();
            let value = value
                .strip_prefix('"')
                .and_then(|inner| inner.strip_suffix('"'))
                .map_or_else(|| value.to_owned(), |inner| inner.replace("\\\"", "\""));
            fields.push((name.trim().to_ascii_lowercase(), value));
        }
        Ok(Self(fields))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 32] = [7; 32];

    fn credentials(algorithm: Algorithm, password: &str, now_ms: u64) -> Credentials {
        let challenge = challenge(algorithm, "desk", &SECRET, "salt", now_ms, false);
        let proof = Proof {
            method: "REGISTER",
            uri: "sip:desk",
            user: "201",
            password,
            cnonce: "c",
        };
        let text = answer(&[&challenge], &mut ClientState::default(), proof).unwrap();
        Credentials::parse(&text).unwrap()
    }

    fn check(given: &Credentials, now_ms: u64) -> Verification {
        let secrets = Ha1::all("201", "desk", "right");
        verify(given, "REGISTER", &secrets, "desk", &SECRET, now_ms)
    }

    #[test]
    fn the_right_password_is_known_by_either_hash_until_the_nonce_is_old() {
        for algorithm in Algorithm::ALL {
            let given = credentials(algorithm, "right", 1_000);
            assert_eq!(check(&given, 1_000), Verification::Valid);
            assert_eq!(
                check(&given, 1_000 + NONCE_LIFETIME_MS),
                Verification::Stale
            );
            assert_eq!(
                check(&credentials(algorithm, "wrong", 1_000), 1_000),
                Verification::Wrong
            );
        }
    }

    #[test]
    fn a_nonce_of_somebody_else_is_stale() {
        let mut given = credentials(Algorithm::Sha256, "right", 1_000);
        given.nonce = given.nonce.replace("salt", "pepper");
        given.response = response(
            Algorithm::Sha256,
            &Ha1::new(Algorithm::Sha256, "201", "desk", "right").hex,
            "REGISTER",
            &given,
        );
        assert_eq!(check(&given, 1_000), Verification::Stale);
    }

    /// The example of RFC 2617 section 3.5, and the same with SHA-256.
    #[test]
    fn the_example_of_the_standard_comes_out() {
        let expected = [
            (Algorithm::Md5, "6629fae49393a05397450978507c4ef1"),
            (
                Algorithm::Sha256,
                "5abdd07184ba512a22c53f41470e5eea7dcaa3a93a59b630c13dfe0a5dc6e38b",
            ),
        ];
        for (algorithm, expected) in expected {
            let challenge = format!(
                "Digest realm=\"testrealm@host.com\", qop=\"auth, auth-int\", algorithm={}, \
                 nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
                 opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
                algorithm.name()
            );
            let proof = Proof {
                method: "GET",
                uri: "/dir/index.html",
                user: "Mufasa",
                password: "Circle Of Life",
                cnonce: "0a4f113b",
            };
            let value = answer(&[&challenge], &mut ClientState::default(), proof).unwrap();
            assert!(value.contains(expected), "{value}");
        }
    }
}
