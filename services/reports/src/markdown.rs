//! Answers are written in Markdown: as HTML that can do no harm, and as plain text for the search.

use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use madoguchi_core::article::ArticleFile;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

/// What an answer may consist of.
static SAFE: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut safe = Builder::empty();
    safe.tags(HashSet::from([
        "p",
        "br",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "strong",
        "em",
        "del",
        "code",
        "pre",
        "blockquote",
        "hr",
        "a",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "img",
    ]))
    .tag_attributes(
        [
            ("a", HashSet::from(["href"])),
            ("ol", HashSet::from(["start"])),
            ("img", HashSet::from(["src", "alt"])),
        ]
        .into(),
    )
    .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
    .url_relative(UrlRelative::PassThrough)
    .link_rel(Some("noopener noreferrer"))
    .clean_content_tags(HashSet::from([
        "script", "style", "svg", "math", "iframe", "object",
    ]));
    safe
});

fn parser(markdown: &str) -> Parser<'_> {
    Parser::new_ext(
        markdown,
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH,
    )
}

/// The files of an article, and where they are.
#[derive(Debug, Clone, Copy)]
pub struct Files<'a> {
    /// The address of the article, as the reader has it.
    pub place: &'a str,
    /// Which they are.
    pub files: &'a [ArticleFile],
}

impl Files<'_> {
    /// Where one of them is.
    pub fn link(&self, file: &ArticleFile) -> String {
        format!("{}/files/{}", self.place, file.hash)
    }

    fn picture(&self, name: &str) -> Option<String> {
        let mut files = self.files.iter();
        let file = files.find(|file| file.name == name && file.kind.is_picture())?;
        Some(self.link(file))
    }
}

/// As HTML: headings below those of the page, no scripts, no pictures but those of the article,
/// whatever was written.
pub fn to_html(markdown: &str, files: Files<'_>) -> String {
    let lower = |level| match level {
        pulldown_cmark::HeadingLevel::H1 => pulldown_cmark::HeadingLevel::H3,
        pulldown_cmark::HeadingLevel::H2 => pulldown_cmark::HeadingLevel::H4,
        _ => pulldown_cmark::HeadingLevel::H5,
    };
    // Pictures that are not ours leave the text that describes them.
    let mut strange = 0;
    let events = parser(markdown).filter_map(|event| match event {
        Event::Start(Tag::Image {
            link_type,
            dest_url,
            id,
            ..
        }) => match files.picture(&dest_url) {
            Some(link) if strange == 0 => Some(Event::Start(Tag::Image {
                link_type,
                dest_url: link.into(),
                title: "".into(),
                id,
            })),
            _ => {
                strange += 1;
                None
            }
        },
        Event::End(TagEnd::Image) if strange > 0 => {
            strange -= 1;
            None
        }
        other => Some(other),
    });
    let events = events.map(|event| match event {
        Event::Start(Tag::Heading {
            level,
            id,
            classes,
            attrs,
        }) => Event::Start(Tag::Heading {
            level: lower(level),
            id,
            classes,
            attrs,
        }),
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(lower(level))),
        // HTML is shown as it was written, not obeyed.
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        // People end lines where they want them to end.
        Event::SoftBreak => Event::HardBreak,
        other => other,
    });
    let mut written = String::new();
    html::push_html(&mut written, events);
    SAFE.clean(&written).to_string()
}

/// As plain text, a line for each paragraph, item and row of a table.
pub fn to_text(markdown: &str) -> String {
    let mut text = String::new();
    for event in parser(markdown) {
        match event {
            Event::Text(part) | Event::Code(part) | Event::Html(part) | Event::InlineHtml(part) => {
                text.push_str(&part);
            }
            Event::SoftBreak | Event::HardBreak | Event::Rule => text.push('\n'),
            Event::End(TagEnd::TableCell) => text.push(' '),
            Event::End(
                TagEnd::Paragraph
                | TagEnd::Heading(_)
                | TagEnd::Item
                | TagEnd::TableRow
                | TagEnd::TableHead
                | TagEnd::CodeBlock,
            ) => text.push('\n'),
            _ => {}
        }
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use madoguchi_core::article::FileKind;

    use super::*;

    const NONE: Files<'static> = Files {
        place: "",
        files: &[],
    };

    #[test]
    fn pictures_are_those_of_the_article_alone() {
        let file = |name: &str, kind| ArticleFile {
            hash: "ab12".to_owned(),
            name: name.to_owned(),
            kind,
            bytes: 1,
        };
        let files = [
            file("画面.png", FileKind::Png),
            file("手順.pdf", FileKind::Pdf),
        ];
        let files = Files {
            place: "/faq/one",
            files: &files,
        };
        let html = to_html(
            "![申請の画面](画面.png) ![二](手順.pdf) ![三](/faq/two/files/ff) \
             ![四 ![五](画面.png)](https://elsewhere.example/x.png)",
            files,
        );
        let picture = "<img src=\"/faq/one/files/ab12\" alt=\"申請の画面\">";
        assert!(html.contains(picture), "{html}");
        assert_eq!(html.matches("<img").count(), 1, "{html}");
        for text in ["二", "三", "四"] {
            assert!(html.contains(text), "{html}");
        }
    }

    #[test]
    fn what_could_do_harm_does_none() {
        for bad in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](data:text/html,<script>alert(1)</script>)",
            "<svg/onload=alert(1)>",
            "<a href=\"javascript:alert(1)\">x</a>",
            "![x](https://elsewhere.example/pixel.png)",
            "<style>*{display:none}</style>",
            "<p style=\"position:fixed\">x</p>",
            "| a |\n| --- |\n| <iframe src=//elsewhere.example> |",
        ] {
            let html = to_html(bad, NONE).to_lowercase();
            // What stands between < and > is obeyed; all else is shown.
            let tags = html
                .split('<')
                .skip(1)
                .filter_map(|rest| rest.split('>').next());
            for tag in tags {
                for sign in [
                    "script",
                    "img",
                    "svg",
                    "iframe",
                    "style",
                    "javascript",
                    "data:",
                    "onerror",
                ] {
                    assert!(!tag.contains(sign), "{bad} → {html}");
                }
            }
        }
    }

    #[test]
    fn what_is_written_is_shown() {
        let html = to_html(
            "# 題\n\n1. 一\n2. 二\n\n| 甲 | 乙 |\n| --- | --- |\n| 1 | 2 |\n\n[規程](/faq/kitei)",
            NONE,
        );
        for wanted in [
            "<h3>題</h3>",
            "<ol>",
            "<li>一</li>",
            "<th>甲</th>",
            "<td>2</td>",
            "href=\"/faq/kitei\"",
        ] {
            assert!(html.contains(wanted), "{wanted}: {html}");
        }
        assert_eq!(
            to_text("# 題\n\n1. 一\n2. **二**\n\n| 甲 | 乙 |\n| --- | --- |\n| 1 | 2 |"),
            "題\n一\n二\n甲 乙 \n1 2"
        );
    }

    #[test]
    fn endless_and_deep_texts_end() {
        let deep = "> ".repeat(5_000);
        assert!(to_html(&deep, NONE).len() < 10_000_000);
        let wide = format!("|{}\n|{}\n", "a|".repeat(2_000), "-|".repeat(2_000));
        assert!(to_html(&wide, NONE).contains("<th>a</th>"));
    }
}
