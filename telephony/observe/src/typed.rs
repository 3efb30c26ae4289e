//! The typed model of what is observed: the crate rsip reads the canonical text. Where it and the
//! tolerant reader of `telephony/sip` disagree, that is a finding: counted, and kept once a kind.

pub(crate) mod beside;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use madoguchi_sip::message::Method;
use rsip::message::HeadersExt;
use rsip::prelude::{ToTypedHeader, UntypedHeader};
use rsip::{Request, Response, SipMessage};

use crate::message::{Identity, Start};

/// Kinds of findings that are kept, with an example each.
const KINDS_AT_MOST: usize = 64;
/// The longest text of a finding.
const TEXT_CHARS_AT_MOST: usize = 200;

/// How far the typed model and the tolerant reader agree.
#[derive(Debug, Clone, Default)]
pub struct Agreement {
    read: u64,
    refused: u64,
    different: u64,
    findings: BTreeMap<String, Finding>,
}

/// What the two disagreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How often.
    pub count: u64,
    /// What was said the first time.
    pub example: String,
}

impl Agreement {
    /// Canonical messages that were read by both.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// Canonical messages that the typed model refused.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Messages of which the two understood different things.
    pub fn different(&self) -> u64 {
        self.different
    }

    /// The share of messages on which the two disagree, from 0 to 1; 0 of none.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share of more messages than 2^52 may be a little off"
    )]
    pub fn share(&self) -> f64 {
        (self.refused + self.different) as f64 / self.read.max(1) as f64
    }

    /// The findings by their kinds.
    pub fn findings(&self) -> impl Iterator<Item = (&str, &Finding)> {
        self.findings
            .iter()
            .map(|(kind, found)| (kind.as_str(), found))
    }

    /// Reads canonical text that the tolerant reader understood so. Where the two disagree the tolerant
    /// reading stands.
    pub fn judge(&mut self, canonical: &[u8], tolerant: &Identity) {
        self.read += 1;
        match typed(canonical) {
            Ok(typed) if typed == *tolerant => {}
            Ok(typed) => {
                self.different += 1;
                let part = difference(&typed, tolerant);
                self.keep(format!("different {part}"), &format!("{typed:?}"));
            }
            Err((part, reason)) => {
                self.refused += 1;
                self.keep(format!("refused {part}"), &reason);
            }
        }
    }

    /// Both together.
    fn with(mut self, other: &Self) -> Self {
        self.read += other.read;
        self.refused += other.refused;
        self.different += other.different;
        for (kind, found) in &other.findings {
            let has_room = self.findings.len() < KINDS_AT_MOST;
            match self.findings.get_mut(kind) {
                Some(known) => known.count += found.count,
                None if has_room => {
                    self.findings.insert(kind.clone(), found.clone());
                }
                None => {}
            }
        }
        self
    }

    fn keep(&mut self, kind: String, example: &str) {
        if let Some(found) = self.findings.get_mut(&kind) {
            found.count += 1;
        } else if self.findings.len() < KINDS_AT_MOST {
            let example: String = example.chars().take(TEXT_CHARS_AT_MOST).collect();
            let masked = masked(&example);
            tracing::info!(
                finding = kind,
                example = masked,
                "the typed model disagrees on a message"
            );
            self.findings.insert(kind, Finding { count: 1, example });
        }
    }
}

/// An example as a log may have it: without digits, for numbers, and without letters of other languages, for
/// names.
fn masked(example: &str) -> String {
    let hidden = |letter: char| letter.is_ascii_digit() || !letter.is_ascii();
    let letters = example.chars();
    letters
        .map(|letter| if hidden(letter) { '*' } else { letter })
        .collect()
}

/// The canonical text with names in the place of IPv6 addresses in brackets, which the typed model takes
/// for a host with a port that is no number. Call-ID is no address and stays.
fn without_references(canonical: &[u8]) -> Cow<'_, [u8]> {
    let end = canonical.windows(4).position(|four| four == b"\r\n\r\n");
    let Some((head, rest)) = end.and_then(|end| canonical.split_at_checked(end)) else {
        return Cow::Borrowed(canonical);
    };
    if !head.contains(&b'[') {
        return Cow::Borrowed(canonical);
    }
    let Ok(text) = std::str::from_utf8(head) else {
        return Cow::Borrowed(canonical);
    };
    let mut written = String::with_capacity(canonical.len() + 64);
    for line in text.split_inclusive('\n') {
        if line.starts_with("Call-ID:") {
            written.push_str(line);
        } else {
            name_references(line, &mut written);
        }
    }
    let mut written = written.into_bytes();
    written.extend_from_slice(rest);
    Cow::Owned(written)
}

