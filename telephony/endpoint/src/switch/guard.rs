//! Keeps those whom we do not know from guessing passwords or burying the desk in requests, and
//! cannot be turned against those whom we know.
//!
//! Sources are counted one by one, for addresses can be forged: a limit for a whole network would
//! let anybody shut it out. An IPv6 /64 is one source, for its owner has all of its addresses.
//! Whoever was counted longest ago is forgotten first, so that no crowd fills the room. A source
//! from which a phone has proven itself has a reserve of its own, and so have those of its requests
//! that somebody who only forges its address sends not at all, or seldom. What comes over a
//! connection is counted apart from datagrams: its address is not forged, so that a phone that is
//! shut out by datagrams in its name gets in over TCP. All times are monotonic.

use std::hash::{Hash, RandomState};
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroUsize;

use lru::LruCache;
use madoguchi_sip::transaction::Flow;

const WINDOW_MS: u64 = 60_000;
/// More sources than this are not told apart.
const SOURCES_AT_MOST: usize = 65_536;
/// More users than this are not told apart.
const USERS_AT_MOST: usize = 16_384;
/// A source with phones may send so many times more, for many may stand behind one address.
const HOME_FACTOR: u32 = 10;
/// So many REGISTERs a minute are answered though a source is otherwise ignored.
const REGISTERS_PER_MINUTE: u32 = 10;
/// So many wrong passwords for one user lock it, whether it exists or not.
pub(super) const WRONG_PASSWORDS_AT_MOST: u32 = 10;
/// How long wrong passwords are remembered, and a user stays locked.
pub(super) const LOCK_MS: u64 = 600_000;
/// From so many sources at once a user is known; the one not used for longest is forgotten.
const HOMES_AT_MOST: usize = 4;
/// Longer names of users are told apart by their beginning.
const USER_CHARS_AT_MOST: usize = 64;

/// Who sends, as far as an address tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    V4(Ipv4Addr),
    /// The first half of the address.
    V6([u8; 8]),
}

impl Source {
    fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip),
            IpAddr::V6(ip) => {
                let [a, b, c, d, e, f, g, h, ..] = ip.octets();
                Self::V6([a, b, c, d, e, f, g, h])
            }
        }
    }
}

/// Counts what came within a time.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    began: u64,
    count: u32,
}

impl Window {
    fn add(&mut self, length_ms: u64, now_ms: u64) -> u32 {
        if now_ms >= self.began + length_ms {
            *self = Self {
                began: now_ms,
                count: 0,
            };
        }
        self.count = self.count.saturating_add(1);
        self.count
    }

    fn count(&self, length_ms: u64, now_ms: u64) -> u32 {
        if now_ms < self.began + length_ms {
            self.count
        } else {
            0
        }
    }
}

/// The counts of one source.
#[derive(Debug, Clone, Copy, Default)]
struct Windows {
    datagrams: Window,
    connections: Window,
}

impl Windows {
    fn of(&self, flow: Flow) -> &Window {
        if flow.is_reliable() {
            &self.connections
        } else {
            &self.datagrams
        }
    }

    fn of_mut(&mut self, flow: Flow) -> &mut Window {
        if flow.is_reliable() {
            &mut self.connections
        } else {
            &mut self.datagrams
        }
    }
}

/// The user whose password is guessed; those who guess at the user's own home are counted apart,
/// so that nobody elsewhere locks it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Guessed {
    user: Box<str>,
    home: Option<Source>,
}

/// What is counted apart when a source has reached its limit, so that whoever forges its address
/// does not keep a phone out that is there and not registered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Reserve {
    /// It answers a challenge that was heard at this source.
    Heard,
    /// REGISTER, which asks for a challenge.
    Register,
}

/// The counts of all whom we do not know.
#[derive(Debug)]
pub(super) struct Guard {
    per_minute: u32,
    strangers: LruCache<Source, Windows, RandomState>,
    homes: LruCache<Source, Windows, RandomState>,
    reserves: LruCache<(Source, Reserve), Windows, RandomState>,
    wrong_passwords: LruCache<Guessed, Window, RandomState>,
    homes_of_users: LruCache<Box<str>, Vec<Source>, RandomState>,
}

/// What to do with a request of unknown origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Answer it as the rules say.
    Answer,
    /// The limit was reached with this one: say so in the log, then be silent.
    LimitReached,
    /// Be silent.
    Ignore,
}

