//! One contact of a phone, and the device that it belongs to.

use madoguchi_sip::header::NameAddr;
use madoguchi_sip::transaction::Flow;
use madoguchi_sip::uri::Uri;

/// A longer instance is taken for none.
const INSTANCE_BYTES_AT_MOST: usize = 256;

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
    pub(super) fn of(contact: &NameAddr, outbound: bool) -> Option<Self> {
        let instance = contact.params.get("+sip.instance")?;
        let reg_id = contact.params.get("reg-id").filter(|_| outbound);
        let usable = !instance.is_empty() && instance.len() <= INSTANCE_BYTES_AT_MOST;
        usable.then(|| Self {
            instance: instance.to_owned(),
            reg_id: reg_id.and_then(|text| text.parse().ok()),
        })
    }
}
