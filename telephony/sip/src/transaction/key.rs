//! By what a message is matched to its transaction (RFC 3261 17.1.3 and 17.2.3).

use crate::message::{Method, Request, Response};

/// RFC 3261 8.1.1.7: branches of our time begin so.
const MAGIC_COOKIE: &str = "z9hG4bK";

/// Matches requests to server transactions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ServerKey {
    /// Branch and sent-by; for RFC 2543 peers what 17.2.3 lists instead.
    id: Box<str>,
    /// The method, INVITE for ACK.
    method: Method,
}

impl ServerKey {
    pub(super) fn of_request(request: &Request) -> Option<Self> {
        let via = request.via()?;
        let method = match &request.method {
            Method::Ack => Method::Invite,
            other => other.clone(),
        };
        let port = via.port.unwrap_or(5060);
        let id = match via
            .branch()
            .filter(|branch| branch.starts_with(MAGIC_COOKIE))
        {
            Some(branch) => format!("{branch} {}:{port}", via.host),
            None => format!(
                "{} {} {} {} {}:{port} {}",
                request.uri,
                request
                    .from()
                    .and_then(|from| from.tag().map(str::to_owned))
                    .unwrap_or_default(),
                request.call_id()?,
                request.cseq()?.seq,
                via.host,
                via.branch().unwrap_or_default(),
            ),
        };
        Some(Self {
            id: id.into(),
            method,
        })
    }

    /// The key of the INVITE that a CANCEL with this key is meant for.
    pub(super) fn for_invite(&self) -> Self {
        Self {
            id: self.id.clone(),
            method: Method::Invite,
        }
    }
}

/// Matches responses to client transactions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ClientKey {
    branch: Box<str>,
    method: Method,
}

impl ClientKey {
    pub(super) fn of_request(request: &Request) -> Option<Self> {
        let via = request.via()?;
        Some(Self {
            branch: via.branch()?.into(),
            method: request.method.clone(),
        })
    }

    pub(super) fn of_response(response: &Response) -> Option<Self> {
        let via = response.via()?;
        Some(Self {
            branch: via.branch()?.into(),
            method: response.cseq()?.method,
        })
    }
}