impl Guard {
    pub(super) fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            strangers: room(SOURCES_AT_MOST),
            homes: room(SOURCES_AT_MOST),
            reserves: room(SOURCES_AT_MOST),
            wrong_passwords: room(USERS_AT_MOST),
            homes_of_users: room(USERS_AT_MOST),
        }
    }

    pub(super) fn set_limit(&mut self, per_minute: u32) {
        self.per_minute = per_minute;
    }

    /// Counts one request of unknown origin.
    pub(super) fn count(&mut self, flow: Flow, now_ms: u64) -> Verdict {
        let source = Source::of(flow.remote.ip());
        let (windows, limit) = match self.homes.get_mut(&source) {
            Some(windows) => (windows, self.per_minute.saturating_mul(HOME_FACTOR)),
            None => {
                let windows = self.strangers.get_or_insert_mut(source, Windows::default);
                (windows, self.per_minute)
            }
        };
        match windows.of_mut(flow).add(WINDOW_MS, now_ms) {
            count if count <= limit => Verdict::Answer,
            count if count == limit.saturating_add(1) => Verdict::LimitReached,
            _ => Verdict::Ignore,
        }
    }

    /// Whether this source is being ignored now.
    pub(super) fn ignores(&self, flow: Flow, now_ms: u64) -> bool {
        let source = Source::of(flow.remote.ip());
        let (windows, limit) = match self.homes.peek(&source) {
            Some(windows) => (Some(windows), self.per_minute.saturating_mul(HOME_FACTOR)),
            None => (self.strangers.peek(&source), self.per_minute),
        };
        windows.is_some_and(|windows| windows.of(flow).count(WINDOW_MS, now_ms) > limit)
    }

    /// Whether something of a reserve is left.
    pub(super) fn has_reserve(&self, reserve: Reserve, flow: Flow, now_ms: u64) -> bool {
        let source = Source::of(flow.remote.ip());
        let windows = self.reserves.peek(&(source, reserve));
        let used = windows.map_or(0, |windows| windows.of(flow).count(WINDOW_MS, now_ms));
        used < self.reserve_of(reserve, source)
    }

    /// Takes one request out of a reserve; tells whether something was left.
    pub(super) fn take_reserve(&mut self, reserve: Reserve, flow: Flow, now_ms: u64) -> bool {
        let is_left = self.has_reserve(reserve, flow, now_ms);
        if is_left {
            let key = (Source::of(flow.remote.ip()), reserve);
            let windows = self.reserves.get_or_insert_mut(key, Windows::default);
            windows.of_mut(flow).add(WINDOW_MS, now_ms);
        }
        is_left
    }

    fn reserve_of(&self, reserve: Reserve, source: Source) -> u32 {
        let few = match reserve {
            // As many as without a flood: nobody else uses it up.
            Reserve::Heard => self.per_minute,
            Reserve::Register => REGISTERS_PER_MINUTE,
        };
        if self.homes.contains(&source) {
            few.saturating_mul(HOME_FACTOR)
        } else {
            few
        }
    }

    /// A user has proven itself from here: what it took to do so is not held against the source.
    pub(super) fn proved(&mut self, user: &str, flow: Flow) {
        let source = Source::of(flow.remote.ip());
        self.add_home(user, flow.remote.ip());
        if let Some(windows) = self.homes.get_mut(&source) {
            // The challenge, and the answer to it.
            let window = windows.of_mut(flow);
            window.count = window.count.saturating_sub(2);
        }
        for reserve in [Reserve::Heard, Reserve::Register] {
            if let Some(windows) = self.reserves.get_mut(&(source, reserve)) {
                let window = windows.of_mut(flow);
                window.count = window.count.saturating_sub(1);
            }
        }
    }

    /// A user is known to be at home here.
    pub(super) fn add_home(&mut self, user: &str, ip: IpAddr) {
        let source = Source::of(ip);
        self.strangers.pop(&source);
        self.homes.get_or_insert(source, Windows::default);
        let homes = self.homes_of_users.get_or_insert_mut(key(user), Vec::new);
        homes.retain(|home| *home != source);
        homes.push(source);
        if homes.len() > HOMES_AT_MOST {
            homes.remove(0);
        }
    }

    /// Only these users still exist: what was home to others is an address like any other.
    pub(super) fn keep_users(&mut self, exists: impl Fn(&str) -> bool) {
        let gone: Vec<_> = self
            .homes_of_users
            .iter()
            .map(|(user, _)| user.clone())
            .filter(|user| !exists(user))
            .collect();
        for user in gone {
            let homes = self.homes_of_users.pop(&user).unwrap_or_default();
            for home in homes {
                let mut others = self.homes_of_users.iter();
                if !others.any(|(_, homes)| homes.contains(&home)) {
                    self.homes.pop(&home);
                }
            }
        }
    }

    /// Whether no password of this user is believed from here now: too many were wrong.
    pub(super) fn is_locked(&self, user: &str, ip: IpAddr, now_ms: u64) -> bool {
        let window = self.wrong_passwords.peek(&self.guessed(user, ip));
        window.is_some_and(|window| window.count(LOCK_MS, now_ms) >= WRONG_PASSWORDS_AT_MOST)
    }

    /// Counts a wrong password; tells whether this one locked the user.
    pub(super) fn count_wrong_password(&mut self, user: &str, ip: IpAddr, now_ms: u64) -> bool {
        let guessed = self.guessed(user, ip);
        let window = self
            .wrong_passwords
            .get_or_insert_mut(guessed, Window::default);
        window.add(LOCK_MS, now_ms) == WRONG_PASSWORDS_AT_MOST
    }

    fn guessed(&self, user: &str, ip: IpAddr) -> Guessed {
        let (user, source) = (key(user), Source::of(ip));
        let homes = self.homes_of_users.peek(&user);
        let at_home = homes.is_some_and(|homes| homes.contains(&source));
        Guessed {
            user,
            home: at_home.then_some(source),
        }
    }
}

