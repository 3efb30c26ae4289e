//! One part of a package: what its name and its content say of it.

use madoguchi_core::article::FileKind;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::inspect::active;
use crate::inspect::fault::FileFault::{self, Broken, Embedded, External, Macro, Script, Unknown};

/// Parts of these names are programs, or start some.
const MACRO_NAMES: [&str; 10] = [
    "vbaproject",
    "vbadata",
    "macrosheet",
    "dialogsheet",
    "activex",
    "customui",
    "attachedtoolbars",
    "webextension",
    "taskpanes",
    "ctrlprops/vba",
];
/// Endings of parts that documents have.
const XML: [&str; 3] = ["xml", "rels", "vml"];
const DATA: [&str; 16] = [
    "png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "emf", "wmf", "wdp", "webp", "ico", "odttf",
    "fntdata", "ttf", "svg",
];
const PACKAGES: [&str; 3] = ["docx", "xlsx", "pptx"];
/// Endings of what machines run.
const PROGRAMS: [&str; 24] = [
    "exe", "dll", "com", "scr", "bat", "cmd", "ps1", "js", "jse", "vbs", "vbe", "wsf", "wsh",
    "hta", "msi", "jar", "lnk", "cpl", "pif", "reg", "sct", "sh", "chm", "url",
];
/// Words in the types of parts that are programs, and of such that are whole files of another kind.
const MACRO_TYPES: [&str; 8] = [
    "macroenabled",
    "vbaproject",
    "vbadata",
    "activex",
    "macrosheet",
    "customui",
    "attachedtoolbars",
    "x-msdownload",
];
const EMBEDDED_TYPES: [&str; 5] = ["oleobject", "text/html", "rfc822", "rtf", "xhtml"];
/// Relationships to programs, to what is fetched when the document opens, and to embedded files.
const MACRO_RELATIONSHIPS: [&str; 11] = [
    "vbaproject",
    "wordvbadata",
    "control",
    "activexcontrolbinary",
    "attachedtoolbars",
    "keymapcustomizations",
    "xlmacrosheet",
    "xlintlmacrosheet",
    "dialogsheet",
    "extensibility",
    "webextension",
];
const EXTERNAL_RELATIONSHIPS: [&str; 10] = [
    "attachedtemplate",
    "externallink",
    "externallinkpath",
    "connections",
    "querytable",
    "frame",
    "subdocument",
    "mailmergesource",
    "mailmergeheadersource",
    "recipientdata",
];
const EMBEDDED_RELATIONSHIPS: [&str; 2] = ["oleobject", "afchunk"];
/// Where a link may lead.
const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];
/// Fields that start programs or fetch something (ISO/IEC 29500-1, 17.16.5).
const FIELDS: [&str; 6] = [
    "DDE",
    "DDEAUTO",
    "INCLUDETEXT",
    "MACROBUTTON",
    "LINK",
    "IMPORT",
];

pub(super) struct Part<'a> {
    name: String,
    bytes: &'a [u8],
}

impl<'a> Part<'a> {
    pub(super) fn new(name: &str, bytes: &'a [u8]) -> Self {
        let name = name.to_ascii_lowercase();
        Self { name, bytes }
    }

    pub(super) fn is_content_types(&self) -> bool {
        self.name == "[content_types].xml"
    }

    pub(super) fn inspect(&self) -> Result<(), FileFault> {
        let name = self.name.as_str();
        let extension = name.rsplit_once('.').map_or("", |(_, end)| end);
        if MACRO_NAMES.iter().any(|part| name.contains(part)) || PROGRAMS.contains(&extension) {
            return Err(Macro);
        }
        if name.contains("oleobject") || self.begins(b"\xd0\xcf\x11\xe0") || self.begins(b"{\\rt") {
            return Err(Embedded);
        }
        if self.begins(b"MZ") || self.begins(b"\x7fELF") || self.begins(b"#!") {
            return Err(Macro);
        }
        let packed = self.begins(b"PK\x03\x04");
        if packed != PACKAGES.contains(&extension) {
            return Err(Embedded);
        }
        if packed {
            return Ok(());
        }
        if XML.contains(&extension) {
            return Xml::read(self.bytes, extension == "rels")?.verdict();
        }
        let settings = extension == "bin" && name.contains("printersettings");
        if !settings && !DATA.contains(&extension) {
            return Err(Embedded);
        }
        if active::in_content(without_own_tag(self.bytes, extension)) {
            return Err(Script);
        }
        Ok(())
    }

    fn begins(&self, with: &[u8]) -> bool {
        self.bytes.trim_ascii_start().starts_with(with)
    }
}

/// A drawing begins with the one tag that is a sign of a page elsewhere.
fn without_own_tag<'a>(bytes: &'a [u8], extension: &str) -> &'a [u8] {
    let begins = bytes
        .windows(5)
        .position(|part| part.eq_ignore_ascii_case(b"<svg "));
    match begins.filter(|_| extension == "svg") {
        Some(at) if !has_handler(bytes) => bytes.get(at + 5..).unwrap_or_default(),
        _ => bytes,
    }
}

/// Whether a drawing has attributes that are programs (`onload=`).
fn has_handler(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    text.split(|letter: char| letter.is_whitespace() || letter == '/')
        .filter_map(|word| word.split_once('='))
        .any(|(name, _)| name.starts_with("on"))
}

