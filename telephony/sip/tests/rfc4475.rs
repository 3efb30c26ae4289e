//! The torture messages of RFC 4475: the valid are understood, the invalid are refused as the
//! standard says or ignored, and none does harm.

use madoguchi_sip::check::check_request;
use madoguchi_sip::message::{Message, Method};
use madoguchi_sip::parse::parse_datagram;

/// What becomes of a message at the door of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// A request that goes on to the layers above.
    Request,
    /// A response that goes on to the layers above.
    Response,
    /// Answered with this status.
    Refused(u16),
    /// Not answered.
    Ignored,
}

fn fate(bytes: &[u8]) -> Fate {
    match parse_datagram(bytes) {
        Ok(Message::Request(request)) => match check_request(&request) {
            Ok(()) => Fate::Request,
            Err(_) if request.method == Method::Ack => Fate::Ignored,
            Err(response) => Fate::Refused(response.status),
        },
        Ok(Message::Response(_)) => Fate::Response,
        Err(error) => error
            .answer
            .map_or(Fate::Ignored, |answer| Fate::Refused(answer.status)),
    }
}

#[test]
fn every_torture_message_meets_its_fate() {
    use Fate::{Ignored, Refused, Request, Response};
    // 3.1.1 valid; 3.2 to 3.4 are read and left to the layers above.
    let expected = [
        ("wsinv", Request),
        ("intmeth", Request),
        ("esc01", Request),
        ("escnull", Request),
        ("esc02", Request),
        ("lwsdisp", Request),
        ("longreq", Request),
        ("dblreq", Request),
        ("semiuri", Request),
        ("transports", Request),
        ("mpart01", Request),
        ("unreason", Response),
        ("noreason", Response),
        ("badbranch", Request),
        ("bext01", Request),
        ("invut", Request),
        ("regaut01", Request),
        ("cparam01", Request),
        ("cparam02", Request),
        ("regescrt", Request),
        ("sdp01", Request),
        ("inv2543", Request),
        ("zeromf", Request),
        // 3.1.2 invalid.
        ("badinv01", Refused(400)),
        ("clerr", Refused(400)),
        ("ncl", Refused(400)),
        ("scalar02", Refused(400)),
        // Its numbers are found wanting when it is matched to a transaction.
        ("scalarlg", Response),
        ("quotbal", Refused(400)),
        ("ltgtruri", Refused(400)),
        ("lwsruri", Refused(400)),
        ("lwsstart", Refused(400)),
        ("trws", Refused(400)),
        ("escruri", Refused(400)),
        ("baddate", Refused(400)),
        ("regbadct", Refused(400)),
        ("badaspec", Refused(400)),
        ("baddn", Refused(400)),
        ("badvers", Refused(505)),
        ("mismatch01", Refused(400)),
        ("mismatch02", Refused(400)),
        ("bigcode", Ignored),
        // 3.3 that can be told at the door.
        ("insuf", Refused(400)),
        ("multi01", Refused(400)),
        ("mcl01", Refused(400)),
        ("unkscm", Refused(416)),
        ("novelsc", Refused(416)),
        ("unksm2", Request),
        ("bcast", Response),
    ];
    assert_eq!(expected.len(), 49);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rfc4475");
    let wrong: Vec<_> = expected
        .iter()
        .filter_map(|(name, expected)| {
            let bytes = std::fs::read(format!("{folder}/{name}.dat")).unwrap();
            let met = fate(&bytes);
            (met != *expected).then(|| format!("{name}: {met:?}, expected {expected:?}"))
        })
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn what_is_valid_is_understood_in_its_details() {
    let read = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rfc4475");
        match parse_datagram(&std::fs::read(format!("{folder}/{name}.dat")).unwrap()) {
            Ok(Message::Request(request)) => request,
            other => panic!("{name}: {other:?}"),
        }
    };
    let short = read("wsinv");
    assert_eq!(short.cseq().unwrap().seq, 9);
    assert_eq!(short.from().unwrap().tag(), Some("98asjd8"));
    assert_eq!(short.via().unwrap().branch(), Some("390skdjuw"));
    let escaped = read("esc01");
    assert_eq!(escaped.uri.user.as_deref(), Some("sips:user@example.com"));
    let double = read("dblreq");
    assert_eq!((double.method.as_str(), double.body.len()), ("REGISTER", 0));
    let semicolon = read("semiuri");
    assert_eq!(
        semicolon.uri.user.as_deref(),
        Some("user;par=u@example.net")
    );
}
