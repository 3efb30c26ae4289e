//! The knowledge of the desk: Japanese analysis, index, search, suggestions, evaluation.
//!
//! [`Knowledge`] is the door. It keeps three indexes: one of the articles that staff may see, one of all
//! articles, one of answered tickets, so that a search from the portal never touches what is for the desk
//! alone, and tickets change nothing of how articles are ranked. How the search works and what each part
//! of it adds: docs/search.md.

mod analysis;
mod beginnings;
mod dictionary;
mod document;
mod entry;
mod error;
mod evaluate;
mod fields;
mod highlight;
mod index;
mod knowledge;
mod language;
mod meaning;
mod mixing;
mod passages;
mod query;
mod read;
mod search;
mod slots;
mod stored;
mod suggest;
mod word_positions;

pub use self::analysis::{Analyzer, Word};
pub use self::dictionary::Dictionary;
pub use self::entry::{Audience, Change, Entry, Feed, Positions, Source, Viewer};
pub use self::error::KbError;
pub use self::evaluate::{Evaluation, GradedQuery, evaluate};
pub use self::highlight::Fragment;
pub use self::knowledge::{Analysis, Knowledge, Rebuild, Trial};
pub use self::language::{Language, LanguageFault, SynonymGroup, UserWord};
pub use self::mixing::mix;
pub use self::query::{Query, SearchParts};
pub use self::search::{Fit, Found, Hit, Reason, SIGNALS, Verdict};
pub use self::suggest::Suggestion;
pub use madoguchi_encoder::{Encoder, EncoderError};
