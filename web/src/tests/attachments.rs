//! Files beside tickets: judged by what they hold, kept once, sent to be saved; and those that wait for a
//! ticket that is still being written.

use axum::http::HeaderMap;
use madoguchi_core::access::Role;
use madoguchi_core::audit::Action;
use madoguchi_core::ticket::ScanResult;

use super::people::{Part, send};
use super::reception::{filled_in, value};
use super::tickets::{agent, register, ticket};
use super::*;
use crate::inspect::samples;

/// Brings a file under a name of the form's.
async fn bring(
    house: &House,
    client: &mut Client,
    number: &str,
    (id, name, content): (&str, &str, &[u8]),
) -> (StatusCode, String, String) {
    let parts: [Part<'_>; 2] = [
        ("file_id", None, id.as_bytes()),
        ("file", Some(name), content),
    ];
    send(house, client, (&format!("/tickets/{number}/files"), &parts)).await
}

async fn ticket_of(house: &House, client: &mut Client) -> String {
    register(house, client, &[("question", "申請の画面が開かない")]).await
}

/// What a file is sent as, and what it holds.
async fn download(house: &House, client: &Client, path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
    let request = Request::get(path)
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie);
    let request = request.body(Body::empty()).unwrap();
    let response = house.router.clone().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = axum::body::to_bytes(response.into_body(), 1 << 25).await;
    (status, headers, body.unwrap().to_vec())
}

#[tokio::test]
async fn a_file_is_added_once_sent_to_be_saved_and_taken_away_with_its_content() {
    let house = house().await;
    let mut sato = agent(&house, "sato").await;
    let number = ticket_of(&house, &mut sato).await;
    let png = samples::png();
    for _ in 0..2 {
        let file = ("f1", "../画面 (1).png", &png[..]);
        let (status, place, html) = bring(&house, &mut sato, &number, file).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
        assert_eq!(place, format!("/tickets/{number}?done=attached#files"));
    }
    let kept = ticket(&house, &number).await;
    let files: Vec<_> = kept.attachments().collect();
    assert_eq!(files.len(), 1, "a double click brings it once");
    assert_eq!(files[0].file.name, "画面__1_.png");
    assert_eq!(files[0].file.scan, ScanResult::NotSet);
    let path = format!("/tickets/{number}/files/f1");
    let (_, html) = house.open(&mut sato, &format!("/tickets/{number}")).await;
    assert!(
        html.contains(&format!("<a href=\"{path}\">画面__1_.png</a>")),
        "{html}"
    );
    let (status, headers, content) = download(&house, &sato, &path).await;
    assert_eq!((status, content), (StatusCode::OK, png));
    let text = |name: &str| headers.get(name).unwrap().to_str().unwrap();
    let named = text("content-disposition");
    assert!(named.starts_with("attachment; ") && named.contains("filename*=UTF-8''%E7%94%BB"));
    assert_eq!(text("x-content-type-options"), "nosniff");
    assert_eq!(text("cache-control"), "no-store");
    assert_eq!(
        house.recorded(Action::TicketFileView).await,
        std::slice::from_ref(&number)
    );
    // Whoever may not see tickets sees no file of theirs.
    let mut reporter = house.user("editor", &[Role::FaqEditor]).await;
    let (status, _) = house.open(&mut reporter, &path).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    for _ in 0..2 {
        let form = format!("version={}", kept.version);
        let (status, _, html) = house
            .submit(&mut sato, &format!("{path}/remove"), &form)
            .await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    }
    assert_eq!(ticket(&house, &number).await.attachments().count(), 0);
    let (status, ..) = download(&house, &sato, &path).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (_, html) = house.open(&mut sato, &format!("/tickets/{number}")).await;
    assert!(
        html.contains("添付の取消し"),
        "the history tells it: {html}"
    );
}

