//! Numbers that are shown to those who may not see whose they are.

/// Numbers with fewer digits are extensions and codes: nobody's own.
const DIGITS_AT_LEAST: usize = 7;
/// Digits that stay at each end.
const SHOWN: usize = 2;

/// The text with stars for all but the first two and the last two digits of each number in it. Hyphens
/// within a number stay.
pub(crate) fn numbers(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut number = String::new();
    for letter in text.chars() {
        let goes_on = letter.is_ascii_digit() || (letter == '-' && !number.is_empty());
        if goes_on {
            number.push(letter);
        } else {
            masked.push_str(&number_masked(&number));
            number.clear();
            masked.push(letter);
        }
    }
    masked.push_str(&number_masked(&number));
    masked
}

fn number_masked(number: &str) -> String {
    let digits = number.chars().filter(char::is_ascii_digit).count();
    if digits < DIGITS_AT_LEAST {
        return number.to_owned();
    }
    let mut at = 0;
    let star = |letter: char| {
        if !letter.is_ascii_digit() {
            return letter;
        }
        at += 1;
        let is_shown = at <= SHOWN || at > digits - SHOWN;
        if is_shown { letter } else { '*' }
    };
    number.chars().map(star).collect()
}

/// A SIP message with its numbers masked, without names of people, and without a body that is no session
/// description: tones that somebody typed may stand there.
pub(crate) fn message(text: &str) -> String {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let is_description = body.trim_start().starts_with("v=0");
    let head: Vec<String> = head
        .lines()
        .map(|line| numbers(&without_name(line)))
        .collect();
    let body = match body {
        "" => String::new(),
        body if is_description => numbers(body),
        _ => "(本文は伏せています)".to_owned(),
    };
    format!("{}\r\n\r\n{body}", head.join("\r\n"))
}

/// Header fields that name people.
const NAMING: [&str; 8] = [
    "From:",
    "To:",
    "Contact:",
    "P-Asserted-Identity:",
    "P-Preferred-Identity:",
    "Remote-Party-ID:",
    "Diversion:",
    "History-Info:",
];

/// The line with stars for the name before an address.
fn without_name(line: &str) -> String {
    let Some(field) = NAMING.iter().find(|field| line.starts_with(**field)) else {
        return line.to_owned();
    };
    let value = line.get(field.len()..).unwrap_or_default();
    match value.split_once('<') {
        Some((name, rest)) if !name.trim().is_empty() => format!("{field} \"***\" <{rest}"),
        _ => line.to_owned(),
    }
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
    fn a_message_is_shown_without_names_and_typed_tones() {
        let masked = message(
            "INFO sip:0312345678@b SIP/2.0\r\nFrom: \"山田\" <sip:09012345678@a>;tag=1\r\n\
             CSeq: 3 INFO\r\n\r\nSignal=5\r\n",
        );
        assert_eq!(
            masked,
            "INFO sip:03******78@b SIP/2.0\r\nFrom: \"***\" <sip:09*******78@a>;tag=1\r\n\
             CSeq: 3 INFO\r\n\r\n(本文は伏せています)"
        );
        let sdp = "SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\nc=IN IP4 192.0.2.1\r\n";
        assert!(message(sdp).ends_with("c=IN IP4 192.0.2.1\r\n"));
    }
}
