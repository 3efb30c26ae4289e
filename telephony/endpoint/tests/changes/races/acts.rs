//! What people do, in any order.

use madoguchi_core::live::{AgentCommand, DeskRequest, HandOnTo};
use madoguchi_endpoint::switch::SwitchInput;
use madoguchi_sip::message::HeaderName;

use super::peer::{About, Dialog, DialogId, State};
use super::world::{AGENTS, EXTENSIONS, PHONES, World};

/// The carrier.
const CARRIER: usize = 0;

impl World {
    /// One thing that somebody does, chosen by a number.
    pub(crate) fn step(&mut self, op: u64) {
        let pick = (op >> 8) as usize & 0xffff;
        let more = op >> 24;
        if op % 200 == 41 {
            return self.a_phone_dies(pick, more);
        }
        match op % 41 {
            0..=3 => self.a_caller_calls(more),
            4 => self.a_caller_goes(pick),
            5..=8 => self.a_phone_picks_up(pick, more),
            9..=11 => self.a_phone_hangs_up(pick),
            12 | 13 => self.somebody_holds(pick, more),
            14 | 15 => self.an_agent_refers(pick, more),
            16..=18 => self.an_agent_dials(pick, more),
            19..=21 => self.an_agent_hands_over(pick),
            22 => self.a_code_is_dialled(pick, more),
            23 => self.a_ringing_call_is_taken(pick, more),
            24..=26 => self.a_state_is_set(pick, more),
            27 | 39 => self.the_screen_asks(pick, more),
            28 => self.a_key_is_pressed(pick),
            29..=33 => self.pass(more % 300),
            34..=37 => self.pass(more % 6_000),
            38 => self.pass(more % 20_000),
            _ => self.pass(more % 100_000),
        }
    }

    fn a_phone_dies(&mut self, pick: usize, more: u64) {
        let at = PHONES.start + pick % PHONES.len();
        self.dies(at, more % 100_000);
    }

    fn a_caller_calls(&mut self, more: u64) {
        self.callers += 1;
        let to = if more.is_multiple_of(5) {
            "5001"
        } else {
            "5000"
        };
        self.at_peer(CARRIER, |carrier, now| {
            carrier.call(to, About::Caller, Vec::new(), now);
        });
    }

    /// One of the dialogs of these peers for which something holds.
    fn one_of(
        &self,
        peers: std::ops::Range<usize>,
        pick: usize,
        wanted: impl Fn(&Dialog) -> bool,
    ) -> Option<(usize, DialogId)> {
        let those = |at: usize| {
            let ids = self.peers[at].those(&wanted);
            ids.into_iter().map(move |id| (at, id))
        };
        let all: Vec<_> = peers.flat_map(those).collect();
        all.get(pick.checked_rem(all.len())?).copied()
    }

    fn a_caller_goes(&mut self, pick: usize) {
        if let Some((at, id)) = self.one_of(0..1, pick, |_| true) {
            self.at_peer(at, |carrier, now| carrier.hang_up(id, now));
        }
    }

    fn a_phone_picks_up(&mut self, pick: usize, more: u64) {
        let rings = |dialog: &Dialog| matches!(dialog.state, State::Ringing { .. });
        if let Some((at, id)) = self.one_of(0..PHONES.end, pick, rings) {
            self.at_peer(at, |peer, now| match more % 8 {
                0 => peer.decline(id, 486, now),
                _ => peer.answer(id, now),
            });
        }
    }

    fn a_phone_hangs_up(&mut self, pick: usize) {
        if let Some((at, id)) = self.one_of(PHONES, pick, |_| true) {
            self.at_peer(at, |phone, now| phone.hang_up(id, now));
        }
    }

    fn somebody_holds(&mut self, pick: usize, more: u64) {
        let peers = if more.is_multiple_of(4) { 0..1 } else { PHONES };
        if let Some((at, id)) = self.one_of(peers, pick, Dialog::is_up) {
            self.at_peer(at, |peer, now| peer.hold(id, now));
        }
    }

    fn an_agent_refers(&mut self, pick: usize, more: u64) {
        let to = match more % 8 {
            n @ 0..=4 => EXTENSIONS[n as usize % 3],
            5 => "5001",
            6 => "*7",
            _ => "0990500123",
        };
        let called = |dialog: &Dialog| dialog.is_up() && dialog.about == About::Called;
        if let Some((at, id)) = self.one_of(PHONES, pick, called) {
            let to = format!("sip:{to}@127.0.0.1");
            self.at_peer(at, |phone, now| phone.refer(id, &to, now));
        }
    }

