//! What an operator tells the running program by signals.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OperatorSignal {
    /// SIGTERM, SIGINT: stop; a second time: at once.
    Stop,
    /// SIGHUP: read certificates and the settings file again.
    Reload,
}

/// The signals; from the moment they are listened to, none of them kills.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Listens from now on.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The next signal.
    pub(crate) async fn next(&mut self) -> OperatorSignal {
        tokio::select! {
            _ = self.terminate.recv() => OperatorSignal::Stop,
            _ = self.interrupt.recv() => OperatorSignal::Stop,
            _ = self.hang_up.recv() => OperatorSignal::Reload,
        }
    }

    /// The next signal to stop; others are not heard.
    pub(crate) async fn stop(&mut self) {
        while self.next().await != OperatorSignal::Stop {}
    }
}
