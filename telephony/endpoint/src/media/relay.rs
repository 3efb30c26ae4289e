//! The thread of the media: sockets, clock and commands around the [`Exchange`].

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Registry, Token, Waker};
use tokio::sync::mpsc::UnboundedSender;

use super::bind;
use super::exchange::{Exchange, Outside};
use super::interface::{MediaCommand, MediaEvent, SessionId};
use super::ports::PortPool;
use super::stream::StreamStart;

/// The token that commands wake the thread with; sessions never get this number.
pub(super) const WAKE: Token = Token(usize::MAX);
/// Added to a session's number: its socket for reports.
const REPORTS: usize = 1 << (usize::BITS - 2);
/// Packets taken from one socket before the others have their turn.
const PACKETS_AT_ONCE: usize = 16;
/// Nothing that we relay is longer; the rest of a longer datagram is lost, and it with it.
const LONGEST_DATAGRAM: usize = 2048;

/// What comes over from the handles.
#[derive(Debug)]
pub(super) enum RelayCommand {
    /// A new session with its socket.
    Open {
        session: SessionId,
        start: StreamStart,
        socket: std::net::UdpSocket,
        port: u16,
    },
    /// Anything else that is to be done.
    Command(MediaCommand),
    /// Ends the thread.
    End,
}

/// The thread's whole state.
pub(super) struct Relay {
    pub(super) poll: Poll,
    pub(super) orders: Receiver<RelayCommand>,
    /// Set while the thread has been woken and has not looked at its orders yet.
    pub(super) woken: Arc<AtomicBool>,
    /// Held here, too: a wake-up is lost with its waker, and the last handle takes its own away.
    pub(super) _waker: Arc<Waker>,
    pub(super) exchange: Exchange,
    pub(super) io: RelayIo,
    pub(super) clock: MonotonicClock,
    /// Sockets that may hold more packets.
    pub(super) readable: Vec<Token>,
}

/// The sockets, and the way back to the owner.
pub(super) struct RelayIo {
    pub(super) sockets: HashMap<SessionId, Bound>,
    pub(super) registry: Registry,
    /// Sockets for reports that may still be opened.
    pub(super) reports_left: usize,
    pub(super) dscp: u8,
    pub(super) events: UnboundedSender<MediaEvent>,
    pub(super) ports: Arc<Mutex<PortPool>>,
}

/// A socket and the port that it holds.
pub(super) struct Bound {
    socket: UdpSocket,
    port: u16,
    reports: Reports,
}

/// The socket for reports, at the next port (RFC 3550 11). It is opened when there is something to report.
enum Reports {
    NotYet,
    Open(UdpSocket),
    /// Another program has the port, or there is none left to be opened: the leg goes without.
    CannotBeHad,
}

/// Whether the thread goes on.
enum Next {
    Turn,
    End,
}

