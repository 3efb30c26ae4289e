//! The media: what callers and agents hear. Relays RTP between the legs of a call, plays
//! announcements and music, on a thread of its own with an event loop of its own.
//!
//! [`Media`] is the handle: it takes [`MediaCommand`]s, returns at once, and what comes of them is told as
//! [`MediaEvent`]. The pure part is `exchange`; the sockets are in `relay`.

mod error;
mod exchange;
mod g711;
mod interface;
mod key_press;
mod latch;
mod level;
mod music;
mod ports;
mod reception;
mod recording;
mod relay;
mod reporting;
mod resample;
mod ringing;
mod rtcp;
mod rtp;
mod secrecy;
mod session;
mod sound;
mod sounds;
mod stream;
mod voices;
mod wav;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use madoguchi_core::time::Millis;
use mio::{Poll, Waker};
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::mpsc;

pub use error::MediaError;
pub use interface::{MediaCommand, MediaEvent, MediaPorts, RemoteMedia, SessionId};
pub use ports::RtpPorts;
pub use recording::Recording;
pub use rtcp::{Report, ReportBlock, SenderInfo};
pub use rtp::{Packet, TelephoneEvent};
pub use sound::Sound;
pub use sounds::{Confirmation, SoundError, SoundFiles, SoundName, Sounds};
pub use wav::WavFault;

use crate::dscp::mark;
use exchange::Exchange;
use ports::{PortPool, even_ports};
use relay::{MonotonicClock, Relay, RelayCommand, RelayIo, WAKE};
use stream::StreamStart;

/// How the media behaves.
#[derive(Debug, Clone)]
pub struct MediaSettings {
    /// Where IPv4 sessions listen; the local address that the peer sees if none is given.
    pub bind_v4: Option<Ipv4Addr>,
    /// Where IPv6 sessions listen; the local address that the peer sees if none is given.
    pub bind_v6: Option<Ipv6Addr>,
    /// The mark of RTP for routers on the way (RFC 2474: 0 to 63).
    pub dscp: u8,
    /// Ports for RTP; the even ones are used, one for each leg, and the ones after them for its reports (RTCP).
    pub ports: RangeInclusive<u16>,
    /// Legs that are reported on at once (RTCP), each with a socket more.
    pub reports_at_most: usize,
    /// A leg from which nothing comes for so long is told with [`MediaEvent::Silent`]; zero never.
    pub rtp_timeout: Millis,
    /// What a held party hears that was never played any music of its line, until
    /// [`MediaCommand::SetHoldMusic`] says otherwise.
    pub music: Arc<Sound>,
}

impl Default for MediaSettings {
    /// Ports 16384–32767, below those that systems give out by themselves; time-out of 60 s.
    fn default() -> Self {
        Self {
            bind_v4: None,
            bind_v6: None,
            dscp: EXPEDITED_FORWARDING,
            ports: 16_384..=32_767,
            reports_at_most: usize::MAX,
            rtp_timeout: Millis::from_secs(60),
            music: Sounds::default().music(None),
        }
    }
}

/// A look at the ports for RTP, at any time.
#[derive(Debug, Clone)]
pub struct PortGauge(Arc<Mutex<PortPool>>);

impl PortGauge {
    /// How many there are, and how many are held.
    pub fn read(&self) -> RtpPorts {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .usage()
    }
}

/// The handle of the media. Cheap to clone; the thread ends with the last one.
#[derive(Debug, Clone)]
pub struct Media(Arc<MediaHandle>);

#[derive(Debug)]
struct MediaHandle {
    orders: std::sync::mpsc::Sender<RelayCommand>,
    waker: Arc<Waker>,
    woken: Arc<AtomicBool>,
    ports: Arc<Mutex<PortPool>>,
    bind_v4: Option<Ipv4Addr>,
    bind_v6: Option<Ipv6Addr>,
    dscp: u8,
}

/// How voice is marked (RFC 3246).
pub const EXPEDITED_FORWARDING: u8 = 46;