    fn an_agent_dials(&mut self, pick: usize, more: u64) {
        let at = PHONES.start + pick % PHONES.len();
        let to = match more % 4 {
            n @ 0..=2 => EXTENSIONS[n as usize],
            _ => "0312345679",
        };
        self.at_peer(at, |phone, now| {
            phone.call(to, About::Asks, Vec::new(), now);
        });
    }

    /// Who asks somebody beside a caller hands over, whether the other has picked up or not.
    fn an_agent_hands_over(&mut self, pick: usize) {
        let asks = |dialog: &Dialog| dialog.about == About::Asks && dialog.as_replaced().is_some();
        let Some((at, asked)) = self.one_of(PHONES, pick, asks) else {
            return;
        };
        let called = |dialog: &Dialog| dialog.is_up() && dialog.about == About::Called;
        let Some((_, id)) = self.one_of(at..at + 1, pick >> 4, called) else {
            return;
        };
        let dialogs = &self.peers[at].dialogs;
        let turned = pick & 1 == 1 && dialogs[&asked].is_up();
        let (by, named) = if turned { (asked, id) } else { (id, asked) };
        let Some(named) = dialogs[&named].as_replaced() else {
            return;
        };
        let named = named
            .replace('@', "%40")
            .replace(';', "%3B")
            .replace('=', "%3D");
        let to = format!("sip:202@127.0.0.1?Replaces={named}");
        self.at_peer(at, |phone, now| phone.refer(by, &to, now));
    }

    fn a_code_is_dialled(&mut self, pick: usize, more: u64) {
        let at = PHONES.start + pick % PHONES.len();
        let code = ["*8", "*8", "*7", "*1", "*2", "*3"][more as usize % 6];
        self.at_peer(at, |phone, now| {
            phone.call(code, About::Asks, Vec::new(), now);
        });
    }

    fn a_ringing_call_is_taken(&mut self, pick: usize, more: u64) {
        let rings = |dialog: &Dialog| matches!(dialog.state, State::Ringing { .. });
        let Some((there, id)) = self.one_of(PHONES, pick, rings) else {
            return;
        };
        let Some(named) = self.peers[there].dialogs[&id].as_replaced() else {
            return;
        };
        let at = PHONES.start + more as usize % PHONES.len();
        let replaces = vec![(HeaderName::Replaces, format!("{named};early-only"))];
        self.at_peer(at, |phone, now| {
            phone.call(EXTENSIONS[there - 1], About::Asks, replaces, now);
        });
    }

    pub(crate) fn set_state(&mut self, agent: &str, command: AgentCommand) {
        let (reply, _answer) = tokio::sync::oneshot::channel();
        self.input(SwitchInput::Command {
            agent: agent.into(),
            command,
            reply,
        });
    }

    fn a_state_is_set(&mut self, pick: usize, more: u64) {
        let command = match more % 8 {
            0..=4 => AgentCommand::Ready,
            5 => AgentCommand::LogOut,
            6 => AgentCommand::Away {
                reason: "休憩".into(),
            },
            _ => AgentCommand::EndWrapUp,
        };
        self.set_state(AGENTS[pick % AGENTS.len()], command);
    }

    fn the_screen_asks(&mut self, pick: usize, more: u64) {
        let to = |n: u64| match n % 7 {
            n @ 0..=2 => HandOnTo::Agent(AGENTS[n as usize].into()),
            3 => HandOnTo::Line("vip".into()),
            4 => HandOnTo::Park,
            5 => HandOnTo::Number("0312345679".to_owned()),
            _ => HandOnTo::Asked,
        };
        let request = match more % 8 {
            0..=3 if more >> 16 & 1 == 0 => DeskRequest::Consult(to(more >> 8)),
            0..=3 => DeskRequest::HandOn(to(more >> 8)),
            4 | 5 => DeskRequest::Join,
            6 => DeskRequest::EndConsult,
            _ => match self.log.get((more >> 8) as usize % self.log.len().max(1)) {
                Some(event) => DeskRequest::Take(event.call.clone()),
                None => return,
            },
        };
        let (reply, _answer) = tokio::sync::oneshot::channel();
        self.input(SwitchInput::Request {
            agent: AGENTS[pick % AGENTS.len()].into(),
            request,
            reply,
        });
    }

    fn a_key_is_pressed(&mut self, pick: usize) {
        if let Some((at, id)) = self.one_of(0..PHONES.end, pick, Dialog::is_up) {
            self.at_peer(at, |peer, now| peer.press(id, now));
        }
    }
}
