use super::*;
use crate::switch::Acquaintance::{Kept, Neighbour, Ours, Stranger};

fn at(n: u16) -> Flow {
    Flow::tcp(([192, 0, 2, 1], n).into())
}

/// An address of its own for each.
fn other(n: u16) -> Flow {
    let [a, b] = n.to_be_bytes();
    Flow::tcp(([10, 0, a, b], 5060).into())
}

const WHOLE: Progress = Progress {
    message: true,
    unfinished_bytes: 0,
    within_message: false,
};

fn begun(bytes: usize) -> Progress {
    Progress {
        message: false,
        unfinished_bytes: bytes,
        within_message: true,
    }
}

fn open(table: &mut Table, flow: Flow, acquaintance: Acquaintance, now: u64) -> u64 {
    table.open(flow, acquaintance, now).unwrap().id
}

#[test]
fn silent_connections_shut_nobody_out() {
    let mut table = Table::new(1_000);
    open(&mut table, at(1), Stranger, 0);
    table.set_acquaintance(at(1), Kept);
    for n in 0..4_096 {
        assert!(table.open(other(n), Stranger, 1).is_some());
    }
    assert!(table.contains(at(1)), "a registered phone is kept");
    assert!(table.contains(other(4_095)) && !table.contains(other(0)));
    assert_eq!(table.entries.len(), 1_000);
}

#[test]
fn one_address_or_one_64_fills_no_more_than_its_share() {
    let mut table = Table::new(10_000);
    for n in 0..2_000_u16 {
        open(&mut table, at(n), Stranger, 0);
        let v6 = format!("[2001:db8:1:1:{n:x}::1]:5060");
        open(&mut table, Flow::tcp(v6.parse().unwrap()), Stranger, 0);
    }
    assert_eq!(table.entries.len(), 2 * STRANGERS_A_SOURCE_AT_MOST);
    // Phones behind one address are no strangers, and not limited.
    for n in 0..500 {
        open(&mut table, at(n), Stranger, 1);
        table.set_acquaintance(at(n), Kept);
    }
    let kept = table
        .entries
        .values()
        .filter(|entry| entry.acquaintance == Kept);
    assert_eq!(kept.count(), 500);
}

#[test]
fn the_stranger_that_was_silent_for_longest_goes_first_and_bytes_alone_are_silence() {
    let mut table = Table::new(3);
    let first = open(&mut table, other(1), Stranger, 0);
    let second = open(&mut table, other(2), Stranger, 1);
    open(&mut table, other(3), Stranger, 2);
    table.progress(other(1), first, WHOLE, 5);
    table.progress(other(2), second, begun(1), 9);
    open(&mut table, other(4), Stranger, 10);
    assert!(table.contains(other(1)) && !table.contains(other(2)) && table.contains(other(3)));
}

#[test]
fn neighbours_go_only_when_there_are_no_strangers_and_the_kept_never() {
    let mut table = Table::new(3);
    open(&mut table, other(1), Neighbour, 0);
    open(&mut table, other(2), Stranger, 1);
    open(&mut table, other(3), Ours, 0);
    open(&mut table, other(4), Kept, 2);
    assert!(table.contains(other(1)) && !table.contains(other(2)));
    open(&mut table, other(5), Kept, 3);
    assert!(!table.contains(other(1)));
    assert!(table.open(other(6), Stranger, 4).is_none());
    assert_eq!(table.entries.len(), 3);
}

#[test]
fn who_asks_nothing_goes_soon_who_is_known_stays_an_hour() {
    let mut table = Table::new(10);
    open(&mut table, at(1), Stranger, 0);
    let asked = open(&mut table, at(2), Stranger, 0);
    table.progress(at(2), asked, WHOLE, 0);
    let phone = open(&mut table, at(3), Stranger, 0);
    table.progress(at(3), phone, WHOLE, 0);
    table.set_acquaintance(at(3), Kept);
    let known = |remote| if remote == at(3) { Kept } else { Stranger };
    let left = |table: &mut Table, now| {
        table.sweep(now, known);
        [at(1), at(2), at(3)].map(|remote| table.contains(remote))
    };
    assert_eq!(left(&mut table, 9_999), [true; 3]);
    assert_eq!(left(&mut table, 10_000), [false, true, true]);
    assert_eq!(left(&mut table, 60_000), [false, false, true]);
    assert_eq!(left(&mut table, 3_599_999), [false, false, true]);
    assert_eq!(left(&mut table, 3_600_000), [false; 3]);
}

#[test]
fn silence_makes_nobody_known_and_a_lapsed_phone_is_a_stranger_again() {
    let mut table = Table::new(10);
    open(&mut table, at(1), Stranger, 0);
    open(&mut table, at(2), Stranger, 0);
    table.set_acquaintance(at(2), Kept);
    table.sweep(1, |_| Kept);
    assert_eq!(table.entries[&at(1)].acquaintance, Stranger);
    table.sweep(2, |_| Stranger);
    assert_eq!(table.entries[&at(2)].acquaintance, Stranger);
    assert_eq!(table.strangers[&at(1).remote.ip()], 2);
}

