//! The wire format of protocol buffers, as far as a `SentencePiece` model uses it.

/// A field's value. Numbers are skipped: nothing that is read is one.
pub(super) enum Field<'a> {
    Bytes(&'a [u8]),
    Four([u8; 4]),
    Skipped,
}

/// The fields of a message, in order, with their numbers.
pub(super) fn fields(mut message: &[u8]) -> Result<Vec<(u64, Field<'_>)>, String> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let tag = varint(&mut message)?;
        let field = match tag & 7 {
            0 => {
                varint(&mut message)?;
                Field::Skipped
            }
            1 => {
                take(&mut message, 8)?;
                Field::Skipped
            }
            2 => {
                let length = usize::try_from(varint(&mut message)?).unwrap_or(usize::MAX);
                Field::Bytes(take(&mut message, length)?)
            }
            5 => Field::Four(take(&mut message, 4)?.try_into().unwrap_or_default()),
            other => return Err(format!("wire type {other}")),
        };
        fields.push((tag >> 3, field));
    }
    Ok(fields)
}

fn take<'a>(message: &mut &'a [u8], length: usize) -> Result<&'a [u8], String> {
    let (taken, rest) = message
        .split_at_checked(length)
        .ok_or("the message ends too early")?;
    *message = rest;
    Ok(taken)
}

fn varint(message: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(message, 1)?.first().copied().unwrap_or_default();
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("a number without end".to_owned())
}
