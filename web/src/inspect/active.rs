//! Signs by which browsers, script hosts and HTML applications take a file for a program, wherever
//! in it they stand.

/// Beginnings of tags, whatever follows.
const BEGINNINGS: [&[u8]; 12] = [
    b"<script",
    b"<html",
    b"<hta:",
    b"<iframe",
    b"<frameset",
    b"<object",
    b"<embed",
    b"<applet",
    b"<!doctype html",
    b"<!doctype svg",
    b"<?php",
    b"<?xml-stylesheet",
];
/// Names of tags, which end where they end for a browser ([`ENDS`]).
const NAMES: [&[u8]; 19] = [
    b"svg",
    b"img",
    b"job",
    b"math",
    b"meta",
    b"link",
    b"base",
    b"form",
    b"input",
    b"video",
    b"audio",
    b"frame",
    b"style",
    b"details",
    b"marquee",
    b"bgsound",
    b"package",
    b"component",
    b"registration",
];
/// What ends the name of a tag (HTML, 13.2.5.8).
const ENDS: &[u8] = b"\t\n\x0c\r />";
/// So short names are found in pictures by chance, unless letters follow as well.
const SHORT_NAME: usize = 3;
const LETTERS_BEHIND: usize = 4;
const BODY: &[u8] = b"<body";
/// What PDF files write into the bodies of comments (ISO 32000-1, 12.7.3.4).
const BODY_ATTRIBUTES: [&str; 5] = ["xmlns", "xfa:", "xml:", "style", "dir"];
/// A tag is no longer.
const TAG_BYTES: usize = 4 * 1024;
/// Beginnings of addresses that are programs.
const SCHEMES: [&[u8]; 3] = [b"javascript:", b"vbscript:", b"data:text/html"];

/// Whether something in a picture or a text looks like a page or a script.
pub(super) fn in_content(content: &[u8]) -> bool {
    let plain = plain(content);
    has_tag(&plain, &NAMES) || has(&plain, &[BODY]) || has_program(&plain)
}

/// The same for a document that may hold bodies of comments.
pub(super) fn in_document(content: &[u8]) -> bool {
    let plain = plain(content);
    has_tag(&plain, &NAMES) || has_body_of_page(&plain) || has_program(&plain)
}

/// The same for a drawing (SVG), which has one tag of its own, and styles.
pub(super) fn in_drawing(content: &[u8]) -> bool {
    let plain = plain(content);
    let own = tags(&plain).find(|tag| is_named(tag, b"svg"));
    let own = own.map_or(0, |tag| plain.len() - tag.len() + b"<svg".len());
    let (before, inside) = plain.split_at(own);
    let names = NAMES.into_iter().filter(|name| *name != b"style");
    let names: Vec<_> = names.collect();
    let before = before.strip_suffix(b"<svg").unwrap_or_default();
    [before, inside].iter().any(|part| has_tag(part, &names))
        || has(&plain, &[BODY])
        || has_program(&plain)
}

/// The same for what may hold any words, but no page.
pub(super) fn in_container(content: &[u8]) -> bool {
    has_tag(&plain(content), &NAMES)
}

/// In small letters, and without the zeros that UTF-16 has between them.
fn plain(content: &[u8]) -> Vec<u8> {
    let letters = content.iter().filter(|byte| **byte != 0);
    letters.map(u8::to_ascii_lowercase).collect()
}

fn has(plain: &[u8], signs: &[&[u8]]) -> bool {
    (0..plain.len()).any(|at| {
        let rest = plain.get(at..).unwrap_or_default();
        signs.iter().any(|sign| rest.starts_with(sign))
    })
}

/// Everything from where a tag may begin.
fn tags(plain: &[u8]) -> impl Iterator<Item = &[u8]> {
    let begins = plain.iter().enumerate().filter(|(_, byte)| **byte == b'<');
    begins.filter_map(|(at, _)| plain.get(at..))
}

fn has_tag(plain: &[u8], names: &[&[u8]]) -> bool {
    tags(plain).any(|tag| {
        BEGINNINGS.iter().any(|known| tag.starts_with(known))
            || names.iter().any(|name| is_named(tag, name))
    })
}

/// Whether the tag that begins here has this name.
fn is_named(tag: &[u8], name: &[u8]) -> bool {
    let behind = tag.get(1..).and_then(|tag| tag.strip_prefix(name));
    let Some([end, behind @ ..]) = behind else {
        return false;
    };
    let is_letter = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    ENDS.contains(end)
        && (name.len() > SHORT_NAME || behind.iter().take(LETTERS_BEHIND).all(is_letter))
}

/// Whether something starts by itself or by a touch: an address that is a program, an attribute that
/// is one (`onload=`), a style that is one.
fn has_program(plain: &[u8]) -> bool {
    has(plain, &SCHEMES) || has_handler(plain)
}

/// Whether something that a browser may take for an attribute is a program. Where a tag ends is not
/// judged by its quotation marks, on which browsers and we may differ: one that has any stays open.
fn has_handler(plain: &[u8]) -> bool {
    let (mut open, mut quoted) = (false, false);
    for (at, byte) in plain.iter().enumerate() {
        let rest = plain.get(at + 1..).unwrap_or_default();
        match byte {
            b'<' if !open && rest.first().is_some_and(u8::is_ascii_alphabetic) => {
                (open, quoted) = (true, false);
            }
            b'>' if !quoted => open = false,
            b'"' | b'\'' | b'`' => quoted = true,
            _ => {}
        }
        if open && (is_handler(*byte, rest) || is_style_program(rest)) {
            return true;
        }
    }
    false
}

