//! PDF (ISO 32000-1): no scripts, no programs, nothing embedded, and nothing else under its head.

use std::io::Read as _;

use flate2::read::ZlibDecoder;

use super::active;
use super::fault::FileFault::{
    self, Broken, Embedded, Encrypted, External, Macro, Script, TrailingData, Unfolds,
};

/// Object streams of one file, and what they unfold to together.
const STREAMS: usize = 10_000;
const UNFOLDED: u64 = 64 * 1024 * 1024;
/// A dictionary before its stream is no longer.
const DICTIONARY_BYTES: usize = 4 * 1024;
/// Names that make a file more than something to read (12.6.4, 7.11.4, 13.6).
const NAMES: [(&[u8], FileFault); 15] = [
    (b"JavaScript", Macro),
    (b"Launch", Macro),
    (b"EmbeddedFile", Embedded),
    (b"EmbeddedFiles", Embedded),
    (b"FileAttachment", Embedded),
    (b"RichMedia", Embedded),
    (b"Rendition", Embedded),
    (b"Movie", Embedded),
    (b"XFA", Macro),
    (b"SubmitForm", External),
    (b"ImportData", External),
    (b"GoToE", External),
    (b"GoToR", External),
    (b"Encrypt", Encrypted),
    (b"Collection", Embedded),
];

pub(super) fn inspect(content: &[u8]) -> Result<(), FileFault> {
    let end = find_last(content, b"%%EOF").ok_or(Broken)? + b"%%EOF".len();
    let rest = content.get(end..).unwrap_or_default();
    if !rest.iter().all(|byte| byte.is_ascii_whitespace()) {
        return Err(TrailingData);
    }
    if active::in_document(content) {
        return Err(Script);
    }
    names(content)?;
    object_streams(content, UNFOLDED)
}

fn find(content: &[u8], what: &[u8]) -> Option<usize> {
    content.windows(what.len()).position(|part| part == what)
}

fn find_last(content: &[u8], what: &[u8]) -> Option<usize> {
    content.windows(what.len()).rposition(|part| part == what)
}

/// Looks for names, whose letters may be written as numbers (7.3.5).
fn names(content: &[u8]) -> Result<(), FileFault> {
    for (at, _) in content
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'/')
    {
        let rest = content.get(at + 1..).unwrap_or_default();
        let name = name(rest);
        if let Some((_, fault)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Err(*fault);
        }
    }
    Ok(())
}

/// The name that begins here, as far as one of ours can be.
fn name(rest: &[u8]) -> Vec<u8> {
    let (mut name, mut at) = (Vec::new(), 0);
    while name.len() < 16 {
        let Some(byte) = rest.get(at) else { break };
        let digits = rest.get(at + 1..at + 3).filter(|_| *byte == b'#');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(code) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            name.push(code);
            at += 3;
        } else if byte.is_ascii_alphanumeric() {
            name.push(*byte);
            at += 1;
        } else {
            break;
        }
    }
    name
}

/// Objects may stand packed in streams (7.5.7); the names in them count as well.
fn object_streams(content: &[u8], mut left: u64) -> Result<(), FileFault> {
    let mut rest = content;
    for _ in 0..STREAMS {
        let Some(at) = find_object_stream(rest) else {
            return Ok(());
        };
        rest = rest.get(at..).unwrap_or_default();
        let head = rest
            .get(..DICTIONARY_BYTES.min(rest.len()))
            .unwrap_or_default();
        // What is only called so has no stream of its own.
        let Some(begin) = find(head, b"stream") else {
            continue;
        };
        let data = rest.get(begin + b"stream".len()..).unwrap_or_default();
        let data = data.strip_prefix(b"\r").unwrap_or(data);
        let data = data.strip_prefix(b"\n").unwrap_or(data);
        let mut objects = Vec::new();
        let mut unfolding = ZlibDecoder::new(data).take(left);
        // A stream that is packed otherwise cannot be looked into.
        unfolding.read_to_end(&mut objects).map_err(|_| Broken)?;
        left -= objects.len() as u64;
        if left == 0 {
            return Err(Unfolds);
        }
        names(&objects)?;
    }
    Err(Unfolds)
}

/// Behind the next name `ObjStm`.
fn find_object_stream(content: &[u8]) -> Option<usize> {
    let slashes = content
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'/');
    let mut names = slashes.map(|(at, _)| at + 1);
    names.find(|at| name(content.get(*at..).unwrap_or_default()) == b"ObjStm")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::super::samples;
    use super::*;

    fn packed(objects: &[u8]) -> Vec<u8> {
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
        packer.write_all(objects).unwrap();
        packer.finish().unwrap()
    }

    fn with_stream(head: &str, data: &[u8]) -> Vec<u8> {
        let mut file = format!("%PDF-1.7\n1 0 obj\n{head}\nstream\r\n").into_bytes();
        file.extend_from_slice(data);
        file.extend_from_slice(b"\nendstream\nendobj\n%%EOF\n");
        file
    }

    #[test]
    fn a_pdf_is_there_to_be_read() {
        assert_eq!(inspect(&samples::pdf("")), Ok(()));
        let comment = "<< /RC (<?xml version=\"1.0\"?><body><p>x</p></body>) >>";
        assert_eq!(inspect(&samples::pdf(comment)), Ok(()));
        for (object, fault) in [
            ("<< /S /JavaScript /JS (app.alert\\(1\\)) >>", Macro),
            ("<< /S/J#61vaScript /JS (x) >>", Macro),
            ("<< /S /Launch /F (cmd.exe) >>", Macro),
            ("<< /Type /EmbeddedFile >>", Embedded),
            ("<< /XFA 5 0 R >>", Macro),
            ("<< /Encrypt 5 0 R >>", Encrypted),
            ("<< /S /SubmitForm /F (http://evil.example) >>", External),
            ("<SCRIPT>x</SCRIPT>", Script),
        ] {
            assert_eq!(inspect(&samples::pdf(object)), Err(fault), "{object}");
        }
    }

    #[test]
    fn packed_objects_are_looked_into() {
        let head = "<< /Type /ObjStm /Filter /FlateDecode >>";
        let clean = with_stream(head, &packed(b"2 0 << /Type /Catalog >>"));
        assert_eq!(inspect(&clean), Ok(()));
        let hidden = with_stream(head, &packed(b"2 0 << /S /JavaScript /JS (x) >>"));
        assert_eq!(inspect(&hidden), Err(Macro));
        let renamed = with_stream("<</Type/Obj#53tm>>", &packed(b"2 0 << /S /Launch >>"));
        assert_eq!(inspect(&renamed), Err(Macro));
        let otherwise = with_stream(head, b"not packed at all");
        assert_eq!(inspect(&otherwise), Err(Broken));
        let bomb = with_stream(head, &packed(&[b' '; 10_000]));
        assert_eq!(object_streams(&bomb, 9_999), Err(Unfolds));
        assert_eq!(object_streams(&bomb, 10_001), Ok(()));
    }

    #[test]
    fn nothing_follows_the_end() {
        let file = [&samples::pdf("")[..], b"PK\x03\x04"].concat();
        assert_eq!(inspect(&file), Err(TrailingData));
        assert_eq!(inspect(b"%PDF-1.7\n"), Err(Broken));
    }
}
