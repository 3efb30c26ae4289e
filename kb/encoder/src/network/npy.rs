//! Arrays as numpy writes them: `\x93NUMPY`, version, a header in words, the numbers.

/// What the numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Byte,
    Single,
    Double,
}

/// An array as it lies in a file.
#[derive(Debug)]
pub(super) struct Array<'a> {
    pub(super) kind: Kind,
    pub(super) shape: Vec<usize>,
    pub(super) data: &'a [u8],
}

/// Reads an array in the order of rows, little-endian; there are as many numbers as the shape says.
pub(super) fn read(file: &[u8]) -> Result<Array<'_>, String> {
    let rest = file.strip_prefix(b"\x93NUMPY").ok_or("no numpy array")?;
    let (version, rest) = rest.split_first_chunk::<2>().ok_or("no version")?;
    let (length, rest) = match version {
        [1, 0] => {
            let (length, rest) = rest.split_first_chunk().ok_or("no header")?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        [2 | 3, 0] => {
            let (length, rest) = rest.split_first_chunk().ok_or("no header")?;
            (u32::from_le_bytes(*length) as usize, rest)
        }
        _ => return Err("an unknown version of numpy's format".to_owned()),
    };
    let (header, data) = rest.split_at_checked(length).ok_or("a header cut off")?;
    let header = std::str::from_utf8(header).map_err(|error| error.to_string())?;
    if value(header, "fortran_order")?.starts_with("True") {
        return Err("columns before rows".to_owned());
    }
    let (kind, size) = match quoted(value(header, "descr")?) {
        Some("|u1") => (Kind::Byte, 1),
        Some("<f4") => (Kind::Single, 4),
        Some("<f8") => (Kind::Double, 8),
        _ => return Err(format!("numbers of an unknown kind: {header}")),
    };
    let shape = shape(value(header, "shape")?).ok_or("no shape")?;
    let bytes = shape
        .iter()
        .try_fold(size, |bytes: usize, side| bytes.checked_mul(*side));
    if bytes != Some(data.len()) {
        return Err("more or fewer numbers than the shape says".to_owned());
    }
    Ok(Array { kind, shape, data })
}

/// What follows a key of the header.
fn value<'a>(header: &'a str, key: &str) -> Result<&'a str, String> {
    let (_, after) = header
        .split_once(&format!("'{key}':"))
        .ok_or_else(|| format!("no {key}"))?;
    Ok(after.trim_start())
}

fn quoted(value: &str) -> Option<&str> {
    let (text, _) = value.strip_prefix('\'')?.split_once('\'')?;
    Some(text)
}

fn shape(value: &str) -> Option<Vec<usize>> {
    let (sides, _) = value.strip_prefix('(')?.split_once(')')?;
    let sides = sides
        .split(',')
        .map(str::trim)
        .filter(|side| !side.is_empty());
    sides.map(|side| side.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
        file.extend(header.as_bytes());
        file.extend(data);
        file
    }

    #[test]
    fn an_array_is_read_with_kind_and_shape() {
        let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }  \n";
        let file = file(header, &[1, 2, 3, 4, 5, 6]);
        let array = read(&file).unwrap();
        assert_eq!(array.kind, Kind::Byte);
        assert_eq!(array.shape, [2, 3]);
        assert_eq!(array.data, [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_single_number_has_an_empty_shape() {
        let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n";
        let file = file(header, &0.5_f64.to_le_bytes());
        assert_eq!(read(&file).unwrap().shape, [0_usize; 0]);
    }

    #[test]
    fn an_array_that_says_wrong_things_is_refused() {
        let right = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n";
        assert!(read(&file(right, &[0; 8])).is_ok());
        for data in [0, 7, 9] {
            assert!(read(&file(right, &vec![0; data])).is_err());
        }
        for (part, wrong) in [
            ("False", "True"),
            ("<f4", ">f4"),
            ("(2,)", "(2, 99999999999999999999)"),
            ("(2,)", "(2, 4611686018427387904, 4)"),
            ("shape", "shade"),
        ] {
            assert!(
                read(&file(&right.replace(part, wrong), &[0; 8])).is_err(),
                "{wrong}"
            );
        }
        let whole = file(right, &[0; 8]);
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).is_err(), "{end}");
        }
    }
}
