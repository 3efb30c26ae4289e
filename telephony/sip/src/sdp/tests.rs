use super::*;

fn local() -> Local {
    Local {
        session_id: 7,
        version: 1,
        rtp: "192.0.2.9:20000".parse().unwrap(),
    }
}

fn offer(lines: &str) -> Vec<u8> {
    format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{lines}")
        .into_bytes()
}

#[test]
fn the_offerers_first_law_is_taken_and_other_media_are_refused() {
    let offer = offer(
        "m=video 4000 RTP/AVP 31\r\nm=audio 4002 RTP/AVP 9 8 0 96\r\n\
         a=rtpmap:96 telephone-event/8000\r\n",
    );
    let (agreed, text) = answer(&offer, &local()).unwrap();
    assert_eq!(
        (agreed.codec, agreed.dtmf_payload_type),
        (Codec::Pcma, Some(96))
    );
    assert_eq!(agreed.remote, "192.0.2.1:4002".parse().unwrap());
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("m=video 0 RTP/AVP 31\r\n"));
    assert!(text.contains("m=audio 20000 RTP/AVP 8 96\r\n"));
}

#[test]
fn hold_is_answered_with_its_counterpart() {
    for (asked, said) in [("sendonly", "recvonly"), ("inactive", "inactive")] {
        let offer = offer(&format!("m=audio 4002 RTP/AVP 0\r\na={asked}\r\n"));
        let (_, text) = answer(&offer, &local()).unwrap();
        assert!(
            String::from_utf8(text)
                .unwrap()
                .contains(&format!("a={said}\r\n"))
        );
    }
}

#[test]
fn our_own_offer_is_understood() {
    let agreed = accept_answer(&g711_offer(&local(), Some(Codec::Pcma))).unwrap();
    assert_eq!(
        (agreed.codec, agreed.dtmf_payload_type),
        (Codec::Pcma, Some(101))
    );
}

#[test]
fn an_offer_without_g711_is_refused() {
    assert_eq!(
        check_offer(&offer("m=audio 4 RTP/AVP 9\r\n")),
        Err(SdpError::NoCodec)
    );
    assert_eq!(
        check_offer(&offer("m=video 4 RTP/AVP 0\r\n")),
        Err(SdpError::NoAudio)
    );
    assert_eq!(check_offer(b"nonsense"), Err(SdpError::Malformed));
}

/// The media lines of a description.
fn media_lines(text: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(text).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("m="));
    lines.map(str::to_owned).collect()
}

fn agreed(lines: &str) -> Negotiated {
    answer(&offer(lines), &local()).unwrap().0
}

/// RFC 3264 6.1, RFC 4585 3.3.
#[test]
fn an_answer_keeps_the_profile_of_the_offer() {
    for profile in ["RTP/AVP", "RTP/AVPF"] {
        let offer = offer(&format!("m=audio 4002 {profile} 8 0\r\n"));
        let (_, text) = answer(&offer, &local()).unwrap();
        assert_eq!(media_lines(&text), [format!("m=audio 20000 {profile} 8")]);
    }
}

#[test]
fn a_profile_that_we_do_not_speak_is_refused() {
    for profile in [
        "RTP/SAVP",
        "RTP/SAVPF",
        "UDP/TLS/RTP/SAVP",
        "UDP/TLS/RTP/SAVPF",
        "TCP/RTP/AVP",
        "RTP/AVPX",
        "udp",
    ] {
        let offer = offer(&format!("m=audio 4002 {profile} 0\r\n"));
        assert_eq!(check_offer(&offer), Err(SdpError::NoAudio), "{profile}");
    }
}

#[test]
fn the_line_that_can_be_spoken_on_is_taken_and_each_other_keeps_its_place() {
    let offer = offer(
        "m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n\
         m=audio 4002 RTP/AVP 18\r\nm=image 4004 udptl t38\r\n\
         m=audio 4006 RTP/AVP 0\r\nm=audio 4008 RTP/AVP 8\r\nm=application 4010 TCP/BFCP *\r\n",
    );
    let (agreed, text) = answer(&offer, &local()).unwrap();
    assert_eq!(agreed.remote.port(), 4006);
    assert_eq!(
        media_lines(&text),
        [
            "m=audio 0 RTP/SAVP 0",
            "m=audio 0 RTP/AVP 18",
            "m=image 0 udptl t38",
            "m=audio 20000 RTP/AVP 0",
            "m=audio 0 RTP/AVP 8",
            "m=application 0 TCP/BFCP *",
        ]
    );
}

/// RFC 4733 2.1: the clock is that of the voice.
#[test]
fn keys_go_by_the_clock_of_the_voice() {
    let offer = offer(
        "m=audio 4002 RTP/AVP 96 8 100 101\r\na=rtpmap:96 AMR-WB/16000\r\n\
         a=rtpmap:100 telephone-event/16000\r\na=rtpmap:101 telephone-event/8000\r\n",
    );
    let (agreed, text) = answer(&offer, &local()).unwrap();
    assert_eq!(agreed.dtmf_payload_type, Some(101));
    assert_eq!(media_lines(&text), ["m=audio 20000 RTP/AVP 8 101"]);
    let only_wide = "m=audio 4002 RTP/AVP 8 100\r\na=rtpmap:100 telephone-event/16000\r\n";
    assert_eq!(super::tests::agreed(only_wide).dtmf_payload_type, None);
}

