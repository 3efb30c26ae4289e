//! More than two legs that hear each other. What each says is collected for a moment, so that voices that come at
//! different times go on without gaps; every 20 ms each leg hears the sum of what the others said.

use std::collections::VecDeque;
use std::time::Duration;

use madoguchi_sip::sdp::Codec;

use super::sealing::send;
use super::{Exchange, FRAME, LATE_AT_MOST, Outside};
use crate::media::g711;
use crate::media::interface::SessionId;
use crate::media::sound::FRAME_SAMPLES;

/// So much of a voice is there before it is heard: late packets leave no gap.
const COLLECTED: usize = 2 * FRAME_SAMPLES;
/// Of more than this the oldest is not heard, so that nobody is heard late.
const COLLECTED_AT_MOST: usize = 8 * FRAME_SAMPLES;
/// Frames that are made up for at once after a late tick.
const FRAMES_AT_ONCE: usize = 8;

type Samples = [i16; FRAME_SAMPLES];

/// Legs that all hear each other.
#[derive(Debug)]
pub(super) struct Mix {
    members: Vec<Member>,
    /// When the next frame is due.
    next: Duration,
    /// Tells its frames from everything else that is played.
    serial: u64,
}

#[derive(Debug)]
struct Member {
    session: SessionId,
    /// Legs of one seat are of one person, and do not hear each other.
    seat: u8,
    heard: VecDeque<i16>,
    /// What was heard goes on evenly.
    flows: bool,
}

impl Member {
    fn new((session, seat): (SessionId, u8)) -> Self {
        Self {
            session,
            seat,
            heard: VecDeque::new(),
            flows: false,
        }
    }

    fn hear(&mut self, codec: Codec, payload: &[u8]) {
        let samples = payload.iter().map(|byte| g711::decode(codec, *byte));
        self.heard.extend(samples);
        if self.heard.len() > COLLECTED_AT_MOST {
            let old = self.heard.len() - COLLECTED;
            self.heard.drain(..old);
        }
    }

    /// What was said in the next 20 ms: silence while too little is there.
    fn next_frame(&mut self) -> Samples {
        let mut frame = [0; FRAME_SAMPLES];
        let enough = if self.flows { FRAME_SAMPLES } else { COLLECTED };
        self.flows = self.heard.len() >= enough;
        if self.flows {
            let said = self.heard.drain(..FRAME_SAMPLES);
            frame
                .iter_mut()
                .zip(said)
                .for_each(|(slot, sample)| *slot = sample);
        }
        frame
    }
}

impl Exchange {
    /// Lets these legs hear each other, instead of whatever they heard before.
    pub(super) fn join(&mut self, legs: Vec<(SessionId, u8)>, now: Duration) {
        let mut members = Vec::with_capacity(legs.len());
        for leg in legs {
            self.unbridge(leg.0);
            if let Some(session) = self.sessions.get_mut(&leg.0) {
                session.playing = None;
                session.reporting.bridged_at = Some(now);
                members.push(Member::new(leg));
            }
        }
        self.last_serial += 1;
        self.mixes.push(Mix {
            members,
            next: now,
            serial: self.last_serial,
        });
        self.forget_lonely_mixes();
    }

    /// The leg hears the others no more.
    pub(super) fn leave_mix(&mut self, id: SessionId) {
        if self.mixes.is_empty() {
            return;
        }
        for mix in &mut self.mixes {
            mix.members.retain(|member| member.session != id);
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.stream.interrupt();
        }
        self.forget_lonely_mixes();
    }

    fn forget_lonely_mixes(&mut self) {
        self.mixes.retain(|mix| mix.members.len() > 1);
    }

    /// Takes what a leg said; `false` if it is not one of several.
    pub(super) fn mix_in(&mut self, id: SessionId, codec: Codec, payload: &[u8]) -> bool {
        let mut members = self.mixes.iter_mut().flat_map(|mix| &mut mix.members);
        let member = members.find(|member| member.session == id);
        member.map(|member| member.hear(codec, payload)).is_some()
    }

    /// When the next frame for several is due.
    pub(super) fn next_mix(&self) -> Option<Duration> {
        self.mixes.iter().map(|mix| mix.next).min()
    }

    /// Lets those who hear several hear what is due.
    pub(super) fn mix(&mut self, now: Duration, out: &mut impl Outside) {
        let mut mixes = std::mem::take(&mut self.mixes);
        for mix in &mut mixes {
            if now.saturating_sub(mix.next) > LATE_AT_MOST {
                mix.next = now;
                for member in &mix.members {
                    if let Some(session) = self.sessions.get_mut(&member.session) {
                        session.stream.interrupt();
                    }
                }
            }
            for _ in 0..FRAMES_AT_ONCE {
                if mix.next > now {
                    break;
                }
                self.mix_frame(mix, now, out);
                mix.next += FRAME;
            }
        }
        self.mixes = mixes;
    }

    fn mix_frame(&mut self, mix: &mut Mix, now: Duration, out: &mut impl Outside) {
        let said: Vec<(u8, Samples)> = mix
            .members
            .iter_mut()
            .map(|member| (member.seat, member.next_frame()))
            .collect();
        for member in &mix.members {
            let others = said.iter().filter(|(seat, _)| *seat != member.seat);
            let frame = sum(others.map(|(_, samples)| samples));
            self.let_hear(member.session, mix.serial, &frame, now, out);
        }
    }

    fn let_hear(
        &mut self,
        id: SessionId,
        serial: u64,
        frame: &Samples,
        now: Duration,
        out: &mut impl Outside,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let hears = session.listens() && !session.withheld;
        let is_free = session.playing.is_none() && session.key.is_none();
        let Some(remote) = session.remote.as_ref().filter(|_| hears && is_free) else {
            return;
        };
        let (target, media) = (remote.latch.target(), remote.media);
        let heading = session.stream.played(serial, FRAME_SAMPLES as u32, now);
        self.packet.clear();
        self.packet
            .extend_from_slice(&heading.to_bytes(media.payload_type));
        let encoded = frame
            .iter()
            .map(|sample| g711::encode(media.codec, *sample));
        self.packet.extend(encoded);
        let from = (id, &mut session.secrecy, &mut session.reporting);
        send(from, target, &self.packet, &mut self.sealed, out);
    }
}

/// All at once, as loud as a sample can be.
fn sum<'a>(voices: impl Iterator<Item = &'a Samples>) -> Samples {
    let mut sum = [0_i32; FRAME_SAMPLES];
    for voice in voices {
        for (slot, sample) in sum.iter_mut().zip(voice) {
            *slot += i32::from(*sample);
        }
    }
    sum.map(|sample| {
        let (least, most) = (i32::from(i16::MIN), i32::from(i16::MAX));
        i16::try_from(sample.clamp(least, most)).unwrap_or(0)
    })
}
