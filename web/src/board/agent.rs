//! An agent on the board: what they do, what they will do next, and the slots of their buttons.

use madoguchi_core::id::AgentId;
use madoguchi_core::live::{AgentState, AgentView, DeskSnapshot};
use madoguchi_core::time::Instant;

use super::audience::BoardAudience;
use crate::text;

pub(super) struct AgentRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) extension: String,
    pub(super) state: &'static str,
    pub(super) class: &'static str,
    /// Why they are away.
    pub(super) reason: String,
    /// The state that waits for the end of what keeps them.
    pub(super) next: String,
    pub(super) since_ms: i64,
    pub(super) lasted: String,
    pub(super) reachable: bool,
    pub(super) call: Option<String>,
    /// Whether they hand a caller on, or ask somebody beside one.
    pub(super) doing: &'static str,
    pub(super) slots: Slots,
}

/// The buttons of an agent: each has its place in every state, so that none comes under a hand
/// that means another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slots {
    pub(super) ready: Slot,
    pub(super) end_wrap_up: Slot,
    pub(super) log_out: Slot,
    pub(super) away: Slot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// It can be pressed.
    Free,
    /// It is what the agent has chosen, and can be chosen anew.
    Chosen,
    /// It would change nothing.
    Idle,
}

impl Slot {
    fn chosen(is: bool) -> Self {
        if is { Self::Chosen } else { Self::Free }
    }

    /// What the button says of itself to those who do not see it.
    pub(super) fn attributes(self) -> &'static str {
        match self {
            Self::Free => "",
            Self::Chosen => " aria-pressed=\"true\"",
            Self::Idle => " aria-disabled=\"true\"",
        }
    }
}

impl Slots {
    fn of(agent: &AgentView) -> Self {
        let chosen = agent.next.as_ref().unwrap_or(&agent.state);
        Self {
            ready: Slot::chosen(*chosen == AgentState::Ready),
            end_wrap_up: if agent.state == AgentState::WrapUp {
                Slot::Free
            } else {
                Slot::Idle
            },
            log_out: if *chosen == AgentState::LoggedOut {
                Slot::Idle
            } else {
                Slot::Free
            },
            away: Slot::chosen(matches!(chosen, AgentState::Away { .. })),
        }
    }
}

impl AgentRow {
    pub(super) fn new(agent: &AgentView, viewer: &BoardAudience, now: Instant) -> Self {
        let reason = match &agent.state {
            AgentState::Away { reason } => reason.clone(),
            _ => String::new(),
        };
        let next = agent.next.as_ref();
        Self {
            id: crate::query::escape(agent.agent.as_str()),
            name: agent.name.clone(),
            extension: agent.extension.clone(),
            state: text::agent_state(&agent.state),
            class: match agent.state {
                AgentState::Ready => "ready",
                AgentState::Ringing => "ringing",
                AgentState::Talking => "talking",
                AgentState::WrapUp => "wrap-up",
                AgentState::Away { .. } => "away",
                AgentState::LoggedOut => "logged-out",
            },
            reason,
            next: next.map_or_else(String::new, |next| next_state(&agent.state, next)),
            since_ms: agent.since.0,
            lasted: viewer.lasted(now - agent.since),
            reachable: agent.reachable,
            call: agent
                .call
                .as_ref()
                .map(|call| format!("/calls/{}", crate::query::escape(call.as_str()))),
            doing: "",
            slots: Slots::of(agent),
        }
    }

    /// With what the agent does beside the talk.
    pub(super) fn doing(self, snapshot: &DeskSnapshot, agent: &AgentId) -> Self {
        let doing = text::doing(snapshot, agent);
        Self { doing, ..self }
    }
}

/// 通話後：離席(会議)
fn next_state(state: &AgentState, next: &AgentState) -> String {
    let when = match state {
        AgentState::Ringing => "この呼出しのあとに変わります",
        AgentState::WrapUp => "後処理のあと",
        _ => "通話後",
    };
    match next {
        AgentState::LoggedOut => format!("{when}：受付を終える"),
        AgentState::Away { reason } => format!("{when}：離席({reason})"),
        other => format!("{when}：{}", text::agent_state(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(state: AgentState, next: Option<AgentState>) -> AgentView {
        AgentView {
            agent: "tanaka".into(),
            name: "田中".to_owned(),
            extension: "201".to_owned(),
            state,
            since: Instant(0),
            call: None,
            next,
            reachable: true,
        }
    }

    fn away() -> AgentState {
        AgentState::Away {
            reason: "会議".to_owned(),
        }
    }

    #[test]
    fn every_button_has_its_slot_in_every_state_and_what_would_change_nothing_is_idle() {
        use AgentState::{LoggedOut, Ready, Ringing, Talking, WrapUp};
        use Slot::{Chosen, Free, Idle};
        for (state, next, slots) in [
            (Ready, None, [Chosen, Idle, Free, Free]),
            (Ringing, None, [Free, Idle, Free, Free]),
            (Talking, Some(away()), [Free, Idle, Free, Chosen]),
            (Talking, Some(LoggedOut), [Free, Idle, Idle, Free]),
            (WrapUp, None, [Free, Free, Free, Free]),
            (away(), None, [Free, Idle, Free, Chosen]),
            (LoggedOut, None, [Free, Idle, Idle, Free]),
        ] {
            let found = Slots::of(&agent(state.clone(), next));
            let found = [found.ready, found.end_wrap_up, found.log_out, found.away];
            assert_eq!(found, slots, "{state:?}");
        }
    }

    #[test]
    fn a_state_that_waits_says_for_what_it_waits() {
        use AgentState::{LoggedOut, Ringing, Talking};
        assert_eq!(next_state(&Talking, &away()), "通話後：離席(会議)");
        assert_eq!(next_state(&Talking, &LoggedOut), "通話後：受付を終える");
        let while_ringing = next_state(&Ringing, &away());
        assert_eq!(while_ringing, "この呼出しのあとに変わります：離席(会議)");
    }
}
