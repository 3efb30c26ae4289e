//! What the unit tests share.

pub(crate) mod sample {
    use madoguchi_reports::document::{Chapter, Document, sample};

    /// A book with one chapter without content.
    pub(crate) fn empty() -> Document {
        let report = sample::report();
        Document {
            chapters: vec![Chapter {
                number: "第1".to_owned(),
                id: "summary".to_owned(),
                title: "概況".to_owned(),
                blocks: Vec::new(),
            }],
            ..report
        }
    }
}
