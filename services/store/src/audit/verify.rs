//! Walks the chain of audit records from its old end to its new one.

use std::fmt;

use madoguchi_core::audit::ChainHash;
use sqlx::Row;

use crate::audit::ends;
use crate::error::StoreError;
use crate::store::Store;

/// Records read at once.
const CHUNK: i64 = 10_000;

/// What was found first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditFault {
    /// The record of this number is not what was written.
    Changed {
        /// Its number.
        seq: i64,
    },
    /// The record of this number is not there.
    Missing {
        /// Its number.
        seq: i64,
    },
    /// There are records beyond the last one that was written.
    Added {
        /// The number of the first of them.
        seq: i64,
    },
}

impl fmt::Display for AuditFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { seq } => write!(f, "記録{seq}が書き換えられています"),
            Self::Missing { seq } => write!(f, "記録{seq}がありません"),
            Self::Added { seq } => write!(f, "記録{seq}は、正しい手順で書かれたものではありません"),
        }
    }
}

/// The outcome of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Records that were looked at and are sound.
    pub sound: u64,
    /// The newest record.
    pub last_seq: i64,
    /// Its hash: written down elsewhere, it proves the whole chain up to there.
    pub last_hash: ChainHash,
    /// The first fault.
    pub fault: Option<AuditFault>,
}

impl Store {
    /// Verifies the whole audit log.
    ///
    /// # Errors
    /// [`StoreError::Database`]. What is wrong with the log itself is told in [`Verified::fault`].
    pub async fn verify_audit(&self) -> Result<Verified, StoreError> {
        let mut connection = self.read()?.acquire().await?;
        let ends = ends(&mut connection).await?;
        let (mut seq, mut hash) = ends.deleted;
        let mut verified = Verified {
            sound: 0,
            last_seq: ends.last.0,
            last_hash: ends.last.1,
            fault: None,
        };
        loop {
            let rows = sqlx::query(
                "SELECT seq, at, actor, actor_name, address, action, object, before_fields, \
                 after_fields, hash FROM audit WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3",
            )
            .bind(seq)
            // Records that are appended in the meantime are for the next time.
            .bind(ends.last.0)
            .bind(CHUNK)
            .fetch_all(&mut *connection)
            .await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let found: i64 = row.try_get("seq")?;
                if found != seq + 1 {
                    verified.fault = Some(AuditFault::Missing { seq: seq + 1 });
                    return Ok(verified);
                }
                let mut texts = [""; 7];
                for (at, text) in texts.iter_mut().enumerate() {
                    *text = row.try_get(at + 2)?;
                }
                let next = hash.next(found, row.try_get("at")?, &texts);
                if next.to_hex() != row.try_get::<&str, _>("hash")? {
                    verified.fault = Some(AuditFault::Changed { seq: found });
                    return Ok(verified);
                }
                (seq, hash) = (found, next);
                verified.sound += 1;
            }
        }
        let row = sqlx::query("SELECT MIN(seq) AS oldest, MAX(seq) AS newest FROM audit")
            .fetch_one(&mut *connection)
            .await?;
        let (oldest, newest): (Option<i64>, Option<i64>) =
            (row.try_get("oldest")?, row.try_get("newest")?);
        verified.fault = if seq < ends.last.0 {
            Some(AuditFault::Missing { seq: seq + 1 })
        } else if hash != ends.last.1 {
            Some(AuditFault::Changed { seq })
        } else if oldest.is_some_and(|oldest| oldest <= ends.deleted.0) {
            oldest.map(|seq| AuditFault::Added { seq })
        } else {
            let newer = newest.filter(|newest| *newest > ends.last.0);
            self.added_beyond(newer, ends.last).await?
        };
        Ok(verified)
    }

    /// Whether records beyond the end that was seen were appended properly in the meantime.
    async fn added_beyond(
        &self,
        newer: Option<i64>,
        last: (i64, ChainHash),
    ) -> Result<Option<AuditFault>, StoreError> {
        let Some(newer) = newer else { return Ok(None) };
        let mut connection = self.read()?.acquire().await?;
        let now = ends(&mut connection).await?.last.0;
        Ok((newer > now).then_some(AuditFault::Added { seq: last.0 + 1 }))
    }
}
