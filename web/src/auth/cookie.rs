//! Cookies, by the kind of connection they go over.

use std::borrow::Cow;
use std::net::IpAddr;

use axum::http::{HeaderMap, header};

/// The session cookie over an unencrypted connection (this machine alone).
const PLAIN_COOKIE: &str = "madoguchi";
/// The session cookie over TLS: bound to the host and to encrypted connections.
const SECURE_COOKIE: &str = "__Host-madoguchi";
/// Browsers keep cookies whose names begin so to the host and to TLS.
const HOST_PREFIX: &str = "__Host-";

/// From where a request comes, over what kind of connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) address: IpAddr,
    pub(crate) encrypted: bool,
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(found, value)| (found == name).then_some(value))
}

/// The name of the session cookie over this kind of connection.
pub(crate) fn session_cookie(origin: Origin) -> &'static str {
    if origin.encrypted {
        SECURE_COOKIE
    } else {
        PLAIN_COOKIE
    }
}

/// The name of a cookie over this kind of connection. Over TLS it is bound to the host and to
/// encrypted connections: other hosts of the same domain cannot set it.
pub(crate) fn cookie_name(name: &str, origin: Origin) -> Cow<'_, str> {
    if origin.encrypted && !name.starts_with(HOST_PREFIX) {
        Cow::Owned(format!("{HOST_PREFIX}{name}"))
    } else {
        Cow::Borrowed(name)
    }
}

/// A `Set-Cookie` value for a cookie that scripts do not see and that stays for so many days.
pub(crate) fn lasting_cookie(name: &str, value: &str, days: u32, origin: Origin) -> String {
    let age = days * 86_400;
    format!("{}; Max-Age={age}", set_cookie(name, Some(value), origin))
}

/// A `Set-Cookie` value for a cookie that scripts do not see, named by [`cookie_name`]. Without a
/// value it is taken away.
pub(crate) fn set_cookie(name: &str, value: Option<&str>, origin: Origin) -> String {
    let name = cookie_name(name, origin);
    let secure = if origin.encrypted { "; Secure" } else { "" };
    let (value, age) = value.map_or(("", "; Max-Age=0"), |value| (value, ""));
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")
}
