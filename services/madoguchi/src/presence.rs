//! Keeps agents' lasting states (受付可, 離席, ログアウト) over a restart, and records the states that
//! they ask for by telephone.

mod beside;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use madoguchi_core::audit::{Action, Actor, AuditEntry, Fields};
use madoguchi_core::id::AgentId;
use madoguchi_core::live::{AgentState, AgentView};
use madoguchi_core::time::Instant;
use madoguchi_endpoint::switch::{AgentNews, DialledState};
use madoguchi_store::{AgentPresence, Store};
use tokio::sync::mpsc;

use crate::config::Config;

/// States are written together at the most this often.
const EVERY: Duration = Duration::from_secs(1);

/// The states that agents had before the restart; those of new agents by their settings.
pub(crate) async fn restored(
    store: &Store,
    config: &Config,
    data_dir: &Path,
    now: Instant,
) -> anyhow::Result<Vec<(AgentId, AgentState, Instant)>> {
    let mut kept: beside::States = if store.is_joined() {
        let kept = store.agent_states().await?.into_iter();
        kept.map(|kept| (kept.agent, (kept.state, kept.since)))
            .collect()
    } else {
        beside::load(data_dir)
    };
    let states = config.agents.iter().filter_map(|agent| {
        let id = AgentId::new(&agent.id);
        match kept.remove(&id) {
            Some((state, since)) => Some((id, state, since)),
            None => agent.ready_at_start.then_some((id, AgentState::Ready, now)),
        }
    });
    Ok(states.collect())
}

/// Writes what agents' news tell until the endpoint is gone. What cannot be written is tried again.
pub(crate) async fn keep(
    store: Store,
    data_dir: PathBuf,
    mut news: mpsc::UnboundedReceiver<AgentNews>,
) {
    let mut beside = beside::load(&data_dir);
    let mut saved: HashMap<AgentId, AgentState> = HashMap::new();
    let mut unsaved: HashMap<AgentId, AgentPresence> = HashMap::new();
    let mut unrecorded: Vec<AuditEntry> = Vec::new();
    loop {
        let write_at = tokio::time::Instant::now() + EVERY;
        let over = loop {
            match tokio::time::timeout_at(write_at, news.recv()).await {
                Ok(Some(AgentNews::Changed(view))) => take(view, &saved, &mut unsaved),
                Ok(Some(AgentNews::Dialled(dialled))) => unrecorded.push(entry(dialled)),
                Ok(None) => break true,
                Err(_elapsed) => break false,
            }
        };
        if !unrecorded.is_empty() && store.append_audit(&unrecorded).await.is_ok() {
            unrecorded.clear();
        }
        let waiting: Vec<_> = unsaved.values().cloned().collect();
        beside::save(&data_dir, &mut beside, &waiting);
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

fn entry(dialled: DialledState) -> AuditEntry {
    AuditEntry {
        at: dialled.at,
        object: dialled.agent.as_str().to_owned(),
        actor: Actor::Phone {
            extension: dialled.extension,
            agent: dialled.agent,
        },
        address: dialled.address.to_string(),
        action: Action::AgentState,
        before: Fields::new(),
        after: dialled.command.fields(),
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
