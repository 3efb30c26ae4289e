//! How the position of the feed is written into a commit.

/// The text that keeps a position, with a checksum: another position would leave changes out.
pub(super) fn position_text(position: i64) -> String {
    let text = position.to_string();
    format!("{text} {:08x}", crc32fast::hash(text.as_bytes()))
}

/// The position that a text keeps.
pub(super) fn position_of(text: &str) -> Option<i64> {
    let position = text.split(' ').next()?.parse().ok()?;
    (position_text(position) == text).then_some(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_that_was_changed_is_none() {
        for position in [0, 7, -1, i64::MAX] {
            let text = position_text(position);
            assert_eq!(position_of(&text), Some(position));
            for at in 0..text.len() {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1;
                let changed = String::from_utf8(bytes).unwrap();
                assert_eq!(position_of(&changed), None, "{changed}");
            }
        }
        assert_eq!(position_of("7"), None);
    }
}
