//! Articles of the knowledge: versions, and who may take which step with them (表 5.6-9 4①②).
//!
//! The published version and the next draft live side by side. What one person wrote or sent for
//! review, another must approve.

mod content;
mod file;
mod line;
mod manual;
mod number;
pub mod personal;

use serde::{Deserialize, Serialize};

pub use self::content::{ANSWER_LETTERS, CONTENT_LETTERS, Content, ContentFault};
pub use self::file::{ArticleFile, FILE_BYTES, FILES, FileKind, file_name};
pub use self::line::Line;
pub use self::manual::{MANUAL_HEADING_LETTERS, MANUAL_TITLE_LETTERS, ManualPlace};
pub use self::number::ArticleNumber;
use crate::id::{ArticleId, UserId};
use crate::named;
use crate::time::Instant;

named! {
    /// How far a version has come, without who brought it there.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum StageKind {
        /// 下書き
        Draft = "draft", "下書き";
        /// 確認待ち
        InReview = "in_review", "確認待ち";
        /// 公開予約
        Scheduled = "scheduled", "公開予約";
        /// 公開中
        Published = "published", "公開中";
        /// 過去の版
        Past = "past", "過去の版";
    }
}

/// How far a version has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// 下書き
    Draft {
        /// Why it was sent back, if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sent_back: Option<String>,
    },
    /// 確認待ち
    InReview {
        /// Who asked for the review.
        by: UserId,
    },
    /// 公開予約
    Scheduled {
        /// Who approved it.
        by: UserId,
        /// From when on it is to be seen.
        publish_at: Instant,
    },
    /// 公開中
    Published {
        /// Who approved it.
        by: UserId,
        /// Since when.
        since: Instant,
    },
    /// 過去の版
    Past,
}

impl Stage {
    /// The stage alone.
    pub fn kind(&self) -> StageKind {
        match self {
            Self::Draft { .. } => StageKind::Draft,
            Self::InReview { .. } => StageKind::InReview,
            Self::Scheduled { .. } => StageKind::Scheduled,
            Self::Published { .. } => StageKind::Published,
            Self::Past => StageKind::Past,
        }
    }

    /// The name in the database.
    pub fn name(&self) -> &'static str {
        self.kind().as_str()
    }

    /// Whether it was sent back to its authors.
    pub fn is_sent_back(&self) -> bool {
        let Self::Draft { sent_back } = self else {
            return false;
        };
        sent_back.is_some()
    }

    /// The name on screens.
    pub fn label(&self) -> &'static str {
        self.kind().label()
    }
}

/// A version of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Counts up from 1.
    pub number: u32,
    /// How far it has come.
    #[serde(flatten)]
    pub stage: Stage,
    /// What it says.
    pub content: Content,
    /// Who has written in it.
    pub authors: Vec<UserId>,
    /// When it was last changed.
    pub at: Instant,
}

/// Whether an article is to be taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "withdrawal", rename_all = "snake_case")]
pub enum Withdrawal {
    /// Nobody has asked for it.
    None,
    /// 取下げの承認待ち
    Requested {
        /// Who asks for it.
        by: UserId,
        /// Why it is to be withdrawn.
        reason: String,
    },
    /// 取下げ済み
    Done {
        /// Since when.
        at: Instant,
        /// Why it was withdrawn.
        reason: String,
    },
}

/// An article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Its id, which never changes: part of its address.
    pub id: ArticleId,
    /// Its number, once it is kept.
    pub number: Option<ArticleNumber>,
    /// Counts up with every change, so that nobody overwrites unseen.
    pub revision: i64,
    /// Its versions, oldest first. Never empty.
    pub versions: Vec<Version>,
    /// Whether it is to be taken away.
    pub withdrawal: Withdrawal,
    /// How many calls it settled.
    pub settled: u32,
}

