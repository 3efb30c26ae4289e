//! An agent asks somebody from the screen (相談): the phone that talks with the caller is connected with them, and the
//! caller hears music.

use madoguchi_core::event::{EventKind, TransferTarget};
use madoguchi_core::live::{AgentCommand, AgentState, DeskRequest, HandOnRefusal, HandOnTo};
use madoguchi_endpoint::media::SessionId;
use madoguchi_endpoint::switch::SwitchInput;
use madoguchi_sip::message::{HeaderName, Method, Request, Response};

use super::attended::replaces;
use super::transfers::{Talk, talk};
use super::virtual_media::Hears;

const FIRST: (&str, &str) = ("201", "secret");

/// A caller who talks with a, and the legs of both.
struct Asking {
    talk: Talk,
    caller: SessionId,
    agent: SessionId,
}

fn asking() -> Asking {
    let talk = talk();
    let caller = talk.bench.leg_of(&talk.caller.body);
    let Some(Hears::Leg(agent)) = talk.bench.hears(caller) else {
        panic!("the caller hears the agent");
    };
    Asking {
        talk,
        caller,
        agent,
    }
}

impl Asking {
    fn request(&mut self, request: DeskRequest) -> Option<Result<(), HandOnRefusal>> {
        self.talk.bench.request("a", request)
    }

    fn ask(&mut self, to: HandOnTo) {
        let done = self.request(DeskRequest::Consult(to));
        assert_eq!(done, Some(Ok(())));
        assert_eq!(self.talk.bench.hears(self.caller), Some(Hears::Music));
        assert_eq!(
            self.talk.bench.hears(self.agent),
            Some(Hears::Music),
            "a tone"
        );
        assert!(self.talk.told().is_empty(), "the phone of a is left alone");
    }

    /// a asks b, who picks up; the leg of b with the answer.
    fn ask_b(&mut self) -> (SessionId, Response) {
        self.ask(HandOnTo::Agent("b".into()));
        let invite = self.talk.bench.request_to(&self.talk.second);
        let invite = invite.expect("b is rung");
        let from = invite.from().unwrap().uri.user;
        assert_eq!(from.as_deref(), Some("201"), "by the colleague");
        let answer = self.talk.second.answer(&invite, 200);
        self.talk.bench.reply(&self.talk.second, &answer);
        self.talk.bench.media();
        let leg = self.talk.bench.leg_of(&invite.body);
        assert_eq!(self.talk.bench.hears(leg), Some(Hears::Leg(self.agent)));
        assert_eq!(self.talk.bench.hears(self.agent), Some(Hears::Leg(leg)));
        assert_eq!(self.talk.bench.hears(self.caller), Some(Hears::Music));
        (leg, answer)
    }

    /// a asks a number outside; what the carrier is asked for.
    fn ask_outside(&mut self) -> Request {
        self.ask(HandOnTo::Number("0398765432".to_owned()));
        let invite = self.talk.bench.request_to(&self.talk.carrier);
        let invite = invite.expect("the outside is called");
        assert_eq!(invite.uri.user.as_deref(), Some("0398765432"));
        invite
    }

    fn a_hangs_up(&mut self) {
        let bye = self.talk.first.back("BYE", &self.talk.agent, 2);
        self.talk.bench.send(&self.talk.first, bye);
    }

    fn caller_hangs_up(&mut self) {
        let bye = self.talk.carrier.in_dialog("BYE", &self.talk.caller, 2);
        self.talk.bench.send(&self.talk.carrier, bye);
    }

    fn methods_to_first(&mut self) -> Vec<String> {
        self.talk.told()
    }

    fn talk_is_back(&self) {
        let bench = &self.talk.bench;
        assert_eq!(bench.hears(self.caller), Some(Hears::Leg(self.agent)));
        assert_eq!(bench.state("a"), AgentState::Talking);
    }
}

#[test]
fn the_agent_asks_a_colleague_and_returns_to_the_caller() {
    let mut asking = asking();
    let (leg, _) = asking.ask_b();
    assert_eq!(asking.request(DeskRequest::EndConsult), Some(Ok(())));
    asking.talk_is_back();
    let bye = asking.talk.bench.request_to(&asking.talk.second).unwrap();
    assert_eq!(bye.method, Method::Bye);
    assert_eq!(asking.talk.bench.hears(leg), None, "its port is free");
    assert!(asking.methods_to_first().is_empty());
    // Who refuses leaves the caller with the agent, too.
    asking.ask(HandOnTo::Agent("b".into()));
    let invite = asking.talk.bench.request_to(&asking.talk.second).unwrap();
    let busy = asking.talk.second.answer(&invite, 486);
    asking.talk.bench.reply(&asking.talk.second, &busy);
    asking.talk_is_back();
    asking.caller_hangs_up();
    assert_eq!(asking.methods_to_first(), ["BYE"]);
    assert_eq!(asking.talk.bench.switch.calls_in_progress(), 0);
    assert_eq!(asking.talk.bench.ports().in_use, 0);
}

