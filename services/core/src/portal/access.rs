//! アクセスレポート: what was read and looked for in a period.

use std::collections::BTreeMap;

use crate::id::ArticleId;

/// The access of a period.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessFigures {
    /// By article.
    pub articles: BTreeMap<ArticleId, ArticleAccess>,
    /// In the portal.
    pub portal: PlaceAccess,
    /// At the desk.
    pub desk: PlaceAccess,
    /// By site, in the portal; `None`: the site is unknown.
    pub sites: BTreeMap<Option<String>, Used>,
    /// By hour of the day, in the portal.
    pub hours: BTreeMap<u32, Used>,
    /// What was looked for most often, in one form.
    pub queries: Vec<(String, u64)>,
}

/// What an article was used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ArticleAccess {
    /// Read in the portal.
    pub portal: u64,
    /// Read at the desk.
    pub desk: u64,
    /// Of these, come to by a search.
    pub by_search: u64,
    /// 役に立った
    pub helped: u64,
    /// 役に立たなかった
    pub not_helped: u64,
    /// これで解決
    pub settled: u64,
}

/// Searches at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlaceAccess {
    /// How often somebody searched.
    pub searches: u64,
    /// Of these, without result.
    pub in_vain: u64,
    /// Of these, with a result that was opened.
    pub opened: u64,
    /// Articles read.
    pub views: u64,
}

/// Searches and views.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// How often somebody searched.
    pub searches: u64,
    /// Articles read.
    pub views: u64,
}
