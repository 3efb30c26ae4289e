//! The walls of the portal: who comes in, and what stays at the desk.

use madoguchi_core::access::Permission;

use super::*;
use crate::query::escape;

#[tokio::test]
async fn staff_within_the_networks_need_no_account_and_others_sign_in() {
    let open = open().await;
    let nobody = Client::default();
    for (address, way) in [(INSIDE, ""), (OUTSIDE, "/sign-in?next=%2Ffaq")] {
        let request = from(address, "/faq", &nobody);
        let (_, place, _) = open.house.pass(&mut nobody.clone(), request).await;
        assert_eq!(place, way, "{address}");
    }
    // Outside, whoever is signed in reads as well.
    let mut agent = open.house.user("sato", &[Role::Agent]).await;
    let request = from(OUTSIDE, "/faq", &agent);
    let (status, ..) = open.house.pass(&mut agent, request).await;
    assert_eq!(status, StatusCode::OK);
    // A browser within the networks does not get further than the portal.
    for path in ["/knowledge", "/inquiries", "/articles/attention", "/board"] {
        let request = from(INSIDE, path, &nobody);
        let (_, place, _) = open.house.pass(&mut nobody.clone(), request).await;
        assert!(place.starts_with("/sign-in"), "{path}");
    }
}

#[tokio::test]
async fn a_forged_forwarded_address_opens_nothing() {
    let mut open = open().await;
    open.house.behind_proxies();
    let seen = async |peer: &str, forwarded: Option<&str>| {
        let mut request = from(peer, "/faq", &Client::default());
        let https = "https".parse().unwrap();
        request.headers_mut().insert("x-forwarded-proto", https);
        if let Some(forwarded) = forwarded {
            let forwarded = forwarded.parse().unwrap();
            request.headers_mut().insert("x-forwarded-for", forwarded);
        }
        open.house.send(request).await.0 == StatusCode::OK
    };
    assert!(!seen(OUTSIDE, Some(INSIDE)).await, "no proxy of ours");
    assert!(seen("10.0.0.1", Some(INSIDE)).await, "our proxy tells");
    assert!(!seen("10.0.0.1", Some(OUTSIDE)).await);
    let spoofed = format!("{INSIDE}, {OUTSIDE}");
    assert!(!seen("10.0.0.1", Some(&spoofed)).await, "told by a visitor");
    assert!(!seen("10.0.0.1", None).await, "the proxy tells nothing");
    assert!(!seen("10.0.0.1", Some("10.0.0.2")).await, "proxies alone");
    assert!(!seen("10.0.0.1", Some("unknown")).await);
}

#[tokio::test]
async fn a_token_reads_the_portal_only_if_it_names_the_knowledge() {
    let open = open().await;
    let id = open.house.add_user("robot", &[Role::Agent]).await;
    for (permission, expected) in [
        (Permission::ViewBoard, StatusCode::FORBIDDEN),
        (Permission::ReadKnowledge, StatusCode::OK),
    ] {
        let scopes = [permission].into_iter().collect();
        let lasts = Millis::from_secs(60);
        let secret = operator::issue_token(&open.house.store, &id, "t", scopes, lasts, now());
        let secret = secret.await.unwrap();
        let mut request = from(OUTSIDE, "/faq", &Client::default());
        let bearer = format!("Bearer {secret}").parse().unwrap();
        request.headers_mut().insert("authorization", bearer);
        assert_eq!(open.house.send(request).await.0, expected);
    }
}

/// Every route of the portal that can be read, found in the table of routes.
fn readable() -> Vec<&'static str> {
    let portal = declared().into_iter();
    let portal: Vec<_> = portal
        .filter(|route| route.need == Need::Portal && route.method == "GET")
        .map(|route| route.path)
        .collect();
    assert!(portal.len() >= 9, "{portal:?}");
    portal
}

