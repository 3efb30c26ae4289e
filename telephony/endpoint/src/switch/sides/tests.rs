//! What leads to a side, and that it goes with it.

use std::net::SocketAddr;

use madoguchi_core::caller::Caller;
use madoguchi_sip::message::{Message, Request};
use madoguchi_sip::parse::parse_datagram;
use madoguchi_sip::sdp::{Encryption, KeySecret};
use madoguchi_sip::transaction::Transactions;

use super::super::challenges::Challenges;
use super::super::dialog::Dialog;
use super::super::refreshing::Refreshing;
use super::super::reliable::Reliable;
use super::super::side::Owner;
use super::super::voice_keys::VoiceKeys;
use super::*;
use crate::media::SessionId;

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn home() -> Flow {
    Flow::udp(0, address("192.0.2.1:5060"))
}

fn invite(call_id: &str) -> Request {
    let text = format!(
        "INVITE sip:5000@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{call_id}\r\n\
         From: <sip:1@192.0.2.1>;tag=f\r\nTo: <sip:5000@192.0.2.9>\r\nCall-ID: {call_id}\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:1@192.0.2.1>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    );
    match parse_datagram(text.as_bytes()).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => panic!("a request was written"),
    }
}

/// A side that was called, with the INVITE that began it.
fn called(transactions: &mut Transactions, call_id: &str) -> (Side, ServerTx) {
    let invite = invite(call_id);
    let tx = transactions.accept(home(), &invite, 0).unwrap();
    let encryption = Encryption::Off;
    let secret = KeySecret::new([0; 32]);
    let side = Side {
        owner: Owner::Starter(CallId::new(call_id)),
        dialog: Dialog::of_incoming(&invite, "ours", home()).unwrap(),
        media: SessionId(1),
        local_rtp: address("192.0.2.9:20000"),
        sdp_id: 1,
        sdp_version: 1,
        keys: VoiceKeys { encryption, secret },
        description: Vec::new(),
        negotiated: None,
        on_hold: false,
        timer: None,
        refreshing: Refreshing::default(),
        answer_in_ack: false,
        reinvite: None,
        reliable: Reliable::default(),
        early: Vec::new(),
        symmetric_rtp: false,
        unproven: false,
        challenges: Challenges::default(),
        trunk: None,
        peer: None,
        tried: Vec::new(),
        heard: false,
        quality: None,
        shown: Caller::default(),
        invite_id: InviteId::of(&invite),
        referral: None,
        phase: Phase::Incoming {
            tx,
            invite: Box::new(invite),
        },
    };
    (side, tx)
}

const ONE: SideId = SideId(1);

#[test]
fn a_side_is_found_by_its_dialog_and_its_invite_until_it_is_removed() {
    let (mut sides, mut transactions) = (Sides::default(), Transactions::new());
    let (side, tx) = called(&mut transactions, "c");
    let key = side.dialog.key();
    let same = InviteId::of(&invite("c")).unwrap();
    assert!(!sides.knows_invite(&same));
    sides.insert(ONE, side);
    assert_eq!(sides.of_dialog(&key), Some(ONE));
    assert_eq!(sides.of_invite(tx), Some(ONE));
    assert!(sides.knows_invite(&same));
    assert!(sides.is_on(home()) && sides.count_with(home().remote.ip()) == 1);
    assert!(sides.remove(ONE).is_some());
    assert!(sides.remove(ONE).is_none());
    assert_eq!(sides.of_dialog(&key), None);
    assert!(!sides.knows_invite(&same) && !sides.is_on(home()));
    assert!(sides.is_empty() && sides.remembered() == 0);
}

#[test]
fn a_reinvite_that_waits_for_its_ack_goes_with_its_side() {
    let (mut sides, mut transactions) = (Sides::default(), Transactions::new());
    let (side, first) = called(&mut transactions, "c");
    sides.insert(ONE, side);
    assert_eq!(sides.settle_invite(first), Some(ONE));
    assert_eq!(sides.settle_invite(first), None);
    let (_, again) = called(&mut transactions, "again");
    sides.reinvited(again, ONE);
    if let Some(side) = sides.get_mut(&ONE) {
        side.phase = Phase::Confirmed;
        side.reinvite = Some(again);
    }
    assert_eq!(sides.of_invite(again), Some(ONE));
    sides.remove(ONE);
    assert_eq!(sides.of_invite(again), None);
    assert_eq!(sides.remembered(), 0);
}

#[test]
fn who_has_moved_is_known_where_they_speak_from_now() {
    let (mut sides, mut transactions) = (Sides::default(), Transactions::new());
    let (side, _) = called(&mut transactions, "c");
    sides.insert(ONE, side);
    let there = Flow::udp(0, address("192.0.2.7:5060"));
    sides.move_to(ONE, there);
    assert!(!sides.is_on(home()) && sides.is_on(there));
    assert_eq!(sides.get(&ONE).map(|side| side.dialog.flow), Some(there));
    sides.remove(ONE);
    assert!(!sides.is_on(there));
}

#[test]
fn new_dialogs_are_told_once_and_only_to_whoever_asks() {
    let (mut sides, mut transactions) = (Sides::default(), Transactions::new());
    let (side, _) = called(&mut transactions, "before");
    sides.insert(ONE, side);
    sides.tell_fresh();
    let (side, _) = called(&mut transactions, "after");
    sides.insert(SideId(2), side);
    let fresh = sides.take_fresh();
    let names: Vec<&str> = fresh.iter().map(|(call_id, _)| &**call_id).collect();
    assert_eq!(names, ["after"]);
    assert!(sides.take_fresh().is_empty());
}
