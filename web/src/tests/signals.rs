//! 信号の記録: the sequence of a call, its messages, and the figures of trunks.

use axum::http::StatusCode;
use madoguchi_core::access::Role;
use madoguchi_core::audit::Action;
use madoguchi_core::event::{CallEvent, EventKind, Party};
use madoguchi_core::quality::VoiceQuality;
use madoguchi_core::signal::{SIGNAL_RETENTION, SignalDialog, SignalKind, SignalMessage};
use madoguchi_store::AuditFilter;

use super::*;

const LADDER: &str = "/calls/c1/signals";

fn message(at_ms: i64, n: usize, start: &str, cseq: &str) -> SignalMessage {
    let ends = ["198.51.100.1:5060", "192.0.2.1:5060"];
    let is_request = !start.starts_with("SIP");
    let (source, destination) = if is_request {
        (ends[0], ends[1])
    } else {
        (ends[1], ends[0])
    };
    let sdp = "v=0\r\nc=IN IP4 198.51.100.9\r\nm=audio 4000 RTP/AVP 0 8\r\n";
    let body = if start.starts_with("INVITE") { sdp } else { "" };
    SignalMessage {
        at_us: (now().0 - 3_600_000 + at_ms) * 1_000,
        seq: 0,
        repeated: 0,
        dialog: "dialog-of-c1@198.51.100.1".to_owned(),
        source: source.to_owned(),
        destination: destination.to_owned(),
        kind: SignalKind::Observed,
        text: format!(
            "{start}\r\nVia: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK{n}\r\n\
             From: \"山田 太郎\" <sip:0312345678@a>;tag=a\r\nTo: <sip:5000@b>\r\n\
             Call-ID: dialog-of-c1@198.51.100.1\r\nCSeq: {cseq}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    }
}

async fn keep(house: &House, messages: &[SignalMessage]) {
    let start = now().0 * 1_000 - 3_600_000_000;
    let dialog = SignalDialog {
        dialog: "dialog-of-c1@198.51.100.1".to_owned(),
        call: Some("c1".into()),
        started_us: Some(start),
        rung_us: Some(start + 1_500_000),
        answered_us: Some(start + 5_000_000),
        source: "198.51.100.1".to_owned(),
        destination: "192.0.2.1".to_owned(),
        ..SignalDialog::default()
    };
    let refused = SignalDialog {
        dialog: "refused".to_owned(),
        call: None,
        rung_us: None,
        answered_us: None,
        ended_us: Some(start + 1),
        status: Some(486),
        ..dialog.clone()
    };
    let mut tx = house.store.begin_unrecorded().await.unwrap();
    tx.save_signals(messages, &[dialog, refused]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn page(house: &House, path: &str) -> String {
    let mut boss = house.boss.clone();
    let (status, html) = house.open(&mut boss, path).await;
    assert_eq!(status, StatusCode::OK, "{path}: {html}");
    html
}

fn a_call() -> Vec<SignalMessage> {
    vec![
        message(0, 1, "INVITE sip:5000@b SIP/2.0", "1 INVITE"),
        message(20, 1, "SIP/2.0 180 Ringing", "1 INVITE"),
        message(5_000, 1, "SIP/2.0 200 OK", "1 INVITE"),
        message(5_030, 2, "ACK sip:5000@b SIP/2.0", "1 ACK"),
    ]
}

#[tokio::test]
async fn a_call_leads_to_its_signals_as_a_drawing_and_a_table_that_say_the_same() {
    let house = house().await;
    assert!(!page(&house, "/calls/c1").await.contains("信号の記録を見る"));
    let mut boss = house.boss.clone();
    let (status, _) = house.open(&mut boss, LADDER).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    keep(&house, &a_call()).await;
    let html = page(&house, "/calls/c1").await;
    assert!(html.contains("<a href=\"/calls/c1/signals\">信号の記録を見る</a>"));
    let html = page(&house, LADDER).await;
    for told in [
        "<svg",
        "<td>INVITE</td><td>PCMU, PCMA 198.51.100.9:4000 sendrecv</td>",
        "<td class=\"number\">4.980</td><td>192.0.2.1</td><td>198.51.100.1</td><td>200 OK (INVITE)</td>",
        "<text class=\"party\" x=\"96\" y=\"20\">198.51.100.1</text>",
        "href=\"signals/1/text\"",
    ] {
        assert!(html.contains(told), "{told}\n{html}");
    }
    assert!(
        !html.contains("0312345678"),
        "no number stands in the sequence"
    );
    let viewed = AuditFilter {
        action: Some(Action::SignalsView),
        limit: 10,
        ..AuditFilter::default()
    };
    let records = house.store.list_audit(&viewed).await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].entry.object, "c1");
}

#[tokio::test]
async fn messages_of_one_second_stand_in_the_order_in_which_they_were_seen() {
    let house = house().await;
    // A capture in whole seconds.
    let starts = [
        ("INVITE sip:5000@b SIP/2.0", "1 INVITE"),
        ("SIP/2.0 100 Trying", "1 INVITE"),
        ("SIP/2.0 183 Session Progress", "1 INVITE"),
        ("PRACK sip:5000@b SIP/2.0", "2 PRACK"),
        ("SIP/2.0 200 OK", "2 PRACK"),
        ("SIP/2.0 200 OK", "1 INVITE"),
        ("ACK sip:5000@b SIP/2.0", "1 ACK"),
        ("BYE sip:5000@b SIP/2.0", "3 BYE"),
    ];
    let messages: Vec<_> = (0..)
        .zip(starts)
        .map(|(seq, (start, cseq))| SignalMessage {
            seq,
            ..message(0, 1, start, cseq)
        })
        .collect();
    keep(&house, &messages).await;
    let html = page(&house, LADDER).await;
    let cells = [
        "INVITE",
        "100 Trying (INVITE)",
        "183 Session Progress (INVITE)",
        "PRACK",
    ];
    let more = ["200 OK (PRACK)", "200 OK (INVITE)", "ACK", "BYE"];
    let places: Vec<_> = cells
        .iter()
        .chain(&more)
        .map(|what| html.find(&format!("<td>{what}</td>")))
        .collect();
    assert!(places.iter().all(Option::is_some), "{places:?}\n{html}");
    assert!(places.is_sorted(), "{places:?}");
}

#[tokio::test]
async fn a_message_that_was_sent_again_is_one_row_that_says_how_often() {
    let house = house().await;
    let mut messages = a_call();
    messages[0].repeated = 3;
    keep(&house, &messages).await;
    let html = page(&house, LADDER).await;
    assert!(
        html.contains("INVITE<br><span class=\"sub\">再送 3回</span>"),
        "{html}"
    );
    assert!(html.contains("INVITE 再送3回</text>"), "{html}");
    assert_eq!(html.matches("<a href=\"signals/").count(), 4);
    assert_eq!(html.matches("再送 ").count(), 1, "{html}");
    let html = page(&house, &format!("{LADDER}/1")).await;
    assert!(html.contains("<dt>再送</dt><dd>3回</dd>"), "{html}");
}

#[tokio::test]
async fn who_may_not_read_messages_sees_them_without_names_and_with_masked_numbers() {
    let house = house().await;
    keep(&house, &a_call()).await;
    let mut agent = house.user("tanto", &[Role::Agent]).await;
    let (_, html) = house.open(&mut agent, LADDER).await;
    assert!(html.contains("href=\"signals/1\""), "{html}");
    let (status, html) = house.open(&mut agent, &format!("{LADDER}/1")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        html.contains("03******78") && !html.contains("0312345678"),
        "{html}"
    );
    assert!(!html.contains("山田"));
    let (status, _) = house.open(&mut agent, &format!("{LADDER}/1/text")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let html = page(&house, &format!("{LADDER}/1/text")).await;
    assert!(
        html.contains("0312345678") && html.contains("山田"),
        "{html}"
    );
    let mut boss = house.boss.clone();
    for path in ["/calls/c1/signals/0", "/calls/c1/signals/5/text"] {
        let (status, _) = house.open(&mut boss, path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_sequence_of_two_hundred_messages_is_not_long() {
    let house = house().await;
    let messages: Vec<_> = (0..200)
        .map(|n| {
            let at = i64::try_from(n).unwrap() * 10;
            if n % 2 == 0 {
                message(at, n, "INVITE sip:5000@b SIP/2.0", &format!("{n} INVITE"))
            } else {
                message(
                    at,
                    n,
                    "SIP/2.0 183 Session Progress",
                    &format!("{n} INVITE"),
                )
            }
        })
        .collect();
    keep(&house, &messages).await;
    let html = page(&house, LADDER).await;
    assert!(html.contains("<a href=\"signals/200/text\">200</a>"));
    assert!(html.len() <= 150_000, "{} bytes", html.len());
}

#[tokio::test]
async fn operators_see_the_figures_of_trunks_without_a_number() {
    let house = house().await;
    keep(&house, &a_call()).await;
    let html = page(&house, "/admin/signals").await;
    assert!(html.contains("外線のアドレスが設定されていません"));
    let mut trunk = house.desk.file.lock().unwrap().trunks.remove(0);
    trunk.sources = vec![TrunkSourceConfig {
        net: "198.51.100.0/24".parse().unwrap(),
        port: None,
    }];
    house.desk.file.lock().unwrap().trunks.push(trunk);
    house.desk.apply_setup().await;
    let mut operator = house.user("kanri", &[Role::Administrator]).await;
    let (status, html) = house.open(&mut operator, "/admin/signals").await;
    assert_eq!(status, StatusCode::OK);
    let row = "<th scope=\"row\">carrier</th><td>着信</td><td class=\"number\">2</td>\
               <td class=\"number\">1</td><td class=\"number\">50.0%</td><td class=\"number\">0</td>\
               <td class=\"number\">1.5</td><td class=\"number\">1.5</td><td class=\"number\">1</td>\
               <td class=\"number\">0</td><td>486 話し中 1件</td>";
    assert!(html.contains(row), "{html}");
    let (status, _) = house.open(&mut operator, LADDER).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "an operator sees no calls");
    let (status, _) = house
        .open(
            &mut operator,
            "/admin/signals?from=2020-01-01&to=2026-01-01",
        )
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_quality_of_voice_is_summed_by_trunk_and_phone() {
    let house = house().await;
    let html = page(&house, "/voice").await;
    assert!(html.contains("音声を測った通話はありません"));
    let measured = |seq, leg, trunk: Option<&str>, agent: Option<&str>, lost| CallEvent {
        call: "c9".into(),
        seq,
        at: house.desk.now(),
        node: "n".into(),
        line: "help".into(),
        kind: EventKind::VoiceMeasured {
            leg,
            trunk: trunk.map(str::to_owned),
            agent: agent.map(Into::into),
            quality: VoiceQuality {
                packets_received: 1_000 - lost,
                packets_lost: lost,
                jitter_ms: 12,
                packets_sent: 1_000,
                far_packets_lost: trunk.map(|_| 5),
                ..VoiceQuality::default()
            },
        },
    };
    house
        .store
        .append(&[
            measured(7, Party::Caller, Some("carrier"), None, 40),
            measured(8, Party::Agent, None, Some("tanaka"), 0),
        ])
        .await
        .unwrap();
    let html = page(&house, "/voice").await;
    let trunk = "<th scope=\"row\">外線 carrier</th><td class=\"number\">1</td>\
                 <td class=\"number\"><strong>4.0%</strong></td>\
                 <td class=\"number\"><a href=\"/calls/c9\">4.0%</a></td>\
                 <td class=\"number\">12</td><td class=\"number\">0.5%</td>\
                 <td class=\"number\">－</td><td class=\"number\">0</td>";
    assert!(html.contains(trunk), "{html}");
    assert!(html.contains("電話機 201(田中 恵)"), "{html}");
    let mut operator = house.user("kanri", &[Role::Administrator]).await;
    let (_, html) = house.open(&mut operator, "/voice").await;
    assert!(html.contains("4.0%") && !html.contains("/calls/c9"));
}

#[tokio::test]
async fn signals_are_kept_for_a_week_unless_something_else_is_set() {
    let house = house().await;
    let setting = "/admin/retention/signals";
    let html = page(&house, setting).await;
    assert!(html.contains("value=\"7\""), "{html}");
    let mut boss = house.boss.clone();
    let (status, _, html) = house.submit(&mut boss, setting, "days=91&version=0").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("90日以内"));
    house.submit(&mut boss, setting, "days=0&version=0").await;
    let kept = house.store.list_settings(SIGNAL_RETENTION).await.unwrap();
    assert_eq!(kept[0].data.as_deref(), Some(r#"{"days":0}"#));
    assert!(
        page(&house, "/admin/retention")
            .await
            .contains("保存しない")
    );
}
