//! The letters of files that an exchange has written, and what stands between the cells of their rows.

use std::borrow::Cow;

use encoding_rs::{SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};

/// What a file of UTF-8 may begin with.
const MARK: char = '\u{feff}';
/// What may stand between cells, by preference.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// The text of a file. Lines that are no UTF-8 are of CP932: one exchange may have written both.
pub(crate) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    for encoding in [UTF_16LE, UTF_16BE] {
        if let Some((named, _)) = encoding_rs::Encoding::for_bom(bytes)
            && named == encoding
        {
            return encoding.decode(bytes).0;
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text.strip_prefix(MARK).unwrap_or(text));
    }
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let text: String = lines.map(decoded_line).collect();
    Cow::Owned(text.strip_prefix(MARK).map(str::to_owned).unwrap_or(text))
}

/// In CP932 a byte of a letter may look like a separator, but none looks like the end of a line.
fn decoded_line(line: &[u8]) -> Cow<'_, str> {
    let is_utf8 = std::str::from_utf8(line).is_ok();
    let encoding = if is_utf8 { UTF_8 } else { SHIFT_JIS };
    encoding.decode_without_bom_handling(line).0
}

/// What stands between the cells of a table, by its first row.
pub(crate) fn separator(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty());
    let mut is_quoted = false;
    let mut counts = [0_usize; SEPARATORS.len()];
    for byte in first.unwrap_or_default().bytes() {
        if byte == b'"' {
            is_quoted = !is_quoted;
        }
        let known = SEPARATORS.iter().zip(&mut counts).filter(|_| !is_quoted);
        for (_, count) in known.filter(|(separator, _)| **separator == byte) {
            *count += 1;
        }
    }
    // Of those that are as frequent, the first.
    let most = SEPARATORS.into_iter().zip(counts).rev();
    most.max_by_key(|(_, count)| *count)
        .map_or(b',', |(separator, _)| separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_every_encoding_are_read_line_by_line() {
        let text = "\"ポ能\",1\r\n山田|2\r\n";
        let cp932 = SHIFT_JIS.encode(text).0.into_owned();
        assert_eq!(decoded(&cp932), text);
        assert_eq!(decoded(text.as_bytes()), text);
        let marked = format!("{MARK}{text}");
        assert_eq!(decoded(marked.as_bytes()), text);
        let mixed = [marked.as_bytes(), &cp932].concat();
        assert_eq!(decoded(&mixed), [text, text].concat());
        let wide: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decoded(&wide), text);
    }

    #[test]
    fn the_separator_is_what_stands_most_often_between_the_cells_of_the_first_row() {
        for (text, expected) in [
            ("a,b;c,d\n", b','),
            ("\na;b;\"c,d,e,f\"\n", b';'),
            ("a\tb\n", b'\t'),
            ("a;b\tc,d", b','),
            ("", b','),
        ] {
            assert_eq!(separator(text), expected, "{text}");
        }
    }
}
