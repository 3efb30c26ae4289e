//! Ports are reserved, told when they run out, and given back.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use madoguchi_endpoint::media::{Media, MediaError, MediaSettings, SessionId, Sounds};

use super::phone::{LOOPBACK, PATIENCE, settings, start};

/// Waits until the media has closed all sessions.
fn until_all_are_closed(media: &Media) {
    let until = Instant::now() + PATIENCE;
    while media.ports().in_use > 0 {
        assert!(
            Instant::now() < until,
            "{} ports are still held",
            media.ports().in_use
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn when_no_port_is_left_it_is_said_and_a_closed_session_gives_its_port_back() {
    let ports = 26_000..=26_005;
    // Another program has one of the three.
    let foreign = UdpSocket::bind((LOOPBACK, 26_002)).unwrap();
    let (media, _events) = Media::start(MediaSettings {
        ports: ports.clone(),
        ..settings(0)
    })
    .unwrap();
    let first = media.open(SessionId(1), LOOPBACK).unwrap();
    let second = media.open(SessionId(2), LOOPBACK).unwrap();
    let mut both = [first.port(), second.port()];
    both.sort_unstable();
    assert_eq!(both, [26_000, 26_004]);
    let error = media.open(SessionId(3), LOOPBACK).unwrap_err();
    assert!(
        matches!(
            error,
            MediaError::PortsExhausted {
                in_use: 2,
                foreign: 1
            }
        ),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("RTPのポートが足りません"),
        "{error}"
    );
    drop(foreign);
    assert_eq!(media.open(SessionId(4), LOOPBACK).unwrap().port(), 26_002);
    (1..=4).for_each(|session| media.close(SessionId(session)));
    until_all_are_closed(&media);
}

#[test]
fn an_address_of_another_machine_is_refused_by_name() {
    let (media, _events) = start();
    let error = media
        .open(SessionId(1), "192.0.2.77".parse().unwrap())
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("RTPの待受けアドレス 192.0.2.77 を使えません"),
        "{error}"
    );
    assert_eq!(media.ports().in_use, 0);
    let none = MediaSettings {
        ports: 26_011..=26_011,
        ..settings(0)
    };
    assert!(matches!(
        Media::start(none),
        Err(MediaError::NoPorts { .. })
    ));
}

#[test]
fn two_thousand_calls_leave_no_port_behind() {
    // Where no desk on this machine has its media by default.
    let ports = 16_000..=16_799;
    let (media, mut events) = Media::start(MediaSettings {
        ports,
        ..settings(0)
    })
    .unwrap();
    let sound = Sounds::default().music(None);
    let mut last = None;
    for session in (0..2000).map(SessionId) {
        let addr = media.open(session, LOOPBACK).unwrap();
        assert_ne!(Some(addr), last, "a port rests before it is used again");
        media.play(session, sound.clone(), 0, true);
        media.close(session);
        last = Some(addr);
        if session.0 % 100 == 99 {
            until_all_are_closed(&media);
        }
    }
    let again: Vec<_> = (2000..2400)
        .map(|session| media.open(SessionId(session), LOOPBACK).unwrap())
        .collect();
    assert_eq!(again.len(), 400, "every even port can be had again");
    (2000..2400).for_each(|session| media.close(SessionId(session)));
    until_all_are_closed(&media);
    assert!(events.try_recv().is_err());
    drop(media);
    let until = Instant::now() + PATIENCE;
    while !events.is_closed() {
        assert!(Instant::now() < until, "the thread has not ended");
        std::thread::sleep(Duration::from_millis(2));
        let _none = events.try_recv();
    }
}
