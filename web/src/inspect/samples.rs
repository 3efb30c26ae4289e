//! Small files of every kind, for tests.

/// A part of a package.
pub(crate) type Entry<'a> = (&'a str, &'a [u8]);

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    let sum = b"\0\0\0\0";
    [&length[..], kind, data, sum].concat()
}

fn png_around(width: u32, height: u32, more: &[u8]) -> Vec<u8> {
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let head = [&size[..], &[8, 0, 0, 0, 0]].concat();
    let (head, end) = (chunk(b"IHDR", &head), chunk(b"IEND", b""));
    let data = chunk(b"IDAT", b"\x78\x9c\x62\x00\x00\x00\x02\x00\x01");
    [&b"\x89PNG\r\n\x1a\n"[..], &head, more, &data, &end].concat()
}

pub(crate) fn png() -> Vec<u8> {
    png_of(1, 1)
}

pub(crate) fn png_of(width: u32, height: u32) -> Vec<u8> {
    png_around(width, height, b"")
}

pub(crate) fn png_with(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    png_around(1, 1, &chunk(kind, data))
}

fn jpeg_around(more: &[u8]) -> Vec<u8> {
    let frame = b"\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00";
    let scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x12\xff\x00\x34\xff\xd0\x56";
    [
        &b"\xff\xd8\xff\xe0\x00\x04AB"[..],
        more,
        frame,
        scan,
        b"\xff\xd9",
    ]
    .concat()
}

pub(crate) fn jpeg() -> Vec<u8> {
    jpeg_around(b"")
}

pub(crate) fn jpeg_with(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
    jpeg_around(&[&[0xff, marker][..], &length, data].concat())
}

fn gif_around(more: &[u8]) -> Vec<u8> {
    let head = &b"GIF89a\x01\x00\x01\x00\x80\x00\x00\0\0\0\xff\xff\xff"[..];
    let image = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3b";
    [head, more, image].concat()
}

pub(crate) fn gif() -> Vec<u8> {
    gif_around(b"")
}

pub(crate) fn gif_with(comment: &[u8]) -> Vec<u8> {
    let length = u8::try_from(comment.len()).unwrap();
    gif_around(&[&b"\x21\xfe"[..], &[length], comment, b"\0"].concat())
}

pub(crate) fn webp() -> Vec<u8> {
    b"RIFF\x12\0\0\0WEBPVP8L\x05\0\0\0\x2f\0\0\0\0\0".to_vec()
}

/// A PDF with one more object.
pub(crate) fn pdf(object: &str) -> Vec<u8> {
    format!(
        "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n\
         2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n3 0 obj\n{object}\nendobj\n\
         trailer\n<< /Root 1 0 R >>\nstartxref\n0\n%%EOF\n"
    )
    .into_bytes()
}

/// An archive of these parts, whatever their names are (APPNOTE.TXT, 4.3).
pub(crate) fn package(entries: &[Entry<'_>]) -> Vec<u8> {
    let (mut file, mut list) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let mut sum = flate2::Crc::new();
        sum.update(content);
        let size = u32::try_from(content.len()).unwrap().to_le_bytes();
        let length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let start = u32::try_from(file.len()).unwrap().to_le_bytes();
        // Version, flags, no compression, time and date.
        let common = [
            &b"\x14\0\0\0\0\0\0\0\x21\0"[..],
            &sum.sum().to_le_bytes(),
            &size,
            &size,
            &length,
            b"\0\0",
        ]
        .concat();
        file.extend([&b"PK\x03\x04"[..], &common, name.as_bytes(), content].concat());
        let place = [&[0; 10][..], &start].concat();
        list.extend([&b"PK\x01\x02\x14\0"[..], &common, &place, name.as_bytes()].concat());
    }
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    let size = u32::try_from(list.len()).unwrap().to_le_bytes();
    let start = u32::try_from(file.len()).unwrap().to_le_bytes();
    let end = [
        &b"PK\x05\x06\0\0\0\0"[..],
        &count,
        &count,
        &size,
        &start,
        b"\0\0",
    ]
    .concat();
    [file, list, end].concat()
}

pub(crate) fn content_types(main: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Override PartName=\"/word/document.xml\" ContentType=\"{main}\"/></Types>"
    )
}

/// A document of Word with more parts.
pub(crate) fn docx(more: &[Entry<'_>]) -> Vec<u8> {
    let types = content_types(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    );
    let own: [Entry<'_>; 3] = [
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", b"<Relationships/>"),
        ("word/document.xml", b"<w:document><w:body/></w:document>"),
    ];
    package(&[&own[..], more].concat())
}
