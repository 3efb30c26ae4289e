//! Files that nobody can use, wherever one can be brought: of two gigabytes, of nothing at all, under the name of
//! another folder. Each is refused in a sentence, what was typed beside it is kept, and nothing is there twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Bytes;
use futures::{StreamExt as _, stream};
use madoguchi_core::access::Role;
use madoguchi_core::article::FILE_BYTES;

use super::people::{Part, send};
use super::tickets::{register, ticket};
use super::*;
use crate::inspect::samples;

/// What a file of two gigabytes comes in.
const PIECE: &[u8] = &[b'x'; 1024 * 1024];
const PIECES: usize = 2048;
const QUESTION: &str = "書きかけの質問";

/// A piece of a file, as long as somebody has it.
struct Piece(Arc<AtomicUsize>);

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        PIECE
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How a file of two gigabytes was read.
#[derive(Default)]
struct Reading {
    pieces: AtomicUsize,
    /// Those that somebody has at once, and how many those were at the most.
    held: Arc<AtomicUsize>,
    most_held: AtomicUsize,
}

impl Reading {
    fn piece(&self) -> Bytes {
        self.pieces.fetch_add(1, Ordering::Relaxed);
        let held = self.held.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_held.fetch_max(held, Ordering::Relaxed);
        Bytes::from_owner(Piece(Arc::clone(&self.held)))
    }
}

