//! Certificates that nobody knows but the test.

use std::path::Path;

use anyhow::Context;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// A certificate for this machine, its key, and whose word vouches for it, as PEM.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The certificate.
    pub pem: String,
    /// Its private key.
    pub key: String,
    pub authority: String,
}

impl Certificate {
    /// A certificate that vouches for itself.
    pub fn self_signed() -> anyhow::Result<Self> {
        let key = KeyPair::generate()?;
        let pem = here()?.self_signed(&key)?.pem();
        Ok(Self {
            authority: pem.clone(),
            pem,
            key: key.serialize_pem(),
        })
    }

    /// A certificate of an authority of its own.
    pub fn of_private_authority() -> anyhow::Result<Self> {
        let authority_key = KeyPair::generate()?;
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = authority.self_signed(&authority_key)?.pem();
        let key = KeyPair::generate()?;
        let issuer = Issuer::new(authority, authority_key);
        Ok(Self {
            pem: here()?.signed_by(&key, &issuer)?.pem(),
            key: key.serialize_pem(),
            authority: root,
        })
    }

    /// Writes `desk.crt` and `desk.key` into a folder.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::write(folder.join("desk.crt"), &self.pem).context("desk.crt")?;
        std::fs::write(folder.join("desk.key"), &self.key).context("desk.key")
    }
}

fn here() -> anyhow::Result<CertificateParams> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    Ok(CertificateParams::new(names)?)
}
