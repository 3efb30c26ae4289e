//! Answers of which nothing is kept (RFC 3261 8.2.7): the same request gets the same To tag, and
//! the ACK to a refusal is known by it.

use sha2::{Digest, Sha256};

use crate::message::Request;

/// The To tag of an answer without state. `secret` is known to us alone, so that nobody else can
/// say which tags are ours.
pub fn to_tag(request: &Request, secret: &[u8; 32]) -> String {
    let from = request.from();
    let tag = from.as_ref().and_then(|from| from.tag());
    let seq = request.cseq().map_or(0, |cseq| cseq.seq);
    let mut hash = Sha256::new();
    hash.update(b"stateless tag");
    hash.update(secret);
    for part in [
        request.call_id().unwrap_or_default(),
        tag.unwrap_or_default(),
    ] {
        hash.update(part);
        hash.update([0]);
    }
    hash.update(seq.to_be_bytes());
    let hash = hash.finalize();
    hex::encode(hash.get(..8).unwrap_or_default())
}

/// Whether an ACK is meant for a refusal of ours that was given without state.
pub fn is_ack_of_ours(ack: &Request, secret: &[u8; 32]) -> bool {
    let to = ack.to();
    to.as_ref().and_then(|to| to.tag()) == Some(&*to_tag(ack, secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;
    use crate::parse::parse_datagram;

    fn request(method: &str, to: &str) -> Request {
        let text = format!(
            "{method} sip:5000@desk SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
             From: <sip:a@b>;tag=a\r\nTo: <sip:5000@desk>{to}\r\nCall-ID: c\r\n\
             CSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
        );
        match parse_datagram(text.as_bytes()).unwrap() {
            Message::Request(request) => request,
            Message::Response(_) => unreachable!(),
        }
    }

    #[test]
    fn the_ack_to_an_answer_without_state_is_known_by_its_tag() {
        let secret = [3; 32];
        let tag = to_tag(&request("INVITE", ""), &secret);
        assert_eq!(tag.len(), 16);
        let ack = request("ACK", &format!(";tag={tag}"));
        assert!(is_ack_of_ours(&ack, &secret));
        assert!(!is_ack_of_ours(&ack, &[4; 32]));
        assert!(!is_ack_of_ours(&request("ACK", ";tag=other"), &secret));
        assert!(!is_ack_of_ours(&request("ACK", ""), &secret));
    }
}
