//! エスカレーション先: those whom the desk hands matters on to.

use serde::{Deserialize, Serialize};

use crate::named;
use crate::outbound::OutboundNumber;
use crate::setup::FieldError;
use crate::ticket::{Route, VENDOR_LETTERS};

/// The kind of [`Vendor`] in the store; its id never changes.
pub const VENDOR: &str = "vendor";

/// The longest line of what is said of one.
pub const VENDOR_NOTE_LETTERS: usize = 500;

/// Whom matters are escalated to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// The name, as escalations keep it.
    pub name: String,
    /// What they see to.
    pub kind: VendorKind,
    /// By what way matters go to them.
    pub route: Route,
    /// Where callers are handed on to; empty if they take none.
    #[serde(default)]
    pub number: String,
    /// How they are reached.
    #[serde(default)]
    pub reached_by: String,
    /// What is to be sent, and other things to know.
    #[serde(default)]
    pub note: String,
}

named! {
    /// What somebody sees to whom matters are escalated to.
    #[derive(
        Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
    )]
    pub enum VendorKind {
        /// アプリケーション保守, of one system or several.
        #[default]
        Application = "application", "アプリケーション保守";
        /// ハードウェア保守
        Hardware = "hardware", "ハードウェア保守";
        /// 仮想化基盤
        Virtualisation = "virtualisation", "仮想化基盤";
        /// 校正ソフト
        Proofreading = "proofreading", "校正ソフト";
        /// 端末設備
        Terminals = "terminals", "端末設備";
        /// 回線
        Network = "network", "回線";
        /// その他
        Other = "other", "その他";
    }
}

impl Vendor {
    /// What is wrong with it.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        if self.name.trim().is_empty() {
            faults.push(FieldError::missing("name"));
        }
        if !self.number.trim().is_empty() && OutboundNumber::parse(&self.number).is_none() {
            let message = "電話番号だけを入力してください(例: 03-1234-5678)";
            faults.push(FieldError::new("number", message));
        }
        for (field, text, most) in [
            ("name", &self.name, VENDOR_LETTERS),
            ("number", &self.number, VENDOR_LETTERS),
            ("reached_by", &self.reached_by, VENDOR_NOTE_LETTERS),
            ("note", &self.note, VENDOR_NOTE_LETTERS),
        ] {
            if text.chars().count() > most {
                let message = format!("{most}文字以内で入力してください");
                faults.push(FieldError::new(field, message));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_needs_a_name_that_escalations_can_keep() {
        let named = |name: String| Vendor {
            name,
            ..Vendor::default()
        };
        assert!(named("財務会計の保守事業者".to_owned()).faults().is_empty());
        for wrong in [String::new(), "名".repeat(VENDOR_LETTERS + 1)] {
            assert_eq!(named(wrong).faults().len(), 1);
        }
    }

    #[test]
    fn the_number_is_one_that_can_be_dialled() {
        let reached = |number: &str| Vendor {
            name: "保守".to_owned(),
            number: number.to_owned(),
            ..Vendor::default()
        };
        for right in ["", "03-1234-5678", "０１２０（１２３）４５６"] {
            assert!(reached(right).faults().is_empty(), "{right}");
        }
        for wrong in ["夜間は携帯へ", "03-1234-5678(内線 22)"] {
            assert_eq!(reached(wrong).faults().len(), 1, "{wrong}");
        }
    }
}
