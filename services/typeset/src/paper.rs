//! The papers on which a book is printed, and their margins. Lengths are in pt.

/// A paper with its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paper {
    /// A4, upright.
    A4,
    /// A4 横
    A4Wide,
    /// A3 横, for what A4 横 cannot hold.
    A3Wide,
}

/// 1 mm
const MM: f64 = 72.0 / 25.4;
/// The margin at the left and at the right.
pub(crate) const SIDE: f64 = 20.0 * MM;
/// The margin at the top, with the header in it.
pub(crate) const TOP: f64 = 24.0 * MM;
/// The margin at the bottom, with the page's number in it.
pub(crate) const BOTTOM: f64 = 20.0 * MM;

impl Paper {
    /// Width and height.
    pub(crate) fn size(self) -> (f64, f64) {
        match self {
            Self::A4 => (210.0 * MM, 297.0 * MM),
            Self::A4Wide => (297.0 * MM, 210.0 * MM),
            Self::A3Wide => (420.0 * MM, 297.0 * MM),
        }
    }

    /// Its longer side lies at the top.
    pub(crate) fn is_wide(self) -> bool {
        self != Self::A4
    }

    /// The width between the margins.
    pub(crate) fn text_width(self) -> f64 {
        self.size().0 - 2.0 * SIDE
    }

    /// The height between the margins.
    pub(crate) fn text_height(self) -> f64 {
        self.size().1 - TOP - BOTTOM
    }
}
