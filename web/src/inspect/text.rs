//! Plain text and CSV.

use super::active;
use super::bytes::extension;
use super::fault::FileFault::{self, External, Script, Unknown};

/// Plain text, in UTF-8 or another code of which ASCII is a part.
pub(super) fn inspect(content: &[u8], name: &str) -> Result<(), FileFault> {
    let plain = |byte: &u8| *byte >= 0x20 || b"\t\r\n\x0c".contains(byte);
    let named = ["txt", "csv"].contains(&extension(name).as_str());
    if !named || content.is_empty() || !content.iter().all(plain) {
        return Err(Unknown);
    }
    let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let text = text.trim_ascii_start();
    // Word opens by content what is called a text.
    if text.starts_with(b"{\\rt") {
        return Err(Unknown);
    }
    if active::in_content(content) || text.starts_with(b"#!") {
        return Err(Script);
    }
    if text
        .split(|byte| b"\r\n,;\t".contains(byte))
        .any(is_command)
    {
        return Err(External);
    }
    Ok(())
}

/// A cell that makes a spreadsheet start a program (Dynamic Data Exchange) or fetch something.
fn is_command(cell: &[u8]) -> bool {
    let cell = cell.trim_ascii();
    let cell = cell.strip_prefix(b"\"").unwrap_or(cell).trim_ascii_start();
    let [b'=' | b'+' | b'-' | b'@', formula @ ..] = cell else {
        return false;
    };
    let formula = formula.to_ascii_lowercase();
    let has = |what: &[u8]| formula.windows(what.len()).any(|part| part == what);
    let exchanges = formula.contains(&b'|') && formula.contains(&b'!');
    exchanges
        || [
            &b"hyperlink("[..],
            b"webservice(",
            b"importxml(",
            b"importdata(",
            b"importhtml(",
            b"importfeed(",
            b"importrange(",
            b"image(",
            b"call(",
            b"register(",
        ]
        .iter()
        .any(|name| has(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_no_document_and_no_program() {
        for (text, fault) in [
            ("{\\rtf1\\ansi{\\object\\objocx}}", Unknown),
            ("\u{feff} {\\rtf1", Unknown),
            ("a\0b", Unknown),
            ("#!/bin/sh\nrm -rf /", Script),
            ("手順\n<ScRiPt>alert(1)</script>", Script),
            ("a,=cmd|'/C calc'!A0", External),
            ("a,\"@SUM(1+1)*cmd|' /C calc'!A0\"", External),
            ("a\t-2+3+cmd|' /C calc'!A0", External),
            ("a,=HYPERLINK(\"http://evil.example\")", External),
        ] {
            assert_eq!(inspect(text.as_bytes(), "x.csv"), Err(fault), "{text}");
        }
        for text in [
            "a,b\n-5,+81-3-1234-5678\n=合計,@担当",
            "a | b!",
            "<b> と <i>",
        ] {
            assert_eq!(inspect(text.as_bytes(), "x.txt"), Ok(()), "{text}");
        }
    }
}
