//! A caller who speaks all the time, and notes when something is heard.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use madoguchi_sip::message::Response;
use madoguchi_tests::raw::Peer;
use tokio::net::UdpSocket;
use tokio::time::Instant;

const FRAME: Duration = Duration::from_millis(20);

/// What a caller heard.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Heard {
    pub(crate) packets: usize,
    /// The longest time between two packets.
    pub(crate) longest_gap: Duration,
}

/// Calls the line, speaks for so long, and hangs up.
pub(crate) async fn call(desk: SocketAddr, name: &str, stays: Duration) -> anyhow::Result<Heard> {
    let peer = Peer::new(desk).await?;
    peer.send(&peer.request("INVITE", "5000", name, 1, ""))
        .await?;
    let response = peer.final_response().await?;
    ensure!(response.status == 200, "{}", response.status);
    peer.send(&peer.in_dialog("ACK", &response, 1)?).await?;
    let heard = talk(&peer.rtp, voice_of(&response.body)?, stays).await?;
    peer.send(&peer.in_dialog("BYE", &response, 2)?).await?;
    until_let_go(&peer).await?;
    Ok(heard)
}

async fn until_let_go(peer: &Peer) -> anyhow::Result<Response> {
    peer.final_response().await.context("the end of the call")
}

/// Where a description wants voice.
pub(crate) fn voice_of(description: &[u8]) -> anyhow::Result<SocketAddr> {
    let text = String::from_utf8_lossy(description);
    let line = |begin: &str| text.lines().find_map(|line| line.strip_prefix(begin));
    let ip = line("c=IN IP4 ").context("an address")?;
    let port = line("m=audio ").and_then(|rest| rest.split(' ').next());
    Ok(SocketAddr::new(
        ip.trim().parse()?,
        port.context("a port")?.parse()?,
    ))
}

/// Speaks and listens for so long.
async fn talk(socket: &UdpSocket, to: SocketAddr, stays: Duration) -> anyhow::Result<Heard> {
    let until = Instant::now() + stays;
    let mut ticks = tokio::time::interval(FRAME);
    let mut heard = Heard::default();
    let (mut last, mut number) = (None::<Instant>, 0_u16);
    let mut buffer = [0; 2_048];
    while Instant::now() < until {
        tokio::select! {
            _ = ticks.tick() => {
                number = number.wrapping_add(1);
                socket.send_to(&packet(number), to).await?;
            }
            received = socket.recv_from(&mut buffer) => {
                received?;
                let now = Instant::now();
                heard.packets += 1;
                if let Some(last) = last.replace(now) {
                    heard.longest_gap = heard.longest_gap.max(now - last);
                }
            }
        }
    }
    Ok(heard)
}

/// 20 ms of voice.
fn packet(number: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend_from_slice(&number.to_be_bytes());
    packet.extend_from_slice(&(u32::from(number) * 160).to_be_bytes());
    packet.extend_from_slice(&[7, 7, 7, 7]);
    packet.extend_from_slice(&[0x55; 160]);
    packet
}