#[test]
fn whom_the_agent_has_asked_gets_the_caller() {
    let mut asking = asking();
    let (leg, _) = asking.ask_b();
    let over = DeskRequest::HandOn(HandOnTo::Asked);
    assert_eq!(asking.request(over), Some(Ok(())));
    asking.talk.bench.media();
    assert_eq!(
        asking.talk.bench.hears(asking.caller),
        Some(Hears::Leg(leg))
    );
    assert_eq!(asking.methods_to_first(), ["BYE"], "once");
    assert!(
        asking
            .talk
            .bench
            .requests_to(&asking.talk.second)
            .is_empty()
    );
    let transferred = EventKind::Transferred {
        from: Some("a".into()),
        to: TransferTarget::Agent { agent: "b".into() },
    };
    assert!(asking.talk.bench.events.contains(&transferred));
    asking.caller_hangs_up();
    let end = asking.talk.bench.request_to(&asking.talk.second).unwrap();
    assert_eq!(end.method, Method::Bye);
    assert_eq!(asking.talk.bench.ports().in_use, 0);
}

#[test]
fn an_agent_who_hangs_up_hands_over_whether_the_colleague_has_picked_up_or_not() {
    let mut picked_up = asking();
    let (leg, _) = picked_up.ask_b();
    picked_up.a_hangs_up();
    picked_up.talk.bench.media();
    let hears = picked_up.talk.bench.hears(picked_up.caller);
    assert_eq!(hears, Some(Hears::Leg(leg)));
    assert_eq!(picked_up.talk.bench.state("b"), AgentState::Talking);
    picked_up.caller_hangs_up();
    assert_eq!(picked_up.talk.bench.ports().in_use, 0);

    let mut rings = asking();
    rings.ask(HandOnTo::Agent("b".into()));
    let first = rings.talk.bench.request_to(&rings.talk.second).unwrap();
    let ringing = rings.talk.second.answer(&first, 180);
    rings.talk.bench.reply(&rings.talk.second, &ringing);
    rings.a_hangs_up();
    assert_eq!(rings.talk.bench.hears(rings.caller), Some(Hears::Music));
    let requests = rings.talk.bench.requests_to(&rings.talk.second);
    let methods: Vec<_> = requests.iter().map(|one| one.method.clone()).collect();
    assert_eq!(
        methods,
        [Method::Cancel, Method::Invite],
        "rung for the caller"
    );
    let answer = rings.talk.second.answer(&requests[1], 200);
    rings.talk.bench.reply(&rings.talk.second, &answer);
    rings.talk.bench.media();
    let leg = rings.talk.bench.leg_of(&requests[1].body);
    assert_eq!(rings.talk.bench.hears(rings.caller), Some(Hears::Leg(leg)));
}

#[test]
fn a_caller_who_goes_leaves_the_agent_with_whom_they_ask() {
    let mut asking = asking();
    let (leg, answer) = asking.ask_b();
    asking.caller_hangs_up();
    assert_eq!(asking.talk.bench.hears(asking.agent), Some(Hears::Leg(leg)));
    assert!(asking.methods_to_first().is_empty(), "both go on");
    let bye = asking.talk.second.back("BYE", &answer, 2);
    asking.talk.bench.send(&asking.talk.second, bye);
    assert_eq!(asking.methods_to_first(), ["BYE"]);
    assert_eq!(asking.talk.bench.switch.calls_in_progress(), 0);
    assert_eq!(asking.talk.bench.ports().in_use, 0);
    assert_eq!(asking.talk.bench.state("a"), AgentState::Ready);
}

#[test]
fn an_agent_who_hangs_up_with_the_caller_leaves_nothing_behind() {
    let mut asking = asking();
    asking.ask_b();
    asking.talk.bench.hold_journal();
    asking.caller_hangs_up();
    asking.a_hangs_up();
    let batch = u64::MAX;
    asking.talk.bench.input(SwitchInput::Journaled { batch });
    let end = asking.talk.bench.request_to(&asking.talk.second).unwrap();
    assert_eq!(end.method, Method::Bye);
    assert_eq!(asking.talk.bench.switch.calls_in_progress(), 0);
    assert_eq!(asking.talk.bench.ports().in_use, 0);
}