#[tokio::test]
async fn what_is_for_the_desk_alone_is_nowhere_in_the_portal() {
    let open = open().await;
    // Agents read it often, and somebody guesses its address.
    let mut agent = open.house.user("sato", &[Role::Agent]).await;
    for _ in 0..5 {
        let (status, html) = open.house.open(&mut agent, "/knowledge/desk-001").await;
        assert!(status == StatusCode::OK && html.contains(SECRET));
    }
    let mut reader = Client::default();
    let (status, html) = open.read(&mut reader, "/faq/desk-001").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(html.contains("このFAQは見つかりません"));
    let queries = [
        SECRET,
        "裏手順",
        "ヤマネコ",
        "旅費 差戻し 取り消す",
        "うらてじゅん",
        "やまねこ",
    ];
    for route in readable() {
        let ids = ["desk-001", "ryohi-001", "ryohi-002", "f10", "f09"];
        for path in ids.map(|id| route.replace("{id}", id)) {
            for query in queries {
                let more = "&article=desk-001&settled=1";
                let path = format!("{path}?q={}{more}", escape(query));
                let (_, html) = open.read(&mut reader, &path).await;
                // What was typed is shown again, and nothing else.
                let text = html.replace(query, "").replace(&escape(query), "");
                for leak in ["desk-001", "窓口で取り消す", "裏手順", "ヤマネコ"] {
                    let typed = query.contains(leak) || leak == "desk-001" && is_typed(&path);
                    assert!(typed || !text.contains(leak), "{leak} in {path}:\n{html}");
                }
            }
        }
    }
    let (_, found) = open
        .read(&mut reader, &format!("/faq/results?q={}", escape(SECRET)))
        .await;
    assert!(found.contains("見つかりませんでした"), "{found}");
    let (_, suggested) = open
        .read(
            &mut reader,
            &format!("/faq/suggest?q={}", escape("旅費の請求の差戻しを")),
        )
        .await;
    assert_eq!(suggested, "[]");
    let (_, category) = open.read(&mut reader, "/faq/category/f10").await;
    assert!(category.contains("0件"));
    let (status, ..) = open
        .write(
            &mut reader,
            "/faq/desk-001/feedback",
            "version=1&helped=yes",
        )
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

/// Whether an id in the page was in its address: forms lead back to where they are.
fn is_typed(path: &str) -> bool {
    path.starts_with("/faq/contact")
}

#[tokio::test]
async fn strange_queries_do_no_harm() {
    let open = open().await;
    let mut reader = Client::default();
    let long = "旅費".repeat(3_000);
    let shy = "\u{ad}\u{200b}\u{202e}\u{feff}".repeat(20);
    for query in [
        NASTY,
        "\"><img src=x onerror=alert(1)>",
        "' OR 1=1 --",
        "AND OR NOT ( [ { ^ ~ * ? : \\ /",
        "ＡＮＤ　ＯＲ　（旅費　＊",
        "question:旅費 +宿泊料 -差戻し",
        "😀👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "㈱㍻ｶﾞｷﾞ",
        "\0\u{1}\u{7f}",
        &long,
        &shy,
        "a\u{301}\u{301}\u{301}",
    ] {
        for path in ["/faq", "/faq/results", "/faq/suggest", "/faq/contact"] {
            let path = format!("{path}?settled=1&q={}", escape(query));
            let (status, html) = open.read(&mut reader, &path).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            assert!(
                !html.contains("<script>alert") && !html.contains("<img"),
                "{path}"
            );
            assert!(html.len() < 150_000, "{path}");
        }
    }
    // Lone surrogates and broken bytes are no UTF-8.
    for bytes in ["%ED%A0%80", "%FF%FE", "%", "%E6%97", "a%00b"] {
        let (status, _) = open.read(&mut reader, &format!("/faq?q={bytes}")).await;
        assert!(!status.is_server_error(), "{bytes}: {status}");
    }
    for query in ["page=0", "page=99999999999", "page=x", "category=%3Cb%3E"] {
        let (status, html) = open.read(&mut reader, &format!("/faq?q=a&{query}")).await;
        assert!(
            !status.is_server_error() && !html.contains("<b>"),
            "{query}"
        );
    }
    let (status, _) = open.read(&mut reader, "/faq/%2e%2e%2fboard").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
