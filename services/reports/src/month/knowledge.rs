//! What became of the FAQ in a month, and what it was used for.

use std::collections::BTreeMap;

use madoguchi_core::id::ArticleId;

/// Figures of the FAQ in a month.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnowledgeFigures {
    /// Articles that were published at the end of the month before.
    pub shown_before: Vec<ArticleId>,
    /// 新規: first published in the month.
    pub new: Vec<ArticleId>,
    /// 改訂: published before, and again in the month.
    pub revised: Vec<ArticleId>,
    /// 廃止: taken out of use in the month.
    pub retired: Vec<ArticleId>,
    /// Articles that are published at the end of the month.
    pub shown_after: Vec<ArticleId>,
    /// 閲覧
    pub views: u64,
    /// 検索
    pub searches: u64,
    /// Searches without result.
    pub without_result: u64,
    /// Searches of which a result was opened.
    pub opened: u64,
    /// Visits after which no call came, and all visits whose site is known (自己解決).
    pub deflected: (u64, u64),
    /// 結果のない検索語 and how often.
    pub missed_words: Vec<(String, u64)>,
    /// The numbers of articles that changed since the beginning of the month.
    pub numbers: BTreeMap<ArticleId, String>,
}
