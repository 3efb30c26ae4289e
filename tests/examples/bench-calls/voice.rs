//! The voice of one leg: a packet every 20 ms either way.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use madoguchi_srtp::{Protector, Unprotector};
use tokio::net::UdpSocket;

use crate::party::{Keys, Leg};

pub(super) const FRAME: Duration = Duration::from_millis(20);
const FRAME_BYTES: usize = 160;
/// A packet in the clear,
pub(super) const PACKET_BYTES: usize = 12 + FRAME_BYTES;
/// and what follows if it is encrypted.
pub(super) const TAG_BYTES: usize = 10;

/// What was said and heard.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) said: AtomicU64,
    pub(super) heard: AtomicU64,
    /// Packets that are no voice for us: not encrypted with the key that was told, or not at all.
    pub(super) wrong: AtomicU64,
}

/// One packet of µ-law.
pub(super) fn packet(ssrc: u32, sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend(sequence.to_be_bytes());
    packet.extend((u32::from(sequence) * 160).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.resize(PACKET_BYTES, 0xd5);
    packet
}

/// The leg talks and listens until its call is over.
pub(super) async fn converse(leg: Leg, tally: &Tally) {
    let Leg {
        ears,
        to,
        keys,
        mut over,
    } = leg;
    let Some(socket) = ears else { return };
    let mut sealed = keys.as_ref().map(|keys| Protector::new(&keys.ours));
    let mut opened = keys
        .as_ref()
        .map(|Keys { theirs, .. }| Unprotector::new(theirs));
    let mut tick = tokio::time::interval(FRAME);
    let (mut sequence, mut buffer, mut out) = (0_u16, [0; 2_048], Vec::new());
    let ssrc = rand::random();
    loop {
        tokio::select! {
            biased;
            _ = &mut over => return,
            _ = tick.tick() => {
                sequence = sequence.wrapping_add(1);
                let mut packet = packet(ssrc, sequence);
                if let Some(sealed) = &mut sealed
                    && sealed.protect_rtp(&packet, &mut out).is_ok()
                {
                    packet.clone_from(&out);
                }
                if socket.send_to(&packet, to).await.is_ok() {
                    tally.said.fetch_add(1, Ordering::Relaxed);
                }
            }
            length = hear(&socket, &mut buffer) => {
                let packet = buffer.get(..length).unwrap_or_default();
                let is_voice = match &mut opened {
                    Some(opened) => opened.unprotect_rtp(packet, &mut out).is_ok(),
                    None => length == PACKET_BYTES,
                };
                let count = if is_voice { &tally.heard } else { &tally.wrong };
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

async fn hear(socket: &UdpSocket, buffer: &mut [u8]) -> usize {
    loop {
        // What went to a port that is closed by now is told here.
        if let Ok((length, _)) = socket.recv_from(buffer).await {
            return length;
        }
    }
}