#[tokio::test]
async fn what_is_not_taken_is_told_beside_the_form() {
    let house = house().await;
    let mut sato = agent(&house, "sato").await;
    let number = ticket_of(&house, &mut sato).await;
    let large = vec![b'a'; madoguchi_core::ticket::ATTACHMENT_BYTES + 1];
    for (name, content, told) in [
        ("x.png", &b""[..], "「x.png」は空のファイル(0バイト)です"),
        ("", b"", "ファイルを選んでください。"),
        ("x.exe", b"MZ\x90\0", "このファイルは使えません"),
        ("x.txt", &samples::png(), "拡張子"),
        ("x.txt", &large, "10MB以内のファイルを選んでください"),
        (
            "x.docx",
            &samples::docx(&[("word/vbaProject.bin", b"x")]),
            "マクロ",
        ),
    ] {
        let file = ("f1", name, content);
        let (status, _, html) = bring(&house, &mut sato, &number, file).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(
            html.contains("data-fault") && html.contains(told),
            "{told}: {html}"
        );
    }
    assert_eq!(ticket(&house, &number).await.attachments().count(), 0);
    // The file of another ticket does not become one of this.
    let other = ticket_of(&house, &mut sato).await;
    bring(&house, &mut sato, &other, ("f1", "一.txt", b"one")).await;
    let (status, ..) = bring(&house, &mut sato, &number, ("f1", "二.txt", b"two")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let (status, _) = house
        .open(&mut sato, &format!("/tickets/{number}/files/f1"))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_file_stays_in_reach_where_its_ticket_goes_on() {
    let house = house().await;
    let mut sato = agent(&house, "sato").await;
    let (one, other) = (
        ticket_of(&house, &mut sato).await,
        ticket_of(&house, &mut sato).await,
    );
    bring(&house, &mut sato, &one, ("f1", "一.txt", b"one")).await;
    let merge = format!("into={other}");
    house
        .submit(&mut sato, &format!("/tickets/{one}/merge"), &merge)
        .await;
    let (_, html) = house.open(&mut sato, &format!("/tickets/{other}")).await;
    let path = format!("/tickets/{one}/files/f1");
    assert!(
        html.contains(&path) && !html.contains(&format!("{path}/remove")),
        "{html}"
    );
    let (status, _, content) = download(&house, &sato, &path).await;
    assert_eq!((status, content), (StatusCode::OK, b"one".to_vec()));
    house
        .submit(&mut sato, &format!("/tickets/{one}/undo-merge"), "")
        .await;
    // A part of the ticket takes the file along.
    let (_, html) = house.open(&mut sato, &format!("/tickets/{one}")).await;
    assert!(html.contains("name=\"attachment\" value=\"f1\""), "{html}");
    let split = "id=part1&question=%E9%83%A8%E5%88%86&attachment=f1";
    let (status, place, html) = house
        .submit(&mut sato, &format!("/tickets/{one}/split"), split)
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (_, html) = house
        .open(&mut sato, place.split('?').next().unwrap())
        .await;
    assert!(html.contains("/files/f1\">一.txt"), "{html}");
    assert_eq!(ticket(&house, &one).await.attachments().count(), 0);
}

#[tokio::test]
async fn a_file_for_a_ticket_of_tomorrow_keeps_what_was_typed_and_comes_with_the_save() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    let (_, html) = house.open(&mut tanaka, "/reception?new=plain").await;
    let (ticket, file) = (value(&html, "ticket"), value(&html, "file_id"));
    let typed: [Part<'_>; 6] = [
        ("ticket", None, ticket.as_bytes()),
        ("version", None, b"0"),
        ("channel", None, b"mail"),
        ("question", None, "画面が\r\n開かない".as_bytes()),
        ("file_id", None, file.as_bytes()),
        ("file", Some("画面.png"), b""),
    ];
    let (status, _, html) = send(&house, &mut tanaka, ("/reception/files", &typed)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{html}");
    assert!(
        html.contains("空のファイル") && html.contains("開かない"),
        "{html}"
    );
    let png = samples::png();
    let mut right = typed;
    right[5].2 = &png;
    for _ in 0..2 {
        let (status, _, html) = send(&house, &mut tanaka, ("/reception/files", &right)).await;
        assert_eq!(status, StatusCode::OK, "{html}");
        assert_eq!(
            html.matches("画面.png").count(),
            2,
            "its name and its button: {html}"
        );
        assert!(html.contains("開かない"), "{html}");
    }
    // Without the form, in another browser, it is still there; for somebody else it is not.
    let (_, html) = house.open(&mut tanaka, "/reception?new=plain").await;
    assert!(
        html.contains("画面.png") && value(&html, "ticket") == ticket,
        "{html}"
    );
    assert_eq!(value(&html, "attached"), "yes");
    // A file that was chosen and not sent does not get lost unsaid.
    let fields = [
        ("question", "画面が開かない"),
        ("channel", "mail"),
        ("intent", "save"),
    ];
    let forgotten = filled_in(&html, &[&fields[..], &[("file", "二.png")]].concat());
    let (status, _, html) = house.submit(&mut tanaka, "/reception", &forgotten).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        html.contains("「二.png」は、まだ添付していません"),
        "{html}"
    );
    assert!(house.tickets().await.is_empty());
    let saved = filled_in(&html, &fields);
    for _ in 0..2 {
        let (status, _, html) = house.submit(&mut tanaka, "/reception", &saved).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    }
    let kept = house.tickets().await.remove(0);
    let names: Vec<_> = kept
        .attachments()
        .map(|one| one.file.name.clone())
        .collect();
    assert_eq!(
        (kept.id.as_str(), names),
        (ticket.as_str(), vec!["画面.png".to_owned()])
    );
    let path = format!("/tickets/{}/files/{file}", kept.number);
    let (status, _, content) = download(&house, &tanaka, &path).await;
    assert_eq!((status, content), (StatusCode::OK, png));
    let (_, html) = house.open(&mut tanaka, "/reception?new=plain").await;
    assert!(
        !html.contains("画面.png"),
        "the next one begins without it: {html}"
    );
}

#[tokio::test]
async fn a_file_that_waits_can_be_taken_away_and_goes_with_what_is_discarded() {
    let house = house().await;
    let mut tanaka = house.agent("tanaka").await;
    let user = house
        .store
        .lookup_login("tanaka")
        .await
        .unwrap()
        .unwrap()
        .user
        .id;
    for intent in ["detach", "discard"] {
        let (_, html) = house.open(&mut tanaka, "/reception?new=plain").await;
        let (ticket, file) = (value(&html, "ticket"), value(&html, "file_id"));
        let typed: [Part<'_>; 4] = [
            ("ticket", None, ticket.as_bytes()),
            ("version", None, b"0"),
            ("file_id", None, file.as_bytes()),
            ("file", Some("一.txt"), b"one"),
        ];
        let (_, _, html) = send(&house, &mut tanaka, ("/reception/files", &typed)).await;
        let intent = match intent {
            "detach" => format!("detach {file}"),
            other => other.to_owned(),
        };
        let gone = filled_in(&html, &[("intent", &intent)]);
        house.submit(&mut tanaka, "/reception", &gone).await;
        let waiting = house
            .store
            .draft_files(&user, &ticket.as_str().into())
            .await;
        assert!(waiting.unwrap().is_empty());
        let part = house.store.ticket_file_part(&file.as_str().into(), 0).await;
        assert_eq!(part.unwrap(), None);
        assert!(house.store.ticket_drafts(&user).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn without_the_search_for_viruses_that_is_set_nothing_is_taken() {
    let mut house = house().await;
    let settings = WebSettings {
        scanner: Some("unix:/nowhere/clamd.ctl".parse().unwrap()),
        ..house.settings.clone()
    };
    let (desk, store) = (house.desk.clone(), house.store.clone());
    house.router = router(desk, store, settings, &[7; 32], house.faq.clone());
    let mut sato = agent(&house, "sato").await;
    let number = ticket_of(&house, &mut sato).await;
    let (status, _, html) = bring(&house, &mut sato, &number, ("f1", "一.txt", b"one")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        html.contains("ウイルス検査ができないため、「一.txt」を添付していません"),
        "{html}"
    );
    assert_eq!(ticket(&house, &number).await.attachments().count(), 0);
}
