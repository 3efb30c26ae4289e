//! A datagram: whatever it holds, it is read or refused; what was read and written reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use madoguchi_sip::check::check_request;
use madoguchi_sip::message::Message;
use madoguchi_sip::parse::parse_datagram;

fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = parse_datagram(bytes) else {
        return;
    };
    let written = match &message {
        Message::Request(request) => {
            let _judged = check_request(request);
            let _refusal = request.respond(400, None).to_bytes();
            let _read = (
                request.from(),
                request.to(),
                request.contact(),
                request.cseq(),
            );
            request.to_bytes()
        }
        Message::Response(response) => {
            let _read = (
                response.from(),
                response.to(),
                response.contact(),
                response.cseq(),
            );
            response.to_bytes()
        }
    };
    let head = written
        .split(|byte| *byte == b'\n')
        .take_while(|line| *line != b"\r");
    let ends = |line: &[u8]| line.iter().position(|byte| *byte == b'\r') == Some(line.len() - 1);
    assert!(head.into_iter().all(ends), "no line ends within a value");
    let again = parse_datagram(&written).expect("what we write can be read");
    let rewritten = match again {
        Message::Request(request) => request.to_bytes(),
        Message::Response(response) => response.to_bytes(),
    };
    assert_eq!(written, rewritten, "reading and writing is stable");
});
