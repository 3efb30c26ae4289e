//! How many streams of voice the desk relays, in the clear and encrypted: calls are added until packets are lost.
//!
//! All parties hear at one port, and what they say is encrypted beforehand, so that little but the desk works.

use std::fmt::Write as _;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use madoguchi_srtp::Protector;
use madoguchi_tests::free_port;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::desk::{Desk, Shape};
use crate::party::{Call, Carrier, Leg, Voices, phone};
use crate::voice::{FRAME, PACKET_BYTES, TAG_BYTES, packet};
use crate::wire::Wire;

const FIRST_CALLS: usize = 300;
const MORE_CALLS: usize = 100;
const CALLS_AT_MOST: usize = 2_000;
/// Calls that begin at once.
const AT_ONCE: usize = 20;
/// How long all speak.
const FRAMES: usize = 200;
/// Of a thousand packets so many may be lost.
const LOST_AT_MOST: u64 = 1;
/// Whoever sends may be late by so much.
const LATE_AT_MOST: Duration = Duration::from_millis(200);
/// Encrypted, so many hundredths of the streams must be relayed.
const PERCENT_AT_LEAST: usize = 70;

/// A leg that is ready to speak.
struct Speaker {
    leg: Leg,
    ssrc: u32,
    sequence: u16,
    sealed: Option<Protector>,
}

/// How one round went.
struct Round {
    sent: u64,
    heard: u64,
    late: Duration,
    /// What the thread of the media took, in hundredths of a second.
    ticks: u64,
}

pub(super) async fn streams(report: &mut String, failures: &mut Vec<String>) -> anyhow::Result<()> {
    writeln!(
        report,
        "\n## Streams that are relayed: 50 packets a second each, {} s, less than 1 of 1,000 lost\n\n\
         | voice | streams | packets/s | media thread, µs a packet |\n| --- | --- | --- | --- |",
        FRAME.as_millis() as usize * FRAMES / 1_000
    )?;
    let clear = most(false, report).await?;
    let encrypted = most(true, report).await?;
    let percent = encrypted * 100 / clear.max(1);
    writeln!(report, "\nEncrypted: {percent}% of the streams.")?;
    if percent < PERCENT_AT_LEAST {
        failures.push(format!("encrypted streams: {percent}%"));
    }
    Ok(())
}

/// The most streams without loss.
async fn most(encrypted: bool, report: &mut String) -> anyhow::Result<usize> {
    let port = free_port();
    let shape = Shape {
        phones: vec![Some(port); CALLS_AT_MOST],
        // What is said over the wire is not what is measured here.
        media: if encrypted {
            "phones_srtp = \"required\"\nsrtp_keys_in_clear = true\nrtp_timeout_s = 3600\n"
        } else {
            "phones_srtp = \"off\"\nrtp_timeout_s = 3600\n"
        },
        trunk: if encrypted {
            "srtp = \"required\"\n"
        } else {
            "srtp = \"off\"\n"
        },
        ..Shape::default()
    };
    let desk = Desk::start(&shape).await?;
    let ears = Arc::new(UdpSocket::bind("127.0.0.1:0")?);
    let (legs, mut begun) = mpsc::unbounded_channel();
    let voices = Voices {
        legs,
        ears: Some(ears.local_addr()?),
        encrypted,
    };
    tokio::spawn(phone(Wire::clear(port, desk.sip).await?, voices.clone()));
    let carrier = Arc::new(Carrier::start(Wire::clear(0, desk.sip).await?));
    let (mut calls, mut speakers) = (Vec::new(), Vec::new());
    let (mut best, mut wanted) = (None, FIRST_CALLS);
    while wanted <= CALLS_AT_MOST {
        add(&carrier, &voices, &mut calls, wanted).await?;
        while speakers.len() < wanted * 2 {
            let leg = tokio::time::timeout(Duration::from_secs(10), begun.recv()).await;
            let leg = leg.context("a leg begins")?.context("a leg")?;
            speakers.push(Speaker::new(leg));
        }
        let mut passed = false;
        // Something else on the machine may have taken its turn: once is no time.
        for _ in 0..2 {
            let round;
            (speakers, round) = speak(&desk, speakers, ears.clone()).await?;
            passed = round.passed();
            if passed {
                best = Some((wanted * 2, round));
                break;
            }
        }
        if !passed {
            break;
        }
        wanted += MORE_CALLS;
    }
    let (streams, round) = best.context("not even the first streams were relayed")?;
    writeln!(
        report,
        "| {} | {streams} | {} | {}.{:02} |",
        if encrypted { "SRTP" } else { "RTP" },
        streams * 50,
        round.ticks * 10_000 / round.sent,
        round.ticks * 1_000_000 / round.sent % 100,
    )?;
    Ok(streams)
}

