//! Text in markup.

/// Text that stands in HTML, XML or SVG as it is, also between quotation marks. Letters that XML does not
/// have are left out.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars().filter(|&letter| is_of_xml(letter)) {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Whether XML 1.0 can hold a letter (section 2.2).
pub(crate) fn is_of_xml(letter: char) -> bool {
    match letter {
        '\t' | '\n' | '\r' => true,
        letter => letter >= ' ' && !matches!(letter, '\u{fffe}' | '\u{ffff}'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_markup_is_never_markup() {
        let text = "<b onclick='a(\"x\")'>&amp;\u{0}\u{1f}\u{fffe}髙</b>";
        let escaped = "&lt;b onclick=&#39;a(&quot;x&quot;)&#39;&gt;&amp;amp;髙&lt;/b&gt;";
        assert_eq!(escape(text), escaped);
    }
}
