//! 観測の設定: what the numbers and addresses of a PBX mean that is observed, as the file and the screen
//! have it. What the desk has of its own (lines, agents, trunks) counts in any case.

use std::net::SocketAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::fault::FieldError;
use super::trunks::Sealed;

/// The kind of [`ScreenObserve`] in the store, of which there is one.
pub const OBSERVE: &str = "observe";
/// The id of the one [`ScreenObserve`].
pub const OBSERVE_ID: &str = "observe";

/// Entries of one list.
const ENTRIES_AT_MOST: usize = 200;
/// The longest entry.
const ENTRY_LETTERS: usize = 100;

/// Numbers of one form, as dial plans write them: `X` is any digit, a full stop at the end any rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

/// The text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("「{0}」は番号の形ではありません。数字、*、#、X(数字1桁)、末尾の .(残り)で書いてください")]
pub struct InvalidPattern(String);

impl std::str::FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let text = text.trim();
        let body = text.strip_suffix('.').unwrap_or(text);
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || "*#+-_".contains(letter);
        if text.is_empty() || !body.chars().all(allowed) {
            return Err(InvalidPattern(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl Pattern {
    /// Whether a number has this form.
    pub fn matches(&self, number: &str) -> bool {
        let (body, open) = match self.0.strip_suffix('.') {
            Some(body) => (body, true),
            None => (self.0.as_str(), false),
        };
        let mut letters = number.chars();
        let fits = body.chars().all(|wanted| {
            let letter = letters.next();
            letter.is_some_and(|letter| match wanted {
                'X' => letter.is_ascii_digit(),
                wanted => letter == wanted,
            })
        });
        let has_rest = letters.next().is_some();
        fits && has_rest == open
    }
}

/// A way by which HEP comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HepListen {
    /// Heard as datagrams at this address.
    Udp(SocketAddr),
    /// Heard over connections to this address.
    Tcp(SocketAddr),
    /// Streams within TLS, with the certificate of the pages.
    Tls(SocketAddr),
}

impl std::str::FromStr for HepListen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "「{text}」は udp://アドレス:ポート、tcp://アドレス:ポート、tls://アドレス:ポート のどれかの形で書いてください"
            )
        };
        let (scheme, address) = text.trim().split_once("://").ok_or_else(wrong)?;
        let address = address.parse().map_err(|_| wrong())?;
        match scheme {
            "udp" => Ok(Self::Udp(address)),
            "tcp" => Ok(Self::Tcp(address)),
            "tls" => Ok(Self::Tls(address)),
            _ => Err(wrong()),
        }
    }
}

/// What the numbers and addresses of a PBX mean. Lists that are not named say nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObserveSetting {
    /// Further numbers of lines: the number, a blank, the name of the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_numbers: Option<Vec<String>>,
    /// Lines whose calls are answered by whoever takes them: there is no queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direct_lines: Option<Vec<String>>,
    /// Extensions beside those of agents, as [`Pattern`]s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Vec<String>>,
    /// Numbers that are no calls, as [`Pattern`]s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature_codes: Option<Vec<String>>,
    /// Addresses and networks of carriers beside those of trunks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trunk_addresses: Option<Vec<String>>,
    /// Header fields that join the legs of a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_headers: Option<Vec<String>>,
    /// Where HEP is received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hep: Option<Vec<String>>,
}

/// 観測の設定 as the screen keeps it: the key of the probes is sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScreenObserve {
    /// What the numbers mean.
    #[serde(flatten)]
    pub observe: ObserveSetting,
    /// The key that probes must send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hep_key: Option<Sealed>,
}

/// What joins legs if nothing is said.
const USUAL_CORRELATION_HEADER: &str = "X-CID";

impl ObserveSetting {
    /// What this says, and what `other` says where this says nothing.
    #[must_use]
    pub fn over(&self, other: &Self) -> Self {
        fn either(one: &Option<Vec<String>>, other: &Option<Vec<String>>) -> Option<Vec<String>> {
            one.as_ref().or(other.as_ref()).cloned()
        }
        Self {
            line_numbers: either(&self.line_numbers, &other.line_numbers),
            direct_lines: either(&self.direct_lines, &other.direct_lines),
            extensions: either(&self.extensions, &other.extensions),
            feature_codes: either(&self.feature_codes, &other.feature_codes),
            trunk_addresses: either(&self.trunk_addresses, &other.trunk_addresses),
            correlation_headers: either(&self.correlation_headers, &other.correlation_headers),
            hep: either(&self.hep, &other.hep),
        }
    }

    /// Further numbers of lines with the names of those.
    pub fn numbers_of_lines(&self) -> impl Iterator<Item = (&str, &str)> {
        listed(&self.line_numbers)
            .iter()
            .filter_map(|entry| number_and_line(entry))
    }

    /// Further addresses of carriers.
    pub fn trunk_networks(&self) -> impl Iterator<Item = IpNet> {
        listed(&self.trunk_addresses)
            .iter()
            .filter_map(|text| network(text))
    }

    /// Header fields that join the legs of a call.
    pub fn joining_headers(&self) -> Vec<String> {
        let usual = || vec![USUAL_CORRELATION_HEADER.to_owned()];
        self.correlation_headers.clone().unwrap_or_else(usual)
    }

    /// Where HEP is received.
    pub fn hep_listen(&self) -> impl Iterator<Item = HepListen> {
        listed(&self.hep)
            .iter()
            .filter_map(|text| text.parse().ok())
    }

