//! Whether certificates prove what they must: the server of a trunk that we connect to, and the
//! trunks that connect to us.

use std::sync::Arc;

use madoguchi_sip::uri::Host;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};

use super::domain::is_for;

/// Who a trunk is, and who vouches for it.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) proof: u64,
    pub(super) domains: Vec<Host>,
    pub(super) roots: Arc<RootCertStore>,
}

impl Identity {
    fn check_domain(&self, certificate: &CertificateDer<'_>) -> Result<(), Error> {
        let mut domains = self.domains.iter();
        if domains.any(|domain| is_for(certificate, domain)) {
            Ok(())
        } else {
            Err(CertificateError::NotValidForName.into())
        }
    }

    /// As the certificate of a server.
    fn check_server(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
        provider: &CryptoProvider,
    ) -> Result<(), Error> {
        let parsed = ParsedCertificate::try_from(own)?;
        let algorithms = provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, others, now, algorithms)?;
        self.check_domain(own)
    }

    /// As the certificate of a caller. RFC 5922 knows no difference, and many authorities give
    /// certificates for servers only: they do, too.
    fn check_caller(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
        provider: &Arc<CryptoProvider>,
    ) -> Result<(), Error> {
        let Err(as_server) = self.check_server(own, others, now, provider) else {
            return Ok(());
        };
        let verifier =
            WebPkiClientVerifier::builder_with_provider(self.roots.clone(), provider.clone());
        let verifier = verifier.build().map_err(|_| as_server.clone())?;
        verifier
            .verify_client_cert(own, others, now)
            .map_err(|_| as_server)?;
        self.check_domain(own)
    }
}

/// Looks at the server of a trunk.
#[derive(Debug)]
pub(super) struct Server {
    identity: Identity,
    provider: Arc<CryptoProvider>,
}

impl Server {
    pub(super) fn new(identity: Identity, provider: Arc<CryptoProvider>) -> Self {
        Self { identity, provider }
    }
}

impl ServerCertVerifier for Server {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let checked = self
            .identity
            .check_server(end_entity, intermediates, now, &self.provider);
        checked.map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// The trunks that prove by a certificate who they are when they connect to us. Phones show none.
#[derive(Debug)]
pub(super) struct Callers {
    identities: Vec<Identity>,
    authorities: Vec<DistinguishedName>,
    provider: Arc<CryptoProvider>,
}

impl Callers {
    pub(super) fn new(identities: Vec<Identity>, provider: Arc<CryptoProvider>) -> Self {
        let roots = identities.iter();
        let authorities = roots.flat_map(|identity| identity.roots.subjects());
        Self {
            authorities: authorities.collect(),
            identities,
            provider,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// Which of them shows these certificates; otherwise, why none of them.
    pub(super) fn proven_by(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<u64, Error> {
        let mut why = Error::from(CertificateError::UnknownIssuer);
        for identity in &self.identities {
            match identity.check_caller(own, others, now, &self.provider) {
                Ok(()) => return Ok(identity.proof),
                Err(error) => why = error,
            }
        }
        Err(why)
    }
}

impl ClientCertVerifier for Callers {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.authorities
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let proven = self.proven_by(end_entity, intermediates, now);
        proven.map(|_| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
