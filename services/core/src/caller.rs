//! Who calls and whom: numbers with their ISDN subaddresses, or why there is no number.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::named;

named! {
    /// Why a call has no number of its caller: "cause of no CLI" (3GPP TS 24.008 10.5.4.30), as
    /// carriers tell it between each other (TTC JJ-90.24, JJ-90.30).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum NoNumberReason {
        /// 非通知 (P): the caller withholds it.
        Withheld = "withheld", "非通知";
        /// 表示圏外 (O): the network has none.
        Unavailable = "unavailable", "表示圏外";
        /// サービス競合 (S): another service keeps it from being shown.
        ServiceInteraction = "service_interaction", "サービス競合";
        /// 公衆電話 (C): a public telephone.
        Payphone = "payphone", "公衆電話";
    }
}

impl NoNumberReason {
    /// The display name by which carriers tell it (TTC JJ-90.30).
    pub fn display_name(self) -> &'static str {
        match self {
            Self::Withheld => "Anonymous",
            Self::Unavailable => "Unavailable",
            Self::ServiceInteraction => "Interaction with other service",
            Self::Payphone => "Coin line/payphone",
        }
    }

    /// The reason that a name stands for which is shown instead of a number: in any case, with
    /// whatever blanks and marks.
    pub fn of_word(text: &str) -> Option<Self> {
        let letters = text.chars().filter(|letter| letter.is_alphanumeric());
        let word: String = letters.flat_map(char::to_lowercase).collect();
        match word.as_str() {
            "anonymous" | "restricted" | "private" | "privatenumber" | "withheld"
            | "numberwithheld" | "blocked" | "hidden" | "非通知" | "非通知設定" => {
                Some(Self::Withheld)
            }
            "unavailable" | "notavailable" | "numberunavailable" | "unknown" | "unknownnumber"
            | "outofarea" | "表示圏外" => Some(Self::Unavailable),
            "interactionwithotherservice"
            | "interactionwithotherservices"
            | "serviceinteraction"
            | "serviceconflict"
            | "サービス競合" => Some(Self::ServiceInteraction),
            "coinlinepayphone" | "coinline" | "payphone" | "publicphone" | "公衆電話" => {
                Some(Self::Payphone)
            }
            _ => None,
        }
    }

    /// The same for what stands in the place of a number, where the letters of analogue lines
    /// (ナンバー・ディスプレイ) come, too.
    pub fn instead_of_number(text: &str) -> Option<Self> {
        let text = text.split(';').next().unwrap_or(text);
        match text.trim().trim_matches('"') {
            "P" => Some(Self::Withheld),
            "O" => Some(Self::Unavailable),
            "S" => Some(Self::ServiceInteraction),
            "C" => Some(Self::Payphone),
            other => Self::of_word(other),
        }
    }
}

/// Who calls. The number is empty if there is none; a word is never kept as a number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(from = "StoredCaller")]
pub struct Caller {
    #[serde(rename = "from")]
    number: String,
    #[serde(rename = "no_number", skip_serializing_if = "Option::is_none")]
    reason: Option<NoNumberReason>,
    #[serde(rename = "from_isub", skip_serializing_if = "Option::is_none")]
    subaddress: Option<String>,
}

/// As it stands in the log. Older logs hold words in the place of numbers.
#[derive(Deserialize)]
struct StoredCaller {
    from: String,
    #[serde(default)]
    no_number: Option<NoNumberReason>,
    #[serde(default)]
    from_isub: Option<String>,
}

impl From<StoredCaller> for Caller {
    fn from(stored: StoredCaller) -> Self {
        let mut caller = Self::from(stored.from);
        caller.reason = stored.no_number.or(caller.reason);
        caller.subaddress = stored.from_isub;
        caller
    }
}

impl From<String> for Caller {
    /// A number, or a word that says why there is none.
    fn from(text: String) -> Self {
        match NoNumberReason::instead_of_number(&text) {
            Some(reason) => Self::without_number(reason),
            None => Self {
                number: text,
                ..Self::default()
            },
        }
    }
}

impl From<&str> for Caller {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl Caller {
    /// A caller whose number is not known, and why.
    pub fn without_number(reason: NoNumberReason) -> Self {
        Self {
            reason: Some(reason),
            ..Self::default()
        }
    }

    /// A caller as the database has it.
    pub fn restored(
        number: String,
        reason: Option<NoNumberReason>,
        subaddress: Option<String>,
    ) -> Self {
        Self {
            number,
            reason,
            subaddress,
        }
    }

    /// The same with the subaddress behind the number (ITU-T E.164 11).
    #[must_use]
    pub fn with_subaddress(self, subaddress: Option<String>) -> Self {
        Self { subaddress, ..self }
    }

    /// The number; empty if there is none.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Why there is no number, as far as it is known.
    pub fn no_number_reason(&self) -> Option<NoNumberReason> {
        self.reason
    }

