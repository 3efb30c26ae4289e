//! Agents' lasting states (受付可, 離席, 受付終了) at the start, and the record of those that they ask
//! for by telephone.

use std::collections::HashMap;
use std::time::Duration;

use madoguchi_core::audit::{Action, Actor, AuditEntry, Fields};
use madoguchi_core::id::{AgentId, NodeName};
use madoguchi_core::live::{AgentPresence, AgentState};
use madoguchi_core::time::Instant;
use madoguchi_endpoint::switch::DialledState;
use madoguchi_store::Store;
use tokio::sync::mpsc;

use crate::config::Config;

/// Records are written together at the most this often.
const EVERY: Duration = Duration::from_secs(1);

/// The states that agents had before the restart, as the journal and the store have kept them;
/// those of new agents by their settings.
pub(crate) fn restored(
    kept: impl IntoIterator<Item = AgentPresence>,
    config: &Config,
    now: Instant,
) -> Vec<AgentPresence> {
    let mut newest: HashMap<AgentId, AgentPresence> = HashMap::new();
    for presence in kept {
        match newest.get(&presence.agent) {
            Some(known) if !presence.replaces(known) => {}
            _ => {
                newest.insert(presence.agent.clone(), presence);
            }
        }
    }
    let states = config.agents.iter().filter_map(|agent| {
        let id = AgentId::new(&agent.id);
        let kept = newest.remove(&id);
        kept.or_else(|| {
            agent.ready_at_start.then(|| AgentPresence {
                agent: id,
                state: AgentState::Ready,
                since: now,
                version: 0,
                node: NodeName::new(""),
            })
        })
    });
    states.collect()
}

/// Records what agents ask for by telephone until the endpoint is gone. What cannot be written is
/// tried again.
pub(crate) async fn keep(store: Store, mut dialled: mpsc::UnboundedReceiver<DialledState>) {
    let mut unrecorded: Vec<AuditEntry> = Vec::new();
    loop {
        let write_at = tokio::time::Instant::now() + EVERY;
        let over = loop {
            match tokio::time::timeout_at(write_at, dialled.recv()).await {
                Ok(Some(state)) => unrecorded.push(entry(state)),
                Ok(None) => break true,
                Err(_elapsed) => break false,
            }
        };
        if !unrecorded.is_empty() && store.append_audit(&unrecorded).await.is_ok() {
            unrecorded.clear();
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn presence(agent: &str, state: AgentState, version: u64) -> AgentPresence {
        AgentPresence {
            agent: agent.into(),
            state,
            since: Instant(1),
            version,
            node: "n1".into(),
        }
    }

    #[test]
    fn of_journal_and_store_the_state_counts_that_was_asked_for_last() {
        let agent = |id: &str, extension: u32| {
            format!(
                "[[agent]]\nid = \"{id}\"\nname = \"{id}\"\nextension = \"{extension}\"\n\
                 lines = [\"l\"]\npassword = \"secret-1234\"\nready_at_start = true\n"
            )
        };
        let text = format!(
            "[[line]]\nname = \"l\"\nnumbers = [\"1\"]\n{}{}",
            agent("a", 201),
            agent("b", 202)
        );
        let config = Config::parse(&text, Path::new("test.toml")).unwrap();
        let journal = presence("a", AgentState::LoggedOut, 3);
        let store = presence("a", AgentState::Ready, 2);
        for kept in [
            [journal.clone(), store.clone()],
            [store.clone(), journal.clone()],
        ] {
            let restored = restored(kept, &config, Instant(9));
            let states: Vec<_> = restored.iter().map(|kept| kept.state.clone()).collect();
            assert_eq!(states, [AgentState::LoggedOut, AgentState::Ready]);
        }
    }
}
