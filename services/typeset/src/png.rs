//! Charts as pictures of points, for programs that draw no SVG.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, Options, Tree};

use crate::fonts::Fonts;

/// Points of the picture for each unit of the drawing: sharp in print.
const SCALE: f32 = 2.5;
/// No picture has more points on a side.
const SIDE_AT_MOST: f32 = 4_000.0;

/// A picture.
#[derive(Debug, Clone)]
pub(crate) struct Png {
    /// The file.
    pub(crate) bytes: Vec<u8>,
    /// Width and height of the drawing, in its units.
    pub(crate) size: (f64, f64),
}

/// Draws an SVG. Nothing else is read, whatever the SVG names.
pub(crate) fn png(svg: &str, fonts: &Fonts) -> Result<Png, String> {
    let options = Options {
        fontdb: fonts.for_svg(),
        font_family: fonts
            .gothic()
            .first()
            .copied()
            .unwrap_or_default()
            .to_owned(),
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(|error| error.to_string())?;
    let (width, height) = (tree.size().width(), tree.size().height());
    let scale = SCALE.min(SIDE_AT_MOST / width.max(height));
    let points = |length: f32| (length * scale).round().max(1.0) as u32;
    let mut pixmap = Pixmap::new(points(width), points(height)).ok_or("大きさがありません")?;
    resvg::render(
        &tree,
        Transform::from_scale(scale, scale),
        &mut pixmap.as_mut(),
    );
    let bytes = pixmap.encode_png().map_err(|error| error.to_string())?;
    Ok(Png {
        bytes,
        size: (f64::from(width), f64::from(height)),
    })
}
