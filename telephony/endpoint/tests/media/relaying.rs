//! Two phones hear each other, and nobody else.

use std::net::{SocketAddr, UdpSocket};

use madoguchi_endpoint::media::{MediaEvent, RemoteMedia, SessionId};
use madoguchi_sip::sdp::Codec;

use super::phone::{
    NOTHING_WITHIN, PATIENCE, Phone, hear, linear, next, noise, packet, pair, socket, start,
};

#[test]
fn the_same_law_passes_to_the_bit_both_ways() {
    let (media, mut events) = start();
    for codec in [Codec::Pcmu, Codec::Pcma] {
        let (a, b) = pair(&media, &mut events, codec, codec);
        for number in 0..50 {
            a.say(number, &noise(number.into()));
            assert_eq!(b.hear().payload, noise(number.into()));
            b.say(number, &noise(u32::from(number) + 1000));
            assert_eq!(a.hear().payload, noise(u32::from(number) + 1000));
        }
        media.close(a.session);
        media.close(b.session);
    }
}

#[test]
fn the_other_law_is_converted_value_by_value() {
    let (media, mut events) = start();
    let (a, b) = pair(&media, &mut events, Codec::Pcmu, Codec::Pcma);
    let all: Vec<u8> = (0..=255).collect();
    a.say(0, &all);
    let heard = b.hear();
    assert_eq!(heard.payload_type, 8);
    for (byte, converted) in all.iter().zip(&heard.payload) {
        let (from, to) = (linear(Codec::Pcmu, *byte), linear(Codec::Pcma, *converted));
        assert!(
            (from - to).abs() <= (from.abs() + 132.0) / 32.0 + 8.0,
            "{from} became {to}"
        );
    }
    b.say(0, &all);
    let heard = a.hear();
    assert_eq!(heard.payload_type, 0);
    for (byte, converted) in all.iter().zip(&heard.payload) {
        let (from, to) = (linear(Codec::Pcma, *byte), linear(Codec::Pcmu, *converted));
        assert!(
            (from - to).abs() <= (from.abs() + 132.0) / 32.0 + 8.0,
            "{from} became {to}"
        );
    }
}

#[test]
fn keys_keep_their_event_under_the_payload_type_of_the_other_phone() {
    let (media, mut events) = start();
    let (a, b) = pair(&media, &mut events, Codec::Pcmu, Codec::Pcmu);
    media.set_remote(
        b.session,
        RemoteMedia {
            dtmf_payload_type: Some(96),
            ..b.remote()
        },
    );
    a.say(1, &noise(1));
    let voice = b.hear();
    for (number, payload) in [
        (2, [7, 10, 0, 160]),
        (3, [7, 10, 1, 64]),
        (4, [7, 0x8a, 1, 224]),
    ] {
        a.send(101, number, 320, &payload);
        let key = b.hear();
        assert_eq!((key.payload_type, &key.payload[..]), (96, &payload[..]));
        assert_eq!(key.timestamp.wrapping_sub(voice.timestamp), 160);
        assert_eq!(key.sequence.wrapping_sub(voice.sequence), number - 1);
    }
    assert_eq!(
        next(&mut events),
        MediaEvent::Dtmf {
            session: a.session,
            digit: '7'
        }
    );
}

#[test]
fn a_phone_behind_nat_is_heard_and_answered_where_it_is() {
    let (media, mut events) = start();
    let (a, b) = pair(&media, &mut events, Codec::Pcmu, Codec::Pcmu);
    let elsewhere = SocketAddr::from(([192, 0, 2, 1], 4000));
    media.set_remote(
        a.session,
        RemoteMedia {
            addr: elsewhere,
            // Asked for by setting: the peer's signalling comes from this machine.
            symmetric_with: Some([127, 0, 0, 1].into()),
            ..a.remote()
        },
    );
    for number in 0..4 {
        a.say(number, &noise(3));
    }
    assert_eq!(b.hear().payload, noise(3), "after four packets in a row");
    b.say(0, &noise(4));
    assert_eq!(a.hear().payload, noise(4));
}

#[test]
fn a_stranger_is_neither_heard_nor_answered() {
    let (media, mut events) = start();
    let (a, b) = pair(&media, &mut events, Codec::Pcmu, Codec::Pcmu);
    let stranger = socket();
    for number in 0..20 {
        a.say(number, &noise(1));
        assert_eq!(b.hear().payload, noise(1));
        stranger
            .send_to(&packet(0, number, 0, &noise(2)), a.desk)
            .unwrap();
        b.say(number, &noise(5));
        assert_eq!(a.hear().payload, noise(5));
    }
    b.hears_nothing();
    stranger.set_read_timeout(Some(NOTHING_WITHIN)).unwrap();
    assert_eq!(hear(&stranger), None);
}

#[test]
fn malformed_packets_and_rtcp_change_nothing() {
    let (media, mut events) = start();
    let (a, b) = pair(&media, &mut events, Codec::Pcmu, Codec::Pcmu);
    let mut rtcp = packet(0, 1, 1, &[0; 16]);
    rtcp[1] = 200;
    let too_long = packet(0, 1, 1, &[0; 4000]);
    for bad in [
        &[][..],
        b"x",
        b"OPTIONS sip:x SIP/2.0\r\n\r\n",
        &[0xff; 400],
        &rtcp,
        &too_long[..11],
    ] {
        a.socket.send_to(bad, a.desk).unwrap();
    }
    a.say(9, &noise(1));
    assert_eq!(b.hear().payload, noise(1));
    b.hears_nothing();
}

#[test]
fn a_session_listens_on_ipv6_too() {
    let (media, mut events) = start();
    let local = "::1".parse().unwrap();
    let session = SessionId(1);
    let desk = media.open(session, local).unwrap();
    let Ok(phone) = UdpSocket::bind((local, 0)) else {
        panic!("no IPv6 on this machine")
    };
    phone.set_read_timeout(Some(PATIENCE)).unwrap();
    let other = Phone::new(&media, 2, Codec::Pcmu);
    media.set_remote(
        session,
        RemoteMedia {
            addr: phone.local_addr().unwrap(),
            ..other.remote()
        },
    );
    media.bridge(session, other.session, 5);
    assert_eq!(next(&mut events), MediaEvent::Bridged { token: 5 });
    phone.send_to(&packet(0, 1, 1, &noise(6)), desk).unwrap();
    assert_eq!(other.hear().payload, noise(6));
    other.say(1, &noise(7));
    assert_eq!(hear(&phone).unwrap().payload, noise(7));
}