/// Why a step cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    /// There is no version that the step could be taken with.
    #[error("この操作ができる状態ではありません")]
    WrongStage,
    /// The same person wrote it or asked for it.
    #[error("記事を書いた人、確認を依頼した人は、承認できません。ほかの承認者に依頼してください")]
    OwnWork,
    /// A reason is missing.
    #[error("理由を入力してください")]
    NoReason,
    /// Personal data may be in it.
    #[error(
        "個人に関する情報の疑いがある箇所が残っています。削除するか、問題がないことを確認してください"
    )]
    PersonalData,
    /// The content is not complete.
    #[error("入力内容に不足があります")]
    Incomplete,
}

/// What is thrown away with a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discarded {
    /// The draft; the versions before it stay.
    Draft,
    /// The whole article, which nobody but editors has ever seen.
    Article,
}

/// Who stands for the operator at the command line among authors and approvers.
pub const MACHINE: &str = "system";

impl Article {
    /// An article from a file that the operator vouches for: published at once.
    pub fn imported(id: impl Into<ArticleId>, content: Content, now: Instant) -> Self {
        let mut article = Self::new(id, content, &UserId::new(MACHINE), now);
        article.publish_unseen(now);
        article
    }

    /// A new published version from a file that the operator vouches for. What is being worked on
    /// becomes a version of the past, so that nothing is lost.
    pub fn import(&mut self, content: Content, now: Instant) {
        if let Some(version) = self.versions.last_mut()
            && !matches!(version.stage, Stage::Published { .. })
        {
            version.stage = Stage::Past;
        }
        let number = self.newest().map_or(1, |version| version.number + 1);
        self.versions
            .push(draft(number, content, &UserId::new(MACHINE), now));
        self.publish_unseen(now);
    }

    fn publish_unseen(&mut self, now: Instant) {
        if let Some(version) = self.versions.last_mut() {
            version.stage = Stage::Scheduled {
                by: UserId::new(MACHINE),
                publish_at: now,
            };
        }
        self.publish_due(now);
    }

    /// A new article, whose first version is a draft.
    pub fn new(id: impl Into<ArticleId>, content: Content, by: &UserId, at: Instant) -> Self {
        let first = draft(1, content, by, at);
        Self {
            id: id.into(),
            number: None,
            revision: 0,
            versions: vec![first],
            withdrawal: Withdrawal::None,
            settled: 0,
        }
    }

    /// The version that readers see; none if the article is withdrawn or past its time.
    pub fn published(&self, now: Instant) -> Option<&Version> {
        let withdrawn = matches!(self.withdrawal, Withdrawal::Done { .. });
        let version = self
            .versions
            .iter()
            .find(|version| matches!(version.stage, Stage::Published { .. }))?;
        let expired = version.content.expires_at.is_some_and(|at| at <= now);
        (!withdrawn && !expired).then_some(version)
    }

    /// The version that is being worked on: draft, in review or scheduled.
    pub fn next(&self) -> Option<&Version> {
        self.versions.last().filter(|version| {
            matches!(
                version.stage,
                Stage::Draft { .. } | Stage::InReview { .. } | Stage::Scheduled { .. }
            )
        })
    }

    /// The newest version: what an editor looks at.
    pub fn newest(&self) -> Option<&Version> {
        self.versions.last()
    }

    /// Writes in the draft, or begins one from the newest version.
    ///
    /// # Errors
    /// [`TransitionError::WrongStage`] while a version is in review or scheduled.
    pub fn edit(
        &mut self,
        content: Content,
        by: &UserId,
        at: Instant,
    ) -> Result<(), TransitionError> {
        let number = self.newest().map_or(1, |version| version.number + 1);
        match self.versions.last_mut() {
            Some(version) if matches!(version.stage, Stage::Draft { .. }) => {
                version.content = content;
                version.at = at;
                if !version.authors.contains(by) {
                    version.authors.push(by.clone());
                }
                Ok(())
            }
            Some(version)
                if matches!(
                    version.stage,
                    Stage::InReview { .. } | Stage::Scheduled { .. }
                ) =>
            {
                Err(TransitionError::WrongStage)
            }
            _ => {
                self.versions.push(draft(number, content, by, at));
                Ok(())
            }
        }
    }