#[test]
fn a_payload_type_means_what_its_map_says() {
    let dynamic =
        agreed("m=audio 4 RTP/AVP 97 98\r\na=rtpmap:97 PCMU/80000\r\na=rtpmap:98 pcma/8000/1\r\n");
    assert_eq!((dynamic.codec, dynamic.payload_type), (Codec::Pcma, 98));
    let taken = offer("m=audio 4 RTP/AVP 0\r\na=rtpmap:0 L16/8000\r\n");
    assert_eq!(check_offer(&taken), Err(SdpError::NoCodec));
    let stereo = offer("m=audio 4 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000/2\r\n");
    assert_eq!(check_offer(&stereo), Err(SdpError::NoCodec));
}

/// RFC 3264 8.2: port 0 closes a stream, and another offer opens it again.
#[test]
fn a_stream_is_closed_and_opened_inside_a_session() {
    let first = agreed("m=audio 4002 RTP/AVP 8\r\n");
    let closing = offer("m=audio 0 RTP/AVP 8\r\n");
    assert_eq!(
        check_offer(&closing),
        Err(SdpError::NoAudio),
        "no call begins so"
    );
    let (closed, text) = answer_within(&closing, &local(), &first).unwrap();
    assert_eq!(closed.remote_direction, Direction::Inactive);
    assert_eq!((closed.remote.port(), closed.codec), (0, Codec::Pcma));
    assert_eq!(media_lines(&text), ["m=audio 0 RTP/AVP 8"]);
    assert_eq!(
        media_lines(&g711_offer_again(&text, &local(), Some(Codec::Pcma))),
        ["m=audio 20000 RTP/AVP 8 0 101"],
        "our own offer opens it, too"
    );
    let opening = offer("m=audio 4004 RTP/AVP 8\r\n");
    let (open, text) = answer_within(&opening, &local(), &closed).unwrap();
    assert_eq!(
        (open.remote.port(), open.remote_direction),
        (4004, Direction::SendRecv)
    );
    assert_eq!(media_lines(&text), ["m=audio 20000 RTP/AVP 8"]);
    let unusable = offer("m=audio 4004 RTP/AVP 9\r\n");
    assert_eq!(
        answer_within(&unusable, &local(), &open).map(|_| ()),
        Err(SdpError::NoCodec)
    );
}

/// RFC 3264 8: lines are never taken away.
#[test]
fn an_offer_of_ours_inside_a_session_keeps_the_lines() {
    let first = offer("m=audio 4000 RTP/SAVP 0\r\nm=audio 4002 RTP/AVPF 0 101\r\n");
    let (_, ours) = answer(&first, &local()).unwrap();
    let again = g711_offer_again(&ours, &local(), Some(Codec::Pcmu));
    assert_eq!(
        media_lines(&again),
        ["m=audio 0 RTP/SAVP 0", "m=audio 20000 RTP/AVPF 0 8 101"]
    );
}

/// RFC 3264 8.4.
#[test]
fn an_unspecified_address_is_hold() {
    for (asked, meant) in [
        ("sendrecv", Direction::SendOnly),
        ("sendonly", Direction::SendOnly),
        ("recvonly", Direction::Inactive),
        ("inactive", Direction::Inactive),
    ] {
        let lines = format!("m=audio 4002 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\na={asked}\r\n");
        assert_eq!(agreed(&lines).remote_direction, meant, "{asked}");
    }
}

#[test]
fn voice_is_sent_to_one_hearer() {
    for many in ["IP4 224.2.1.1/127", "IP4 255.255.255.255", "IP6 ff02::1"] {
        let offer = offer(&format!("m=audio 4002 RTP/AVP 0\r\nc=IN {many}\r\n"));
        assert_eq!(check_offer(&offer), Err(SdpError::Unreachable), "{many}");
    }
}

#[test]
fn an_unreadable_address_of_a_refused_line_does_no_harm() {
    let mixed = "m=video 4000 RTP/AVP 31\r\nc=IN IP4 a.host\r\nm=audio 4002 RTP/AVP 0\r\n";
    assert_eq!(agreed(mixed).remote, "192.0.2.1:4002".parse().unwrap());
    let named = offer("m=audio 4002 RTP/AVP 0\r\nc=IN IP4 a.host\r\n");
    assert_eq!(check_offer(&named), Err(SdpError::NoAddress));
}

#[test]
fn a_description_of_endless_lines_is_refused_and_one_of_endless_formats_read() {
    let lines = "m=audio 0 RTP/AVP 0\r\n".repeat(65);
    assert_eq!(check_offer(&offer(&lines)), Err(SdpError::Malformed));
    let formats = " 0".repeat(5_000);
    assert_eq!(
        check_offer(&offer(&format!("m=audio 4 RTP/AVP{formats}\r\n"))),
        Ok(())
    );
}
