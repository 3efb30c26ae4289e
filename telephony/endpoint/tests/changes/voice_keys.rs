//! Encrypted voice (SRTP, keys by SDES): between whom, and never less than was agreed on.

use std::time::Duration;

use madoguchi_core::event::EventKind;
use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_sip::message::{HeaderName, Request, Response};
use madoguchi_sip::sdp::{self, Encryption, KeySecret, Local, Negotiated};
use madoguchi_srtp::{Protector, Unprotector};

use super::bench::Bench;
use super::desk::Settings;
use super::peer::{Peer, authorization};

const PHONE: (&str, &str) = ("201", "secret");

/// A desk whose phones may (or must) encrypt, with keys in clear signalling.
fn desk(encryption: Encryption, keys_in_clear: bool) -> (Bench, Peer, Peer) {
    let mut settings = Settings::new();
    settings.endpoint.phones_encryption = encryption;
    settings.endpoint.keys_in_clear = keys_in_clear;
    let mut bench = Bench::with_real_voice(settings);
    let (carrier, phone) = (Peer::new("127.0.0.1:6001"), Peer::new("127.0.0.1:7001"));
    assert_eq!(bench.register(&phone, PHONE, "one"), 200);
    bench.command("a", AgentCommand::Ready);
    (bench, carrier, phone)
}

/// The phone's end of a session.
fn end_of(phone: &Peer, encryption: Encryption) -> Local {
    Local {
        session_id: 5,
        version: 1,
        rtp: phone.rtp.local_addr().unwrap(),
        encryption,
        secret: KeySecret::new([5; 32]),
    }
}

/// The phone picks up with keys of its own.
fn pick_up(bench: &mut Bench, phone: &Peer) -> (Request, Response, Negotiated) {
    let invite = bench.request_to(phone).expect("the phone rings");
    let end = end_of(phone, Encryption::Required);
    let (agreed, description) = sdp::answer(&invite.body, &end).unwrap();
    let mut response = phone.answer(&invite, 200);
    response.body = description;
    bench.reply(phone, &response);
    bench.media();
    (invite, response, agreed)
}

fn packet(number: u8, voice: u8) -> Vec<u8> {
    let mut packet = vec![0x80, 0, 0, number, 0, 0, number, 0, 9, 9, 9, 9];
    packet.resize(172, voice);
    packet
}

/// What the peer hears next.
fn heard(peer: &Peer) -> Option<Vec<u8>> {
    let patience = Duration::from_millis(500);
    peer.rtp.set_read_timeout(Some(patience)).unwrap();
    let mut bytes = [0; 2_000];
    let length = peer.rtp.recv(&mut bytes).ok()?;
    Some(bytes[..length].to_vec())
}

/// Whether the peer hears this voice within a second, perhaps after other things; packets by `open`.
fn hears(peer: &Peer, voice: u8, mut open: impl FnMut(&[u8]) -> Option<Vec<u8>>) -> bool {
    (0..50).any(|_| {
        let packet = heard(peer).and_then(|bytes| open(&bytes));
        packet.is_some_and(|packet| packet.len() == 172 && packet[12..].iter().all(|b| *b == voice))
    })
}

#[test]
fn voice_is_encrypted_towards_the_phone_and_clear_towards_a_carrier_without() {
    let (mut bench, carrier, phone) = desk(Encryption::Optional, true);
    let answer = bench.call(&carrier, "5000", "c");
    assert!(!String::from_utf8_lossy(&answer.body).contains("crypto"));
    let (_, _, agreed) = pick_up(&mut bench, &phone);
    let keys = agreed.srtp.expect("keys are offered");
    let told = EventKind::Encrypted {
        caller_leg: false,
        agent_leg: true,
    };
    assert!(bench.events.contains(&told));
    let (mut seal, mut open) = (Protector::new(&keys.ours), Unprotector::new(&keys.theirs));
    let desk = sdp::accept_answer(&answer.body, &end_of(&carrier, Encryption::Off)).unwrap();

    for number in 1..=3 {
        carrier
            .rtp
            .send_to(&packet(number, 0x11), desk.remote)
            .unwrap();
    }
    let mut out = Vec::new();
    assert!(hears(&phone, 0x11, |bytes| {
        assert!(bytes.len() > 172, "in the clear: {bytes:?}");
        open.unprotect_rtp(bytes, &mut out).ok()?;
        Some(out.clone())
    }));

    // In the clear, and with another key, the phone is not heard.
    phone.rtp.send_to(&packet(1, 0x22), agreed.remote).unwrap();
    let mut other = Protector::new(&keys.theirs);
    let mut sealed = Vec::new();
    other.protect_rtp(&packet(2, 0x22), &mut sealed).unwrap();
    phone.rtp.send_to(&sealed, agreed.remote).unwrap();
    seal.protect_rtp(&packet(3, 0x33), &mut sealed).unwrap();
    phone.rtp.send_to(&sealed, agreed.remote).unwrap();
    assert!(hears(&carrier, 0x33, |bytes| {
        assert!(!bytes.contains(&0x22), "nobody else is heard");
        Some(bytes.to_vec())
    }));
    // The same packet once more is no voice.
    phone.rtp.send_to(&sealed, agreed.remote).unwrap();
    assert_eq!(heard(&carrier), None);
}

