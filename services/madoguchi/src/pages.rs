//! Serves the pages, over TLS if there is a certificate; renewed certificates are taken up while
//! it runs.

mod connection;
mod door;
mod ledger;
mod traffic;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use axum::Router;
use axum_server::tls_rustls::RustlsConfig;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use self::door::Door;
use self::ledger::Limits;
use crate::config::WebConfig;
use crate::descriptors::Budget;

/// TLS handshakes under way; the oldest makes room for another.
const HANDSHAKES_AT_ONCE: usize = 256;

/// When it is looked whether the certificate was renewed.
#[derive(Debug)]
pub(crate) struct Renewal {
    /// So often.
    pub(crate) every: Duration,
    /// And whenever somebody asks for it.
    pub(crate) asked: Arc<Notify>,
}

/// Serves until the task is aborted; looks so often whether the certificate was renewed.
pub(crate) async fn serve(
    listener: TcpListener,
    config: &WebConfig,
    budget: &Budget,
    router: Router,
    renewal: Renewal,
) -> anyhow::Result<JoinHandle<()>> {
    let (files, tls) = match files(config) {
        Some(files) => {
            let tls = files.load().await?;
            (Some(files), Some(tls))
        }
        None => (None, None),
    };
    let door = Door::new(
        limits(config, budget),
        config.trusted_proxies.clone(),
        tls.clone(),
        router,
    );
    Ok(tokio::spawn(async move {
        let renewing = async {
            match (tls, files) {
                (Some(tls), Some(files)) => renew(tls, files, renewal).await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            () = door.serve(listener) => {}
            () = renewing => {}
        }
    }))
}

/// What the settings allow, within what the telephones leave.
fn limits(config: &WebConfig, budget: &Budget) -> Limits {
    let at_most = u64::from(config.connections_at_most).min(budget.web_connections);
    let in_all = usize::try_from(at_most).unwrap_or(usize::MAX);
    let per_address = usize::try_from(config.connections_per_address).unwrap_or(usize::MAX);
    Limits {
        in_all,
        per_address: per_address.min(in_all),
        handshakes: HANDSHAKES_AT_ONCE.min(in_all),
    }
}

/// The certificate of the pages, if there is one.
pub(crate) async fn tls(config: &WebConfig) -> anyhow::Result<Option<RustlsConfig>> {
    match files(config) {
        Some(files) => Ok(Some(files.load().await?)),
        None => Ok(None),
    }
}

fn files(config: &WebConfig) -> Option<Files> {
    Some(Files {
        certificate: config.certificate.clone()?,
        key: config.certificate_key.clone()?,
    })
}

struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    async fn load(&self) -> anyhow::Result<RustlsConfig> {
        // Another part of the program may have chosen already.
        let _chosen = rustls::crypto::ring::default_provider().install_default();
        let loaded = RustlsConfig::from_pem_file(&self.certificate, &self.key).await;
        loaded.with_context(|| {
            format!(
                "証明書 {} か秘密鍵 {} を読めません",
                self.certificate.display(),
                self.key.display()
            )
        })
    }

    fn changed_at(&self) -> (Option<SystemTime>, Option<SystemTime>) {
        let at = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
        (at(&self.certificate), at(&self.key))
    }
}

/// Takes up renewed files. What cannot be read leaves the certificate as it is.
async fn renew(tls: RustlsConfig, files: Files, renewal: Renewal) {
    let mut seen = files.changed_at();
    loop {
        tokio::select! {
            () = tokio::time::sleep(renewal.every) => {}
            () = renewal.asked.notified() => {}
        }
        let found = files.changed_at();
        if found == seen {
            continue;
        }
        match tls
            .reload_from_pem_file(&files.certificate, &files.key)
            .await
        {
            Ok(()) => {
                tracing::info!("the renewed certificate is in use");
                seen = found;
            }
            Err(error) => tracing::error!(%error, "the renewed certificate cannot be read"),
        }
    }
}
