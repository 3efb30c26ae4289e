//! This node among the others, all through the store: it holds the lease of its name, reads what the
//! others write, tells them by it what agents do here, and ends the calls of a node that is gone.

mod lease;
pub(crate) mod others;

use std::sync::Arc;
use std::time::Duration;

use chrono::Days;
use madoguchi_core::clock::Clock;
use madoguchi_core::elsewhere::Elsewhere;
use madoguchi_core::id::{NodeName, RunId};
use madoguchi_core::lease::NodeWatch;
use madoguchi_core::live::AgentPresence;
use madoguchi_core::time::{Instant, Millis, Monotonic};
use madoguchi_metrics::metrics;
use madoguchi_store::{Store, StoreError};

use self::lease::LOOK_EVERY;
pub(crate) use self::lease::{Lease, LeaseError};
use crate::live::LiveDesk;

/// A store that does not answer for so long is away.
const PATIENCE: Duration = Duration::from_secs(10);
/// Sums are taken anew from the store at the most this often.
const SUMS_EVERY: Millis = Millis::from_secs(5);
/// Events that are read at once.
const EVENTS_AT_ONCE: u32 = 1_000;

/// This node among the others.
#[derive(Debug)]
pub(crate) struct Nodes {
    store: Store,
    clock: Arc<dyn Clock>,
    live: Arc<LiveDesk>,
    lease: Lease,
    watch: NodeWatch,
    /// Records that earlier runs left in the journal.
    left_over: u64,
    stage: Stage,
    /// How far the log was read.
    position: i64,
    /// How far changes of agents' states were read; -1: not at all.
    change: i64,
    summed_at: Option<Monotonic>,
    next_beat: Monotonic,
    is_away: bool,
}

/// How far this node has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Another run may still have the lease.
    Unclaimed,
    /// The store lacks what earlier runs left in the journal; their calls may not be ended yet.
    Claimed,
    /// Everything earlier is in the store, and what was cut off there has its end.
    Joined,
}

impl Nodes {
    pub(crate) fn new(store: Store, live: Arc<LiveDesk>, lease: Lease, left_over: u64) -> Self {
        let clock = live.clock.clone();
        Self {
            watch: NodeWatch::new(lease.length()),
            next_beat: clock.monotonic(),
            store,
            clock,
            live,
            lease,
            left_over,
            stage: Stage::Unclaimed,
            position: 0,
            change: -1,
            summed_at: None,
            is_away: false,
        }
    }

    /// Joins the others at the start. What the store does not let be done now is done later.
    ///
    /// # Errors
    /// Another process has the name of this node.
    pub(crate) async fn join(&mut self, whole: bool) -> Result<(), LeaseError> {
        match self.try_join(whole).await {
            Err(LeaseError::Store(error)) => {
                tracing::warn!(%error, "the other nodes are not seen yet");
                Ok(())
            }
            joined => joined,
        }
    }

    /// Takes the lease, ends what an earlier run left, and reads the day. `whole`: the store has
    /// everything that earlier runs left in the journal.
    async fn try_join(&mut self, whole: bool) -> Result<(), LeaseError> {
        self.lease.claim(&self.store, &*self.clock).await?;
        self.stage = Stage::Claimed;
        if whole {
            self.end_earlier_runs().await?;
        }
        self.read_sums().await?;
        Ok(())
    }