/// A place where a file can be brought, with what its form holds beside the file.
struct Place {
    path: String,
    fields: Vec<(&'static str, String)>,
}

/// All such places, and somebody who may bring files there.
async fn places(house: &House) -> (Client, Vec<Place>) {
    let mut client = house
        .user("sekinin", &[Role::Supervisor, Role::FaqEditor])
        .await;
    let number = register(house, &mut client, &[("question", "開かない")]).await;
    let draft = "question=画面&answer=図&category=f09&audience=portal&revision=0";
    let (_, article, html) = house.submit(&mut client, "/articles/new", draft).await;
    let article = article.split('?').next().unwrap().to_owned();
    assert!(article.starts_with("/articles/"), "{html}");
    let (_, html) = house.open(&mut client, &article).await;
    let revision = super::reception::value(&html, "revision");
    let place = |path: &str, fields: &[(&'static str, &str)]| Place {
        path: path.to_owned(),
        fields: fields
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
    };
    let places = vec![
        place(&format!("/tickets/{number}/files"), &[("file_id", "f1")]),
        place(
            "/reception/files",
            &[
                ("ticket", "t-of-form"),
                ("version", "0"),
                ("question", QUESTION),
                ("file_id", "f2"),
            ],
        ),
        place(&format!("{article}/files"), &[("revision", &revision)]),
        place("/people/import", &[]),
        place("/tickets/import", &[("ledger", "旧台帳")]),
        place("/articles/import", &[]),
        place("/monthly/published/import", &[]),
    ];
    (client, places)
}

/// Brings a file of two gigabytes, with its length told beforehand or without.
async fn bring_film(
    house: &House,
    client: &mut Client,
    place: &Place,
    declared: bool,
) -> (StatusCode, String, Arc<Reading>) {
    let mut head = String::new();
    let token = ("_csrf", client.csrf.clone());
    for (name, value) in std::iter::once(&token).chain(&place.fields) {
        head.push_str(&format!(
            "--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    head.push_str(
        "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"film.csv\"\r\n\r\n",
    );
    let end = "\r\n--edge--\r\n";
    let length = head.len() + PIECES * PIECE.len() + end.len();
    let reading = Arc::new(Reading::default());
    let pieces = Arc::clone(&reading);
    let film = stream::iter(0..PIECES).map(move |_| pieces.piece());
    let body = stream::iter([Bytes::from(head)])
        .chain(film)
        .chain(stream::iter([Bytes::from(end)]));
    let mut request = Request::post(&place.path)
        .header("host", "localhost:8080")
        .header("cookie", &client.cookie)
        .header("origin", "http://localhost:8080")
        .header("content-type", "multipart/form-data; boundary=edge");
    if declared {
        request = request.header("content-length", length);
    }
    let body = Body::from_stream(body.map(Ok::<_, std::convert::Infallible>));
    let (status, _, html) = house.pass(client, request.body(body).unwrap()).await;
    (status, html, reading)
}

#[tokio::test]
async fn a_file_of_two_gigabytes_is_read_to_its_end_held_nowhere_and_refused_in_a_sentence() {
    let house = house().await;
    let (mut client, places) = places(&house).await;
    for place in &places {
        for declared in [true, false] {
            let path = &place.path;
            let (status, html, reading) = bring_film(&house, &mut client, place, declared).await;
            assert!(status.is_client_error(), "{path}: {status} {html}");
            assert!(html.contains("ファイルが大きすぎます。1"), "{path}: {html}");
            assert!(
                html.contains("type=\"file\""),
                "the form is there again: {path}"
            );
            let typed = place.fields.iter().all(|(name, _)| *name != "question");
            assert!(typed || html.contains(QUESTION), "{path}: {html}");
            // A browser that cannot finish sending does not show the answer.
            assert_eq!(reading.pieces.load(Ordering::Relaxed), PIECES, "{path}");
            let most = reading.most_held.load(Ordering::Relaxed) * PIECE.len();
            assert!(most <= 2 * FILE_BYTES, "{path}: {most}");
        }
    }
    nothing_is_kept(&house).await;
}

async fn nothing_is_kept(house: &House) {
    let kept = house.tickets().await.remove(0);
    assert_eq!(kept.attachments().count(), 0);
    assert_eq!(house.store.count_people().await.unwrap(), 0);
    assert!(house.store.published_months().await.unwrap().is_empty());
    for id in ["f1", "f2"] {
        let part = house.store.ticket_file_part(&id.into(), 0).await.unwrap();
        assert_eq!(part, None, "{id}");
    }
}

/// Brings a file twice, as a double click does; gives the last answer.
async fn bring_twice(
    house: &House,
    client: &mut Client,
    place: &Place,
    (name, content): (&str, &[u8]),
) -> (StatusCode, String) {
    let fields = place.fields.iter();
    let mut parts: Vec<Part<'_>> = fields
        .map(|(name, value)| (*name, None, value.as_bytes()))
        .collect();
    parts.push(("file", Some(name), content));
    send(house, client, (&place.path, &parts)).await;
    let (status, _, html) = send(house, client, (&place.path, &parts)).await;
    (status, html)
}

#[tokio::test]
async fn a_file_of_no_bytes_is_named_as_one_wherever_it_is_brought() {
    let house = house().await;
    let (mut client, places) = places(&house).await;
    for place in &places {
        let path = &place.path;
        let (status, html) = bring_twice(&house, &mut client, place, ("leer.csv", b"")).await;
        assert!(status.is_client_error(), "{path}: {status}");
        let told = "「leer.csv」は空のファイル(0バイト)です。";
        assert!(html.contains(told), "{path}: {html}");
        let typed = place.fields.iter().all(|(name, _)| *name != "question");
        assert!(typed || html.contains(QUESTION), "{path}: {html}");
    }
    nothing_is_kept(&house).await;
}

#[tokio::test]
async fn a_file_under_the_name_of_another_folder_is_kept_once_under_a_tame_name() {
    let house = house().await;
    let (mut client, places) = places(&house).await;
    let png = samples::png();
    for place in &places[..3] {
        // What no name says the kind of is told so.
        let (status, html) = bring_twice(&house, &mut client, place, ("../x", &png)).await;
        assert!(status.is_client_error(), "{}: {html}", place.path);
        assert!(html.contains("拡張子"), "{}: {html}", place.path);
        let named = ("../../etc/x.png", &png[..]);
        bring_twice(&house, &mut client, place, named).await;
    }
    let number = places[0].path.split('/').nth(2).unwrap();
    let names = |names: Vec<String>| assert_eq!(names, ["x.png"]);
    let kept = ticket(&house, number).await;
    names(
        kept.attachments()
            .map(|one| one.file.name.clone())
            .collect(),
    );
    let user = house.store.lookup_login("sekinin").await.unwrap().unwrap();
    let form = "t-of-form".into();
    let waiting = house.store.draft_files(&user.user.id, &form);
    let waiting = waiting.await.unwrap();
    names(waiting.into_iter().map(|one| one.name).collect());
    let id = places[2].path.split('/').nth(2).unwrap();
    let article = house
        .store
        .lookup_article(&id.into())
        .await
        .unwrap()
        .unwrap();
    let files = &article.newest().unwrap().content.files;
    names(files.iter().map(|one| one.name.clone()).collect());
}
