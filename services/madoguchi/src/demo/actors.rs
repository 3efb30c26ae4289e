//! Who plays in the demonstration: agents who answer and callers with more or less patience.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use madoguchi_sip::message::Method;
use madoguchi_sip::transaction::Event;
use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::user_agent::{Account, Dialog, UserAgent};

/// A telephone registers anew well before its registration lapses.
const REGISTER_EVERY: Duration = Duration::from_secs(60);

/// An agent: registers, lets the phone ring a little, answers, talks, hangs up.
pub(super) async fn agent(account: Account, seed: u64) -> io::Result<()> {
    let mut phone = UserAgent::new(account, StdRng::seed_from_u64(seed)).await?;
    loop {
        if !phone.register().await? {
            tokio::time::sleep(Duration::from_secs(2)).await;
            continue;
        }
        let renew_at = tokio::time::Instant::now() + REGISTER_EVERY;
        while tokio::time::Instant::now() < renew_at {
            let wait = renew_at.saturating_duration_since(tokio::time::Instant::now());
            if let Some(Event::Request { request, .. }) = phone.next_event(wait).await? {
                if request.method != Method::Invite {
                    phone.agree(&request);
                } else if let Some(tx) = phone.accept(&request) {
                    take_call(&mut phone, tx, &request).await?;
                }
            }
        }
    }
}

async fn take_call(
    phone: &mut UserAgent,
    tx: madoguchi_sip::transaction::ServerTx,
    invite: &madoguchi_sip::message::Request,
) -> io::Result<()> {
    let mut ringing = invite.respond(180, None);
    ringing.set_to_tag("ringing");
    phone.respond(tx, &ringing);
    let lets_it_ring = Duration::from_millis(phone.rng.random_range(800..5_000));
    let until = tokio::time::Instant::now() + lets_it_ring;
    while tokio::time::Instant::now() < until {
        let left = until.saturating_duration_since(tokio::time::Instant::now());
        match phone.next_event(left).await? {
            Some(Event::Cancelled { invite: cancelled }) if cancelled == tx => {
                phone.respond(tx, &invite.respond(487, None));
                return Ok(());
            }
            Some(Event::Request { request, .. }) => phone.agree(&request),
            _ => {}
        }
    }
    let Some(dialog) = phone.pick_up(tx, invite) else {
        return Ok(());
    };
    let talk = Duration::from_millis(phone.rng.random_range(10_000..45_000));
    converse(phone, &dialog, talk, Some(tx)).await
}

/// A caller: dials, waits as long as patience lasts, talks, hangs up.
pub(super) async fn caller(
    desk: SocketAddr,
    number: String,
    line: String,
    seed: u64,
) -> io::Result<()> {
    let account = Account {
        user: number,
        password: None,
        desk,
    };
    let mut phone = UserAgent::new(account, StdRng::seed_from_u64(seed)).await?;
    let impatient = phone.rng.random_bool(0.15);
    let patience_ms = if impatient {
        6_000..15_000
    } else {
        40_000..120_000
    };
    let patience = Duration::from_millis(phone.rng.random_range(patience_ms));
    let stay = Duration::from_millis(phone.rng.random_range(30_000..90_000));
    let (_, Some(tx)) = phone.invite(&line) else {
        return Ok(());
    };
    let until = tokio::time::Instant::now() + patience;
    loop {
        let left = until.saturating_duration_since(tokio::time::Instant::now());
        match phone.next_event(left).await? {
            Some(Event::Response { tx: of, response }) if of == tx => match response.status {
                100..=199 => {}
                200..=299 => {
                    let Some(dialog) = phone.established(tx, &response) else {
                        return Ok(());
                    };
                    let stays = if impatient { patience } else { stay };
                    return converse(&mut phone, &dialog, stays, None).await;
                }
                _ => return Ok(()),
            },
            Some(Event::Timeout { .. }) => return Ok(()),
            Some(_) => {}
            None => phone.cancel(tx),
        }
    }
}

/// Stays in the call until the other side hangs up or `talk` is over.
async fn converse(
    phone: &mut UserAgent,
    dialog: &Dialog,
    talk: Duration,
    answered: Option<madoguchi_sip::transaction::ServerTx>,
) -> io::Result<()> {
    let until = tokio::time::Instant::now() + talk;
    loop {
        let left = until.saturating_duration_since(tokio::time::Instant::now());
        match phone.next_event(left).await? {
            Some(Event::Request { request, .. }) => {
                phone.agree(&request);
                if request.method == Method::Bye {
                    phone.fall_silent();
                    break;
                }
            }
            Some(Event::Ack { .. }) => {
                if let Some(tx) = answered {
                    phone.acknowledged(tx);
                }
            }
            Some(_) => {}
            None => {
                phone.bye(dialog);
                break;
            }
        }
    }
    // The last answers are heard out.
    phone.next_event(Duration::from_millis(500)).await?;
    Ok(())
}
