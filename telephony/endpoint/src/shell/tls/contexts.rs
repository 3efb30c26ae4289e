//! What connections are encrypted with, made of the files of the settings.

use std::sync::Arc;

use madoguchi_sip::uri::Host;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ServerConfig};

use super::settings::{
    CertificateError, CertificateSettings, TrunkCertificates, read_pair, unusable,
};
use super::verify::{Callers, Identity, Server};

/// Everything that connections may need.
#[derive(Debug)]
pub(in crate::shell) struct Contexts {
    server: Option<Arc<ServerConfig>>,
    trunks: Vec<TrunkContext>,
    callers: Arc<Callers>,
}

/// What a trunk is connected to with.
#[derive(Debug)]
pub(in crate::shell) struct TrunkContext {
    name: String,
    proof: u64,
    server_name: ServerName<'static>,
    config: Arc<ClientConfig>,
}

impl Contexts {
    /// Reads all files.
    pub(super) fn load(settings: &CertificateSettings) -> Result<Self, CertificateError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let (mut trunks, mut callers) = (Vec::new(), Vec::new());
        for trunk in &settings.trunks {
            let identity = Identity {
                proof: trunk.proof,
                domains: trunk.domains.clone(),
                roots: Arc::new(trunk.roots()?),
            };
            if let Some(server_name) = trunk.domains.first().and_then(server_name) {
                let config = client(trunk, server_name, identity.clone(), &provider)?;
                trunks.push(config);
            }
            if trunk.must_prove {
                callers.push(identity);
            }
        }
        let callers = Arc::new(Callers::new(callers, provider.clone()));
        let server = server(settings, &callers, &provider)?;
        Ok(Self {
            server,
            trunks,
            callers,
        })
    }

    /// For whoever connects to us.
    pub(in crate::shell) fn server(&self) -> Option<Arc<ServerConfig>> {
        self.server.clone()
    }

    /// For connecting to whoever proves this.
    pub(in crate::shell) fn trunk(&self, proof: u64) -> Option<&TrunkContext> {
        self.trunks.iter().find(|trunk| trunk.proof == proof)
    }

    /// Which trunk has connected to us and shows these certificates, its own first.
    pub(in crate::shell) fn proven_by(&self, shown: &[CertificateDer<'_>]) -> Option<u64> {
        let (own, others) = shown.split_first()?;
        self.callers.proven_by(own, others, UnixTime::now()).ok()
    }
}

impl TrunkContext {
    pub(in crate::shell) fn name(&self) -> &str {
        &self.name
    }

    pub(in crate::shell) fn client(&self) -> (Arc<ClientConfig>, ServerName<'static>) {
        (self.config.clone(), self.server_name.clone())
    }
}

fn server(
    settings: &CertificateSettings,
    callers: &Arc<Callers>,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<ServerConfig>>, CertificateError> {
    let Some(files) = &settings.own else {
        return Ok(None);
    };
    let (chain, key) = read_pair(files)?;
    let builder = ServerConfig::builder_with_provider(provider.clone());
    let builder = builder.with_safe_default_protocol_versions()?;
    let builder = if callers.is_empty() {
        builder.with_no_client_auth()
    } else {
        builder.with_client_cert_verifier(callers.clone())
    };
    let config = builder.with_single_cert(chain, key);
    Ok(Some(Arc::new(
        config.map_err(|error| unusable(files, error))?,
    )))
}

fn client(
    trunk: &TrunkCertificates,
    server_name: ServerName<'static>,
    identity: Identity,
    provider: &Arc<CryptoProvider>,
) -> Result<TrunkContext, CertificateError> {
    let builder = ClientConfig::builder_with_provider(provider.clone());
    let builder = builder
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Server::new(identity, provider.clone())));
    let config = match &trunk.own {
        Some(files) => {
            let (chain, key) = read_pair(files)?;
            let config = builder.with_client_auth_cert(chain, key);
            config.map_err(|error| unusable(files, error))?
        }
        None => builder.with_no_client_auth(),
    };
    Ok(TrunkContext {
        name: trunk.name.clone(),
        proof: trunk.proof,
        server_name,
        config: Arc::new(config),
    })
}

/// The name that a server is asked for.
fn server_name(host: &Host) -> Option<ServerName<'static>> {
    match host {
        Host::Name(name) => ServerName::try_from(name.clone()).ok(),
        Host::V4(ip) => Some(ServerName::from(std::net::IpAddr::from(*ip))),
        Host::V6(ip) => Some(ServerName::from(std::net::IpAddr::from(*ip))),
    }
}
