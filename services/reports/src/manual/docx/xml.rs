//! The parts of a package, event by event.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::manual::pieces::ManualError;

/// Passes all of a part on.
pub(super) fn each(xml: &str, mut take: impl FnMut(&Event<'_>)) -> Result<(), ManualError> {
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event().map_err(|_| ManualError::Broken)? {
            Event::Eof => return Ok(()),
            event => take(&event),
        }
    }
}

/// What an attribute says.
pub(super) fn value(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag.try_get_attribute(name).ok().flatten()?;
    Some(attribute.value.into_owned())
}
