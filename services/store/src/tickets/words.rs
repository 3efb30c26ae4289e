//! Words in tickets. An index of letter pairs tells which tickets can hold a word; the text itself
//! decides. So a word is found wherever it stands, as in Japanese nothing stands between words, and at a
//! cost that depends on what is found and not on how many tickets there are.

use std::collections::BTreeSet;

use madoguchi_core::normal::normal_text;
use madoguchi_core::ticket::TicketNumber;
use sqlx::{AnyConnection, Row};

use crate::error::StoreError;
use crate::sql::{Sql, escaped, is_postgresql, storable};
use crate::store::Store;

/// The most words that are looked for, and the longest.
const WORDS: usize = 5;
const WORD_LETTERS: usize = 100;
/// Words whose letter pairs stand in more tickets than this may be met soon by going through the list in
/// its order; then the index is not asked for them.
const RARE: i64 = 2_000;
/// Whether they are is seen in so many of the newest of those tickets,
const PROBED: i64 = 300;
/// of which so many must hold the words: numbers are made of pairs that are everywhere.
const DENSE: i64 = 50;
/// Rows of the index in SQLite are numbered by fiscal year and sequence: fewer tickets than this are
/// received in a year.
const SEQUENCES: i64 = 10_000_000;

/// What is looked for, and how.
pub(super) struct WordQuery {
    words: Vec<String>,
    index: Option<IndexQuery>,
}

/// A question that the index of a database answers.
enum IndexQuery {
    Sqlite(String),
    Postgresql(String),
}

impl Store {
    /// How the tickets that hold all of these words are best found.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(super) async fn word_query(&self, typed: &str) -> Result<WordQuery, StoreError> {
        let words = words(typed);
        if words.is_empty() {
            return Ok(WordQuery { words, index: None });
        }
        let index = IndexQuery::of(&words, self.is_postgresql());
        let mut sql = Sql::new(
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT 1 AS one FROM ticket_words",
        );
        index.restrict(&mut sql);
        sql.push(" LIMIT ").bind(RARE + 1).push(") AS found");
        let found = self.number_of(sql).await?;
        let query = WordQuery { words, index: None };
        let is_rare = found <= RARE || self.number_of(query.probe(&index)).await? < DENSE;
        Ok(WordQuery {
            index: is_rare.then_some(index),
            ..query
        })
    }

    async fn number_of(&self, sql: Sql) -> Result<i64, StoreError> {
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        Ok(rows.first().map_or(Ok(0), |row| row.try_get("n"))?)
    }
}

impl WordQuery {
    /// Adds the condition that a ticket holds all words.
    pub(super) fn restrict(&self, sql: &mut Sql) {
        if let Some(index) = &self.index {
            sql.push(" AND (fiscal_year, sequence) IN (SELECT ");
            index.number(sql);
            sql.push(" FROM ticket_words");
            index.restrict(sql);
            sql.push(")");
        }
        self.decide(sql);
    }

    /// The text itself decides.
    fn decide(&self, sql: &mut Sql) {
        for word in &self.words {
            sql.push(" AND search LIKE ")
                .bind(format!("%{}%", escaped(&storable(word))))
                .push(" ESCAPE '!'");
        }
    }

    /// How many of the newest tickets that the index names hold the words.
    fn probe(&self, index: &IndexQuery) -> Sql {
        let mut sql = Sql::new(
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM tickets WHERE (fiscal_year, sequence) IN (SELECT ",
        );
        index.number(&mut sql);
        sql.push(" FROM ticket_words");
        index.restrict(&mut sql);
        sql.push(match index {
            IndexQuery::Sqlite(_) => " ORDER BY rowid DESC LIMIT ",
            IndexQuery::Postgresql(_) => " ORDER BY fiscal_year DESC, sequence DESC LIMIT ",
        })
        .bind(PROBED)
        .push(")");
        self.decide(&mut sql);
        sql
    }
}

impl IndexQuery {
    fn of(words: &[String], is_postgresql: bool) -> Self {
        let terms: BTreeSet<String> = words.iter().flat_map(|word| terms_of_word(word)).collect();
        let terms: Vec<String> = terms.into_iter().collect();
        if is_postgresql {
            let terms = terms.iter().map(|term| match term.strip_suffix('*') {
                Some(begin) => format!("{begin}:*"),
                None => term.clone(),
            });
            Self::Postgresql(terms.collect::<Vec<_>>().join(" & "))
        } else {
            Self::Sqlite(terms.join(" AND "))
        }
    }

