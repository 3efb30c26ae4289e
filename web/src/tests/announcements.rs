//! 音声案内: bringing files, speaking texts, going back. What is in a file is judged by the desk
//! (`madoguchi::announcements`); here it is a desk that knows WAV by its first letters.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_core::announcement::{AnnouncementId, AnnouncementName, recording_hash};
use madoguchi_core::audit::Action;
use madoguchi_store::AuditFilter;

use madoguchi_core::id::LineName;

use super::*;

/// What the desk of a test plays.
#[derive(Default)]
pub(super) struct TestSounds {
    /// What was set, and can be played.
    own: Mutex<BTreeMap<String, Origin>>,
    /// Why nothing can be spoken.
    fault: Mutex<Option<String>>,
    /// How the voice sounds.
    voice: Mutex<String>,
}

impl Announcer for TestDesk {
    fn lines(&self) -> Vec<LineName> {
        vec!["help".into(), "総合/窓口".into()]
    }
    fn origin(&self, id: &AnnouncementId) -> Option<Origin> {
        let own = self
            .sounds
            .own
            .lock()
            .unwrap()
            .get(&id.to_string())
            .copied();
        own.or_else(|| id.line.is_none().then_some(Origin::Standard))
    }
    fn duration(&self, _: &AnnouncementId) -> Millis {
        Millis(7_300)
    }
    fn played(&self, id: &AnnouncementId) -> Vec<u8> {
        format!("RIFF played {id}").into_bytes()
    }
    fn standard(&self, name: AnnouncementName) -> Vec<u8> {
        format!("RIFF standard {}", name.as_str()).into_bytes()
    }
    fn read_recording(&self, file: Vec<u8>) -> BoxFuture<'_, Result<Recording, String>> {
        let read = if file.starts_with(b"RIFF") {
            Ok(Recording {
                wav: [b"RIFF converted ", &*file].concat(),
                duration: Millis(1_234),
            })
        } else {
            Err("WAV形式の音声ではありません。".to_owned())
        };
        Box::pin(async { read })
    }
    fn speak(&self, text: String) -> BoxFuture<'_, Result<Recording, String>> {
        let voice = self.sounds.voice.lock().unwrap().clone();
        let spoken = match self.voice_fault() {
            Some(fault) => Err(fault),
            None => Ok(Recording {
                wav: format!("RIFF {voice} says {text}").into_bytes(),
                duration: Millis(2_000),
            }),
        };
        Box::pin(async { spoken })
    }
    fn voice_fault(&self) -> Option<String> {
        self.sounds.fault.lock().unwrap().clone()
    }
}

const GREETING: &str = "/admin/announcements/*/greeting";

/// A form with a file, as a browser sends it.
fn form(fields: &[(&str, &str)], file: (&str, &[u8])) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value.as_bytes());
        body.extend_from_slice(b"\r\n");
    }
    let (name, content) = file;
    let head = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: audio/wav\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--edge--\r\n");
    body
}

impl House {
    async fn bring(&self, path: &str, body: Vec<u8>) -> (StatusCode, String, String) {
        let request = Request::post(path)
            .header("host", "localhost:8080")
            .header("cookie", &self.boss.cookie)
            .header("content-type", "multipart/form-data; boundary=edge");
        let request = request.body(Body::from(body)).unwrap();
        self.pass(&mut self.boss.clone(), request).await
    }

    async fn bring_file(&self, version: &str, file: (&str, &[u8])) -> (StatusCode, String, String) {
        let fields = [("_csrf", self.boss.csrf.as_str()), ("version", version)];
        self.bring(GREETING, form(&fields, file)).await
    }

    async fn versions(&self, id: &str) -> Vec<Option<String>> {
        let history = self.store.setting_history("announcement", id).await;
        history.unwrap().into_iter().map(|one| one.data).collect()
    }

    fn play(&self, id: &str, origin: Origin) {
        let mut own = self.desk.sounds.own.lock().unwrap();
        own.insert(id.to_owned(), origin);
    }
}

