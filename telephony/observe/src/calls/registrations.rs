//! Who has registered where: exchanges call a phone by its Contact, whose user part may be anything.

use std::collections::{HashMap, VecDeque};

use madoguchi_sip::header::NameAddr;
use madoguchi_sip::message::{HeaderName, Message, Method};
use madoguchi_sip::uri::Uri;

use crate::message::{Seen, user};

/// Contacts that are remembered.
const CONTACTS_AT_MOST: usize = 65_536;
/// Contacts of one REGISTER that are looked at.
const CONTACTS_IN_ONE: usize = 8;

/// The users of contacts.
#[derive(Debug, Default)]
pub(super) struct Registrations {
    users: HashMap<String, String>,
    order: VecDeque<String>,
}

impl Registrations {
    /// Takes note of a REGISTER.
    pub(super) fn take(&mut self, seen: &Seen) {
        let Message::Request(request) = &seen.message else {
            return;
        };
        if request.method != Method::Register {
            return;
        }
        let registered = user(&request.headers, &HeaderName::To);
        if registered.is_empty() {
            return;
        }
        let contacts = request.headers.list(&HeaderName::Contact);
        for contact in contacts.take(CONTACTS_IN_ONE) {
            let Ok(contact) = contact.parse::<NameAddr>() else {
                continue;
            };
            let name = name(&contact.uri);
            if self
                .users
                .insert(name.clone(), registered.clone())
                .is_none()
            {
                self.order.push_back(name);
            }
        }
        while self.order.len() > CONTACTS_AT_MOST {
            if let Some(oldest) = self.order.pop_front() {
                self.users.remove(&oldest);
            }
        }
    }

    /// Who has registered at the Request-URI of an INVITE.
    pub(super) fn user_at(&self, seen: &Seen) -> Option<String> {
        match &seen.message {
            Message::Request(request) => self.users.get(&name(&request.uri)).cloned(),
            Message::Response(_) => None,
        }
    }
}

/// User, host and port; parameters differ between REGISTER and INVITE.
fn name(uri: &Uri) -> String {
    let user = uri.user.as_deref().unwrap_or_default();
    format!("{user}@{}:{}", uri.host, uri.port.unwrap_or_default())
}
