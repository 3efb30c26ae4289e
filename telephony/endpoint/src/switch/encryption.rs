//! Whether the voice of a side is encrypted.

use madoguchi_sip::sdp::{Encryption, KeySecret, SdpError};
use madoguchi_sip::transaction::Flow;
use rand::RngExt as _;

use super::Switch;
use super::trunks::TrunkKey;
use super::voice_keys::VoiceKeys;

impl Switch {
    /// How the voice of a new side is encrypted. Keys are told only where nobody can read along, unless the
    /// settings say otherwise: what is optional is left out there, what is required cannot be.
    pub(super) fn voice_keys(
        &mut self,
        trunk: Option<TrunkKey>,
        flow: Flow,
    ) -> Result<VoiceKeys, SdpError> {
        let wanted = match trunk.and_then(|trunk| self.trunks.get(trunk)) {
            Some(trunk) => trunk.settings.encryption,
            None => self.settings.phones_encryption,
        };
        let may_tell = flow.is_encrypted() || self.settings.keys_in_clear;
        let encryption = match wanted {
            Encryption::Required if !may_tell => return Err(SdpError::NotEncrypted),
            Encryption::Optional if !may_tell => Encryption::Off,
            wanted => wanted,
        };
        Ok(VoiceKeys {
            encryption,
            secret: KeySecret::new(self.rng.random()),
        })
    }
}
