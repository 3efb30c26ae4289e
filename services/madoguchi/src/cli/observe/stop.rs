//! What the operator asks for by a signal: to stop, with what was seen so far brought to its end.

use anyhow::Context as _;
use tokio::sync::watch;

use crate::signals::Signals;

/// Tells whether the operator has asked to stop.
#[derive(Clone)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Listens from now on. The second signal ends the program at once: a file may be read from where
    /// nothing comes any more.
    pub(super) fn listen() -> anyhow::Result<Self> {
        let mut signals = Signals::listen().context("signals")?;
        let (asked, asks) = watch::channel(false);
        tokio::spawn(async move {
            signals.stop().await;
            asked.send_replace(true);
            signals.stop().await;
            std::process::exit(1);
        });
        Ok(Self(asks))
    }

    /// Whether to stop.
    pub(super) fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until that is asked for.
    pub(super) async fn asked(&mut self) {
        // Who sends lives as long as the program.
        let _asked = self.0.wait_for(|asked| *asked).await;
    }
}
