//! SIP messages (RFC 3261 7) and how they are written.

use std::fmt;

use crate::header::{CSeq, NameAddr, Via};
use crate::uri::{Uri, split_outside_quotes};

/// The method of a request; case-sensitive.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the methods")]
pub enum Method {
    Invite,
    Ack,
    Bye,
    Cancel,
    Options,
    Register,
    Info,
    Prack,
    Subscribe,
    Notify,
    Update,
    Refer,
    Message,
    Publish,
    Other(Box<str>),
}

impl Method {
    /// The method of this name.
    pub fn new(name: &str) -> Self {
        match name {
            "INVITE" => Self::Invite,
            "ACK" => Self::Ack,
            "BYE" => Self::Bye,
            "CANCEL" => Self::Cancel,
            "OPTIONS" => Self::Options,
            "REGISTER" => Self::Register,
            "INFO" => Self::Info,
            "PRACK" => Self::Prack,
            "SUBSCRIBE" => Self::Subscribe,
            "NOTIFY" => Self::Notify,
            "UPDATE" => Self::Update,
            "REFER" => Self::Refer,
            "MESSAGE" => Self::Message,
            "PUBLISH" => Self::Publish,
            other => Self::Other(other.into()),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Options => "OPTIONS",
            Self::Register => "REGISTER",
            Self::Info => "INFO",
            Self::Prack => "PRACK",
            Self::Subscribe => "SUBSCRIBE",
            Self::Notify => "NOTIFY",
            Self::Update => "UPDATE",
            Self::Refer => "REFER",
            Self::Message => "MESSAGE",
            Self::Publish => "PUBLISH",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! header_names {
    ($($variant:ident $full:literal $compact:literal,)*) => {
        /// The name of a header field.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the names are the header fields")]
        pub enum HeaderName {
            $($variant,)*
            Other(Box<str>),
        }

        impl HeaderName {
            /// The header field of this name, in full or compact form, in any case.
            pub fn new(name: &str) -> Self {
                // Nearly always it is written as in the standard.
                match name {
                    $($full => return Self::$variant,)*
                    _ => {}
                }
                $(if name.eq_ignore_ascii_case($full)
                    || (!$compact.is_empty() && name.eq_ignore_ascii_case($compact))
                {
                    return Self::$variant;
                })*
                Self::Other(name.into())
            }

            /// The full name.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $full,)*
                    Self::Other(name) => name,
                }
            }
        }
    };
}

header_names! {
    Via "Via" "v",
    From "From" "f",
    To "To" "t",
    CallId "Call-ID" "i",
    CSeq "CSeq" "",
    Contact "Contact" "m",
    MaxForwards "Max-Forwards" "",
    ContentType "Content-Type" "c",
    ContentLength "Content-Length" "l",
    ContentDisposition "Content-Disposition" "",
    ContentEncoding "Content-Encoding" "e",
    Authorization "Authorization" "",
    ProxyAuthorization "Proxy-Authorization" "",
    Warning "Warning" "",
    WwwAuthenticate "WWW-Authenticate" "",
    ProxyAuthenticate "Proxy-Authenticate" "",
    Allow "Allow" "",
    Supported "Supported" "k",
    Require "Require" "",
    ProxyRequire "Proxy-Require" "",
    Unsupported "Unsupported" "",
    Expires "Expires" "",
    MinExpires "Min-Expires" "",
    SessionExpires "Session-Expires" "x",
    MinSe "Min-SE" "",
    RSeq "RSeq" "",
    RAck "RAck" "",
    InfoPackage "Info-Package" "",
    RecvInfo "Recv-Info" "",
    RecordRoute "Record-Route" "",
    Route "Route" "",
    Path "Path" "",
    UserAgent "User-Agent" "",
    Server "Server" "",
    RetryAfter "Retry-After" "",
    Accept "Accept" "",
    AcceptEncoding "Accept-Encoding" "",
    Date "Date" "",
    Timestamp "Timestamp" "",
    PAssertedIdentity "P-Asserted-Identity" "",
    PPreferredIdentity "P-Preferred-Identity" "",
    PCalledPartyId "P-Called-Party-ID" "",
    PAssociatedUri "P-Associated-URI" "",
    Privacy "Privacy" "",
    Event "Event" "o",
    ReferTo "Refer-To" "r",
    ReferSub "Refer-Sub" "",
    Replaces "Replaces" "",
    SubscriptionState "Subscription-State" "",
    Subject "Subject" "s",
}

/// Few answers have more.
const USUAL_HEADERS: usize = 10;
/// Room for the field Content-Length and the line that ends the header.
const CONTENT_LENGTH_AT_MOST: usize = 40;

/// Header fields in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(HeaderName, String)>);

impl Headers {
    /// None yet, with room for so many.
    pub(crate) fn with_room_for(fields: usize) -> Self {
        Self(Vec::with_capacity(fields))
    }

