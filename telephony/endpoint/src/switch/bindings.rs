//! Where each phone can be reached now: the location service of RFC 3261 10.3.

use std::collections::HashMap;
use std::net::SocketAddr;

use madoguchi_sip::transaction::Flow;
use madoguchi_sip::uri::Uri;

use super::binding::{Binding, Device};
use super::registration::{Intervals, Registration, RegistrationError, bind};

/// A registration from before a restart.
#[derive(Debug)]
pub(super) struct Restored<'a> {
    pub(super) contact: Uri,
    pub(super) flow: Flow,
    pub(super) path: Vec<String>,
    pub(super) device: Option<Device>,
    pub(super) expires_at: u64,
    pub(super) call_id: &'a str,
    pub(super) cseq: u32,
}

const CONTACTS_AT_MOST: usize = 10;

/// The contacts of all phones, by extension.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    by_extension: HashMap<Box<str>, Vec<Binding>>,
    /// How many registered contacts there are behind each address.
    sources: HashMap<SocketAddr, usize>,
    changed: Option<Change>,
}

/// How much what is registered has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Registrations were prolonged.
    Prolonged,
    /// A phone came, moved or went.
    Moved,
}

impl Bindings {
    /// The contacts of a phone that need no registration, instead of those it had.
    pub(super) fn set_fixed(&mut self, extension: &str, contacts: Vec<(Uri, Flow)>) {
        let mut next = self.registered_of(extension);
        next.extend(contacts.into_iter().map(|(contact, flow)| Binding {
            contact,
            flow,
            path: Vec::new(),
            device: None,
            expires_at: None,
            silent: false,
            unconfirmed: false,
            call_id: "".into(),
            cseq: 0,
        }));
        self.replace(extension, next);
    }

    /// Ends the registrations of a phone.
    pub(super) fn lapse(&mut self, extension: &str) {
        let mut next = self.of(extension).to_vec();
        next.retain(|binding| binding.expires_at.is_none());
        self.replace(extension, next);
    }

