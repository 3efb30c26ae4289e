//! Digest access authentication (RFC 7616, RFC 8760), both sides of it.
//!
//! Nonces are made of the time, a salt and a keyed hash, so that the server remembers nothing.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::net::IpAddr;

use md5::Md5;
use sha2::{Digest, Sha256};

use subtle::ConstantTimeEq;

use crate::header::unquote;
use crate::uri::{Malformed, Scheme, Uri, split_outside_quotes};

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
    let realm = escaped(realm);
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

/// The salt of a nonce for whoever is at this address: only who hears us there can send it back
/// from there.
pub fn salt_for(address: IpAddr, chance: &str, secret: &[u8; 32]) -> String {
    let mut hash = Sha256::new();
    hash.update(secret);
    hash.update("address");
    hash.update(chance);
    match address.to_canonical() {
        IpAddr::V4(ip) => hash.update(ip.octets()),
        IpAddr::V6(ip) => hash.update(ip.octets()),
    }
    let seal = hex(&hash.finalize());
    format!("{chance}.{}", seal.get(..16).unwrap_or_default())
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
    a.as_bytes().ct_eq(b.as_bytes()).into()
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
    /// How often the nonce was used. None without qop, and if it is not the eight hexadecimal
    /// digits that it has to be.
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
            nonce_count: read_nonce_count(&nc),
            nc,
        })
    }
}

impl Credentials {
    /// Whether they answer a challenge that was heard at this address a short while ago: the
    /// address is not forged, whatever the credentials are worth.
    pub fn heard_at(&self, address: IpAddr, nonce_secret: &[u8; 32], now_ms: u64) -> bool {
        let Some(made_at) = nonce_time(&self.nonce, nonce_secret) else {
            return false;
        };
        let salt = self.nonce.split('-').nth(1).unwrap_or_default();
        let chance = salt.split('.').next().unwrap_or_default();
        now_ms < made_at.saturating_add(NONCE_LIFETIME_MS)
            && same(salt, &salt_for(address, chance, nonce_secret))
    }
}

/// RFC 7616 3.4: eight hexadecimal digits, counted from one.
fn read_nonce_count(text: &str) -> Option<u32> {
    let is_count = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let count = u32::from_str_radix(text, 16).ok()?;
    Some(count).filter(|count| is_count && *count > 0)
}

/// What credentials are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// They prove the user.
    Valid {
        /// When their nonce was made.
        nonce_made_at: u64,
        /// Which use of the nonce they are.
        nonce_count: u32,
    },
    /// They would, but for a nonce that is too old.
    Stale,
    /// They prove nothing.
    Wrong,
}

/// What a server asked for in its challenges.
#[derive(Debug, Clone, Copy)]
pub struct Verifier<'a> {
    /// For which realm.
    pub realm: &'a str,
    /// The hashes that it offered; credentials by any other prove nothing.
    pub offered: &'a [Algorithm],
    /// With what it makes its nonces.
    pub nonce_secret: &'a [u8; 32],
}

impl Verifier<'_> {
    /// Verifies credentials for a request against the hashes kept of a user. Our challenges offer
    /// `qop="auth"` alone: credentials without it, or with `auth-int`, prove nothing, and nor do
    /// those that were made for another request.
    pub fn verify(
        &self,
        credentials: &Credentials,
        method: &str,
        request_uri: &Uri,
        secrets: &[Ha1],
        now_ms: u64,
    ) -> Verification {
        let Some(algorithm) = credentials.algorithm else {
            return Verification::Wrong;
        };
        let offered = self.offered.contains(&algorithm);
        let Some(ha1) = secrets
            .iter()
            .find(|ha1| ha1.algorithm == algorithm && offered)
        else {
            return Verification::Wrong;
        };
        let expected = response(algorithm, &ha1.hex, method, credentials);
        let proven = same(&expected, &credentials.response.to_ascii_lowercase());
        let qop = credentials.qop.as_deref();
        let counted = qop.is_some_and(|qop| qop.eq_ignore_ascii_case("auth"))
            && !credentials.cnonce.is_empty();
        let Some(nonce_count) = credentials.nonce_count.filter(|_| counted) else {
            return Verification::Wrong;
        };
        if !proven || credentials.realm != self.realm || !credentials.is_for(method, request_uri) {
            return Verification::Wrong;
        }
        match nonce_time(&credentials.nonce, self.nonce_secret) {
            Some(nonce_made_at) if now_ms < nonce_made_at.saturating_add(NONCE_LIFETIME_MS) => {
                Verification::Valid {
                    nonce_made_at,
                    nonce_count,
                }
            }
            _ => Verification::Stale,
        }
    }
}

