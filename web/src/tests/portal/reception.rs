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

#[tokio::test]
async fn what_others_asked_today_and_what_the_部署_asks_is_offered_before_anything_is_typed() {
    let open = open().await;
    let house = &open.house;
    let mut agent = house.user("sato", &[Role::Agent]).await;
    let (_, html) = house.open(&mut agent, "/reception?new=plain").await;
    assert!(!html.contains("data-take"), "nobody has asked anything");
    let (department, question) = (escape("総務課"), escape("差し戻された"));
    let body = format!(
        "ticket={}&version=0&channel=mail&question={question}&answer=x&department={department}\
         &answer_source=article:ryohi-002&intent=save",
        value(&html, "ticket")
    );
    let (status, _, page) = house.submit(&mut agent, "/reception", &body).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
    let (_, html) = house.open(&mut agent, "/reception?new=plain").await;
    assert!(
        html.contains("data-take=\"ryohi-002\"") && html.contains("本日1件"),
        "{html}"
    );
    assert!(!html.contains("この部署1件"), "whose nobody knows: {html}");
    let part = async |client: &mut Client, query: &str| {
        let place = format!("/reception/candidates?{query}");
        house.open(client, &place).await.1
    };
    let asked = part(&mut agent, &format!("department={department}")).await;
    assert!(
        asked.contains("本日1件") && asked.contains("この部署1件"),
        "{asked}"
    );
    // Days later it is what the 部署 asks; a question has its own results, which say so.
    house.let_pass(Millis::from_secs(3 * 86_400));
    let mut agent = house.user("suzuki", &[Role::Agent]).await;
    let later = part(&mut agent, "").await;
    assert!(!later.contains("data-take"), "{later}");
    let query = format!(
        "department={department}&q={}",
        escape("旅費の請求を差し戻されたとき")
    );
    let found = part(&mut agent, &query).await;
    assert!(
        found.contains("data-take=\"ryohi-002\"") && found.contains("この部署1件"),
        "{found}"
    );
    let other = part(&mut agent, &format!("department={}", escape("経理課"))).await;
    assert!(!other.contains("data-take"), "{other}");
}

#[tokio::test]
async fn whom_a_caller_is_sent_to_stands_beside_the_form_and_goes_into_the_answer() {
    let open = open().await;
    let house = &open.house;
    let department = format!(
        "name={}&answers={}&number=03-1111-2222&hours={}",
        escape("給与課"),
        escape("給与の計算"),
        escape("平日9時から17時まで")
    );
    house
        .post("/admin/desk/departments/new", &[], &department)
        .await;
    let mut agent = house.user("sato", &[Role::Agent]).await;
    let (_, html) = house.open(&mut agent, "/reception?new=plain").await;
    let intent = html.split("value=\"refer ").nth(1).expect("a button");
    let id = intent.split('"').next().unwrap();
    for told in ["給与課", "03-1111-2222", "給与の計算"] {
        assert!(html.contains(told), "{told}: {html}");
    }
    let body = format!(
        "ticket={}&version=0&channel=mail&question=x&intent=refer+{id}",
        value(&html, "ticket")
    );
    let (status, _, html) = house.submit(&mut agent, "/reception", &body).await;
    assert_eq!(status, StatusCode::OK);
    let told = "給与課(電話 03-1111-2222、受付時間 平日9時から17時まで)にお問い合わせください。</textarea>";
    assert!(html.contains(told), "{html}");
}
