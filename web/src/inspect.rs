//! A file that somebody brings, looked at from outside and inside before anybody else gets it: what
//! it is by its content, whether its name says the same, and whether it is nothing else besides, such
//! as a program. Whatever is not understood is not taken.

mod active;
mod image;
mod ooxml;
mod pdf;
mod text;

use madoguchi_core::article::FileKind;

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileFault {
    /// Nothing that articles may hold.
    #[error("unknown")]
    Unknown,
    /// Its name ends like that of another kind.
    #[error("extension")]
    Extension,
    /// It is broken, or not written as its kind is.
    #[error("broken")]
    Broken,
    /// Something follows where it ends, or stands before it begins.
    #[error("trailing_data")]
    TrailingData,
    /// Something in it is, or may be taken for, a page or a script.
    #[error("script")]
    Script,
    /// It holds macros or other programs.
    #[error("macro")]
    Macro,
    /// It fetches something from elsewhere when it is opened.
    #[error("external")]
    External,
    /// Another file is embedded that is not looked into.
    #[error("embedded")]
    Embedded,
    /// It is encrypted, so that nobody can look into it.
    #[error("encrypted")]
    Encrypted,
    /// It unfolds to far more than it is.
    #[error("unfolds")]
    Unfolds,
}

impl FileFault {
    /// The name in logs and metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "file_unknown",
            Self::Extension => "file_extension",
            Self::Broken => "file_broken",
            Self::TrailingData => "file_trailing_data",
            Self::Script => "file_script",
            Self::Macro => "file_macro",
            Self::External => "file_external",
            Self::Embedded => "file_embedded",
            Self::Encrypted => "file_encrypted",
            Self::Unfolds => "file_unfolds",
        }
    }

    /// What to tell whoever brought it.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Unknown => {
                "このファイルは使えません。画像（PNG、JPEG、GIF、WebP）、PDF、Word、Excel、PowerPoint（マクロのないもの）、テキスト、CSVを選んでください。"
            }
            Self::Extension => {
                "ファイルの中身と、名前の末尾（拡張子）が合っていません。正しい拡張子を付けてから、もう一度選んでください。"
            }
            Self::Broken => {
                "ファイルが壊れているか、決まった形式で書かれていません。作成したソフトウェアで開いて保存し直してから、もう一度選んでください。"
            }
            Self::TrailingData => {
                "ファイルの前か後ろに、余分なデータが付いています。作成したソフトウェアで開いて保存し直してから、もう一度選んでください。"
            }
            Self::Script => {
                "ファイルの中に、スクリプトとして実行されるおそれのある部分があるため、使えません。取り除いてから、もう一度選んでください。"
            }
            Self::Macro => {
                "マクロやプログラムを含むファイルは使えません。マクロのない形式（.docx、.xlsx、.pptx）で保存し直してから、もう一度選んでください。"
            }
            Self::External => {
                "開いたときにほかの場所からデータを読み込む設定（外部へのリンク、テンプレートなど）があるため、使えません。取り除いてから、もう一度選んでください。"
            }
            Self::Embedded => {
                "ほかのファイルが埋め込まれているため、使えません。埋め込みを取り除いてから、もう一度選んでください。"
            }
            Self::Encrypted => {
                "暗号化（パスワード）されたファイルは、中身を確認できないため使えません。解除してから、もう一度選んでください。"
            }
            Self::Unfolds => {
                "展開すると大きくなりすぎるファイルは使えません。小さくしてから、もう一度選んでください。"
            }
        }
    }
}

/// What a file is; why it is not taken.
pub(crate) fn inspect(content: &[u8], name: &str) -> Result<FileKind, FileFault> {
    let begins = |with: &[u8]| content.starts_with(with);
    let kind = if begins(b"\x89PNG\r\n\x1a\n") {
        image::png(content).map(|()| FileKind::Png)
    } else if begins(b"\xff\xd8\xff") {
        image::jpeg(content).map(|()| FileKind::Jpeg)
    } else if begins(b"GIF87a") || begins(b"GIF89a") {
        image::gif(content).map(|()| FileKind::Gif)
    } else if begins(b"RIFF") && content.get(8..12) == Some(b"WEBP") {
        image::webp(content).map(|()| FileKind::Webp)
    } else if begins(b"%PDF-") {
        pdf::inspect(content).map(|()| FileKind::Pdf)
    } else if begins(b"PK\x03\x04") {
        ooxml::inspect(content)
    } else {
        text::inspect(content, name).map(|()| FileKind::Text)
    }?;
    if !extensions(kind).contains(&extension(name).as_str()) {
        return Err(FileFault::Extension);
    }
    Ok(kind)
}

/// The end of a name after its last dot, in small letters.
fn extension(name: &str) -> String {
    let extension = name.rsplit_once('.').map(|(_, end)| end);
    extension.unwrap_or_default().to_ascii_lowercase()
}

