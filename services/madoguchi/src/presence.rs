//! Keeps agents' lasting states (受付可, 離席, ログアウト) over a restart.

use std::collections::HashMap;
use std::time::Duration;

use madoguchi_core::id::AgentId;
use madoguchi_core::live::{AgentState, AgentView};
use madoguchi_core::time::Instant;
use madoguchi_store::{AgentPresence, Store};
use tokio::sync::mpsc;

use crate::config::Config;

/// States are written together at the most this often.
const EVERY: Duration = Duration::from_secs(1);

/// The states that agents had before the restart; those of new agents by their settings.
pub(crate) async fn restored(
    store: &Store,
    config: &Config,
    now: Instant,
) -> anyhow::Result<Vec<(AgentId, AgentState, Instant)>> {
    let mut kept: HashMap<AgentId, AgentPresence> = store
        .agent_states()
        .await?
        .into_iter()
        .map(|kept| (kept.agent.clone(), kept))
        .collect();
    let states = config.agents.iter().filter_map(|agent| {
        let id = AgentId::new(&agent.id);
        match kept.remove(&id) {
            Some(kept) => Some((id, kept.state, kept.since)),
            None => agent.ready_at_start.then_some((id, AgentState::Ready, now)),
        }
    });
    Ok(states.collect())
}

/// Writes changed states until the endpoint is gone. What cannot be written is tried again.
pub(crate) async fn keep(store: Store, mut changes: mpsc::UnboundedReceiver<AgentView>) {
    let mut saved: HashMap<AgentId, AgentState> = HashMap::new();
    let mut unsaved: HashMap<AgentId, AgentPresence> = HashMap::new();
    loop {
        let next = tokio::time::timeout(EVERY, changes.recv()).await;
        let over = matches!(next, Ok(None));
        if let Ok(Some(view)) = next {
            take(view, &saved, &mut unsaved);
            while let Ok(view) = changes.try_recv() {
                take(view, &saved, &mut unsaved);
            }
            // More may come at once; they are written together.
            tokio::time::sleep(EVERY).await;
        }
        let waiting: Vec<_> = unsaved.values().cloned().collect();
        for presence in waiting {
            if store.save_agent_state(&presence).await.is_err() {
                break;
            }
            unsaved.remove(&presence.agent);
            saved.insert(presence.agent, presence.state);
        }
        if over {
            return;
        }
    }
}

fn take(
    view: AgentView,
    saved: &HashMap<AgentId, AgentState>,
    unsaved: &mut HashMap<AgentId, AgentPresence>,
) {
    let lasting = matches!(
        view.state,
        AgentState::Ready | AgentState::Away { .. } | AgentState::LoggedOut
    );
    if !lasting {
        return;
    }
    if saved.get(&view.agent) == Some(&view.state) {
        unsaved.remove(&view.agent);
        return;
    }
    let presence = AgentPresence {
        agent: view.agent.clone(),
        state: view.state,
        since: view.since,
        no_answers: 0,
    };
    unsaved.insert(view.agent, presence);
}
