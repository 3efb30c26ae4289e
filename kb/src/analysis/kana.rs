//! Kana: hiragana for comparing, romaji as it is typed.

/// `text` with all katakana as hiragana.
pub(crate) fn hiragana(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            'ァ'..='ヶ' => char::from_u32(u32::from(letter) - 0x60).unwrap_or(letter),
            other => other,
        })
        .collect()
}

/// What `typed` says if it is romaji throughout: hiragana, and letters at the end that are not yet
/// a whole syllable (of which there may be at most two, as while somebody is typing).
pub(crate) fn romaji(typed: &str) -> Option<(String, String)> {
    let letters: Vec<char> = typed.chars().collect();
    let romaji = |letter: &char| letter.is_ascii_lowercase() || matches!(letter, '-' | '\'');
    if !letters.iter().all(romaji) || !letters.first()?.is_ascii_lowercase() {
        return None;
    }
    let mut kana = String::new();
    let mut rest = letters.as_slice();
    while let Some((&first, after)) = rest.split_first() {
        if first == '-' {
            kana.push('ー');
            rest = after;
        } else if first == '\'' {
            rest = after;
        } else if first == 'n' && !after.first().is_some_and(|next| "aiueoy".contains(*next)) {
            kana.push('ん');
            // "nn" is one ん, unless a syllable begins with the second ("nna").
            let doubled = after.first() == Some(&'n')
                && !after.get(1).is_some_and(|next| "aiueoy".contains(*next));
            rest = if doubled {
                after.get(1..).unwrap_or_default()
            } else {
                after
            };
        } else if after.first() == Some(&first) && !"aiueo".contains(first)
            || (first == 't' && after.starts_with(&['c', 'h']))
        {
            kana.push('っ');
            rest = after;
        } else if let Some((syllable, taken)) = syllable(rest) {
            kana.push_str(syllable);
            rest = rest.get(taken..).unwrap_or_default();
        } else if rest.len() <= 2 && !rest.iter().any(|letter| "aiueo".contains(*letter)) {
            break;
        } else {
            return None;
        }
    }
    Some((kana, rest.iter().collect()))
}

fn syllable(letters: &[char]) -> Option<(&'static str, usize)> {
    (1..=4_usize.min(letters.len())).rev().find_map(|taken| {
        let text: String = letters.get(..taken)?.iter().collect();
        let found = SYLLABLES.iter().find(|(romaji, _)| *romaji == text)?;
        Some((found.1, taken))
    })
}

