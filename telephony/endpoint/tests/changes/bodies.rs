//! Bodies and offers as carriers send them.

use madoguchi_sip::message::{HeaderName, Response};

use super::bench::Bench;
use super::desk::Settings;
use super::peer::Peer;

const SDP: &str = "Content-Type: application/sdp\r\n";

fn desk() -> (Bench, Peer) {
    (Bench::new(Settings::new()), Peer::new("127.0.0.1:6001"))
}

/// The answer to an INVITE with this body; a 200 is acknowledged.
fn call(bench: &mut Bench, carrier: &Peer, name: &str, more: &str, body: &str) -> Response {
    let bytes = carrier.request_with("INVITE", "0312345678", "5000", name, 1, more, body);
    bench.send(carrier, bytes);
    let response = bench.response_to(carrier).unwrap();
    if response.status == 200 {
        bench.send(carrier, carrier.in_dialog("ACK", &response, 1));
    }
    response
}

fn media_lines(response: &Response) -> Vec<String> {
    let text = String::from_utf8(response.body.clone()).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("m="));
    lines.map(str::to_owned).collect()
}

fn offer(lines: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n{lines}")
}

/// RFC 3204, RFC 5621.
#[test]
fn an_offer_beside_isup_is_answered_or_refused_as_the_handling_says() {
    let (mut bench, carrier) = desk();
    for (handling, status) in [("optional", 200), ("required", 415)] {
        let body = format!(
            "--b\r\nContent-Type:application/sdp\r\n\r\n{}\r\n--b\r\n\
             Content-Type: application/isup;version=itu-t92+\r\n\
             Content-Disposition: signal;handling={handling}\r\n\r\n\u{1}\u{2}\r\n--b--\r\n",
            carrier.offer()
        );
        let kind = "Content-Type: multipart/mixed;boundary=b\r\n";
        let response = call(&mut bench, &carrier, handling, kind, &body);
        assert_eq!(response.status, status);
        let accept = response.headers.get(&HeaderName::Accept);
        assert_eq!(
            accept.is_some_and(|text| text.contains("multipart/mixed")),
            status == 415
        );
        assert_eq!(media_lines(&response).len(), usize::from(status == 200));
    }
    let kind = "Content-Type: multipart/mixed;boundary=other\r\n";
    assert_eq!(
        call(&mut bench, &carrier, "bad", kind, "--b\r\n").status,
        400
    );
    assert_eq!(bench.switch.calls_in_progress(), 1);
}

#[test]
fn a_stream_is_closed_and_opened_again_and_the_call_lives_on() {
    let (mut bench, carrier) = desk();
    let first = call(&mut bench, &carrier, "c", SDP, &carrier.offer());
    let mut again = |cseq: u32, body: &str| {
        bench.send(
            &carrier,
            carrier.in_dialog_with("INVITE", &first, cseq, SDP, body),
        );
        let response = bench.response_to(&carrier).unwrap();
        bench.send(&carrier, carrier.in_dialog("ACK", &first, cseq));
        response
    };
    let closed = again(2, &offer("m=audio 0 RTP/AVP 0\r\n"));
    assert_eq!(closed.status, 200);
    assert_eq!(media_lines(&closed), ["m=audio 0 RTP/AVP 0"]);
    let held = again(3, &offer("m=audio 40000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n"));
    assert_eq!(held.status, 200);
    let inactive = again(4, &offer("m=audio 40000 RTP/AVP 0\r\na=inactive\r\n"));
    assert!(
        String::from_utf8(inactive.body)
            .unwrap()
            .contains("a=inactive")
    );
    let secure = again(5, &offer("m=audio 40000 RTP/SAVP 0\r\n"));
    assert_eq!(secure.status, 488, "and the session stays as it was");
    let open = again(6, &carrier.offer());
    assert_eq!(open.status, 200);
    // A late offer: ours, in 200; the answer comes with the ACK, and may close the stream.
    bench.send(&carrier, carrier.in_dialog("INVITE", &first, 7));
    let ours = bench.response_to(&carrier).unwrap();
    assert!(media_lines(&ours)[0].ends_with("RTP/AVP 0 8 101"));
    let answer = offer("m=audio 0 RTP/AVP 0\r\n");
    bench.send(
        &carrier,
        carrier.in_dialog_with("ACK", &first, 7, SDP, &answer),
    );
    assert_eq!(bench.switch.calls_in_progress(), 1);
    assert!(bench.request_to(&carrier).is_none(), "no BYE");
}

/// RFC 3261 20.43; a host's name in the place of an address is not looked up.
#[test]
fn the_refusal_of_an_offer_tells_why() {
    let (mut bench, carrier) = desk();
    for (name, lines, code) in [
        ("secure", "m=audio 40000 RTP/SAVP 0\r\n", "399"),
        ("codec", "m=audio 40000 RTP/AVP 18\r\n", "305"),
        (
            "name",
            "m=audio 40000 RTP/AVP 0\r\nc=IN IP4 phone.example\r\n",
            "301",
        ),
    ] {
        let refused = call(&mut bench, &carrier, name, SDP, &offer(lines));
        assert_eq!(refused.status, 488, "{name}");
        let warning = refused.headers.get(&HeaderName::Warning).unwrap();
        assert!(warning.starts_with(&format!("{code} desk \"")), "{warning}");
    }
}

