//! What is searched.

use madoguchi_core::article::ArticleNumber;
pub use madoguchi_core::audience::{Audience, Viewer};
use madoguchi_core::id::CategoryId;
use madoguchi_core::time::Instant;
use serde::{Deserialize, Serialize};

/// Where an entry comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// An article.
    Faq,
    /// A ticket that was answered.
    Ticket,
    Incident,
}

/// Where changes come from: each kind of entry has an index of its own, which stands at its own position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// Articles.
    Articles,
    /// Tickets that were answered.
    Tickets,
}

/// The positions in the feeds of changes at which everything was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Positions {
    /// Of articles.
    pub articles: i64,
    /// Of tickets.
    pub tickets: i64,
}

/// Something that answers a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name, unique over all sources.
    pub id: String,
    /// Its number, if it is an article: by it alone it is found, too.
    pub number: Option<ArticleNumber>,
    /// Where it comes from.
    pub source: Source,
    /// Whom it is meant for.
    pub audience: Audience,
    pub question: String,
    /// The answer as plain text.
    pub answer: String,
    /// Its category, if it has one.
    pub category: CategoryId,
    /// Words that lead to it besides those in its text.
    pub keywords: Vec<String>,
    /// How the question is read in kana, where the dictionary does not know.
    pub reading: Option<String>,
    /// How many calls it settled.
    pub settled: u32,
    /// When it was last changed.
    pub updated_at: Instant,
}

impl Entry {
    /// The feed that tells of its changes.
    pub fn feed(&self) -> Feed {
        match self.source {
            Source::Faq => Feed::Articles,
            Source::Ticket | Source::Incident => Feed::Tickets,
        }
    }

    /// Whether staff may see it.
    pub(crate) fn is_for_portal(&self) -> bool {
        self.source == Source::Faq && self.audience.includes(Viewer::Portal)
    }
}

/// What happened to an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is new, or other than before.
    Put(Box<Entry>),
    /// It is to be found no more.
    Remove(String),
}
