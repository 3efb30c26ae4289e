//! SIP messages for those who may not see whose they are.

use super::digits::{Between, numbers, numbers_between};

/// In place of what is not shown.
const HIDDEN: &str = "***";

/// A SIP message with its numbers masked, without names of people, and without a body that is no session
/// description: tones that somebody typed may stand there.
pub(crate) fn message(text: &str) -> String {
    let (head, body) = text
        .split_once("\r\n\r\n")
        .or_else(|| text.split_once("\n\n"))
        .unwrap_or((text, ""));
    let is_description = body.trim_start().starts_with("v=0");
    let head = head_masked(head);
    let body = match body {
        "" => String::new(),
        body if is_description => description(body),
        _ => "(本文は伏せています)".to_owned(),
    };
    format!("{head}\r\n\r\n{body}")
}

/// What a header field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    /// Addresses with the names of people.
    Naming,
    /// Text that people write, or that holds numbers and names in another form.
    Free,
    /// Numbers of the protocol, beside each other.
    Counting,
    Other,
}

/// Header fields that name people (RFC 3261 20, 3325, 3515, 3892, 5806, 7044, 7315), with their short forms.
const NAMING: [&str; 19] = [
    "from",
    "f",
    "to",
    "t",
    "contact",
    "m",
    "reply-to",
    "refer-to",
    "r",
    "referred-by",
    "b",
    "p-asserted-identity",
    "p-preferred-identity",
    "p-called-party-id",
    "p-associated-uri",
    "remote-party-id",
    "diversion",
    "cc-diversion",
    "history-info",
];

/// Text, and signed or packed forms of names and numbers (RFC 3261 20, 6442, 7433, 8224).
const FREE: [&str; 10] = [
    "subject",
    "s",
    "organization",
    "call-info",
    "alert-info",
    "geolocation",
    "identity",
    "y",
    "user-to-user",
    "comment",
];

const COUNTING: [&str; 4] = ["cseq", "rack", "date", "via"];

fn field(name: &str) -> Field {
    let name = name.trim().to_ascii_lowercase();
    let is_in = |names: &[&str]| names.contains(&name.as_str());
    if is_in(&NAMING) {
        Field::Naming
    } else if is_in(&FREE) || name.contains("name") {
        // X-Caller-Name and its like.
        Field::Free
    } else if is_in(&COUNTING) {
        Field::Counting
    } else {
        Field::Other
    }
}

fn head_masked(head: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut fields: Vec<(&str, String)> = Vec::new();
    for (at, line) in head.lines().enumerate() {
        // What is folded belongs to the field before it.
        if let Some((_, value)) = fields.last_mut()
            && line.starts_with([' ', '\t'])
        {
            value.push(' ');
            value.push_str(line.trim());
            continue;
        }
        match line.split_once(':') {
            Some((name, value)) if at > 0 => fields.push((name, value.to_owned())),
            _ => lines.push(numbers(&without_letters_of_names(line))),
        }
    }
    let fields = fields.iter().map(|(name, value)| masked(name, value));
    lines.extend(fields);
    lines.join("\r\n")
}

fn masked(name: &str, value: &str) -> String {
    let value = match field(name) {
        Field::Naming => without_names(value),
        Field::Free if value.trim().is_empty() => value.to_owned(),
        Field::Free => format!(" {HIDDEN}"),
        Field::Counting => {
            let value = without_letters_of_names(value);
            return format!("{name}:{}", numbers_between(&value, Between::Hyphens));
        }
        Field::Other => value.to_owned(),
    };
    format!("{name}:{}", numbers(&without_letters_of_names(&value)))
}

/// The addresses of a field without the names before them, and without the text in quotes behind them.
fn without_names(value: &str) -> String {
    let parts: Vec<String> = addresses(value).into_iter().map(without_name).collect();
    parts.join(",")
}

