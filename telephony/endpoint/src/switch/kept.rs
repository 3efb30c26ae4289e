//! Registrations from before a restart: tried at once, and given up soon if nobody is there.

use std::net::SocketAddr;

use madoguchi_core::time::Instant;
use madoguchi_sip::transaction::{Flow, Way};
use madoguchi_sip::uri::Uri;

use super::binding::Device;
use super::bindings::Restored;
use super::{Now, Peer, Switch, Wake};
use crate::registrations::SavedRegistration;
use crate::settings::Transport;

/// A phone that does not answer for so long after a restart is not there: its probe was sent four
/// times.
const CONFIRM_MS: u64 = 4_000;

impl Switch {
    /// All registrations, to be kept.
    pub fn kept_registrations(&self, now: Now) -> Vec<SavedRegistration> {
        let udp: Vec<_> = self.udp_listen().collect();
        let kept = self
            .bindings
            .registered()
            .filter_map(|(extension, binding)| {
                let left_ms = binding.expires_at?.saturating_sub(now.mono);
                let flow = binding.flow;
                // Only the phone can make an encrypted connection; then it registers anyway.
                let (transport, socket) = match flow.way {
                    Way::Udp { socket } => (Transport::Udp, Some(socket)),
                    Way::Tcp => (Transport::Tcp, None),
                    Way::Tls { .. } => return None,
                };
                Some(SavedRegistration {
                    extension: extension.to_owned(),
                    contact: binding.contact.to_string(),
                    transport,
                    remote: flow.remote,
                    path: binding.path.clone(),
                    instance: binding
                        .device
                        .as_ref()
                        .map(|device| device.instance.clone()),
                    reg_id: binding.device.as_ref().and_then(|device| device.reg_id),
                    local: socket.and_then(|socket| udp.get(usize::from(socket)).copied()),
                    expires_at: Instant(
                        now.wall
                            .0
                            .saturating_add(i64::try_from(left_ms).unwrap_or(i64::MAX)),
                    ),
                    call_id: binding.call_id.to_string(),
                    cseq: binding.cseq,
                })
            });
        let lapsed = |kept: &&SavedRegistration| kept.expires_at <= now.wall;
        let unknown = self.kept_unknown.iter().filter(|kept| !lapsed(kept));
        kept.chain(unknown.cloned()).collect()
    }

    /// Takes up what was kept. Phones are rung at once; those on connections that are gone as soon
    /// as a new one stands.
    pub fn restore_registrations(&mut self, kept: Vec<SavedRegistration>, now: Now) {
        self.take_up_kept(kept, now);
        self.settle(now);
    }

    /// New settings may know phones that those of the start did not.
    pub(super) fn take_up_kept_unknown(&mut self, now: Now) {
        let kept = std::mem::take(&mut self.kept_unknown);
        if !kept.is_empty() {
            self.take_up_kept(kept, now);
        }
    }

    fn take_up_kept(&mut self, kept: Vec<SavedRegistration>, now: Now) {
        let known = |kept: &SavedRegistration| self.phones.get(&kept.extension).is_some();
        let (known, unknown): (Vec<_>, Vec<_>) = kept.into_iter().partition(known);
        self.kept_unknown = unknown;
        let mut restored = 0_usize;
        for kept in known {
            restored += usize::from(self.restore_registration(kept, now).is_some());
        }
        if restored == 0 {
            return;
        }
        tracing::info!(
            restored,
            "registrations from before the restart are taken up"
        );
        self.tell_all_reachable(false);
        if self.settings.keep_alive.0 > 0 {
            self.probe_contacts(now);
            self.wake_at(now.mono + CONFIRM_MS, Wake::Unconfirmed);
        }
    }

    fn restore_registration(&mut self, kept: SavedRegistration, now: Now) -> Option<()> {
        let phone = self.phones.get(&kept.extension)?;
        if phone.secrets.is_empty() {
            return None;
        }
        // The clock may have been set meanwhile.
        let longest_ms = u64::from(self.settings.max_expires_secs) * 1000;
        let left_ms = u64::try_from(kept.expires_at.0.saturating_sub(now.wall.0)).ok()?;
        let left_ms = left_ms.min(longest_ms);
        if left_ms == 0 {
            return None;
        }
        let contact: Uri = kept.contact.parse().ok()?;
        let flow = match kept.transport {
            Transport::Udp => self.udp_flow(&kept)?,
            Transport::Tcp => self.stream_to(&contact, &kept)?,
            Transport::Tls => return None,
        };
        let reg_id = kept.reg_id;
        let device = kept.instance.map(|instance| Device { instance, reg_id });
        let restored = Restored {
            contact,
            flow,
            path: kept.path,
            device,
            expires_at: now.mono + left_ms,
            call_id: &kept.call_id,
            cseq: kept.cseq,
        };
        self.bindings.restore(&kept.extension, restored);
        self.guard.add_home(&kept.extension, kept.remote.ip());
        Some(())
    }

    /// Through the socket that the phone's NAT knows.
    fn udp_flow(&self, kept: &SavedRegistration) -> Option<Flow> {
        let same = |local: &SocketAddr| Some(*local) == kept.local;
        let peer = Peer {
            transport: Transport::Udp,
            addr: kept.remote,
        };
        let usual = self.flow_to(peer)?;
        let socket = self.udp_listen().position(|local| same(&local));
        let socket = socket.and_then(|socket| u16::try_from(socket).ok());
        Some(socket.map_or(usual, |socket| Flow::udp(socket, kept.remote)))
    }

    /// A phone behind NAT cannot be connected to. Nor is anything tried if probing is off: nobody
    /// would find out whether the connection stands.
    fn stream_to(&self, contact: &Uri, kept: &SavedRegistration) -> Option<Flow> {
        let peer = Peer::of_literal(contact)?;
        let direct = peer.addr.ip().to_canonical() == kept.remote.ip().to_canonical();
        if !direct || peer.transport != Transport::Tcp || self.settings.keep_alive.0 == 0 {
            return None;
        }
        self.flow_to(peer)
    }

    fn udp_listen(&self) -> impl Iterator<Item = SocketAddr> {
        let listen = self.settings.listen.iter();
        let udp = listen.filter(|listen| listen.transport == Transport::Udp);
        udp.map(|listen| listen.addr)
    }

    /// Phones that have not spoken since the restart are not rung any more until they do.
    pub(super) fn on_unconfirmed(&mut self) {
        for extension in self.bindings.silence_unconfirmed() {
            tracing::info!(%extension, "a phone from before the restart does not answer");
            self.tell_reachable(&extension);
        }
    }
}
