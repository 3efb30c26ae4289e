//! New settings while calls go on.

use madoguchi_line::engine::EngineSettings;

use super::numbers::line_by_number;
use super::phones::Phones;
use super::{Now, Switch, Wake};
use crate::media::Sounds;
use crate::settings::{EndpointSettings, Phone, Trunk};

impl Switch {
    /// Takes up the complete new settings. What is bound to the sockets and challenges of this run
    /// stays as it is: listening addresses, public address, realm and nonce secret.
    pub(super) fn reconfigure(
        &mut self,
        mut settings: EndpointSettings,
        engine: EngineSettings,
        sounds: Sounds,
        now: Now,
    ) {
        settings.listen = std::mem::take(&mut self.settings.listen);
        settings.public_address = self.settings.public_address;
        settings.realm = std::mem::take(&mut self.settings.realm);
        settings.nonce_secret = self.settings.nonce_secret;
        let phones = std::mem::take(&mut settings.phones);
        let trunks = std::mem::take(&mut settings.trunks);
        let probes_change = settings.keep_alive != self.settings.keep_alive;
        self.line_by_number = line_by_number(&settings.lines);
        self.guard.set_limit(settings.unknown_requests_per_minute);
        self.settings = settings;
        if probes_change {
            self.wakes.clear_all(&Wake::KeepAlive);
            self.start_keep_alive(now);
        }
        self.voice.set_hold_music(sounds.music(None));
        self.sounds = sounds;
        self.take_up_phones(phones);
        self.take_up_trunks(trunks, now);
        let (phones, trunks) = (&self.phones, &self.trunks);
        self.guard
            .keep_users(|user| phones.get(user).is_some() || trunks.has_user(user));
        // Nobody is rung by the new settings at a phone that they took away.
        self.tell_all_reachable(true);
        self.feed_engine(now);
        let outputs = self.engine.reconfigure(engine, now);
        self.queue_outputs(outputs);
        self.tell_all_reachable(false);
        self.take_up_kept_unknown(now);
        self.dirty = true;
        tracing::info!("new settings are in force");
    }

    /// Registrations stay with their extensions, as long as what the phone proves itself with does.
    pub(super) fn take_up_phones(&mut self, phones: Vec<Phone>) {
        let before = std::mem::replace(&mut self.phones, Phones::new(phones));
        self.bindings
            .retain(|extension| self.phones.get(extension).is_some());
        let contacts: Vec<_> = self
            .phones
            .iter()
            .map(|phone| (phone.extension.clone(), self.fixed_contacts(phone)))
            .collect();
        for (extension, fixed) in contacts {
            let secrets =
                |phones: &Phones| phones.get(&extension).map(|phone| phone.secrets.clone());
            if secrets(&before) != secrets(&self.phones) {
                self.bindings.lapse(&extension);
            }
            self.bindings.set_fixed(&extension, fixed);
        }
    }

    /// The registrations of trunks that leave are ended; calls through them go on.
    pub(super) fn take_up_trunks(&mut self, trunks: Vec<Trunk>, now: Now) {
        let changes = self.trunks.reconfigure(trunks);
        for key in changes.left {
            self.end_registration(key, now);
        }
        for key in changes.back {
            self.register_at(key, now.mono);
        }
    }
}
