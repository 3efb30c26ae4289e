//! Whose leg is whose, and what is commanded, without media.

use madoguchi_core::id::CallId;

use super::*;

/// Ports without end.
struct Ports(u16);

impl MediaPorts for Ports {
    fn open(&mut self, _session: SessionId, local: IpAddr) -> Result<SocketAddr, MediaError> {
        self.0 += 2;
        Ok(SocketAddr::new(local, self.0))
    }

    fn usage(&self) -> RtpPorts {
        RtpPorts {
            total: usize::MAX,
            in_use: usize::from(self.0) / 2,
        }
    }
}

const A: SessionId = SessionId(1);
const B: SessionId = SessionId(2);

fn voice() -> Voice {
    let mut voice = Voice::new(Box::new(Ports(0)));
    for (session, side) in [(A, SideId(11)), (B, SideId(12))] {
        voice.open(session, [127, 0, 0, 1].into()).unwrap();
        voice.give(session, side);
    }
    voice
}

fn commands(voice: &mut Voice) -> Vec<String> {
    std::iter::from_fn(|| voice.poll_command())
        .map(|command| format!("{command:?}"))
        .collect()
}

fn far() -> BridgeOf {
    BridgeOf::Far(CallId::new("c"))
}

#[test]
fn a_leg_is_closed_once_and_is_nobodys_then() {
    let mut voice = voice();
    assert_eq!(voice.side_of(A), Some(SideId(11)));
    voice.close(A);
    voice.close(A);
    assert_eq!(voice.side_of(A), None);
    assert_eq!(voice.side_of(B), Some(SideId(12)));
    assert_eq!(commands(&mut voice), ["Close { session: SessionId(1) }"]);
}

#[test]
fn a_bridge_is_told_once_to_whom_it_is_for() {
    let mut voice = voice();
    voice.bridge(A, B, far());
    assert_eq!(voice.bridges(), 1);
    assert_eq!(
        commands(&mut voice),
        ["Bridge { a: SessionId(1), b: SessionId(2), token: 1 }"]
    );
    assert_eq!(voice.bridged(1), Some(far()));
    assert_eq!(voice.bridged(1), None);
}

#[test]
fn a_bridge_that_is_not_wanted_any_more_and_an_early_one_are_told_to_nobody() {
    let mut voice = voice();
    voice.bridge_early(A, B);
    assert_eq!(voice.bridged(UNTOLD), None);
    voice.bridge(A, B, far());
    voice.forget_bridge(&far());
    assert_eq!(voice.bridges(), 0);
    assert_eq!(voice.bridged(1), None);
}

#[test]
fn commands_come_out_in_the_order_of_what_was_asked() {
    let mut voice = voice();
    voice.withhold(A, true);
    voice.press(B, '5', Duration::from_millis(100));
    voice.withhold(A, false);
    assert_eq!(
        commands(&mut voice),
        [
            "Withhold { session: SessionId(1), withheld: true }",
            "Press { session: SessionId(2), digit: '5', lasts: 100ms }",
            "Withhold { session: SessionId(1), withheld: false }",
        ]
    );
}