impl Credentials {
    /// Whether they were made for a request with this Request-URI (RFC 7616 3.4.6): the same
    /// address by RFC 3261 19.1.4. Parameters are not looked at: phones leave out or add some. Nor
    /// is the user part in REGISTER, where it means nothing (10.2), nor if they name the host
    /// alone, as some phones do.
    fn is_for(&self, method: &str, request_uri: &Uri) -> bool {
        let Ok(uri) = self.uri.parse::<Uri>() else {
            return false;
        };
        let port = |uri: &Uri| match (uri.port, &uri.scheme) {
            (Some(port), _) => port,
            (None, Scheme::Sips) => 5061,
            (None, _) => 5060,
        };
        let same_user = method == "REGISTER" || uri.user.is_none() || uri.user == request_uri.user;
        let same_scheme = uri.scheme == request_uri.scheme;
        same_user && same_scheme && uri.host == request_uri.host && port(&uri) == port(request_uri)
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

/// A client remembers the use of so many nonces: those of the calls that go on at once.
const NONCES_AT_MOST: usize = 64;

/// How often a client has used the nonces of servers, the one used last at the end. Several are in
/// use at once where several proxies challenge, or each call is given its own.
#[derive(Debug, Default)]
pub struct ClientState(VecDeque<(String, u32)>);

impl ClientState {
    /// Counts one more use of a nonce.
    fn count(&mut self, nonce: &str) -> u32 {
        let known = self.0.iter().position(|(known, _)| known == nonce);
        let used = known.and_then(|at| self.0.remove(at));
        let count = used.map_or(0, |(_, count)| count).saturating_add(1);
        if self.0.len() == NONCES_AT_MOST {
            self.0.pop_front();
        }
        self.0.push_back((nonce.to_owned(), count));
        count
    }
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

/// What a server asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// For which realm.
    pub realm: String,
    /// To be used in the answer.
    pub nonce: String,
    /// The answer before was right but for its nonce, which is too old.
    pub is_stale: bool,
    algorithm: Algorithm,
    offers_auth: bool,
    opaque: Option<String>,
}

impl Challenge {
    /// Reads a value of WWW-Authenticate or Proxy-Authenticate; a challenge by a hash that we do
    /// not know cannot be read.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let fields = Fields::read(text)?;
        let must = |name| {
            let value = fields.get(name).map(str::to_owned);
            value.ok_or(Malformed("challenge"))
        };
        let offers = |qop: &str| qop.trim().eq_ignore_ascii_case("auth");
        let qop = fields.get("qop").unwrap_or_default();
        let stale = fields.get("stale").unwrap_or_default();
        Ok(Self {
            realm: must("realm")?,
            nonce: must("nonce")?,
            is_stale: stale.eq_ignore_ascii_case("true"),
            algorithm: Algorithm::of(fields.get("algorithm")).ok_or(Malformed("algorithm"))?,
            offers_auth: qop.split(',').any(offers),
            opaque: fields.get("opaque").map(str::to_owned),
        })
    }

    /// The challenges among these that we understand, the best one of each realm: each realm is
    /// proven to on its own (RFC 3261 22.3).
    pub fn best_of_each_realm<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Self> {
        let mut best: Vec<Self> = Vec::new();
        let known = texts.into_iter().filter_map(|text| Self::parse(text).ok());
        for challenge in known {
            match best
                .iter_mut()
                .find(|before| before.realm == challenge.realm)
            {
                Some(before) if before.is_weaker_than(&challenge) => *before = challenge,
                Some(_) => {}
                None => best.push(challenge),
            }
        }
        best
    }

    fn is_weaker_than(&self, other: &Self) -> bool {
        self.algorithm == Algorithm::Md5 && other.algorithm != Algorithm::Md5
    }

    /// The Authorization value that answers it.
    pub fn answer(&self, state: &mut ClientState, proof: Proof<'_>) -> String {
        let algorithm = self.algorithm;
        let mut given = Credentials {
            username: proof.user.to_owned(),
            realm: self.realm.clone(),
            nonce: self.nonce.clone(),
            uri: proof.uri.to_owned(),
            nonce_count: None,
            response: String::new(),
            algorithm: Some(algorithm),
            qop: self.offers_auth.then(|| "auth".to_owned()),
            cnonce: proof.cnonce.to_owned(),
            nc: format!("{:08x}", state.count(&self.nonce)),
        };
        let ha1 = Ha1::new(algorithm, proof.user, &self.realm, proof.password);
        given.response = response(algorithm, &ha1.hex, proof.method, &given);
        let mut value = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{}\", \
             response=\"{}\", algorithm={}",
            escaped(proof.user),
            escaped(&self.realm),
            escaped(&self.nonce),
            escaped(proof.uri),
            given.response,
            algorithm.name()
        );
        if given.qop.is_some() {
            value.push_str(&format!(
                ", qop=auth, nc={}, cnonce=\"{}\"",
                given.nc, given.cnonce
            ));
        }
        if let Some(opaque) = &self.opaque {
            value.push_str(&format!(", opaque=\"{}\"", escaped(opaque)));
        }
        value
    }
}

