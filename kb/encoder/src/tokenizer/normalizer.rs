//! Text in the form the vocabulary is written in: NFKC by the model's own table, one space where
//! there were several, spaces shown as U+2581.

/// How a space is written in the vocabulary.
const SPACE: &str = "\u{2581}";

/// The model's table: a double-array trie of what is replaced, and the replacements.
pub(super) struct Normalizer {
    trie: Vec<u32>,
    /// Texts that end with a zero byte each.
    replacements: Vec<u8>,
}

impl Normalizer {
    /// Reads the table: length of the trie, trie, replacements. An empty one replaces nothing.
    pub(super) fn read(table: &[u8]) -> Result<Self, String> {
        let Some((length, rest)) = table.split_first_chunk::<4>() else {
            return Ok(Self {
                trie: Vec::new(),
                replacements: Vec::new(),
            });
        };
        let length = u32::from_le_bytes(*length) as usize;
        let (trie, replacements) = rest
            .split_at_checked(length)
            .ok_or("the table of characters ends too early")?;
        let (units, rest) = trie.as_chunks::<4>();
        if !rest.is_empty() {
            return Err("the table of characters is cut".to_owned());
        }
        Ok(Self {
            trie: units.iter().map(|unit| u32::from_le_bytes(*unit)).collect(),
            replacements: replacements.to_vec(),
        })
    }

    pub(super) fn normalize(&self, text: &str) -> String {
        let mut normal = String::with_capacity(text.len() + SPACE.len());
        let mut after_space = true;
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, length) = self.replace_prefix(rest);
            rest = rest.get(length..).unwrap_or_default();
            let piece = if after_space {
                piece.trim_start_matches(' ')
            } else {
                piece
            };
            if piece.is_empty() {
                continue;
            }
            if normal.is_empty() {
                normal.push_str(SPACE);
            }
            for character in piece.chars() {
                match character {
                    ' ' => normal.push_str(SPACE),
                    other => normal.push(other),
                }
            }
            after_space = piece.ends_with(' ');
        }
        let kept = normal.trim_end_matches(SPACE).len();
        normal.truncate(kept);
        normal
    }

    /// What the beginning of the text becomes, and how many bytes of it that takes.
    fn replace_prefix<'a>(&'a self, text: &'a str) -> (&'a str, usize) {
        if let Some((length, value)) = self.longest_key(text.as_bytes())
            && text.is_char_boundary(length)
            && let Some(replacement) = self.replacement(value)
        {
            return (replacement, length);
        }
        let length = text.chars().next().map_or(0, char::len_utf8);
        (text.get(..length).unwrap_or_default(), length)
    }

    /// The longest key of the trie that begins the text, and its value.
    fn longest_key(&self, text: &[u8]) -> Option<(usize, usize)> {
        let mut longest = None;
        let mut node = children(*self.trie.first()?);
        for (before, &byte) in text.iter().enumerate() {
            node ^= usize::from(byte);
            let Some(&unit) = self.trie.get(node) else {
                break;
            };
            // The sign bit marks a value, which no byte leads to.
            if unit & 0x8000_00ff != u32::from(byte) {
                break;
            }
            node ^= children(unit);
            if unit & 0x100 != 0 {
                let value = *self.trie.get(node)? & 0x7fff_ffff;
                longest = Some((before + 1, value as usize));
            }
        }
        longest
    }

    fn replacement(&self, start: usize) -> Option<&str> {
        let bytes = self.replacements.get(start..)?;
        let end = bytes.iter().position(|byte| *byte == 0)?;
        std::str::from_utf8(bytes.get(..end)?).ok()
    }
}

/// How far from a unit of the trie its children are.
fn children(unit: u32) -> usize {
    ((unit >> 10) << ((unit & 0x200) >> 6)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table in which "A" becomes "a" and "AB" becomes "x y".
    fn table() -> Normalizer {
        let mut trie = vec![0_u32; 1024];
        trie[0] = 256 << 10;
        trie[256 ^ 0x41] = (512_u32 ^ (256 ^ 0x41)) << 10 | 0x100 | 0x41;
        trie[512] = 0x8000_0000;
        trie[512 ^ 0x42] = (768_u32 ^ (512 ^ 0x42)) << 10 | 0x100 | 0x42;
        trie[768] = 0x8000_0002;
        let mut bytes = 4096_u32.to_le_bytes().to_vec();
        bytes.extend(trie.iter().flat_map(|unit| unit.to_le_bytes()));
        bytes.extend(b"a\0x y\0");
        Normalizer::read(&bytes).unwrap()
    }

    #[test]
    fn the_longest_key_is_replaced() {
        assert_eq!(table().normalize("A"), "▁a");
        assert_eq!(table().normalize("ABA"), "▁x▁ya");
        assert_eq!(table().normalize("BあA"), "▁Bあa");
    }

    #[test]
    fn spaces_are_one_between_words_and_none_around() {
        let normalizer = Normalizer::read(&[]).unwrap();
        assert_eq!(normalizer.normalize("  a   b  "), "▁a▁b");
        assert_eq!(normalizer.normalize("   "), "");
        assert_eq!(normalizer.normalize(""), "");
    }

    #[test]
    fn a_table_that_is_cut_off_is_refused_and_a_wild_one_does_no_harm() {
        assert!(Normalizer::read(&[200, 0, 0, 0, 1, 2, 3]).is_err());
        let mut wild = 16_u32.to_le_bytes().to_vec();
        wild.extend([0xff; 20]);
        let wild = Normalizer::read(&wild).unwrap();
        assert_eq!(wild.normalize("給与 明細"), "▁給与▁明細");
    }
}
