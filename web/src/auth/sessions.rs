//! Sessions and tokens as the database has them. While it is away those stay good that this process
//! has seen in good state, unless something has ended them since. How long a session was idle is
//! measured by a clock that never jumps, as far as this process has seen it.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;
use madoguchi_core::account::User;
use madoguchi_core::id::UserId;
use madoguchi_core::time::{Instant, Millis, Monotonic};
use madoguchi_store::{AccessChanges, ApiToken, SignedIn, Store, StoreError};

use crate::reach::Reach;

/// More are not remembered at once; then those of long ago are forgotten.
const ENTRIES_AT_MOST: NonZeroUsize = NonZeroUsize::new(5_000).expect("not zero");
/// What other nodes and the command line have ended is forgotten within this time.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A session with how long it has lasted, and since when nobody has used it.
#[derive(Debug, Clone)]
pub(crate) struct SeenSession {
    pub(crate) signed_in: SignedIn,
    pub(crate) age: Millis,
    pub(crate) idle: Millis,
    /// So long ago its use was last noted in the database.
    pub(crate) unnoted: Millis,
}

/// What this process remembers of who may come in.
#[derive(Debug)]
pub(crate) struct Sessions(Mutex<Memory>);

#[derive(Debug)]
struct Memory {
    sessions: LruCache<String, Remembered>,
    tokens: LruCache<String, (User, ApiToken)>,
    /// Sessions that were ended here while the database was away, by their names.
    ended: LruCache<String, ()>,
    /// Counts up with whatever is forgotten: what was read before is not remembered any more.
    turn: u64,
    /// As far as the database's own count was followed.
    followed: Option<i64>,
}

#[derive(Debug)]
struct Remembered {
    signed_in: SignedIn,
    /// How old it was, and when that was so.
    age: Millis,
    seen_at: Monotonic,
    used_at: Monotonic,
    noted_at: Monotonic,
    /// It was good when it was last looked up, and nothing is known that has ended it since.
    good: bool,
}

impl Default for Sessions {
    fn default() -> Self {
        Self(Mutex::new(Memory {
            sessions: LruCache::new(ENTRIES_AT_MOST),
            tokens: LruCache::new(ENTRIES_AT_MOST),
            ended: LruCache::new(ENTRIES_AT_MOST),
            turn: 0,
            followed: None,
        }))
    }
}

impl Sessions {
    /// The session of this cookie and its user.
    pub(crate) async fn lookup(
        &self,
        reach: &Arc<Reach>,
        store: &Store,
        now: (Instant, Monotonic),
        token_hash: &str,
    ) -> Result<Option<SeenSession>, StoreError> {
        let turn = self.lock().turn;
        let remembered = self.remembered(token_hash, now.1);
        let asked = reach.ask(store, store.lookup_session(token_hash));
        let found = match (asked.await, remembered) {
            (Ok(found), _) => found,
            (Err(error), Some(seen)) if error.is_away() => return Ok(Some(seen)),
            (Err(error), _) => return Err(error),
        };
        let found = found.filter(|found| !self.lock().ended.contains(&found.session.id));
        Ok(self.seen(token_hash, found, turn, now))
    }

    /// What is known of the session now that it was looked up.
    fn seen(
        &self,
        token_hash: &str,
        found: Option<SignedIn>,
        turn: u64,
        (wall, now): (Instant, Monotonic),
    ) -> Option<SeenSession> {
        let mut memory = self.lock();
        let Some(signed_in) = found else {
            memory.sessions.pop(token_hash);
            return None;
        };
        let session = &signed_in.session;
        let by_wall = |at: Instant| Millis((wall - at).0.max(0));
        let good = turn == memory.turn && !session.pending && signed_in.user.disabled_at.is_none();
        let known = memory
            .sessions
            .get_or_insert_mut(token_hash.to_owned(), || Remembered {
                age: by_wall(session.created_at),
                seen_at: now,
                used_at: now - by_wall(session.seen_at),
                noted_at: now - by_wall(session.seen_at),
                good,
                signed_in: signed_in.clone(),
            });
        known.good = good;
        known.signed_in = signed_in;
        Some(known.at(now))
    }

    /// A session of this cookie that stays good while the database is away.
    fn remembered(&self, token_hash: &str, now: Monotonic) -> Option<SeenSession> {
        let mut memory = self.lock();
        let known = memory.sessions.get(token_hash).filter(|known| known.good)?;
        Some(known.at(now))
    }

