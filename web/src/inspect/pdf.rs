//! PDF (ISO 32000-1): no scripts, no programs, nothing embedded, and nothing else under its head.

mod dictionary;

use std::io::Read as _;

use flate2::read::ZlibDecoder;

use self::dictionary::{Dictionary, Packing};
use super::active;
use super::fault::FileFault::{
    self, Broken, Embedded, Encrypted, External, Macro, Script, TrailingData, Unfolds,
};

/// Object streams of one file, and what they unfold to together.
const STREAMS: usize = 10_000;
const UNFOLDED: u64 = 64 * 1024 * 1024;
/// All dictionaries together are read no further than this many times the file: each is read once,
/// unless they are written to lie within each other.
const READ_TIMES: usize = 8;
const READ_BYTES: usize = 64 * 1024;
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

/// Objects may stand packed in streams (7.5.7); the names in them count as well. A reader may be led
/// to any place of the file that begins with `obj`, so that every one is looked at.
fn object_streams(content: &[u8], mut unfolded: u64) -> Result<(), FileFault> {
    let mut bytes = content.len() * READ_TIMES + READ_BYTES;
    let mut streams = STREAMS;
    let words = content.windows(b"obj".len()).enumerate();
    for (at, _) in words.filter(|(_, word)| *word == b"obj") {
        let found = Dictionary::read(content, at + b"obj".len(), &mut bytes);
        if bytes == 0 {
            return Err(Unfolds);
        }
        let Some(dictionary) = found.filter(Dictionary::is_of_objects) else {
            continue;
        };
        let stream = dictionary.stream.and_then(|begin| content.get(begin..));
        let Some(stream) = stream else { continue };
        match dictionary.packing() {
            // Its names were seen already.
            Packing::None => continue,
            Packing::Flate => {}
            Packing::Other => return Err(Broken),
        }
        streams = streams.checked_sub(1).ok_or(Unfolds)?;
        let mut objects = Vec::new();
        let mut unfolding = ZlibDecoder::new(stream).take(unfolded);
        unfolding.read_to_end(&mut objects).map_err(|_| Broken)?;
        unfolded -= objects.len() as u64;
        if unfolded == 0 {
            return Err(Unfolds);
        }
        names(&objects)?;
    }
    Ok(())
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
        let renamed = "<</Type/Obj#53tm/Filter/FlateDecode>>";
        let renamed = with_stream(renamed, &packed(b"2 0 << /S /Launch >>"));
        assert_eq!(inspect(&renamed), Err(Macro));
        let otherwise = with_stream(head, b"not packed at all");
        assert_eq!(inspect(&otherwise), Err(Broken));
        let bomb = with_stream(head, &packed(&[b' '; 10_000]));
        assert_eq!(object_streams(&bomb, 9_999), Err(Unfolds));
        assert_eq!(object_streams(&bomb, 10_001), Ok(()));
    }

    #[test]
    fn objects_hide_in_no_other_stream() {
        let hidden = b"2 0 << /S /JavaScript /JS (app.alert\\(1\\)) >>";
        let (once, twice) = (packed(hidden), packed(&packed(hidden)));
        let hex: String = once.iter().map(|byte| format!("{byte:02x}")).collect();
        for (filter, data, fault) in [
            ("/Filter [/FlateDecode /FlateDecode]", &twice, Broken),
            (
                "/Filter [/FlateDecode /ASCIIHexDecode]",
                &packed(hex.as_bytes()),
                Broken,
            ),
            (
                "/Filter [/ASCIIHexDecode /FlateDecode]",
                &hex.clone().into_bytes(),
                Broken,
            ),
            ("/F [/FlateDecode /FlateDecode]", &twice, Broken),
            ("/Filter 9 0 R", &twice, Broken),
            (
                "/Filter /FlateDecode /DecodeParms << /Predictor 12 >>",
                &once,
                Broken,
            ),
            ("/Filter [/FlateDecode]", &once, Macro),
            ("/X (>> stream) /Filter /FlateDecode", &once, Macro),
            ("/X (endobj) % endobj\n/Filter /FlateDecode", &once, Macro),
        ] {
            for kind in [
                "/Type /ObjStm /N 1 /First 4",
                "/N 1 /F#69rst 4",
                "/Type /#4fbjStm",
            ] {
                let padding = " ".repeat(10_000);
                for head in [
                    format!("<< {kind} {filter} >>"),
                    format!("<< {filter} {kind} >>"),
                    format!("%\n<< {kind} {padding} {filter} >> %"),
                ] {
                    let file = with_stream(&head, data);
                    assert_eq!(inspect(&file), Err(fault), "{}", head.trim());
                }
            }
        }
        // An outline has a first item and no stream.
        let outline = "<< /Type /Outlines /First 4 0 R >>\nendobj\n4 0 obj\n\
                       << /Filter /DCTDecode /Length 1 >>";
        assert_eq!(inspect(&with_stream(outline, b"x")), Ok(()));
    }

    #[test]
    fn dictionaries_within_each_other_are_not_read_for_ever() {
        let nested = b"1 0 obj<<".repeat(100_000);
        assert_eq!(object_streams(&nested, UNFOLDED), Err(Unfolds));
    }

    #[test]
    fn a_page_in_the_comments_of_a_pdf_is_none() {
        for page in [
            "% <body onload=\"new ActiveXObject('WScript.Shell').Run('calc')\">",
            "% <img\nsrc=x onerror=alert(1)>",
            "% <IMG/src=x>",
            "% <input autofocus onfocus=alert(1)>",
        ] {
            assert_eq!(inspect(&samples::pdf(page)), Err(Script), "{page}");
        }
    }

    #[test]
    fn nothing_follows_the_end() {
        let file = [&samples::pdf("")[..], b"PK\x03\x04"].concat();
        assert_eq!(inspect(&file), Err(TrailingData));
        assert_eq!(inspect(b"%PDF-1.7\n"), Err(Broken));
    }
}