/// What the main part is, by the list of the parts' types.
pub(super) fn main_kind(types: &[u8]) -> Result<Option<FileKind>, FileFault> {
    let text = std::str::from_utf8(types).map_err(|_| Broken)?;
    const OFFICE: &str = "application/vnd.openxmlformats-officedocument.";
    let mains = [
        ("wordprocessingml.document.main+xml", FileKind::Docx),
        ("spreadsheetml.sheet.main+xml", FileKind::Xlsx),
        ("presentationml.presentation.main+xml", FileKind::Pptx),
    ];
    let has = |main: &str| text.contains(&format!("{OFFICE}{main}"));
    let mut found = mains.into_iter().filter(|(main, _)| has(main));
    match (found.next(), found.next()) {
        (Some((_, kind)), None) => Ok(Some(kind)),
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(Unknown),
    }
}

/// What an XML part says.
#[derive(Default)]
struct Xml {
    /// The instructions of fields.
    fields: String,
    fault: Option<FileFault>,
}

impl Xml {
    fn read(bytes: &[u8], relationships: bool) -> Result<Self, FileFault> {
        let text = std::str::from_utf8(bytes).map_err(|_| Broken)?;
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        let (mut read, mut in_field) = (Self::default(), false);
        loop {
            match reader.read_event().map_err(|_| Broken)? {
                Event::Start(element) => {
                    in_field = local(&element) == "instrtext";
                    read.element(&element, relationships)?;
                }
                Event::Empty(element) => read.element(&element, relationships)?,
                Event::End(_) => in_field = false,
                Event::Text(text) if in_field => read.fields.push_str(&text),
                Event::GeneralRef(_) if in_field => read.fields.push(' '),
                // Entities of its own: nothing of Office needs them, bombs do.
                Event::DocType(_) => return Err(Broken),
                Event::Eof => return Ok(read),
                _ => {}
            }
        }
    }

    fn element(&mut self, element: &BytesStart<'_>, relationships: bool) -> Result<(), FileFault> {
        let name = local(element);
        match name.as_str() {
            "relationship" if relationships => self.note(relationship(element)?),
            "default" | "override" => {
                let kind = attribute(element, "contenttype")?.to_ascii_lowercase();
                self.note(content_type(&kind));
            }
            "oleobject" | "oleobj" | "altchunk" => self.note(Some(Embedded)),
            "ddelink" | "externalbook" | "olelink" => self.note(Some(External)),
            "fldchar" => self.fields.push(' '),
            "fldsimple" => {
                let field = attribute(element, "instr")?;
                self.fields.push(' ');
                self.fields.push_str(&field);
                self.fields.push(' ');
            }
            _ => {}
        }
        Ok(())
    }

    fn note(&mut self, fault: Option<FileFault>) {
        self.fault = self.fault.or(fault);
    }

    fn verdict(self) -> Result<(), FileFault> {
        let fields = self.fields.to_ascii_uppercase();
        let starts = |word: &str| FIELDS.contains(&word.trim_matches('"'));
        match self.fault {
            Some(fault) => Err(fault),
            None if fields.split_whitespace().any(starts) => Err(External),
            None => Ok(()),
        }
    }
}

fn local(element: &BytesStart<'_>) -> String {
    element.local_name().as_ref().to_ascii_lowercase()
}

/// The value of an attribute, whatever its prefix and its letter case.
fn attribute(element: &BytesStart<'_>, wanted: &str) -> Result<String, FileFault> {
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|_| Broken)?;
        if attribute
            .key
            .local_name()
            .as_ref()
            .eq_ignore_ascii_case(wanted)
        {
            let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
            return Ok(value.map_err(|_| Broken)?.into_owned());
        }
    }
    Ok(String::new())
}

fn content_type(kind: &str) -> Option<FileFault> {
    if MACRO_TYPES.iter().any(|word| kind.contains(word)) {
        Some(Macro)
    } else if EMBEDDED_TYPES.iter().any(|word| kind.contains(word)) {
        Some(Embedded)
    } else {
        None
    }
}

fn relationship(element: &BytesStart<'_>) -> Result<Option<FileFault>, FileFault> {
    let kind = attribute(element, "type")?.to_ascii_lowercase();
    let kind = kind.rsplit('/').next().unwrap_or_default();
    let target = attribute(element, "target")?;
    let target: String = target
        .chars()
        .filter(|letter| !letter.is_control())
        .collect();
    let target = target.trim();
    let external = attribute(element, "targetmode")?.eq_ignore_ascii_case("external");
    if MACRO_RELATIONSHIPS.contains(&kind) {
        return Ok(Some(Macro));
    }
    if EMBEDDED_RELATIONSHIPS.contains(&kind) {
        return Ok(Some(Embedded));
    }
    let scheme = target
        .split_once(':')
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    let known = scheme.is_none_or(|scheme| external && SCHEMES.contains(&scheme.as_str()));
    let share = target.starts_with("\\\\") || target.starts_with("//");
    let leads = external && kind != "hyperlink";
    let fetches = leads || !known || share || EXTERNAL_RELATIONSHIPS.contains(&kind);
    Ok(fetches.then_some(External))
}
