//! 観測の設定 on screens, and what the last hour would be counted as.

use madoguchi_core::setup::{OBSERVE, ObserveSetting};
use madoguchi_core::signal::{SignalKind, SignalMessage};

use super::*;

const PAGE: &str = "/admin/desk/observe";
const TRUNK: &str = "198.51.100.1:5060";
const PBX: &str = "192.0.2.1:5060";

fn message(
    secs_ago: i64,
    is_from_trunk: bool,
    start: &str,
    cseq: &str,
    call_id: &str,
) -> SignalMessage {
    let (source, destination) = if is_from_trunk {
        (TRUNK, PBX)
    } else {
        (PBX, TRUNK)
    };
    let tag = if is_from_trunk { "" } else { ";tag=b" };
    SignalMessage {
        at_us: (now().0 - secs_ago * 1_000) * 1_000,
        seq: i64::from(!is_from_trunk),
        repeated: 0,
        dialog: call_id.to_owned(),
        source: source.to_owned(),
        destination: destination.to_owned(),
        kind: SignalKind::Observed,
        text: format!(
            "{start}\r\nVia: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK{call_id}\r\n\
             From: <sip:09012345678@a>;tag=a\r\nTo: <sip:0399990001@b>{tag}\r\n\
             Call-ID: {call_id}\r\nCSeq: {cseq}\r\nContent-Length: 0\r\n\r\n"
        ),
    }
}

