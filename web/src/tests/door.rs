//! The door: whose requests are read at all, by which name, over which connection, and how much of
//! them.

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::response::Response;
use futures::{StreamExt as _, stream};

use super::*;

async fn ask(house: &House, request: Request<Body>) -> Response {
    house.router.clone().oneshot(request).await.unwrap()
}

/// A request from an address with these fields.
fn from(peer: [u8; 4], path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let fields = fields.iter();
    let request = fields.fold(Request::get(path), |request, (name, value)| {
        request.header(*name, *value)
    });
    let request = request.extension(ConnectInfo(SocketAddr::from((peer, 1))));
    request.body(Body::empty()).unwrap()
}

const HOST: (&str, &str) = ("host", "desk.example");
const HTTPS: (&str, &str) = ("x-forwarded-proto", "https");

#[tokio::test]
async fn where_proxies_encrypt_nobody_comes_past_them() {
    let mut house = house().await;
    house.behind_proxies();
    let status = async |peer, path: &str, fields: &[(&str, &str)]| {
        ask(&house, from(peer, path, fields)).await.status()
    };
    let (proxy, stranger) = ([10, 0, 0, 1], [192, 0, 2, 1]);
    assert_eq!(
        status(proxy, "/sign-in", &[HOST, HTTPS]).await,
        StatusCode::OK
    );
    for (peer, fields) in [
        (stranger, &[HOST][..]),
        (stranger, &[HOST, HTTPS]),
        ([127, 0, 0, 1], &[("host", "localhost")]),
        (proxy, &[HOST]),
        (proxy, &[HOST, ("x-forwarded-proto", "http")]),
        (proxy, &[HOST, ("x-forwarded-proto", "https, http")]),
        (proxy, &[HOST, HTTPS, ("x-forwarded-proto", "http")]),
    ] {
        for path in ["/sign-in", "/faq", "/static/0/style.css", "/api/v1/board"] {
            let status = status(peer, path, fields).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{peer:?} {fields:?} {path}");
        }
        assert_eq!(status(peer, "/healthz", fields).await, StatusCode::OK);
    }
    let (_, html) = house.send(from(stranger, "/sign-in", &[HOST])).await;
    assert!(html.contains("暗号化されていない接続"), "{html}");
}

#[tokio::test]
async fn over_tls_all_cookies_are_bound_to_the_host_and_browsers_stay_with_tls() {
    let mut house = house_with(
        Faq::default(),
        PortalSettings {
            networks: vec!["192.0.2.0/24".parse().unwrap()],
            ..PortalSettings::default()
        },
    )
    .await;
    house.behind_proxies();
    let seen = ("x-forwarded-for", "192.0.2.9");
    for path in ["/sign-in", "/faq/contact", "/faq/history"] {
        let response = ask(&house, from([10, 0, 0, 1], path, &[HOST, HTTPS, seen])).await;
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.starts_with("__Host-madoguchi"), "{path}: {cookie}");
            assert!(cookie.contains("; Secure") && cookie.contains("; Path=/;"));
            assert!(!cookie.contains("Domain"), "{cookie}");
        }
        let hsts = response.headers().get("strict-transport-security");
        assert!(hsts.is_some(), "{path}");
    }
    let plain = super::house().await;
    let response = ask(
        &plain,
        from([127, 0, 0, 1], "/sign-in", &[("host", "localhost")]),
    )
    .await;
    assert!(!response.headers().contains_key("strict-transport-security"));
}

#[tokio::test]
async fn the_host_is_one_and_says_one_thing() {
    let house = house().await;
    let status = async |address: &str, hosts: &[&str]| {
        let hosts: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
        ask(&house, from([127, 0, 0, 1], address, &hosts))
            .await
            .status()
    };
    assert_eq!(
        status("/sign-in", &["localhost:8080"]).await,
        StatusCode::OK
    );
    assert_eq!(status("/sign-in", &["[::1]:8080"]).await, StatusCode::OK);
    let absolute = "http://localhost:8080/sign-in";
    assert_eq!(status(absolute, &["localhost:8080"]).await, StatusCode::OK);
    for (address, hosts) in [
        ("/sign-in", &[][..]),
        ("/sign-in", &["localhost", "localhost"]),
        ("/sign-in", &["localhost", "evil.example"]),
        ("/sign-in", &["localhost."]),
        ("/sign-in", &["localhost:"]),
        ("/sign-in", &["localhost:99999"]),
        ("/sign-in", &["evil.example@localhost"]),
        ("/sign-in", &["localhost:80@evil.example"]),
        ("/sign-in", &["[::1"]),
        ("/sign-in", &["[::1]evil.example"]),
        ("/sign-in", &["127.1"]),
        (absolute, &["desk.example"]),
        (absolute, &[]),
    ] {
        let status = status(address, hosts).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{address} {hosts:?}");
    }
    assert_eq!(
        status("/sign-in", &["evil.example"]).await,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn who_signs_out_leaves_nothing_in_the_browser() {
    let house = house().await;
    let client = house.user("sato", &[Role::Agent]).await;
    let request = Request::post("/sign-out")
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie)
        .header("x-csrf-token", &client.csrf);
    let response = ask(&house, request.body(Body::empty()).unwrap()).await;
    let clear = response.headers().get("clear-site-data").unwrap();
    assert_eq!(clear, "\"cache\", \"storage\"");
    let gone = response.headers().get("set-cookie").unwrap();
    assert!(gone.to_str().unwrap().contains("Max-Age=0"));
}

/// A body that never ends after its beginning. Whoever reads on waits for ever, and says so.
fn endless(beginning: &str, read_on: impl FnOnce() + Send + 'static) -> Body {
    let beginning = Bytes::from(beginning.to_owned());
    let first = stream::once(async { Ok::<_, std::io::Error>(beginning) });
    let rest = stream::once(async {
        read_on();
        futures::future::pending().await
    });
    Body::from_stream(first.chain(rest))
}

fn upload(
    client: &Client,
    path: &str,
    token: &str,
    read_on: impl FnOnce() + Send + 'static,
) -> Request<Body> {
    let form = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\n{token}\r\n\
         --edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n{}",
        "x".repeat(10_000)
    );
    let request = Request::post(path)
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie)
        .header("content-type", "multipart/form-data; boundary=edge");
    request.body(endless(&form, read_on)).unwrap()
}