/// An attribute like `onload=` behind what may stand between attributes.
fn is_handler(before: u8, rest: &[u8]) -> bool {
    let Some(name) = rest.strip_prefix(b"on") else {
        return false;
    };
    if !b"\t\n\x0c\r /\"'`".contains(&before) {
        return false;
    }
    let letters = name.iter().take_while(|byte| byte.is_ascii_alphabetic());
    let letters = letters.count();
    let behind = name.get(letters..).unwrap_or_default();
    letters >= 3 && behind.trim_ascii_start().starts_with(b"=")
}

/// Styles of old browsers, and of HTML applications still.
fn is_style_program(rest: &[u8]) -> bool {
    let behavior = rest.strip_prefix(b"behavior:");
    rest.starts_with(b"expression(")
        || behavior.is_some_and(|address| address.trim_ascii_start().starts_with(b"url"))
}

/// Whether there is a body other than those of comments in PDF files.
fn has_body_of_page(plain: &[u8]) -> bool {
    tags(plain)
        .filter(|tag| tag.starts_with(BODY))
        .any(|tag| !is_body_of_comment(tag))
}

fn is_body_of_comment(tag: &[u8]) -> bool {
    let head = tag.get(BODY.len()..).unwrap_or_default();
    let mut head = head.iter().copied().take(TAG_BYTES);
    let mut attributes = Vec::new();
    loop {
        match head.next() {
            Some(b'>') => break,
            Some(byte) => attributes.push(byte),
            None => return false,
        }
    }
    let attributes = String::from_utf8_lossy(&attributes);
    attributes
        .split_ascii_whitespace()
        .filter_map(|word| word.split_once('='))
        .all(|(name, _)| BODY_ATTRIBUTES.iter().any(|known| name.starts_with(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_begins_with_whatever_ends_its_name() {
        for name in [
            "svg", "img", "input", "video", "audio", "details", "style", "marquee", "meta",
        ] {
            for end in ["\t", "\n", "\x0c", "\r", " ", "/", ">"] {
                let tag = format!("a\n<{}{end}src=x>", name.to_uppercase());
                assert!(in_content(tag.as_bytes()), "{tag:?}");
                assert!(in_document(tag.as_bytes()), "{tag:?}");
                let utf_16: Vec<u8> = tag.encode_utf16().flat_map(u16::to_le_bytes).collect();
                assert!(in_content(&utf_16), "{tag:?}");
            }
            let word = format!("<{name}x>");
            assert!(!in_content(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn an_attribute_that_is_a_program_is_found_in_any_tag() {
        for tag in [
            "<x onclick=a()>",
            "<x\nonfocus = a autofocus>",
            "<x/onfocus=a>",
            "<x a=\">\" onfocus=a>",
            "<x a='>'onfocus=a>",
            "<x a=b\" c=\">\" onfocus=a>",
            "<x a=\"<b>\" onfocus=a>",
            "<title><a x=\"</title><x onfocus=a>",
            "<x a=1 oncontentvisibilityautostatechange=a>",
            "<p style=\"width:expression(a())\">",
            "<p style='behavior: url(#default#time2)'>",
        ] {
            assert!(in_content(tag.as_bytes()), "{tag}");
            assert!(in_document(tag.as_bytes()), "{tag}");
        }
        for text in [
            "1 < 2, onboot=yes",
            "<b> と <i> online=1",
            "only = 1",
            "a onclick=b",
        ] {
            assert!(!in_content(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_body_is_one_of_a_comment_or_none_of_ours() {
        for body in [
            "<body>",
            "<body xmlns=\"http://www.w3.org/1999/xhtml\" xfa:spec=\"2.0.2\" style=\"color:#f00\">",
        ] {
            assert!(!in_document(body.as_bytes()), "{body}");
            assert!(in_content(body.as_bytes()), "{body}");
        }
        for body in [
            "<body onload=\"new ActiveXObject('WScript.Shell').Run('calc')\">",
            "<BODY\nonload=a>",
            "<body/onload=a>",
            "<body background=http://evil.example/a>",
            "<body style=\"x:expression(a())\">",
            "<body a",
        ] {
            assert!(in_document(body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn a_drawing_has_its_own_tag_and_styles_and_no_program() {
        for drawing in [
            "<svg xmlns=\"http://www.w3.org/2000/svg\"><style>.a{fill:#000}</style></svg>",
            "<?xml version=\"1.0\"?><svg\n   width=\"1\"><metadata/></svg>",
        ] {
            assert!(!in_drawing(drawing.as_bytes()), "{drawing}");
        }
        for drawing in [
            "<svg onload=\"a()\"/>",
            "<svg\nonload=\"a()\"/>",
            "<svg width=\"1\"onload=\"a()\"/>",
            "<svg a=\"1\"><set onbegin=\"a()\"/></svg>",
            "<svg a=\"1\"><script>a()</script></svg>",
            "<iframe src=\"x\"/><svg a=\"1\"/>",
            "<svg a=\"1\"><a href=\"javascript:a()\"/></svg>",
            "<svg a=\"1\"><foreignObject><iframe/></foreignObject></svg>",
        ] {
            assert!(in_drawing(drawing.as_bytes()), "{drawing}");
        }
    }
}
