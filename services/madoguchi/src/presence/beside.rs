//! Agents' lasting states in a file beside the database, for a start without it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use madoguchi_core::id::AgentId;
use madoguchi_core::live::AgentState;
use madoguchi_core::time::Instant;
use madoguchi_store::AgentPresence;

use crate::private_file;

/// Each agent's state, and since when.
pub(super) type States = BTreeMap<AgentId, (AgentState, Instant)>;

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("agents.json")
}

/// Those that were last kept; none if the file is missing or damaged.
pub(super) fn load(data_dir: &Path) -> States {
    let kept = std::fs::read(path(data_dir)).ok();
    let read = kept.and_then(|kept| serde_json::from_slice(&kept).ok());
    read.unwrap_or_default()
}

/// Keeps what has changed.
pub(super) fn save(data_dir: &Path, known: &mut States, changed: &[AgentPresence]) {
    let before = known.clone();
    for presence in changed {
        let state = (presence.state.clone(), presence.since);
        known.insert(presence.agent.clone(), state);
    }
    if *known == before {
        return;
    }
    let saved = serde_json::to_vec(known)
        .map_err(std::io::Error::from)
        .and_then(|text| private_file::replace(&path(data_dir), &text));
    if let Err(error) = saved {
        tracing::warn!(%error, "the states of agents cannot be kept beside the database");
        *known = before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_states_come_back_and_a_damaged_file_has_none() {
        let dir = tempfile::tempdir().unwrap();
        let mut known = load(dir.path());
        let presence = |state| AgentPresence {
            agent: "tanaka".into(),
            state,
            since: Instant(5),
            no_answers: 0,
        };
        save(dir.path(), &mut known, &[presence(AgentState::Ready)]);
        let away = AgentState::Away {
            reason: "会議".to_owned(),
        };
        save(dir.path(), &mut known, &[presence(away.clone())]);
        let expected = States::from([("tanaka".into(), (away, Instant(5)))]);
        assert_eq!(load(dir.path()), expected);
        std::fs::write(path(dir.path()), "{").unwrap();
        assert_eq!(load(dir.path()), States::new());
    }
}
