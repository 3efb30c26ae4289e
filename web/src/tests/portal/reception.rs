//! The answers beside the question of the reception, without scripts.

use super::*;
use crate::query::escape;

fn value(html: &str, name: &str) -> String {
    let (_, rest) = html
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_found_answer_is_taken_with_its_reference_and_category() {
    let open = open().await;
    let house = &open.house;
    let mut agent = house.user("sato", &[Role::Agent]).await;
    let (_, html) = house.open(&mut agent, "/reception").await;
    let fields = |html: &str, intent: &str| {
        let question = escape("旅費の請求を差し戻されたとき");
        let [ticket, source, articles] =
            ["ticket", "answer_source", "articles"].map(|name| escape(value(html, name)));
        format!(
            "ticket={ticket}&version=0&question={question}&answer_source={source}\
             &articles={articles}&channel=mail&intent={intent}"
        )
    };
    let (status, _, html) = house
        .submit(&mut agent, "/reception", &fields(&html, "find"))
        .await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("data-take=\"ryohi-002\"") && html.contains("<kbd>Alt+1</kbd>"));
    assert!(html.contains("窓口の担当者は") || html.contains("差戻しの理由を確認し"));
    let (_, _, html) = house
        .submit(&mut agent, "/reception", &fields(&html, "take+ryohi-002"))
        .await;
    for told in [
        "差戻しの理由を確認し、直してから請求し直してください。</textarea>",
        "name=\"answer_source\" value=\"article:ryohi-002\"",
        "<option value=\"f09\" selected>",
        "name=\"articles\" value=\"FAQ-0102\"",
    ] {
        assert!(html.contains(told), "{told}: {html}");
    }
    let body = format!("{}&answer=x", fields(&html, "save"));
    let (status, place, page) = house.submit(&mut agent, "/reception", &body).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
    let id = place.split('=').nth(1).unwrap();
    let ticket = house
        .store
        .lookup_ticket(&id.into())
        .await
        .unwrap()
        .unwrap();
    assert!(
        ticket.fields.articles.contains("ryohi-002"),
        "kept by its id"
    );
    // A number that nothing has is told of at its field.
    let body = format!(
        "{}&articles=FAQ-9999",
        fields(&html, "save").replace("&articles=", "&x=")
    );
    let (status, _, html) = house.submit(&mut agent, "/reception", &body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("「FAQ-9999」というFAQは見つかりません"));
}
