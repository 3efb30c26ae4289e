//! Elements of WordprocessingML. Every element is closed where its function ends, every text is escaped.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

/// A part being written.
pub(super) type Xml = Writer<Vec<u8>>;
/// What writing into memory gives.
pub(super) type Written = io::Result<()>;

/// A part with its declaration.
pub(super) fn part(content: impl FnOnce(&mut Xml) -> Written) -> io::Result<Vec<u8>> {
    let mut xml = Writer::new(Vec::new());
    let declaration = BytesDecl::new("1.0", Some("UTF-8"), Some("yes"));
    xml.write_event(Event::Decl(declaration))?;
    content(&mut xml)?;
    Ok(xml.into_inner())
}

/// An element with what stands in it.
pub(super) fn element(
    xml: &mut Xml,
    name: &str,
    attributes: &[(&str, &str)],
    content: impl FnOnce(&mut Xml) -> Written,
) -> Written {
    let start = xml.create_element(name);
    start
        .with_attributes(attributes.iter().copied())
        .write_inner_content(content)?;
    Ok(())
}

/// An element without content.
pub(super) fn empty(xml: &mut Xml, name: &str, attributes: &[(&str, &str)]) -> Written {
    let start = xml.create_element(name);
    start
        .with_attributes(attributes.iter().copied())
        .write_empty()?;
    Ok(())
}

/// An element with a single value.
pub(super) fn value(xml: &mut Xml, name: &str, value: &str) -> Written {
    empty(xml, name, &[("w:val", value)])
}

/// An element with text alone.
pub(super) fn leaf(xml: &mut Xml, name: &str, attributes: &[(&str, &str)], text: &str) -> Written {
    let start = xml.create_element(name);
    start
        .with_attributes(attributes.iter().copied())
        .write_text_content(BytesText::new(text))?;
    Ok(())
}

/// A paragraph of a style.
pub(super) fn paragraph(
    xml: &mut Xml,
    style: &str,
    content: impl FnOnce(&mut Xml) -> Written,
) -> Written {
    paragraph_with(xml, style, |_| Ok(()), content)
}

/// A paragraph of a style, with more properties of its own.
pub(super) fn paragraph_with(
    xml: &mut Xml,
    style: &str,
    properties: impl FnOnce(&mut Xml) -> Written,
    content: impl FnOnce(&mut Xml) -> Written,
) -> Written {
    element(xml, "w:p", &[], |xml| {
        element(xml, "w:pPr", &[], |xml| {
            value(xml, "w:pStyle", style)?;
            properties(xml)
        })?;
        content(xml)
    })
}

/// Text, whose lines are broken as they were and whose tabs and blanks are kept.
pub(super) fn run(xml: &mut Xml, text: &str) -> Written {
    element(xml, "w:r", &[], |xml| letters(xml, text))
}

/// Text in bold type.
pub(super) fn bold(xml: &mut Xml, text: &str) -> Written {
    run_with(xml, |xml| empty(xml, "w:b", &[]), text)
}

/// Text with properties of its own.
pub(super) fn run_with(
    xml: &mut Xml,
    properties: impl FnOnce(&mut Xml) -> Written,
    text: &str,
) -> Written {
    element(xml, "w:r", &[], |xml| {
        element(xml, "w:rPr", &[], properties)?;
        letters(xml, text)
    })
}

fn letters(xml: &mut Xml, text: &str) -> Written {
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            empty(xml, "w:br", &[])?;
        }
        for (at, part) in line.split('\t').enumerate() {
            if at > 0 {
                empty(xml, "w:tab", &[])?;
            }
            if !part.is_empty() {
                leaf(xml, "w:t", &[("xml:space", "preserve")], part)?;
            }
        }
    }
    Ok(())
}

/// A tabulator.
pub(super) fn tab(xml: &mut Xml) -> Written {
    run(xml, "\t")
}

/// A length of pt in twentieths of it, as most measures are given.
pub(super) fn twips(pt: f64) -> String {
    format!("{:.0}", pt * 20.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_its_lines_and_blanks_are_kept() {
        let xml =
            part(|xml| paragraph(xml, "S", |xml| run(xml, "a\n\t<b> ]]>  &#x0; _x000D_"))).unwrap();
        let xml = String::from_utf8(xml).unwrap();
        let text = "<w:t xml:space=\"preserve\">&lt;b&gt; ]]&gt;  &amp;#x0; _x000D_</w:t>";
        assert!(
            xml.contains(&format!("a</w:t><w:br/><w:tab/>{text}")),
            "{xml}"
        );
    }
}
