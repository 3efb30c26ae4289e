//! Finds what may be personal data in a text, so that somebody looks at it before it is published.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// What a text may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PersonalKind {
    /// 電話番号
    Phone,
    /// メールアドレス
    Mail,
    /// 職員番号
    StaffNumber,
    /// 個人番号
    MyNumber,
    /// 氏名
    Name,
}

impl PersonalKind {
    /// The name on screens.
    pub fn label(self) -> &'static str {
        match self {
            Self::Phone => "電話番号",
            Self::Mail => "メールアドレス",
            Self::StaffNumber => "職員番号",
            Self::MyNumber => "個人番号",
            Self::Name => "氏名",
        }
    }
}

/// A place in a text that may be personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Where, in bytes.
    pub range: Range<usize>,
    /// What it may be.
    pub kind: PersonalKind,
}

/// Patterns; the group `what` is what is marked. Full-width signs count as well.
const PATTERNS: [(PersonalKind, &str); 6] = [
    (
        PersonalKind::Mail,
        r"(?P<what>[A-Za-z0-9._%+\-Ａ-Ｚａ-ｚ０-９]+[@＠][A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+)",
    ),
    (
        PersonalKind::Phone,
        r"(?P<what>(?:\+81[\-－ー−‐ ]?|[0０])[0-9０-９]{1,4}[\-－ー−‐（）() ]{1,2}[0-9０-９]{1,4}[\-－ー−‐（）() ]{1,2}[0-9０-９]{3,4}|[0０][0-9０-９]{9,10})",
    ),
    (
        PersonalKind::StaffNumber,
        r"(?:職員番号|職員コード|社員番号|職番)(?:は|が|:|:|=|\s)*(?P<what>[A-Za-z]?[0-9０-９]{5,8})",
    ),
    (
        PersonalKind::Name,
        r"(?:氏名|名前|申請者|担当者)[::]\s*(?P<what>[\p{Han}ァ-ヶー]{1,6}[  ]?[\p{Han}ァ-ヶーぁ-ん]{1,6})",
    ),
    (
        PersonalKind::Name,
        r"(?P<what>[\p{Han}]{1,4})(?:さん|様|氏|主任|主査|係長|課長|部長|室長|参事)(?:[^\p{Han}]|$)",
    ),
    (
        PersonalKind::MyNumber,
        r"(?P<what>[0-9０-９]{4}[\- ]?[0-9０-９]{4}[\- ]?[0-9０-９]{4})",
    ),
];

/// Words before a title that are no names.
const NO_NAMES: [&str; 25] = [
    "皆",
    "職員",
    "利用者",
    "担当者",
    "担当",
    "責任者",
    "所属",
    "各",
    "前",
    "後",
    "上",
    "お客",
    "客",
    "業者",
    "人事",
    "総務",
    "経理",
    "給与",
    "情報",
    "副",
    "当該",
    "主管",
    "直属",
    "承認者",
    "各位",
];

static COMPILED: LazyLock<Vec<(PersonalKind, Regex)>> = LazyLock::new(|| {
    PATTERNS
        .iter()
        .map(|(kind, pattern)| {
            (
                *kind,
                Regex::new(pattern).expect("the patterns are fixed and tested"),
            )
        })
        .collect()
});

/// What may be personal data in a text, in order.
pub fn marks(text: &str) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for (kind, pattern) in COMPILED.iter() {
        for found in pattern.captures_iter(text) {
            let Some(what) = found.name("what") else {
                continue;
            };
            let real = match kind {
                PersonalKind::MyNumber => is_my_number(what.as_str()),
                PersonalKind::Name => !NO_NAMES.iter().any(|word| what.as_str().ends_with(word)),
                _ => true,
            };
            let overlaps = marks
                .iter()
                .any(|mark| mark.range.start < what.end() && what.start() < mark.range.end);
            if real && !overlaps {
                marks.push(Mark {
                    range: what.range(),
                    kind: *kind,
                });
            }
        }
    }
    marks.sort_by_key(|mark| mark.range.start);
    marks
}

/// Whether twelve digits end in the check digit of a 個人番号 (平成26年総務省令第85号 第5条).
pub(crate) fn is_my_number(text: &str) -> bool {
    let digits: Vec<u32> = text
        .chars()
        .filter_map(|letter| match letter {
            '０'..='９' => Some(u32::from(letter) - u32::from('０')),
            other => other.to_digit(10),
        })
        .collect();
    let Some((check, rest)) = digits.split_last() else {
        return false;
    };
    let sum: u32 = rest
        .iter()
        .rev()
        .zip(1..)
        .map(|(digit, place)| digit * if place <= 6 { place + 1 } else { place - 5 })
        .sum();
    let remainder = sum % 11;
    digits.len() == 12 && *check == if remainder <= 1 { 0 } else { 11 - remainder }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(PersonalKind, &str)> {
        let marks = marks(text);
        marks
            .into_iter()
            .map(|mark| (mark.kind, &text[mark.range]))
            .collect()
    }

    #[test]
    fn personal_data_is_marked() {
        use PersonalKind as K;
        for (text, wanted) in [
            ("折り返しは03-1234-5678まで。", (K::Phone, "03-1234-5678")),
            ("携帯は09012345678です。", (K::Phone, "09012345678")),
            (
                "０３－１２３４－５６７８",
                (K::Phone, "０３－１２３４－５６７８"),
            ),
            (
                "taro.yamada@example.jp に送る",
                (K::Mail, "taro.yamada@example.jp"),
            ),
            ("職員番号は1234567です。", (K::StaffNumber, "1234567")),
            ("氏名:山田 太郎", (K::Name, "山田 太郎")),
            ("山田さんから電話", (K::Name, "山田")),
            ("山田さん（担当）に確認", (K::Name, "山田")),
            ("鈴木課長に確認済み", (K::Name, "鈴木")),
            ("番号は123456789018です", (K::MyNumber, "123456789018")),
        ] {
            assert_eq!(found(text), [wanted], "{text}");
        }
    }

    #[test]
    fn what_is_not_personal_is_left_alone() {
        for text in [
            "内線 9000 に連絡してください。",
            "職員番号と、登録してあるメールアドレスを入力します。",
            "所属長、人事課長の決裁を受けます。",
            "給与課長に提出してください。",
            "職員の皆様へ",
            "お客様に説明する",
            "番号は123456789012です",
            "平成26年10月1日から令和8年3月31日まで",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