/// Calls until there are so many.
async fn add(
    carrier: &Arc<Carrier>,
    voices: &Voices,
    calls: &mut Vec<Call>,
    wanted: usize,
) -> anyhow::Result<()> {
    while calls.len() < wanted {
        let mut calling = JoinSet::new();
        for n in 0..AT_ONCE.min(wanted - calls.len()) {
            let (carrier, voices) = (carrier.clone(), voices.clone());
            let name = format!("s{}", calls.len() + n);
            calling.spawn(async move { carrier.call(name, &voices).await });
        }
        while let Some(call) = calling.join_next().await {
            calls.push(call??);
        }
    }
    Ok(())
}

impl Speaker {
    fn new(leg: Leg) -> Self {
        Self {
            ssrc: rand::random(),
            sequence: 0,
            sealed: leg.keys.as_ref().map(|keys| Protector::new(&keys.ours)),
            leg,
        }
    }

    /// What it is going to say, as it goes over the wire.
    fn prepare(&mut self) -> anyhow::Result<Vec<Vec<u8>>> {
        let mut packets = Vec::with_capacity(FRAMES);
        for _ in 0..FRAMES {
            self.sequence = self.sequence.wrapping_add(1);
            let clear = packet(self.ssrc, self.sequence);
            packets.push(match &mut self.sealed {
                Some(sealed) => {
                    let mut out = Vec::with_capacity(PACKET_BYTES + TAG_BYTES);
                    sealed.protect_rtp(&clear, &mut out)?;
                    out
                }
                None => clear,
            });
        }
        Ok(packets)
    }
}

impl Round {
    fn passed(&self) -> bool {
        let lost = self.sent.saturating_sub(self.heard);
        lost * 1_000 <= self.sent * LOST_AT_MOST && self.late < LATE_AT_MOST
    }
}

/// All speak for a while.
async fn speak(
    desk: &Desk,
    mut speakers: Vec<Speaker>,
    ears: Arc<UdpSocket>,
) -> anyhow::Result<(Vec<Speaker>, Round)> {
    let prepared = tokio::task::spawn_blocking(move || {
        let said = speakers.iter_mut().map(Speaker::prepare);
        let said = said.collect::<anyhow::Result<Vec<_>>>()?;
        anyhow::Ok((speakers, said))
    });
    let (speakers, said) = prepared.await??;
    let is_sealed = speakers.iter().all(|speaker| speaker.sealed.is_some());
    let bytes = PACKET_BYTES + if is_sealed { TAG_BYTES } else { 0 };
    let (heard, over) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
    let hearing = std::thread::spawn({
        let (ears, heard, over) = (ears.clone(), heard.clone(), over.clone());
        move || hear(&ears, bytes, &heard, &over)
    });
    let before = desk.thread_ticks("media")?;
    let speaking = tokio::task::spawn_blocking(move || {
        let spoken = say(&speakers, &said, &ears);
        (speakers, spoken)
    });
    let (speakers, (sent, late)) = speaking.await?;
    // What is on its way arrives.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let ticks = desk.thread_ticks("media")? - before;
    over.store(true, Ordering::Relaxed);
    let ended = hearing.join();
    ensure!(matches!(ended, Ok(Ok(()))), "nobody listened");
    let round = Round {
        sent,
        heard: heard.load(Ordering::Relaxed),
        late,
        ticks,
    };
    Ok((speakers, round))
}

/// Each speaker's packets at their own moment within 20 ms; tells how many, and how late the last of them was.
#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn say(speakers: &[Speaker], said: &[Vec<Vec<u8>>], from: &UdpSocket) -> (u64, Duration) {
    let began = Instant::now();
    let step = FRAME / u32::try_from(speakers.len().max(1)).unwrap_or(u32::MAX);
    let (mut sent, mut late) = (0, Duration::ZERO);
    for (frame, start) in (0..FRAMES).zip(0_u32..) {
        for ((speaker, packets), place) in speakers.iter().zip(said).zip(0_u32..) {
            let due = began + FRAME * start + step * place;
            let early = due.saturating_duration_since(Instant::now());
            // Some at a time: a sleep takes longer than a packet.
            if early > Duration::from_millis(1) {
                std::thread::sleep(early);
            }
            late = Instant::now().saturating_duration_since(due);
            if let Some(packet) = packets.get(frame)
                && from.send_to(packet, speaker.leg.to).is_ok()
            {
                sent += 1;
            }
        }
    }
    (sent, late)
}

/// Counts packets of so many bytes until it is over.
fn hear(
    ears: &UdpSocket,
    bytes: usize,
    heard: &AtomicU64,
    over: &AtomicBool,
) -> std::io::Result<()> {
    ears.set_read_timeout(Some(Duration::from_millis(50)))?;
    let mut buffer = [0; 2_048];
    while !over.load(Ordering::Relaxed) {
        if ears
            .recv_from(&mut buffer)
            .is_ok_and(|(length, _)| length == bytes)
        {
            heard.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}
