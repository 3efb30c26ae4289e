//! Many rows of a list that are changed by one press: what was chosen, and the page that tells what came of each.

use askama::Template;
use axum::extract::Query;
use axum::http::Uri;
use madoguchi_core::time::{Instant, Millis};

use super::form::Values;
use super::table_filter::Pairs;
use crate::error::WebError;
use crate::shell::Shell;
use crate::text;

/// Rows that are changed at once.
pub(crate) const AT_ONCE: u32 = 500;
/// What is not changed within so long is left for the next press: a request is answered in time.
pub(crate) const WITHIN: Millis = Millis::from_secs(10);
/// What is told of a row that is left for the next press.
pub(crate) const LATER: &str =
    "時間がかかったため、まだ変更していません。もう一度操作してください。";

/// The field of the rows that were chosen one by one.
const CHOSEN: &str = "chosen";

/// A row that was not changed.
pub(crate) struct Left {
    pub(crate) name: String,
    pub(crate) link: String,
    pub(crate) why: String,
}

/// What came of the rows.
#[derive(Template)]
#[template(path = "bulk_done.html")]
pub(crate) struct DonePage {
    pub(crate) shell: Shell,
    /// The list: its name and address, and its address with the filters that it had.
    pub(crate) list: (&'static str, &'static str),
    pub(crate) back: String,
    /// What a row is, and what its name is called.
    pub(crate) row: (&'static str, &'static str),
    /// What happened to those that were changed: 変更しました.
    pub(crate) done: &'static str,
    pub(crate) changed: Vec<(String, String)>,
    pub(crate) same: usize,
    pub(crate) left: Vec<Left>,
}

/// The fields that stand for rows.
pub(crate) fn chosen(pairs: &[(String, String)]) -> Vec<String> {
    let chosen = pairs.iter().filter(|(name, _)| name == CHOSEN);
    chosen.map(|(_, text)| text.clone()).collect()
}

/// What the list was asked for when the form was made, and when that was; `None`: rows were chosen one by one.
pub(crate) fn asked_by_filter(
    values: &Values,
    list: &str,
) -> Result<Option<(Pairs, Instant)>, WebError> {
    if values.get("all").is_empty() {
        return Ok(None);
    }
    let stale = || {
        let message =
            "この画面は古くなっています。一覧を開き直してから、もう一度操作してください。";
        WebError::BadRequest(message.to_owned())
    };
    let address = format!("{list}?{}", values.get("filter"));
    let address: Uri = address.parse().map_err(|_| stale())?;
    let Query(pairs) = Query::<Pairs>::try_from_uri(&address).map_err(|_| stale())?;
    Ok(Some((
        pairs,
        Instant(values.get("at").parse().unwrap_or(0)),
    )))
}

/// Refuses none and too many of something.
pub(crate) fn check_count(rows: usize, what: &str) -> Result<(), WebError> {
    let why = if rows == 0 {
        format!("変更する{what}を、表の左の欄で選んでください。")
    } else if rows > AT_ONCE as usize {
        let most = text::number(u64::from(AT_ONCE));
        format!(
            "一度に変更できるのは{most}件までです。条件で絞り込んでから、もう一度操作してください。"
        )
    } else {
        return Ok(());
    };
    Err(WebError::BadRequest(why))
}

/// The address of the list with the filters that it had.
pub(crate) fn back(list: &str, values: &Values) -> String {
    match values.get("filter") {
        "" => list.to_owned(),
        filter => format!("{list}?{filter}"),
    }
}
