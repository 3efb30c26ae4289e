//! What the document of the API tells of the knowledge.

use axum::http::StatusCode;

use super::article::ArticleJson;
use super::found::FoundJson;
use crate::api_operation::{ApiGroup, ApiOperation};
use crate::portal::finding::Suggested;
use crate::state::Web;

const GROUP: ApiGroup = ApiGroup::Knowledge;

pub(super) fn search(_: &Web) -> ApiOperation {
    ApiOperation::new("searchKnowledge", GROUP, "FAQの検索")
        .about("窓口の中だけの記事も含みます。")
        .query("q", "探す言葉や文")
        .query("category", "分類の識別名")
        .query("limit", "件数(50まで。指定がなければ10)")
        .query("offset", "飛ばす件数(1,000まで)")
        .query("explain", "何かを指定すると、順位の理由を含みます。")
        .gives::<FoundJson>(StatusCode::OK, "見つかった記事")
        .refuses(
            StatusCode::SERVICE_UNAVAILABLE,
            "検索の準備ができていません。",
        )
}

pub(super) fn suggest(_: &Web) -> ApiOperation {
    ApiOperation::new("suggestKnowledge", GROUP, "入力の候補")
        .query("q", "入力した文字")
        .gives_list::<Suggested>("候補(8件まで)")
}

pub(super) fn article(_: &Web) -> ApiOperation {
    ApiOperation::new("getArticle", GROUP, "1件の記事")
        .part("id", "記事の番号か識別名(例：FAQ-0012)")
        .gives::<ArticleJson>(StatusCode::OK, "記事")
}
