use super::*;

fn local() -> Local {
    Local {
        session_id: 7,
        version: 1,
        rtp: "192.0.2.9:20000".parse().unwrap(),
        encryption: Encryption::Off,
        secret: KeySecret::new([7; 32]),
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
    let agreed = accept_answer(&g711_offer(&local(), Some(Codec::Pcma)), &local()).unwrap();
    assert_eq!(
        (agreed.codec, agreed.dtmf_payload_type),
        (Codec::Pcma, Some(101))
    );
}

#[test]
fn an_offer_without_g711_is_refused() {
    assert_eq!(
        check_offer(&offer("m=audio 4 RTP/AVP 9\r\n"), &local()),
        Err(SdpError::NoCodec)
    );
    assert_eq!(
        check_offer(&offer("m=video 4 RTP/AVP 0\r\n"), &local()),
        Err(SdpError::NoAudio)
    );
    assert_eq!(check_offer(b"nonsense", &local()), Err(SdpError::Malformed));
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
        "UDP/TLS/RTP/SAVP",
        "UDP/TLS/RTP/SAVPF",
        "TCP/RTP/AVP",
        "RTP/AVPX",
        "udp",
    ] {
        let offer = offer(&format!("m=audio 4002 {profile} 0\r\n"));
        assert_eq!(
            check_offer(&offer, &local()),
            Err(SdpError::NoAudio),
            "{profile}"
        );
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
    assert_eq!(check_offer(&taken, &local()), Err(SdpError::NoCodec));
    let stereo = offer("m=audio 4 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000/2\r\n");
    assert_eq!(check_offer(&stereo, &local()), Err(SdpError::NoCodec));
}

/// RFC 3264 8.2: port 0 closes a stream, and another offer opens it again.
#[test]
fn a_stream_is_closed_and_opened_inside_a_session() {
    let first = agreed("m=audio 4002 RTP/AVP 8\r\n");
    let closing = offer("m=audio 0 RTP/AVP 8\r\n");
    assert_eq!(
        check_offer(&closing, &local()),
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
        assert_eq!(
            check_offer(&offer, &local()),
            Err(SdpError::Unreachable),
            "{many}"
        );
    }
}

#[test]
fn an_unreadable_address_of_a_refused_line_does_no_harm() {
    let mixed = "m=video 4000 RTP/AVP 31\r\nc=IN IP4 a.host\r\nm=audio 4002 RTP/AVP 0\r\n";
    assert_eq!(agreed(mixed).remote, "192.0.2.1:4002".parse().unwrap());
    let named = offer("m=audio 4002 RTP/AVP 0\r\nc=IN IP4 a.host\r\n");
    assert_eq!(check_offer(&named, &local()), Err(SdpError::NoAddress));
}

#[test]
fn a_description_of_endless_lines_is_refused_and_one_of_endless_formats_read() {
    let lines = "m=audio 0 RTP/AVP 0\r\n".repeat(65);
    assert_eq!(
        check_offer(&offer(&lines), &local()),
        Err(SdpError::Malformed)
    );
    let formats = " 0".repeat(5_000);
    assert_eq!(
        check_offer(&offer(&format!("m=audio 4 RTP/AVP{formats}\r\n")), &local()),
        Ok(())
    );
}

/// Our end of a session that may, or must, be encrypted.
fn secret(encryption: Encryption) -> Local {
    Local {
        encryption,
        ..local()
    }
}

/// The peer's.
fn peers(encryption: Encryption) -> Local {
    Local {
        encryption,
        secret: KeySecret::new([9; 32]),
        ..local()
    }
}

#[test]
fn both_ends_agree_on_the_same_keys_turned_round() {
    use Encryption::{Optional, Required};
    for (ours, theirs) in [
        (Optional, Optional),
        (Required, Optional),
        (Optional, Required),
    ] {
        let (ours, theirs) = (secret(ours), peers(theirs));
        let offer = g711_offer(&ours, None);
        let (there, text) = answer(&offer, &theirs).unwrap();
        let here = accept_answer(&text, &ours).unwrap();
        let (here, there) = (here.srtp.unwrap(), there.srtp.unwrap());
        assert_eq!((here.ours, here.theirs), (there.theirs, there.ours));
        let offer = String::from_utf8(offer).unwrap();
        let profile = if ours.encryption == Required {
            "RTP/SAVP"
        } else {
            "RTP/AVP"
        };
        assert!(
            offer.contains(&format!("m=audio 20000 {profile} 0 8 101\r\n")),
            "{offer}"
        );
        assert_eq!(offer.matches("a=crypto:").count(), 4);
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.contains("a=crypto:1 AEAD_AES_128_GCM inline:"),
            "{text}"
        );
        assert!(
            !format!("{ours:?}").contains("7, 7"),
            "secrets are not printed"
        );
    }
}

