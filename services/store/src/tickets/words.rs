//! Words in tickets. An index of neighbouring letters tells which tickets can hold a word: of pairs, as most
//! Japanese words have two, of three, as numbers are made of pairs that are everywhere, and of five digits, as
//! numbers of tickets are full of zeros. The text itself decides. So a word is found wherever it stands, as in Japanese nothing stands between words, and at a
//! cost that depends on what is found and not on how many tickets there are.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use madoguchi_core::normal::normal_text;
use madoguchi_core::ticket::TicketNumber;
use sqlx::{AnyConnection, Row};

use super::row;
use crate::derived;
use crate::error::StoreError;
use crate::sql::{Sql, escaped, is_postgresql, storable};
use crate::store::Store;

/// The most words that are looked for, and the longest.
const WORDS: usize = 5;
const WORD_LETTERS: usize = 100;
/// To be raised whenever [`terms_of_text`] gives others for the same text: the next start then makes the index
/// anew.
const VERSION: i64 = 3;
const INDEX: &str = "ticket_words";
/// Tickets of which the index is made anew at a time.
const AT_ONCE: i64 = 500;
/// Words whose letters stand in more tickets than this may be met soon by going through the list in
/// its order; then the index is not asked for them.
const RARE: i64 = 2_000;
/// Whether they are is seen in so many of the newest of those tickets,
const PROBED: i64 = 300;
/// of which so many must hold the words.
const DENSE: i64 = 50;
/// So often what was found out of words holds; and of so many.
const USES_OF_A_PLAN: u32 = 50;
const PLANS_AT_MOST: usize = 200;
/// Rows of the index in SQLite are numbered by fiscal year and sequence: fewer tickets than this are
/// received in a year.
const SEQUENCES: i64 = 10_000_000;

/// What is looked for, and how.
pub(super) struct WordQuery {
    words: Vec<String>,
    index: Option<IndexQuery>,
}

/// Whether the index is of this version: until it is made anew, nobody asks it.
#[derive(Debug, Clone, Default)]
pub(crate) struct IndexState(Arc<AtomicBool>);

/// Whether words are rare, as it was found out not long ago: a page of a list asks twice, and its next page
/// again. It decides how tickets are looked for and not which are found.
#[derive(Debug, Clone, Default)]
pub(crate) struct WordPlans(Arc<Mutex<HashMap<Vec<String>, Plan>>>);

#[derive(Debug)]
struct Plan {
    is_rare: bool,
    uses_left: u32,
}

impl WordPlans {
    fn known(&self, words: &[String]) -> Option<bool> {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let plan = plans.get_mut(words)?;
        plan.uses_left = plan.uses_left.checked_sub(1)?;
        Some(plan.is_rare)
    }

    fn keep(&self, words: Vec<String>, is_rare: bool) {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if plans.len() >= PLANS_AT_MOST {
            plans.clear();
        }
        let uses_left = USES_OF_A_PLAN;
        plans.insert(words, Plan { is_rare, uses_left });
    }
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
        if words.is_empty() || !self.word_index.0.load(Ordering::Acquire) {
            return Ok(WordQuery { words, index: None });
        }
        let index = IndexQuery::of(&words, self.is_postgresql());
        let query = WordQuery { words, index: None };
        let is_rare = match self.word_plans.known(&query.words) {
            Some(is_rare) => is_rare,
            None => {
                let is_rare = self.is_rare(&query, &index).await?;
                self.word_plans.keep(query.words.clone(), is_rare);
                is_rare
            }
        };
        Ok(WordQuery {
            index: is_rare.then_some(index),
            ..query
        })
    }

    async fn is_rare(&self, query: &WordQuery, index: &IndexQuery) -> Result<bool, StoreError> {
        let mut sql = Sql::new(
            "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT 1 AS one FROM ticket_words",
        );
        index.restrict(&mut sql);
        sql.push(" LIMIT ").bind(RARE + 1).push(") AS found");
        let found = self.number_of(sql).await?;
        Ok(found <= RARE || self.number_of(query.probe(index)).await? < DENSE)
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

/// Each two and each three neighbours in each word, the last letter of each, and each five digits in a row.
fn terms_of_text(text: &str) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        terms.extend(letters.windows(2).map(pair));
        terms.extend(letters.windows(3).map(three));
        terms.extend(five_digits(&letters));
        terms.extend(letters.last().map(|last| pair(&[*last])));
    }
    terms
}

