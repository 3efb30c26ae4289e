//! Where each phone can be reached now: the location service of RFC 3261 10.3.

use std::collections::HashMap;
use std::net::SocketAddr;

use madoguchi_sip::header::NameAddr;
use madoguchi_sip::transaction::Flow;
use madoguchi_sip::uri::Uri;

/// One contact of a phone.
#[derive(Debug, Clone)]
pub(super) struct Binding {
    pub(super) contact: Uri,
    /// The way the REGISTER came: requests go back the same way, through any NAT.
    pub(super) flow: Flow,
    /// The proxies that requests to it go through (RFC 3327), as Route values.
    pub(super) path: Vec<String>,
    /// Which device it is, if it says so.
    pub(super) device: Option<Device>,
    /// When it lapses, in the endpoint's monotonic milliseconds; never for fixed contacts.
    pub(super) expires_at: Option<u64>,
    /// OPTIONS found nobody there.
    pub(super) silent: bool,
    /// It was taken over from before a restart, and has not spoken since.
    pub(super) unconfirmed: bool,
    pub(super) call_id: Box<str>,
    pub(super) cseq: u32,
}

/// A device, and which of its connections (RFC 5626 4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Device {
    /// `+sip.instance`, as it was written.
    pub(super) instance: String,
    /// `reg-id`: a device may keep several connections side by side.
    pub(super) reg_id: Option<u32>,
}

impl Device {
    /// The device that a contact names; `reg-id` counts only where `outbound` does.
    fn of(contact: &NameAddr, outbound: bool) -> Option<Self> {
        let instance = contact.params.get("+sip.instance")?;
        let reg_id = contact.params.get("reg-id").filter(|_| outbound);
        let usable = !instance.is_empty() && instance.len() <= INSTANCE_BYTES_AT_MOST;
        usable.then(|| Self {
            instance: instance.to_owned(),
            reg_id: reg_id.and_then(|text| text.parse().ok()),
        })
    }
}

/// What a REGISTER asks for.
#[derive(Debug)]
pub(super) struct Registration<'a> {
    /// The Path of the request, the proxy nearest to us first.
    pub(super) path: Vec<String>,
    /// The proxies on the way, if any, keep a connection apart from others (RFC 5626 6).
    pub(super) outbound: bool,
    pub(super) contacts: Vec<NameAddr>,
    /// `Contact: *`
    pub(super) wildcard: bool,
    /// The Expires header.
    pub(super) expires_secs: Option<u32>,
    pub(super) call_id: &'a str,
    pub(super) cseq: u32,
    pub(super) flow: Flow,
}

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

/// Why a REGISTER is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RegistrationError {
    /// 400: a wildcard with other contacts or with an interval, or too many contacts.
    Malformed,
    /// 423
    IntervalTooBrief,
    /// 500 (10.3 step 7): older than what is already known.
    OutOfOrder,
}

/// Intervals that the registrar grants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Intervals {
    pub(super) min_secs: u32,
    pub(super) max_secs: u32,
}

