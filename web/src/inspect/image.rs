//! Pictures: read from their first part to their last, which is the end of the file.

use super::active;
use super::bytes::{u16_be, u16_le, u32_be, u32_le};
use super::fault::FileFault::{self, Broken, Script, TrailingData, Unfolds};

/// The longest edge, and the largest area: more would fill a browser's memory.
const EDGE: usize = 20_000;
const PIXELS: usize = 100_000_000;

fn size(width: usize, height: usize) -> Result<(), FileFault> {
    let fits = (1..=EDGE).contains(&width) && (1..=EDGE).contains(&height);
    if fits && width * height <= PIXELS {
        Ok(())
    } else {
        Err(Unfolds)
    }
}

/// The end of the picture is that of the file, and nothing in it is a page.
fn ends(content: &[u8], end: usize) -> Result<(), FileFault> {
    if content.len() != end {
        return Err(TrailingData);
    }
    if active::in_content(content) {
        return Err(Script);
    }
    Ok(())
}

/// A comment that ends one of JavaScript is there so that the picture is a script, too.
fn comment(text: &[u8]) -> Result<(), FileFault> {
    if text.windows(2).any(|two| two == b"*/") {
        Err(Script)
    } else {
        Ok(())
    }
}

/// PNG (ISO/IEC 15948, 5).
pub(super) fn png(content: &[u8]) -> Result<(), FileFault> {
    let mut at = 8;
    loop {
        let length = u32_be(content, at).ok_or(Broken)?;
        let kind = content.get(at + 4..at + 8).ok_or(Broken)?;
        let data = content.get(at + 8..).and_then(|rest| rest.get(..length));
        let (data, first) = (data.ok_or(Broken)?, at == 8);
        at = at + 12 + length;
        if at > content.len() || first != (kind == b"IHDR") {
            return Err(Broken);
        }
        match kind {
            b"IHDR" => {
                let edge = |at| u32_be(data, at).ok_or(Broken);
                size(edge(0)?, edge(4)?)?;
            }
            b"tEXt" => comment(data)?,
            b"IEND" if length == 0 => return ends(content, at),
            _ if kind.iter().all(u8::is_ascii_alphabetic) && kind != b"IEND" => {}
            _ => return Err(Broken),
        }
    }
}

/// JPEG (ITU-T T.81, Annex B).
pub(super) fn jpeg(content: &[u8]) -> Result<(), FileFault> {
    let byte = |at: usize| content.get(at).copied().ok_or(Broken);
    let (mut at, mut seen) = (2, false);
    loop {
        if byte(at)? != 0xff {
            return Err(Broken);
        }
        while byte(at)? == 0xff {
            at += 1;
        }
        let marker = byte(at)?;
        at += 1;
        match marker {
            0xd9 if seen => return ends(content, at),
            0x01 | 0xd0..=0xd7 => continue,
            0x00 | 0xd8 | 0xd9 => return Err(Broken),
            _ => {}
        }
        let length = u16_be(content, at).filter(|length| *length >= 2);
        let segment = length.and_then(|length| content.get(at + 2..at + length));
        let segment = segment.ok_or(Broken)?;
        at += 2 + segment.len();
        match marker {
            // Frames; c4, c8 and cc are none.
            0xc0..=0xcf if ![0xc4, 0xc8, 0xcc].contains(&marker) => {
                let edge = |at| u16_be(segment, at).ok_or(Broken);
                size(edge(3)?, edge(1)?)?;
                seen = true;
            }
            0xfe => comment(segment)?,
            0xda => at = after_scan(content, at)?,
            _ => {}
        }
    }
}

/// Where the next marker stands that is no part of the scan.
fn after_scan(content: &[u8], mut at: usize) -> Result<usize, FileFault> {
    loop {
        match content.get(at..at + 2) {
            Some([0xff, 0x00 | 0xd0..=0xd7]) => at += 2,
            Some([0xff, 0xff]) => at += 1,
            Some([0xff, _]) => return Ok(at),
            Some(_) => at += 1,
            None => return Err(Broken),
        }
    }
}