/// What a text that holds this word has in the index; a `*` stands for any ending.
fn terms_of_word(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    match letters.len() {
        0 => Vec::new(),
        1 => vec![format!("{}*", pair(&letters))],
        2 => vec![pair(&letters)],
        _ => {
            let numbers: Vec<String> = five_digits(&letters).collect();
            let threes = letters.windows(3);
            let threes = threes.filter(|three| numbers.is_empty() || !are_digits(three));
            let threes: Vec<String> = threes.map(three).collect();
            [threes, numbers].concat()
        }
    }
}

/// Five digits in a row; no beginning of a pair or of three.
fn five_digits(letters: &[char]) -> impl Iterator<Item = String> {
    let numbers = letters.windows(5).filter(|five| are_digits(five));
    numbers.map(|five| format!("n{}", five.iter().collect::<String>()))
}

fn are_digits(letters: &[char]) -> bool {
    letters.iter().all(char::is_ascii_digit)
}

/// Two letters, or the last one, in letters and digits that no database takes for anything else.
fn pair(letters: &[char]) -> String {
    let mut letters = letters
        .iter()
        .map(|letter| format!("{:x}", u32::from(*letter)));
    let first = letters.next().unwrap_or_default();
    format!("k{first}z{}", letters.next().unwrap_or_default())
}

/// Three letters; no beginning of a pair.
fn three(letters: &[char]) -> String {
    let letters = letters
        .iter()
        .map(|letter| format!("{:x}", u32::from(*letter)));
    format!("m{}", letters.collect::<Vec<_>>().join("z"))
}

impl Store {
    /// Sees whether the index can be asked, when the store begins to use its database. Where there are tickets,
    /// making it anew is for later.
    pub(crate) async fn join_word_index(&self) -> Result<(), StoreError> {
        if self.look_at_word_index().await? {
            return Ok(());
        }
        let any = sqlx::query("SELECT 1 AS one FROM tickets LIMIT 1")
            .fetch_optional(&self.read)
            .await?;
        match any {
            Some(_) => Ok(()),
            None => self.rebuild_word_index_if_outdated().await,
        }
    }

    /// Sees whether the index is of this version; until it is, words are looked for in every text.
    async fn look_at_word_index(&self) -> Result<bool, StoreError> {
        let is_current = derived::is_current(&self.read, INDEX, VERSION).await?;
        self.word_index.0.store(is_current, Ordering::Release);
        Ok(is_current)
    }

    /// Makes the index of words in tickets anew if another version of the program has made it, a few hundred
    /// tickets at a time while reading and writing go on.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn rebuild_word_index_if_outdated(&self) -> Result<(), StoreError> {
        if self.look_at_word_index().await? {
            return Ok(());
        }
        let (mut last, mut tickets) = ((0, 0), 0_u64);
        loop {
            let mut tx = self.begin_anyway().await?;
            let rows = sqlx::query(
                "SELECT fiscal_year, sequence, search FROM tickets \
                 WHERE (fiscal_year, sequence) > ($1, $2) \
                 ORDER BY fiscal_year, sequence LIMIT $3",
            )
            .bind(last.0)
            .bind(last.1)
            .bind(AT_ONCE)
            .fetch_all(&mut *tx)
            .await?;
            for row in &rows {
                last = (row.try_get("fiscal_year")?, row.try_get("sequence")?);
                index(&mut tx, row::number(row)?, row.try_get("search")?).await?;
            }
            tickets += rows.len() as u64;
            if rows.is_empty() {
                derived::note(&mut tx, INDEX, VERSION).await?;
            }
            tx.commit().await?;
            if rows.is_empty() {
                break;
            }
        }
        if tickets > 0 {
            tracing::info!(tickets, "the index of words in tickets was made anew");
        }
        self.look_at_word_index().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_terms_of_every_word_that_stands_in_it() {
        let text = "旅費の精算\n03-1234-5678 vpn r8-0050000";
        let terms = terms_of_text(text);
        let has = |word: &str| {
            let of_word = terms_of_word(word);
            of_word.iter().all(|term| match term.strip_suffix('*') {
                Some(begin) => terms.iter().any(|one| one.starts_with(begin)),
                None => terms.contains(term),
            })
        };
        for word in [
            "旅費の精算",
            "費の精",
            "費の",
            "算",
            "1234",
            "234",
            "pn",
            "vpn",
            "n",
            "8",
            "旅",
            "0050000",
            "50000",
            "r8-0050000",
        ] {
            assert!(has(word), "{word}");
        }
        for word in [
            "算0", "精費", "x", "8v", "費旅", "1235", "123-4", "算03", "5000000", "r8-50000",
        ] {
            assert!(!has(word), "{word}");
        }
    }
}