#[tokio::test]
async fn nothing_is_read_of_whom_the_route_turns_away() {
    let house = house().await;
    let agent = house.user("sato", &[Role::Agent]).await;
    for path in [
        "/articles/x/files",
        "/articles/import",
        "/articles/import/apply",
        "/admin/announcements/*/greeting",
    ] {
        let response = ask(&house, upload(&agent, path, &agent.csrf, || ())).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path}");
        let nobody = Client::default();
        let response = ask(&house, upload(&nobody, path, "", || ())).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{path}");
        // Of a form that is not ours, the beginning.
        let response = ask(&house, upload(&house.boss, path, "forged", || ())).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn few_files_are_received_at_once_and_each_user_has_a_share() {
    let house = house().await;
    let bring = |read_on| {
        let path = "/admin/announcements/*/greeting";
        let request = upload(&house.boss, path, &house.boss.csrf, read_on);
        house.router.clone().oneshot(request)
    };
    let mut received = Vec::new();
    for _ in 0..2 {
        let (reads_on, read_on) = tokio::sync::oneshot::channel();
        received.push(tokio::spawn(bring(
            Box::new(|| reads_on.send(()).unwrap()) as Box<dyn FnOnce() + Send>
        )));
        read_on.await.unwrap();
    }
    let third = bring(Box::new(|| ())).await.unwrap();
    assert_eq!(third.status(), StatusCode::TOO_MANY_REQUESTS);
    received.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn boards_are_watched_by_so_many_and_no_more() {
    let house = house().await;
    let watch = async || {
        let request = Request::get("/board/events")
            .header("host", "localhost")
            .header("cookie", &house.boss.cookie);
        ask(&house, request.body(Body::empty()).unwrap()).await
    };
    let mut watching = Vec::new();
    for _ in 0..house.settings.streams_per_visitor {
        let response = watch().await;
        assert_eq!(response.status(), StatusCode::OK);
        watching.push(response);
    }
    assert_eq!(watch().await.status(), StatusCode::TOO_MANY_REQUESTS);
    watching.pop();
    assert_eq!(
        watch().await.status(),
        StatusCode::OK,
        "a place is free again"
    );
}

#[tokio::test]
async fn who_comes_back_to_the_board_gets_what_changed() {
    let house = house().await;
    let watch = async |last: &str| {
        let request = Request::get("/board/events")
            .header("host", "localhost")
            .header("last-event-id", last)
            .header("cookie", &house.boss.cookie);
        let response = ask(&house, request.body(Body::empty()).unwrap()).await;
        response.into_body().into_data_stream()
    };
    let mut first = watch("").await;
    let whole = first.next().await.unwrap().unwrap();
    let whole = String::from_utf8_lossy(&whole).into_owned();
    assert!(whole.contains("event: board") && whole.len() > 20_000);
    let id = whole
        .lines()
        .find_map(|line| line.strip_prefix("id: "))
        .unwrap()
        .to_owned();
    *house.desk.snapshot.lock().unwrap() = Arc::new(DeskSnapshot::default());
    house.desk.changes.send_modify(|count| *count += 1);
    let change = first.next().await.unwrap().unwrap();
    assert!(change.starts_with(b"event: change"));
    assert!(change.len() < 3_000, "{}", change.len());
    let missed = watch(&id).await.next().await.unwrap().unwrap();
    assert_eq!(missed, change);
    let other = watch("nothing").await.next().await.unwrap().unwrap();
    assert!(other.starts_with(b"event: board"));
}
