use super::*;

#[test]
fn a_message_is_shown_without_names_and_typed_tones() {
    let masked = message(
        "INFO sip:0312345678@b SIP/2.0\r\nFrom: \"山田\" <sip:09012345678@a>;tag=1\r\n\
         CSeq: 3 INFO\r\n\r\nSignal=5\r\n",
    );
    assert_eq!(
        masked,
        "INFO sip:03******78@b SIP/2.0\r\nFrom: \"***\" <sip:09*******78@a>;tag=1\r\n\
         CSeq: 3 INFO\r\n\r\n(本文は伏せています)"
    );
    let sdp = "SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\nc=IN IP4 192.0.2.1\r\n";
    assert!(message(sdp).ends_with("c=IN IP4 192.0.2.1\r\n"));
}

/// A message of one field.
fn of(field: &str) -> String {
    let masked = message(&format!("OPTIONS sip:a SIP/2.0\r\n{field}\r\n\r\n"));
    let field = masked.strip_prefix("OPTIONS sip:a SIP/2.0\r\n").unwrap();
    field.strip_suffix("\r\n\r\n").unwrap().to_owned()
}

const FIELDS: [&str; 24] = [
    "From",
    "f",
    "To",
    "t",
    "CONTACT",
    "m",
    "Reply-To",
    "Refer-To",
    "r",
    "Referred-By",
    "b",
    "P-Asserted-Identity",
    "P-Preferred-Identity",
    "P-Called-Party-ID",
    "Remote-Party-ID",
    "Diversion",
    "History-Info",
    "Subject",
    "s",
    "Organization",
    "Call-Info",
    "Identity",
    "User-to-User",
    "X-Caller-Name",
];

const FORMS: [&str; 12] = [
    "Yamada <sip:09012345678@a>",
    "\"Yamada\" <sip:09012345678@a>;tag=1",
    "\"Yamada, <T>\\\" x\"<tel:+81-90-1234-5678>",
    "\"A\" <sip:201@a>, \"Yamada\" <sip:090.1234.5678@a>;index=1.1",
    "<sip:201@a>,Yamada Taro <sip:(090)12345678@a>",
    "<sip:201@a>;reason=\"Yamada 090 1234 5678\"",
    "Yamada sip:090-1234-5678@a",
    "\"Yamada <sip:0901234567@a>",
    "Yamada",
    "\"山田\" <sip:090%201234%205678@a>",
    "<sip:%E5%B1%B1%E7%94%B0@a>",
    "<sip:201@a>\r\n , Yamada\r\n\t<sip:09012345678@a>",
];

#[test]
fn no_field_shows_a_name_or_a_number_in_any_of_its_forms() {
    for field in FIELDS {
        for form in FORMS {
            let shown = of(&format!("{field}: {form}"));
            for told in ["Yamada", "Taro", "山", "%E5", "1234", "5678", "567@"] {
                assert!(!shown.contains(told), "{field}: {form} shows {shown}");
            }
            assert!(shown.starts_with(&format!("{field}:")), "{shown}");
        }
    }
}

#[test]
fn what_the_protocol_needs_stays_readable() {
    for field in [
        "Via: SIP/2.0/UDP 192.168.100.200:5060;branch=z9hG4bKabc;rport=5062",
        "CSeq: 102 INVITE",
        "Contact: *",
        "Contact: <sip:201@192.168.100.200:5060>;expires=3600",
        "Max-Forwards: 70",
        "User-Agent: Asterisk PBX 18.10.1",
        "Subject:",
    ] {
        assert_eq!(of(field), field);
    }
    assert_eq!(
        of("Refer-To: \"Yamada\" <sip:201@a?Replaces=x%40b>"),
        "Refer-To: \"***\" <sip:201@a?Replaces=x%40b>"
    );
}

#[test]
fn letters_of_names_are_hidden_wherever_they_stand() {
    assert_eq!(
        of("X-Note: 山田さん 03-1234-5678"),
        "X-Note: *** 03-****-**78"
    );
    assert_eq!(
        of("Reason: SIP;cause=302;text=\"山田へ\""),
        "Reason: SIP;cause=302;text=\"***\""
    );
}

#[test]
fn a_description_shows_its_media_but_not_who_began_it() {
    let sdp = "SIP/2.0 200 OK\r\n\r\nv=0\r\no=yamada 1 1 IN IP4 192.168.100.200\r\n\
               s=Yamada 0312345678\r\np=+81 3 1234 5678\r\nc=IN IP4 192.168.100.200\r\n\
               m=audio 49170 RTP/AVP 0 8 97 101 13 118\r\na=rtpmap:101 telephone-event/8000\r\n";
    assert_eq!(
        message(sdp),
        "SIP/2.0 200 OK\r\n\r\nv=0\r\no=*** 1 1 IN IP4 192.168.100.200\r\n\
         s=***\r\np=***\r\nc=IN IP4 192.168.100.200\r\n\
         m=audio 49170 RTP/AVP 0 8 97 101 13 118\r\na=rtpmap:101 telephone-event/8000\r\n"
    );
}

#[test]
fn the_body_of_a_message_with_bare_line_ends_is_hidden_too() {
    let masked = message("INFO sip:a SIP/2.0\nCSeq: 3 INFO\n\nSignal=5\n");
    assert!(!masked.contains("Signal"), "{masked}");
}