    /// The first value of a field.
    pub fn get(&self, name: &HeaderName) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// All values of a field, one a header line.
    pub fn get_all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// All values of a field that is a comma-separated list (7.3.1).
    pub fn list<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a str> {
        self.get_all(name)
            .flat_map(|line| split_outside_quotes(line, ','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
    }

    /// All fields in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &str)> {
        self.0.iter().map(|(name, value)| (name, value.as_str()))
    }

    /// Appends a field.
    pub fn push(&mut self, name: HeaderName, value: impl Into<String>) {
        self.0.push((name, value.into()));
    }

    /// Puts a field before all others.
    pub fn push_front(&mut self, name: HeaderName, value: impl Into<String>) {
        self.0.insert(0, (name, value.into()));
    }

    /// Replaces all values of a field by one, in the place of the first.
    pub fn set(&mut self, name: HeaderName, value: impl Into<String>) {
        let value = value.into();
        match self.0.iter().position(|(known, _)| *known == name) {
            Some(at) => {
                let mut index = 0;
                self.0.retain(|(known, _)| {
                    index += 1;
                    *known != name || index == at + 1
                });
                if let Some(field) = self.0.get_mut(at) {
                    field.1 = value;
                }
            }
            None => self.push(name, value),
        }
    }

    /// Replaces the first line of a field, and leaves its others.
    pub fn set_first(&mut self, name: &HeaderName, value: impl Into<String>) {
        if let Some(field) = self.0.iter_mut().find(|(known, _)| known == name) {
            field.1 = value.into();
        }
    }

    /// Removes a field.
    pub fn remove(&mut self, name: &HeaderName) {
        self.0.retain(|(known, _)| known != name);
    }

    /// How many bytes they take at the most, without the body.
    fn bytes_at_most(&self) -> usize {
        let field = |(name, value): &(HeaderName, String)| name.as_str().len() + value.len() + 4;
        self.0.iter().map(field).sum::<usize>() + CONTENT_LENGTH_AT_MOST
    }

    fn write(&self, bytes: &mut Vec<u8>, body: usize) {
        for (name, value) in &self.0 {
            if *name == HeaderName::ContentLength {
                continue;
            }
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            // A line break inside a value would begin a new header.
            let value = value.as_bytes();
            if value.contains(&b'\r') || value.contains(&b'\n') {
                let unbroken = value.iter().copied();
                bytes.extend(unbroken.filter(|byte| !matches!(byte, b'\r' | b'\n')));
            } else {
                bytes.extend_from_slice(value);
            }
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"Content-Length: ");
        bytes.extend_from_slice(body.to_string().as_bytes());
        bytes.extend_from_slice(b"\r\n\r\n");
    }
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub method: Method,
    /// The Request-URI.
    pub uri: Uri,
    /// The header fields.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// 100 to 699.
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// The header fields.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// A request or a response.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Message {
    Request(Request),
    Response(Response),
}

macro_rules! typed_headers {
    ($message:ident) => {
        impl $message {
            /// The topmost Via.
            pub fn via(&self) -> Option<Via> {
                self.headers.list(&HeaderName::Via).next()?.parse().ok()
            }

            /// From.
            pub fn from(&self) -> Option<NameAddr> {
                self.headers.get(&HeaderName::From)?.parse().ok()
            }

            /// To.
            pub fn to(&self) -> Option<NameAddr> {
                self.headers.get(&HeaderName::To)?.parse().ok()
            }

            /// Call-ID.
            pub fn call_id(&self) -> Option<&str> {
                self.headers
                    .get(&HeaderName::CallId)
                    .map(str::trim)
                    .filter(|id| !id.is_empty())
            }

            /// CSeq.
            pub fn cseq(&self) -> Option<CSeq> {
                self.headers.get(&HeaderName::CSeq)?.parse().ok()
            }

            /// The first Contact.
            pub fn contact(&self) -> Option<NameAddr> {
                self.headers.list(&HeaderName::Contact).next()?.parse().ok()
            }
        }
    };
}

typed_headers!(Request);
typed_headers!(Response);

impl Request {
    /// The message as it goes over the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        let start = format!("{} {} SIP/2.0\r\n", self.method, self.uri);
        let room = start.len() + self.headers.bytes_at_most() + self.body.len();
        let mut bytes = Vec::with_capacity(room);
        bytes.extend_from_slice(start.as_bytes());
        self.headers.write(&mut bytes, self.body.len());
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// A response to this request (8.2.6.2), without a To tag of ours.
    pub fn respond(&self, status: u16, reason: Option<&str>) -> Response {
        respond_with(&self.headers, status, reason)
    }
}

/// A response to a request with these header fields.
pub(crate) fn respond_with(request: &Headers, status: u16, reason: Option<&str>) -> Response {
    let mut headers = Headers::with_room_for(USUAL_HEADERS);
    for (name, value) in &request.0 {
        let wanted = match name {
            HeaderName::Via
            | HeaderName::From
            | HeaderName::To
            | HeaderName::CallId
            | HeaderName::CSeq => true,
            HeaderName::RecordRoute => status > 100 && status < 300,
            HeaderName::Timestamp => status == 100,
            _ => false,
        };
        if wanted {
            headers.push(name.clone(), value.as_str());
        }
    }
    let reason = reason.unwrap_or_else(|| reason_phrase(status)).to_owned();
    Response {
        status,
        reason,
        headers,
        body: Vec::new(),
    }
}

impl Response {
    /// The message as it goes over the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        let start = format!("SIP/2.0 {} {}\r\n", self.status, self.reason);
        let room = start.len() + self.headers.bytes_at_most() + self.body.len();
        let mut bytes = Vec::with_capacity(room);
        bytes.extend_from_slice(start.as_bytes());
        self.headers.write(&mut bytes, self.body.len());
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// The tag in To.
    pub fn to_tag(&self) -> Option<String> {
        self.to()?.tag().map(str::to_owned)
    }

    /// Puts our tag into To, unless To has one.
    pub fn set_to_tag(&mut self, tag: &str) {
        let Some(to) = self.headers.get(&HeaderName::To) else {
            return;
        };
        match to.parse::<NameAddr>() {
            Ok(parsed) if parsed.tag().is_some() => {}
            _ => {
                let tagged = format!("{to};tag={tag}");
                self.headers.set(HeaderName::To, tagged);
            }
        }
    }
}

/// The usual words for a status (RFC 3261 21).
pub fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        414 => "Request-URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        469 => "Bad Info Package",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        603 => "Decline",
        other => match other / 100 {
            1 => "Progress",
            2 => "Accepted",
            3 => "Redirected",
            4 => "Refused",
            5 => "Server Error",
            _ => "Failed",
        },
    }
}
