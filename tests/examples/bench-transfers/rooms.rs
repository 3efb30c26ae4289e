//! Pairs of phones that SIPp plays: one answers callers, the other gets them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_core::call::CallRecord;
use madoguchi_core::call::Direction;
use madoguchi_core::event::{CallEvent, EventKind, RingOutcome};
use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_tests::desk::{Desk, Setup};
use madoguchi_tests::free_port;
use madoguchi_tests::sipp::{Run, Sipp, callee, caller};

use crate::Outcome;
use crate::caller::{self as voice, Heard};

/// Pairs of phones that work at once.
pub(crate) const ROOMS: usize = 10;
/// So long a caller stays, who is handed on after half a second.
pub(crate) const STAYS: Duration = Duration::from_millis(3_000);
/// SIPp plays a phone until it is stopped.
const FOR_EVER: u32 = 1_000_000;

/// How callers are moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Blind,
    Busy,
    PickUp,
    Attended,
    Softphone,
}

impl Way {
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::Blind => "blind, by REFER of SIPp to SIPp",
            Self::Busy => "return on busy, by REFER of SIPp",
            Self::PickUp => "pick-up by code, by SIPp",
            Self::Attended => "attended, to SIPp who was asked",
            Self::Softphone => "blind, by baresip to SIPp",
        }
    }
}

/// A desk with pairs of agents: `a0`, `a1` … answer, `b0`, `b1` … are rung for transfers only.
pub(crate) async fn desk(
    way: Way,
    answering: impl Fn(Setup, &str) -> Setup,
) -> anyhow::Result<(Desk, Vec<u16>)> {
    let mut setup = Setup::default()
        .line("ring_timeout_s = 20")
        .line("wrap_up_s = 0")
        // baresip names the address of the machine in its description, and speaks from another.
        .more("[media]\nphones_symmetric_rtp = true")
        .sip("digest_algorithms = [\"MD5\"]\nunknown_requests_per_minute = 1000000");
    let mut ports = Vec::new();
    for room in 0..ROOMS {
        setup = answering(setup, &format!("a{room}"));
        let name = format!("b{room}");
        if way == Way::PickUp {
            setup = setup.registering_agent(&name);
            ports.push(0);
        } else {
            let port = free_port();
            setup = setup.agent(&name, port);
            ports.push(port);
        }
    }
    let desk = setup.at_real_time().start().await?;
    for room in 0..ROOMS {
        desk.command(&format!("b{room}"), AgentCommand::LogOut)
            .await;
    }
    Ok((desk, ports))
}

pub(crate) fn extension(desk: &Desk, agent: &str) -> anyhow::Result<String> {
    let agents = desk.agents();
    let found = agents.iter().find(|view| view.agent.as_str() == agent);
    Ok(found.context("an agent")?.extension.clone())
}

/// A phone that SIPp plays at a port, and that says what it hears.
pub(crate) fn phone(scenario: &madoguchi_tests::sipp::Scenario, port: u16) -> anyhow::Result<Sipp> {
    let run = Run {
        calls: FOR_EVER,
        timeout: Duration::from_secs(3_600),
        more: vec!["-rtp_echo".to_owned()],
        ..Run::wait(port)
    };
    scenario.start(&run)
}

/// All callers of one way.
pub(crate) async fn run(way: Way, callers: usize) -> anyhow::Result<Outcome> {
    let answering_ports = std::cell::RefCell::new(Vec::new());
    let (desk, ports) = desk(way, |setup, name| {
        let port = free_port();
        answering_ports.borrow_mut().push(port);
        setup.agent(name, port)
    })
    .await?;
    let mut phones = Vec::new();
    for (room, port) in answering_ports.into_inner().into_iter().enumerate() {
        let to = format!(
            "sip:{}@{}",
            extension(&desk, &format!("b{room}"))?,
            desk.sip
        );
        let answers = || callee().ring().respond(180).answer().pause(500);
        let scenario = match way {
            Way::Blind | Way::Busy => {
                let told = answers().refer(&to).receive_inside("NOTIFY");
                told.receive_inside("BYE")
            }
            _ => callee().ring().respond(180).be_cancelled(),
        };
        phones.push(phone(&scenario, port)?);
    }
    phones.extend(colleagues(way, &ports)?);
    // SIPp needs a moment before it hears.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = callers.div_ceil(ROOMS);
    let rooms = (0..ROOMS).map(|room| {
        let desk = &desk;
        async move {
            let mut heard = Vec::new();
            for n in 0..each {
                let name = format!("{way:?}{room}x{n}");
                heard.push(match way {
                    Way::PickUp => picked_up(desk, room, &name).await?,
                    _ => voice::call(desk.sip, &name, STAYS).await?,
                });
            }
            Ok::<_, anyhow::Error>(heard)
        }
    });
    let heard = futures::future::try_join_all(rooms).await?.concat();
    finish(desk, phones, (way.what(), heard), |record, events| {
        is_right(way, record, events)
    })
    .await
}