#[test]
fn a_dripped_message_is_given_up_even_of_a_phone() {
    let mut table = Table::new(10);
    let id = open(&mut table, at(1), Kept, 0);
    for second in 0..=9 {
        assert!(table.progress(at(1), id, begun(1_000), second * 1_000));
        table.sweep(second * 1_000, |_| Kept);
    }
    assert!(table.contains(at(1)));
    table.sweep(10_000, |_| Kept);
    assert!(!table.contains(at(1)));
    // Where one message ends and the next begins, the time begins anew.
    let id = open(&mut table, at(1), Kept, 0);
    table.progress(at(1), id, begun(9), 1);
    table.progress(
        at(1),
        id,
        Progress {
            message: true,
            ..begun(9)
        },
        9_000,
    );
    table.sweep(18_999, |_| Kept);
    assert!(table.contains(at(1)));
}

#[test]
fn unfinished_messages_of_all_strangers_fill_no_memory() {
    let mut table = Table::new(5_000);
    for n in 0..4_096 {
        let id = open(&mut table, other(n), Stranger, u64::from(n));
        assert!(table.progress(other(n), id, begun(60_000), u64::from(n)));
        assert!(table.unfinished_bytes <= UNFINISHED_BYTES_AT_MOST + 60_000);
    }
    assert!(!table.contains(other(0)) && table.contains(other(4_095)));
    table.sweep(100_000, |_| Stranger);
    assert_eq!(
        (
            table.entries.len(),
            table.unfinished_bytes,
            table.strangers.len()
        ),
        (0, 0, 0)
    );
}

#[test]
fn a_peer_that_does_not_read_is_closed() {
    let mut table = Table::new(10);
    let id = open(&mut table, at(1), Kept, 0);
    table.push(at(1), vec![0; 1_000], 0);
    assert_eq!(table.front(at(1), id).map(<[u8]>::len), Some(1_000));
    table.sent(at(1), id, 400, 9_000);
    assert_eq!(table.front(at(1), id).map(<[u8]>::len), Some(600));
    table.sweep(18_999, |_| Kept);
    assert!(table.contains(at(1)));
    table.sweep(19_000, |_| Kept);
    assert!(!table.contains(at(1)));
    let id = open(&mut table, at(1), Kept, 0);
    for _ in 0..300 {
        table.push(at(1), vec![0; 1_000], 0);
    }
    assert!(!table.is_open(at(1), id), "the queue is bounded");
    let id = open(&mut table, at(1), Kept, 0);
    table.push(at(1), vec![0; 10], 0);
    table.sent(at(1), id, 10, 1);
    table.sweep(60_000, |_| Kept);
    assert!(table.contains(at(1)), "nothing waits");
}

#[test]
fn the_task_of_an_old_connection_ends_no_new_one() {
    let mut table = Table::new(10);
    let old = open(&mut table, at(1), Stranger, 0);
    let new = open(&mut table, at(1), Stranger, 1);
    assert!(!table.progress(at(1), old, WHOLE, 2) && !table.ended(at(1), old));
    assert!(table.is_open(at(1), new) && table.ended(at(1), new));
    assert_eq!(table.strangers.len(), 0);
}

#[test]
fn who_has_proven_itself_is_known_by_that_and_by_nothing_else() {
    let remote = at(1).remote;
    let (nobody, carrier) = (Flow::tls(None, remote), Flow::tls(Some(7), remote));
    let mut table = Table::new(10);
    let clear = open(&mut table, Flow::tcp(remote), Stranger, 0);
    let id = open(&mut table, nobody, Stranger, 0);
    assert!(
        table.is_open(Flow::tcp(remote), clear),
        "another connection from the same port"
    );
    // What is for the carrier waits for no connection but the one on which it has proven itself.
    assert!(!table.contains(carrier));
    assert!(table.prove(nobody, carrier, id));
    assert!(table.contains(carrier) && !table.contains(nobody));
    assert_eq!(table.strangers.values().sum::<usize>(), 2);
    table.set_acquaintance(carrier, Kept);
    assert_eq!(table.strangers.values().sum::<usize>(), 1);
    assert!(
        !table.prove(nobody, carrier, id),
        "it is not there any more"
    );
    let newer = open(&mut table, nobody, Stranger, 1);
    assert!(table.prove(nobody, carrier, newer));
    assert!(
        !table.is_open(carrier, id),
        "the newer connection takes its place"
    );
    assert!(table.ended(carrier, newer));
    assert_eq!(table.strangers.values().sum::<usize>(), 1);
}
