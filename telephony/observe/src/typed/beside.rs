//! The typed reading beside the tolerant one, on a thread of its own: it takes as long as all else, and what
//! it says changes nothing of the calls.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use super::Agreement;
use crate::message::Identity;

/// So much text is handed over at once (bytes).
const BATCH_BYTES: usize = 64 << 10;
/// So many batches wait at the most; what comes then is read at once, by who brings it.
const BATCHES: usize = 8;

/// Canonical text, and how the tolerant reader understood it.
type Read = (Vec<u8>, Identity);

/// What the thread is asked for.
enum Work {
    Judge(Vec<Read>),
    /// What it has found so far.
    Tell(SyncSender<Agreement>),
}

/// Compares the two readings of each message.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    batch: Vec<Read>,
    bytes: usize,
    /// What was compared here.
    own: Agreement,
    /// The thread, once there was enough to do. It ends with this.
    thread: Option<SyncSender<Work>>,
}

impl Comparison {
    /// Takes a message. What comes of it is known when [`Comparison::agreement`] is asked for.
    pub(crate) fn take(&mut self, canonical: Vec<u8>, tolerant: Identity) {
        self.bytes += canonical.len();
        self.batch.push((canonical, tolerant));
        if self.bytes < BATCH_BYTES {
            return;
        }
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        if self.thread.is_none() {
            self.thread = start();
        }
        let sent = match &self.thread {
            Some(thread) => thread.try_send(Work::Judge(batch)),
            None => Err(TrySendError::Disconnected(Work::Judge(batch))),
        };
        let left = match sent {
            Ok(()) => return,
            Err(TrySendError::Full(work)) => work,
            Err(TrySendError::Disconnected(work)) => {
                self.thread = None;
                work
            }
        };
        if let Work::Judge(batch) = left {
            judge(&mut self.own, &batch);
        }
    }

    /// How far the two agree on all that was taken.
    pub(crate) fn agreement(&mut self) -> Agreement {
        judge(&mut self.own, &std::mem::take(&mut self.batch));
        self.bytes = 0;
        let theirs = self.thread.as_ref().and_then(|thread| {
            let (tell, told) = sync_channel(1);
            thread.send(Work::Tell(tell)).ok()?;
            told.recv().ok()
        });
        self.own.clone().with(&theirs.unwrap_or_default())
    }
}

fn start() -> Option<SyncSender<Work>> {
    let (sender, work) = sync_channel(BATCHES);
    let thread = std::thread::Builder::new().name("sip-typed".to_owned());
    match thread.spawn(move || run(&work)) {
        Ok(_) => Some(sender),
        Err(error) => {
            tracing::warn!(%error, "there is no thread for the typed reading");
            None
        }
    }
}

fn run(work: &Receiver<Work>) {
    let mut found = Agreement::default();
    while let Ok(work) = work.recv() {
        match work {
            Work::Judge(batch) => judge(&mut found, &batch),
            Work::Tell(tell) => {
                // Who asked may be gone.
                let _told = tell.send(found.clone());
            }
        }
    }
}

fn judge(agreement: &mut Agreement, batch: &[Read]) {
    for (canonical, tolerant) in batch {
        agreement.judge(canonical, tolerant);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{canonical, read};

    #[test]
    fn many_messages_are_compared_as_one_is() {
        let text = |method: &str| {
            format!(
                "{method} sip:5000@desk SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
                 From: <sip:a@b>;tag=a\r\nTo: <sip:5000@desk>\r\nCall-ID: one\r\n\
                 CSeq: 1 {method}\r\n\r\n"
            )
        };
        let mut comparison = Comparison::default();
        let mut alone = Agreement::default();
        for n in 0..20_000_u32 {
            let method = if n % 7 == 0 { "PRESENCE" } else { "BYE" };
            let message = read(text(method).as_bytes()).unwrap();
            let identity = Identity::of(&message).unwrap();
            let canonical = canonical(&message);
            alone.judge(&canonical, &identity);
            comparison.take(canonical, identity);
            if n == 3 || n == 9_999 {
                let agreement = comparison.agreement();
                assert_eq!(agreement.read(), u64::from(n) + 1);
            }
        }
        let together = comparison.agreement();
        assert_eq!(
            (together.read(), together.refused(), together.different()),
            (alone.read(), alone.refused(), alone.different())
        );
        assert!(together.findings().eq(alone.findings()));
    }
}
