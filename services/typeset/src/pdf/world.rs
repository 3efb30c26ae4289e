//! All that typst may see: one form, the fonts, and values. No file, no package, no clock.

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Dict, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use crate::fonts::Fonts;

/// The form of books.
const FORM: &str = include_str!("book.typ");

/// The world of one book.
pub(super) struct BookWorld<'a> {
    library: LazyHash<Library>,
    form: Source,
    fonts: &'a Fonts,
}

impl<'a> BookWorld<'a> {
    /// A world in which `sys.inputs` are these values.
    pub(super) fn new(inputs: Dict, fonts: &'a Fonts) -> Self {
        let path = VirtualPath::new("book.typ").expect("the name of the form is a path");
        let id = RootedPath::new(VirtualRoot::Project, path).intern();
        Self {
            library: LazyHash::new(Library::builder().with_inputs(inputs).build()),
            form: Source::new(id, FORM.to_owned()),
            fonts,
        }
    }
}

impl World for BookWorld<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.form.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.form.id() {
            Ok(self.form.clone())
        } else {
            Err(FileError::AccessDenied)
        }
    }

    fn file(&self, _id: FileId) -> FileResult<Bytes> {
        Err(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}