    /// The session was used; `noted`: the database knows.
    pub(crate) fn used(&self, token_hash: &str, now: Monotonic, noted: bool) {
        if let Some(known) = self.lock().sessions.get_mut(token_hash) {
            known.used_at = now;
            if noted {
                known.noted_at = now;
            }
        }
    }

    /// That a token was used is noted in the database.
    pub(crate) fn used_token(&self, token_hash: &str, at: Instant) {
        if let Some((_, token)) = self.lock().tokens.get_mut(token_hash) {
            token.last_used_at = Some(at);
        }
    }

    /// The token of this hash and its owner; `at_once`: from memory, if it is there.
    pub(crate) async fn lookup_token(
        &self,
        reach: &Arc<Reach>,
        store: &Store,
        token_hash: &str,
        at_once: bool,
    ) -> Result<Option<(User, ApiToken)>, StoreError> {
        let turn = self.lock().turn;
        let remembered = self.lock().tokens.get(token_hash).cloned();
        if at_once && remembered.is_some() {
            return Ok(remembered);
        }
        let asked = reach.ask(store, store.lookup_token(token_hash));
        let found = match (asked.await, remembered) {
            (Ok(found), _) => found,
            (Err(error), Some(known)) if error.is_away() => return Ok(Some(known)),
            (Err(error), _) => return Err(error),
        };
        let mut memory = self.lock();
        let is_good = |(user, token): &&(User, ApiToken)| {
            user.disabled_at.is_none() && token.revoked_at.is_none()
        };
        match found.as_ref().filter(is_good) {
            Some(good) if turn == memory.turn => {
                memory.tokens.put(token_hash.to_owned(), good.clone());
            }
            _ => {
                memory.tokens.pop(token_hash);
            }
        }
        Ok(found)
    }

    /// Something has ended sessions or tokens of this user, or changed what they may do.
    pub(crate) fn forget_user(&self, user: &UserId) {
        let mut memory = self.lock();
        memory.turn += 1;
        for (_, known) in memory.sessions.iter_mut() {
            known.good &= known.signed_in.user.id != *user;
        }
        let tokens: Vec<_> = memory
            .tokens
            .iter()
            .filter(|(_, (owner, _))| owner.id == *user)
            .map(|(hash, _)| hash.clone())
            .collect();
        for token in tokens {
            memory.tokens.pop(&token);
        }
    }

    /// Nobody knows what was ended.
    fn forget_all(&self) {
        let mut memory = self.lock();
        memory.turn += 1;
        for (_, known) in memory.sessions.iter_mut() {
            known.good = false;
        }
        memory.tokens.clear();
    }

    /// A session was ended here while the database is away. It is not taken up again when it is
    /// back.
    pub(crate) fn end_here(&self, session: &str) {
        let mut memory = self.lock();
        memory.turn += 1;
        memory.ended.put(session.to_owned(), ());
        for (_, known) in memory.sessions.iter_mut() {
            known.good &= known.signed_in.session.id != session;
        }
    }

    /// Follows what other nodes and the command line end, as long as anybody needs it.
    pub(crate) fn follow(self: &Arc<Self>, store: Store) {
        let sessions = Arc::downgrade(self);
        tokio::spawn(async move {
            while let Some(sessions) = sessions.upgrade() {
                let followed = sessions.lock().followed;
                if let Ok(changes) = store.access_changes(followed).await {
                    sessions.take_up(&changes);
                }
                drop(sessions);
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
    }

    /// What is looked up from now on.
    #[cfg(test)]
    pub(crate) fn turn(&self) -> u64 {
        self.lock().turn
    }

    /// Whether what was looked up since then is still good.
    #[cfg(test)]
    pub(crate) fn would_remember_since(&self, turn: u64) -> bool {
        self.lock().turn == turn
    }

    pub(crate) fn take_up(&self, changes: &AccessChanges) {
        let first = self.lock().followed.replace(changes.count).is_none();
        match &changes.users {
            // What was looked up before is as old as the start.
            _ if first => self.forget_all(),
            Some(users) => users.iter().for_each(|user| self.forget_user(user)),
            None => self.forget_all(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remembered {
    fn at(&self, now: Monotonic) -> SeenSession {
        SeenSession {
            age: self.age + (now - self.seen_at),
            idle: now - self.used_at,
            unnoted: now - self.noted_at,
            signed_in: self.signed_in.clone(),
        }
    }
}