    /// 確認依頼: asks for the draft to be reviewed.
    ///
    /// # Errors
    /// [`TransitionError::WrongStage`], [`TransitionError::Incomplete`], [`TransitionError::PersonalData`].
    pub fn submit(&mut self, by: &UserId, at: Instant) -> Result<(), TransitionError> {
        let version = self
            .versions
            .last_mut()
            .ok_or(TransitionError::WrongStage)?;
        if !matches!(version.stage, Stage::Draft { .. }) {
            return Err(TransitionError::WrongStage);
        }
        if !version.content.faults().is_empty() {
            return Err(TransitionError::Incomplete);
        }
        if !version.content.personal_left().is_empty() {
            return Err(TransitionError::PersonalData);
        }
        version.stage = Stage::InReview { by: by.clone() };
        version.at = at;
        Ok(())
    }

    /// 差戻し: sends the version back to its authors.
    ///
    /// # Errors
    /// [`TransitionError::WrongStage`], [`TransitionError::NoReason`].
    pub fn send_back(&mut self, reason: &str, at: Instant) -> Result<(), TransitionError> {
        if reason.trim().is_empty() {
            return Err(TransitionError::NoReason);
        }
        let version = self
            .versions
            .last_mut()
            .ok_or(TransitionError::WrongStage)?;
        if !matches!(
            version.stage,
            Stage::InReview { .. } | Stage::Scheduled { .. }
        ) {
            return Err(TransitionError::WrongStage);
        }
        version.stage = Stage::Draft {
            sent_back: Some(reason.trim().to_owned()),
        };
        version.at = at;
        Ok(())
    }

    /// Takes the version back from those who review it, or from the time at which it was to be
    /// published. It must be approved anew.
    ///
    /// # Errors
    /// [`TransitionError::WrongStage`] if it is neither in review nor scheduled.
    pub fn recall(&mut self, at: Instant) -> Result<(), TransitionError> {
        let version = self
            .versions
            .last_mut()
            .ok_or(TransitionError::WrongStage)?;
        if !matches!(
            version.stage,
            Stage::InReview { .. } | Stage::Scheduled { .. }
        ) {
            return Err(TransitionError::WrongStage);
        }
        version.stage = Stage::Draft { sent_back: None };
        version.at = at;
        Ok(())
    }

    /// Throws the draft away. If there is nothing else, the article itself is to be deleted.
    ///
    /// # Errors
    /// [`TransitionError::WrongStage`] if there is no draft.
    pub fn discard_draft(&mut self) -> Result<Discarded, TransitionError> {
        let newest = self.versions.last().ok_or(TransitionError::WrongStage)?;
        if !matches!(newest.stage, Stage::Draft { .. }) {
            return Err(TransitionError::WrongStage);
        }
        if self.versions.len() == 1 {
            return Ok(Discarded::Article);
        }
        self.versions.pop();
        Ok(Discarded::Draft)
    }

    /// 承認: the version is published at `publish_at`, or now if that is past.
    ///
    /// # Errors
    /// [`TransitionError::WrongStage`], [`TransitionError::OwnWork`].
    pub fn approve(
        &mut self,
        by: &UserId,
        publish_at: Instant,
        now: Instant,
    ) -> Result<(), TransitionError> {
        let version = self
            .versions
            .last_mut()
            .ok_or(TransitionError::WrongStage)?;
        let Stage::InReview { by: asked } = &version.stage else {
            return Err(TransitionError::WrongStage);
        };
        if asked == by || version.authors.contains(by) {
            return Err(TransitionError::OwnWork);
        }
        // What is past means at once: readers are told the day on which they see it.
        version.stage = Stage::Scheduled {
            by: by.clone(),
            publish_at: publish_at.max(now),
        };
        version.at = now;
        self.publish_due(now);
        Ok(())
    }