/// What the commas of a list part: not those in quotes and in angle brackets.
fn addresses(value: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut begun = 0;
    let (mut is_quoted, mut is_bracketed, mut is_escaped) = (false, false, false);
    for (at, letter) in value.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '<' if !is_quoted => is_bracketed = true,
            '>' if !is_quoted => is_bracketed = false,
            ',' if !is_quoted && !is_bracketed => {
                parts.extend(value.get(begun..at));
                begun = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(value.get(begun..));
    parts
}

/// One address of a list.
fn without_name(part: &str) -> String {
    if matches!(part.trim(), "" | "*") {
        return part.to_owned();
    }
    let at = unquoted(part, '<').or_else(|| uri(part));
    let Some((name, address)) = at.and_then(|at| part.split_at_checked(at)) else {
        return format!(" {HIDDEN}");
    };
    let address = without_quoted(address);
    if name.trim().is_empty() {
        format!("{name}{address}")
    } else {
        format!(" \"{HIDDEN}\" {address}")
    }
}

/// Where a letter stands that is not in quotes.
fn unquoted(text: &str, wanted: char) -> Option<usize> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            letter if letter == wanted && !is_quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// Where an address without brackets begins.
fn uri(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    let schemes = ["sip:", "sips:", "tel:"];
    schemes
        .iter()
        .filter_map(|scheme| lower.rfind(scheme))
        .min()
}

/// The text with stars for what stands in quotes.
fn without_quoted(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = unquoted(rest, '"').or_else(|| rest.find('"')) {
        let (before, quoted) = rest.split_at(begin);
        let inside = quoted.get(1..).unwrap_or_default();
        let end = closing(inside).map_or(inside.len(), |end| end + 1);
        shown.push_str(before);
        shown.push_str(&format!("\"{HIDDEN}\""));
        rest = inside.get(end..).unwrap_or_default();
    }
    shown.push_str(rest);
    shown
}

/// Where the quotes close that were opened before the text.
fn closing(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().find_map(|(at, letter)| {
        let is_end = letter == '"' && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        is_end.then_some(at)
    })
}

/// The text with stars for letters beyond ASCII, also as `%E5%B1%B1`: the protocol has none, names have.
fn without_letters_of_names(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_hidden = false;
    while let Some(letter) = rest.chars().next() {
        let escape = rest.get(..3).filter(|escape| is_beyond_ascii(escape));
        let length = escape.map_or(letter.len_utf8(), str::len);
        let (one, after) = rest.split_at(length);
        // Digits and hyphens of another width are numbers.
        let is_of_number = letter.is_numeric() || "‐‑–−－ー（）／．　".contains(letter);
        let hide = escape.is_some() || !letter.is_ascii() && !is_of_number;
        if !hide {
            shown.push_str(one);
        } else if !is_hidden {
            shown.push_str(HIDDEN);
        }
        is_hidden = hide;
        rest = after;
    }
    shown
}

fn is_beyond_ascii(escape: &str) -> bool {
    let code = escape.strip_prefix('%');
    code.and_then(|code| u8::from_str_radix(code, 16).ok())
        .is_some_and(|code| code >= 0x80)
}

/// A session description without who began it and what it is about (RFC 4566 5).
fn description(body: &str) -> String {
    let lines = body.split('\n').map(|line| {
        let (text, end) = match line.strip_suffix('\r') {
            Some(text) => (text, "\r"),
            None => (line, ""),
        };
        format!("{}{end}", description_line(text))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn description_line(line: &str) -> String {
    let masked = |text: &str| numbers_between(&without_letters_of_names(text), Between::Hyphens);
    match line.split_once('=') {
        Some((kind @ ("s" | "i" | "e" | "p" | "u"), value))
            if !matches!(value.trim(), "" | "-") =>
        {
            format!("{kind}={HIDDEN}")
        }
        Some(("o", value)) => match value.split_once(' ') {
            Some((name, rest)) if name != "-" => format!("o={HIDDEN} {}", masked(rest)),
            _ => masked(line),
        },
        _ => masked(line),
    }
}

#[cfg(test)]
mod tests;
