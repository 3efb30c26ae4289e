//! What the desk adds to the way of the voice.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use madoguchi_sip::sdp::{Local, accept_answer};
use madoguchi_tests::raw::Peer;
use tokio::net::UdpSocket;
use tokio::time::Instant;

use crate::desk::{Desk, Shape};

const CONVERSATIONS: usize = 100;
const PACKET: Duration = Duration::from_millis(20);

/// One side of a conversation: sends a packet every 20 ms that carries when it was sent, and notes
/// how old those are that come.
async fn speak_and_hear(
    socket: UdpSocket,
    to: SocketAddr,
    epoch: Instant,
    until: Instant,
) -> Vec<u64> {
    let mut delays = Vec::new();
    let mut tick = tokio::time::interval(PACKET);
    let mut sequence = 0_u16;
    let mut buffer = [0; 2_048];
    while Instant::now() < until {
        tokio::select! {
            _ = tick.tick() => {
                sequence = sequence.wrapping_add(1);
                let mut packet = vec![0x80, 0];
                packet.extend(sequence.to_be_bytes());
                packet.extend((u32::from(sequence) * 160).to_be_bytes());
                packet.extend([0, 0, 0, 7]);
                packet.extend(sent_at(epoch).to_be_bytes());
                packet.resize(172, 0xff);
                // A packet that is not sent is not measured.
                let _lost = socket.send_to(&packet, to).await;
            }
            received = socket.recv_from(&mut buffer) => {
                let Ok((172, _)) = received else { continue };
                let stamp = buffer.get(12..20).and_then(|bytes| bytes.try_into().ok());
                let Some(stamp) = stamp.map(u64::from_be_bytes) else { continue };
                let now = sent_at(epoch);
                // The desk's own sounds carry no stamp.
                if stamp <= now && now - stamp < 10_000_000 {
                    delays.push(now - stamp);
                }
            }
        }
    }
    delays
}

fn sent_at(epoch: Instant) -> u64 {
    u64::try_from(epoch.elapsed().as_micros()).unwrap_or(u64::MAX)
}

fn percentiles(mut delays: Vec<u64>) -> (u64, u64, u64, usize) {
    delays.sort_unstable();
    let at = |part: usize| {
        delays
            .get(delays.len() * part / 100)
            .copied()
            .unwrap_or_default()
    };
    (
        at(50),
        at(99),
        delays.last().copied().unwrap_or_default(),
        delays.len(),
    )
}

/// What the desk adds to the way of a packet, against a direct way.
pub(super) async fn delay(report: &mut String, failures: &mut Vec<String>) -> anyhow::Result<()> {
    let epoch = Instant::now();
    let direct = converse_directly(epoch).await?;
    let bridged = converse_bridged(epoch).await?;
    let (direct, bridged) = (percentiles(direct), percentiles(bridged));
    writeln!(
        report,
        "\n## {CONVERSATIONS} simultaneous G.711 calls, one way, 20 s\n\n\
         | way | packets | p50 | p99 | longest |\n| --- | --- | --- | --- | --- |\n\
         | direct | {} | {} µs | {} µs | {} µs |\n| through the desk | {} | {} µs | {} µs | {} µs |",
        direct.3, direct.0, direct.1, direct.2, bridged.3, bridged.0, bridged.1, bridged.2,
    )?;
    let added = bridged.1.saturating_sub(direct.1);
    writeln!(report, "\nAdded at the 99th percentile: {added} µs.")?;
    if added >= 5_000 {
        failures.push(format!("delay {added} µs"));
    }
    // Both sides of each call speak 50 packets a second.
    if bridged.3 < CONVERSATIONS * 2 * 50 * 15 {
        failures.push(format!("only {} packets were heard", bridged.3));
    }
    Ok(())
}

async fn converse_directly(epoch: Instant) -> anyhow::Result<Vec<u64>> {
    let until = Instant::now() + Duration::from_secs(20);
    let mut talks = Vec::new();
    for _ in 0..CONVERSATIONS {
        let (a, b) = (
            UdpSocket::bind("127.0.0.1:0").await?,
            UdpSocket::bind("127.0.0.1:0").await?,
        );
        let (to_a, to_b) = (a.local_addr()?, b.local_addr()?);
        talks.push(tokio::spawn(speak_and_hear(a, to_b, epoch, until)));
        talks.push(tokio::spawn(speak_and_hear(b, to_a, epoch, until)));
    }
    gather(talks).await
}

async fn converse_bridged(epoch: Instant) -> anyhow::Result<Vec<u64>> {
    let mut phones = Vec::new();
    for _ in 0..CONVERSATIONS {
        phones.push(Peer::new(SocketAddr::from(([127, 0, 0, 1], 9))).await?);
    }
    let ports = phones
        .iter()
        .map(|phone| Ok(Some(phone.address()?.port())))
        .collect::<anyhow::Result<_>>()?;
    let shape = Shape {
        phones: ports,
        ..Shape::default()
    };
    let desk = Desk::start(&shape).await?;
    let answering: Vec<_> = phones
        .into_iter()
        .map(|phone| tokio::spawn(pick_up(phone.of(desk.sip))))
        .collect();
    let mut callers = Vec::new();
    for n in 0..CONVERSATIONS {
        let caller = Peer::new(desk.sip).await?;
        caller
            .send(&caller.request("INVITE", "5000", &format!("talk{n}"), 1, ""))
            .await?;
        let response = caller.final_response().await?;
        caller.send(&caller.in_dialog("ACK", &response, 1)?).await?;
        callers.push((caller.rtp, rtp_of(&response.body)?));
    }
    let mut ends = callers;
    for phone in answering {
        ends.push(phone.await??);
    }
    let until = Instant::now() + Duration::from_secs(20);
    let talks = ends
        .into_iter()
        .map(|(socket, to)| tokio::spawn(speak_and_hear(socket, to, epoch, until)));
    gather(talks.collect()).await
}

/// Answers the one call of an agent's phone; its RTP socket, and where to speak to.
async fn pick_up(phone: Peer) -> anyhow::Result<(UdpSocket, SocketAddr)> {
    let invite = phone.request_of_desk().await?;
    let rtp = phone.rtp.local_addr()?.port();
    let mut response = invite.respond(200, None);
    response.set_to_tag("phone");
    let here = phone.address()?;
    response.headers.push(
        madoguchi_sip::message::HeaderName::Contact,
        format!("<sip:a@{here}>"),
    );
    let kind = madoguchi_sip::message::HeaderName::ContentType;
    response.headers.push(kind, "application/sdp");
    response.body = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio {rtp} RTP/AVP 0\r\n"
    )
    .into_bytes();
    phone.send(&response.to_bytes()).await?;
    Ok((phone.rtp, rtp_of(&invite.body)?))
}

fn rtp_of(body: &[u8]) -> anyhow::Result<SocketAddr> {
    let local = Local::in_the_clear(1, 1, ([127, 0, 0, 1], 1).into());
    Ok(accept_answer(body, &local)?.remote)
}

async fn gather(talks: Vec<tokio::task::JoinHandle<Vec<u64>>>) -> anyhow::Result<Vec<u64>> {
    let mut all = Vec::new();
    for talk in talks {
        all.extend(talk.await?);
    }
    Ok(all)
}
