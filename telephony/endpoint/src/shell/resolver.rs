//! Looks up the names of trunks, now and again and again, and tells the switch.

use std::time::Duration;

use madoguchi_sip::uri::Uri;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::locate::{Names, locate};
use super::messages::LoopMessage;
use super::system_names::SystemNames;
use crate::switch::{Peer, SwitchInput, TrunkHosts};

/// How often names of trunks are looked up.
const RESOLVE_EVERY: Duration = Duration::from_secs(60);

/// Looks up names.
pub(super) struct Resolver {
    names: SystemNames,
    /// From which lots are drawn among servers of one priority: the same for one run, so that a
    /// registration stays where it is, and another for the next machine.
    seed: u64,
}

impl Resolver {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            names: SystemNames::new(),
            seed,
        }
    }

    /// Looks up the names of all trunks until the answer is dropped. One slow lookup delays no
    /// other trunk.
    pub(super) fn watch(
        &self,
        trunks: Vec<TrunkHosts>,
        inputs: &mpsc::UnboundedSender<LoopMessage>,
    ) -> JoinSet<()> {
        let mut lookups = JoinSet::new();
        for trunk in trunks {
            lookups.spawn(watch_trunk(
                self.names.clone(),
                self.seed,
                trunk,
                inputs.clone(),
            ));
        }
        lookups
    }
}

async fn watch_trunk(
    names: SystemNames,
    seed: u64,
    hosts: TrunkHosts,
    inputs: mpsc::UnboundedSender<LoopMessage>,
) {
    loop {
        let input = SwitchInput::Resolved {
            trunk: hosts.trunk,
            peers: resolve(&names, hosts.outbound.as_deref(), seed).await,
            registrars: resolve(&names, hosts.registrar.as_deref(), seed).await,
        };
        if inputs.send(LoopMessage::Input(Box::new(input))).is_err() {
            return;
        }
        tokio::time::sleep(RESOLVE_EVERY).await;
    }
}

async fn resolve(names: &impl Names, uri: Option<&str>, seed: u64) -> Vec<Peer> {
    let Some(Ok(uri)) = uri.map(str::parse::<Uri>) else {
        return Vec::new();
    };
    let mut rng = StdRng::seed_from_u64(seed);
    locate(names, &uri, |below| rng.random_range(0..below.max(1))).await
}