    /// Publishes what is due; tells whether readers see something else now. An article that was
    /// withdrawn comes back with its new version.
    pub fn publish_due(&mut self, now: Instant) -> bool {
        let Some(version) = self.versions.last() else {
            return false;
        };
        let Stage::Scheduled { by, publish_at } = &version.stage else {
            return false;
        };
        if *publish_at > now {
            return false;
        }
        let since = *publish_at;
        let by = by.clone();
        for version in &mut self.versions {
            if matches!(version.stage, Stage::Published { .. }) {
                version.stage = Stage::Past;
            }
        }
        // That it was published is its last change: of a version of the past it tells since when it was seen.
        if let Some(version) = self.versions.last_mut() {
            version.stage = Stage::Published { by, since };
            version.at = since;
        }
        self.withdrawal = Withdrawal::None;
        true
    }

    /// When something becomes due by itself next: a publication or an expiry.
    pub fn due_at(&self, now: Instant) -> Option<Instant> {
        let scheduled = self
            .versions
            .last()
            .and_then(|version| match version.stage {
                Stage::Scheduled { publish_at, .. } => Some(publish_at),
                _ => None,
            });
        let expires = self
            .published(now)
            .and_then(|version| version.content.expires_at);
        [scheduled, expires].into_iter().flatten().min()
    }

    /// 取下げの依頼.
    ///
    /// # Errors
    /// [`TransitionError::WrongStage`] if readers do not see it, [`TransitionError::NoReason`].
    pub fn request_withdrawal(
        &mut self,
        by: &UserId,
        reason: &str,
        now: Instant,
    ) -> Result<(), TransitionError> {
        if reason.trim().is_empty() {
            return Err(TransitionError::NoReason);
        }
        if self.published(now).is_none() || self.withdrawal != Withdrawal::None {
            return Err(TransitionError::WrongStage);
        }
        self.withdrawal = Withdrawal::Requested {
            by: by.clone(),
            reason: reason.trim().to_owned(),
        };
        Ok(())
    }

    /// 取下げの承認.
    ///
    /// # Errors
    /// [`TransitionError::WrongStage`], [`TransitionError::OwnWork`].
    pub fn withdraw(&mut self, by: &UserId, now: Instant) -> Result<(), TransitionError> {
        let Withdrawal::Requested { by: asked, reason } = &self.withdrawal else {
            return Err(TransitionError::WrongStage);
        };
        if asked == by {
            return Err(TransitionError::OwnWork);
        }
        self.withdrawal = Withdrawal::Done {
            at: now,
            reason: reason.clone(),
        };
        Ok(())
    }

    /// The withdrawal that was asked for is refused.
    ///
    /// # Errors
    /// [`TransitionError::WrongStage`].
    pub fn keep(&mut self) -> Result<(), TransitionError> {
        if !matches!(self.withdrawal, Withdrawal::Requested { .. }) {
            return Err(TransitionError::WrongStage);
        }
        self.withdrawal = Withdrawal::None;
        Ok(())
    }

    /// Begins a draft with what an older version says.
    ///
    /// # Errors
    /// [`TransitionError::WrongStage`] if there is no such version, or another one is being worked on.
    pub fn restore(
        &mut self,
        number: u32,
        by: &UserId,
        at: Instant,
    ) -> Result<(), TransitionError> {
        let older = self
            .versions
            .iter()
            .find(|version| version.number == number);
        let content = older.ok_or(TransitionError::WrongStage)?.content.clone();
        if self.next().is_some() {
            return Err(TransitionError::WrongStage);
        }
        self.edit(content, by, at)
    }
}

fn draft(number: u32, content: Content, by: &UserId, at: Instant) -> Version {
    Version {
        number,
        stage: Stage::Draft { sent_back: None },
        content,
        authors: vec![by.clone()],
        at,
    }
}

#[cfg(test)]
mod tests;
