use super::*;

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n";

fn found<'a>(content_type: &str, body: &'a str) -> Result<Option<&'a str>, BodyFault> {
    let mut headers = Headers::default();
    headers.push(HeaderName::ContentType, content_type);
    with_headers(&headers, body)
}

fn with_headers<'a>(headers: &Headers, body: &'a str) -> Result<Option<&'a str>, BodyFault> {
    let session = session_description(headers, body.as_bytes())?;
    Ok(session.map(|session| std::str::from_utf8(session).unwrap()))
}

/// A body of these parts, each with its header lines.
fn multipart(parts: &[(&str, &str)]) -> String {
    let mut body = String::new();
    for (headers, content) in parts {
        body.push_str(&format!("--b05\r\n{headers}\r\n{content}\r\n"));
    }
    body + "--b05--\r\n"
}

const MIXED: &str = "multipart/mixed;boundary=b05";
const PLAIN_SDP: (&str, &str) = ("Content-Type: application/sdp\r\n", SDP);
const ISUP: &str = "Content-Type: application/isup;version=itu-t92+\r\n";

#[test]
fn a_session_description_alone_is_the_body() {
    assert_eq!(found("application/sdp", SDP), Ok(Some(SDP)));
    assert_eq!(found("Application/SDP ;charset=utf-8", SDP), Ok(Some(SDP)));
    assert_eq!(found("application/sdp", ""), Ok(None));
    assert_eq!(found("text/plain", "hello"), Err(BodyFault::Unsupported));
    assert_eq!(
        with_headers(&Headers::default(), SDP),
        Err(BodyFault::Unsupported)
    );
}

/// RFC 3204, RFC 5621 3.1 and 4.
#[test]
fn an_unknown_part_is_passed_over_or_refused_as_its_handling_says() {
    let with = |disposition: &str| {
        let headers = format!("{ISUP}{disposition}");
        let body = multipart(&[PLAIN_SDP, (&headers, "\u{1}\u{2}")]);
        found(MIXED, &body).map(|session| session.map(str::to_owned))
    };
    let session = Ok(Some(SDP.to_owned()));
    assert_eq!(
        with("Content-Disposition: signal;handling=optional\r\n"),
        session
    );
    assert_eq!(
        with("content-disposition:signal; Handling=OPTIONAL\r\n"),
        session
    );
    assert_eq!(
        with("Content-Disposition: signal;handling=\"optional\"\r\n"),
        session
    );
    for required in [
        "Content-Disposition: signal;handling=required\r\n",
        "Content-Disposition: signal\r\n",
        "",
    ] {
        assert_eq!(with(required), Err(BodyFault::Unsupported), "{required}");
    }
}

/// RFC 6442: the location of the caller, as gateways send it.
#[test]
fn the_location_of_the_caller_does_not_stop_a_call() {
    let pidf = "Content-Type: application/pidf+xml\r\nContent-ID: <a@b>\r\n";
    for headers in [pidf, "Content-Type: application/pidf+xml\r\n"] {
        let body = multipart(&[(headers, "<presence/>"), PLAIN_SDP]);
        assert_eq!(found(MIXED, &body), Ok(Some(SDP)));
    }
    let other = "Content-Type: application/x-unknown\r\nContent-ID: <a@b>\r\n";
    let body = multipart(&[(other, "x"), PLAIN_SDP]);
    assert_eq!(
        found(MIXED, &body),
        Ok(Some(SDP)),
        "referred to by a header"
    );
}

#[test]
fn odd_ways_of_writing_are_read() {
    let no_blank = multipart(&[("Content-Type:application/sdp\r\n", SDP)]);
    assert_eq!(found(MIXED, &no_blank), Ok(Some(SDP)));
    let folded = multipart(&[("Content-Type:\r\n application/sdp\r\n", SDP)]);
    assert_eq!(found(MIXED, &folded), Ok(Some(SDP)));
    let around = format!(
        "preamble\r\n{}epilogue\r\n--b05\r\n",
        multipart(&[PLAIN_SDP])
    );
    assert_eq!(found(MIXED, &around), Ok(Some(SDP)));
    let padded = multipart(&[PLAIN_SDP]).replace("--b05\r\n", "--b05  \t\r\n");
    assert_eq!(found(MIXED, &padded), Ok(Some(SDP)));
    let unterminated = multipart(&[PLAIN_SDP]);
    let unterminated = unterminated.trim_end();
    assert_eq!(
        found(MIXED, unterminated),
        Ok(Some(SDP)),
        "no line break at the end"
    );
    let lines = multipart(&[PLAIN_SDP]).replace("\r\n", "\n");
    assert_eq!(
        found(MIXED, &lines),
        Ok(Some(SDP.replace("\r\n", "\n").as_str()))
    );
    let quoted = "multipart/mixed; x=1; boundary=\"b\\05\"";
    assert_eq!(found(quoted, &multipart(&[PLAIN_SDP])), Ok(Some(SDP)));
    let longer = multipart(&[PLAIN_SDP]).replace(SDP, &format!("{SDP}--b05x\r\n"));
    assert!(
        found(MIXED, &longer)
            .unwrap()
            .unwrap()
            .ends_with("--b05x\r\n")
    );
    let unknown_kind = "multipart/x-of-tomorrow;boundary=b05";
    assert_eq!(found(unknown_kind, &multipart(&[PLAIN_SDP])), Ok(Some(SDP)));
}

