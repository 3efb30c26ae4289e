//! Captures of several interfaces at once, each with its own link and clock.

use super::build::{Sent, block, datagrams, frame, packet_block, pcap, section};
use super::damage::two_calls;
use super::observe;

/// An interface with this link, and options of a code and a value each.
fn interface(link: u16, options: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = [&link.to_le_bytes()[..], &[0, 0, 0, 0, 4, 0]].concat();
    for (code, value) in options {
        body.extend(code.to_le_bytes());
        body.extend(u16::try_from(value.len()).unwrap().to_le_bytes());
        body.extend(*value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    body.extend([0; 4]);
    block(1, &body)
}

const RESOLUTION: u16 = 9;
const OFFSET: u16 = 14;

/// The packet of a message behind the header of a Linux "cooked" capture.
fn cooked(sent: &Sent) -> Vec<u8> {
    let frame = frame(sent.from, sent.to, &sent.bytes);
    [&[0x08, 0][..], &[0; 18], &frame[14..]].concat()
}

#[test]
fn each_interface_has_its_own_link_unit_and_beginning_of_time() {
    let hour_later = 3_600_i64;
    let mut file = section();
    file.extend(interface(1, &[(RESOLUTION, &[9])]));
    file.extend(interface(276, &[]));
    file.extend(interface(1, &[(RESOLUTION, &[0x80 | 20])]));
    file.extend(interface(
        1,
        &[
            (RESOLUTION, &[3]),
            (OFFSET, &(-hour_later).to_le_bytes()[..]),
        ],
    ));
    for (place, sent) in (0_u32..).zip(two_calls()) {
        let micros = u64::try_from(sent.at_us).unwrap();
        let plain = frame(sent.from, sent.to, &sent.bytes);
        let number = place % 4;
        file.extend(match number {
            0 => packet_block(number, micros * 1_000 + 999, &plain),
            1 => packet_block(number, micros, &cooked(&sent)),
            // 1,048,576 units a second: the next one above.
            2 => {
                let units = (u128::from(micros) << 20).div_ceil(1_000_000);
                packet_block(number, u64::try_from(units).unwrap(), &plain)
            }
            _ => packet_block(number, micros / 1_000 + 3_600_000, &plain),
        });
    }
    let (expected, _) = observe(&pcap(&datagrams(&two_calls())));
    assert_eq!(observe(&file).0, expected);
}

#[test]
fn a_section_that_follows_another_one_has_its_own_interfaces() {
    let sent = two_calls();
    let micros = |sent: &Sent| u64::try_from(sent.at_us).unwrap();
    let mut file = section();
    file.extend(interface(276, &[]));
    for sent in &sent[..3] {
        file.extend(packet_block(0, micros(sent), &cooked(sent)));
    }
    file.extend(section());
    file.extend(interface(1, &[(RESOLUTION, &[9])]));
    for sent in &sent[3..] {
        let plain = frame(sent.from, sent.to, &sent.bytes);
        file.extend(packet_block(0, micros(sent) * 1_000, &plain));
    }
    let (expected, _) = observe(&pcap(&datagrams(&sent)));
    assert_eq!(observe(&file).0, expected);
}

#[test]
fn a_clock_that_begins_at_no_time_at_all_does_no_harm() {
    let sent = two_calls();
    for offset in [i64::MIN, i64::MIN + 1, -1, i64::MAX] {
        for resolution in [0, 6, 0x7f, 0x80, 0xff] {
            let mut file = section();
            file.extend(interface(1, &[]));
            let offset = offset.to_le_bytes();
            file.extend(interface(
                1,
                &[(RESOLUTION, &[resolution]), (OFFSET, &offset[..])],
            ));
            for (number, sent) in (0..).zip(&sent) {
                let plain = frame(sent.from, sent.to, &sent.bytes);
                let units = u64::try_from(sent.at_us).unwrap();
                file.extend(packet_block(number % 2, units, &plain));
            }
            let (rows, observer) = observe(&file);
            assert_eq!(observer.counts().messages, 6);
            assert!(!rows.is_empty());
        }
    }
}
