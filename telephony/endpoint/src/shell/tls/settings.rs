//! Which files TLS needs, and what may be wrong with them.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use madoguchi_sip::uri::{Host, Uri};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::settings::{CertificateFiles, EndpointSettings, Trunk};

/// What certificates are needed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::shell) struct CertificateSettings {
    /// What is shown to whoever connects.
    pub(super) own: Option<CertificateFiles>,
    /// The trunks that TLS is spoken with.
    pub(super) trunks: Vec<TrunkCertificates>,
}

/// The same of one trunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TrunkCertificates {
    pub(super) name: String,
    pub(super) proof: u64,
    pub(super) domains: Vec<Host>,
    pub(super) authority: Option<PathBuf>,
    /// What is shown to it.
    pub(super) own: Option<CertificateFiles>,
    /// It proves itself when it connects to us.
    pub(super) must_prove: bool,
}

/// When the files were written last.
pub(super) type ChangedAt = Vec<Option<SystemTime>>;

/// What is wrong with certificates.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("証明書のファイル {path} を読めません")]
    Read {
        path: PathBuf,
        source: rustls::pki_types::pem::Error,
    },
    #[error("{path} に証明書がありません")]
    Empty { path: PathBuf },
    #[error("証明書 {certificate} と秘密鍵 {key} を使えません")]
    Unusable {
        certificate: PathBuf,
        key: PathBuf,
        source: rustls::Error,
    },
    #[error(
        "この機械が信頼する認証局を読めません。外線「{trunk}」の tls.ca に認証局の証明書を指定してください"
    )]
    NoAuthorities { trunk: String },
    #[error("暗号化の準備ができません")]
    Tls(#[from] rustls::Error),
    #[error("暗号化した接続の処理を開始できません")]
    Thread(#[source] io::Error),
}

impl CertificateSettings {
    pub(in crate::shell) fn of(settings: &EndpointSettings) -> Self {
        let trunks = settings.trunks.iter().filter(|trunk| speaks_tls(trunk));
        Self {
            own: settings.certificate.clone(),
            trunks: trunks.map(TrunkCertificates::of).collect(),
        }
    }

    pub(super) fn changed_at(&self) -> ChangedAt {
        let own = self.own.iter();
        let own = own.chain(self.trunks.iter().filter_map(|trunk| trunk.own.as_ref()));
        let pairs = own.flat_map(|files| [&files.certificate, &files.key]);
        let authorities = self
            .trunks
            .iter()
            .filter_map(|trunk| trunk.authority.as_ref());
        let at = |path: &PathBuf| path.metadata().and_then(|file| file.modified()).ok();
        pairs.chain(authorities).map(at).collect()
    }
}

impl TrunkCertificates {
    fn of(trunk: &Trunk) -> Self {
        Self {
            name: trunk.name.clone(),
            proof: trunk.proof(),
            domains: trunk.domains(),
            authority: trunk.tls.authority.clone(),
            own: trunk.tls.certificate.clone(),
            must_prove: trunk.tls.must_prove,
        }
    }

    /// Who vouches for the trunk.
    pub(super) fn roots(&self) -> Result<RootCertStore, CertificateError> {
        let mut roots = RootCertStore::empty();
        let Some(path) = &self.authority else {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                let trunk = self.name.clone();
                return Err(CertificateError::NoAuthorities { trunk });
            }
            return Ok(roots);
        };
        for certificate in read_certificates(path)? {
            roots.add(certificate)?;
        }
        Ok(roots)
    }
}

/// Whether a trunk is connected to by TLS, or proves itself by it.
fn speaks_tls(trunk: &Trunk) -> bool {
    let registrar = trunk.register.as_ref().map(|register| &register.registrar);
    let mut uris = trunk.outbound.iter().chain(registrar);
    let is_tls = |uri: Uri| uri.wants_encryption();
    trunk.tls.must_prove || uris.any(|text| text.parse().is_ok_and(is_tls))
}

/// All certificates of a PEM file; there is one at the least.
pub(super) fn read_certificates(
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let unreadable = |source| CertificateError::Read {
        path: path.to_owned(),
        source,
    };
    let found = CertificateDer::pem_file_iter(path).map_err(unreadable)?;
    let found: Vec<_> = found.collect::<Result<_, _>>().map_err(unreadable)?;
    if found.is_empty() {
        return Err(CertificateError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(found)
}

/// A certificate with those that lead to it, and its key.
pub(super) fn read_pair(
    files: &CertificateFiles,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), CertificateError> {
    let key = PrivateKeyDer::from_pem_file(&files.key);
    let key = key.map_err(|source| CertificateError::Read {
        path: files.key.clone(),
        source,
    })?;
    Ok((read_certificates(&files.certificate)?, key))
}

/// What TLS says of a pair.
pub(super) fn unusable(files: &CertificateFiles, source: rustls::Error) -> CertificateError {
    CertificateError::Unusable {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
        source,
    }
}
