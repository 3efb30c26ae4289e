//! By what a message is matched to its transaction (RFC 3261 17.1.3 and 17.2.3).

use sha2::{Digest, Sha256};

use crate::message::{Method, Request, Response};

/// RFC 3261 8.1.1.7: branches of our time begin so.
const MAGIC_COOKIE: &str = "z9hG4bK";
/// Half of a SHA-256: nobody finds two requests with the same.
const KEY_BYTES: usize = 16;

/// Matches requests to server transactions: a hash, for what a peer writes may be long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ServerKey([u8; KEY_BYTES]);

impl ServerKey {
    /// The transaction that a request starts, repeats, or (ACK) ends.
    pub(super) fn of_request(request: &Request) -> Option<Self> {
        match &request.method {
            Method::Ack => Self::of(request, &Method::Invite),
            method => Self::of(request, method),
        }
    }

    /// The INVITE that a CANCEL is meant for (9.2).
    pub(super) fn of_cancelled(cancel: &Request) -> Option<Self> {
        Self::of(cancel, &Method::Invite)
    }

    fn of(request: &Request, method: &Method) -> Option<Self> {
        let via = request.via()?;
        let mut hash = Sha256::new();
        // A part never runs into the next one: none can hold the separator.
        let mut part = |text: &str| {
            hash.update(text);
            hash.update([0]);
        };
        part(method.as_str());
        part(&via.host.to_string());
        part(&via.port.unwrap_or(5060).to_string());
        match via.branch() {
            Some(branch) if branch.starts_with(MAGIC_COOKIE) => part(branch),
            // A peer of RFC 2543 (17.2.3).
            branch => {
                part(branch.unwrap_or_default());
                part(&request.uri.to_string());
                let from = request.from();
                part(
                    from.as_ref()
                        .and_then(|from| from.tag())
                        .unwrap_or_default(),
                );
                part(request.call_id()?);
                part(&request.cseq()?.seq.to_string());
            }
        }
        let whole: [u8; 32] = hash.finalize().into();
        whole.first_chunk().copied().map(Self)
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