/// GIF89a, 12 to 27.
pub(super) fn gif(content: &[u8]) -> Result<(), FileFault> {
    let edge = |at| u16_le(content, at).ok_or(Broken);
    size(edge(6)?, edge(8)?)?;
    let byte = |at: usize| content.get(at).copied().ok_or(Broken);
    // Its width begins a comment of JavaScript.
    if content.get(6..8) == Some(b"/*") {
        return Err(Script);
    }
    let mut at = 13 + colours(byte(10)?);
    loop {
        match byte(at)? {
            0x3b => return ends(content, at + 1),
            0x21 => {
                let (from, label) = (at + 2, byte(at + 1)?);
                at = blocks(content, from)?;
                if label == 0xfe {
                    comment(content.get(from..at).unwrap_or_default())?;
                }
            }
            0x2c => {
                let from = at + 10 + colours(byte(at + 9)?) + 1;
                at = blocks(content, from)?;
            }
            _ => return Err(Broken),
        }
    }
}

/// The bytes of a table of colours.
fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 0x07) + 1)
    }
}

/// The end of a row of blocks.
fn blocks(content: &[u8], mut at: usize) -> Result<usize, FileFault> {
    loop {
        let length = content.get(at).copied().ok_or(Broken)?;
        at += 1 + usize::from(length);
        if length == 0 {
            return Ok(at);
        }
    }
}

/// WebP (RFC 9649, 2).
pub(super) fn webp(content: &[u8]) -> Result<(), FileFault> {
    const PARTS: [&[u8]; 9] = [
        b"VP8 ", b"VP8L", b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"ICCP", b"EXIF", b"XMP ",
    ];
    let end = u32_le(content, 4).and_then(|length| length.checked_add(8));
    let end = end.filter(|end| *end >= 20).ok_or(Broken)?;
    let mut at = 12;
    while at < end {
        let kind = content.get(at..at + 4).ok_or(Broken)?;
        let length = u32_le(content, at + 4).ok_or(Broken)?;
        if !PARTS.contains(&kind) {
            return Err(Broken);
        }
        let padded = length.checked_add(length % 2).ok_or(Broken)?;
        at = (at + 8).checked_add(padded).ok_or(Broken)?;
    }
    if at != end || end > content.len() {
        return Err(Broken);
    }
    ends(content, end)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn pictures_end_where_their_files_end() {
        type Read = fn(&[u8]) -> Result<(), FileFault>;
        let kinds: [(Vec<u8>, Read); 4] = [
            (samples::png(), png),
            (samples::jpeg(), jpeg),
            (samples::gif(), gif),
            (samples::webp(), webp),
        ];
        for (content, read) in kinds {
            assert_eq!(read(&content), Ok(()));
            for more in [&b"\0"[..], b"\n", b"PK\x03\x04", b"MZ"] {
                let longer = [&content[..], more].concat();
                assert_eq!(read(&longer), Err(TrailingData));
            }
            for end in 8..content.len() {
                assert!(read(&content[..end]).is_err(), "cut at {end}");
            }
        }
    }

    #[test]
    fn a_picture_that_fills_the_memory_is_not_taken() {
        for (width, height) in [(0, 1), (20_001, 1), (15_000, 15_000), (u32::MAX, u32::MAX)] {
            let picture = samples::png_of(width, height);
            assert_eq!(png(&picture), Err(Unfolds), "{width} x {height}");
        }
    }

    #[test]
    fn a_picture_is_no_script_for_those_who_ask_for_one() {
        let mut begins = samples::gif();
        begins[6..8].copy_from_slice(b"/*");
        assert_eq!(gif(&begins), Err(Script));
        assert_eq!(gif(&samples::gif_with(b"*/=alert(1)//")), Err(Script));
        assert_eq!(jpeg(&samples::jpeg_with(0xfe, b"*/=alert(1)")), Err(Script));
    }
}
