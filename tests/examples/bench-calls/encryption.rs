//! What TLS and SRTP cost the desk: the same calls in the clear and encrypted.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::ensure;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::desk::{Desk, FIRST_EXTENSION, Shape};
use crate::party::{Carrier, Voices, phone, register};
use crate::voice::{Tally, converse};
use crate::wire::{Wire, connector};

/// Calls a second, for so long, each of so long.
const RATE: u32 = 100;
const SECONDS: u32 = 20;
const TALK: Duration = Duration::from_secs(2);
/// Twice as many as talk at once.
const PHONES: usize = 400;
/// Encrypted calls may cost the desk so many hundredths of what clear ones do.
const PERCENT_AT_MOST: u64 = 150;

fn clear() -> Shape {
    Shape {
        sip: "max_expires_s = 3600\n",
        media: "phones_srtp = \"off\"\n",
        trunk: "srtp = \"off\"\n",
        ..Shape::default()
    }
}

fn encrypted() -> Shape {
    Shape {
        tls: true,
        media: "phones_srtp = \"required\"\n",
        trunk: "srtp = \"required\"\n",
        ..clear()
    }
}

/// What a load took of the desk.
struct Cost {
    ticks: u64,
    connected: u64,
    said: u64,
    heard: u64,
}

/// Everybody on one desk.
struct Parties {
    desk: Desk,
    carrier: Arc<Carrier>,
    voices: Voices,
    tally: Arc<Tally>,
    talking: tokio::sync::watch::Sender<bool>,
    answered: u64,
}

pub(super) async fn encryption(
    report: &mut String,
    failures: &mut Vec<String>,
) -> anyhow::Result<()> {
    writeln!(
        report,
        "\n## Encrypted and in the clear: {RATE} calls/s for {SECONDS} s, each of {} s\n\n\
         One connection of the carrier and {PHONES} phones, each with its own, registered; SRTP with AES-CM and \
         HMAC-SHA1-80 on both legs.\n\n\
         | signalling | voice | calls | connected | packets heard | of | desk, s of a processor |\n\
         | --- | --- | --- | --- | --- | --- | --- |",
        TALK.as_secs()
    )?;
    let in_clear = both(clear(), ["UDP", "RTP"], report, failures).await?;
    let in_secret = both(encrypted(), ["TLS", "SRTP"], report, failures).await?;
    for (what, clear, encrypted) in [
        ("signalling alone", in_clear[0], in_secret[0]),
        ("with voice", in_clear[1], in_secret[1]),
    ] {
        let percent = encrypted * 100 / clear.max(1);
        writeln!(
            report,
            "\nEncrypted, {what}: {}.{:02} times the processor.",
            percent / 100,
            percent % 100
        )?;
        if percent > PERCENT_AT_MOST {
            failures.push(format!("encryption, {what}: {percent}%"));
        }
    }
    Ok(())
}

/// The cost without voice and with it, in hundredths of a second.
async fn both(
    shape: Shape,
    [signalling, voice]: [&str; 2],
    report: &mut String,
    failures: &mut Vec<String>,
) -> anyhow::Result<[u64; 2]> {
    let mut parties = Parties::gather(shape).await?;
    let mut ticks = [0; 2];
    for (cost, voice) in ticks.iter_mut().zip(["none", voice]) {
        let load = parties.load(voice != "none").await?;
        let calls = RATE * SECONDS;
        writeln!(
            report,
            "| {signalling} | {voice} | {calls} | {} | {} | {} | {}.{:02} |",
            load.connected,
            load.heard,
            load.said,
            load.ticks / 100,
            load.ticks % 100
        )?;
        if load.connected != u64::from(calls) {
            failures.push(format!(
                "{signalling}: {} of {calls} connected",
                load.connected
            ));
        }
        if load.heard * 10 < load.said * 9 {
            failures.push(format!(
                "{voice}: {} of {} packets heard",
                load.heard, load.said
            ));
        }
        *cost = load.ticks;
    }
    Ok(ticks)
}

impl Parties {
    async fn gather(mut shape: Shape) -> anyhow::Result<Self> {
        shape.phones = vec![None; PHONES];
        let desk = Desk::start(&shape).await?;
        let connector = connector(&desk.authority)?;
        let connect = async || {
            if shape.tls {
                Wire::encrypted(&connector, desk.tls).await
            } else {
                Wire::clear(0, desk.sip).await
            }
        };
        let (legs, mut begun) = mpsc::unbounded_channel();
        let voices = Voices {
            legs,
            ears: None,
            encrypted: shape.tls,
        };
        for n in 0..PHONES {
            let mut wire = connect().await?;
            register(&mut wire, FIRST_EXTENSION + n).await?;
            tokio::spawn(phone(wire, voices.clone()));
        }
        let carrier = Arc::new(Carrier::start(connect().await?));
        let (tally, talking) = (
            Arc::<Tally>::default(),
            tokio::sync::watch::Sender::new(false),
        );
        let (counting, talks) = (tally.clone(), talking.subscribe());
        tokio::spawn(async move {
            while let Some(leg) = begun.recv().await {
                let (tally, talks) = (counting.clone(), *talks.borrow());
                tokio::spawn(async move {
                    if talks {
                        converse(leg, &tally).await;
                    } else {
                        // The ears stay open.
                        let _over = leg.over.await;
                    }
                });
            }
        });
        desk.until_at_rest().await?;
        let reachable = desk.reachable().await?;
        ensure!(reachable == PHONES, "{reachable} phones are registered");
        Ok(Self {
            desk,
            carrier,
            voices,
            tally,
            talking,
            answered: 0,
        })
    }

    /// All calls, and what they took until the database has them.
    async fn load(&mut self, with_voice: bool) -> anyhow::Result<Cost> {
        self.talking.send_replace(with_voice);
        let before = self.desk.cpu_ticks()?;
        let mut calls = JoinSet::new();
        let mut tick = tokio::time::interval(Duration::from_secs(1) / RATE);
        for n in 0..RATE * SECONDS {
            tick.tick().await;
            let (carrier, voices) = (self.carrier.clone(), self.voices.clone());
            let name = format!("{with_voice}{n}");
            calls.spawn(async move {
                let call = carrier.call(name, &voices).await?;
                tokio::time::sleep(TALK).await;
                carrier.hang_up(call).await
            });
        }
        while let Some(call) = calls.join_next().await {
            call??;
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        let ticks = self.desk.cpu_ticks()? - before;
        let total = self.desk.total().await?;
        let answered = total.get("answered").and_then(serde_json::Value::as_u64);
        let answered = answered.unwrap_or_default();
        let connected = answered - std::mem::replace(&mut self.answered, answered);
        ensure!(
            self.tally.wrong.load(Ordering::Relaxed) == 0,
            "what came was no voice"
        );
        Ok(Cost {
            ticks,
            connected,
            said: self.tally.said.load(Ordering::Relaxed),
            heard: self.tally.heard.load(Ordering::Relaxed),
        })
    }
}
