//! Keys of encrypted voice in descriptions (SDES, RFC 4568).

use std::fmt;

use madoguchi_srtp::{CryptoAttribute, CryptoTag, MasterKey, RANDOM_BYTES, Suite};
use sha2::{Digest as _, Sha512};

use super::description::{Media, Profile};
use super::{Local, SdpError};

/// Whether voice is encrypted (SRTP, RFC 3711) with keys in the descriptions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encryption {
    /// It is not, and nobody is offered it.
    #[default]
    Off,
    /// If both can: offered and taken in the profile RTP/AVP, too.
    Optional,
    /// There is no call without.
    Required,
}

/// Random bytes of one side of a call, of which its keys are made; never printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeySecret([u8; 32]);

/// The keys of both directions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SrtpKeys {
    /// What we send with.
    pub ours: MasterKey,
    /// What the peer sends with.
    pub theirs: MasterKey,
}

/// What is offered, in this order.
const OFFERED: [Suite; 4] = [
    Suite::AeadAes128Gcm,
    Suite::Aes256CmHmacSha1_80,
    Suite::AesCm128HmacSha1_80,
    Suite::AesCm128HmacSha1_32,
];

impl KeySecret {
    /// The bytes must come from a cryptographic generator, and be used for nothing else.
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// Our key for a suite: the same in every description of the side.
    fn key(&self, suite: Suite) -> MasterKey {
        let mut hash = Sha512::new();
        hash.update(self.0);
        hash.update(suite.name());
        let hash = hash.finalize();
        let mut random = [0; RANDOM_BYTES];
        for (to, from) in random.iter_mut().zip(hash) {
            *to = from;
        }
        MasterKey::generate(suite, &random)
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeySecret")
    }
}

/// Our keys that are offered, each with its number.
pub(super) fn offered_keys(local: &Local) -> Vec<CryptoAttribute> {
    let numbered = OFFERED.into_iter().zip(1..);
    let offered = numbered.filter_map(|(suite, number)| {
        Some(CryptoAttribute {
            tag: CryptoTag::new(number)?,
            key: local.secret.key(suite),
            lifetime: None,
        })
    });
    offered.collect()
}

/// What is agreed on of a media line: the keys, and our attribute for an answer to it.
pub(super) type Agreed = Option<(SrtpKeys, CryptoAttribute)>;

/// Takes the first key of an offer that can be used.
pub(super) fn take_offered(media: &Media, local: &Local) -> Result<Agreed, SdpError> {
    let mut usable = media.crypto.iter().filter_map(|value| value.parse().ok());
    let first = if local.encryption == Encryption::Off {
        None
    } else {
        usable.next()
    };
    judge(
        media,
        local,
        first.map(|theirs: CryptoAttribute| {
            let ours = local.secret.key(theirs.key.suite());
            (theirs.tag, ours, theirs.key)
        }),
    )
}

/// Takes the key with which the peer accepts one of ours.
pub(super) fn take_accepted(media: &Media, local: &Local) -> Result<Agreed, SdpError> {
    let accepted = match media.crypto.as_slice() {
        _ if local.encryption == Encryption::Off => None,
        [] => None,
        [value] => {
            let theirs: CryptoAttribute = value.parse().map_err(|_| SdpError::Encryption)?;
            let ours = offered_keys(local)
                .into_iter()
                .find(|ours| ours.tag == theirs.tag && ours.key.suite() == theirs.key.suite());
            let ours = ours.ok_or(SdpError::Encryption)?;
            Some((theirs.tag, ours.key, theirs.key))
        }
        _ => return Err(SdpError::Encryption),
    };
    judge(media, local, accepted)
}

fn judge(
    media: &Media,
    local: &Local,
    found: Option<(CryptoTag, MasterKey, MasterKey)>,
) -> Result<Agreed, SdpError> {
    match (found, media.profile(), local.encryption) {
        (Some((tag, ours, theirs)), ..) => {
            let keys = SrtpKeys {
                ours: ours.clone(),
                theirs,
            };
            let attribute = CryptoAttribute {
                tag,
                key: ours,
                lifetime: None,
            };
            Ok(Some((keys, attribute)))
        }
        (None, Some(Profile::Secure), _) => Err(SdpError::Encryption),
        (None, _, Encryption::Required) => Err(SdpError::NotEncrypted),
        (None, ..) => Ok(None),
    }
}