/// Writes a line with `fd00--1.ipv6-literal.net` for `[fd00::1]`.
fn name_references(mut line: &str, written: &mut String) {
    while let Some((before, after)) = line.split_once('[') {
        let (inner, rest) = after.split_once(']').unwrap_or((after, ""));
        written.push_str(before);
        if inner.parse::<Ipv6Addr>().is_ok() {
            written.push_str(&inner.replace(':', "-"));
            written.push_str(".ipv6-literal.net");
            line = rest;
        } else {
            written.push('[');
            line = after;
        }
    }
    written.push_str(line);
}

/// What the typed model understands; or the part that it refused, and what it says.
fn typed(canonical: &[u8]) -> Result<Identity, (&'static str, String)> {
    let said = |part| move |error: rsip::Error| (part, error.to_string());
    let canonical = without_references(canonical);
    let message = SipMessage::try_from(&*canonical).map_err(said("message"))?;
    let start = match &message {
        SipMessage::Request(Request { method, .. }) => {
            Start::Request(Method::new(&method.to_string()))
        }
        SipMessage::Response(Response { status_code, .. }) => Start::Response(status_code.code()),
    };
    let call_id = message.call_id_header().map_err(said("Call-ID"))?;
    let cseq = message.cseq_header().map_err(said("CSeq"))?;
    let cseq = cseq.typed().map_err(said("CSeq"))?;
    let from = message.from_header().map_err(said("From"))?;
    let from = from.clone().typed().map_err(said("From"))?;
    let to = message.to_header().map_err(said("To"))?;
    let to = to.clone().typed().map_err(said("To"))?;
    Ok(Identity {
        start,
        call_id: call_id.value().to_owned(),
        seq: cseq.seq,
        method: Method::new(&cseq.method.to_string()),
        from_tag: from.tag().map(|tag| tag.value().to_owned()),
        to_tag: to.tag().map(|tag| tag.value().to_owned()),
    })
}

fn difference(typed: &Identity, tolerant: &Identity) -> &'static str {
    if typed.start != tolerant.start {
        "start line"
    } else if typed.call_id != tolerant.call_id {
        "Call-ID"
    } else if (typed.seq, &typed.method) != (tolerant.seq, &tolerant.method) {
        "CSeq"
    } else if typed.from_tag != tolerant.from_tag {
        "tag of From"
    } else {
        "tag of To"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{canonical, read};

    fn judge(agreement: &mut Agreement, text: &str) -> Identity {
        let message = read(text.as_bytes()).unwrap();
        let identity = Identity::of(&message).unwrap();
        agreement.judge(&canonical(&message), &identity);
        identity
    }

    #[test]
    fn compact_folded_and_bare_line_feeds_are_no_disagreement_once_they_are_canonical() {
        let mut agreement = Agreement::default();
        let text = "INVITE sip:5000@desk SIP/2.0\nv: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\n\
                    f: \"テスト\"\n <sip:0312345678@192.0.2.1>;tag=a\nt: <sip:5000@desk>\ni: one\n\
                    CSeq: 1\n  INVITE\nMax-Forwards: 70\nl: 0\n\n";
        let identity = judge(&mut agreement, text);
        assert_eq!(identity.from_tag.as_deref(), Some("a"));
        assert_eq!(agreement.findings().count(), 0);
        assert_eq!(agreement.read(), 1);
    }

    #[test]
    fn addresses_of_ipv6_are_no_disagreement() {
        let mut agreement = Agreement::default();
        let text = "BYE sip:a@[2001:db8::1]:5060 SIP/2.0\r\n\
                    Via: SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK1;received=[2001:db8::2]\r\n\
                    From: <sip:a@[2001:db8::1]>;tag=a\r\nTo: \"[\" <sip:b@[2001:db8::2]>;tag=b\r\n\
                    Call-ID: x@[2001:db8::1]\r\nCSeq: 2 BYE\r\n\r\n";
        let identity = judge(&mut agreement, text);
        assert_eq!(identity.call_id, "x@[2001:db8::1]");
        assert_eq!(agreement.findings().count(), 0);
    }

    #[test]
    fn an_example_in_a_log_has_neither_numbers_nor_names() {
        assert_eq!(
            masked("From: \"山田\" <sip:0312345678@pbx>;tag=a1"),
            "From: \"**\" <sip:**********@pbx>;tag=a*"
        );
    }

    #[test]
    fn what_the_typed_model_refuses_is_counted_and_kept_once_and_the_message_still_counts() {
        let mut agreement = Agreement::default();
        let text = "PRESENCE sip:5000@desk SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
                    From: <sip:a@b>;tag=a\r\nTo: <sip:5000@desk>\r\nCall-ID: one\r\n\
                    CSeq: 1 PRESENCE\r\n\r\n";
        for _ in 0..2 {
            assert_eq!(judge(&mut agreement, text).call_id, "one");
        }
        assert_eq!((agreement.read(), agreement.refused()), (2, 2));
        assert!((agreement.share() - 1.0).abs() < f64::EPSILON);
        assert!(Agreement::default().share().abs() < f64::EPSILON);
        let found: Vec<_> = agreement.findings().map(|(_, found)| found.count).collect();
        assert_eq!(found, [2]);
    }
}
