//! Where a trunk's requests name the number that was dialled.

use serde::{Deserialize, Serialize};

/// One of the places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DialledSource {
    /// P-Called-Party-ID (RFC 7315 4.2): what was dialled before the carrier put our Contact into
    /// the Request-URI.
    PCalledPartyId,
    /// The Request-URI.
    RequestUri,
    /// To, which carriers leave as it was dialled.
    To,
}

impl DialledSource {
    /// What fits trunks that register and trunks that do not: our Contact in the Request-URI is no
    /// number, so that To counts.
    pub const DEFAULT: [Self; 3] = [Self::PCalledPartyId, Self::RequestUri, Self::To];

    /// The name in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PCalledPartyId => "p-called-party-id",
            Self::RequestUri => "request-uri",
            Self::To => "to",
        }
    }

    /// The place of this name.
    pub fn lookup(name: &str) -> Option<Self> {
        let mut all = Self::DEFAULT.into_iter();
        all.find(|source| source.as_str().eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_one_name() {
        for source in DialledSource::DEFAULT {
            let text = serde_json::to_string(&source).unwrap();
            assert_eq!(text, format!("\"{}\"", source.as_str()));
            assert_eq!(DialledSource::lookup(source.as_str()), Some(source));
        }
        assert_eq!(DialledSource::lookup("from"), None);
    }
}
