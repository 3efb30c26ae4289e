//! What the endpoint must know of the world around it: addresses, trunks, phones, time-outs.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use madoguchi_core::id::{AgentId, LineName};
use madoguchi_core::setup::{DialledSource, IdentityHeader, OutboundPrivacy};
use madoguchi_core::time::Millis;
use madoguchi_sip::digest::{Algorithm, Ha1};
use madoguchi_sip::sdp::Encryption;
use madoguchi_sip::uri::{Host, Uri};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The endpoint's settings.
#[derive(Debug, Clone)]
pub struct EndpointSettings {
    /// Addresses on which SIP is heard.
    pub listen: Vec<Listen>,
    /// What the desk shows to whoever connects by TLS.
    pub certificate: Option<CertificateFiles>,
    /// The mark of SIP for routers on the way (RFC 2474: 0 to 63).
    pub dscp: u8,
    /// The address written into Via, Contact and SDP instead of the local one (behind NAT).
    pub public_address: Option<IpAddr>,
    /// The realm of the digest challenges.
    pub realm: String,
    /// The hashes offered in challenges, the preferred one first. Old phones fail on a challenge
    /// with a hash that they do not know, even beside one that they do.
    pub digest_algorithms: Vec<Algorithm>,
    /// The secret from which nonces are made. Drawn at start, never stored.
    pub nonce_secret: [u8; 32],
    /// How long a registration may last; longer wishes are shortened to this.
    pub max_expires_secs: u32,
    /// Shorter wishes are refused with 423.
    pub min_expires_secs: u32,
    /// RFC 4028: the session interval asked for; zero turns the session timer off.
    pub session_expires_secs: u32,
    /// RFC 4028: the smallest interval accepted (422 below).
    pub min_se_secs: u32,
    /// How often contacts and trunks are probed with OPTIONS; zero never.
    pub keep_alive: Millis,
    /// How long the far end of a dialled call may ring.
    pub dial_timeout: Millis,
    /// Requests of unknown origin that one address may send a minute before it is ignored.
    pub unknown_requests_per_minute: u32,
    /// TCP and TLS connections at once. When they are used up, the stranger that has been silent for
    /// longest goes.
    pub tcp_connections: usize,
    /// Lines and the numbers by which they are dialled.
    pub lines: Vec<LineNumbers>,
    /// Phones of agents.
    pub phones: Vec<Phone>,
    /// Trunks to carriers.
    pub trunks: Vec<Trunk>,
    /// Voice of phones may come from another address than they name, as long as it is that of
    /// their signalling (RFC 4961): for phones behind NAT.
    pub phones_symmetric_rtp: bool,
    /// Whether voice of phones is encrypted.
    pub phones_encryption: Encryption,
    /// Keys of voice are told in signalling that is not encrypted, too.
    pub keys_in_clear: bool,
    /// Numbers that a phone dials to set its agent's state.
    pub feature_codes: FeatureCodes,
}

/// One listening address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    /// UDP, TCP or TLS.
    pub transport: Transport,
    pub addr: SocketAddr,
}

/// The transports that the endpoint speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// RFC 3261 18, datagrams.
    Udp,
    /// RFC 3261 18, streams.
    Tcp,
    /// RFC 3261 26.2.1, encrypted streams.
    Tls,
}

/// A certificate with those that lead to it, and its private key, as PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// A line and its numbers.
#[derive(Debug, Clone)]
pub struct LineNumbers {
    pub line: LineName,
    /// User parts of the Request-URI by which it is dialled, in any common way of writing.
    pub numbers: Vec<String>,
    /// The number shown on outbound calls of this line; the first of `numbers` if none is given.
    pub shown: Option<String>,
    /// The trunk for outbound calls; the first trunk if none is given.
    pub trunk: Option<String>,
}

/// The phone of an agent.
#[derive(Debug, Clone)]
pub struct Phone {
    pub agent: AgentId,
    /// The extension: user part of its address and digest user name.
    pub extension: String,
    /// Digest secrets, one for each algorithm offered. Empty: the phone cannot register.
    pub secrets: Vec<Ha1>,
    /// Contacts that need no registration, as SIP URIs.
    pub fixed_contacts: Vec<String>,
    /// The line whose number is shown when the agent dials out.
    pub line: Option<LineName>,
}

