//! 拠点区分 (表 2.2-2).

use madoguchi_core::named;
use serde::{Deserialize, Serialize};

named! {
    /// Of which kind a 拠点 is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum SiteKind {
        /// 本部
        Headquarters = "headquarters", "本部";
        /// 事務センター
        Processing = "processing", "事務センター";
        /// 年金事務所, branches included.
        Office = "office", "年金事務所(分室を含む)";
        /// 中央年金センター
        Central = "central", "中央年金センター";
        /// 年金相談センター
        Consultation = "consultation", "年金相談センター";
        /// 障害年金センター
        Disability = "disability", "障害年金センター";
        /// コールセンター
        CallCentre = "call_centre", "コールセンター";
        /// 不明
        Unknown = "unknown", "不明";
    }
}

impl SiteKind {
    /// The kind of a 拠点 by its name.
    pub fn of(site: &str) -> Self {
        const WORDS: [(&str, SiteKind); 9] = [
            ("障害年金センター", SiteKind::Disability),
            ("中央年金センター", SiteKind::Central),
            ("相談センター", SiteKind::Consultation),
            ("事務センター", SiteKind::Processing),
            ("コールセンター", SiteKind::CallCentre),
            ("年金事務所", SiteKind::Office),
            ("分室", SiteKind::Office),
            ("本部", SiteKind::Headquarters),
            ("本社", SiteKind::Headquarters),
        ];
        let found = WORDS.into_iter().find(|(word, _)| site.contains(word));
        found.map_or(Self::Unknown, |(_, kind)| kind)
    }

    /// How many there are by 表 2.2-2 (end of 令和6年3月); `None` for 不明.
    pub fn sites(self) -> Option<u64> {
        Some(match self {
            Self::Headquarters => 5,
            Self::Processing => 15,
            Self::Office => 322,
            Self::Central => 2,
            Self::Consultation => 81,
            Self::Disability => 1,
            Self::CallCentre => 7,
            Self::Unknown => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn 表2_2_2_a_site_is_of_the_kind_that_its_name_says() {
        for (name, kind) in [
            ("中央年金事務所", SiteKind::Office),
            ("高井戸年金事務所 分室", SiteKind::Office),
            ("中央年金センター", SiteKind::Central),
            ("街角の年金相談センター町田", SiteKind::Consultation),
            ("東京広域事務センター", SiteKind::Processing),
            ("障害年金センター", SiteKind::Disability),
            ("本部 経理部", SiteKind::Headquarters),
            ("東京コールセンター", SiteKind::CallCentre),
            ("", SiteKind::Unknown),
            ("支店", SiteKind::Unknown),
        ] {
            assert_eq!(SiteKind::of(name), kind, "{name}");
        }
        let sites: u64 = SiteKind::ALL.into_iter().filter_map(SiteKind::sites).sum();
        assert_eq!(sites, 433);
    }
}
