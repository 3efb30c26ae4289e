//! What a connection's stream tells of itself: when something was written last, and since when
//! nothing can be, because the other side does not read.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;

/// No write is waiting.
const NEVER: u64 = u64::MAX;

/// What was seen on a connection.
#[derive(Debug)]
pub(super) struct Traffic {
    written_at_ms: AtomicU64,
    stalled_since_ms: AtomicU64,
    close: Notify,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            written_at_ms: AtomicU64::new(0),
            stalled_since_ms: AtomicU64::new(NEVER),
            close: Notify::new(),
        }
    }
}

impl Traffic {
    pub(super) fn written_at_ms(&self) -> u64 {
        self.written_at_ms.load(Ordering::Relaxed)
    }

    pub(super) fn stalled_since_ms(&self) -> Option<u64> {
        let since = self.stalled_since_ms.load(Ordering::Relaxed);
        (since != NEVER).then_some(since)
    }

    /// Something was written.
    pub(super) fn wrote(&self, now_ms: u64) {
        self.written_at_ms.store(now_ms, Ordering::Relaxed);
        self.stalled_since_ms.store(NEVER, Ordering::Relaxed);
    }

    /// Something cannot be written now.
    pub(super) fn stalls(&self, now_ms: u64) {
        // The first time counts.
        let _earlier = self.stalled_since_ms.compare_exchange(
            NEVER,
            now_ms,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    }

    /// Tells the connection to close.
    pub(super) fn close(&self) {
        self.close.notify_one();
    }

    /// Waits until the connection must close.
    pub(super) async fn closes(&self) {
        self.close.notified().await;
    }
}

/// A stream that notes its traffic.
#[derive(Debug)]
pub(super) struct Noted {
    stream: TcpStream,
    traffic: Arc<Traffic>,
    began: Instant,
}

impl Noted {
    /// `began` is the instant from which milliseconds are counted.
    pub(super) fn new(stream: TcpStream, traffic: Arc<Traffic>, began: Instant) -> Self {
        Self {
            stream,
            traffic,
            began,
        }
    }

    fn note<T>(&self, written: &Poll<io::Result<T>>) {
        let now_ms = millis_since(self.began);
        match written {
            Poll::Ready(_) => self.traffic.wrote(now_ms),
            Poll::Pending => self.traffic.stalls(now_ms),
        }
    }
}

/// Milliseconds by a clock that never jumps.
pub(super) fn millis_since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(NEVER - 1)
}

impl AsyncRead for Noted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Noted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(&written);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note(&written);
        written
    }
}