    /// Follows the others until the desk stops.
    pub(crate) async fn follow(mut self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let looked = match tokio::time::timeout(PATIENCE, self.look()).await {
                Ok(looked) => looked.map_err(|error| error.to_string()),
                Err(_elapsed) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
            };
            match looked {
                Ok(()) => self.is_away = false,
                Err(error) if self.is_away => {
                    tracing::debug!(error, "the other nodes are still not seen");
                }
                Err(error) => {
                    self.is_away = true;
                    tracing::warn!(error, "the other nodes are not seen");
                }
            }
        }
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        if !self.store.is_joined() || !self.hold_lease().await? {
            return Ok(());
        }
        if self.stage == Stage::Claimed && self.live.delivery.borrow().delivered >= self.left_over {
            self.end_earlier_runs().await?;
        }
        self.watch_others().await?;
        self.read_events().await?;
        self.read_presences().await?;
        self.tell_engine();
        Ok(())
    }

    /// Lets the own beat grow; before that, takes the lease as soon as it can be had.
    async fn hold_lease(&mut self) -> Result<bool, StoreError> {
        if self.stage == Stage::Unclaimed {
            if !self.lease.try_claim(&self.store, &*self.clock).await? {
                return Ok(false);
            }
            self.stage = Stage::Claimed;
        }
        let now = self.clock.monotonic();
        if now >= self.next_beat {
            self.lease.beat(&self.store).await?;
            self.next_beat = now + self.lease.beat_every();
        }
        Ok(true)
    }

    /// Ends what earlier runs of this node left without an end.
    async fn end_earlier_runs(&mut self) -> Result<(), StoreError> {
        let (node, run) = (self.lease.node(), self.lease.run());
        let calls = self.store.end_calls_of_earlier_runs(node, run).await?;
        if calls > 0 {
            tracing::warn!(calls, "calls were cut off by the end of an earlier run");
        }
        self.stage = Stage::Joined;
        Ok(())
    }

    /// Looks who is alive, and ends the calls of whoever is gone.
    async fn watch_others(&mut self) -> Result<(), StoreError> {
        let beats = self.store.node_beats().await?;
        for gone in self.watch.look(beats, self.clock.monotonic()) {
            if gone.node == *self.lease.node() {
                continue;
            }
            let by = self.lease.node();
            if let Some(calls) = self.store.end_calls_of_gone_node(&gone, by).await? {
                let node = &gone.node;
                tracing::warn!(%node, calls, "a node is gone; its calls have got their end");
                metrics().calls_recovered.add(calls as u64);
            }
        }
        let alive = self.watch.alive();
        metrics().nodes_alive.set(alive.len() as u64);
        self.live.others().set_alive(alive);
        Ok(())
    }

    /// Takes up what the log took of calls that are not of this run.
    async fn read_events(&mut self) -> Result<(), StoreError> {
        if self.summed_at.is_none() {
            return self.read_sums().await;
        }
        loop {
            let run = self.lease.run();
            let feed = self.store.events_after(self.position, run, EVENTS_AT_ONCE);
            let feed = feed.await?;
            self.position = feed.position;
            if !feed.events.is_empty() {
                let mut others = self.live.others();
                for event in &feed.events {
                    others.elsewhere.apply(event);
                }
                drop(others);
                self.live.note_change();
            }
            if !feed.more {
                break;
            }
        }
        let now = self.clock.monotonic();
        let is_due = self.summed_at.is_none_or(|at| now - at >= SUMS_EVERY);
        if is_due && self.live.others().elsewhere.is_stale() {
            self.read_sums().await?;
        }
        Ok(())
    }

    /// Takes the sums of the day from the store.
    async fn read_sums(&mut self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let today = now.date();
        // Yesterday's calls may still go on, and the clock may be set back over midnight.
        let first = today.checked_sub_days(Days::new(1)).unwrap_or(today);
        let last = today.checked_add_days(Days::new(2)).unwrap_or(today);
        let (from, until) = (Instant::start_of(first), Instant::start_of(last));
        let read = self.store.call_records_at_position(from, until).await?;
        let (mut calls, position) = read;
        calls.retain(|call| !call.call.is_of(self.lease.run()));
        let mut others = self.live.others();
        others.elsewhere = Elsewhere::new(calls, others.elsewhere.settings(), now);
        drop(others);
        self.position = position;
        self.summed_at = Some(self.clock.monotonic());
        self.live.note_change();
        Ok(())
    }

    /// Hands what was asked for at other nodes to the engine.
    async fn read_presences(&mut self) -> Result<(), StoreError> {
        let Some(endpoint) = self.live.endpoint.get() else {
            return Ok(());
        };
        let (presences, change) = self.store.agent_states_after(self.change).await?;
        self.change = change;
        if !presences.is_empty() {
            endpoint.share_presences(presences);
        }
        Ok(())
    }

    /// Tells the engine whom calls at other nodes keep, and what they use of the limits of calls to the outside.
    fn tell_engine(&self) {
        let Some(endpoint) = self.live.endpoint.get() else {
            return;
        };
        let used = self.live.others().take_outbound(self.clock.now());
        if let Some(used) = used {
            endpoint.set_outbound_elsewhere(used);
        }
        let changes = self.live.others().take_busy_changes();
        if !changes.is_empty() {
            endpoint.set_elsewhere(changes);
            self.live.note_change();
        }
    }
}

/// What the store keeps of agents' states, if it can be had.
pub(crate) async fn kept_presences(store: &Store) -> Vec<AgentPresence> {
    match store.agent_states().await {
        Ok(presences) => presences,
        Err(error) => {
            tracing::warn!(%error, "the database does not tell agents' states; the journal does");
            Vec::new()
        }
    }
}

/// Gives the lease back at the end of a run; a database that is away is not waited for.
pub(crate) async fn leave(store: &Store, node: &NodeName, run: &RunId) {
    let released = tokio::time::timeout(PATIENCE, store.release_node(node, run)).await;
    if !matches!(released, Ok(Ok(()))) {
        tracing::warn!("the lease of this node is not given back; it will run out");
    }
}
