//! One part of a package: what its name and its content say of it.

use madoguchi_core::article::FileKind;
use quick_xml::Reader;
use quick_xml::events::{BytesDecl, BytesStart, Event};

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
/// Fields that start programs or fetch something (ISO/IEC 29500-1, 17.16.5), and older names of
/// theirs.
const FIELDS: [&str; 10] = [
    "DDE",
    "DDEAUTO",
    "INCLUDETEXT",
    "INCLUDEPICTURE",
    "MACROBUTTON",
    "LINK",
    "IMPORT",
    "DATABASE",
    "HTMLCONTROL",
    "EMBED",
];
/// The same where they are what a field is called: elsewhere they are words.
const FIRST_WORDS: [&str; 4] = ["INCLUDE", "RD", "CONTROL", "PRINT"];
/// Where a field begins, what is shown of it begins, and where it ends.
const FIELD_BEGINS: char = '\u{1}';
const FIELD_TURNS: char = '\u{2}';
/// Elements with the instructions of fields; of such that are marked as deleted, too.
const INSTRUCTIONS: [&str; 2] = ["instrtext", "delinstrtext"];
/// Elements with formulas of workbooks.
const FORMULAS: [&str; 5] = ["f", "formula", "formula1", "formula2", "definedname"];
/// Functions of cells that fetch something or start a program.
const FUNCTIONS: [&str; 4] = ["webservice(", "rtd(", "call(", "register("];

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
        let looks_active = if extension == "svg" {
            active::in_drawing(self.bytes)
        } else {
            active::in_content(self.bytes)
        };
        if looks_active {
            return Err(Script);
        }
        Ok(())
    }

    fn begins(&self, with: &[u8]) -> bool {
        self.bytes.trim_ascii_start().starts_with(with)
    }
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
    /// The formula of a cell.
    formula: String,
    fault: Option<FileFault>,
}

impl Xml {
    fn read(bytes: &[u8], relationships: bool) -> Result<Self, FileFault> {
        let text = std::str::from_utf8(bytes).map_err(|_| Broken)?;
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        let (mut read, mut within) = (Self::default(), Vec::new());
        loop {
            match reader.read_event().map_err(|_| Broken)? {
                Event::Start(element) => {
                    read.element(&element, relationships)?;
                    within.push(local(&element));
                }
                Event::Empty(element) => read.element(&element, relationships)?,
                Event::End(_) => {
                    let ended = within.pop();
                    if ended.is_some_and(|ended| FORMULAS.contains(&&*ended)) {
                        read.end_formula();
                    }
                }
                Event::Text(text) => read.text(&within, &text),
                Event::CData(text) => read.text(&within, &text),
                Event::GeneralRef(reference) => {
                    let letter = reference.resolve_char_ref().map_err(|_| Broken)?;
                    let letter = letter.or_else(|| named_letter(&reference)).unwrap_or(' ');
                    read.text(&within, letter.encode_utf8(&mut [0; 4]));
                }
                // In another encoding the words would be others than we read.
                Event::Decl(declaration) if !is_utf_8(&declaration)? => return Err(Broken),
                // Entities of its own: nothing of Office needs them, bombs do.
                Event::DocType(_) => return Err(Broken),
                Event::Eof => return Ok(read),
                _ => {}
            }
        }
    }

    /// A text within these elements, the innermost last.
    fn text(&mut self, within: &[String], text: &str) {
        if within.iter().any(|name| INSTRUCTIONS.contains(&&**name)) {
            self.fields.push_str(text);
        }
        if within
            .last()
            .is_some_and(|name| FORMULAS.contains(&&**name))
        {
            self.formula.push_str(text);
        }
    }

    fn end_formula(&mut self) {
        let formula = std::mem::take(&mut self.formula).to_lowercase();
        // Every second part is a text in quotation marks.
        let formula: String = formula.split('"').step_by(2).collect();
        let formula: String = formula.split_whitespace().collect();
        // No operator: Dynamic Data Exchange.
        let exchanges = formula.contains('|');
        if exchanges || FUNCTIONS.iter().any(|name| calls(&formula, name)) {
            self.note(Some(External));
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
            "fldchar" => {
                let begins = attribute(element, "fldchartype")?.eq_ignore_ascii_case("begin");
                let mark = if begins { FIELD_BEGINS } else { FIELD_TURNS };
                self.fields.push(mark);
            }
            "fldsimple" => {
                let field = attribute(element, "instr")?;
                self.fields.push(FIELD_BEGINS);
                self.fields.push_str(&field);
                self.fields.push(FIELD_TURNS);
            }
            "hlinkclick" | "hlinkhover" | "hlinkmouseover" => {
                let action = attribute(element, "action")?.to_ascii_lowercase();
                let starts = ["program", "macro", "ole"]
                    .iter()
                    .any(|what| action.starts_with(&format!("ppaction://{what}")));
                self.note(starts.then_some(Macro));
            }
            _ => {}
        }
        Ok(())
    }

    fn note(&mut self, fault: Option<FileFault>) {
        self.fault = self.fault.or(fault);
    }

    fn verdict(self) -> Result<(), FileFault> {
        match self.fault {
            Some(fault) => Err(fault),
            None if has_program(&self.fields.to_ascii_uppercase()) => Err(External),
            None => Ok(()),
        }
    }
}

/// Whether one of these fields starts or fetches something.
fn has_program(fields: &str) -> bool {
    let marks = [FIELD_BEGINS, FIELD_TURNS];
    let is_end = |letter: char| letter.is_whitespace() || marks.contains(&letter);
    let names_program = fields
        .split(|letter: char| is_end(letter) || letter == '"')
        .any(|word| FIELDS.contains(&word));
    // What a field is called, which another one within may spell.
    let mut fields = fields.split(FIELD_BEGINS).skip(1).peekable();
    let mut called = false;
    while let Some(field) = fields.next() {
        let field = field.trim_start();
        let word = field.split(is_end).next().unwrap_or_default();
        let spelt = word.len() == field.len() && fields.peek().is_some();
        called |= spelt || FIRST_WORDS.contains(&word.trim_matches('"'));
    }
    names_program || called
}

/// Whether a formula calls a function of this name.
fn calls(formula: &str, name: &str) -> bool {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut found = formula.match_indices(name);
    found.any(|(at, _)| !formula.get(..at).unwrap_or_default().ends_with(is_name))
}

fn is_utf_8(declaration: &BytesDecl<'_>) -> Result<bool, FileFault> {
    let Some(encoding) = declaration.encoding() else {
        return Ok(true);
    };
    let encoding = encoding.map_err(|_| Broken)?;
    let known = ["utf-8", "us-ascii"];
    Ok(known
        .iter()
        .any(|known| encoding.eq_ignore_ascii_case(known)))
}

/// The letter of an entity that every XML file has (XML 1.0, 4.6).
fn named_letter(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

fn local(element: &BytesStart<'_>) -> String {
    element.local_name().as_ref().to_ascii_lowercase()
}

/// The value of an attribute, whatever its prefix and its letter case. Of two, nobody knows which a
/// reader takes.
fn attribute(element: &BytesStart<'_>, wanted: &str) -> Result<String, FileFault> {
    let mut found = None;
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|_| Broken)?;
        let name = attribute.key.local_name();
        if name.as_ref().eq_ignore_ascii_case(wanted) {
            let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
            let value = value.map_err(|_| Broken)?.into_owned();
            if found.replace(value).is_some() {
                return Err(Broken);
            }
        }
    }
    Ok(found.unwrap_or_default())
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