#[test]
fn a_body_that_is_not_what_it_says_is_malformed() {
    let body = multipart(&[PLAIN_SDP]);
    for content_type in [
        "multipart/mixed",
        "multipart/mixed;boundary",
        "multipart/mixed;boundary=\"\"",
        "multipart/mixed;boundary=other",
        &format!("multipart/mixed;boundary={}", "b".repeat(71)),
    ] {
        assert_eq!(
            found(content_type, &body),
            Err(BodyFault::Malformed),
            "{content_type}"
        );
    }
    let cut = body.strip_suffix("--b05--\r\n").unwrap();
    assert_eq!(found(MIXED, cut), Err(BodyFault::Malformed), "cut off");
}

#[test]
fn bodies_lie_within_bodies_as_deep_as_is_sensible() {
    let nest = |times: usize| {
        (0..times).fold(
            (SDP.to_owned(), "application/sdp".to_owned()),
            |(inner, kind), n| {
                let body = format!("--n{n}\r\nContent-Type: {kind}\r\n\r\n{inner}\r\n--n{n}--\r\n");
                (body, format!("multipart/mixed;boundary=n{n}"))
            },
        )
    };
    let (body, kind) = nest(DEPTH_AT_MOST);
    assert_eq!(found(&kind, &body), Ok(Some(SDP)));
    let (body, kind) = nest(DEPTH_AT_MOST + 1);
    assert_eq!(found(&kind, &body), Err(BodyFault::Malformed));
    let optional = (
        "Content-Type: text/plain\r\nContent-Disposition: render;handling=optional\r\n",
        "x",
    );
    let many = multipart(&vec![optional; 33]);
    assert_eq!(found(MIXED, &many), Err(BodyFault::Malformed));
}

/// RFC 2046 5.1.4, RFC 2387.
#[test]
fn of_alternatives_the_last_understood_counts_and_of_related_parts_the_root() {
    let text = ("Content-Type: text/plain\r\n", "hello");
    let alternative = "multipart/alternative;boundary=b05";
    assert_eq!(
        found(alternative, &multipart(&[PLAIN_SDP, text])),
        Ok(Some(SDP))
    );
    assert_eq!(
        found(alternative, &multipart(&[text])),
        Err(BodyFault::Unsupported)
    );
    let related = "multipart/related;boundary=b05";
    assert_eq!(
        found(related, &multipart(&[PLAIN_SDP, text])),
        Ok(Some(SDP))
    );
    let named = (
        "Content-Type: application/sdp\r\nContent-ID: <root>\r\n",
        SDP,
    );
    for start in ["\"<root>\"", "\"root\"", "root", "<root>"] {
        let related = format!("multipart/related;boundary=b05;start={start}");
        let body = multipart(&[text, named]);
        assert_eq!(found(&related, &body), Ok(Some(SDP)), "{start}");
    }
}

#[test]
fn an_encoded_body_and_one_for_another_purpose_are_not_the_session() {
    let mut headers = Headers::default();
    headers.push(HeaderName::ContentType, "application/sdp");
    headers.push(HeaderName::ContentEncoding, "gzip");
    assert_eq!(with_headers(&headers, SDP), Err(BodyFault::Unsupported));
    let base64 = "Content-Type: application/sdp\r\nContent-Transfer-Encoding: base64\r\n";
    assert_eq!(
        found(MIXED, &multipart(&[(base64, "dj0w")])),
        Err(BodyFault::Unsupported)
    );
    let early = "Content-Type: application/sdp\r\n\
                 Content-Disposition: early-session;handling=optional\r\n";
    let body = multipart(&[(early, "v=1\r\n"), PLAIN_SDP]);
    assert_eq!(found(MIXED, &body), Ok(Some(SDP)), "RFC 3959");
}

#[test]
fn the_body_as_a_whole_may_be_optional() {
    let mut headers = Headers::default();
    headers.push(HeaderName::ContentType, "text/plain");
    headers.push(HeaderName::ContentDisposition, "render;handling=optional");
    assert_eq!(with_headers(&headers, "hello"), Ok(None));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_reader_fail(
        kind in "[ -~]{0,40}",
        pieces in proptest::collection::vec("(--b05|--|\r\n|\n|:|Content-Type|;| |[ -~]{0,9}){0,9}", 0..20),
    ) {
        let body = pieces.concat();
        for content_type in [MIXED, kind.as_str()] {
            if let Ok(Some(session)) = found(content_type, &body) {
                assert!(session.len() <= body.len());
            }
        }
    }
}