const CONTACTS_AT_MOST: usize = 10;
/// A longer instance is taken for none.
const INSTANCE_BYTES_AT_MOST: usize = 256;

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
                && binding.flow.reliable == flow.reliable
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
            silent: restored.flow.reliable,
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
        if !flow.reliable || !self.knows_source(flow) {
            return Vec::new();
        }
        self.remove_all(|binding| {
            binding.expires_at.is_some()
                && binding.flow.reliable
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

impl Binding {
    fn is_newer_than(&self, wish: &Registration<'_>) -> bool {
        *self.call_id == *wish.call_id && self.cseq > wish.cseq
    }

    /// Whether a registration of this contact takes its place: the same connection of the same
    /// device, whatever address it has now; of others the same address (RFC 5626 6, RFC 3261 10.3).
    fn is_replaced_by(
        &self,
        contact: &NameAddr,
        device: Option<&Device>,
        wish: &Registration<'_>,
    ) -> bool {
        if self.expires_at.is_none() {
            return false;
        }
        let same_address = self.contact == contact.uri;
        match (&self.device, device) {
            (Some(known), Some(device)) if known.reg_id.or(device.reg_id).is_some() => {
                known == device
            }
            (Some(known), Some(device)) if known == device => {
                let mut named = wish.contacts.iter();
                same_address || !named.any(|other| other.uri == self.contact)
            }
            _ => same_address,
        }
    }
}

fn bind(
    bindings: &mut Vec<Binding>,
    contact: &NameAddr,
    wish: &Registration<'_>,
    intervals: Intervals,
    now_ms: u64,
) -> Result<(), RegistrationError> {
    let asked = contact
        .params
        .get("expires")
        .and_then(|text| text.parse().ok())
        .or(wish.expires_secs)
        .unwrap_or(intervals.max_secs);
    if asked != 0 && asked < intervals.min_secs {
        return Err(RegistrationError::IntervalTooBrief);
    }
    let granted = asked.min(intervals.max_secs);
    let device = Device::of(contact, wish.outbound);
    let replaced = |binding: &Binding| binding.is_replaced_by(contact, device.as_ref(), wish);
    let newer = |binding: &Binding| *binding.call_id == *wish.call_id && binding.cseq >= wish.cseq;
    if bindings
        .iter()
        .any(|binding| replaced(binding) && newer(binding))
    {
        return Err(RegistrationError::OutOfOrder);
    }
    bindings.retain(|binding| !replaced(binding));
    if granted > 0 {
        bindings.push(Binding {
            contact: contact.uri.clone(),
            flow: wish.flow,
            path: wish.path.clone(),
            device,
            expires_at: Some(now_ms + u64::from(granted) * 1000),
            silent: false,
            unconfirmed: false,
            call_id: wish.call_id.into(),
            cseq: wish.cseq,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVALS: Intervals = Intervals {
        min_secs: 30,
        max_secs: 120,
    };

    fn flow() -> Flow {
        Flow {
            reliable: false,
            socket: 0,
            remote: "192.0.2.7:5060".parse().unwrap(),
        }
    }

    fn contact(text: &str) -> NameAddr {
        text.parse().unwrap()
    }

    fn wish(contacts: &[&str], expires_secs: Option<u32>, cseq: u32) -> Registration<'static> {
        Registration {
            path: Vec::new(),
            outbound: false,
            contacts: contacts.iter().map(|text| contact(text)).collect(),
            wildcard: false,
            expires_secs,
            call_id: "c1",
            cseq,
            flow: flow(),
        }
    }

    #[test]
    fn a_binding_lapses_after_the_granted_interval() {
        let mut bindings = Bindings::default();
        bindings
            .register(
                "201",
                wish(&["<sip:201@192.0.2.7>"], Some(3600), 1),
                INTERVALS,
                0,
            )
            .unwrap();
        assert!(bindings.reachable("201"));
        assert!(bindings.expire(119_999).is_empty());
        assert_eq!(bindings.expire(120_000), ["201".into()]);
        assert!(!bindings.reachable("201"));
    }

    #[test]
    fn a_phone_may_have_several_contacts_and_remove_one_or_all() {
        let mut bindings = Bindings::default();
        let both = ["<sip:201@192.0.2.7>", "<sip:201@192.0.2.8>;expires=60"];
        bindings
            .register("201", wish(&both, None, 1), INTERVALS, 0)
            .unwrap();
        assert_eq!(bindings.of("201").len(), 2);
        bindings
            .register("201", wish(&[both[0]], Some(0), 2), INTERVALS, 0)
            .unwrap();
        assert_eq!(bindings.of("201").len(), 1);
        let all = Registration {
            wildcard: true,
            ..wish(&[], Some(0), 3)
        };
        bindings.register("201", all, INTERVALS, 0).unwrap();
        assert!(bindings.of("201").is_empty());
    }

    #[test]
    fn fixed_contacts_are_replaced_and_a_lapse_ends_registrations_alone() {
        let fixed = |text: &str| vec![(text.parse().unwrap(), flow())];
        let mut bindings = Bindings::default();
        bindings.set_fixed("201", fixed("sip:201@192.0.2.1"));
        let registered = wish(&["<sip:201@192.0.2.7>"], Some(60), 1);
        bindings.register("201", registered, INTERVALS, 0).unwrap();
        bindings.set_fixed("201", fixed("sip:201@192.0.2.2"));
        assert_eq!(
            contacts(&bindings),
            ["sip:201@192.0.2.7", "sip:201@192.0.2.2"]
        );
        bindings.lapse("201");
        assert_eq!(contacts(&bindings), ["sip:201@192.0.2.2"]);
        bindings.retain(|extension| extension != "201");
        assert!(contacts(&bindings).is_empty());
    }

    #[test]
    fn the_addresses_of_phones_are_known_until_their_last_registration_is_gone() {
        let elsewhere = Flow {
            remote: "192.0.2.8:5060".parse().unwrap(),
            ..flow()
        };
        let mut bindings = Bindings::default();
        let mut register = |extension: &str, contact: &str, expires: u32, cseq, flow| {
            let wish = Registration {
                flow,
                ..wish(&[contact], Some(expires), cseq)
            };
            bindings.register(extension, wish, INTERVALS, 0).unwrap();
            (
                bindings.knows_source(self::flow()),
                bindings.knows_source(elsewhere),
            )
        };
        let (one, other) = ("<sip:201@192.0.2.7>", "<sip:202@192.0.2.7>");
        assert_eq!(register("201", one, 60, 1, flow()), (true, false));
        assert_eq!(register("202", other, 60, 1, flow()), (true, false));
        assert_eq!(register("201", one, 60, 2, elsewhere), (true, true));
        assert_eq!(register("202", other, 0, 2, flow()), (false, true));
        bindings.retain(|extension| extension != "201");
        assert!(!bindings.knows_source(elsewhere) && bindings.sources.is_empty());
    }

    #[test]
    fn what_changed_is_told_once() {
        let mut bindings = Bindings::default();
        let mut register = |expires, cseq| {
            let wish = wish(&["<sip:201@192.0.2.7>"], Some(expires), cseq);
            bindings.register("201", wish, INTERVALS, 0).unwrap();
            (bindings.take_change(), bindings.take_change())
        };
        assert_eq!(register(60, 1), (Some(Change::Moved), None));
        assert_eq!(register(60, 2), (Some(Change::Prolonged), None));
        assert_eq!(register(0, 3), (Some(Change::Moved), None));
    }

    #[test]
    fn too_brief_out_of_order_and_malformed_are_refused_and_change_nothing() {
        let mut bindings = Bindings::default();
        let one = ["<sip:201@192.0.2.7>"];
        bindings
            .register("201", wish(&one, Some(60), 5), INTERVALS, 0)
            .unwrap();
        let refused = |bindings: &mut Bindings, wish| bindings.register("201", wish, INTERVALS, 0);
        assert_eq!(
            refused(&mut bindings, wish(&one, Some(10), 6)),
            Err(RegistrationError::IntervalTooBrief)
        );
        assert_eq!(
            refused(&mut bindings, wish(&one, Some(60), 5)),
            Err(RegistrationError::OutOfOrder)
        );
        let all = Registration {
            wildcard: true,
            ..wish(&[], Some(60), 7)
        };
        assert_eq!(
            refused(&mut bindings, all),
            Err(RegistrationError::Malformed)
        );
        assert_eq!(bindings.of("201").len(), 1);
    }

    fn contacts(bindings: &Bindings) -> Vec<String> {
        let all = bindings.of("201").iter();
        all.map(|binding| binding.contact.to_string()).collect()
    }

    const DEVICE: &str = "+sip.instance=\"<urn:uuid:1>\"";
    const OTHER_DEVICE: &str = "+sip.instance=\"<urn:uuid:2>\"";

    /// RFC 5626 6: a phone that restarted behind a NAT has another port and another Call-ID.
    #[test]
    fn the_same_device_replaces_its_binding_wherever_it_is_now() {
        let mut bindings = Bindings::default();
        let mut register = |address: &str, device: &str, call_id: &'static str| {
            let contact = format!("<sip:201@{address}>;{device}");
            let wish = Registration {
                call_id,
                ..wish(&[&contact], Some(60), 1)
            };
            bindings.register("201", wish, INTERVALS, 0).unwrap();
            contacts(&bindings)
        };
        register("192.0.2.7:1001", DEVICE, "a");
        assert_eq!(
            register("192.0.2.7:1002", DEVICE, "b"),
            ["sip:201@192.0.2.7:1002"]
        );
        assert_eq!(register("192.0.2.8", OTHER_DEVICE, "c").len(), 2);
        assert_eq!(register("192.0.2.9", "q=0.5", "d").len(), 3);
    }

    /// RFC 5626 4.2.1: one device, two connections; each is replaced by its own kind only.
    #[test]
    fn connections_of_one_device_stand_side_by_side_by_their_reg_id() {
        let mut bindings = Bindings::default();
        let mut register = |port: u32, reg_id: u32, cseq| {
            let contact = format!("<sip:201@192.0.2.7:{port}>;{DEVICE};reg-id={reg_id}");
            let wish = Registration {
                outbound: true,
                ..wish(&[&contact], Some(60), cseq)
            };
            bindings.register("201", wish, INTERVALS, 0).unwrap();
            contacts(&bindings)
        };
        register(1001, 1, 1);
        assert_eq!(register(1002, 2, 2).len(), 2);
        assert_eq!(
            register(1003, 1, 3),
            ["sip:201@192.0.2.7:1002", "sip:201@192.0.2.7:1003"]
        );
    }

    #[test]
    fn two_contacts_of_one_device_in_one_request_both_count() {
        let mut bindings = Bindings::default();
        let contacts_of_device = [
            format!("<sip:201@192.0.2.7>;{DEVICE}"),
            format!("<sip:201@192.0.2.7;transport=tcp>;{DEVICE}"),
        ];
        let both: Vec<_> = contacts_of_device.iter().map(String::as_str).collect();
        for cseq in 1..3 {
            let wish = wish(&both, Some(60), cseq);
            bindings.register("201", wish, INTERVALS, 0).unwrap();
            assert_eq!(contacts(&bindings).len(), 2);
        }
    }

    #[test]
    fn a_connection_that_is_gone_takes_its_bindings_with_it_and_no_others() {
        let tcp = Flow {
            reliable: true,
            ..flow()
        };
        let mut bindings = Bindings::default();
        let over_tcp = Registration {
            flow: tcp,
            ..wish(&["<sip:201@192.0.2.7;transport=tcp>"], Some(60), 1)
        };
        bindings.register("201", over_tcp, INTERVALS, 0).unwrap();
        let over_udp = wish(&["<sip:202@192.0.2.7>"], Some(60), 1);
        bindings.register("202", over_udp, INTERVALS, 0).unwrap();
        assert_eq!(bindings.end_flow(tcp), ["201".into()]);
        assert!(!bindings.reachable("201") && bindings.reachable("202"));
        assert!(bindings.end_flow(tcp).is_empty());
    }
}
