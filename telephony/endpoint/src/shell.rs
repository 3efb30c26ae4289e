//! Sockets, clocks and chance for the switch: one thread of its own, so that neither the
//! database nor a page under load delays a call.

mod addresses;
mod deps;
mod error;
mod event_loop;
mod locate;
mod messages;
mod resolver;
mod saved;
mod signals;
mod sockets;
mod srv;
mod streams;
mod system_names;
mod thread;
mod tls;

use std::io;
use std::time::Duration;

use madoguchi_core::id::AgentId;
use madoguchi_core::live::{AgentCommand, AgentPresence, DeskRequest, HandOnRefusal};
use madoguchi_core::outbound::OutboundElsewhere;
use madoguchi_line::engine::{Engine, EngineSettings};
use tokio::sync::{mpsc, oneshot};

pub use self::deps::EndpointDeps;
pub use self::error::StartError;
pub use self::messages::JournalBatch;
use self::messages::LoopMessage;
pub use self::signals::Signal;
use self::sockets::Sockets;
use self::thread::Shell;
pub use self::tls::{CertificateError, check_certificates};
use self::tls::{CertificateSettings, Certificates};
use crate::media::{Media, MediaSettings, PortGauge, RtpPorts, Sounds};
use crate::settings::{EndpointSettings, Listen};
use crate::switch::SwitchInput;

/// A running endpoint.
#[derive(Debug, Clone)]
pub struct Endpoint {
    inputs: mpsc::UnboundedSender<LoopMessage>,
    listening: Vec<Listen>,
    ports: PortGauge,
}

impl Endpoint {
    /// Binds all addresses and starts the threads of signalling and media.
    pub async fn start(
        settings: EndpointSettings,
        media: MediaSettings,
        sounds: Sounds,
        engine: Engine,
        deps: EndpointDeps,
    ) -> Result<Self, StartError> {
        let sockets = Sockets::bind(&settings.listen, settings.dscp).await?;
        let listening = sockets.listening()?;
        let encryption = Certificates::start(CertificateSettings::of(&settings))?;
        let (media, media_events) = Media::start(media)?;
        let ports = media.port_gauge();
        let (inputs, received) = mpsc::unbounded_channel();
        let (started, starting) = oneshot::channel();
        let shell = Shell {
            settings,
            sounds,
            engine,
            deps,
            media,
            encryption,
            inputs: inputs.clone(),
        };
        std::thread::Builder::new()
            .name("sip".to_owned())
            .spawn(move || shell.run(sockets, received, media_events, started))
            .map_err(StartError::Thread)?;
        starting
            .await
            .map_err(|_| StartError::Thread(io::Error::other("sip thread ended")))?
            .map_err(StartError::Thread)?;
        Ok(Self {
            inputs,
            listening,
            ports,
        })
    }

    /// The addresses on which SIP is heard, with the ports that were really bound.
    pub fn listening(&self) -> &[Listen] {
        &self.listening
    }

    /// The ports for RTP, and how many of them calls hold now.
    pub fn rtp_ports(&self) -> RtpPorts {
        self.ports.read()
    }

    /// Tells that all events up to and including this batch are on disk.
    pub fn journaled(&self, batch: u64) {
        self.tell(SwitchInput::Journaled { batch });
    }

    /// Tells that no more events can wait in memory for the disk, or that they can again: no new calls are taken
    /// meanwhile.
    pub fn set_memory_full(&self, full: bool) {
        self.tell(SwitchInput::MemoryFull { full });
    }

    /// Hands over states of agents that were asked for at other nodes.
    pub fn share_presences(&self, presences: Vec<AgentPresence>) {
        self.tell(SwitchInput::Presences(presences));
    }

    /// Tells whether calls at other nodes keep these agents.
    pub fn set_elsewhere(&self, agents: Vec<(AgentId, bool)>) {
        self.tell(SwitchInput::Elsewhere(agents));
    }

    /// Tells what calls that are not of this run use of the limits of calls to the outside.
    pub fn set_outbound_elsewhere(&self, used: OutboundElsewhere) {
        self.tell(SwitchInput::OutboundElsewhere(used));
    }

    /// Asks for a state of an agent; tells, when it is on disk, whether there is such an agent.
    pub async fn command(&self, agent: AgentId, command: AgentCommand) -> bool {
        let (reply, answer) = oneshot::channel();
        self.tell(SwitchInput::Command {
            agent,
            command,
            reply,
        });
        answer.await.unwrap_or(false)
    }

    /// An agent asks for something of calls; tells what came of it, when that is on disk.
    pub async fn request(&self, agent: AgentId, request: DeskRequest) -> Result<(), HandOnRefusal> {
        let (reply, answer) = oneshot::channel();
        self.tell(SwitchInput::Request {
            agent,
            request,
            reply,
        });
        answer.await.unwrap_or(Err(HandOnRefusal::NoTalk))
    }

    /// Hands over the complete settings after a change; returns when they are in force, and tells
    /// whether they are: not if the endpoint has stopped. Calls go on. Listening addresses, public
    /// address, realm and nonce secret stay what they were at the start.
    pub async fn reconfigure(
        &self,
        settings: EndpointSettings,
        engine: EngineSettings,
        sounds: Sounds,
    ) -> bool {
        let (done, in_force) = oneshot::channel();
        let input = Box::new(SwitchInput::Reconfigure {
            settings: Box::new(settings),
            engine: Box::new(engine),
            sounds,
        });
        let sent = self.inputs.send(LoopMessage::Reconfigure { input, done });
        sent.is_ok() && in_force.await.is_ok()
    }

    /// Looks at once whether files of certificates were renewed; calls and connections go on.
    pub fn renew_certificates(&self) {
        // Only fails while the program stops.
        let _stopping = self.inputs.send(LoopMessage::Certificates);
    }

    /// Stops when all calls have ended; after `grace`, which another stop may shorten, those that
    /// go on are hung up. No new calls are taken in the meantime.
    pub async fn stop(&self, grace: Duration) {
        let (done, stopped) = oneshot::channel();
        if self.inputs.send(LoopMessage::Stop { grace, done }).is_ok() {
            // An error means that the thread has ended already.
            let _ended = stopped.await;
        }
    }

    fn tell(&self, input: SwitchInput) {
        // Only fails while the program stops.
        let _stopping = self.inputs.send(LoopMessage::Input(Box::new(input)));
    }
}