fn key(user: &str) -> Box<str> {
    match user.char_indices().nth(USER_CHARS_AT_MOST) {
        Some((end, _)) => user.get(..end).unwrap_or_default().into(),
        None => user.into(),
    }
}

/// Whether it is worth reading what comes from an address that is ignored: a flood must cost little.
pub(super) fn may_be_reserved(bytes: &[u8]) -> bool {
    const NONCE: &[u8] = b"nonce";
    bytes.starts_with(b"REGISTER ")
        || bytes
            .windows(NONCE.len())
            .any(|window| window.eq_ignore_ascii_case(NONCE))
}

/// An empty memory for so many, out of which the oldest goes first.
pub(super) fn room<K: Hash + Eq, V>(at_most: usize) -> LruCache<K, V, RandomState> {
    let at_most = NonZeroUsize::new(at_most).unwrap_or(NonZeroUsize::MIN);
    LruCache::with_hasher(at_most, RandomState::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn over(ip: IpAddr, reliable: bool) -> Flow {
        let remote = (ip, 5060).into();
        if reliable {
            Flow::tcp(remote)
        } else {
            Flow::udp(0, remote)
        }
    }

    fn udp(ip: IpAddr) -> Flow {
        over(ip, false)
    }

    fn answered(guard: &mut Guard, source: IpAddr, times: u32) -> usize {
        let verdicts = (0..times).map(|_| guard.count(udp(source), 0));
        verdicts
            .filter(|verdict| *verdict == Verdict::Answer)
            .count()
    }

    #[test]
    fn an_unknown_source_is_answered_up_to_the_limit_and_again_a_minute_later() {
        let mut guard = Guard::new(2);
        let source = ip("192.0.2.1");
        assert_eq!(guard.count(udp(source), 0), Verdict::Answer);
        assert_eq!(guard.count(udp(source), 1), Verdict::Answer);
        assert_eq!(guard.count(udp(source), 2), Verdict::LimitReached);
        assert_eq!(guard.count(udp(source), 3), Verdict::Ignore);
        assert!(guard.ignores(udp(source), 4));
        assert!(!guard.ignores(udp(source), WINDOW_MS));
        assert_eq!(guard.count(udp(source), WINDOW_MS), Verdict::Answer);
    }

    #[test]
    fn a_crowd_of_sources_shuts_nobody_out() {
        let mut guard = Guard::new(1);
        for n in 0..2 * 65_536_u32 {
            assert_eq!(
                guard.count(udp(IpAddr::from(n.to_be_bytes())), 0),
                Verdict::Answer
            );
        }
        assert_eq!(guard.strangers.len(), SOURCES_AT_MOST);
        assert_eq!(guard.count(udp(ip("203.0.113.5")), 0), Verdict::Answer);
    }

    #[test]
    fn neighbours_are_not_held_liable_but_a_64_is_one_source() {
        let mut guard = Guard::new(2);
        assert_eq!(answered(&mut guard, ip("192.0.2.1"), 9), 2);
        assert_eq!(answered(&mut guard, ip("192.0.2.2"), 9), 2);
        assert_eq!(answered(&mut guard, ip("2001:db8:1:1::1"), 9), 2);
        assert_eq!(answered(&mut guard, ip("2001:db8:1:1:ffff::2"), 9), 0);
        assert_eq!(answered(&mut guard, ip("2001:db8:1:2::1"), 9), 2);
        assert_eq!(answered(&mut guard, ip("::ffff:192.0.2.1"), 9), 0);
    }

    #[test]
    fn datagrams_in_its_name_keep_nobody_out_who_opens_a_connection() {
        let mut guard = Guard::new(2);
        let phone = ip("192.0.2.1");
        answered(&mut guard, phone, 9);
        while guard.take_reserve(Reserve::Register, udp(phone), 0) {}
        let connection = over(phone, true);
        assert!(guard.ignores(udp(phone), 0) && !guard.ignores(connection, 0));
        assert_eq!(guard.count(connection, 0), Verdict::Answer);
        assert!(guard.has_reserve(Reserve::Register, connection, 0));
        guard.proved("201", connection);
        answered(&mut guard, phone, 99);
        assert!(guard.ignores(udp(phone), 0) && !guard.ignores(connection, 0));
    }

    #[test]
    fn a_source_with_phones_has_a_reserve_whatever_was_counted_before() {
        let mut guard = Guard::new(2);
        let home = ip("192.0.2.1");
        answered(&mut guard, home, 9);
        guard.proved("201", udp(home));
        assert!(!guard.ignores(udp(home), 0));
        assert_eq!(answered(&mut guard, home, 99), 20);
        assert!(guard.ignores(udp(home), 0));
    }

    #[test]
    fn phones_that_prove_themselves_do_not_use_up_the_limit_of_their_address() {
        let mut guard = Guard::new(2);
        for phone in 0..500 {
            assert_eq!(guard.count(udp(ip("192.0.2.1")), 0), Verdict::Answer);
            assert_eq!(guard.count(udp(ip("192.0.2.1")), 0), Verdict::Answer);
            guard.proved(&phone.to_string(), udp(ip("192.0.2.1")));
        }
    }

    #[test]
    fn a_source_that_is_ignored_has_its_reserves_each_minute() {
        let mut guard = Guard::new(2);
        let (source, other) = (ip("192.0.2.1"), ip("192.0.2.2"));
        answered(&mut guard, source, 9);
        let taken = |guard: &mut Guard, reserve, source, now_ms| {
            let takes = (0..999).filter(|_| guard.take_reserve(reserve, udp(source), now_ms));
            takes.count()
        };
        assert_eq!(taken(&mut guard, Reserve::Register, source, 0), 10);
        assert!(!guard.has_reserve(Reserve::Register, udp(source), 1));
        assert!(guard.has_reserve(Reserve::Register, udp(other), 1));
        // One does not use the other up.
        assert_eq!(taken(&mut guard, Reserve::Heard, source, 1), 2);
        assert!(guard.has_reserve(Reserve::Register, udp(source), WINDOW_MS));
        // Whoever proves itself gives back what it took, and makes the source a home.
        guard.proved("201", udp(source));
        assert_eq!(taken(&mut guard, Reserve::Heard, source, 1), 19);
        assert_eq!(taken(&mut guard, Reserve::Register, source, 1), 91);
    }

    #[test]
    fn wrong_passwords_lock_a_user_whether_it_exists_or_not_but_not_at_its_home() {
        let mut guard = Guard::new(1_000);
        let (home, elsewhere) = (ip("192.0.2.1"), ip("198.51.100.7"));
        guard.proved("201", udp(home));
        for user in ["201", "999"] {
            let locked = |guard: &mut Guard| {
                let mut locking = (0..WRONG_PASSWORDS_AT_MOST)
                    .map(|_| guard.count_wrong_password(user, elsewhere, 0));
                locking.position(|locked| locked)
            };
            assert_eq!(locked(&mut guard), Some(9), "{user}");
            assert!(guard.is_locked(user, elsewhere, LOCK_MS - 1));
            assert!(guard.is_locked(user, ip("203.0.113.5"), LOCK_MS - 1));
            assert!(!guard.is_locked(user, elsewhere, LOCK_MS));
        }
        assert!(!guard.is_locked("201", home, 1));
        // Who guesses at home is locked there.
        for _ in 0..WRONG_PASSWORDS_AT_MOST {
            guard.count_wrong_password("201", home, 1);
        }
        assert!(guard.is_locked("201", home, 1));
    }

    #[test]
    fn the_home_of_a_user_that_is_gone_is_an_address_like_any_other() {
        let mut guard = Guard::new(2);
        let (shared, own) = (ip("192.0.2.1"), ip("192.0.2.2"));
        guard.proved("201", udp(shared));
        guard.proved("202", udp(shared));
        guard.proved("202", udp(own));
        guard.keep_users(|user| user == "201");
        assert_eq!(answered(&mut guard, shared, 99), 20);
        assert_eq!(answered(&mut guard, own, 99), 2);
    }

    #[test]
    fn the_room_for_users_is_bounded() {
        let mut guard = Guard::new(1);
        for user in 0..20_000 {
            guard.count_wrong_password(&user.to_string(), ip("192.0.2.1"), 0);
        }
        guard.count_wrong_password(&"あ".repeat(10_000), ip("192.0.2.1"), 0);
        assert_eq!(guard.wrong_passwords.len(), USERS_AT_MOST);
        assert!(
            guard
                .wrong_passwords
                .iter()
                .all(|(guessed, _)| guessed.user.len() <= 3 * 64)
        );
    }
}