    /// The subaddress behind the number.
    pub fn subaddress(&self) -> Option<&str> {
        self.subaddress.as_deref()
    }

    /// The number as people read it, or why there is none.
    pub fn shown(&self) -> String {
        if self.number.is_empty() {
            let reason = self.reason.unwrap_or(NoNumberReason::Withheld);
            return reason.label().to_owned();
        }
        with_subaddress(&self.number, self.subaddress())
    }
}

/// The number that was dialled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CalledNumber {
    #[serde(rename = "to")]
    number: String,
    #[serde(rename = "to_isub", default, skip_serializing_if = "Option::is_none")]
    subaddress: Option<String>,
}

impl From<String> for CalledNumber {
    fn from(number: String) -> Self {
        Self {
            number,
            subaddress: None,
        }
    }
}

impl From<&str> for CalledNumber {
    fn from(number: &str) -> Self {
        Self::from(number.to_owned())
    }
}

impl CalledNumber {
    /// The same with the subaddress behind the number (ITU-T E.164 11).
    #[must_use]
    pub fn with_subaddress(self, subaddress: Option<String>) -> Self {
        Self { subaddress, ..self }
    }

    /// The number.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The subaddress behind the number.
    pub fn subaddress(&self) -> Option<&str> {
        self.subaddress.as_deref()
    }

    /// The number as people read it.
    pub fn shown(&self) -> String {
        with_subaddress(&self.number, self.subaddress())
    }
}

fn with_subaddress(number: &str, subaddress: Option<&str>) -> String {
    match subaddress {
        Some(subaddress) => format!("{number}(サブアドレス {subaddress})"),
        None => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Caller {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn words_are_never_kept_as_numbers() {
        use NoNumberReason::{Payphone, ServiceInteraction, Unavailable, Withheld};
        for (reason, words) in [
            (
                Withheld,
                [
                    "anonymous",
                    "\"Anonymous\"",
                    " ANONYMOUS ",
                    "Restricted",
                    "P",
                    "非通知",
                ],
            ),
            (
                Unavailable,
                [
                    "unavailable",
                    "Unknown",
                    "UNAVAILABLE",
                    "out of area",
                    "O",
                    "表示圏外",
                ],
            ),
            (
                ServiceInteraction,
                [
                    "Interaction with other service",
                    "INTERACTION WITH OTHER SERVICE",
                    "interaction-with-other-service",
                    "\"Interaction with other service\"",
                    "S",
                    "サービス競合",
                ],
            ),
            (
                Payphone,
                [
                    "Coin line/payphone",
                    "coin line / payphone",
                    "\"COIN LINE/PAYPHONE\"",
                    "payphone",
                    "C",
                    "公衆電話",
                ],
            ),
        ] {
            for word in words {
                let caller = Caller::from(word);
                assert_eq!(caller.number(), "", "{word}");
                assert_eq!(caller.no_number_reason(), Some(reason), "{word}");
            }
            assert_eq!(NoNumberReason::of_word(reason.display_name()), Some(reason));
            assert_eq!(NoNumberReason::of_word(reason.label()), Some(reason));
        }
        for number in [
            "0312345678",
            "+12025550100",
            "201",
            "*1",
            "alice",
            "p",
            "desk",
        ] {
            assert_eq!(Caller::from(number).number(), number);
        }
    }

    #[test]
    fn older_events_with_words_are_read_as_what_the_words_say() {
        let old = read(r#"{"from":"unavailable"}"#);
        assert_eq!(old, Caller::without_number(NoNumberReason::Unavailable));
        assert_eq!(old.shown(), "表示圏外");
        assert_eq!(read(r#"{"from":""}"#).shown(), "非通知");
        assert_eq!(read(r#"{"from":"0312345678"}"#).shown(), "0312345678");
    }

    #[test]
    fn what_is_written_is_read_and_says_no_more_than_it_must() {
        let caller = Caller::from("0312345678");
        let text = serde_json::to_string(&caller).unwrap();
        assert_eq!(text, r#"{"from":"0312345678"}"#);
        let payphone = Caller::without_number(NoNumberReason::Payphone);
        let text = serde_json::to_string(&payphone).unwrap();
        assert_eq!(text, r#"{"from":"","no_number":"payphone"}"#);
        assert_eq!(read(&text), payphone);
        let behind = caller.with_subaddress(Some("12".to_owned()));
        let text = serde_json::to_string(&behind).unwrap();
        assert_eq!(read(&text), behind);
        assert_eq!(behind.shown(), "0312345678(サブアドレス 12)");
        for reason in NoNumberReason::ALL {
            let text = serde_json::to_string(&reason).unwrap();
            assert_eq!(text, format!("\"{}\"", reason.as_str()));
        }
    }
}
