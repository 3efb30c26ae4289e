//! Named arrays out of an archive, each of the shape that is asked for.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::dense::Dense;
use super::npy::{self, Kind};

/// No array is larger: what an archive claims is not believed.
const MOST_BYTES: u64 = 64 << 20;

/// An opened archive.
pub(super) struct Tensors<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
}

impl<'a> Tensors<'a> {
    pub(super) fn open(archive: &'a [u8]) -> Result<Self, String> {
        let archive = ZipArchive::new(Cursor::new(archive)).map_err(|error| error.to_string())?;
        Ok(Self { archive })
    }

    /// A matrix of bytes, row by row.
    pub(super) fn bytes(&mut self, name: &str, shape: &[usize]) -> Result<Vec<u8>, String> {
        self.array(name, shape, Kind::Byte)
    }

    /// As many numbers as are asked for.
    pub(super) fn vector(&mut self, name: &str, length: usize) -> Result<Vec<f32>, String> {
        self.singles(name, &[length])
    }

    /// A matrix, row by row.
    pub(super) fn matrix(
        &mut self,
        name: &str,
        rows: usize,
        columns: usize,
    ) -> Result<Vec<f32>, String> {
        self.singles(name, &[rows, columns])
    }

    /// A layer.
    pub(super) fn dense(
        &mut self,
        name: &str,
        rows: usize,
        columns: usize,
        bias: Vec<f32>,
    ) -> Result<Dense, String> {
        let values = self.matrix(name, rows, columns)?;
        Ok(Dense::new(&values, rows, columns, bias))
    }

    /// One number, kept in double precision.
    pub(super) fn scalar(&mut self, name: &str) -> Result<f32, String> {
        let data = self.array(name, &[], Kind::Double)?;
        let bytes = data.try_into().map_err(|_| format!("{name}: no number"))?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is used in single precision"
        )]
        let value = f64::from_le_bytes(bytes) as f32;
        Ok(value)
    }

    fn singles(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        let data = self.array(name, shape, Kind::Single)?;
        let (values, _) = data.as_chunks::<4>();
        let values: Vec<f32> = values
            .iter()
            .map(|value| f32::from_le_bytes(*value))
            .collect();
        if values.iter().all(|value| value.is_finite()) {
            Ok(values)
        } else {
            Err(format!("{name}: not all are numbers"))
        }
    }

    fn array(&mut self, name: &str, shape: &[usize], kind: Kind) -> Result<Vec<u8>, String> {
        let wrong = |what: String| format!("{name}: {what}");
        let entry = self.archive.by_name(&format!("{name}.npy"));
        let entry = entry.map_err(|error| wrong(error.to_string()))?;
        let mut file = Vec::new();
        let read = entry.take(MOST_BYTES).read_to_end(&mut file);
        read.map_err(|error| wrong(error.to_string()))?;
        let array = npy::read(&file).map_err(wrong)?;
        if array.kind != kind || array.shape != shape {
            let found = format!("{:?} of {:?}", array.shape, array.kind);
            return Err(wrong(found));
        }
        Ok(array.data.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header =
            format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive
            .start_file("a.npy", SimpleFileOptions::default())
            .unwrap();
        archive.write_all(b"\x93NUMPY\x01\x00").unwrap();
        let length = u16::try_from(header.len()).unwrap();
        archive.write_all(&length.to_le_bytes()).unwrap();
        archive.write_all(header.as_bytes()).unwrap();
        archive.write_all(data).unwrap();
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn an_array_is_given_only_in_the_shape_that_is_asked_for() {
        let data: Vec<u8> = [1.5_f32, -2.0]
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect();
        let archive = archive("<f4", "(2,)", &data);
        let mut tensors = Tensors::open(&archive).unwrap();
        assert_eq!(tensors.vector("a", 2).unwrap(), [1.5, -2.0]);
        assert!(tensors.vector("a", 3).is_err());
        assert!(tensors.matrix("a", 2, 1).is_err());
        assert!(tensors.bytes("a", &[2]).is_err());
        assert!(tensors.scalar("a").is_err());
        assert!(tensors.vector("b", 2).unwrap_err().starts_with("b: "));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let archive = archive("<f4", "(1,)", &f32::NAN.to_le_bytes());
        assert!(Tensors::open(&archive).unwrap().vector("a", 1).is_err());
    }
}
