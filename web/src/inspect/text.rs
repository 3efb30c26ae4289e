//! Plain text and CSV.

use super::active;
use super::bytes::extension;
use super::fault::FileFault::{self, External, Script, Unknown};

/// What begins a text whose `<` is written `+ADw-` (RFC 2152), for old browsers.
const UTF_7: &[u8] = b"+/v";

/// Plain text, in UTF-8 or another code of which ASCII is a part.
pub(super) fn inspect(content: &[u8], name: &str) -> Result<(), FileFault> {
    let plain = |byte: &u8| *byte >= 0x20 || b"\t\r\n\x0c".contains(byte);
    let named = ["txt", "csv"].contains(&extension(name).as_str());
    if !named || content.is_empty() || !content.iter().all(plain) {
        return Err(Unknown);
    }
    let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let text = text.trim_ascii_start();
    if is_other_kind(text) {
        return Err(Unknown);
    }
    if active::in_content(content) || text.starts_with(b"#!") || text.starts_with(UTF_7) {
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

/// Word and Excel open by content what is called a text: rich text, archives of pages, workbooks of
/// SYLK, and documents in one XML file.
fn is_other_kind(text: &[u8]) -> bool {
    let begins = |with: &[u8]| {
        let head = text.get(..with.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(with))
    };
    let has = |what: &[u8]| {
        let mut parts = text.windows(what.len());
        parts.any(|part| part.eq_ignore_ascii_case(what))
    };
    begins(b"{\\rt")
        || begins(b"mime-version:")
        || begins(b"id;p")
        || has(b"<?mso-application")
        || has(b"<pkg:package")
        || has(b"<w:worddocument")
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
            ("ID;PWXL;N;E", Unknown),
            ("MIME-Version: 1.0\nContent-Type: text/html", Unknown),
            (
                "<?xml?><?mso-application progid=\"Word.Document\"?>",
                Unknown,
            ),
            ("<svg\nonload=alert(1)>", Script),
            ("<details open ontoggle=alert(1)>", Script),
            ("+/v8 +ADw-script+AD4-", Script),
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
