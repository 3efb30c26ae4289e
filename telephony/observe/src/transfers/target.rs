//! Whom an address names, and the dialog that a URI carries in its header fields.

use madoguchi_core::phone;
use madoguchi_sip::header::NameAddr;
use madoguchi_sip::message::{HeaderName, Headers};
use madoguchi_sip::uri::{Uri, unescape};

use crate::message::user_of;

/// Whom to call: the number in its one spelling, or the machine if there is no number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target(String);

impl Target {
    pub(super) fn of(uri: &Uri) -> Self {
        let number = phone::normalize(&user_of(uri));
        if number.is_empty() {
            let port = uri.port.unwrap_or(5_060);
            return Self(format!("@{}:{port}", uri.host));
        }
        Self(number)
    }

    pub(super) fn numbered(user: &str) -> Self {
        Self(phone::normalize(user))
    }
}

/// The first addresses of a field.
pub(super) fn targets(headers: &Headers, name: &HeaderName, at_most: usize) -> Vec<Target> {
    let listed = headers.list(name).take(at_most);
    listed
        .filter_map(|text| Some(Target::of(&address(text)?)))
        .collect()
}

fn address(text: &str) -> Option<Uri> {
    if let Ok(address) = text.parse::<NameAddr>() {
        return Some(address.uri);
    }
    // Without the brackets that header fields in it ask for (20.10).
    if let Ok(uri) = text.parse() {
        return Some(uri);
    }
    // Without the fields in it: some phones leave the `@` of a Call-ID there as it is.
    let uri = uri_in(text)?.split('?').next()?;
    uri.parse().ok()
}

/// The URI of an address, as it is written.
fn uri_in(text: &str) -> Option<&str> {
    match text.split_once('<') {
        Some((_, rest)) => rest.split('>').next(),
        None => Some(text),
    }
}

/// The Call-ID in the Replaces that Refer-To holds, with its escapes taken out (RFC 3891 7.1).
///
/// Of the text, not of the URI: some phones leave the `@` of the Call-ID as it is.
pub(super) fn replaced_in(headers: &Headers) -> Option<String> {
    let value = headers.get(&HeaderName::ReferTo)?;
    let (_, fields) = uri_in(value)?.split_once('?')?;
    let value = fields.split('&').find_map(|field| {
        let (name, value) = field.split_once('=')?;
        let name = unescape(name).ok()?;
        name.eq_ignore_ascii_case("Replaces").then_some(value)
    })?;
    call_id_of(&unescape(value).ok()?)
}

/// The Call-ID in a value of Replaces.
pub(super) fn call_id_of(value: &str) -> Option<String> {
    let call_id = value.split(';').next()?.trim();
    (!call_id.is_empty()).then(|| call_id.to_owned())
}
