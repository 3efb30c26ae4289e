//! Values put into a form of one of our pages. Our pages are written by templates that escape what
//! is not theirs: every attribute with a value has it between double quotes, and a tag ends at the
//! first `>` outside of them.

use std::collections::HashMap;

use super::forms::Unsent;
use super::reason::Left;

const MAIN: &str = "<main id=\"main\" tabindex=\"-1\">";

/// The page with what was typed in its forms that lead to where that was to be sent, and a word about it.
pub(crate) fn fill(html: &str, unsent: &Unsent) -> String {
    let mut filled = Filled::new(&unsent.fields);
    let mut rest = html;
    while let Some((before, form)) = split_at(rest, "<form ") {
        filled.html.push_str(before);
        let (form, after) = split_at(form, "</form>").unwrap_or((form, ""));
        let (tag, _) = tag_of(form);
        if attribute(tag, "action").as_deref() == Some(&unsent.action) && is_post(tag) {
            filled.form(form);
        } else {
            filled.html.push_str(form);
        }
        rest = after;
    }
    filled.html.push_str(rest);
    let left = match (filled.any, filled.takes_file) {
        (true, _) => Left::Typed,
        (false, true) => Left::File,
        (false, false) => Left::Button,
    };
    let banner = unsent.why.banner(left);
    filled.html.replacen(MAIN, &format!("{MAIN}\n{banner}"), 1)
}

/// What stands before a mark, and the rest, which begins with it.
fn split_at<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    text.find(mark).map(|at| text.split_at(at))
}

fn is_post(tag: &str) -> bool {
    attribute(tag, "method").is_some_and(|method| method.eq_ignore_ascii_case("post"))
}

/// The tag with which a text begins, and what follows.
fn tag_of(text: &str) -> (&str, &str) {
    let mut quoted = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '>' if !quoted => return text.split_at(at + 1),
            _ => {}
        }
    }
    (text, "")
}

/// The attributes of a tag: where each begins and ends, its name and its value as written.
fn attributes(tag: &str) -> Vec<(usize, usize, &str, Option<&str>)> {
    let mut found = Vec::new();
    let mut at = tag.find([' ', '>', '\n']).unwrap_or(tag.len());
    while let Some(rest) = tag.get(at..) {
        let blank = rest.len() - rest.trim_start().len();
        let rest = rest.trim_start();
        let name_length = rest
            .find(|letter: char| letter == '=' || letter == '>' || letter.is_whitespace())
            .unwrap_or(rest.len());
        let Some(name) = rest.get(..name_length).filter(|name| !name.is_empty()) else {
            break;
        };
        let begins = at;
        at += blank + name_length;
        let value = rest.get(name_length..).and_then(|rest| {
            let quoted = rest.strip_prefix("=\"")?;
            quoted.split('"').next()
        });
        if let Some(value) = value {
            at += value.len() + 3;
        }
        found.push((begins, at, name, value));
    }
    found
}

/// The value of an attribute, as it is meant; empty for one without.
fn attribute(tag: &str, wanted: &str) -> Option<String> {
    let found = attributes(tag);
    let (.., value) = found.iter().find(|(_, _, name, _)| *name == wanted)?;
    Some(unescape(value.unwrap_or_default()))
}

/// The tag without an attribute.
fn without(tag: &str, unwanted: &str) -> String {
    let found = attributes(tag);
    let found = found.iter().find(|(_, _, name, _)| *name == unwanted);
    let parts = found.and_then(|(from, to, ..)| Some((tag.get(..*from)?, tag.get(*to..)?)));
    parts.map_or_else(
        || tag.to_owned(),
        |(before, after)| format!("{before}{after}"),
    )
}

