//! Tickets by the API.

use super::*;

/// A request of a program.
pub(in crate::tests) async fn call(
    house: &House,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    json: &str,
) -> (StatusCode, String, serde_json::Value) {
    house.let_pass(Millis(1_000));
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost:8080")
        .header("cookie", &house.boss.cookie)
        .header("x-csrf-token", &house.boss.csrf)
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(json.to_owned())).unwrap();
    let response = house.router.clone().oneshot(request).await.unwrap();
    let etag = response.headers().get("etag");
    let etag = etag.map_or("", |etag| etag.to_str().unwrap()).to_owned();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap();
    (
        status,
        etag,
        serde_json::from_slice(&bytes).unwrap_or_default(),
    )
}

#[tokio::test]
async fn programs_make_a_ticket_once_and_change_what_they_have_seen() {
    let house = house().await;
    let new = r#"{"fields":{"question":"APIからの問合せ","channel":"mail"},"outcome":"answered_at_once"}"#;
    let post = ("POST", "/api/v1/tickets");
    let (status, ..) = call(&house, post, &[], new).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "without a key");
    let key = [("idempotency-key", "k1")];
    let (status, etag, made) = call(&house, post, &key, new).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(
        (made["number"].as_str(), etag.as_str()),
        (Some("R8-00001"), "\"2\"")
    );
    let (status, same_etag, again) = call(&house, post, &key, new).await;
    assert_eq!(
        (status, &same_etag, &again),
        (StatusCode::CREATED, &etag, &made)
    );
    let risky = r#"{"fields":{"question":"番号は1234-5678-9018"}}"#;
    let (status, _, warned) = call(&house, post, &[("idempotency-key", "k9")], risky).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(warned["error"]["code"], "sensitive");
    assert_eq!(warned["error"]["found"][0]["text"], "1234-5678-9018");
    let sure = risky.replace("}}", "},\"sensitive_confirmed\":true}");
    let (status, _, kept) = call(&house, post, &[("idempotency-key", "k9")], &sure).await;
    assert_eq!(status, StatusCode::CREATED, "{kept}");
    let other = new.replace("から", "より");
    let (status, ..) = call(&house, post, &key, &other).await;
    assert_eq!(status, StatusCode::CONFLICT, "a key stands for one thing");
    let one = "/api/v1/tickets/R8-00001";
    let patch = r#"{"answer":"答え","tags":["旅費"],"status":"answered"}"#;
    let (status, ..) = call(&house, ("PATCH", one), &[], patch).await;
    assert_eq!(status, StatusCode::PRECONDITION_REQUIRED);
    let risky = r#"{"answer":"1234-567890の方"}"#;
    let tag = [("if-match", etag.as_str())];
    let (status, _, warned) = call(&house, ("PATCH", one), &tag, risky).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{warned}");
    assert_eq!(warned["error"]["found"][0]["kind"], "基礎年金番号");
    let (status, etag, changed) = call(&house, ("PATCH", one), &[("if-match", &etag)], patch).await;
    assert_eq!(status, StatusCode::OK, "{changed}");
    assert_eq!(changed["status"], "answered");
    let (status, now, seen) = call(&house, ("PATCH", one), &[("if-match", "\"2\"")], patch).await;
    assert_eq!((status, &now), (StatusCode::PRECONDITION_FAILED, &etag));
    assert_eq!(seen["fields"]["answer"], "答え", "what there is now");
    let (status, same_etag, again) = call(&house, post, &key, new).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(
        (same_etag.as_str(), &again),
        ("\"2\"", &made),
        "as it was told then"
    );
    let (_, _, list) = call(&house, ("GET", "/api/v1/tickets?words=API"), &[], "").await;
    assert_eq!(
        (list["total"].as_u64(), &list["tickets"][0]["number"]),
        (Some(1), &made["number"])
    );
    let (_, _, contacts) = call(&house, ("GET", "/api/v1/contacts?ticket=R8-00001"), &[], "").await;
    assert_eq!(contacts["contacts"][0]["outcome"], "answered_at_once");
    let (status, _, wrong) = call(
        &house,
        ("PATCH", one),
        &[("if-match", &etag)],
        r#"{"mood":"x"}"#,
    )
    .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(wrong["error"]["message"].as_str().unwrap().contains("mood"));
}

#[tokio::test]
async fn a_key_is_one_users_and_is_forgotten_after_a_day() {
    let house = house().await;
    let new = r#"{"fields":{"question":"一日"}}"#;
    let post = ("POST", "/api/v1/tickets");
    let key = [("idempotency-key", "k1")];
    let number = async || {
        let (status, _, made) = call(&house, post, &key, new).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        made["number"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        (number().await, number().await),
        ("R8-00001".into(), "R8-00001".into())
    );
    let mut other = house.user("sekinin", &[Role::Supervisor]).await;
    house.open(&mut other, "/tickets").await;
    let request = Request::post("/api/v1/tickets")
        .header("host", "localhost:8080")
        .header("cookie", &other.cookie)
        .header("x-csrf-token", &other.csrf)
        .header("content-type", "application/json")
        .header("idempotency-key", "k1");
    let request = request
        .body(Body::from(r#"{"fields":{"question":"別の人"}}"#))
        .unwrap();
    assert_eq!(house.send(request).await.0, StatusCode::CREATED);
    let kept = house.store.lookup_request("k1", now()).await.unwrap();
    assert_eq!(kept, None, "keys are kept as hashes");
    house.set_wall(now() + Millis::from_secs(86_401));
    assert_eq!(number().await, "R8-00003");
}

#[tokio::test]
async fn what_cannot_be_read_is_told_to_programs_in_their_own_form() {
    let house = house().await;
    let key = [("idempotency-key", "k1")];
    for wrong in [
        "{",
        r#"{"mood":"x"}"#,
        r#"{"fields":"x"}"#,
        r#"{"fields":{"tags":{}}}"#,
    ] {
        let (status, _, told) = call(&house, ("POST", "/api/v1/tickets"), &key, wrong).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
        assert_eq!(told["error"]["code"], "bad_request", "{wrong} {told}");
    }
    let long = "問".repeat(100_001);
    let long = format!(r#"{{"fields":{{"question":"{long}"}}}}"#);
    let (status, _, told) = call(&house, ("POST", "/api/v1/tickets"), &key, &long).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let message = told["error"]["message"].as_str().unwrap();
    assert_eq!(
        message,
        "質問：100000文字以内で入力してください(入力された文字数: 100001)。"
    );
}
