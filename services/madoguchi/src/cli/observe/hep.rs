//! HEP from probes, and a folder that is watched, until the operator stops it.

mod receiving;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use axum_server::tls_rustls::RustlsConfig;
use madoguchi_core::setup::HepListen;
use madoguchi_observe::hep::Frame;
use tokio::sync::{mpsc, watch};

use self::receiving::{Counts, Receiver, has_key};
use super::super::error::CliError;
use super::folder::Folder;
use super::stop::Stop;
use super::{Observing, ticks};

/// Frames that wait to be understood.
const FRAMES_AT_MOST: usize = 65_536;
/// Frames that are taken at once.
const BATCH: usize = 1_024;

/// Where frames come in.
pub(super) struct Doors {
    pub(super) listen: Vec<HepListen>,
    /// The key that probes must send.
    pub(super) key: Option<String>,
    /// The certificate for streams within TLS.
    pub(super) tls: Option<RustlsConfig>,
}

/// Understands what comes until the operator stops it.
pub(super) async fn follow(
    observing: &mut Observing,
    doors: Doors,
    folder: Option<&Path>,
    stop: &mut Stop,
) -> Result<(), CliError> {
    let Doors { listen, key, tls } = doors;
    let counts = Arc::new(Counts::default());
    let (sender, mut frames) = mpsc::channel(FRAMES_AT_MOST);
    let (key, keys) = watch::channel(key);
    let receiver = Receiver::new(sender, counts.clone(), keys);
    for listen in &listen {
        receiving::begin(*listen, tls.as_ref(), receiver.clone()).await?;
    }
    drop(receiver);
    let mut folder = folder.map(Folder::new);
    let mut tick = ticks();
    let mut batch = Vec::with_capacity(BATCH);
    let mut listens = !listen.is_empty();
    loop {
        tokio::select! {
            count = frames.recv_many(&mut batch, BATCH), if listens => {
                listens = count > 0;
                let key = key.borrow().clone();
                for received in batch.drain(..) {
                    take(observing, &received.bytes, key.as_deref(), &counts);
                }
                observing.keep_up_or_wait().await;
            }
            _ = tick.tick() => {
                if let Some(folder) = &mut folder {
                    let looked = folder.look(observing).await;
                    looked.context("the folder of captures")?;
                }
                observing.pass_time();
                if let Some(changed) = observing.take_up_settings().await {
                    // One that cannot be read is not taken up.
                    if let Ok(changed) = changed.observe.key() {
                        key.send_replace(changed);
                    }
                }
                observing.flush_or_wait().await;
                observing.measure();
                observing.meter.frames(counts.by_kind(&listen));
            }
            () = stop.asked() => break,
        }
    }
    // What has come before the operator's signal is understood, too.
    let key = key.borrow().clone();
    while let Ok(received) = frames.try_recv() {
        take(observing, &received.bytes, key.as_deref(), &counts);
        observing.keep_up_or_wait().await;
    }
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    tracing::info!(
        received = count(&counts.received),
        refused = count(&counts.refused),
        wrong_key = count(&counts.wrong_key),
        dropped = count(&counts.dropped),
        dropped_by_kernel = dropped_by_kernel(&listen),
        "HEP"
    );
    Ok(())
}

impl Counts {
    /// How many frames became what.
    fn by_kind(&self, listen: &[HepListen]) -> [(&'static str, u64); 5] {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        [
            ("received", count(&self.received)),
            ("refused", count(&self.refused)),
            ("wrong_key", count(&self.wrong_key)),
            ("dropped", count(&self.dropped)),
            ("dropped_by_kernel", dropped_by_kernel(listen)),
        ]
    }
}

fn take(observing: &mut Observing, bytes: &[u8], key: Option<&str>, counts: &Counts) {
    let add = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
    add(&counts.received);
    let frame = match Frame::read(bytes) {
        Ok(frame) if frame.is_sip => frame,
        Ok(_) => return,
        Err(_) => {
            add(&counts.refused);
            return;
        }
    };
    if !has_key(&frame, key) {
        add(&counts.wrong_key);
        return;
    }
    let ends = (frame.from, frame.to);
    let progress = observing.observer.told(frame.at, ends, &frame.payload);
    observing.hear(progress);
}

/// Datagrams that the kernel had no room for, as it counts them for each socket.
fn dropped_by_kernel(listen: &[HepListen]) -> u64 {
    let ports: Vec<String> = listen
        .iter()
        .filter_map(|listen| match listen {
            HepListen::Udp(address) => Some(format!(":{:04X}", address.port())),
            HepListen::Tcp(_) | HepListen::Tls(_) => None,
        })
        .collect();
    let tables = ["/proc/net/udp", "/proc/net/udp6"];
    let rows = tables
        .iter()
        .filter_map(|table| std::fs::read_to_string(table).ok());
    let mut dropped = 0;
    for table in rows {
        for row in table.lines().skip(1) {
            let mut columns = row.split_ascii_whitespace();
            let local = columns.nth(1).unwrap_or_default();
            if ports.iter().any(|port| local.ends_with(port)) {
                let count = columns
                    .next_back()
                    .and_then(|text| text.parse::<u64>().ok());
                dropped += count.unwrap_or_default();
            }
        }
    }
    dropped
}
