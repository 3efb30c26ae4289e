//! What a caller wants to be kept from the called (RFC 3323 4.2, RFC 3325 9.3).

use crate::message::{HeaderName, Headers};

/// Whether the caller's identity is to be kept from the called: by a token of Privacy that asks
/// for it, in whatever case, order and number of header fields. `none` beside such a token does
/// not lift it; other tokens (`session`, `critical`, `history`) say nothing about the caller.
pub fn withholds_identity(headers: &Headers) -> bool {
    // What is not as the grammar has it must rather hide too much: any word of it counts.
    let between = |letter: char| !letter.is_ascii_alphanumeric() && !"-.!%*_+`'~".contains(letter);
    headers
        .get_all(&HeaderName::Privacy)
        .flat_map(|line| line.split(between))
        .any(|token| {
            ["id", "user", "header"]
                .iter()
                .any(|asks| token.eq_ignore_ascii_case(asks))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(lines: &[&str]) -> bool {
        let mut headers = Headers::default();
        for line in lines {
            headers.push(HeaderName::new("pRiVaCy"), *line);
        }
        withholds_identity(&headers)
    }

    #[test]
    fn id_user_and_header_withhold_in_any_spelling() {
        for lines in [
            &["id"][..],
            &["ID"],
            &["User"],
            &["header"],
            &["user;id"],
            &["ID;user;critical"],
            &[" id ; critical "],
            &["critical", "Id"],
            &["none", "id"],
            &["session,id"],
            &["\"id\""],
            &["id (x)"],
            &["id x"],
            &["critical id"],
            &["user=1"],
            &["none,(x) header"],
        ] {
            assert!(asks(lines), "{lines:?}");
        }
        for lines in [
            &[][..],
            &[""],
            &["none"],
            &["NONE"],
            &["session;critical"],
            &["identity"],
            &["x-id"],
            &["session (critical)"],
        ] {
            assert!(!asks(lines), "{lines:?}");
        }
    }
}
