//! What the document of the API tells of tickets and their contacts.

use axum::http::StatusCode;
use serde_json::json;

use super::api::{ContactsJson, NewJson, TicketsJson};
use super::columns::TicketList;
use super::fields_schema::ChangeSchema;
use super::json::TicketJson;
use crate::api_operation::{ApiGroup, ApiOperation};
use crate::kit::table_api;
use crate::state::Web;

const GROUP: ApiGroup = ApiGroup::Tickets;

pub(super) fn list(web: &Web) -> ApiOperation {
    let operation = ApiOperation::new("listTickets", GROUP, "問合せの一覧")
        .about("新しい順に50件ずつ読みます。氏名と電話番号を含みます。読んだことは監査記録に残ります。")
        .gives::<TicketsJson<'_>>(StatusCode::OK, "条件に合う問合せ");
    table_api::narrowed::<TicketList>(web, operation)
}

pub(super) fn create(_: &Web) -> ApiOperation {
    ApiOperation::new("createTicket", GROUP, "問合せの登録")
        .about(
            "問合せを1件登録します。同じIdempotency-Keyと同じ内容でもう一度送ると、登録せずに、最初と同じ答えを返します。通信が途中で切れたときは、同じキーで送り直してください。キーは利用者ごとに1日間、10,000個まで覚えます。1日を過ぎたキーは、新しい登録になります。",
        )
        .header("Idempotency-Key", "この登録だけの値(200文字以内)")
        .takes::<NewJson>(json!({
            "fields": {
                "question": "旅費の精算が差し戻された理由を知りたい。",
                "answer": "領収書を付けて、出し直してください。",
                "channel": "mail",
                "name": "年金 花子",
                "site": "中央年金事務所",
                "tags": ["旅費"],
            },
            "outcome": "answered_at_once",
        }))
        .gives::<TicketJson<'_>>(StatusCode::CREATED, "登録した問合せ")
        .with_etag()
        .refuses(
            StatusCode::UNPROCESSABLE_ENTITY,
            "個人番号や基礎年金番号のように見える数字があります。番号でないことを確かめたら、sensitive_confirmedをtrueにして、もう一度送ってください。",
        )
        .refuses(
            StatusCode::CONFLICT,
            "このIdempotency-Keyは、別の内容の登録に使われています。",
        )
}

pub(super) fn one(_: &Web) -> ApiOperation {
    ApiOperation::new("getTicket", GROUP, "1件の問合せ")
        .about("応対、機能分析、エスカレーション、メモを含みます。読んだことは監査記録に残ります。")
        .part("number", "受付番号(例：R8-00123)")
        .gives::<TicketJson<'_>>(StatusCode::OK, "問合せ")
        .with_etag()
}

pub(super) fn change(_: &Web) -> ApiOperation {
    ApiOperation::new("changeTicket", GROUP, "問合せの変更")
        .about(
            "送った項目だけを変更します。読み取った後でほかの人が変更していたときは、何も変更せずに、いまの内容を返します(412)。",
        )
        .part("number", "受付番号(例：R8-00123)")
        .header("If-Match", "読み取ったときのETag")
        .takes::<ChangeSchema>(json!({
            "answer": "領収書を付けて、出し直してください。",
            "work_minutes": 15,
            "status": "answered",
        }))
        .gives::<TicketJson<'_>>(StatusCode::OK, "変更した問合せ")
        .with_etag()
        .gives::<TicketJson<'_>>(
            StatusCode::PRECONDITION_FAILED,
            "ほかの人が先に変更しました。いまの問合せを返します。",
        )
        .with_etag()
        .refuses(
            StatusCode::UNPROCESSABLE_ENTITY,
            "個人番号や基礎年金番号のように見える数字があります。番号でないことを確かめたら、sensitive_confirmedをtrueにして、もう一度送ってください。",
        )
        .refuses(StatusCode::PRECONDITION_REQUIRED, "If-Matchがありません。")
}

pub(super) fn contacts(_: &Web) -> ApiOperation {
    ApiOperation::new("listContacts", GROUP, "応対の一覧")
        .about("始まりの古い順に100件ずつ読みます。指定がなければ、今日の応対です。")
        .query("ticket", "受付番号")
        .query("call", "通話の番号")
        .query("from", "最初の日(例：2026-11-24)")
        .query("to", "最後の日(例：2026-11-24)")
        .query("after", "続きを読むときに、前の答えのafterを指定します。")
        .gives::<ContactsJson>(StatusCode::OK, "応対")
}
