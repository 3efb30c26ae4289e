//! Numbers within a file, and the end of its name.

/// Big-endian.
pub(super) fn u32_be(content: &[u8], at: usize) -> Option<usize> {
    let bytes = content.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(bytes)).ok()
}

/// Little-endian.
pub(super) fn u32_le(content: &[u8], at: usize) -> Option<usize> {
    let bytes = content.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(bytes)).ok()
}

/// Big-endian.
pub(super) fn u16_be(content: &[u8], at: usize) -> Option<usize> {
    let bytes = content.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(usize::from(u16::from_be_bytes(bytes)))
}

/// Little-endian.
pub(super) fn u16_le(content: &[u8], at: usize) -> Option<usize> {
    let bytes = content.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(usize::from(u16::from_le_bytes(bytes)))
}

/// The end of a name after its last dot, in small letters.
pub(super) fn extension(name: &str) -> String {
    let extension = name.rsplit_once('.').map(|(_, end)| end);
    extension.unwrap_or_default().to_ascii_lowercase()
}
