//! The fonts of books: those that Debian brings and that readers have on Windows, too. The only place here that reads
//! files.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use resvg::usvg::fontdb;
use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

use crate::error::TypesetError;
use crate::letters::{is_invisible, is_private_use};

/// Where Debian puts fonts, and where an operator does.
pub const FONT_DIRECTORIES: [&str; 2] = ["/usr/share/fonts", "/usr/local/share/fonts"];

/// Directories in directories are looked through so deep.
const DEPTH: usize = 4;

/// A file with a font.
#[derive(Debug, Clone, Copy)]
struct FontFile {
    name: &'static str,
    package: &'static str,
    use_of: Use,
}

/// What a font is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Headings, tables.
    Gothic,
    /// Sentences.
    Mincho,
    /// Letters that the first two do not have; all text where they are missing.
    More,
    /// Bold type where the first is missing.
    MoreBold,
    /// Pictographs.
    Symbols,
}

/// The wanted files, the first come first.
const FILES: [FontFile; 6] = [
    file(
        "BIZUDPGothic-Regular.ttf",
        "fonts-morisawa-bizud-gothic",
        Use::Gothic,
    ),
    file(
        "BIZUDPGothic-Bold.ttf",
        "fonts-morisawa-bizud-gothic",
        Use::Gothic,
    ),
    file(
        "BIZUDPMincho-Regular.ttf",
        "fonts-morisawa-bizud-mincho",
        Use::Mincho,
    ),
    file("NotoSansCJK-Regular.ttc", "fonts-noto-cjk", Use::More),
    file("NotoSansCJK-Bold.ttc", "fonts-noto-cjk", Use::MoreBold),
    file("Symbola_hint.ttf", "fonts-symbola", Use::Symbols),
];

const GOTHIC: &str = "BIZ UDPGothic";
const MINCHO: &str = "BIZ UDPMincho";
const MORE: &str = "Noto Sans CJK JP";
const SYMBOLS: &str = "Symbola";
/// Who lacks a font has the next.
const GOTHIC_FAMILIES: [&str; 3] = [GOTHIC, MORE, SYMBOLS];
const MINCHO_FAMILIES: [&str; 4] = [MINCHO, GOTHIC, MORE, SYMBOLS];

const fn file(name: &'static str, package: &'static str, use_of: Use) -> FontFile {
    FontFile {
        name,
        package,
        use_of,
    }
}

/// The fonts, in memory. Read once, they serve any number of books.
pub struct Fonts {
    fonts: Vec<Font>,
    book: LazyHash<FontBook>,
    svg: Arc<fontdb::Database>,
    glyphs: Glyphs,
    missing: Vec<&'static str>,
}

impl fmt::Debug for Fonts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let families = self.fonts.iter().map(|font| font.info().family.as_str());
        f.debug_list().entries(families).finish()
    }
}

/// A file that typst and resvg share.
#[derive(Debug, Clone)]
struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Fonts {
    /// The fonts of [`FONT_DIRECTORIES`].
    ///
    /// # Errors
    /// [`TypesetError::NoFont`] if there is no Japanese one, [`TypesetError::UnreadableFont`].
    pub fn installed() -> Result<Self, TypesetError> {
        Self::find(&FONT_DIRECTORIES.map(PathBuf::from))
    }

    /// The fonts below these directories.
    ///
    /// # Errors
    /// As [`Fonts::installed`].
    pub fn find(directories: &[PathBuf]) -> Result<Self, TypesetError> {
        let found = FILES.map(|file| {
            let mut paths = directories
                .iter()
                .filter_map(|from| search(from, file.name, DEPTH));
            (file, paths.next())
        });
        let has = |use_of| {
            let mut of_use = found.iter().filter(|(file, _)| file.use_of == use_of);
            of_use.all(|(_, path)| path.is_some())
        };
        if !has(Use::Gothic) && !has(Use::More) {
            return Err(no_font(directories));
        }
        let mut fonts = Vec::new();
        let mut database = fontdb::Database::new();
        let mut missing = Vec::new();
        for (file, path) in &found {
            let Some(path) = path else {
                if !missing.contains(&file.package) {
                    missing.push(file.package);
                }
                continue;
            };
            // It is large, and bold letters that the others lack are rare.
            if file.use_of == Use::MoreBold && has(Use::Gothic) {
                continue;
            }
            let content = Shared(Arc::new(read(path)?));
            // The first of a collection is the Japanese one.
            let font = Font::new(Bytes::new(content.clone()), 0);
            fonts.push(font.ok_or_else(|| unreadable(path, "フォントではありません"))?);
            database.load_font_source(fontdb::Source::Binary(Arc::new(content)));
        }
        let book = FontBook::from_fonts(&fonts);
        Ok(Self {
            glyphs: Glyphs::of(&fonts),
            fonts,
            book: LazyHash::new(book),
            svg: Arc::new(database),
            missing,
        })
    }

    /// The Debian packages that would make books look as they should; all is well if there are none.
    pub fn missing_packages(&self) -> &[&'static str] {
        &self.missing
    }

    /// The families for headings and tables, the first come first.
    pub(crate) fn gothic(&self) -> &'static [&'static str] {
        &GOTHIC_FAMILIES
    }

    /// The families for sentences, the first come first.
    pub(crate) fn mincho(&self) -> &'static [&'static str] {
        &MINCHO_FAMILIES
    }

    /// The fonts for charts.
    pub(crate) fn for_svg(&self) -> Arc<fontdb::Database> {
        Arc::clone(&self.svg)
    }

    /// The list of fonts for the layout.
    pub(crate) fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    /// A font of the list.
    pub(crate) fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    /// There is a glyph for the letter, or none is needed.
    pub(crate) fn has_glyph(&self, letter: char) -> bool {
        let shown = || !is_private_use(letter) && self.glyphs.contains(letter);
        is_invisible(letter) || letter.is_whitespace() || shown()
    }
}

/// The letters that any of the fonts has, a bit each.
struct Glyphs(Vec<u64>);

impl Glyphs {
    fn of(fonts: &[Font]) -> Self {
        let mut bits = vec![0_u64; (char::MAX as usize + 1) / 64];
        for code in fonts.iter().flat_map(|font| font.info().coverage.iter()) {
            if let Some(word) = bits.get_mut(code as usize / 64) {
                *word |= 1 << (code % 64);
            }
        }
        Self(bits)
    }

    fn contains(&self, letter: char) -> bool {
        let code = u32::from(letter);
        let word = self.0.get(code as usize / 64);
        word.is_some_and(|word| word & (1 << (code % 64)) != 0)
    }
}

fn search(directory: &Path, name: &str, depth: usize) -> Option<PathBuf> {
    let file = directory.join(name);
    if file.is_file() {
        return Some(file);
    }
    if depth == 0 {
        return None;
    }
    let mut below: Vec<PathBuf> = fs::read_dir(directory)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    below.sort();
    below
        .iter()
        .find_map(|directory| search(directory, name, depth - 1))
}

fn read(path: &Path) -> Result<Vec<u8>, TypesetError> {
    fs::read(path).map_err(|error| unreadable(path, &error.to_string()))
}

fn unreadable(path: &Path, reason: &str) -> TypesetError {
    TypesetError::UnreadableFont {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

fn no_font(directories: &[PathBuf]) -> TypesetError {
    let looked: Vec<String> = directories
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let mut packages: Vec<&str> = FILES.iter().map(|file| file.package).collect();
    packages.dedup();
    TypesetError::NoFont {
        packages: packages.join(" "),
        looked: looked.join("、"),
    }
}
