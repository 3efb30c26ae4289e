//! The digits of one number, however it is written.

use std::net::Ipv4Addr;

/// Numbers with fewer digits are extensions and codes: nobody's own.
const DIGITS_AT_LEAST: usize = 7;
/// Digits that stay at each end.
const SHOWN: usize = 2;

/// What may stand between the digits of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Between {
    /// Whatever people write there: blanks, hyphens, dots, brackets, also as `%20`.
    Anything,
    /// Hyphens: a blank parts two numbers.
    Hyphens,
}

/// The text with stars for all but the first two and the last two digits of each number in it, however it
/// is written. What stands between the digits stays, and so do addresses (IPv4).
pub(crate) fn numbers(text: &str) -> String {
    numbers_between(text, Between::Anything)
}

pub(super) fn numbers_between(text: &str, between: Between) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let address = address(rest, masked.chars().next_back());
        let length = match address {
            Some(length) => length,
            None => number(rest, between),
        };
        let (shown, after) = rest.split_at(length.max(letter.len_utf8()));
        if address.is_some() || length == 0 {
            masked.push_str(shown);
        } else {
            masked.push_str(&number_masked(shown));
        }
        rest = after;
    }
    masked
}

/// The length of the IPv4 address with which the text begins. Before an at sign it is no address.
fn address(text: &str, before: Option<char>) -> Option<usize> {
    let goes_on = |letter: char| letter.is_ascii_alphanumeric() || "._-%".contains(letter);
    if before.is_some_and(goes_on) || !text.starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let is_inside = |letter: char| letter.is_ascii_digit() || letter == '.';
    let length = text.find(|letter: char| !is_inside(letter));
    let (quad, after) = text.split_at(length.unwrap_or(text.len()));
    let quad = quad.trim_end_matches('.');
    let is_address = quad.parse::<Ipv4Addr>().is_ok() && !after.starts_with('@');
    is_address.then_some(quad.len())
}

/// The length of the number with which the text begins, up to its last digit; 0 if it begins with none.
fn number(text: &str, between: Between) -> usize {
    let mut end = 0;
    let mut at = 0;
    let mut before = None;
    while let Some(rest) = text.get(at..) {
        let Some(letter) = rest.chars().next() else {
            break;
        };
        let length = if letter.is_numeric() {
            if end > 0 && address(rest, before).is_some() {
                break;
            }
            end = at + letter.len_utf8();
            letter.len_utf8()
        } else if end == 0 {
            break;
        } else {
            separator(rest, between)
        };
        if length == 0 {
            break;
        }
        before = rest.get(..length).and_then(|one| one.chars().next_back());
        at += length;
    }
    end
}

/// The length of what parts two groups of digits of one number, if the text begins with it.
fn separator(text: &str, between: Between) -> usize {
    let Some(letter) = text.chars().next() else {
        return 0;
    };
    let is_hyphen = "-‐‑–−－ー".contains(letter);
    if is_hyphen {
        return letter.len_utf8();
    }
    if between == Between::Hyphens {
        return 0;
    }
    let is_other = letter.is_whitespace() && letter != '\n' && letter != '\r';
    if is_other || ".()[]/_（）／．".contains(letter) {
        return letter.len_utf8();
    }
    let escaped = ["%20", "%28", "%29", "%2D", "%2E", "%2F", "%5B", "%5D"];
    let begins = text.get(..3).unwrap_or_default();
    let mut escaped = escaped.iter();
    let is_escaped = escaped.any(|one| one.eq_ignore_ascii_case(begins));
    if is_escaped { begins.len() } else { 0 }
}

fn number_masked(number: &str) -> String {
    // The digits of an escape are none of the number.
    let mut escaped = 0;
    let mut is_own_digit = move |letter: char| {
        if letter == '%' {
            escaped = 2;
            return false;
        }
        if escaped > 0 {
            escaped -= 1;
            return false;
        }
        letter.is_numeric()
    };
    let own: Vec<(char, bool)> = number
        .chars()
        .map(|letter| (letter, is_own_digit(letter)))
        .collect();
    let digits = own.iter().filter(|(_, is_digit)| *is_digit).count();
    if digits < DIGITS_AT_LEAST {
        return number.to_owned();
    }
    let mut at = 0;
    let star = |(letter, is_digit): (char, bool)| {
        if !is_digit {
            return letter;
        }
        at += 1;
        let is_shown = at <= SHOWN || at > digits - SHOWN;
        if is_shown { letter } else { '*' }
    };
    own.into_iter().map(star).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_people_are_masked_and_extensions_are_not() {
        for (text, expected) in [
            ("0312345678", "03******78"),
            ("03-1234-5678", "03-****-**78"),
            ("+81312345678", "+81*******78"),
            ("201", "201"),
            ("*21", "*21"),
            (
                "sip:09012345678@192.0.2.1:5060",
                "sip:09*******78@192.0.2.1:5060",
            ),
            ("", ""),
        ] {
            assert_eq!(numbers(text), expected);
        }
    }

    #[test]
    fn a_number_is_one_however_it_is_written() {
        for (text, expected) in [
            ("03.1234.5678", "03.****.**78"),
            ("03 1234 5678", "03 **** **78"),
            ("(03) 1234-5678", "(03) ****-**78"),
            ("+81 (0)90 1234 5678", "+81 (*)** **** **78"),
            ("090[1234]5678", "09*[****]**78"),
            ("03/1234/5678", "03/****/**78"),
            ("０３－１２３４－５６７８", "０３－****－**７８"),
            ("sip:03%201234%205678@a", "sip:03%20****%20**78@a"),
            ("sip:03%2D1234%2d5678@a", "sip:03%2D****%2d**78@a"),
            ("tel:+81-3-1234-5678;x=1", "tel:+81-*-****-**78;x=1"),
            // Four groups before an at sign are no address.
            ("sip:81.31.23.45@a", "sip:81.**.**.45@a"),
        ] {
            assert_eq!(numbers(text), expected);
        }
    }

    #[test]
    fn addresses_ports_and_versions_can_be_read() {
        for text in [
            "sip:201@192.168.100.200:5060",
            "192.168.100.200 5060",
            "Via: SIP/2.0/UDP 198.51.100.234:5060;rport",
            "SIP/2.0 200 OK",
        ] {
            assert_eq!(numbers(text), text);
        }
    }

    /// No more than four digits of any number are left, whatever parts its groups.
    #[test]
    fn no_spelling_of_a_number_is_left() {
        let separators = [
            "", "-", ".", " ", "  ", "(", ") ", "%20", "/", "‐", "　", "_",
        ];
        for one in separators {
            for other in separators {
                for (before, after) in [("sip:", "@a"), ("<tel:", ">"), ("", " X"), ("+", ";a=b")] {
                    let text = format!("{before}090{one}1234{other}5678{after}");
                    let masked = numbers(&text);
                    assert!(
                        !masked.contains("1234") && !masked.contains("567"),
                        "{text}: {masked}"
                    );
                    assert_eq!(masked.chars().count(), text.chars().count());
                }
            }
        }
    }
}
