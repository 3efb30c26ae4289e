//! Telephone numbers: one number, however it is written.

/// The canonical form of a number: national digits (`0312345678`) for Japan, `+` and digits for
/// other countries, the text without blanks for what is no number (an extension with letters).
pub fn normalize(text: &str) -> String {
    let mut number = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '０'..='９' => {
                number.extend(char::from_digit(u32::from(letter) - u32::from('０'), 10))
            }
            '＋' | '+' if number.is_empty() => number.push('+'),
            '-' | '‐' | '‑' | '–' | '−' | '－' | 'ー' | '(' | ')' | '（' | '）' | '.' | '/'
            | '／' => {}
            letter if letter.is_whitespace() => {}
            letter => number.push(letter),
        }
    }
    let national = number
        .strip_prefix("+81")
        .or_else(|| number.strip_prefix("01081"))
        .filter(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
    match national {
        Some(rest) => format!("0{}", rest.strip_prefix('0').unwrap_or(rest)),
        None => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// zammad#4872, #5128, #5117, #3560, #2096
    #[test]
    fn one_number_in_all_its_spellings() {
        for text in [
            "03-1234-5678",
            "0312345678",
            "+81 3-1234-5678",
            "+81312345678",
            "+81(0)312345678",
            "０３－１２３４－５６７８",
            "03／1234／5678",
            " 03 1234 5678 ",
        ] {
            assert_eq!(normalize(text), "0312345678", "{text}");
        }
        assert_eq!(normalize("+1 202-555-0100"), "+12025550100");
        assert_eq!(normalize("201"), "201");
    }
}