/// A call to a number that no setting names, taken back after ten seconds.
async fn observe_a_call(house: &House, call_id: &str, secs_ago: i64) {
    let invite = "INVITE sip:0399990001@b SIP/2.0";
    let messages = [
        message(secs_ago, true, invite, "1 INVITE", call_id),
        message(
            secs_ago - 10,
            true,
            "CANCEL sip:0399990001@b SIP/2.0",
            "1 CANCEL",
            call_id,
        ),
        message(
            secs_ago - 10,
            false,
            "SIP/2.0 487 Request Terminated",
            "1 INVITE",
            call_id,
        ),
    ];
    let mut tx = house.store.begin_unrecorded().await.unwrap();
    tx.save_signals(&messages, &[]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_only_the_pbx_knows_is_kept_with_its_history_and_no_secret_is_shown() {
    let house = house().await;
    let body = form(&[
        ("line_numbers", "03-9999-0001 help"),
        ("extensions", "3XX"),
        ("trunk_addresses", "198.51.100.0/24"),
        ("hep_key", "aikotoba-9060"),
        ("version", "0"),
    ]);
    house.take(PAGE, &body).await;
    let kept = house.store.list_settings(OBSERVE).await.unwrap();
    let kept = kept[0].data.as_deref().unwrap();
    assert!(kept.contains(r#""extensions":["3XX"]"#), "{kept}");
    assert!(
        kept.contains("sealed") && !kept.contains("aikotoba"),
        "{kept}"
    );
    let html = house.page(PAGE).await;
    assert!(!html.contains("aikotoba"));
    assert!(html.contains("03-9999-0001 help") && html.contains("に設定しました"));
    assert!(html.contains("担当者のほかの内線"));
    // The key stays if nothing is typed for it.
    let body = form(&[("extensions", "4XX"), ("version", "1")]);
    house.take(PAGE, &body).await;
    let kept = house.store.list_settings(OBSERVE).await.unwrap();
    assert!(kept[0].data.as_deref().unwrap().contains("sealed"));
    let setup = house.desk.setup();
    assert_eq!(setup.observe.extensions, Some(vec!["4XX".to_owned()]));
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_at_its_field() {
    let house = house().await;
    for (field, value, told) in [
        (
            "line_numbers",
            "0399990001 なし",
            "「なし」という回線はありません",
        ),
        ("direct_lines", "なし", "「なし」という回線はありません"),
        ("extensions", "2 1", "番号の形ではありません"),
        ("trunk_addresses", "198.51.100", "アドレスではありません"),
        ("hep", "9060", "udp://アドレス:ポート"),
    ] {
        let html = house
            .refuse(PAGE, &form(&[(field, value), ("version", "0")]))
            .await;
        assert!(html.contains(told), "{field}: {told}");
    }
}

#[tokio::test]
async fn what_the_file_names_is_shown_and_not_typed() {
    let house = house().await;
    house.desk.file.lock().unwrap().observe = ObserveSetting {
        extensions: Some(vec!["2XX".to_owned()]),
        ..ObserveSetting::default()
    };
    house.desk.apply_setup().await;
    let html = house.page(PAGE).await;
    assert!(html.contains("設定ファイルで定めています") && html.contains("<p>2XX</p>"));
    assert!(!html.contains("name=\"extensions\""));
}

#[tokio::test]
async fn the_last_hour_is_counted_by_what_is_typed_and_nothing_is_saved() {
    let house = house().await;
    observe_a_call(&house, "one", 600).await;
    observe_a_call(&house, "two", 1_200).await;
    observe_a_call(&house, "long ago", 7_200).await;
    let mut boss = house.boss.clone();
    let try_out = form(&[("intent", "try"), ("version", "0")]);
    let (status, _, html) = house.submit(&mut boss, PAGE, &try_out).await;
    assert_eq!(status, StatusCode::OK);
    let unknown =
        "<strong>不明</strong></th><td class=\"number\">2</td><td class=\"number\">2</td>";
    assert!(html.contains(unknown), "{html}");
    assert!(
        html.contains("<td>09*******78</td>"),
        "nobody's number is shown"
    );
    let try_out = form(&[
        ("line_numbers", "03-9999-0001 help"),
        ("trunk_addresses", "198.51.100.0/24"),
        ("intent", "try"),
        ("version", "0"),
    ]);
    let (_, _, html) = house.submit(&mut boss, PAGE, &try_out).await;
    let counted = "着信(help)</th><td class=\"number\">0</td><td class=\"number\">2</td>";
    assert!(html.contains(counted), "{html}");
    let unknown =
        "<strong>不明</strong></th><td class=\"number\">2</td><td class=\"number\">0</td>";
    assert!(html.contains(unknown), "{html}");
    assert!(
        html.contains("放棄") && html.contains("0399990001"),
        "{html}"
    );
    assert_eq!(house.store.list_settings(OBSERVE).await.unwrap().len(), 0);
    assert!(html.contains("03-9999-0001 help"), "what was typed stays");
}

#[tokio::test]
async fn the_preview_leads_to_what_has_to_be_written_for_calls_that_nothing_is_known_of() {
    let house = house().await;
    observe_a_call(&house, "one", 600).await;
    let mut boss = house.boss.clone();
    let try_out = form(&[("intent", "try"), ("version", "0")]);
    let (_, _, html) = house.submit(&mut boss, PAGE, &try_out).await;
    assert!(html.contains("外からの着信なら、かけた番号を「回線に加える番号」へ"));
    assert!(!html.contains("回線がありません"), "{html}");
    // The number of the line is written; the phone that answers is nobody's.
    let invite = "INVITE sip:0399990001@b SIP/2.0";
    let answered = [
        message(500, true, invite, "1 INVITE", "two"),
        message(499, false, "SIP/2.0 200 OK", "1 INVITE", "two"),
        leg(498, true, "INVITE sip:4711@c SIP/2.0", ""),
        leg(497, false, "SIP/2.0 180 Ringing", ";tag=p"),
        leg(490, false, "SIP/2.0 200 OK", ";tag=p"),
    ];
    let mut tx = house.store.begin_unrecorded().await.unwrap();
    tx.save_signals(&answered, &[]).await.unwrap();
    tx.commit().await.unwrap();
    let try_out = form(&[
        ("line_numbers", "03-9999-0001 help"),
        ("intent", "try"),
        ("version", "0"),
    ]);
    let (_, _, html) = house.submit(&mut boss, PAGE, &try_out).await;
    assert!(html.contains("設定にない番号が取った着信"), "{html}");
    assert!(html.contains("<td>4711</td><td>呼び出してから取った</td>"));
}

/// A message between the PBX and a phone, of a leg that shows the caller's number.
fn leg(secs_ago: i64, is_from_pbx: bool, start: &str, tag: &str) -> SignalMessage {
    let mut message = message(secs_ago, false, start, "1 INVITE", "leg");
    let phone = "192.0.2.21:5060".to_owned();
    let pbx = PBX.to_owned();
    (message.source, message.destination) = if is_from_pbx {
        (pbx, phone)
    } else {
        (phone, pbx)
    };
    message.text = message.text.replace(
        "To: <sip:0399990001@b>;tag=b",
        &format!("To: <sip:4711@c>{tag}"),
    );
    message
}

#[tokio::test]
async fn without_traffic_the_preview_says_so() {
    let house = house().await;
    let mut boss = house.boss.clone();
    let try_out = form(&[("intent", "try"), ("version", "0")]);
    let (_, _, html) = house.submit(&mut boss, PAGE, &try_out).await;
    assert!(html.contains("直近1時間に観測した信号の記録はありません"));
}