const SYLLABLES: &[(&str, &str)] = &[
    ("a", "あ"),
    ("i", "い"),
    ("u", "う"),
    ("e", "え"),
    ("o", "お"),
    ("ka", "か"),
    ("ki", "き"),
    ("ku", "く"),
    ("ke", "け"),
    ("ko", "こ"),
    ("ca", "か"),
    ("cu", "く"),
    ("co", "こ"),
    ("ga", "が"),
    ("gi", "ぎ"),
    ("gu", "ぐ"),
    ("ge", "げ"),
    ("go", "ご"),
    ("sa", "さ"),
    ("si", "し"),
    ("shi", "し"),
    ("su", "す"),
    ("se", "せ"),
    ("so", "そ"),
    ("za", "ざ"),
    ("zi", "じ"),
    ("ji", "じ"),
    ("zu", "ず"),
    ("ze", "ぜ"),
    ("zo", "ぞ"),
    ("ta", "た"),
    ("ti", "ち"),
    ("chi", "ち"),
    ("tu", "つ"),
    ("tsu", "つ"),
    ("te", "て"),
    ("to", "と"),
    ("da", "だ"),
    ("di", "ぢ"),
    ("du", "づ"),
    ("de", "で"),
    ("do", "ど"),
    ("na", "な"),
    ("ni", "に"),
    ("nu", "ぬ"),
    ("ne", "ね"),
    ("no", "の"),
    ("ha", "は"),
    ("hi", "ひ"),
    ("hu", "ふ"),
    ("fu", "ふ"),
    ("he", "へ"),
    ("ho", "ほ"),
    ("ba", "ば"),
    ("bi", "び"),
    ("bu", "ぶ"),
    ("be", "べ"),
    ("bo", "ぼ"),
    ("pa", "ぱ"),
    ("pi", "ぴ"),
    ("pu", "ぷ"),
    ("pe", "ぺ"),
    ("po", "ぽ"),
    ("ma", "ま"),
    ("mi", "み"),
    ("mu", "む"),
    ("me", "め"),
    ("mo", "も"),
    ("ya", "や"),
    ("yu", "ゆ"),
    ("yo", "よ"),
    ("ra", "ら"),
    ("ri", "り"),
    ("ru", "る"),
    ("re", "れ"),
    ("ro", "ろ"),
    ("wa", "わ"),
    ("wo", "を"),
    ("kya", "きゃ"),
    ("kyu", "きゅ"),
    ("kyo", "きょ"),
    ("gya", "ぎゃ"),
    ("gyu", "ぎゅ"),
    ("gyo", "ぎょ"),
    ("sya", "しゃ"),
    ("syu", "しゅ"),
    ("syo", "しょ"),
    ("sha", "しゃ"),
    ("shu", "しゅ"),
    ("she", "しぇ"),
    ("sho", "しょ"),
    ("zya", "じゃ"),
    ("zyu", "じゅ"),
    ("zyo", "じょ"),
    ("jya", "じゃ"),
    ("jyu", "じゅ"),
    ("jyo", "じょ"),
    ("ja", "じゃ"),
    ("ju", "じゅ"),
    ("je", "じぇ"),
    ("jo", "じょ"),
    ("tya", "ちゃ"),
    ("tyu", "ちゅ"),
    ("tyo", "ちょ"),
    ("cha", "ちゃ"),
    ("chu", "ちゅ"),
    ("che", "ちぇ"),
    ("cho", "ちょ"),
    ("nya", "にゃ"),
    ("nyu", "にゅ"),
    ("nyo", "にょ"),
    ("hya", "ひゃ"),
    ("hyu", "ひゅ"),
    ("hyo", "ひょ"),
    ("bya", "びゃ"),
    ("byu", "びゅ"),
    ("byo", "びょ"),
    ("pya", "ぴゃ"),
    ("pyu", "ぴゅ"),
    ("pyo", "ぴょ"),
    ("mya", "みゃ"),
    ("myu", "みゅ"),
    ("myo", "みょ"),
    ("rya", "りゃ"),
    ("ryu", "りゅ"),
    ("ryo", "りょ"),
    ("fa", "ふぁ"),
    ("fi", "ふぃ"),
    ("fe", "ふぇ"),
    ("fo", "ふぉ"),
    ("thi", "てぃ"),
    ("dhi", "でぃ"),
    ("dhu", "でゅ"),
    ("twu", "とぅ"),
    ("va", "ゔぁ"),
    ("vi", "ゔぃ"),
    ("vu", "ゔ"),
    ("ve", "ゔぇ"),
    ("vo", "ゔぉ"),
    ("la", "ぁ"),
    ("li", "ぃ"),
    ("lu", "ぅ"),
    ("le", "ぇ"),
    ("lo", "ぉ"),
    ("xa", "ぁ"),
    ("xi", "ぃ"),
    ("xu", "ぅ"),
    ("xe", "ぇ"),
    ("xo", "ぉ"),
    ("lya", "ゃ"),
    ("lyu", "ゅ"),
    ("lyo", "ょ"),
    ("xya", "ゃ"),
    ("xyu", "ゅ"),
    ("xyo", "ょ"),
    ("ltu", "っ"),
    ("xtu", "っ"),
    ("ltsu", "っ"),
    ("xtsu", "っ"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn romaji_is_read_as_it_is_typed() {
        for (typed, kana, rest) in [
            ("pasuwa-do", "ぱすわーど", ""),
            ("syounin", "しょうにん", ""),
            ("shounin", "しょうにん", ""),
            ("ryohi", "りょひ", ""),
            ("kennsyuu", "けんしゅう", ""),
            ("onna", "おんな", ""),
            ("kin'yuu", "きんゆう", ""),
            ("shucchou", "しゅっちょう", ""),
            ("matchi", "まっち", ""),
            ("ryohis", "りょひ", "s"),
            ("nittou", "にっとう", ""),
        ] {
            assert_eq!(
                romaji(typed),
                Some((kana.to_owned(), rest.to_owned())),
                "{typed}"
            );
        }
        for other in ["password", "csv", "edge browser", "旅費", ""] {
            assert!(
                romaji(other).is_none_or(|(_, rest)| !rest.is_empty()),
                "{other}"
            );
        }
    }
}