    /// What is wrong with it; `lines` are the names of the lines that there are, if that is known. A line
    /// that is gone is no fault of a setting in force: its numbers count for nothing then.
    pub fn faults(&self, lines: Option<&[&str]>) -> Vec<FieldError> {
        let is_line = |name: &str| lines.is_none_or(|lines| lines.contains(&name));
        let no_line = |name: &str| format!("「{name}」という回線はありません");
        let pattern = |text: &str| text.parse::<Pattern>().err().map(|error| error.to_string());
        let faults = [
            first_fault(
                "line_numbers",
                &self.line_numbers,
                |text| match number_and_line(text) {
                    None => Some(format!(
                        "「{text}」を読めません。番号、空白、回線の名前の順に書いてください"
                    )),
                    Some((number, line)) => {
                        pattern(number).or_else(|| (!is_line(line)).then(|| no_line(line)))
                    }
                },
            ),
            first_fault("direct_lines", &self.direct_lines, |name| {
                (!is_line(name)).then(|| no_line(name))
            }),
            first_fault("extensions", &self.extensions, pattern),
            first_fault("feature_codes", &self.feature_codes, pattern),
            first_fault("trunk_addresses", &self.trunk_addresses, |text| {
                network(text).is_none().then(|| {
                    format!(
                        "「{text}」はアドレスではありません。198.51.100.1 や 198.51.100.0/28 のように書いてください"
                    )
                })
            }),
            first_fault("correlation_headers", &self.correlation_headers, |text| {
                (!is_header(text)).then(|| {
                    format!(
                        "「{text}」はヘッダーの名前ではありません。X-CID のように書いてください"
                    )
                })
            }),
            first_fault("hep", &self.hep, |text| text.parse::<HepListen>().err()),
        ];
        faults.into_iter().flatten().collect()
    }
}

fn listed(list: &Option<Vec<String>>) -> &[String] {
    list.as_deref().unwrap_or_default()
}

fn number_and_line(entry: &str) -> Option<(&str, &str)> {
    let (number, line) = entry.trim().split_once(char::is_whitespace)?;
    let line = line.trim();
    (!line.is_empty()).then_some((number, line))
}

/// An address, or a network.
fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .ok()
}

/// A token (RFC 3261 25.1).
fn is_header(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

fn first_fault(
    field: &str,
    list: &Option<Vec<String>>,
    fault: impl Fn(&str) -> Option<String>,
) -> Option<FieldError> {
    let entries = listed(list);
    if entries.len() > ENTRIES_AT_MOST {
        let message = format!("{ENTRIES_AT_MOST}件以内にしてください");
        return Some(FieldError::new(field, message));
    }
    let message = entries.iter().find_map(|text| {
        if text.chars().count() > ENTRY_LETTERS {
            return Some(format!("1行は{ENTRY_LETTERS}文字以内にしてください"));
        }
        fault(text)
    })?;
    Some(FieldError::new(field, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_counts_before_the_screen_list_by_list() {
        let file: ObserveSetting = serde_json::from_str(r#"{"extensions":["2XX"]}"#).unwrap();
        let screen: ObserveSetting = serde_json::from_str(
            r#"{"extensions":["3XX"],"feature_codes":["*X"],"line_numbers":["03-1 総合 受付"]}"#,
        )
        .unwrap();
        let joined = file.over(&screen);
        assert_eq!(joined.extensions, Some(vec!["2XX".to_owned()]));
        assert_eq!(joined.feature_codes, Some(vec!["*X".to_owned()]));
        let numbers: Vec<_> = joined.numbers_of_lines().collect();
        assert_eq!(numbers, [("03-1", "総合 受付")]);
        assert_eq!(joined.joining_headers(), ["X-CID"]);
    }

    #[test]
    fn what_cannot_be_meant_is_told_at_its_list() {
        let lists = |text: &str| Some(vec![text.to_owned()]);
        let wrong = ObserveSetting {
            line_numbers: lists("5000 なし"),
            direct_lines: lists("なし"),
            extensions: lists("2 1"),
            feature_codes: lists("a/b"),
            trunk_addresses: lists("198.51.100.300"),
            correlation_headers: lists("X CID"),
            hep: lists("9060"),
        };
        let faults = wrong.faults(Some(&["総合"]));
        let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "line_numbers",
                "direct_lines",
                "extensions",
                "feature_codes",
                "trunk_addresses",
                "correlation_headers",
                "hep"
            ]
        );
        let right = ObserveSetting {
            line_numbers: lists("0312345678　総合"),
            trunk_addresses: lists("2001:db8::1"),
            ..ObserveSetting::default()
        };
        assert_eq!(right.faults(Some(&["総合"])), []);
        let gone = wrong.faults(None);
        assert!(
            gone.iter().all(|fault| !fault.field.contains("line")),
            "{gone:?}"
        );
        assert_eq!(right.trunk_networks().count(), 1);
    }

    #[test]
    fn a_record_without_anything_is_an_empty_one() {
        assert_eq!(
            serde_json::to_string(&ScreenObserve::default()).unwrap(),
            "{}"
        );
        let read: ScreenObserve = serde_json::from_str(r#"{"extensions":["2XX"]}"#).unwrap();
        assert_eq!(read.observe.extensions, Some(vec!["2XX".to_owned()]));
    }
}
