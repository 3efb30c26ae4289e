//! What people say, in the form in which synonyms are written: 入れません and 入れなくて are 入れない.

/// Endings that mean the same as the one they are written for; longer ones first.
const ENDINGS: &[(&str, &str)] = &[
    ("ませんでした", "ない"),
    ("ません", "ない"),
    ("なくなりました", "ない"),
    ("なくなった", "ない"),
    ("なくなって", "ない"),
    ("なくなる", "ない"),
    ("なかった", "ない"),
    ("なくて", "ない"),
    ("なきゃ", "ない"),
    ("なくちゃ", "ない"),
    ("ねえ", "ない"),
    ("ねー", "ない"),
    ("んない", "らない"),
    ("てない", "ていない"),
    ("でない", "でいない"),
    ("ちゃいました", "た"),
    ("ちゃった", "た"),
    ("じゃった", "だ"),
    ("てしまいました", "た"),
    ("てしまった", "た"),
    ("でしまった", "だ"),
    ("ました", "た"),
    ("れちゃう", "れる"),
];

/// The text with the endings of speech as they are written; `None` if it has none of them.
pub(super) fn written(text: &str) -> Option<String> {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    let mut changed = false;
    'text: while let Some(letter) = rest.chars().next() {
        for (spoken, plain) in ENDINGS {
            if let Some(after) = rest.strip_prefix(spoken) {
                written.push_str(plain);
                rest = after;
                changed = true;
                continue 'text;
            }
        }
        written.push(letter);
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
    }
    changed.then_some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_of_speech_are_written_in_one_way() {
        for (spoken, plain) in [
            ("入れません", "入れない"),
            ("入れなくなりました", "入れない"),
            ("ハンコもらえなくて", "ハンコもらえない"),
            ("残業代ついてない", "残業代ついていない"),
            ("わすれちゃった", "わすれた"),
        ] {
            assert_eq!(written(spoken).as_deref(), Some(plain));
        }
        assert_eq!(written("休暇"), None);
    }
}
