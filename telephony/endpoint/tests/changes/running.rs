//! The whole endpoint over sockets: new settings are in force when it says so.

use std::sync::Arc;
use std::time::Duration;

use madoguchi_core::clock::SystemClock;
use madoguchi_core::hours::{Calendar, HoursSettings};
use madoguchi_core::live::DeskSnapshot;
use madoguchi_core::time::Millis;
use madoguchi_endpoint::media::MediaSettings;
use madoguchi_endpoint::shell::{Endpoint, EndpointDeps};
use madoguchi_line::engine::Engine;
use madoguchi_sip::message::{Message, Request};
use madoguchi_sip::parse::parse_datagram;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};

use super::desk::{Settings, phone, registering, trunk};
use super::peer::{Peer, expires};

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(5);

/// The desk lives by the clock of the machine, and calls come at any hour of any day.
fn always_open() -> Calendar {
    Calendar::new(HoursSettings {
        // Midnight.
        opens: Default::default(),
        closes: None,
        every_day: true,
        ..HoursSettings::default()
    })
}

/// A desk without trunks on a port of its own, whose journal confirms at once.
async fn start(settings: &mut Settings) -> (Endpoint, watch::Receiver<Arc<DeskSnapshot>>) {
    settings.endpoint.trunks.clear();
    start_with(settings).await
}

/// The same with the trunks of the settings.
pub(crate) async fn start_with(
    settings: &mut Settings,
) -> (Endpoint, watch::Receiver<Arc<DeskSnapshot>>) {
    settings.endpoint.listen[0].addr.set_port(0);
    settings.engine.calendar = always_open();
    let clock = Arc::new(SystemClock);
    let now = madoguchi_core::clock::Clock::moment(&*clock);
    let (journal, mut batches) = mpsc::unbounded_channel();
    let (snapshots, board) = watch::channel(Arc::default());
    let (dialled, _) = mpsc::unbounded_channel();
    let around = EndpointDeps {
        clock,
        journal,
        snapshots,
        dialled,
        restored: Vec::new(),
        registrations: None,
        signals: None,
        run: "run".into(),
    };
    let media = MediaSettings {
        ports: 30_000..=30_999,
        rtp_timeout: Millis::ZERO,
        ..MediaSettings::default()
    };
    let engine = Engine::new(settings.engine.clone(), now);
    let (endpoint, sounds) = (settings.endpoint.clone(), settings.sounds.clone());
    let endpoint = Endpoint::start(endpoint, media, sounds, engine, around)
        .await
        .unwrap();
    let desk = endpoint.clone();
    tokio::spawn(async move {
        while let Some(batch) = batches.recv().await {
            desk.journaled(batch.batch);
        }
    });
    (endpoint, board)
}

async fn change(endpoint: &Endpoint, settings: &Settings) -> bool {
    let (engine, sounds) = (settings.engine.clone(), settings.sounds.clone());
    endpoint
        .reconfigure(settings.endpoint.clone(), engine, sounds)
        .await
}

pub(crate) async fn next(carrier: &UdpSocket) -> Message {
    let mut buffer = vec![0; 65_535];
    let received = tokio::time::timeout(PATIENCE, carrier.recv(&mut buffer)).await;
    let length = received.expect("the desk says something").unwrap();
    parse_datagram(&buffer[..length]).unwrap()
}

/// The next REGISTER, which is accepted.
async fn register(carrier: &UdpSocket, peer: &Peer) -> Request {
    let Message::Request(request) = next(carrier).await else {
        panic!("the desk answers what nobody asked");
    };
    let accepted = peer.answer(&request, 200);
    carrier.send(&accepted.to_bytes()).await.unwrap();
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn new_settings_are_in_force_when_told_and_new_trunks_are_looked_up_at_once() {
    let mut settings = Settings::new();
    let (endpoint, mut board) = start(&mut settings).await;
    let carrier = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    carrier.connect(endpoint.listening()[0].addr).await.unwrap();
    let at = carrier.local_addr().unwrap().to_string();
    let peer = Peer::new(&at);
    let invite = |call| peer.request("INVITE", "0312345678", "5000", call, 1, "");

    carrier.send(&invite("before")).await.unwrap();
    let Message::Response(response) = next(&carrier).await else {
        panic!("no response");
    };
    assert_eq!(response.status, 401, "nobody knows this carrier yet");

    settings.endpoint.trunks = vec![registering("carrier", &at, "desk")];
    settings.endpoint.phones.push(phone("b", "202", "other"));
    settings.engine.agents.push(super::desk::agent("b", "202"));
    assert!(change(&endpoint, &settings).await);
    assert_eq!(expires(&register(&carrier, &peer).await), Some("600"));
    carrier.send(&invite("after")).await.unwrap();
    let status = loop {
        if let Message::Response(response) = next(&carrier).await
            && response.status >= 200
        {
            break response.status;
        }
    };
    assert_eq!(status, 200);
    let shows_both = |board: &Arc<DeskSnapshot>| board.agents.len() == 2;
    let shown = tokio::time::timeout(PATIENCE, board.wait_for(shows_both)).await;
    assert!(
        shown.is_ok_and(|shown| shown.is_ok()),
        "the board shows the new agent"
    );
    endpoint.stop(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_that_is_taken_away_signs_off_at_its_carrier() {
    let mut settings = Settings::new();
    let (endpoint, _) = start(&mut settings).await;
    let carrier = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    carrier.connect(endpoint.listening()[0].addr).await.unwrap();
    let at = carrier.local_addr().unwrap().to_string();
    let peer = Peer::new(&at);
    settings.endpoint.trunks = vec![registering("carrier", &at, "desk")];
    assert!(change(&endpoint, &settings).await);
    assert_eq!(expires(&register(&carrier, &peer).await), Some("600"));
    settings.endpoint.trunks = vec![trunk("plain", "127.0.0.1:6001")];
    assert!(change(&endpoint, &settings).await);
    assert_eq!(expires(&register(&carrier, &peer).await), Some("0"));
    endpoint.stop(Duration::ZERO).await;
    assert!(
        !change(&endpoint, &settings).await,
        "nobody is there any more"
    );
}
