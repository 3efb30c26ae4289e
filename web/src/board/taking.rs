//! 代わりに出る, 取る: the agent's own phone is rung for a caller who waits or is parked.

use axum::extract::{Path, State};
use axum::response::Redirect;
use madoguchi_core::access::SetOwnState;
use madoguchi_core::audit::Action;
use madoguchi_core::id::CallId;
use madoguchi_core::live::{DeskRequest, HandOnRefusal};

use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::query::escape;
use crate::state::Web;
use crate::text;

/// What the board says when a caller was asked for.
pub(super) const MESSAGES: [(&str, &str); 1] = [(
    TAKEN,
    "自分の電話機を呼び出しています。受話器を取ると、通話につながります。",
)];
/// What it says when the own phone is not rung.
pub(super) const FAILURES: [(&str, &str); 2] = [
    (GONE, "その通話は、ほかの担当者が取ったか、終わっています。"),
    (
        OWN_PHONE,
        "自分の電話機が通話中か、接続していないため、取れませんでした。",
    ),
];
const TAKEN: &str = "taken";
const GONE: &str = "take-gone";
const OWN_PHONE: &str = "take-own-phone";

/// Where a caller is taken.
pub(super) fn place(call: &CallId) -> String {
    format!("/board/take/{}", escape(call.as_str()))
}

pub(super) async fn take(
    visitor: Allowed<SetOwnState>,
    State(web): State<Web>,
    Path(call): Path<String>,
) -> Result<Redirect, WebError> {
    let own = visitor.user.agent.as_ref();
    let own = own.ok_or(WebError::NotFound("担当者"))?;
    let mut entry = visitor.entry(web.desk.now(), Action::CallTake, &call);
    let request = DeskRequest::Take(CallId::new(call));
    let done = web.desk.request(own.clone(), request).await;
    if let Err(refusal) = done {
        let why = text::hand_on_refusal(refusal, text::HAND_ON);
        entry.after.insert("refused".to_owned(), why);
    }
    // The caller must not wait for the database; what cannot be recorded there is in the log.
    if let Err(error) = web.store.append_audit(&[entry]).await {
        let by = visitor.user.id.as_str();
        tracing::error!(%error, by, "a caller was taken, and it is not recorded");
    }
    let done = match done {
        Ok(()) => TAKEN,
        Err(HandOnRefusal::Gone) => GONE,
        Err(_) => OWN_PHONE,
    };
    Ok(Redirect::to(&format!("/board?done={done}")))
}
