//! Answers to the challenges of carriers.

use madoguchi_sip::digest;
use madoguchi_sip::header::CSeq;
use madoguchi_sip::message::{HeaderName, Method, Request, Response};

use super::outgoing::Purpose;
use super::side::{Phase, SideId};
use super::trunks::TrunkKey;
use super::{Now, Switch};

impl Switch {
    /// Sends the INVITE again with an answer to the carrier's challenge, once.
    pub(super) fn answer_challenge(&mut self, id: SideId, response: &Response, now: Now) -> bool {
        let Some(side) = self.sides.get_mut(&id) else {
            return false;
        };
        let Phase::Calling { invite, .. } = &side.phase else {
            return false;
        };
        let Some(trunk) = side.trunk.filter(|_| !side.authenticated) else {
            return false;
        };
        side.authenticated = true;
        let uri = invite.uri.to_string();
        match self.authorization(trunk, response, "INVITE", &uri) {
            Some(Authorization { name, value }) => {
                self.repeat_invite(id, now, |invite| invite.headers.set(name, value))
            }
            None => false,
        }
    }

    /// Sends the INVITE of a side again as a new transaction (8.1.3.5).
    pub(super) fn repeat_invite(
        &mut self,
        id: SideId,
        now: Now,
        change: impl FnOnce(&mut Request),
    ) -> bool {
        let Some(side) = self.sides.get(&id) else {
            return false;
        };
        if side.owner == super::side::Owner::Nobody {
            return false;
        }
        let Phase::Calling { invite, .. } = &side.phase else {
            return false;
        };
        let (mut invite, flow) = (invite.clone(), side.dialog.flow);
        let seq = side.dialog.last_seq() + 1;
        change(&mut invite);
        invite.headers.set(
            HeaderName::CSeq,
            CSeq {
                seq,
                method: Method::Invite,
            }
            .to_string(),
        );
        invite.headers.remove(&HeaderName::Via);
        self.put_via(flow, &mut invite);
        let Some(tx) = self.transactions.request(flow, &invite, now.mono) else {
            return false;
        };
        self.purposes.insert(tx, Purpose::Invite(id));
        let Some(side) = self.sides.get_mut(&id) else {
            return false;
        };
        side.dialog.set_last_seq(seq);
        side.phase = Phase::Calling { tx, invite };
        true
    }

    /// The answer of a trunk to a carrier's challenge.
    pub(super) fn authorization(
        &mut self,
        key: TrunkKey,
        response: &Response,
        method: &str,
        uri: &str,
    ) -> Option<Authorization> {
        let proxy = response.status == 407;
        let (challenge, name) = if proxy {
            (
                HeaderName::ProxyAuthenticate,
                HeaderName::ProxyAuthorization,
            )
        } else {
            (HeaderName::WwwAuthenticate, HeaderName::Authorization)
        };
        let challenges: Vec<&str> = response.headers.get_all(&challenge).collect();
        let cnonce = self.token();
        let trunk = self.trunks.get_mut(key)?;
        let credentials = trunk.settings.credentials.as_ref()?;
        let (user, password) = (&credentials.user, &credentials.password);
        let value = digest::answer(
            &challenges,
            &mut trunk.client,
            digest::Proof {
                method,
                uri,
                user,
                password,
                cnonce: &cnonce,
            },
        )?;
        Some(Authorization { name, value })
    }
}

/// The header that proves us to a carrier.
#[derive(Debug)]
pub(super) struct Authorization {
    pub(super) name: HeaderName,
    pub(super) value: String,
}
