//! Signs by which browsers, script hosts and HTML applications take a file for a program, wherever
//! in it they stand.

/// Beginnings of tags. Shorter ones would be found in pictures by chance.
const TAGS: [&[u8]; 22] = [
    b"<script",
    b"<html",
    b"<hta:",
    b"<iframe",
    b"<frameset",
    b"<object",
    b"<embed",
    b"<applet",
    b"<svg ",
    b"<svg>",
    b"<svg/",
    b"<meta ",
    b"<link ",
    b"<base ",
    b"<form ",
    b"<img ",
    b"<?php",
    b"<!doctype html",
    b"<!doctype svg",
    b"<package>",
    b"<job>",
    b"<job ",
];
/// PDF files write comments so.
const BODY: &[u8] = b"<body";
/// Beginnings of addresses that are programs.
const SCHEMES: [&[u8]; 3] = [b"javascript:", b"vbscript:", b"data:text/html"];

/// Whether something in a picture or a text looks like a page or a script.
pub(super) fn in_content(content: &[u8]) -> bool {
    let plain = plain(content);
    has_tag(&plain) || has(&plain, &[BODY]) || has(&plain, &SCHEMES)
}

/// The same for a document that may hold bodies of comments.
pub(super) fn in_document(content: &[u8]) -> bool {
    let plain = plain(content);
    has_tag(&plain) || has(&plain, &SCHEMES)
}

/// The same for what may hold any words, but no page.
pub(super) fn in_container(content: &[u8]) -> bool {
    has_tag(&plain(content))
}

/// In small letters, and without the zeros that UTF-16 has between them.
fn plain(content: &[u8]) -> Vec<u8> {
    let letters = content.iter().filter(|byte| **byte != 0);
    letters.map(u8::to_ascii_lowercase).collect()
}

fn has_tag(plain: &[u8]) -> bool {
    has(plain, &TAGS)
}

fn has(plain: &[u8], signs: &[&[u8]]) -> bool {
    (0..plain.len()).any(|at| {
        let rest = plain.get(at..).unwrap_or_default();
        signs.iter().any(|sign| rest.starts_with(sign))
    })
}
