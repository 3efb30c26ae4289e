//! The running desk, and how it is stopped: the order in which the rooms are closed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use madoguchi_core::id::{NodeName, RunId};
use madoguchi_endpoint::settings::Listen;
use madoguchi_endpoint::shell::Endpoint;
use madoguchi_store::Store;
use madoguchi_store::delivery::Delivery;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::live::LiveDesk;
use crate::nodes;
use crate::scheduler::Scheduler;

/// How long a stop waits for the last records of what agents asked for by telephone.
const PRESENCE_WITHIN: Duration = Duration::from_secs(5);

/// A running desk.
#[derive(Debug)]
pub struct Running {
    pub(super) endpoint: Endpoint,
    pub(super) web: SocketAddr,
    pub(super) web_task: JoinHandle<()>,
    pub(super) live: Arc<LiveDesk>,
    pub(super) store: Store,
    pub(super) delivery: Delivery,
    pub(super) writer: std::thread::JoinHandle<()>,
    pub(super) presence: JoinHandle<()>,
    /// Keeps what is signalled for calls.
    pub(super) signals: JoinHandle<()>,
    pub(super) scheduler: Scheduler,
    pub(super) watching: JoinHandle<()>,
    pub(super) nodes: JoinHandle<()>,
    pub(super) node: NodeName,
    pub(super) run: RunId,
    pub(super) certificates: Arc<Notify>,
    pub(super) config_file: Option<PathBuf>,
    pub(super) grace: Duration,
}

impl Running {
    /// Where SIP is heard.
    pub fn sip(&self) -> &[Listen] {
        self.endpoint.listening()
    }

    /// Where pages and API are.
    pub fn web(&self) -> SocketAddr {
        self.web
    }

    /// The desk as pages see it.
    pub fn live(&self) -> &LiveDesk {
        &self.live
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Reads certificates and the settings file again. A file that the desk cannot work with leaves
    /// everything as it is.
    pub async fn reload(&self) {
        self.certificates.notify_one();
        self.endpoint.renew_certificates();
        let (Some(path), Some(setup)) = (&self.config_file, self.live.setup.get()) else {
            return;
        };
        let reloaded = match Config::load(Some(path)) {
            Ok(file) => setup.reload(file, &*self.live).await,
            Err(error) => Err(error.into()),
        };
        match reloaded {
            Ok(()) => tracing::info!("the settings file was read again"),
            Err(error) => tracing::error!(
                error = format!("{error:#}"),
                "the settings file cannot be taken up; the settings before stay in force"
            ),
        }
    }

    /// Takes no more calls, tells those who wait, lets talks end (for a while), hangs up the rest,
    /// writes everything down, and stops.
    pub async fn stop(mut self) {
        tracing::info!("stopping; calls may end in the meantime");
        self.live.set_stopping();
        self.endpoint.stop(self.grace).await;
        self.web_task.abort();
        self.scheduler.stop().await;
        drop(self.endpoint);
        if tokio::task::spawn_blocking(move || self.writer.join())
            .await
            .is_err()
        {
            tracing::error!("the journal ended by itself");
        }
        let left = self.delivery.finish().await;
        if left > 0 {
            tracing::warn!(
                events = left,
                "the database is away; the journal keeps the rest"
            );
        }
        // Ends by itself once it has written what is left; a database that is away is not waited for.
        if tokio::time::timeout(PRESENCE_WITHIN, &mut self.presence)
            .await
            .is_err()
        {
            self.presence.abort();
            tracing::warn!("what agents last asked for by telephone is not recorded");
        }
        if tokio::time::timeout(PRESENCE_WITHIN, &mut self.signals)
            .await
            .is_err()
        {
            self.signals.abort();
            tracing::warn!("what was signalled last is not recorded");
        }
        self.nodes.abort();
        nodes::leave(&self.store, &self.node, &self.run).await;
        self.watching.abort();
        self.store.close().await;
        tracing::info!("stopped");
    }
}
