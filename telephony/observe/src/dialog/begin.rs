//! What the first message that is seen of a dialog tells.

use std::sync::Arc;

use madoguchi_sip::header::NameAddr;
use madoguchi_sip::message::{HeaderName, Message, Method};

use super::holds::Holds;
use super::{Dialog, from_tag};
use crate::message::{Seen, Start, headers, user, user_of};

impl Dialog {
    /// The dialog that this message belongs to, if it can be one of an INVITE.
    pub fn begin(seen: &Seen) -> Option<Self> {
        let identity = &seen.identity;
        let within = identity.to_tag.is_some();
        let was_up = match (&identity.start, &identity.method) {
            (Start::Request(Method::Invite), _) => within,
            (Start::Request(Method::Bye), _) => true,
            // What rings has not been answered; a 2xx may as well be that of a later INVITE.
            (Start::Response(status), Method::Invite) if *status > 100 => {
                (200..300).contains(status)
            }
            _ => return None,
        };
        let headers = headers(&seen.message);
        let is_response = matches!(identity.start, Start::Response(_));
        // A response says who called, whichever INVITE it answers.
        let knows_caller = !was_up || is_response;
        let called = match &seen.message {
            Message::Request(request) => user_of(&request.uri),
            Message::Response(_) => String::new(),
        };
        let hop = match identity.start {
            Start::Request(_) => (seen.from, seen.to),
            Start::Response(_) => (seen.to, seen.from),
        };
        Some(Self {
            call_id: Arc::from(identity.call_id.as_str()),
            from: user(headers, &HeaderName::From),
            to: user(headers, &HeaderName::To),
            called,
            registered: None,
            asserted: asserted(seen),
            hop,
            start: None,
            ring: None,
            answer: None,
            was_up,
            cancelled: None,
            taken_elsewhere: false,
            end: None,
            caller_media: None,
            callee_media: None,
            voice: Vec::new(),
            last_media: None,
            last_seen: seen.at,
            passed_on: false,
            goes_on: false,
            picks_up: false,
            holds: Holds::default(),
            asked: Vec::new(),
            session_timer: None,
            retryable: None,
            invite_seq: if knows_caller { identity.seq } else { 0 },
            overtaking: (was_up && is_response).then_some(seen.at),
            from_tags: if knows_caller {
                vec![from_tag(seen).to_owned()]
            } else {
                Vec::new()
            },
            confirmed_tags: Vec::new(),
        })
    }
}

fn asserted(seen: &Seen) -> Option<String> {
    let headers = headers(&seen.message);
    let names = [
        HeaderName::PAssertedIdentity,
        HeaderName::Other("Remote-Party-ID".into()),
    ];
    let mut listed = names.iter().flat_map(|name| headers.list(name));
    let address = listed.find_map(|text| text.parse::<NameAddr>().ok())?;
    let found = user_of(&address.uri);
    (!found.is_empty()).then_some(found)
}