    fn restrict(&self, sql: &mut Sql) {
        match self {
            Self::Sqlite(query) => sql.push(" WHERE ticket_words MATCH ").bind(query.as_str()),
            Self::Postgresql(query) => sql
                .push(" WHERE words @@ CAST(")
                .bind(query.as_str())
                .push(" AS tsquery)"),
        };
    }

    fn number(&self, sql: &mut Sql) {
        match self {
            Self::Sqlite(_) => {
                sql.push("rowid / ").bind(SEQUENCES);
                sql.push(", rowid % ").bind(SEQUENCES)
            }
            Self::Postgresql(_) => sql.push("fiscal_year, sequence"),
        };
    }
}

/// Keeps which letters stand in a ticket's text, in the place of what was kept of it.
pub(super) async fn index(
    connection: &mut AnyConnection,
    number: TicketNumber,
    text: &str,
) -> Result<(), StoreError> {
    let terms: Vec<_> = terms_of_text(text).into_iter().collect();
    let (year, sequence) = (i64::from(number.fiscal_year), i64::from(number.sequence));
    let query = if is_postgresql(connection) {
        sqlx::query(
            "INSERT INTO ticket_words (fiscal_year, sequence, words) \
             VALUES ($1, $2, array_to_tsvector(string_to_array($3, ' '))) \
             ON CONFLICT (fiscal_year, sequence) DO UPDATE SET words = excluded.words",
        )
        .bind(year)
        .bind(sequence)
    } else {
        sqlx::query("INSERT OR REPLACE INTO ticket_words (rowid, words) VALUES ($1, $2)")
            .bind(year * SEQUENCES + sequence)
    };
    query.bind(terms.join(" ")).execute(connection).await?;
    Ok(())
}

/// The words that are looked for, as the text of tickets has them.
fn words(typed: &str) -> Vec<String> {
    let normal = normal_text(typed, WORDS * (WORD_LETTERS + 1));
    let words = normal.split(' ').filter(|word| !word.is_empty());
    words
        .take(WORDS)
        .map(|word| word.chars().take(WORD_LETTERS).collect())
        .collect()
}

/// Each pair of neighbours in each word, and the last letter of each.
fn terms_of_text(text: &str) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    for word in text.split_whitespace() {
        let mut letters = word.chars().peekable();
        while let Some(letter) = letters.next() {
            terms.insert(term(letter, letters.peek().copied()));
        }
    }
    terms
}

/// What a text that holds this word has in the index; a `*` stands for any ending.
fn terms_of_word(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    match letters[..] {
        [] => Vec::new(),
        [alone] => vec![format!("{}*", term(alone, None))],
        _ => {
            let pairs = letters.windows(2);
            let pairs = pairs.filter_map(|pair| match *pair {
                [one, next] => Some(term(one, Some(next))),
                _ => None,
            });
            pairs.collect()
        }
    }
}

/// A letter and the next in letters and digits that no database takes for anything else.
fn term(letter: char, next: Option<char>) -> String {
    let next = next.map(|next| format!("{:x}", u32::from(next)));
    format!("k{:x}z{}", u32::from(letter), next.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_terms_of_every_word_that_stands_in_it() {
        let text = "旅費の精算\n03-1234-5678 vpn";
        let terms = terms_of_text(text);
        let has = |word: &str| {
            let of_word = terms_of_word(word);
            of_word.iter().all(|term| match term.strip_suffix('*') {
                Some(begin) => terms.iter().any(|one| one.starts_with(begin)),
                None => terms.contains(term),
            })
        };
        for word in ["旅費の精算", "費の", "算", "1234", "pn", "n", "8", "旅"] {
            assert!(has(word), "{word}");
        }
        for word in ["算0", "精費", "x", "8v", "費旅"] {
            assert!(!has(word), "{word}");
        }
    }
}
