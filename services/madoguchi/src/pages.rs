//! Serves the pages, over TLS if there is a certificate; renewed certificates are taken up while
//! it runs.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use axum::Router;
use axum_server::tls_rustls::RustlsConfig;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::config::WebConfig;

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
    router: Router,
    renewal: Renewal,
) -> anyhow::Result<JoinHandle<()>> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let (Some(certificate), Some(key)) = (&config.certificate, &config.certificate_key) else {
        return Ok(tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, service).await {
                tracing::error!(%error, "the pages are not served any more");
            }
        }));
    };
    let files = Files {
        certificate: certificate.clone(),
        key: key.clone(),
    };
    // Another part of the program may have chosen already.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    let tls = RustlsConfig::from_pem_file(&files.certificate, &files.key)
        .await
        .with_context(|| {
            format!(
                "証明書 {} か秘密鍵 {} を読めません",
                files.certificate.display(),
                files.key.display()
            )
        })?;
    let server = axum_server::from_tcp_rustls(listener.into_std()?, tls.clone())?;
    Ok(tokio::spawn(async move {
        tokio::select! {
            served = server.serve(service) => if let Err(error) = served {
                tracing::error!(%error, "the pages are not served any more");
            },
            () = renew(tls, files, renewal) => {}
        }
    }))
}

struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
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