impl Relay {
    /// Works until the last handle is gone.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(256);
        let mut buffer = vec![0; LONGEST_DATAGRAM];
        loop {
            match self.poll.poll(&mut events, self.wait()) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    tracing::error!(%error, "the media thread cannot go on");
                    return;
                }
            }
            self.note_readable(&events);
            if let Next::End = self.carry_out_orders() {
                return;
            }
            for socket in std::mem::take(&mut self.readable) {
                self.read(socket, &mut buffer);
            }
            let now = self.clock.now();
            self.exchange.tick(now, &mut self.io);
        }
    }

    /// How long there is nothing to do.
    fn wait(&self) -> Option<Duration> {
        if !self.readable.is_empty() {
            return Some(Duration::ZERO);
        }
        self.exchange
            .next_tick()
            .map(|at| at.saturating_sub(self.clock.now()))
    }

    fn note_readable(&mut self, events: &Events) {
        for event in events.iter().filter(|event| event.token() != WAKE) {
            self.readable.push(event.token());
        }
        self.readable.sort_unstable();
        self.readable.dedup();
    }

    fn carry_out_orders(&mut self) -> Next {
        self.woken.store(false, Ordering::SeqCst);
        loop {
            match self.orders.try_recv() {
                Ok(RelayCommand::Open {
                    session,
                    start,
                    socket,
                    port,
                }) => {
                    self.exchange.open(session, start);
                    self.open(session, socket, port);
                }
                Ok(RelayCommand::Command(command)) => self.command(command),
                Ok(RelayCommand::End) | Err(TryRecvError::Disconnected) => return Next::End,
                Err(TryRecvError::Empty) => return Next::Turn,
            }
        }
    }

    fn command(&mut self, command: MediaCommand) {
        let now = self.clock.now();
        let closes = match command {
            MediaCommand::Close { session } => Some(session),
            _ => None,
        };
        self.exchange.handle(command, now, &mut self.io);
        let closed = closes.and_then(|session| self.io.sockets.remove(&session));
        self.io.release(closed);
    }

    fn open(&mut self, session: SessionId, socket: std::net::UdpSocket, port: u16) {
        let mut socket = UdpSocket::from_std(socket);
        let token = Token(session.0 as usize);
        if let Err(error) = self
            .poll
            .registry()
            .register(&mut socket, token, Interest::READABLE)
        {
            tracing::error!(%error, session = session.0, "a session will hear nothing");
        }
        let bound = Bound {
            socket,
            port,
            reports: Reports::NotYet,
        };
        let replaced = self.io.sockets.insert(session, bound);
        self.io.release(replaced);
    }

    /// Takes the packets that are there. The system tells each arrival just once, so a socket is
    /// visited again until it is empty.
    fn read(&mut self, token: Token, buffer: &mut [u8]) {
        let session = SessionId((token.0 & !REPORTS) as u64);
        for _ in 0..PACKETS_AT_ONCE {
            let Some(bound) = self.io.sockets.get(&session) else {
                return;
            };
            let is_voice = token.0 & REPORTS == 0;
            let socket = match &bound.reports {
                _ if is_voice => &bound.socket,
                Reports::Open(socket) => socket,
                Reports::NotYet | Reports::CannotBeHad => return,
            };
            match socket.recv_from(buffer) {
                Ok((length, source)) => {
                    let datagram = buffer.get(..length).unwrap_or_default();
                    let now = self.clock.now();
                    if is_voice {
                        self.exchange
                            .receive(session, source, datagram, now, &mut self.io);
                    } else {
                        self.exchange.receive_report(session, source, datagram, now);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // An earlier packet of ours was refused, or a signal came.
                Err(_) => {}
            }
        }
        self.readable.push(token);
    }
}

impl RelayIo {
    /// Closes a socket and frees its port, in this order.
    fn release(&mut self, bound: Option<Bound>) {
        let Some(Bound {
            socket,
            port,
            reports,
        }) = bound
        else {
            return;
        };
        if let Reports::Open(_) = reports {
            self.reports_left += 1;
        }
        drop((socket, reports));
        self.ports
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .give_back(port);
    }
}

impl Outside for RelayIo {
    fn send(&mut self, from: SessionId, to: SocketAddr, packet: &[u8]) {
        if let Some(bound) = self.sockets.get(&from)
            && let Err(error) = bound.socket.send_to(packet, to)
        {
            // A packet that cannot be sent now is of no use later.
            tracing::trace!(%error, session = from.0, "a packet is lost");
        }
    }

    fn send_report(&mut self, from: SessionId, to: SocketAddr, report: &[u8]) {
        let Some(bound) = self.sockets.get_mut(&from) else {
            return;
        };
        if matches!(bound.reports, Reports::NotYet) && self.reports_left > 0 {
            bound.reports = match open_reports(bound, from, self.dscp, &self.registry) {
                Ok(socket) => {
                    self.reports_left -= 1;
                    Reports::Open(socket)
                }
                Err(error) => {
                    tracing::debug!(%error, session = from.0, "no reports on the voice of a leg");
                    Reports::CannotBeHad
                }
            };
        }
        if let Reports::Open(socket) = &bound.reports
            && let Err(error) = socket.send_to(report, to)
        {
            tracing::trace!(%error, session = from.0, "a report is lost");
        }
    }

    fn tell(&mut self, event: MediaEvent) {
        // Without an owner the thread is about to end.
        let _gone = self.events.send(event);
    }
}

fn open_reports(
    bound: &Bound,
    session: SessionId,
    dscp: u8,
    registry: &Registry,
) -> io::Result<UdpSocket> {
    let mut addr = bound.socket.local_addr()?;
    // Ports of voice are even.
    addr.set_port(bound.port | 1);
    let mut socket = UdpSocket::from_std(bind(addr, dscp)?);
    let token = Token(session.0 as usize | REPORTS);
    registry.register(&mut socket, token, Interest::READABLE)?;
    Ok(socket)
}

/// The time since the media started.
pub(super) struct MonotonicClock(std::time::Instant);

impl MonotonicClock {
    #[expect(clippy::disallowed_methods, reason = "the edge measures")]
    pub(super) fn start() -> Self {
        Self(std::time::Instant::now())
    }

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}
