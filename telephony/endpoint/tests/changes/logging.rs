//! What the log says (docs/logging.md).

use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use super::bench::Bench;
use super::desk::Settings;
use super::peer::Peer;

/// Takes the lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn what_is_logged_on_account_of_a_call_names_it_and_no_number() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(lines.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let (mut bench, carrier) = (Bench::new(Settings::new()), Peer::new("127.0.0.1:6001"));
        // A late offer: ours, in 200; the answer in the ACK is none.
        let invite = carrier.request_with("INVITE", "0312345678", "5000", "c", 1, "", "");
        bench.send(&carrier, invite);
        let ours = bench.response_to(&carrier).unwrap();
        assert_eq!(ours.status, 200);
        let sdp = "Content-Type: application/sdp\r\n";
        bench.send(
            &carrier,
            carrier.in_dialog_with("ACK", &ours, 1, sdp, "v=0"),
        );
    });
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let of_call = |line: &&str| line.contains("the answer in an ACK cannot be met");
    let line = log.lines().find(of_call).unwrap();
    assert!(line.contains("call{call.id="), "{line}");
    assert!(!log.contains("0312345678"), "{log}");
}