#[test]
fn an_extension_that_is_required_and_unknown_is_refused_inside_a_dialog_too() {
    let (mut bench, carrier) = desk();
    let more = format!("{SDP}Require: 100rel, timer, gruu\r\n");
    let refused = call(&mut bench, &carrier, "a", &more, &carrier.offer());
    assert_eq!(refused.status, 420);
    assert_eq!(refused.headers.get(&HeaderName::Unsupported), Some("gruu"));
    let more = format!("{SDP}Require: 100rel\r\n");
    let first = call(&mut bench, &carrier, "b", &more, &carrier.offer());
    assert_eq!(first.status, 200, "no provisional response is due");
    let more = "Require: gruu\r\n";
    bench.send(
        &carrier,
        carrier.in_dialog_with("INFO", &first, 2, more, ""),
    );
    assert_eq!(bench.response_to(&carrier).unwrap().status, 420);
    bench.send(&carrier, carrier.in_dialog_with("BYE", &first, 3, more, ""));
    assert_eq!(
        bench.response_to(&carrier).unwrap().status,
        200,
        "a call can always end"
    );
}

#[test]
fn info_is_understood_or_refused() {
    let (mut bench, carrier) = desk();
    let first = call(&mut bench, &carrier, "c", SDP, &carrier.offer());
    let mut info = |cseq: u32, more: &str, body: &str| {
        bench.send(
            &carrier,
            carrier.in_dialog_with("INFO", &first, cseq, more, body),
        );
        bench.response_to(&carrier).unwrap()
    };
    assert_eq!(info(2, "", "").status, 200);
    let relay = "Content-Type: application/dtmf-relay\r\n";
    assert_eq!(info(3, relay, "Signal=5\r\nDuration=160\r\n").status, 200);
    assert_eq!(info(4, relay, "Signal=nonsense\r\n").status, 400);
    let unknown = info(5, "Content-Type: application/x\r\n", "x");
    assert_eq!(unknown.status, 415);
    let accept = unknown.headers.get(&HeaderName::Accept);
    assert_eq!(accept, Some("application/dtmf-relay, application/dtmf"));
    assert_eq!(info(6, "Info-Package: foo\r\n", "").status, 469);
}

/// Keys of a caller by INFO reach the agent's phone as RFC 4733, or as INFO if it asked for none.
#[test]
fn keys_by_info_reach_the_other_side() {
    let mut settings = Settings::new();
    settings.endpoint.phones[0].fixed_contacts = vec!["sip:201@127.0.0.1:6101".to_owned()];
    let mut bench = Bench::with_real_voice(settings);
    let (carrier, phone) = (Peer::new("127.0.0.1:6001"), Peer::new("127.0.0.1:6101"));
    bench.command("a", madoguchi_core::live::AgentCommand::Ready);
    let first = call(&mut bench, &carrier, "c", SDP, &carrier.offer());
    bench.pick_up(&phone);
    let relay = "Content-Type: application/dtmf-relay\r\n";
    bench.send(
        &carrier,
        carrier.in_dialog_with("INFO", &first, 2, relay, "Signal=#\r\n"),
    );
    let info = bench
        .request_to(&phone)
        .expect("the phone asked for no telephone-event");
    assert_eq!(info.method.as_str(), "INFO");
    assert_eq!(info.body, b"Signal=#\r\nDuration=160\r\n");
    bench.reply(&phone, &phone.answer(&info, 200));
    // A re-INVITE of the phone asks for telephone-event: from now on by RTP.
    let port = phone.rtp.local_addr().unwrap().port();
    let keys = offer(&format!(
        "m=audio {port} RTP/AVP 0 97\r\na=rtpmap:97 telephone-event/8000\r\n"
    ));
    let accepted = phone.answer(&info, 200);
    bench.send(&phone, phone.back_with("INVITE", &accepted, 1, SDP, &keys));
    assert_eq!(bench.response_to(&phone).unwrap().status, 200);
    bench.send(&phone, phone.back("ACK", &accepted, 1));
    bench.send(
        &carrier,
        carrier.in_dialog_with("INFO", &first, 3, relay, "Signal=7\r\n"),
    );
    let mut packet = [0; 2_000];
    let patience = Some(std::time::Duration::from_secs(5));
    phone.rtp.set_read_timeout(patience).unwrap();
    loop {
        let length = phone.rtp.recv(&mut packet).unwrap();
        if packet[1] & 0x7f == 97 {
            assert_eq!((length, packet[12]), (16, 7));
            break;
        }
    }
    assert!(bench.request_to(&phone).is_none());
}
