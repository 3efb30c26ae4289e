//! The endpoint stops: new calls are sent elsewhere, and at the end every dialog gets its BYE.

use madoguchi_line::api::Input;
use madoguchi_metrics::metrics;
use madoguchi_sip::message::{HeaderName, Request, Response};

use super::purpose::Purpose;
use super::side::{Owner, SideId};
use super::{Now, Switch};

impl Switch {
    pub(super) fn drain(&mut self, retry_after_secs: u64) {
        if self.draining.is_none() {
            self.draining = Some(retry_after_secs);
            self.tell_engine(Input::Drain);
        }
    }

    /// Hangs up whatever is left.
    pub(super) fn end_all(&mut self, now: Now) {
        self.draining.get_or_insert(1);
        self.tell_engine(Input::EndAll);
        let is_feature = |side: &super::side::Side| side.owner == Owner::Feature;
        let features = self.sides.iter().filter(|(_, side)| is_feature(side));
        let features: Vec<SideId> = features.map(|(id, _)| *id).collect();
        for side in features {
            self.end_side(side, now);
        }
    }

    /// Whether nothing is left to be hung up, written down or answered.
    pub fn is_quiet(&self) -> bool {
        // Probes and registrations are not waited for; BYE and CANCEL are to be heard.
        let is_idle = |purpose: &Purpose| !matches!(purpose, Purpose::InDialog(_));
        let mut unanswered = self.transactions.unanswered_requests();
        self.calls.is_empty()
            && self.sides.is_empty()
            && self.pending.is_done()
            && unanswered.all(|tx| self.purposes.get(&tx).is_some_and(is_idle))
    }

    /// 503 while the endpoint stops: the caller's proxy goes to another node (21.5.4).
    pub(super) fn refuse_while_draining(&self, request: &Request) -> Option<Response> {
        let secs = self.draining?;
        metrics().sip_requests_rejected.add("stopping");
        let mut refusal = request.respond(503, None);
        refusal
            .headers
            .push(HeaderName::RetryAfter, secs.to_string());
        Some(refusal)
    }
}