/// Those who get callers.
pub(crate) fn colleagues(way: Way, ports: &[u16]) -> anyhow::Result<Vec<Sipp>> {
    let scenario = match way {
        Way::Busy => callee().ring().respond(486).wait("ACK"),
        Way::PickUp => return Ok(Vec::new()),
        _ => {
            let answers = callee().ring().respond(180).pause(200).answer();
            answers.receive_inside("BYE")
        }
    };
    ports.iter().map(|port| phone(&scenario, *port)).collect()
}

/// A caller who rings a phone of the desk, and is taken by another.
async fn picked_up(desk: &Desk, room: usize, name: &str) -> anyhow::Result<Heard> {
    let agent = format!("b{room}");
    let takes = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let scenario = caller()
            .invite_with_proof(&format!("secret-{agent}"))
            .ack()
            .receive_inside("BYE");
        let run = Run {
            caller: extension(desk, &agent)?,
            more: vec!["-rtp_echo".to_owned()],
            ..Run::call(desk.sip, "*8")
        };
        scenario.start(&run)?.succeed().await
    };
    let (heard, taken) = tokio::join!(voice::call(desk.sip, name, STAYS), takes);
    taken?;
    heard
}

/// Ends the desk, and counts the calls that went as they should.
pub(crate) async fn finish(
    desk: Desk,
    phones: Vec<Sipp>,
    (what, heard): (&'static str, Vec<Heard>),
    is_right: impl Fn(&CallRecord, &[CallEvent]) -> bool,
) -> anyhow::Result<Outcome> {
    for agent in desk.agents() {
        let name = agent.agent.to_string();
        let free = || (desk.agent(&name) != AgentState::Talking).then_some(());
        desk.wait("nobody talks any more", free).await?;
    }
    drop(phones);
    let histories = desk.end().await?;
    let mut right = 0;
    let mut callers = 0;
    let mut wrong = BTreeMap::new();
    for events in &histories {
        let record = CallRecord::fold(events).context("a call begins")?;
        if record.direction != Direction::Inbound {
            continue;
        }
        callers += 1;
        if is_right(&record, events) {
            right += 1;
        } else {
            let story = madoguchi_tests::desk::story(events);
            *wrong.entry(story).or_insert(0) += 1;
        }
    }
    ensure!(callers == heard.len(), "{callers} calls of {}", heard.len());
    for (story, count) in wrong {
        writeln!(std::io::stderr(), "{what}: {count} × {story}")?;
    }
    Ok(Outcome {
        what,
        callers,
        right,
        heard,
    })
}

pub(crate) fn is_right(way: Way, record: &CallRecord, events: &[CallEvent]) -> bool {
    let agents: Vec<_> = record
        .parts
        .iter()
        .filter_map(|part| part.agent.as_ref())
        .map(|agent| agent.as_str().chars().next())
        .collect();
    let declined = |event: &CallEvent| {
        matches!(
            event.kind,
            EventKind::RingEnded {
                outcome: RingOutcome::Declined,
                ..
            }
        )
    };
    let expected: &[Option<char>] = match way {
        Way::Blind | Way::Attended | Way::Softphone => &[Some('a'), Some('b')],
        Way::Busy => &[Some('a')],
        Way::PickUp => &[Some('b')],
    };
    let is_busy = way != Way::Busy || events.iter().any(declined);
    agents == expected && is_busy && record.ended_at.is_some()
}