#[test]
fn the_first_key_that_can_be_used_is_taken_with_its_number() {
    let key = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
    let lines = format!(
        "m=audio 4002 RTP/SAVP 0\r\na=crypto:1 F8_128_HMAC_SHA1_80 inline:{key}\r\n\
         a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:{key}|2^20|1:4\r\n\
         a=crypto:8 AES_CM_128_HMAC_SHA1_32 inline:{key}|2^20\r\n"
    );
    let (agreed, text) = answer(&offer(&lines), &secret(Encryption::Optional)).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("RTP/SAVP") && text.contains("a=crypto:8 AES_CM_128_HMAC_SHA1_32"));
    assert!(!text.contains(key), "our key is another");
    assert!(agreed.srtp.is_some());
}

#[test]
fn nothing_is_encrypted_where_nobody_wants_it_and_nothing_is_clear_where_somebody_must() {
    let key =
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
    let plain = offer("m=audio 4002 RTP/AVP 0\r\n");
    let best = offer(&format!("m=audio 4002 RTP/AVP 0\r\n{key}"));
    let savp = offer(&format!("m=audio 4002 RTP/SAVP 0\r\n{key}"));
    let bare = offer("m=audio 4002 RTP/SAVP 0\r\n");
    let agreed = |offer: &[u8], encryption| {
        answer(offer, &secret(encryption)).map(|(agreed, _)| agreed.srtp.is_some())
    };
    use Encryption::{Off, Optional, Required};
    for (offer, off, optional, required) in [
        (&plain, Ok(false), Ok(false), Err(SdpError::NotEncrypted)),
        (&best, Ok(false), Ok(true), Ok(true)),
        (&savp, Err(SdpError::Encryption), Ok(true), Ok(true)),
        (
            &bare,
            Err(SdpError::Encryption),
            Err(SdpError::Encryption),
            Err(SdpError::Encryption),
        ),
    ] {
        assert_eq!(agreed(offer, Off), off);
        assert_eq!(agreed(offer, Optional), optional);
        assert_eq!(agreed(offer, Required), required);
    }
}

#[test]
fn an_encrypted_line_is_taken_before_a_clear_one() {
    let lines = "m=audio 4002 RTP/AVP 0\r\nm=audio 4004 RTP/SAVP 0\r\n\
        a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
    let (agreed, _) = answer(&offer(lines), &secret(Encryption::Optional)).unwrap();
    assert_eq!(agreed.remote.port(), 4004);
    let (agreed, _) = answer(&offer(lines), &secret(Encryption::Off)).unwrap();
    assert_eq!(agreed.remote.port(), 4002);
}

#[test]
fn what_was_encrypted_is_never_clear_again() {
    let ours = secret(Encryption::Optional);
    let (before, _) = answer(&g711_offer(&peers(Encryption::Optional), None), &ours).unwrap();
    let plain = offer("m=audio 4002 RTP/AVP 0\r\n");
    assert_eq!(
        answer_within(&plain, &ours, &before).map(|_| ()),
        Err(SdpError::NotEncrypted)
    );
    assert_eq!(
        accept_answer_within(&plain, &ours, &before),
        Err(SdpError::NotEncrypted)
    );
    // A stream that is closed has no keys to tell.
    let closed = offer("m=audio 0 RTP/AVP 0\r\n");
    assert!(
        answer_within(&closed, &ours, &before)
            .unwrap()
            .0
            .srtp
            .is_some()
    );
}

#[test]
fn an_answer_with_another_key_than_was_offered_is_none() {
    let ours = secret(Encryption::Optional);
    let key = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
    for lines in [
        // Another number, another suite, two at once, nonsense.
        format!("a=crypto:9 AES_CM_128_HMAC_SHA1_80 {key}\r\n"),
        format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 {key}\r\n"),
        format!("a=crypto:3 AES_CM_128_HMAC_SHA1_80 {key}\r\n").repeat(2),
        "a=crypto:3\r\n".to_owned(),
    ] {
        let text = offer(&format!("m=audio 4002 RTP/AVP 0\r\n{lines}"));
        assert_eq!(
            accept_answer(&text, &ours),
            Err(SdpError::Encryption),
            "{lines}"
        );
    }
    let taken = format!("m=audio 4002 RTP/AVP 0\r\na=crypto:3 AES_CM_128_HMAC_SHA1_80 {key}\r\n");
    assert!(accept_answer(&offer(&taken), &ours).unwrap().srtp.is_some());
}