#[test]
fn whom_the_agent_asks_outside_is_heard_before_they_pick_up_and_gets_the_caller() {
    let mut asking = asking();
    let invite = asking.ask_outside();
    let mut early = asking.talk.carrier.answer(&invite, 183);
    let kind = "application/sdp";
    early.headers.push(HeaderName::ContentType, kind);
    early.body = asking.talk.carrier.offer().into_bytes();
    asking.talk.bench.reply(&asking.talk.carrier, &early);
    let far = asking.talk.bench.leg_of(&invite.body);
    assert_eq!(asking.talk.bench.hears(asking.agent), Some(Hears::Leg(far)));
    assert_eq!(asking.talk.bench.hears(asking.caller), Some(Hears::Music));
    let answer = asking.talk.carrier.answer(&invite, 200);
    asking.talk.bench.reply(&asking.talk.carrier, &answer);
    // Heard early, and picked up.
    asking.talk.bench.media();
    asking.talk.bench.media();
    asking.a_hangs_up();
    asking.talk.bench.media();
    assert_eq!(
        asking.talk.bench.hears(asking.caller),
        Some(Hears::Leg(far))
    );
}

#[test]
fn all_three_hear_each_other_and_each_leg_is_in_it_once() {
    let mut asking = asking();
    let (leg, _) = asking.ask_b();
    assert_eq!(asking.request(DeskRequest::Join), Some(Ok(())));
    for one in [asking.caller, asking.agent, leg] {
        assert_eq!(asking.talk.bench.hears(one), Some(Hears::Several));
    }
    assert_eq!(asking.request(DeskRequest::EndConsult), Some(Ok(())));
    asking.talk_is_back();
}

#[test]
fn a_number_that_nobody_has_or_the_code_for_parking_cannot_be_asked() {
    let mut asking = asking();
    for to in [
        HandOnTo::Number("何か".to_owned()),
        HandOnTo::Number("*7".to_owned()),
        HandOnTo::Park,
        HandOnTo::Asked,
    ] {
        let refused = Some(Err(HandOnRefusal::NoSuchNumber));
        assert_eq!(asking.request(DeskRequest::Consult(to)), refused);
    }
    asking.talk_is_back();
}

/// The phone of a has asked b by itself, and b has picked up.
fn ask_by_phone(talk: &mut Talk) -> Response {
    talk.bench.prove(&talk.first, FIRST, "INVITE", "202", "ask");
    talk.bench.pick_up(&talk.second);
    let answer = talk.bench.response_to(&talk.first).unwrap();
    let ack = talk.first.in_dialog("ACK", &answer, 2);
    talk.bench.send(&talk.first, ack);
    answer
}

#[test]
fn a_phone_that_hangs_up_before_the_disk_has_it_has_handed_over_on_the_screen() {
    let mut talk = talk();
    let asked = ask_by_phone(&mut talk);
    talk.bench.hold_journal();
    let over = DeskRequest::HandOn(HandOnTo::Asked);
    assert_eq!(talk.bench.request("a", over), None, "not on disk yet");
    let bye = talk.first.in_dialog("BYE", &asked, 3);
    talk.bench.send(&talk.first, bye);
    let batch = u64::MAX;
    talk.bench.input(SwitchInput::Journaled { batch });
    talk.bench.media();
    assert_eq!(talk.bench.state("b"), AgentState::Talking);
    assert!(talk.bench.requests_to(&talk.second).is_empty(), "b is kept");
}

#[test]
fn who_picks_up_outside_before_the_disk_has_it_hears_the_caller() {
    let mut talk = talk();
    let caller = talk.bench.leg_of(&talk.caller.body);
    talk.bench
        .prove(&talk.first, FIRST, "INVITE", "0398765432", "ask");
    let invite = talk.bench.request_to(&talk.carrier).unwrap();
    let ringing = talk.carrier.answer(&invite, 180);
    talk.bench.reply(&talk.carrier, &ringing);
    let early = talk.bench.progress_to(&talk.first).unwrap();
    talk.bench.hold_journal();
    // Something waits for the disk, and so does what follows.
    let (reply, _answer) = tokio::sync::oneshot::channel();
    talk.bench.input(SwitchInput::Command {
        agent: "b".into(),
        command: AgentCommand::LogOut,
        reply,
    });
    let dialog = replaces(&early);
    let more = format!("Refer-To: <sip:0398765432@127.0.0.1?Replaces={dialog}>\r\n");
    assert_eq!(talk.refer(1, &more).status, 202);
    let cancel = talk
        .first
        .request("CANCEL", "201", "0398765432", "ask", 2, "");
    let cancel = String::from_utf8(cancel).unwrap();
    talk.bench.send(
        &talk.first,
        cancel.replace("2CANCEL", "2INVITE").into_bytes(),
    );
    let answer = talk.carrier.answer(&invite, 200);
    talk.bench.reply(&talk.carrier, &answer);
    let batch = u64::MAX;
    talk.bench.input(SwitchInput::Journaled { batch });
    let far = talk.bench.leg_of(&invite.body);
    assert_eq!(talk.bench.hears(caller), Some(Hears::Leg(far)));
}
