//! TLS of the signalling: certificates, whom they prove to be, and the thread that encrypts.
//!
//! Handshakes cost much more than messages, and strangers may begin as many as they like: a thread of
//! their own does them, so that calls in clear text are not delayed.

mod contexts;
mod domain;
mod settings;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;

pub(super) use self::contexts::{Contexts, TrunkContext};
pub use self::settings::CertificateError;
pub(super) use self::settings::CertificateSettings;

/// How often it is looked whether files were renewed.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// The certificates that are in force, and the way to the thread of encrypted connections.
pub(super) struct Certificates {
    contexts: watch::Receiver<Arc<Contexts>>,
    wanted: watch::Sender<CertificateSettings>,
    thread: Handle,
}

/// The thread of encrypted connections, which end with it. Its tasks hold [`Certificates`], and so
/// never this.
pub(super) struct EncryptionThread(Option<Runtime>);

impl Certificates {
    /// Reads the files of these settings; from then on they are read again when they were renewed.
    pub(super) fn start(
        settings: CertificateSettings,
    ) -> Result<(Self, EncryptionThread), CertificateError> {
        let files = settings.changed_at();
        let (in_force, contexts) = watch::channel(Arc::new(Contexts::load(&settings)?));
        let (wanted, asked) = watch::channel(settings);
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("sip-tls")
            .enable_all()
            .build()
            .map_err(CertificateError::Thread)?;
        runtime.spawn(renew(asked, files, in_force));
        let certificates = Self {
            contexts,
            wanted,
            thread: runtime.handle().clone(),
        };
        Ok((certificates, EncryptionThread(Some(runtime))))
    }

    /// What is in force now; connections that stand keep what they began with.
    pub(super) fn current(&self) -> Arc<Contexts> {
        self.contexts.borrow().clone()
    }

    /// What is in force as soon as it knows the trunk that proves this: its settings may be new.
    pub(super) async fn with_trunk(&self, proof: u64) -> Option<Arc<Contexts>> {
        let mut contexts = self.contexts.clone();
        let knows = |contexts: &Arc<Contexts>| contexts.trunk(proof).is_some();
        let found = contexts.wait_for(knows).await.ok()?;
        Some(found.clone())
    }

    /// New settings; they are in force as soon as their files are read.
    pub(super) fn set(&self, settings: CertificateSettings) {
        self.wanted.send_replace(settings);
    }

    /// Looks now whether files were renewed.
    pub(super) fn look(&self) {
        self.wanted.send_modify(|_| {});
    }

    /// Runs something on the thread of encrypted connections.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.thread.spawn(task);
    }
}

impl Drop for EncryptionThread {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Nobody waits for connections that are quiet.
            runtime.shutdown_background();
        }
    }
}

/// Takes up renewed files and new settings. What cannot be read leaves everything as it is.
async fn renew(
    mut asked: watch::Receiver<CertificateSettings>,
    mut files: settings::ChangedAt,
    contexts: watch::Sender<Arc<Contexts>>,
) {
    let mut in_force = asked.borrow().clone();
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            changed = asked.changed() => if changed.is_err() { return },
        }
        let wanted = asked.borrow_and_update().clone();
        let before = (in_force.clone(), files.clone());
        let read = tokio::task::spawn_blocking(move || read_if_new(wanted, before)).await;
        match read {
            Ok(Ok(None)) => {}
            Ok(Ok(Some((settings, found, read)))) => {
                tracing::info!("the certificates of SIP were read anew");
                contexts.send_replace(Arc::new(read));
                (in_force, files) = (settings, found);
            }
            Ok(Err(error)) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(%error, cause, "the certificates of SIP stay as they were");
            }
            Err(error) => tracing::error!(%error, "reading the certificates of SIP has failed"),
        }
    }
}

type Renewed = (CertificateSettings, settings::ChangedAt, Contexts);

fn read_if_new(
    wanted: CertificateSettings,
    before: (CertificateSettings, settings::ChangedAt),
) -> Result<Option<Renewed>, CertificateError> {
    let found = wanted.changed_at();
    let (in_force, files) = before;
    if wanted == in_force && found == files {
        return Ok(None);
    }
    let contexts = Contexts::load(&wanted)?;
    Ok(Some((wanted, found, contexts)))
}

/// Whether the certificates of these settings can be used: what [`Certificates::start`] would say.
pub fn check_certificates(
    settings: &crate::settings::EndpointSettings,
) -> Result<(), CertificateError> {
    Contexts::load(&CertificateSettings::of(settings)).map(|_| ())
}