fn extensions(kind: FileKind) -> &'static [&'static str] {
    match kind {
        FileKind::Png => &["png"],
        FileKind::Jpeg => &["jpg", "jpeg"],
        FileKind::Gif => &["gif"],
        FileKind::Webp => &["webp"],
        FileKind::Pdf => &["pdf"],
        FileKind::Docx => &["docx"],
        FileKind::Xlsx => &["xlsx"],
        FileKind::Pptx => &["pptx"],
        FileKind::Text => &["txt", "csv"],
    }
}

/// Big-endian.
fn u32_be(content: &[u8], at: usize) -> Option<usize> {
    let bytes = content.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(bytes)).ok()
}

/// Little-endian.
fn u32_le(content: &[u8], at: usize) -> Option<usize> {
    let bytes = content.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(bytes)).ok()
}

/// Big-endian.
fn u16_be(content: &[u8], at: usize) -> Option<usize> {
    let bytes = content.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(usize::from(u16::from_be_bytes(bytes)))
}

/// Little-endian.
fn u16_le(content: &[u8], at: usize) -> Option<usize> {
    let bytes = content.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(usize::from(u16::from_le_bytes(bytes)))
}

#[cfg(test)]
pub(crate) mod samples;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_what_they_hold_and_are_called_so() {
        for (content, name, kind) in [
            (samples::png(), "x.png", Ok(FileKind::Png)),
            (samples::png(), "x.PNG", Ok(FileKind::Png)),
            (samples::png(), "x.txt", Err(FileFault::Extension)),
            (samples::png(), "x.png.exe", Err(FileFault::Extension)),
            (samples::png(), "png", Err(FileFault::Extension)),
            (samples::jpeg(), "x.jpeg", Ok(FileKind::Jpeg)),
            (samples::gif(), "x.gif", Ok(FileKind::Gif)),
            (samples::gif(), "x.hta", Err(FileFault::Extension)),
            (samples::webp(), "x.webp", Ok(FileKind::Webp)),
            (samples::pdf(""), "x.pdf", Ok(FileKind::Pdf)),
            (samples::pdf(""), "x.js", Err(FileFault::Extension)),
            (samples::docx(&[]), "x.docx", Ok(FileKind::Docx)),
            (samples::docx(&[]), "x.docm", Err(FileFault::Extension)),
            (samples::docx(&[]), "x.xlsx", Err(FileFault::Extension)),
            (b"a,b\r\n1,2".to_vec(), "x.CSV", Ok(FileKind::Text)),
            (
                b"RIFF0000WAVEfmt ".to_vec(),
                "x.webp",
                Err(FileFault::Unknown),
            ),
            (
                b"<svg onload=alert(1)>".to_vec(),
                "x.png",
                Err(FileFault::Unknown),
            ),
            (
                b"<html><script>".to_vec(),
                "x.html",
                Err(FileFault::Unknown),
            ),
            (b"MZ\x90\x00".to_vec(), "x.txt", Err(FileFault::Unknown)),
            (
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(),
                "x.xlsx",
                Err(FileFault::Unknown),
            ),
            (Vec::new(), "x.txt", Err(FileFault::Unknown)),
        ] {
            assert_eq!(inspect(&content, name), kind, "{name}");
        }
    }

    #[test]
    fn a_page_under_the_head_of_another_file_is_no_file_of_ours() {
        let page = b"<HTA:APPLICATION id=a><sCrIpT language=vbscript>x</script>";
        let after = |mut file: Vec<u8>| {
            file.extend_from_slice(page);
            file
        };
        for (file, name) in [
            (after(samples::png()), "x.png"),
            (after(samples::jpeg()), "x.jpg"),
            (after(samples::gif()), "x.gif"),
            (after(samples::webp()), "x.webp"),
            (after(samples::pdf("")), "x.pdf"),
            (after(b"%PDF-1.7\n".to_vec()), "x.pdf"),
            (after(samples::docx(&[])), "x.docx"),
            (after(b"a,b\n".to_vec()), "x.csv"),
            (after(b"GIF89a".to_vec()), "x.gif"),
        ] {
            assert!(inspect(&file, name).is_err(), "{name}");
        }
        // Inside, where the kind allows what nobody looks at.
        for (file, name) in [
            (
                samples::png_with(b"tEXt", b"Comment\0<hTmL><body>"),
                "x.png",
            ),
            (
                samples::jpeg_with(0xfe, b"<script>alert(1)</script>"),
                "x.jpg",
            ),
            (
                samples::jpeg_with(0xe1, b"<\0s\0c\0r\0i\0p\0t\0>\0"),
                "x.jpg",
            ),
            (samples::gif_with(b"<iframe src=x>"), "x.gif"),
            (samples::pdf("<!-- <html><hta:application> -->"), "x.pdf"),
        ] {
            assert_eq!(inspect(&file, name), Err(FileFault::Script), "{name}");
        }
    }
}