#[test]
fn keys_are_told_only_where_nobody_reads_along() {
    let (mut bench, carrier, phone) = desk(Encryption::Optional, false);
    bench.call(&carrier, "5000", "c");
    let invite = bench.request_to(&phone).expect("the phone rings");
    assert!(!String::from_utf8_lossy(&invite.body).contains("crypto"));
}

#[test]
fn a_phone_whose_voice_must_be_encrypted_neither_rings_nor_calls_in_clear_text() {
    let (mut bench, carrier, phone) = desk(Encryption::Required, false);
    bench.call(&carrier, "5000", "c");
    assert!(bench.requests_to(&phone).is_empty());
    let refused = bench.prove(&phone, PHONE, "INVITE", "0312345678", "out");
    assert_eq!(refused.status, 488);
    let warning = refused.headers.get(&HeaderName::Warning).unwrap();
    assert!(warning.contains("must be encrypted"), "{warning}");
}

#[test]
fn what_must_be_encrypted_is_offered_and_taken_so_alone() {
    let (mut bench, carrier, phone) = desk(Encryption::Required, true);
    bench.call(&carrier, "5000", "c");
    let invite = bench.request_to(&phone).expect("the phone rings");
    let offer = String::from_utf8_lossy(&invite.body).into_owned();
    assert!(offer.contains("RTP/SAVP "), "{offer}");
    // An answer in the clear is none: the caller waits for somebody else.
    bench.reply(&phone, &phone.answer(&invite, 200));
    assert_ne!(bench.state("a"), AgentState::Talking);
    let refused = bench.prove(&phone, PHONE, "INVITE", "0312345678", "out");
    assert_eq!(refused.status, 488);
}

#[test]
fn an_encrypted_call_does_not_go_on_in_the_clear() {
    let (mut bench, carrier, phone) = desk(Encryption::Optional, true);
    bench.call(&carrier, "5000", "c");
    let (_, answer, agreed) = pick_up(&mut bench, &phone);
    let kind = "Content-Type: application/sdp\r\n";
    let clear = phone.back_with("INVITE", &answer, 1, kind, &phone.offer());
    bench.send(&phone, clear);
    assert_eq!(bench.response_to(&phone).unwrap().status, 488);
    assert_eq!(bench.state("a"), AgentState::Talking);
    // With keys it may change; ours stays what it is.
    let end = end_of(&phone, Encryption::Optional);
    let offer = String::from_utf8(sdp::g711_offer(&end, None)).unwrap();
    let held = offer.replace("a=sendrecv", "a=sendonly");
    let hold = phone.back_with("INVITE", &answer, 2, kind, &held);
    bench.send(&phone, hold);
    let held = bench.response_to(&phone).unwrap();
    assert_eq!(held.status, 200);
    let before = agreed.srtp.unwrap();
    let after = sdp::accept_answer(&held.body, &end).unwrap().srtp.unwrap();
    assert_eq!(after.theirs, before.theirs);
}

#[test]
fn a_phone_may_call_with_keys_where_they_may_be_told() {
    let (mut bench, carrier, phone) = desk(Encryption::Optional, true);
    let end = end_of(&phone, Encryption::Required);
    let offer = String::from_utf8(sdp::g711_offer(&end, None)).unwrap();
    let kind = "Content-Type: application/sdp\r\n";
    let (user, password) = PHONE;
    let ask = |cseq: u32, more: &str| {
        let more = format!("{more}{kind}");
        phone.request_with("INVITE", user, "0312345678", "out", cseq, &more, &offer)
    };
    bench.send(&phone, ask(1, ""));
    let challenge = bench.response_to(&phone).unwrap();
    let proof = authorization(&challenge, "INVITE", (user, password), "0312345678");
    bench.send(&phone, ask(2, &proof));
    let invite = bench.request_to(&carrier).expect("the carrier is called");
    assert!(!String::from_utf8_lossy(&invite.body).contains("crypto"));
    bench.reply(&carrier, &carrier.answer(&invite, 200));
    let answer = bench.response_to(&phone).unwrap();
    assert_eq!(answer.status, 200);
    let agreed = sdp::accept_answer(&answer.body, &end).unwrap();
    assert!(agreed.srtp.is_some());
}