/// The tag with one attribute more.
fn with(tag: &str, more: &str) -> String {
    let open = tag.strip_suffix('>').unwrap_or(tag);
    format!("{open} {more}>")
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&#38;"),
            '<' => escaped.push_str("&#60;"),
            '>' => escaped.push_str("&#62;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// What templates write for letters that mean something in HTML.
fn unescape(text: &str) -> String {
    let pairs = [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    pairs
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// A page in the making.
struct Filled<'a> {
    html: String,
    values: HashMap<&'a str, Vec<&'a str>>,
    /// How many fields of a name have had theirs.
    used: HashMap<&'a str, usize>,
    /// Something was filled in that somebody sees.
    any: bool,
    /// A form is to bring a file, which was not kept.
    takes_file: bool,
}

impl<'a> Filled<'a> {
    fn new(fields: &'a [(String, String)]) -> Self {
        let mut values: HashMap<&str, Vec<&str>> = HashMap::new();
        for (name, value) in fields {
            values.entry(name).or_default().push(value);
        }
        Self {
            html: String::new(),
            values,
            used: HashMap::new(),
            any: false,
            takes_file: false,
        }
    }

    fn form(&mut self, form: &str) {
        self.used.clear();
        let (tag, mut rest) = tag_of(form);
        self.html.push_str(tag);
        while let Some((before, from)) = split_at(rest, "<") {
            self.html.push_str(before);
            let (tag, after) = tag_of(from);
            rest = if tag.starts_with("<input") {
                self.input(tag);
                after
            } else if tag.starts_with("<textarea") {
                self.text_area(tag, after)
            } else if tag.starts_with("<select") {
                self.select(tag, after)
            } else {
                self.html.push_str(tag);
                after
            };
        }
        self.html.push_str(rest);
    }

    /// The next value of a field.
    fn next(&mut self, name: &str) -> Option<&'a str> {
        let (name, values) = self.values.get_key_value(name)?;
        let used = self.used.entry(*name).or_default();
        let value = values.get(*used).copied();
        *used += 1;
        value
    }

    fn has(&self, name: &str, value: &str) -> bool {
        let values = self.values.get(name);
        values.is_some_and(|values| values.contains(&value))
    }

    fn input(&mut self, tag: &str) {
        let name = attribute(tag, "name").unwrap_or_default();
        let kind = attribute(tag, "type").unwrap_or_default();
        match kind.as_str() {
            "checkbox" | "radio" => {
                let value = attribute(tag, "value").unwrap_or_else(|| "on".to_owned());
                let bare = without(tag, "checked");
                let checked = self.has(&name, &value);
                self.any |= checked;
                let tag = if checked {
                    with(&bare, "checked")
                } else {
                    bare
                };
                self.html.push_str(&tag);
            }
            "password" | "file" | "submit" | "button" => {
                self.takes_file |= kind == "file";
                self.html.push_str(tag);
            }
            kind => match self.next(&name) {
                Some(value) => {
                    self.any |= kind != "hidden";
                    let value = format!("value=\"{}\"", escape(value));
                    self.html.push_str(&with(&without(tag, "value"), &value));
                }
                None => self.html.push_str(tag),
            },
        }
    }

    fn text_area<'h>(&mut self, tag: &str, after: &'h str) -> &'h str {
        self.html.push_str(tag);
        let name = attribute(tag, "name").unwrap_or_default();
        let end = split_at(after, "</textarea>");
        let (Some(value), Some((_, rest))) = (self.next(&name), end) else {
            return after;
        };
        self.any = true;
        // The first line end behind the tag does not count (HTML, 13.1.2.5).
        self.html.push('\n');
        self.html.push_str(&escape(value));
        rest
    }

    fn select<'h>(&mut self, tag: &str, after: &'h str) -> &'h str {
        self.html.push_str(tag);
        let name = attribute(tag, "name").unwrap_or_default();
        let (mut options, rest) = split_at(after, "</select>").unwrap_or((after, ""));
        let Some(chosen) = self.next(&name) else {
            return after;
        };
        self.any = true;
        while let Some((before, from)) = split_at(options, "<option") {
            self.html.push_str(before);
            let (tag, after) = tag_of(from);
            let bare = without(tag, "selected");
            let is_chosen = attribute(tag, "value").as_deref() == Some(chosen);
            let tag = if is_chosen {
                with(&bare, "selected")
            } else {
                bare
            };
            self.html.push_str(&tag);
            options = after;
        }
        self.html.push_str(options);
        rest
    }
}

#[cfg(test)]
mod tests {
    use madoguchi_core::time::Monotonic;

