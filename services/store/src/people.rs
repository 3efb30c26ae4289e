//! 職員: the directory of people who may call.

mod paging;

use std::collections::BTreeMap;

use madoguchi_core::id::PersonId;
use madoguchi_core::normal::normal_text;
use madoguchi_core::person::Person;
use madoguchi_core::phone;
use madoguchi_core::time::Instant;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::error::StoreError;
use crate::sql::{ROWS_IN_A_STATEMENT, Sql, storable};
use crate::store::Store;
use crate::tx::UnrecordedTx;

const COLUMNS: &str = "id, name, kana, site, department, mail, numbers, left_on";
/// The most letters of a person that words are looked for in, and of a word.
const SEARCH_LETTERS: usize = 1_000;
const WORD_LETTERS: usize = 100;

/// Which people are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonFilter {
    /// With these letters in name, kana, 職員番号, 拠点, 部署 or a number.
    pub word: String,
    /// Also those who left.
    pub left: bool,
}

impl UnrecordedTx {
    /// Keeps people in place of what was known of them: one batch of an import, all or none.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then the unit cannot be committed.
    pub async fn save_people(&mut self, people: &[Person], at: Instant) -> Result<(), StoreError> {
        for some in people.chunks(ROWS_IN_A_STATEMENT) {
            let saved = save(self.connection(), some, at).await;
            self.checked(saved)?;
        }
        Ok(())
    }

    /// Marks those whom no import since an instant has named as left on that day; tells how many.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then the unit cannot be committed.
    pub async fn mark_people_left(&mut self, since: Instant) -> Result<u64, StoreError> {
        let marked = sqlx::query(
            "UPDATE people SET left_on = $1 WHERE imported_at < $2 AND left_on IS NULL",
        )
        .bind(since.date().to_string())
        .bind(since.0)
        .execute(self.connection())
        .await;
        let marked = self.checked(marked.map_err(StoreError::from))?;
        Ok(marked.rows_affected())
    }
}

impl Store {
    /// A person, also one who left.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn lookup_person(&self, id: &PersonId) -> Result<Option<Person>, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS).push(" FROM people WHERE id = ");
        sql.bind(storable(id.as_str()));
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        rows.first().map(read).transpose()
    }

    /// Who may call from a number, in any spelling; those who left are not among them. They are in the
    /// order of their ids, those whose main number it is first.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn people_of_number(
        &self,
        number: &str,
        limit: u32,
    ) -> Result<Vec<Person>, StoreError> {
        let number = phone::normalize(number);
        if number.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS)
            .push(" FROM people WHERE left_on IS NULL AND id IN (SELECT person_id FROM people_numbers WHERE number = ");
        sql.bind(storable(&number)).push(") ORDER BY id LIMIT ");
        sql.bind(i64::from(limit));
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        let mut people: Vec<Person> = rows.iter().map(read).collect::<Result<_, _>>()?;
        people.sort_by_key(|person| person.numbers.first() != Some(&number));
        Ok(people)
    }

    /// The 拠点 from which each number calls, in canonical form; numbers of several 拠点 are left out.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sites_of_numbers(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let rows = sqlx::query(
            "SELECT n.number AS number, MIN(p.site) AS site FROM people_numbers n \
             JOIN people p ON p.id = n.person_id WHERE p.site <> '' \
             GROUP BY n.number HAVING MIN(p.site) = MAX(p.site)",
        )
        .fetch_all(self.read()?)
        .await?;
        rows.iter()
            .map(|row| Ok((row.try_get("number")?, row.try_get("site")?)))
            .collect()
    }

    /// How many there are, without those who left.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_people(&self) -> Result<u64, StoreError> {
        let row = sqlx::query(
            "SELECT CAST(COUNT(*) AS BIGINT) AS found FROM people WHERE left_on IS NULL",
        )
        .fetch_one(self.read()?)
        .await?;
        let found: i64 = row.try_get("found")?;
        Ok(found.unsigned_abs())
    }
}

async fn save(
    connection: &mut AnyConnection,
    people: &[Person],
    at: Instant,
) -> Result<(), StoreError> {
    // One statement cannot change a row twice; the last word about a person counts.
    let last: std::collections::BTreeMap<&PersonId, &Person> =
        people.iter().map(|person| (&person.id, person)).collect();
    if last.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new("INSERT INTO people (");
    sql.push(COLUMNS).push(", search, imported_at) VALUES ");
    for (n, person) in last.values().enumerate() {
        sql.push(if n == 0 { "(" } else { ", (" });
        write(&mut sql, person, at)?;
        sql.push(")");
    }
    sql.push(
        " ON CONFLICT (id) DO UPDATE SET name = excluded.name, kana = excluded.kana, \
         site = excluded.site, department = excluded.department, mail = excluded.mail, \
         numbers = excluded.numbers, left_on = excluded.left_on, search = excluded.search, \
         imported_at = excluded.imported_at",
    );
    sql.execute(&mut *connection).await?;
    let mut sql = Sql::new("DELETE FROM people_numbers WHERE person_id IN (");
    sql.bind_all(last.keys().map(|id| id.as_str())).push(")");
    sql.execute(&mut *connection).await?;
    let numbers = last.values().flat_map(|person| {
        let numbers = person.numbers.iter();
        numbers.map(|number| (number.as_str(), person.id.as_str()))
    });
    let numbers: Vec<(&str, &str)> = numbers.collect();
    for some in numbers.chunks(ROWS_IN_A_STATEMENT) {
        let mut sql = Sql::new("INSERT INTO people_numbers (number, person_id) VALUES ");
        for (n, (number, id)) in some.iter().enumerate() {
            sql.push(if n == 0 { "(" } else { ", (" });
            sql.bind(storable(number)).push(", ");
            sql.bind(storable(id)).push(")");
        }
        sql.push(" ON CONFLICT (number, person_id) DO NOTHING");
        sql.execute(&mut *connection).await?;
    }
    Ok(())
}

fn write(sql: &mut Sql, person: &Person, at: Instant) -> Result<(), StoreError> {
    let numbers = serde_json::to_string(&person.numbers)
        .map_err(|source| unreadable(person.id.as_str(), source))?;
    let texts = [
        person.id.as_str(),
        &person.name,
        &person.kana,
        &person.site,
        &person.department,
        &person.mail,
    ];
    for text in texts {
        sql.bind(storable(text)).push(", ");
    }
    sql.bind(storable(&numbers)).push(", ");
    sql.bind(person.left_on.map(|day| day.to_string()))
        .push(", ");
    let searched = texts
        .into_iter()
        .chain(person.numbers.iter().map(String::as_str));
    let searched = searched.collect::<Vec<_>>().join("\n");
    sql.bind(storable(&normal_text(&searched, SEARCH_LETTERS)))
        .push(", ");
    sql.bind(at.0);
    Ok(())
}

fn read(row: &AnyRow) -> Result<Person, StoreError> {
    let id: &str = row.try_get("id")?;
    let numbers: &str = row.try_get("numbers")?;
    let numbers = serde_json::from_str(numbers).map_err(|source| unreadable(id, source))?;
    let left_on: Option<String> = row.try_get("left_on")?;
    Ok(Person {
        id: PersonId::new(id),
        name: row.try_get("name")?,
        kana: row.try_get("kana")?,
        site: row.try_get("site")?,
        department: row.try_get("department")?,
        mail: row.try_get("mail")?,
        numbers,
        left_on: left_on.and_then(|day| day.parse().ok()),
    })
}

fn unreadable(id: &str, source: serde_json::Error) -> StoreError {
    StoreError::Unreadable {
        what: format!("person {id}"),
        source,
    }
}
