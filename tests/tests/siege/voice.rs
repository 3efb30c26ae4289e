//! Voice of strangers, and calls that nobody stands behind.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::ensure;
use madoguchi_core::event::AbandonReason;
use madoguchi_sip::message::{Method, Response};
use madoguchi_sip::sdp::{Local, accept_answer};
use madoguchi_tests::desk::Setup;
use madoguchi_tests::raw::Peer;
use madoguchi_tests::siege::{STRANGER, siege};
use tokio::net::UdpSocket;

type Outcome = anyhow::Result<()>;

/// The ports for voice of a desk whose settings say nothing of them.
const RTP_PORTS: std::ops::Range<u16> = 20_000..30_000;

/// A packet of voice that claims to be the next of a running stream.
fn voice(sequence: u16) -> Vec<u8> {
    let [high, low] = sequence.to_be_bytes();
    let mut packet = vec![0x80, 0, high, low, 0, 0, high, low, 0, 0, 0, 1];
    packet.resize(172, 0x22);
    packet
}

#[tokio::test(flavor = "multi_thread")]
async fn voice_of_strangers_at_every_port_disturbs_no_call() -> Outcome {
    siege(Setup::default(), 5, async |desk| {
        let elsewhere = UdpSocket::bind((STRANGER, 0)).await?;
        // The host that the callers' descriptions name, too.
        let same_host = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        for sequence in 0..4 {
            for port in RTP_PORTS.step_by(2) {
                let to = SocketAddr::new(desk.sip.ip(), port);
                for socket in [&elsewhere, &same_host] {
                    // Most ports are closed, which the system may tell at the next packet.
                    let _refused = socket.send_to(&voice(sequence), to).await;
                }
                if port % 200 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        }
        Ok(())
    })
    .await?;
    Ok(())
}

/// Where the desk hears a caller who hears at `rtp`.
fn desk_rtp(response: &Response, rtp: SocketAddr) -> anyhow::Result<SocketAddr> {
    let local = Local::in_the_clear(1, 1, rtp);
    Ok(accept_answer(&response.body, &local)?.remote)
}

/// Whether something comes within a second.
async fn hears(socket: &UdpSocket) -> bool {
    let mut buffer = [0; 2_048];
    let packet = tokio::time::timeout(Duration::from_secs(1), socket.recv_from(&mut buffer));
    packet.await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn music_goes_on_to_the_caller_whatever_a_stranger_sends() -> Outcome {
    let desk = Setup::default().start().await?;
    let peer = Peer::new(desk.sip).await?;
    peer.send(&peer.request("INVITE", "5000", "music", 1, ""))
        .await?;
    let response = peer.final_response().await?;
    ensure!(response.status == 200);
    ensure!(!hears(&peer.rtp).await, "nothing before the ACK");
    peer.send(&peer.in_dialog("ACK", &response, 1)?).await?;
    ensure!(hears(&peer.rtp).await, "music after it");
    let at_desk = desk_rtp(&response, peer.rtp.local_addr()?)?;
    for ip in [IpAddr::V4(Ipv4Addr::LOCALHOST), STRANGER] {
        let stranger = UdpSocket::bind((ip, 0)).await?;
        for sequence in 0..200 {
            stranger.send_to(&voice(sequence), at_desk).await?;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        ensure!(!hears(&stranger).await, "the stranger is sent something");
        let mut buffer = [0; 2_048];
        while peer.rtp.try_recv(&mut buffer).is_ok() {}
        ensure!(hears(&peer.rtp).await, "the caller is sent no more");
    }
    peer.send(&peer.in_dialog("BYE", &response, 2)?).await?;
    // The 200 to INVITE came again while its ACK was withheld.
    while peer.final_response().await?.cseq().map(|cseq| cseq.method) != Some(Method::Bye) {}
    desk.end().await?;
    Ok(())
}

/// More callers than ports: every one is counted, and who is refused is 放棄 by our fault.
#[tokio::test(flavor = "multi_thread")]
async fn callers_beyond_the_ports_are_refused_and_counted() -> Outcome {
    const CALLERS: u64 = 60;
    // Twenty ports of even numbers.
    let media = "[media]\nfirst_port = 15000\nlast_port = 15039";
    let desk = Setup::default().more(media).start().await?;
    let mut taken = Vec::new();
    for n in 0..CALLERS {
        let peer = Peer::new(desk.sip).await?;
        let call = format!("c{n}");
        peer.send(&peer.request("INVITE", "5000", &call, 1, ""))
            .await?;
        let response = peer.final_response().await?;
        ensure!([200, 503].contains(&response.status));
        if response.status == 200 {
            peer.send(&peer.in_dialog("ACK", &response, 1)?).await?;
            taken.push((peer, response));
        }
    }
    let accepted = taken.len() as u64;
    ensure!((15..=20).contains(&accepted), "{accepted} calls");
    for (peer, response) in taken {
        peer.send(&peer.in_dialog("BYE", &response, 2)?).await?;
        peer.final_response().await?;
    }
    let figures = desk.figures();
    let refused = figures.abandoned_by_reason.get(&AbandonReason::SystemError);
    ensure!(figures.offered == CALLERS, "{figures:?}");
    ensure!(refused == Some(&(CALLERS - accepted)), "{figures:?}");
    ensure!(figures.waiting == 0 && figures.answered == 0, "{figures:?}");
    desk.end().await?;
    Ok(())
}
