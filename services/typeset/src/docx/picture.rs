//! Charts as pictures with an alternative text.

use super::xml::{Written, Xml, element, empty};

/// EMU in a pt.
const EMU: f64 = 12_700.0;

/// A chart as a picture.
#[derive(Debug)]
pub(super) struct DrawnPicture {
    /// From 1, unique in the file.
    pub(super) id: usize,
    /// 図2-1
    pub(super) name: String,
    /// What it shows, in words.
    pub(super) alt: String,
    /// The picture.
    pub(super) png: Vec<u8>,
    /// Width and height on paper in pt.
    pub(super) size: (f64, f64),
}

impl DrawnPicture {
    /// The picture's relationship.
    pub(super) fn relationship(&self) -> String {
        format!("rIdPicture{}", self.id)
    }

    /// The picture's file, below word/.
    pub(super) fn path(&self) -> String {
        format!("media/chart{}.png", self.id)
    }
}

/// The picture in a line.
pub(super) fn picture(xml: &mut Xml, drawn: &DrawnPicture) -> Written {
    let id = drawn.id.to_string();
    let emu = |pt: f64| format!("{:.0}", pt * EMU);
    let (width, height) = (emu(drawn.size.0), emu(drawn.size.1));
    let extent = [("cx", width.as_str()), ("cy", height.as_str())];
    let around = [
        ("distT", "0"),
        ("distB", "0"),
        ("distL", "0"),
        ("distR", "0"),
    ];
    // An attribute holds no line ends.
    let alt = drawn.alt.replace(['\n', '\t'], " ");
    let named = [("id", id.as_str()), ("name", &drawn.name), ("descr", &alt)];
    element(xml, "w:r", &[], |xml| {
        element(xml, "w:drawing", &[], |xml| {
            element(xml, "wp:inline", &around, |xml| {
                empty(xml, "wp:extent", &extent)?;
                empty(xml, "wp:docPr", &named)?;
                let kind = [(
                    "uri",
                    "http://schemas.openxmlformats.org/drawingml/2006/picture",
                )];
                element(xml, "a:graphic", &[], |xml| {
                    element(xml, "a:graphicData", &kind, |xml| {
                        graphic(xml, drawn, &named, &extent)
                    })
                })
            })
        })
    })
}

fn graphic(
    xml: &mut Xml,
    drawn: &DrawnPicture,
    named: &[(&str, &str)],
    extent: &[(&str, &str)],
) -> Written {
    element(xml, "pic:pic", &[], |xml| {
        element(xml, "pic:nvPicPr", &[], |xml| {
            empty(xml, "pic:cNvPr", named)?;
            empty(xml, "pic:cNvPicPr", &[])
        })?;
        element(xml, "pic:blipFill", &[], |xml| {
            empty(xml, "a:blip", &[("r:embed", &drawn.relationship())])?;
            element(xml, "a:stretch", &[], |xml| empty(xml, "a:fillRect", &[]))
        })?;
        element(xml, "pic:spPr", &[], |xml| {
            element(xml, "a:xfrm", &[], |xml| {
                empty(xml, "a:off", &[("x", "0"), ("y", "0")])?;
                empty(xml, "a:ext", extent)
            })?;
            element(xml, "a:prstGeom", &[("prst", "rect")], |xml| {
                empty(xml, "a:avLst", &[])
            })
        })
    })
}
