//! What a search finds, as the API answers it.

use madoguchi_core::id::CategoryId;
use madoguchi_kb::Fragment;
use serde::Serialize;
use utoipa::ToSchema;

/// A piece of a text, as the search gives it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it tells the shape of another type")]
struct TextFragment {
    text: String,
    marked: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SearchResult)]
pub(super) struct FoundJson {
    pub(super) query: String,
    pub(super) total: usize,
    /// Nothing answers what was asked: these only come near.
    pub(super) near: bool,
    /// Whether the first of them answers, all only come near, or nothing was found.
    #[schema(value_type = String)]
    pub(super) verdict: madoguchi_kb::Verdict,
    pub(super) hits: Vec<HitJson>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SearchHit)]
pub(super) struct HitJson {
    pub(super) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) number: Option<String>,
    #[schema(value_type = String)]
    pub(super) source: madoguchi_kb::Source,
    pub(super) desk_only: bool,
    pub(super) category: CategoryId,
    pub(super) score: f32,
    /// How likely it answers, 0–1.
    pub(super) confidence: f32,
    #[schema(value_type = Vec<TextFragment>)]
    pub(super) question: Vec<Fragment>,
    #[schema(value_type = Vec<TextFragment>)]
    pub(super) excerpt: Vec<Fragment>,
    /// The part of the answer that answers.
    pub(super) passage: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) reasons: Vec<ReasonJson>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SearchReason)]
pub(super) struct ReasonJson {
    pub(super) kind: &'static str,
    pub(super) texts: Vec<String>,
    pub(super) share: f32,
}