/// A trunk to a carrier or another exchange.
#[derive(Debug, Clone)]
pub struct Trunk {
    /// Its name in settings and logs.
    pub name: String,
    /// Source addresses by which it is recognised, with a port or for any port.
    pub sources: Vec<TrunkSource>,
    /// Digest user and secrets by which it is recognised instead of (or beside) its address.
    pub inbound_auth: Option<TrunkAuth>,
    /// Where outbound calls go, as a SIP URI (`sip:carrier.example:5060;transport=tcp`).
    pub outbound: Option<String>,
    /// Credentials for the carrier's challenges.
    pub credentials: Option<Credentials>,
    /// Register there, so that the carrier finds us.
    pub register: Option<TrunkRegistration>,
    /// The most simultaneous outbound calls; 0 for no limit.
    pub max_outbound: u32,
    /// Where its requests name the number that was dialled; the first that does counts.
    pub dialled_from: Vec<DialledSource>,
    /// Its P-Asserted-Identity is believed (RFC 3325).
    pub trust_asserted_identity: bool,
    /// The user in From of outbound calls; the number shown if none is given.
    pub from_user: Option<String>,
    /// The domain in From of outbound calls; that of the address of record, or our address, if
    /// none is given.
    pub from_domain: Option<Host>,
    /// Where the number shown stands beside From.
    pub identity_header: IdentityHeader,
    /// What Privacy says on outbound calls.
    pub privacy: OutboundPrivacy,
    /// What is dialled before a number.
    pub dial_prefix: String,
    /// The port of ours from which datagrams to it go out; the first that fits if none is given.
    pub source_port: Option<u16>,
    /// Its voice may come from another address than it names, as long as it is that of its
    /// signalling (RFC 4961).
    pub symmetric_rtp: bool,
    /// Whether its voice is encrypted.
    pub encryption: Encryption,
    /// How it proves by a certificate who it is, and we to it.
    pub tls: TrunkTls,
}

/// How a trunk and we prove to each other who we are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrunkTls {
    /// Who vouches for it, as a PEM file; whom the machine trusts if none is given.
    pub authority: Option<PathBuf>,
    /// The domain that its certificate must be for (RFC 5922); the hosts of its URIs if none is given.
    pub domain: Option<Host>,
    /// What we show it; nothing if none is given.
    pub certificate: Option<CertificateFiles>,
    /// Only whoever proves by a certificate to be the trunk is taken for it.
    pub must_prove: bool,
}

impl Trunk {
    /// The domains that its certificate may be for, the one that is called for first.
    pub fn domains(&self) -> Vec<Host> {
        if let Some(domain) = &self.tls.domain {
            return vec![domain.clone()];
        }
        let registrar = self.register.as_ref().map(|register| &register.registrar);
        let uris = self.outbound.iter().chain(registrar);
        let mut domains = Vec::new();
        for uri in uris.filter_map(|text| text.parse::<Uri>().ok()) {
            if !domains.contains(&uri.host) {
                domains.push(uri.host);
            }
        }
        domains
    }

    /// What stands for "the peer has proven to be this trunk" in a flow ([`Way::Tls`]): the same for
    /// as long as its name and the domains of its certificate are.
    ///
    /// [`Way::Tls`]: madoguchi_sip::transaction::Way::Tls
    pub fn proof(&self) -> u64 {
        let mut hash = Sha256::new();
        hash.update(&self.name);
        for domain in self.domains() {
            hash.update([0]);
            hash.update(domain.to_string().to_ascii_lowercase());
        }
        let hash = hash.finalize();
        hash.iter()
            .take(8)
            .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
    }

    /// A trunk that nothing is known of but its name.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            sources: Vec::new(),
            inbound_auth: None,
            outbound: None,
            credentials: None,
            register: None,
            max_outbound: 0,
            dialled_from: DialledSource::DEFAULT.to_vec(),
            trust_asserted_identity: true,
            from_user: None,
            from_domain: None,
            identity_header: IdentityHeader::default(),
            privacy: OutboundPrivacy::default(),
            dial_prefix: String::new(),
            source_port: None,
            symmetric_rtp: false,
            encryption: Encryption::Off,
            tls: TrunkTls::default(),
        }
    }
}

/// A source address of a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrunkSource {
    /// The network.
    pub net: IpNet,
    /// The port; any if none is given.
    pub port: Option<u16>,
}

/// Recognises a trunk by digest.
#[derive(Debug, Clone)]
pub struct TrunkAuth {
    /// The user name.
    pub user: String,
    /// Its secrets, one for each algorithm offered.
    pub secrets: Vec<Ha1>,
}

/// A user name and password for a carrier.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// A registration with a carrier.
#[derive(Debug, Clone)]
pub struct TrunkRegistration {
    /// The address of record, as a SIP URI.
    pub aor: String,
    /// The registrar, as a SIP URI.
    pub registrar: String,
    /// The interval asked for, in seconds.
    pub expires_secs: u32,
}

/// Numbers that set an agent's state, or take a call.
#[derive(Debug, Clone)]
pub struct FeatureCodes {
    /// 受付可 (also logs in and ends 後処理).
    pub ready: String,
    /// 離席
    pub away: String,
    /// ログアウト
    pub log_out: String,
    /// Takes the call that rings elsewhere, or waits (call pick-up).
    pub pick_up: String,
    /// As the target of a transfer leaves the caller for whoever fetches them; dialled, it fetches the first one
    /// (call park).
    pub park: String,
}