/// The Authorization value that answers the best of these challenges that we know.
pub fn answer(challenges: &[&str], state: &mut ClientState, proof: Proof<'_>) -> Option<String> {
    let known = challenges
        .iter()
        .filter_map(|text| Challenge::parse(text).ok());
    let best = known.min_by_key(|challenge| challenge.algorithm == Algorithm::Md5)?;
    Some(best.answer(state, proof))
}

/// A text as it stands within quotes (RFC 3261 25.1).
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// RFC 7616 knows twelve.
const FIELDS_AT_MOST: usize = 32;

struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(text: &str) -> Result<Self, Malformed> {
        let text = text.trim();
        // What a stranger says comes back in our own header.
        if text.contains(|letter: char| letter.is_control() && letter != '\t') {
            return Err(Malformed("Digest"));
        }
        let rest = match text.split_once(char::is_whitespace) {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("Digest") => rest,
            _ => return Err(Malformed("Digest")),
        };
        let mut fields = Vec::new();
        // Elements of a list may be empty (RFC 7230 7).
        let parts = split_outside_quotes(rest, ',').filter(|part| !part.trim().is_empty());
        for part in parts {
            let (name, value) = part.split_once('=').ok_or(Malformed("Digest"))?;
            let value = value.trim();
            let value = value
                .strip_prefix('"')
                .and_then(|inner| inner.strip_suffix('"'))
                .map_or_else(|| value.to_owned(), unquote);
            let name = name.trim().to_ascii_lowercase();
            // RFC 7616 3.4: none may stand twice; two readers must not see different ones.
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(Malformed("Digest"));
            }
            fields.push((name, value));
            if fields.len() > FIELDS_AT_MOST {
                return Err(Malformed("Digest"));
            }
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

    const URI: &str = "sip:5000@desk";

    fn proof(password: &str) -> Proof<'_> {
        Proof {
            method: "INVITE",
            uri: URI,
            user: "201",
            password,
            cnonce: "c",
        }
    }

    fn credentials(algorithm: Algorithm, password: &str, now_ms: u64) -> Credentials {
        let challenge = challenge(algorithm, "desk", &SECRET, "salt", now_ms, false);
        let text = answer(&[&challenge], &mut ClientState::default(), proof(password)).unwrap();
        Credentials::parse(&text).unwrap()
    }

    /// The credentials after a change, with the response that the right password gives then.
    fn changed(change: impl FnOnce(&mut Credentials)) -> Credentials {
        let mut given = credentials(Algorithm::Sha256, "right", 1_000);
        change(&mut given);
        let ha1 = Ha1::new(Algorithm::Sha256, "201", "desk", "right");
        given.response = response(Algorithm::Sha256, &ha1.hex, "INVITE", &given);
        given
    }

    fn check_for(
        given: &Credentials,
        uri: &str,
        offered: &[Algorithm],
        now_ms: u64,
    ) -> Verification {
        let verifier = Verifier {
            realm: "desk",
            offered,
            nonce_secret: &SECRET,
        };
        let secrets = Ha1::all("201", "desk", "right");
        verifier.verify(given, "INVITE", &uri.parse().unwrap(), &secrets, now_ms)
    }

    fn check(given: &Credentials, now_ms: u64) -> Verification {
        check_for(given, URI, &Algorithm::ALL, now_ms)
    }

    const VALID: Verification = Verification::Valid {
        nonce_made_at: 1_000,
        nonce_count: 1,
    };

    #[test]
    fn the_right_password_is_known_by_either_hash_until_the_nonce_is_old() {
        for algorithm in Algorithm::ALL {
            let given = credentials(algorithm, "right", 1_000);
            assert_eq!(check(&given, 1_000), VALID);
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
        let given = changed(|given| given.nonce = given.nonce.replace("salt", "pepper"));
        assert_eq!(check(&given, 1_000), Verification::Stale);
    }

    #[test]
    fn a_hash_that_was_not_offered_proves_nothing() {
        let given = credentials(Algorithm::Md5, "right", 1_000);
        assert_eq!(check(&given, 1_000), VALID);
        let offered = [Algorithm::Sha256];
        assert_eq!(check_for(&given, URI, &offered, 1_000), Verification::Wrong);
        let given = credentials(Algorithm::Sha256, "right", 1_000);
        assert_eq!(check_for(&given, URI, &offered, 1_000), VALID);
    }

    #[test]
    fn credentials_without_qop_or_count_or_with_auth_int_prove_nothing() {
        assert_eq!(check(&changed(|_| {}), 1_000), VALID);
        let changes: [fn(&mut Credentials); 6] = [
            |given| given.qop = None,
            |given| given.qop = Some("auth-int".to_owned()),
            |given| (given.nc, given.nonce_count) = (String::new(), None),
            |given| (given.nc, given.nonce_count) = ("1".to_owned(), read_nonce_count("1")),
            |given| {
                (given.nc, given.nonce_count) =
                    ("00000000".to_owned(), read_nonce_count("00000000"));
            },
            |given| given.cnonce = String::new(),
        ];
        for change in changes {
            let given = changed(change);
            assert_eq!(check(&given, 1_000), Verification::Wrong, "{given:?}");
        }
    }

    #[test]
    fn credentials_for_another_address_prove_nothing() {
        let given = credentials(Algorithm::Sha256, "right", 1_000);
        for same in [
            URI,
            "sip:5000@DESK:5060",
            "sip:5000@desk;transport=tcp",
            "sip:%35000@desk",
        ] {
            assert_eq!(
                check_for(&given, same, &Algorithm::ALL, 1_000),
                VALID,
                "{same}"
            );
        }
        for other in [
            "sip:5001@desk",
            "sip:5000@elsewhere",
            "sip:5000@desk:5070",
            "sips:5000@desk",
        ] {
            let found = check_for(&given, other, &Algorithm::ALL, 1_000);
            assert_eq!(found, Verification::Wrong, "{other}");
        }
        assert_eq!(
            check(&changed(|given| given.uri = "*".to_owned()), 1_000),
            Verification::Wrong
        );
    }

    #[test]
    fn credentials_that_name_the_host_alone_are_believed() {
        let given = changed(|given| given.uri = "sip:desk:5060".to_owned());
        assert_eq!(check(&given, 1_000), VALID);
    }

    #[test]
    fn the_user_part_of_the_address_means_nothing_in_register() {
        let given = credentials(Algorithm::Sha256, "right", 1_000);
        assert!(given.is_for("REGISTER", &"sip:desk".parse().unwrap()));
        assert!(!given.is_for("REGISTER", &"sip:other".parse().unwrap()));
    }

    #[test]
    fn a_parameter_that_stands_twice_is_malformed() {
        let text = "Digest username=\"a\", realm=\"d\", nonce=\"n\", uri=\"sip:a\", response=\"r\"";
        assert!(Credentials::parse(text).is_ok());
        assert!(Credentials::parse(&format!("{text}, Username=\"b\"")).is_err());
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

    #[test]
    fn empty_elements_of_a_list_are_passed_over() {
        let challenge =
            "Digest ,realm=\"carrier\",, nonce=\"n\" , ,qop=\"auth\",algorithm=SHA-256,";
        let value = answer(&[challenge], &mut ClientState::default(), proof("x")).unwrap();
        let spaced = format!("{},, ,", value.replace(", ", ", ,"));
        assert_eq!(Credentials::parse(&spaced), Credentials::parse(&value));
        assert!(Credentials::parse(&value).is_ok());
        assert!(Challenge::parse("Digest ,,").is_err());
    }

    #[test]
    fn quoted_pairs_are_read_and_written_back() {
        let challenge = r#"Digest realm="a \"b\" \\c\d", nonce="n\"\\", opaque="o\"""#;
        let quoted = Challenge::parse(challenge).unwrap();
        assert_eq!(quoted.realm, r#"a "b" \cd"#);
        assert_eq!(quoted.nonce, r#"n"\"#);
        let user = r#"us"er\"#;
        let proof = Proof {
            user,
            ..proof("right")
        };
        let value = answer(&[challenge], &mut ClientState::default(), proof).unwrap();
        assert!(value.contains(r#"opaque="o\"""#), "{value}");
        let given = Credentials::parse(&value).unwrap();
        assert_eq!(
            (&*given.username, &given.realm, &given.nonce),
            (user, &quoted.realm, &quoted.nonce)
        );
        let ha1 = Ha1::new(Algorithm::Md5, user, &quoted.realm, "right");
        let expected = response(Algorithm::Md5, &ha1.hex, "INVITE", &given);
        assert_eq!(given.response, expected);
    }

    #[test]
    fn each_realm_is_answered_by_the_best_hash_that_it_offers() {
        let challenge = |realm: &str, more: &str| format!("Digest realm=\"{realm}\", {more}");
        let texts = [
            challenge("a", "nonce=\"1\""),
            challenge("b", "nonce=\"2\", algorithm=MD5, stale=TRUE"),
            challenge("a", "nonce=\"3\", algorithm=SHA-256"),
            challenge("c", "nonce=\"4\", algorithm=SHA-512-256"),
        ];
        let best = Challenge::best_of_each_realm(texts.iter().map(String::as_str));
        let nonces: Vec<_> = best
            .iter()
            .map(|challenge| (&*challenge.nonce, challenge.is_stale))
            .collect();
        assert_eq!(nonces, [("3", false), ("2", true)]);
    }

    #[test]
    fn uses_of_nonces_that_take_turns_are_counted_each_on_its_own() {
        let mut state = ClientState::default();
        let mut count = |nonce: &str| {
            let challenge = format!("Digest realm=\"c\", nonce=\"{nonce}\", qop=\"auth\"");
            let value = answer(&[&challenge], &mut state, proof("right")).unwrap();
            Credentials::parse(&value).unwrap().nonce_count
        };
        let turns = ["a", "b", "a", "b", "a"].map(&mut count);
        assert_eq!(turns, [Some(1), Some(1), Some(2), Some(2), Some(3)]);
        for other in 0..NONCES_AT_MOST {
            count(&other.to_string());
        }
        assert_eq!(count("a"), Some(1), "of what is old nothing is kept");
    }

    #[test]
    fn an_answer_tells_whether_its_challenge_was_heard_at_an_address() {
        let here: IpAddr = "192.0.2.1".parse().unwrap();
        let salt = salt_for(here, "chance", &SECRET);
        let heard_at = |salt: &str, address: &str, now_ms| {
            let challenge = challenge(Algorithm::Sha256, "desk", &SECRET, salt, 1_000, false);
            let value = answer(&[&challenge], &mut ClientState::default(), proof("wrong"));
            let given = Credentials::parse(&value.unwrap()).unwrap();
            given.heard_at(address.parse().unwrap(), &SECRET, now_ms)
        };
        assert!(heard_at(&salt, "192.0.2.1", 1_000));
        assert!(heard_at(&salt, "::ffff:192.0.2.1", 1_000));
        assert!(!heard_at(&salt, "192.0.2.2", 1_000));
        assert!(!heard_at("chance", "192.0.2.1", 1_000));
        assert!(!heard_at(&salt, "192.0.2.1", 1_000 + NONCE_LIFETIME_MS));
        let forged = changed(|given| given.nonce = format!("3e8-{salt}-0"));
        assert!(!forged.heard_at(here, &SECRET, 1_000));
    }

    #[test]
    fn a_challenge_with_line_ends_is_not_answered() {
        let proof = Proof {
            method: "INVITE",
            uri: "sip:desk",
            user: "201",
            password: "secret",
            cnonce: "c",
        };
        for end in ["\r", "\n", "\r\nX-Own: 1"] {
            let challenge = format!("Digest realm=\"a{end}\", nonce=\"b\"");
            let mut state = ClientState::default();
            assert_eq!(answer(&[&challenge], &mut state, proof), None, "{end:?}");
        }
    }
}
