//! What a client transaction is for.

use madoguchi_sip::message::Request;
use madoguchi_sip::transaction::Flow;
use madoguchi_sip::uri::Uri;

use super::challenges::Challenges;
use super::route::Peer;
use super::side::SideId;
use super::trunks::TrunkKey;

/// What a client transaction is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The INVITE that opens a side.
    Invite(SideId),
    /// A session refresh inside a side's dialog.
    Refresh(SideId),
    /// BYE, PRACK or INFO to a carrier.
    InDialog(Box<InDialog>),
    /// Our registration with a carrier.
    Register(TrunkKey),
    /// Whether a trunk lives.
    ProbeTrunk { trunk: TrunkKey, peer: Peer },
    /// Whether a phone's contact lives.
    ProbeContact { extension: Box<str>, contact: Uri },
}

impl Purpose {
    /// The side on whose account it is.
    pub(super) fn side(&self) -> Option<SideId> {
        match self {
            Self::Invite(side) | Self::Refresh(side) => Some(*side),
            Self::InDialog(sent) => sent.side,
            Self::Register(_) | Self::ProbeTrunk { .. } | Self::ProbeContact { .. } => None,
        }
    }
}

/// A request inside a dialog with a carrier, which may be challenged when its side is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InDialog {
    pub(super) request: Request,
    pub(super) flow: Flow,
    pub(super) side: Option<SideId>,
    pub(super) trunk: TrunkKey,
    pub(super) challenges: Challenges,
}
