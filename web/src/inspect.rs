//! A file that somebody brings, looked at from outside and inside before anybody else gets it: what
//! it is by its content, whether its name says the same, and whether it is nothing else besides, such
//! as a program. Whatever is not understood is not taken.

mod active;
mod bytes;
mod fault;
mod image;
mod ooxml;
mod pdf;
mod text;

use madoguchi_core::article::FileKind;

use self::bytes::extension;
pub(crate) use self::fault::FileFault;

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
