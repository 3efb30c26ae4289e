//! The thread of the signalling: a runtime of its own, the switch, and the loop around it.

use std::io;
use std::sync::Arc;

use madoguchi_core::clock::JumpWatch;
use madoguchi_line::engine::Engine;
use tokio::sync::{mpsc, oneshot};

use super::addresses::LocalAddresses;
use super::deps::EndpointDeps;
use super::event_loop::Loop;
use super::messages::LoopMessage;
use super::resolver::Resolver;
use super::saved::SavedRegistrations;
use super::signals::SignalTap;
use super::sockets::Sockets;
use super::streams::{Listeners, Streams};
use super::tls::{Certificates, EncryptionThread};
use crate::media::{Media, MediaEvent, Sounds};
use crate::registrations;
use crate::settings::EndpointSettings;
use crate::switch::{Now, Switch};

/// The largest datagram.
const DATAGRAM_BYTES: usize = 65_535;

/// What the thread takes along.
pub(super) struct Shell {
    pub(super) settings: EndpointSettings,
    pub(super) sounds: Sounds,
    pub(super) engine: Engine,
    pub(super) deps: EndpointDeps,
    pub(super) media: Media,
    pub(super) encryption: (Certificates, EncryptionThread),
    pub(super) inputs: mpsc::UnboundedSender<LoopMessage>,
}

impl Shell {
    pub(super) fn run(
        self,
        sockets: Sockets,
        received: mpsc::UnboundedReceiver<LoopMessage>,
        media_events: mpsc::UnboundedReceiver<MediaEvent>,
        started: oneshot::Sender<io::Result<()>>,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        match runtime {
            Ok(runtime) => {
                runtime.block_on(self.serve(sockets, received, media_events, started));
            }
            Err(error) => {
                // The starter sees the error or has gone.
                let _gone = started.send(Err(error));
            }
        }
    }

    async fn serve(
        self,
        sockets: Sockets,
        received: mpsc::UnboundedReceiver<LoopMessage>,
        media_events: mpsc::UnboundedReceiver<MediaEvent>,
        started: oneshot::Sender<io::Result<()>>,
    ) {
        let epoch = tokio::time::Instant::now();
        let (connections, inputs) = (self.settings.tcp_connections, self.inputs.clone());
        let (certificates, _until_the_end) = self.encryption;
        let certificates = Arc::new(certificates);
        let tcp = Listeners::addresses(&sockets.streams.tcp);
        let tls = Listeners::addresses(&sockets.streams.tls);
        let local = LocalAddresses::new(&sockets.udp, tcp, tls);
        let streams = Streams::start(
            sockets.streams,
            connections,
            inputs,
            epoch,
            certificates.clone(),
        );
        let clock = self.deps.clock.clone();
        let now = Now {
            wall: clock.now(),
            monotonic: clock.monotonic(),
            mono: 0,
        };
        let mut switch = Switch::new(
            self.settings,
            self.engine,
            Box::new(self.media.clone()),
            self.sounds,
            Box::new(move |flow| local.of(flow)),
            rand::random(),
            now,
        );
        switch.name_run(self.deps.run);
        let tap = self.deps.signals.map(SignalTap::new);
        if tap.is_some() {
            switch.tell_dialogs();
        }
        for presence in &self.deps.restored {
            switch.restore_agent(presence);
        }
        let registrations = self.deps.registrations.and_then(|path| {
            switch.restore_registrations(registrations::load(&path), now);
            SavedRegistrations::start(path, epoch)
        });
        let resolver = Resolver::new(rand::random());
        let lookups = resolver.watch(switch.trunk_hosts(), &self.inputs);
        let mut the_loop = Loop {
            switch,
            media: self.media,
            inputs: self.inputs,
            resolver,
            lookups,
            stopping: None,
            udp: sockets.udp,
            streams,
            certificates,
            epoch,
            clock,
            watch: JumpWatch::new(now.into()),
            journal: self.deps.journal,
            snapshots: self.deps.snapshots,
            dialled: self.deps.dialled,
            next_snapshot: epoch,
            next_sweep: epoch,
            registrations,
            tap,
            buffer: vec![0; DATAGRAM_BYTES],
        };
        // The starter may have given up; the loop then ends with its channel.
        let _gone = started.send(Ok(()));
        the_loop.run(received, media_events).await;
    }
}