    /// Keeps the contacts of these phones only.
    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        let gone: Vec<_> = self
            .by_extension
            .keys()
            .filter(|extension| !keep(extension))
            .cloned()
            .collect();
        for extension in gone {
            self.replace(&extension, Vec::new());
            self.by_extension.remove(&extension);
        }
    }

    /// All contacts of a phone that have not lapsed.
    pub(super) fn of(&self, extension: &str) -> &[Binding] {
        self.by_extension.get(extension).map_or(&[], Vec::as_slice)
    }

    fn registered_of(&self, extension: &str) -> Vec<Binding> {
        let all = self.of(extension).iter();
        all.filter(|binding| binding.expires_at.is_some())
            .cloned()
            .collect()
    }

    /// Whether any contact can be reached.
    pub(super) fn reachable(&self, extension: &str) -> bool {
        self.of(extension).iter().any(|binding| !binding.silent)
    }

    /// Whether any registered contact (of any phone) uses this address.
    pub(super) fn knows_source(&self, flow: Flow) -> bool {
        self.sources.contains_key(&flow.remote)
    }

    /// Whether this phone is registered with this very address.
    pub(super) fn is_at(&self, extension: &str, flow: Flow) -> bool {
        self.of(extension).iter().any(|binding| {
            binding.expires_at.is_some()
                && binding.flow.remote == flow.remote
                && binding.flow.is_carried_as(flow)
        })
    }

    /// Takes up a registration from before a restart. Who was reached over a connection is not
    /// reachable before a new one stands.
    pub(super) fn restore(&mut self, extension: &str, restored: Restored<'_>) {
        let mut next = self.of(extension).to_vec();
        if next.len() >= CONTACTS_AT_MOST {
            return;
        }
        next.push(Binding {
            contact: restored.contact,
            flow: restored.flow,
            path: restored.path,
            device: restored.device,
            expires_at: Some(restored.expires_at),
            silent: restored.flow.is_reliable(),
            unconfirmed: true,
            call_id: restored.call_id.into(),
            cseq: restored.cseq,
        });
        self.replace(extension, next);
    }

    /// Whoever was taken over from before a restart and has not answered is silent; tells the
    /// extensions concerned.
    pub(super) fn silence_unconfirmed(&mut self) -> Vec<Box<str>> {
        let mut concerned = Vec::new();
        for (extension, bindings) in &mut self.by_extension {
            for binding in bindings.iter_mut().filter(|binding| binding.unconfirmed) {
                binding.unconfirmed = false;
                binding.silent = true;
                concerned.push(extension.clone());
            }
        }
        concerned
    }

    /// Carries out a REGISTER whose sender is authorised: all of it or nothing (10.3).
    pub(super) fn register(
        &mut self,
        extension: &str,
        wish: Registration<'_>,
        intervals: Intervals,
        now_ms: u64,
    ) -> Result<(), RegistrationError> {
        let mut next = self.of(extension).to_vec();
        if wish.wildcard {
            if !wish.contacts.is_empty() || wish.expires_secs != Some(0) {
                return Err(RegistrationError::Malformed);
            }
            next.retain(|binding| binding.expires_at.is_none() || binding.is_newer_than(&wish));
            self.replace(extension, next);
            return Ok(());
        }
        if wish.contacts.len() > CONTACTS_AT_MOST {
            return Err(RegistrationError::Malformed);
        }
        for contact in &wish.contacts {
            bind(&mut next, contact, &wish, intervals, now_ms)?;
        }
        if next.len() > CONTACTS_AT_MOST {
            return Err(RegistrationError::Malformed);
        }
        self.replace(extension, next);
        Ok(())
    }

    /// Removes what has lapsed; tells the extensions concerned.
    pub(super) fn expire(&mut self, now_ms: u64) -> Vec<Box<str>> {
        self.remove_all(|binding| binding.expires_at.is_some_and(|at| at <= now_ms))
    }

    /// The connection on which these contacts were registered is gone, and with it the way to them
    /// (RFC 5626 7); tells the extensions concerned.
    pub(super) fn end_flow(&mut self, flow: Flow) -> Vec<Box<str>> {
        if !flow.is_reliable() || !self.knows_source(flow) {
            return Vec::new();
        }
        self.remove_all(|binding| {
            binding.expires_at.is_some()
                && binding.flow.is_carried_as(flow)
                && binding.flow.remote == flow.remote
        })
    }

    fn remove_all(&mut self, goes: impl Fn(&Binding) -> bool) -> Vec<Box<str>> {
        let concerned: Vec<_> = self
            .by_extension
            .iter()
            .filter(|(_, bindings)| bindings.iter().any(&goes))
            .map(|(extension, _)| extension.clone())
            .collect();
        for extension in &concerned {
            let mut next = self.of(extension).to_vec();
            next.retain(|binding| !goes(binding));
            self.replace(extension, next);
        }
        concerned
    }

    /// All registered contacts, for probing.
    pub(super) fn registered(&self) -> impl Iterator<Item = (&str, &Binding)> {
        self.by_extension.iter().flat_map(|(extension, bindings)| {
            bindings
                .iter()
                .filter(|binding| binding.expires_at.is_some())
                .map(move |binding| (&**extension, binding))
        })
    }

    /// Remembers whether a probe of this contact was answered.
    pub(super) fn set_silent(&mut self, extension: &str, contact: &Uri, silent: bool) {
        let Some(bindings) = self.by_extension.get_mut(extension) else {
            return;
        };
        for binding in bindings
            .iter_mut()
            .filter(|binding| binding.contact == *contact)
        {
            binding.silent = silent;
            binding.unconfirmed = false;
        }
    }

    /// How much has changed since the last call.
    pub(super) fn take_change(&mut self) -> Option<Change> {
        self.changed.take()
    }

    /// The only place where contacts come and go, so that the index of addresses is true.
    fn replace(&mut self, extension: &str, next: Vec<Binding>) {
        let before = self.by_extension.insert(extension.into(), next);
        let before = before.unwrap_or_default();
        let registered = |bindings: &[Binding]| -> Vec<Binding> {
            let all = bindings.iter();
            all.filter(|binding| binding.expires_at.is_some())
                .cloned()
                .collect()
        };
        let (before, after) = (registered(&before), registered(self.of(extension)));
        let places = |bindings: &[Binding]| -> Vec<(Uri, Flow)> {
            let all = bindings.iter();
            all.map(|binding| (binding.contact.clone(), binding.flow))
                .collect()
        };
        if places(&before) != places(&after) {
            self.changed = self.changed.max(Some(Change::Moved));
        } else if !after.is_empty() {
            self.changed = self.changed.max(Some(Change::Prolonged));
        }
        for binding in &after {
            *self.sources.entry(binding.flow.remote).or_default() += 1;
        }
        for binding in &before {
            if let Some(count) = self.sources.get_mut(&binding.flow.remote) {
                *count -= 1;
                if *count == 0 {
                    self.sources.remove(&binding.flow.remote);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
