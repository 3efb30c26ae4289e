//! A desk that is called by real callers, and its own traffic: what is seen on the wire has to be what the
//! desk itself has written down.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_core::call::{CallRecord, Direction};
use madoguchi_core::figures::{Figures, FiguresSettings};
use madoguchi_core::time::Millis;
use madoguchi_tests::desk::{Desk, Setup};
use madoguchi_tests::free_port;
use madoguchi_tests::raw::Peer;
use madoguchi_tests::sipp::{Run, Sipp, callee, caller};
use tokio::time::sleep;

use super::observer::Observer;
use super::wire::{Relay, Wire};
use crate::phones::{dial, register};

const CARRIER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// When the callers hang up after the queue has taken them (ms). There are two agents: the first two callers
/// have them at once, two give up, and one has the agent who is free first.
const CALLERS: [(u32, u64); 5] = [(1, 3_000), (2, 3_500), (3, 1_200), (4, 6_000), (5, 1_200)];
/// A relay and the desk do not look at the clock at the same instant.
const NEAR: Millis = Millis(20);

/// A desk whose whole traffic passes relays.
struct Scene {
    desk: Desk,
    wire: Wire,
    settings: String,
    phones: Vec<Sipp>,
    /// Where the desk calls who is outside.
    far: Relay,
}

impl Scene {
    async fn begin() -> anyhow::Result<Self> {
        let here = Ipv4Addr::LOCALHOST;
        let phones = [Relay::at(here).await?, Relay::at(here).await?];
        let far = Relay::at(CARRIER).await?;
        let trunk = format!(
            "sources = [{{ net = \"{CARRIER}/32\" }}]\noutbound = \"sip:{}\"",
            far.front()?
        );
        let setup = Setup {
            trunk,
            ..Setup::default()
        };
        let setup = setup
            .at_real_time()
            .more("[reception]\nopens = \"00:00\"\ncloses = \"24:00\"\nevery_day = true")
            .registering_agent("tanaka")
            .agent("suzuki", phones[0].front()?.port())
            .agent("sato", phones[1].front()?.port());
        let desk = setup.start().await?;
        let mut scene = Self {
            wire: Wire::of(&desk),
            desk,
            settings: setup.toml(0, 0),
            phones: Vec::new(),
            far,
        };
        for phone in phones {
            let port = free_port();
            phone.connect(&scene.wire, Some(local(port)))?;
            let takes = callee()
                .ring()
                .respond(180)
                .pause(300)
                .answer()
                .receive("BYE");
            let started = takes.start(&Run::wait(port).times(20, 10))?;
            scene.phones.push(started);
        }
        Ok(scene)
    }

    /// A way to the desk for somebody at this address.
    async fn way(&self, address: Ipv4Addr) -> anyhow::Result<SocketAddr> {
        Relay::at(address).await?.connect(&self.wire, None)
    }

    /// Several at once: answered, given up, and one who dials a number that is no line's.
    async fn callers(&self) -> anyhow::Result<()> {
        let mut running = Vec::new();
        for (number, hangs_up_after) in CALLERS {
            let run = Run {
                caller: format!("031111000{number}"),
                ..Run::call(self.way(CARRIER).await?, "5000")
            };
            let call = caller().invite().expect(200).ack();
            running.push(call.pause(hangs_up_after).bye().start(&run)?);
            sleep(Duration::from_millis(300)).await;
        }
        let nowhere = Run::call(self.way(CARRIER).await?, "9999");
        let refused = caller().invite().expect(404).ack_refusal();
        running.push(refused.start(&nowhere)?);
        for one in running {
            one.succeed().await?;
        }
        Ok(())
    }

