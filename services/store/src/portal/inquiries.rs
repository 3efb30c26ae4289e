//! What staff write to the desk by the form of the portal.

use madoguchi_core::article::ArticleNumber;
use madoguchi_core::portal::{Inquiry, ReceiptNumber};
use madoguchi_core::time::Instant;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::error::{Resource, StoreError};
use crate::sql::{Sql, storable};
use crate::store::Store;
use crate::tx::{Tx, UnrecordedTx};

/// One that comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInquiry {
    /// Its name, made by us: what is sent twice under one name is kept once.
    pub id: String,
    /// When.
    pub at: Instant,
    /// What was written.
    pub inquiry: Inquiry,
}

/// What staff are told of an inquiry that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Its number; `None` for one of an earlier version of the program.
    pub number: Option<ReceiptNumber>,
    /// When it came in.
    pub at: Instant,
}

/// One as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptInquiry {
    /// Its name.
    pub id: String,
    /// Its number; `None` for one of an earlier version of the program.
    pub number: Option<ReceiptNumber>,
    /// When it came in.
    pub at: Instant,
    /// What was written.
    pub inquiry: Inquiry,
    /// The number of the article that was read before, if it has one.
    pub article_number: Option<ArticleNumber>,
    /// When it was handled and by whom; `None`: it is open.
    pub handled: Option<(Instant, String)>,
    /// Counts up with every change.
    pub version: i64,
}

/// Which are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InquiryFilter {
    /// Only those that are open.
    pub open: bool,
    /// Only those about this article.
    pub article: Option<String>,
    /// Only the one of this number.
    pub number: Option<ReceiptNumber>,
    /// Older than the one of this instant and name: the next page.
    pub older_than: Option<(Instant, String)>,
    /// At the most so many.
    pub limit: u32,
}

impl Store {
    /// The number of an inquiry, and when it came in.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lookup_receipt(&self, id: &str) -> Result<Option<Receipt>, StoreError> {
        receipt(&mut *self.read()?.acquire().await?, id).await
    }

    /// What was written, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn list_inquiries(
        &self,
        filter: &InquiryFilter,
    ) -> Result<Vec<KeptInquiry>, StoreError> {
        let mut sql = Sql::new(
            "SELECT id, number, at, site, name, extension, body, article, query, handled_at, \
             handled_by, version, COALESCE((SELECT articles.number FROM articles \
             WHERE articles.id = inquiries.article), 0) AS article_number \
             FROM inquiries WHERE 1 = 1",
        );
        if filter.open {
            sql.push(" AND handled_at IS NULL");
        }
        if let Some(article) = &filter.article {
            sql.push(" AND article = ").bind(storable(article));
        }
        if let Some(number) = filter.number {
            sql.push(" AND number = ").bind(number.0);
        }
        if let Some((at, id)) = &filter.older_than {
            sql.push(" AND (at, id) < (").bind(at.0);
            sql.push(", ").bind(storable(id)).push(")");
        }
        sql.push(" ORDER BY at DESC, id DESC LIMIT ")
            .bind(i64::from(filter.limit));
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        rows.iter().map(read).collect()
    }

    /// How many are open.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn open_inquiries(&self) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT COUNT(*) AS open FROM inquiries WHERE handled_at IS NULL")
            .fetch_one(self.read()?)
            .await?;
        super::count(&row, "open")
    }
}

impl Tx {
    /// Marks one as handled by who acts in the record, or as open again.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if somebody else has changed it since `version`, or it is not there.
    pub async fn handle_inquiry(
        &mut self,
        id: &str,
        version: i64,
        handled: bool,
    ) -> Result<(), StoreError> {
        let changed = sqlx::query(
            "UPDATE inquiries SET handled_at = $1, handled_by = $2, version = version + 1 \
             WHERE id = $3 AND version = $4",
        )
        .bind(handled.then_some(self.entry().at.0))
        .bind(handled.then(|| storable(self.entry().actor.name())))
        .bind(storable(id))
        .bind(version)
        .execute(self.connection())
        .await?;
        if self.found(changed.rows_affected()) {
            Ok(())
        } else {
            Err(StoreError::Changed {
                what: Resource::Inquiry,
            })
        }
    }
}

impl UnrecordedTx {
    /// Keeps what was written under the next number; what is kept already keeps its own.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn add_inquiry(&mut self, new: &NewInquiry) -> Result<Receipt, StoreError> {
        // First, so that others wait who would take the same number or bring the same inquiry.
        sqlx::query("UPDATE inquiry_numbers SET last = last")
            .execute(self.connection())
            .await?;
        if let Some(kept) = receipt(self.connection(), &new.id).await? {
            return Ok(kept);
        }
        let row = sqlx::query("UPDATE inquiry_numbers SET last = last + 1 RETURNING last")
            .fetch_one(self.connection())
            .await?;
        let number: i64 = row.try_get("last")?;
        sqlx::query(
            "INSERT INTO inquiries (id, at, site, name, extension, body, article, query, number, \
             version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)",
        )
        .bind(&new.id)
        .bind(new.at.0)
        .bind(storable(&new.inquiry.site))
        .bind(storable(&new.inquiry.name))
        .bind(storable(&new.inquiry.extension))
        .bind(storable(&new.inquiry.text))
        .bind(new.inquiry.article.as_deref().map(storable))
        .bind(storable(&new.inquiry.query))
        .bind(number)
        .execute(self.connection())
        .await?;
        Ok(Receipt {
            number: Some(ReceiptNumber(number)),
            at: new.at,
        })
    }
}

async fn receipt(connection: &mut AnyConnection, id: &str) -> Result<Option<Receipt>, StoreError> {
    let row = sqlx::query("SELECT number, at FROM inquiries WHERE id = $1")
        .bind(storable(id))
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        Ok(Receipt {
            number: number(&row)?,
            at: Instant(row.try_get("at")?),
        })
    })
    .transpose()
}

fn number(row: &AnyRow) -> Result<Option<ReceiptNumber>, StoreError> {
    let number: Option<i64> = row.try_get("number")?;
    Ok(number.map(ReceiptNumber))
}

fn read(row: &AnyRow) -> Result<KeptInquiry, StoreError> {
    let article_number: i64 = row.try_get("article_number")?;
    let article_number = u32::try_from(article_number)
        .ok()
        .filter(|number| *number > 0);
    let handled_at: Option<i64> = row.try_get("handled_at")?;
    let handled_by: Option<String> = row.try_get("handled_by")?;
    Ok(KeptInquiry {
        id: row.try_get("id")?,
        number: number(row)?,
        at: Instant(row.try_get("at")?),
        inquiry: Inquiry {
            site: row.try_get("site")?,
            name: row.try_get("name")?,
            extension: row.try_get("extension")?,
            text: row.try_get("body")?,
            article: row.try_get("article")?,
            query: row.try_get("query")?,
        },
        article_number: article_number.map(ArticleNumber),
        handled: handled_at.map(|at| (Instant(at), handled_by.unwrap_or_default())),
        version: row.try_get("version")?,
    })
}
