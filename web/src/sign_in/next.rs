//! Where somebody is led to after signing in.

/// The longest address to be led back to.
const NEXT_BYTES: usize = 2_000;

/// An address within the desk, to be led back to; nothing else.
pub(crate) fn local(next: &str) -> &str {
    let leads_away = next.starts_with("//") || next.contains(['\\', '\n', '\r', '\t']);
    if next.starts_with('/') && !leads_away && next.len() <= NEXT_BYTES {
        next
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_away_from_the_desk() {
        assert_eq!(local("/calls?from=2026-11-01"), "/calls?from=2026-11-01");
        for away in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "",
            "/a\nb",
        ] {
            assert_eq!(local(away), "", "{away}");
        }
    }
}