#[tokio::test]
async fn the_list_names_every_announcement_with_its_words_and_where_it_comes_from() {
    let house = house().await;
    let (status, html) = house.get("/admin/announcements").await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.len() < 150_000, "{}", html.len());
    for name in AnnouncementName::all() {
        let link = format!("/admin/announcements/%2A/{}", name.as_str());
        assert!(html.contains(&link), "{name:?}");
        if let Some(text) = name.standard_text() {
            assert!(html.contains(text), "{name:?}");
        }
    }
    assert!(html.contains("どの回線も、上の音声を流しています"));
    house.play("総合/窓口/music", Origin::File);
    let (_, html) = house.get("/admin/announcements").await;
    assert!(html.contains("<h3>総合/窓口</h3>") && html.contains("設定ファイルの音声"));
    let link = "/admin/announcements/%E7%B7%8F%E5%90%88%2F%E7%AA%93%E5%8F%A3/music";
    assert!(html.contains(link));
    assert_eq!(house.get(link).await.0, StatusCode::OK);
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let house = house().await;
    for path in ["*/hello", "help/ready", "nowhere/greeting"] {
        let (status, _) = house.get(&format!("/admin/announcements/{path}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_file_is_kept_as_converted_and_recorded_and_can_be_heard() {
    let house = house().await;
    let (status, place, _) = house
        .bring_file("0", ("C:\\録音\\挨拶.wav", b"RIFF mine"))
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(place, "/admin/announcements/%2A/greeting?done=sound");
    let converted = b"RIFF converted RIFF mine";
    let kept = house
        .store
        .lookup_recording(&recording_hash(converted))
        .await;
    assert_eq!(kept.unwrap(), Some(STANDARD.encode(converted)));
    house.play("*/greeting", Origin::Screen);
    let (_, html) = house.get(&place).await;
    assert!(html.contains("次の案内から、この音声を流します"));
    assert!(html.contains("ファイル：挨拶.wav") && html.contains("長さ(秒)：1.2"));
    assert!(html.contains("boss"));
    let listened = house.get(&format!("{GREETING}/listen?version=1")).await;
    assert_eq!(
        listened,
        (StatusCode::OK, "RIFF converted RIFF mine".to_owned())
    );
    let (_, now) = house.get(&format!("{GREETING}/listen")).await;
    assert_eq!(now, "RIFF played */greeting");
    let (_, standard) = house.get(&format!("{GREETING}/listen?standard=1")).await;
    assert_eq!(standard, "RIFF standard greeting");
    let records = AuditFilter {
        limit: 1,
        ..Default::default()
    };
    let record = &house.store.list_audit(&records).await.unwrap()[0].entry;
    assert_eq!(record.action, Action::AnnouncementChange);
    assert_eq!(record.object, "*/greeting");
    assert!(record.before.is_empty());
    assert_eq!(
        (&*record.after["file"], &*record.after["secs"]),
        ("挨拶.wav", "1.2")
    );
}

#[tokio::test]
async fn a_part_of_a_recording_is_given_where_the_browser_asks_for_one() {
    let house = house().await;
    let request = Request::get(format!("{GREETING}/listen"))
        .header("host", "localhost")
        .header("cookie", &house.boss.cookie)
        .header("range", "bytes=0-3");
    let request = request.body(Body::empty()).unwrap();
    let response = house.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(response.headers()["content-type"], "audio/wav");
    assert_eq!(response.headers()["content-range"], "bytes 0-3/22");
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .unwrap();
    assert!(policy.contains("media-src 'self'"));
    let bytes = axum::body::to_bytes(response.into_body(), 100).await;
    assert_eq!(&*bytes.unwrap(), b"RIFF");
}

#[tokio::test]
async fn what_is_no_recording_is_refused_whatever_it_is_called() {
    let house = house().await;
    let script: &[u8] = b"#!/bin/sh\nrm -rf /\n";
    let zip: &[u8] = b"PK\x03\x04\x14\0\0\0";
    let page: &[u8] = b"<!DOCTYPE html><script>alert(1)</script>";
    for content in [script, zip, page] {
        let (status, _, html) = house.bring_file("0", ("挨拶.wav", content)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(html.contains("WAV形式の音声ではありません。"));
    }
    let (status, _, html) = house.bring_file("0", ("", b"")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("ファイルを選んでください"));
    assert!(house.versions("*/greeting").await.is_empty());
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_in_words() {
    let house = house().await;
    let mut large = b"RIFF".to_vec();
    large.resize(10 * 1024 * 1024 + 1, 0);
    let (status, _, html) = house.bring_file("0", ("挨拶.wav", &large)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let beside = html.split("id=\"file-error\">").nth(1).unwrap();
    assert!(
        beside.starts_with("ファイルが大きすぎます。10MB以内"),
        "{html}"
    );
    large.resize(13 * 1024 * 1024, 0);
    let (status, _, html) = house.bring_file("0", ("挨拶.wav", &large)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(html.contains("10MB以内"), "{html}");
    assert!(house.versions("*/greeting").await.is_empty());
    // Just as large as may be.
    large.resize(10 * 1024 * 1024, 0);
    let (status, ..) = house.bring_file("0", ("挨拶.wav", &large)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_file_without_the_token_of_our_form_changes_nothing() {
    let house = house().await;
    let token = house.boss.csrf.as_str();
    let file: (&str, &[u8]) = ("挨拶.wav", b"RIFF");
    for fields in [
        vec![("version", "0")],
        vec![("_csrf", "0000"), ("version", "0")],
        // The token must come first.
        vec![("version", "0"), ("_csrf", token)],
    ] {
        let (status, ..) = house.bring(GREETING, form(&fields, file)).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{fields:?}");
    }
    assert!(house.versions("*/greeting").await.is_empty());
}

#[tokio::test]
async fn a_text_is_listened_to_and_then_taken() {
    let house = house().await;
    let text = "本日は、午後3時で受付を終了します。";
    let query = format!("text={}", crate::query::escape(text));
    let (status, html) = house.get(&format!("{GREETING}?{query}")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("読み上げを確認してください"));
    let (_, spoken) = house.get(&format!("{GREETING}/listen?{query}")).await;
    assert_eq!(spoken, format!("RIFF  says {text}"));
    assert!(
        house.versions("*/greeting").await.is_empty(),
        "only listened to"
    );
    let hash = recording_hash(spoken.as_bytes());
    assert!(html.contains(&hash));
    let path = format!("{GREETING}/speak");
    let body = format!("{query}&version=0&hash={hash}");
    let mut client = house.boss.clone();
    let (status, ..) = house.submit(&mut client, &path, &body).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let kept = house.versions("*/greeting").await;
    assert!(kept[0].as_deref().unwrap().contains(text), "{kept:?}");
    // Another voice than the one that was listened to is not taken unheard.
    *house.desk.sounds.voice.lock().unwrap() = "another voice".to_owned();
    let body = format!("{query}&version=1&hash={hash}");
    let (status, _, html) = house.submit(&mut client, &path, &body).await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("もう一度聞いて") && html.contains("読み上げを確認してください"));
    assert_eq!(house.versions("*/greeting").await.len(), 1);
}

#[tokio::test]
async fn a_text_that_cannot_be_spoken_is_refused_in_words_and_kept_in_the_form() {
    let house = house().await;
    let long = "あ".repeat(301);
    for (text, words) in [
        (" ", "文章を入力してください"),
        (long.as_str(), "300文字以内"),
    ] {
        let query = crate::query::escape(text);
        let (status, html) = house.get(&format!("{GREETING}?text={query}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(html.contains(words));
    }
    let fault = "Debian のパッケージ「open-jtalk」を入れてください。";
    *house.desk.sounds.fault.lock().unwrap() = Some(fault.to_owned());
    let (_, html) = house.get("/admin/announcements").await;
    assert!(html.contains(fault));
    let (_, html) = house.get(GREETING).await;
    assert!(html.contains(fault) && html.contains("name=\"file\""));
    let (status, _, html) = house
        .submit(
            &mut house.boss.clone(),
            &format!("{GREETING}/speak"),
            "text=a",
        )
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains(fault));
}

#[tokio::test]
async fn older_versions_and_the_standard_one_come_back_and_nobody_overwrites_another() {
    let house = house().await;
    let mut client = house.boss.clone();
    for (version, content) in [("0", b"RIFF one"), ("1", b"RIFF two")] {
        let (status, ..) = house.bring_file(version, ("a.wav", content)).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
    }
    let (status, _, html) = house.bring_file("1", ("a.wav", b"RIFF late")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(html.contains("別の画面で先に変更されています"));
    let (status, ..) = house
        .submit(&mut client, &format!("{GREETING}/remove"), "version=2")
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (status, ..) = house
        .submit(
            &mut client,
            &format!("{GREETING}/restore"),
            "version=1&replaces=3",
        )
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let versions = house.versions("*/greeting").await;
    assert_eq!(versions.len(), 4);
    assert_eq!(versions[1], None, "the standard one");
    assert_eq!(versions[0], versions[3], "the first one again");
    let (status, ..) = house
        .submit(
            &mut client,
            &format!("{GREETING}/restore"),
            "version=9&replaces=4",
        )
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_recording_that_cannot_be_played_is_told() {
    let house = house().await;
    house.bring_file("0", ("a.wav", b"RIFF one")).await;
    for path in ["/admin/announcements", GREETING] {
        let (_, html) = house.get(path).await;
        assert!(html.contains("登録した音声を読み込めません"), "{path}");
    }
}