impl Media {
    /// Starts the thread of the media.
    pub fn start(
        settings: MediaSettings,
    ) -> Result<(Self, mpsc::UnboundedReceiver<MediaEvent>), MediaError> {
        let mut ports = even_ports(&settings.ports);
        if ports.is_empty() {
            let (first, last) = (*settings.ports.start(), *settings.ports.end());
            return Err(MediaError::NoPorts { first, last });
        }
        // Nobody shall guess the port of the next call.
        ports.shuffle(&mut rand::rngs::StdRng::from_seed(rand::random()));
        let ports = Arc::new(Mutex::new(PortPool::new(ports)));
        let poll = Poll::new().map_err(MediaError::Thread)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE).map_err(MediaError::Thread)?);
        let registry = poll.registry().try_clone().map_err(MediaError::Thread)?;
        let (orders, received) = std::sync::mpsc::channel();
        let (events, told) = mpsc::unbounded_channel();
        let woken = Arc::new(AtomicBool::new(false));
        let timeout = Duration::from_millis(u64::try_from(settings.rtp_timeout.0).unwrap_or(0));
        let relay = Relay {
            poll,
            orders: received,
            woken: woken.clone(),
            _waker: waker.clone(),
            exchange: Exchange::new(timeout, settings.music),
            io: RelayIo {
                sockets: Default::default(),
                registry,
                reports_left: settings.reports_at_most,
                dscp: settings.dscp,
                events,
                ports: ports.clone(),
            },
            clock: MonotonicClock::start(),
            readable: Vec::new(),
        };
        std::thread::Builder::new()
            .name("media".to_owned())
            .spawn(move || relay.run())
            .map_err(MediaError::Thread)?;
        let (bind_v4, bind_v6) = (settings.bind_v4, settings.bind_v6);
        Ok((
            Self(Arc::new(MediaHandle {
                orders,
                waker,
                woken,
                ports,
                bind_v4,
                bind_v6,
                dscp: settings.dscp,
            })),
            told,
        ))
    }

    /// Reserves a port for a leg whose peer sees us at `local`, and tells where we hear. Does not
    /// wait. If the settings bind all addresses, the answer names `local`.
    pub fn open(&self, session: SessionId, local: IpAddr) -> Result<SocketAddr, MediaError> {
        let bind_to = match local {
            IpAddr::V4(local) => IpAddr::V4(self.0.bind_v4.unwrap_or(local)),
            IpAddr::V6(local) => IpAddr::V6(self.0.bind_v6.unwrap_or(local)),
        };
        let (socket, port) = self.0.bind(bind_to)?;
        let start = StreamStart {
            ssrc: rand::random(),
            // Low at first, so that it does not wrap before the peer knows the stream.
            sequence: rand::random::<u16>() & 0x7fff,
            timestamp: rand::random(),
        };
        let order = RelayCommand::Open {
            session,
            start,
            socket,
            port,
        };
        if !self.0.tell(order) {
            self.0.ports().give_back(port);
            return Err(MediaError::Stopped);
        }
        let seen = if bind_to.is_unspecified() {
            local
        } else {
            bind_to
        };
        Ok(SocketAddr::new(seen, port))
    }

    /// Has a command carried out; returns at once.
    pub fn carry_out(&self, command: MediaCommand) {
        self.0.tell(RelayCommand::Command(command));
    }

    /// See [`MediaCommand::SetRemote`].
    pub fn set_remote(&self, session: SessionId, remote: RemoteMedia) {
        self.carry_out(MediaCommand::SetRemote { session, remote });
    }

    /// See [`MediaCommand::Play`].
    pub fn play(&self, session: SessionId, sound: Arc<Sound>, playback: u32, repeat: bool) {
        self.carry_out(MediaCommand::Play {
            session,
            sound,
            playback,
            repeat,
        });
    }

    /// See [`MediaCommand::Bridge`].
    pub fn bridge(&self, a: SessionId, b: SessionId, token: u64) {
        self.carry_out(MediaCommand::Bridge { a, b, token });
    }

    /// See [`MediaCommand::Close`].
    pub fn close(&self, session: SessionId) {
        self.carry_out(MediaCommand::Close { session });
    }

    /// The ports, and how many of them are held by sessions.
    pub fn ports(&self) -> RtpPorts {
        self.0.ports().usage()
    }

    /// A look at the ports that lets the thread end.
    pub fn port_gauge(&self) -> PortGauge {
        PortGauge(self.0.ports.clone())
    }
}

impl MediaPorts for Media {
    fn open(&mut self, session: SessionId, local: IpAddr) -> Result<SocketAddr, MediaError> {
        Media::open(self, session, local)
    }

    fn usage(&self) -> RtpPorts {
        self.ports()
    }
}

impl MediaHandle {
    /// Hands an order over; `false` if the thread has ended.
    fn tell(&self, order: RelayCommand) -> bool {
        if self.orders.send(order).is_err() {
            return false;
        }
        // One wake-up is enough for all orders that come before it is heard.
        if !self.woken.swap(true, Ordering::SeqCst)
            && let Err(error) = self.waker.wake()
        {
            tracing::error!(%error, "the media thread cannot be woken");
        }
        true
    }

    fn ports(&self) -> MutexGuard<'_, PortPool> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Binds the next port that no other program holds.
    fn bind(&self, addr: IpAddr) -> Result<(UdpSocket, u16), MediaError> {
        let mut pool = self.ports();
        let mut foreign = 0;
        for _ in 0..pool.free() {
            let Some(port) = pool.take() else { break };
            match bind(SocketAddr::new(addr, port), self.dscp) {
                Ok(socket) => return Ok((socket, port)),
                Err(error) => {
                    pool.give_back(port);
                    if error.kind() != io::ErrorKind::AddrInUse {
                        return Err(MediaError::Bind {
                            addr,
                            source: error,
                        });
                    }
                    foreign += 1;
                }
            }
        }
        Err(MediaError::PortsExhausted {
            in_use: pool.in_use(),
            foreign,
        })
    }
}

impl Drop for MediaHandle {
    fn drop(&mut self) {
        self.tell(RelayCommand::End);
    }
}

fn bind(addr: SocketAddr, dscp: u8) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    mark(&socket, addr, dscp);
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    Ok(socket.into())
}
