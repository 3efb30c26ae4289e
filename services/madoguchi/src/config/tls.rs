//! What the settings say of encrypted signalling.

use madoguchi_core::setup::TrunkConfig;
use madoguchi_endpoint::settings::{CertificateFiles, Transport, TrunkTls};
use madoguchi_endpoint::shell::check_certificates;
use madoguchi_sip::uri::{Host, Uri};

use super::meaning::read_listen;
use super::{Config, ConfigError};

impl Config {
    /// What is shown to whoever connects by TLS. It is there if TLS is heard.
    pub(super) fn sip_certificate(&self) -> Result<Option<CertificateFiles>, ConfigError> {
        let sip = &self.sip;
        match (&sip.certificate, &sip.certificate_key) {
            (Some(certificate), Some(key)) => Ok(Some(CertificateFiles {
                certificate: certificate.clone(),
                key: key.clone(),
            })),
            (None, None) if self.hears_tls() => Err(ConfigError::value(
                "sip.certificate",
                "tls:// で待ち受けるには、sip.certificate と sip.certificate_key を書いてください",
            )),
            (None, None) => Ok(None),
            _ => Err(ConfigError::value(
                "sip.certificate",
                "sip.certificate と sip.certificate_key は、両方を書いてください",
            )),
        }
    }

    /// Why the files of certificates of SIP cannot be used, if they cannot.
    pub fn certificate_fault(&self) -> Option<String> {
        let settings = self.endpoint_settings([0; 32]).ok()?;
        let error = check_certificates(&settings).err()?;
        Some(format!("{:#}", anyhow::Error::from(error)))
    }

    /// Whether SIP is heard over TLS.
    fn hears_tls(&self) -> bool {
        let listen = self.sip.listen.iter();
        let mut listen = listen.filter_map(|text| read_listen(text).ok());
        listen.any(|listen| listen.transport == Transport::Tls)
    }

    /// Whoever is called by TLS calls back by TLS.
    pub(super) fn check_encrypted(&self, text: &str) -> Result<(), String> {
        if !is_encrypted(text) || self.hears_tls() {
            return Ok(());
        }
        Err(
            "TLS で通信する外線があるときは、sip.listen に tls://0.0.0.0:5061 を加えてください"
                .to_owned(),
        )
    }
}

/// How a trunk and we prove to each other who we are.
pub(super) fn of_trunk(trunk: &TrunkConfig) -> Result<TrunkTls, String> {
    let Some(tls) = &trunk.tls else {
        return Ok(TrunkTls::default());
    };
    let domain = tls.domain.as_ref().map(|text| {
        let wrong = |_| format!("「{text}」はドメイン名ではありません");
        text.parse::<Host>().map_err(wrong)
    });
    let certificate = tls.certificate.clone().zip(tls.certificate_key.clone());
    Ok(TrunkTls {
        authority: tls.ca.clone(),
        domain: domain.transpose()?,
        certificate: certificate.map(|(certificate, key)| CertificateFiles { certificate, key }),
        must_prove: tls.require_certificate,
    })
}

/// A phone has no certificate by which we would know it: it connects to us.
pub(super) fn check_contact(text: &str) -> Result<(), String> {
    if !is_encrypted(text) {
        return Ok(());
    }
    Err(
        "TLS の電話機には、こちらから接続できません。contact を外し、電話機から登録してください"
            .to_owned(),
    )
}

fn is_encrypted(text: &str) -> bool {
    text.parse().is_ok_and(|uri: Uri| uri.wants_encryption())
}
