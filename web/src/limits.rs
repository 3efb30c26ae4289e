//! How much a request may bring: what the fields of its form hold, and what is told of more.

use madoguchi_core::article::{ANSWER_LETTERS, CONTENT_LETTERS, FILE_BYTES};
use madoguchi_core::month::ENTRY_LETTERS;
use madoguchi_core::portal::INQUIRY_FORM_LETTERS;
use madoguchi_core::ticket::TICKET_TEXT_LETTERS;

use crate::text;

/// What a letter takes in a form at the most: four bytes, each of them written as three.
const LETTER_BYTES: usize = 12;
/// The same in a form with a file, where letters stand as they are.
const PLAIN_LETTER_BYTES: usize = 4;
/// What stands around the fields: their names, the token of the form, numbers and choices.
const FRAME_BYTES: usize = 8 * 1024;
/// So many times what its fields hold is taken: whoever wrote a little too much is told so at the field,
/// with all they wrote still in it.
const SPARE: usize = 2;
/// The largest file of articles.
const IMPORT_BYTES: usize = 12 * 1024 * 1024;

/// What a form is filled in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FormUse {
    /// Settings, steps, an inquiry: whatever needs no more than the longest of them.
    Usual,
    /// An article.
    Article,
    /// A ticket, or a step of one.
    Ticket,
    /// What is written for a month.
    Month,
}

/// What a file is brought for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileUse {
    /// To be played to callers.
    Recording,
    /// To stand in an article, or beside it or a ticket.
    Attachment,
    /// To stand beside a ticket that is being written: all of its form comes along.
    Reception,
    /// To be taken in as articles.
    Import,
}

impl FormUse {
    /// What all of its fields hold together.
    const fn letters(self) -> usize {
        match self {
            Self::Usual => INQUIRY_FORM_LETTERS,
            Self::Article => CONTENT_LETTERS,
            Self::Ticket => 2 * TICKET_TEXT_LETTERS + INQUIRY_FORM_LETTERS,
            Self::Month => 5 * ENTRY_LETTERS,
        }
    }

    /// The largest body.
    pub(crate) const fn bytes(self) -> usize {
        self.letters() * SPARE * LETTER_BYTES + FRAME_BYTES
    }

    /// What is told of a larger one. Browsers keep what was typed for who goes back.
    pub(crate) fn too_large(self) -> String {
        let limit = match self {
            Self::Usual => format!(
                "一度に送れるのは、すべての欄を合わせて{}文字までです。",
                text::number((self.letters() * SPARE) as u64)
            ),
            Self::Article => format!(
                "回答は{}文字以内で入力してください。",
                text::number(ANSWER_LETTERS as u64)
            ),
            Self::Ticket => format!(
                "質問と回答は、それぞれ{}文字以内で入力してください。",
                text::number(TICKET_TEXT_LETTERS as u64)
            ),
            Self::Month => format!(
                "1つの欄は{}文字以内で入力してください。",
                text::number(ENTRY_LETTERS as u64)
            ),
        };
        format!(
            "入力された内容が長すぎます。{limit}ブラウザーの「戻る」で前の画面に戻ると、入力した内容が残っています。短くしてから、もう一度送ってください。"
        )
    }
}

impl FileUse {
    /// The largest file.
    pub(crate) const fn file_bytes(self) -> usize {
        match self {
            Self::Recording | Self::Attachment | Self::Reception => FILE_BYTES,
            Self::Import => IMPORT_BYTES,
        }
    }

    /// The largest body of a form with such a file.
    pub(crate) const fn bytes(self) -> usize {
        self.file_bytes() + self.text_bytes()
    }

    /// What the fields beside the file take at the most.
    pub(crate) const fn text_bytes(self) -> usize {
        let typed = match self {
            Self::Reception => FormUse::Ticket.letters() * SPARE * PLAIN_LETTER_BYTES,
            Self::Recording | Self::Attachment | Self::Import => 0,
        };
        typed + FRAME_BYTES
    }

    /// What is told of a larger one.
    pub(crate) fn too_large(self) -> String {
        let megabytes = self.file_bytes() / (1024 * 1024);
        let what = match self {
            Self::Recording => format!("{megabytes}MB以内のWAV形式のファイルを選んでください。"),
            Self::Attachment | Self::Reception => {
                format!("{megabytes}MB以内のファイルを選んでください。")
            }
            Self::Import => {
                format!("{megabytes}MB以内になるように分けてから、1つずつ取り込んでください。")
            }
        };
        format!("ファイルが大きすぎます。{what}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_takes_what_its_fields_hold_however_it_is_written() {
        for form in [
            FormUse::Usual,
            FormUse::Article,
            FormUse::Ticket,
            FormUse::Month,
        ] {
            let written = "%F0%9F%8D%A3".repeat(form.letters());
            assert!(written.len() + FRAME_BYTES <= form.bytes());
        }
        assert!(FormUse::Article.letters() > ANSWER_LETTERS);
        assert_eq!(FormUse::Usual.bytes() / 1024, 63);
    }

    #[test]
    fn each_limit_is_told_by_its_own_name() {
        assert!(FormUse::Usual.too_large().contains("合わせて4,700文字"));
        assert!(FormUse::Article.too_large().contains("回答は20,000文字"));
        assert!(FileUse::Recording.too_large().contains("10MB以内のWAV形式"));
        assert!(
            FileUse::Attachment
                .too_large()
                .contains("10MB以内のファイル")
        );
        assert!(FileUse::Import.too_large().contains("12MB以内"));
    }
}