    /// An agent calls somebody outside.
    async fn outbound(self) -> anyhow::Result<(Desk, Wire, String, Vec<Sipp>)> {
        let port = free_port();
        self.far.connect(&self.wire, Some(local(port)))?;
        let answers = callee().ring().respond(180).pause(400).answer();
        let far = answers.receive("BYE").start(&Run::wait(port))?;
        let way = Relay::at(Ipv4Addr::LOCALHOST).await?;
        let phone = Peer::new(way.connect(&self.wire, None)?).await?;
        let registered = register(&phone, &self.desk, "secret-tanaka", false, 60, 1).await?;
        ensure!(registered.status == 200, "{registered:?}");
        let response = dial(&phone, &self.desk, "0398765432").await?;
        ensure!(response.status == 200, "{response:?}");
        phone.send(&phone.in_dialog("ACK", &response, 2)?).await?;
        sleep(Duration::from_millis(900)).await;
        phone.send(&phone.in_dialog("BYE", &response, 3)?).await?;
        far.succeed().await?;
        Ok((self.desk, self.wire, self.settings, self.phones))
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn figures(calls: &[CallRecord]) -> Figures {
    let mut figures = Figures::default();
    for call in calls {
        figures.add(call, FiguresSettings::default());
    }
    figures
}

fn are_near(one: Option<Millis>, other: Option<Millis>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one.0 - other.0).abs() <= NEAR.0,
        (one, other) => one == other,
    }
}

/// Whether what was seen is what the desk has written down.
fn agree(seen: &[CallRecord], own: &[CallRecord]) -> anyhow::Result<()> {
    ensure!(seen.len() == own.len(), "{seen:#?}\n{own:#?}");
    for (seen, own) in seen.iter().zip(own) {
        let told = || format!("{seen:#?}\n{own:#?}");
        ensure!(seen.direction == own.direction, "{}", told());
        ensure!(seen.outcome() == own.outcome(), "{}", told());
        ensure!(seen.agent() == own.agent(), "{}", told());
        ensure!(seen.to.number() == own.to.number(), "{}", told());
        ensure!(are_near(seen.talk(), own.talk()), "{}", told());
        if own.direction == Direction::Inbound {
            ensure!(seen.line == own.line, "{}", told());
            ensure!(seen.from.number() == own.from.number(), "{}", told());
            ensure!(are_near(seen.wait(), own.wait()), "{}", told());
        }
    }
    let (seen, own) = (figures(seen), figures(own));
    ensure!(
        (seen.offered, seen.answered) == (own.offered, own.answered),
        "{seen:#?}\n{own:#?}"
    );
    ensure!(seen.abandoned_by_reason == own.abandoned_by_reason);
    ensure!((seen.outbound, seen.outbound_answered) == (own.outbound, own.outbound_answered));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_traffic_of_a_desk_by_pcap_by_hep_and_by_both_at_once_gives_the_figures_of_its_journal()
-> anyhow::Result<()> {
    let scene = Scene::begin().await?;
    scene.callers().await?;
    let (desk, wire, settings, phones) = scene.outbound().await?;
    desk.until("all calls have come", |figures| {
        (figures.offered, figures.outbound_answered) == (5, 1)
    })
    .await?;
    let histories = desk.end().await?;
    for phone in phones {
        phone.kill().await?;
    }
    let own = histories.iter().map(|events| CallRecord::fold(events));
    let own: Option<Vec<CallRecord>> = own.collect();
    let mut own = own.context("every call begins")?;
    own.sort_by_key(|call| call.arrived_at);
    let told = figures(&own);
    ensure!(
        told.answered > 1 && told.abandoned() > 0 && told.answered + told.abandoned() == 5,
        "{told:#?}"
    );

    let seen = wire.seen();
    let by_capture = Observer::new(&settings)?.by_capture(&seen).await?;
    agree(&by_capture, &own).context("by pcap")?;
    let calls = own.len();
    let probed = Observer::new(&settings)?;
    let by_hep = probed.by_probe(&seen, false, calls).await?;
    agree(&by_hep, &own).context("by HEP")?;
    let by_both = Observer::new(&settings)?;
    let by_both = by_both.by_probe(&seen, true, calls).await?;
    agree(&by_both, &own).context("by both at once")?;
    ensure!(
        by_capture == by_hep && by_hep == by_both,
        "to the millisecond"
    );
    Ok(())
}