    use super::super::reason::Reason;
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn fill(html: &str, action: &str, fields: &[(String, String)]) -> String {
        let unsent = Unsent {
            key: String::new(),
            page: "/a".to_owned(),
            action: action.to_owned(),
            fields: fields.to_vec(),
            why: Reason::SessionEnded,
            at: Monotonic(0),
        };
        super::fill(html, &unsent)
    }

    fn banner(left: Left) -> String {
        Reason::SessionEnded.banner(left)
    }

    const PAGE: &str = r#"<main id="main" tabindex="-1">
<form method="get" action="/a"><input name="q" value="kept"></form>
<form method="post" action="/a/&#38;b" class="form">
<input type="hidden" name="_csrf" value="fresh"><input type="hidden" name="version" value="2">
<input id="title" name="title" value="old &#62; &#34;x&#34;" maxlength="80" required>
<input type="password" name="password"><input name="other" value="as it was">
<input type="checkbox" name="role" value="a" checked> <input type="checkbox" name="role" value="b">
<select name="kind"><option value="x" selected>X</option><option value="y">Y</option></select>
<textarea name="body">old</textarea><input name="row" value="1"><input name="row" value="2">
<button name="step" value="go">送る</button></form>
<form method="post" action="/other"><input name="title" value="theirs"></form></main>"#;

    #[test]
    fn a_form_is_filled_with_what_was_typed_and_nothing_else_changes() {
        let typed = fields(&[
            ("version", "1"),
            ("title", "新しい \"題\" <b>"),
            ("role", "b"),
            ("kind", "y"),
            ("body", "\n一行目\n</textarea><script>"),
            ("row", "3"),
            ("row", "4"),
            ("password", "never"),
        ]);
        let html = fill(PAGE, "/a/&b", &typed);
        let expected = r#"
<form method="get" action="/a"><input name="q" value="kept"></form>
<form method="post" action="/a/&#38;b" class="form">
<input type="hidden" name="_csrf" value="fresh"><input type="hidden" name="version" value="1">
<input id="title" name="title" maxlength="80" required value="新しい &#34;題&#34; &#60;b&#62;">
<input type="password" name="password"><input name="other" value="as it was">
<input type="checkbox" name="role" value="a"> <input type="checkbox" name="role" value="b" checked>
<select name="kind"><option value="x">X</option><option value="y" selected>Y</option></select>
<textarea name="body">

一行目
&#60;/textarea&#62;&#60;script&#62;</textarea><input name="row" value="3"><input name="row" value="4">
<button name="step" value="go">送る</button></form>
<form method="post" action="/other"><input name="title" value="theirs"></form></main>"#;
        assert_eq!(html, format!("{MAIN}\n{}{expected}", banner(Left::Typed)));
    }

    #[test]
    fn what_was_only_pressed_is_said_not_to_be_done() {
        for (action, typed) in [("/a/&b", vec![]), ("/nowhere", fields(&[("title", "x")]))] {
            let html = fill(PAGE, action, &typed);
            let head = format!("{MAIN}\n{}", banner(Left::Button));
            let rest = html.strip_prefix(&head).unwrap();
            let title = r#"name="title" value="old &#62; &#34;x&#34;""#;
            assert!(rest.contains(title), "{action}: {rest}");
        }
    }

    #[test]
    fn of_a_form_with_a_file_it_is_said_that_the_file_is_to_be_chosen_again() {
        let page = format!(
            r#"{MAIN}<form method="post" action="/f"><input type="hidden" name="version" value="1"><input type="file" name="file"></form>"#
        );
        let html = fill(&page, "/f", &fields(&[("version", "0")]));
        assert!(html.contains(&banner(Left::File)) && html.contains(r#"name="version" value="0""#));
    }

    #[test]
    fn whatever_the_page_is_it_keeps_its_length_and_nothing_breaks() {
        for odd in [
            "",
            "<form ",
            "<form method=\"post\" action=\"/a\"><input",
            "<",
            "\"",
            "<form a",
        ] {
            assert_eq!(fill(odd, "/a", &fields(&[("x", "1")])), odd);
        }
    }
}
