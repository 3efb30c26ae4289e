//! What the document of the API tells of calls, figures, agents and hours.

use axum::http::StatusCode;
use madoguchi_core::live::AgentView;
use madoguchi_core::stats::StatsReport;
use serde_json::json;
use utoipa::openapi::schema::ObjectBuilder;

use super::answers::{Board, Call, Hours};
use crate::agents::StateRequest;
use crate::api_operation::{ApiGroup, ApiOperation};
use crate::state::Web;

pub(super) fn board(_: &Web) -> ApiOperation {
    ApiOperation::new("getBoard", ApiGroup::Desk, "いまの応答状況")
        .about("発信者の番号は、トークンに「通話の記録の閲覧」の権限があるときだけ含みます。")
        .gives::<Board>(StatusCode::OK, "応答状況")
}

pub(super) fn stats(_: &Web) -> ApiOperation {
    let by = ["total", "day", "month", "hour", "line", "agent"];
    ApiOperation::new("getStats", ApiGroup::Calls, "期間の集計")
        .about("指定がなければ、今日の合計です。")
        .query("from", "最初の日(例：2026-11-24)")
        .query("to", "最後の日(例：2026-11-24)")
        .choice("by", "集計の単位", by)
        .gives::<StatsReport>(StatusCode::OK, "件数と時間")
}

pub(super) fn call(_: &Web) -> ApiOperation {
    ApiOperation::new("getCall", ApiGroup::Calls, "1件の通話")
        .about("通話の中で起きたことを、順に含みます。読んだことは監査記録に残ります。")
        .part("id", "通話の番号")
        .gives::<Call>(StatusCode::OK, "通話")
}

pub(super) fn agents(_: &Web) -> ApiOperation {
    ApiOperation::new("listAgents", ApiGroup::Desk, "担当者の状態")
        .gives_list::<AgentView>("すべての担当者")
}

pub(super) fn set_agent_state(_: &Web) -> ApiOperation {
    ApiOperation::new("setAgentState", ApiGroup::Desk, "担当者の状態の変更")
        .about("自分の状態を変更します。「担当者の状態の変更」の権限があれば、ほかの担当者の状態も変更できます。")
        .part("id", "担当者の識別名")
        .takes::<StateRequest>(json!({ "command": "away", "reason": "会議" }))
        .gives_object("変更しました。", ObjectBuilder::new())
}

pub(super) fn hours(_: &Web) -> ApiOperation {
    ApiOperation::new("getHours", ApiGroup::Desk, "受付時間内かどうか")
        .query(
            "at",
            "日時(例：2026-12-29T09:00:00+09:00)。指定がなければ、今です。",
        )
        .query("line", "回線の識別名。指定がなければ、窓口の受付時間です。")
        .gives::<Hours>(StatusCode::OK, "受付時間")
        .refuses(StatusCode::NOT_FOUND, "この回線はありません。")
}
