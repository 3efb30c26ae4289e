//! What the switch tells of itself for `/metrics`.

use std::time::Duration;

use madoguchi_metrics::metrics;
use madoguchi_sip::message::Method;
use madoguchi_sip::transaction::{Latency, Transactions};

use super::Switch;

impl Switch {
    /// Tells how much is in use now.
    pub fn note_levels(&self) {
        let metrics = metrics();
        metrics.calls_in_progress.set(self.calls.len() as u64);
        let ports = self.voice.ports();
        metrics.rtp_ports_used.set(ports.in_use as u64);
        metrics.rtp_ports_left.set(ports.free() as u64);
        let phones = self.phones.iter();
        let reachable = phones.filter(|phone| self.bindings.reachable(&phone.extension));
        metrics.phones_reachable.set(reachable.count() as u64);
        let registered = self.bindings.registered();
        metrics.registrations.set(registered.count() as u64);
        let trunks = self.trunks.iter().map(|(_, trunk)| trunk);
        let registering = trunks.filter(|trunk| trunk.settings.register.is_some());
        let mut names = Vec::new();
        for trunk in registering {
            let name = trunk.settings.name.as_str();
            let registered = trunk.registration.registered;
            metrics.trunk_registered.set(name, u64::from(registered));
            names.push(name);
        }
        metrics.trunk_registered.retain(&names);
    }
}

/// Hands on how long answers took.
pub(super) fn note_latencies(transactions: &mut Transactions) {
    while let Some(latency) = transactions.poll_latency() {
        match latency {
            Latency::FirstAnswer { status, ms } => {
                let took = Duration::from_millis(ms);
                metrics().sip_first_answer.observe(took);
                if let Some(reason) = refusal(status) {
                    metrics().calls_refused.add(reason);
                }
            }
            Latency::Response { method, ms } => {
                let took = Duration::from_millis(ms);
                metrics().sip_transaction.observe(label(&method), took);
            }
        }
    }
}

/// What the refusal of a call is counted under. A challenge is none (RFC 3261 22), and want of means
/// or of a codec is counted where it is found.
fn refusal(status: u16) -> Option<&'static str> {
    match status {
        ..300 | 401 | 407 | 488 | 503 => None,
        403 => Some("forbidden"),
        404 => Some("no_such_number"),
        480 => Some("unavailable"),
        486 => Some("busy"),
        _ => Some("other"),
    }
}

fn label(method: &Method) -> &'static str {
    match method {
        Method::Invite => "INVITE",
        Method::Bye => "BYE",
        Method::Cancel => "CANCEL",
        Method::Register => "REGISTER",
        Method::Options => "OPTIONS",
        Method::Update => "UPDATE",
        _ => "other",
    }
}
