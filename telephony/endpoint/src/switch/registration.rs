//! What a REGISTER asks for, and what it does to the contacts of a phone (RFC 3261 10.3, RFC 5626 6).

use madoguchi_sip::header::NameAddr;
use madoguchi_sip::transaction::Flow;

use super::binding::{Binding, Device};

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

impl Binding {
    pub(super) fn is_newer_than(&self, wish: &Registration<'_>) -> bool {
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

/// Takes one contact in.
pub(super) fn bind(
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
