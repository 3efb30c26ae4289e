//! The dictionary of an object (ISO 32000-1, 7.2 and 7.3), read from wherever a reader may begin.

/// So many of its words as matter here. What lies within arrays and other dictionaries stands in
/// the same row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, with its letters as they are meant: `/J#53` is `JS`.
    Name(Vec<u8>),
    ArrayBegin,
    ArrayEnd,
    Begin,
    End,
    /// A number, a string, a word.
    Other,
}

/// How a stream is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    /// Once, by Flate alone.
    Flate,
    /// In a way that is not looked into.
    Other,
}

/// Names by which a stream is packed, or lies, elsewhere; some readers know them shortened.
const PACKED_OTHERWISE: [&[u8]; 6] = [
    b"F",
    b"FFilter",
    b"FDecodeParms",
    b"DecodeParms",
    b"DP",
    b"Crypt",
];

/// A dictionary, and where its stream begins if it has one.
pub(super) struct Dictionary {
    tokens: Vec<Token>,
    pub(super) stream: Option<usize>,
}

impl Dictionary {
    /// The dictionary that begins at `at`, if one does. `left`: so many bytes may be read, over all.
    pub(super) fn read(content: &[u8], at: usize, left: &mut usize) -> Option<Self> {
        let mut lexer = Lexer { content, at };
        let (mut tokens, mut depth) = (Vec::new(), 0_usize);
        loop {
            let before = lexer.at;
            let token = lexer.token();
            *left = left.saturating_sub(lexer.at - before);
            let token = token?;
            match token {
                Token::Begin => depth += 1,
                Token::End if depth > 0 => depth -= 1,
                _ if depth == 0 => return None,
                _ => {}
            }
            if *left == 0 {
                return None;
            }
            if depth == 0 {
                break;
            }
            tokens.push(token);
        }
        lexer.skip_space();
        let stream = lexer.rest().strip_prefix(b"stream");
        let stream = stream.map(|data| content.len() - after_line(data).len());
        Some(Self { tokens, stream })
    }

    /// Whether its stream holds objects, or may be taken to.
    pub(super) fn is_of_objects(&self) -> bool {
        self.names(b"ObjStm") > 0 || self.names(b"First") > 0
    }

    pub(super) fn packing(&self) -> Packing {
        if PACKED_OTHERWISE.iter().any(|name| self.names(name) > 0) {
            return Packing::Other;
        }
        match self.names(b"Filter") {
            0 => return Packing::None,
            1 => {}
            _ => return Packing::Other,
        }
        let is = |token: &Token, name: &[u8]| matches!(token, Token::Name(known) if known == name);
        let mut behind = self.tokens.iter().skip_while(|token| !is(token, b"Filter"));
        behind.next();
        match (behind.next(), behind.next(), behind.next()) {
            (Some(filter), ..) if is(filter, b"FlateDecode") => Packing::Flate,
            (Some(Token::ArrayBegin), Some(filter), Some(Token::ArrayEnd))
                if is(filter, b"FlateDecode") =>
            {
                Packing::Flate
            }
            _ => Packing::Other,
        }
    }

    fn names(&self, name: &[u8]) -> usize {
        let names = self.tokens.iter();
        names
            .filter(|token| matches!(token, Token::Name(known) if known == name))
            .count()
    }
}

/// What stands in the next line.
fn after_line(data: &[u8]) -> &[u8] {
    let spaces = data.iter().take_while(|byte| b" \t".contains(*byte));
    let data = data.get(spaces.count()..).unwrap_or_default();
    let data = data.strip_prefix(b"\r").unwrap_or(data);
    data.strip_prefix(b"\n").unwrap_or(data)
}

struct Lexer<'a> {
    content: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a [u8] {
        self.content.get(self.at..).unwrap_or_default()
    }

    fn skip_while(&mut self, mut skipped: impl FnMut(u8) -> bool) {
        let skipped = self.rest().iter().take_while(|byte| skipped(**byte));
        self.at += skipped.count();
    }

    /// White space and comments.
    fn skip_space(&mut self) {
        loop {
            self.skip_while(is_space);
            if self.rest().first() != Some(&b'%') {
                return;
            }
            self.skip_while(|byte| !b"\r\n".contains(&byte));
        }
    }

    /// The next word; `None` at the end.
    fn token(&mut self) -> Option<Token> {
        self.skip_space();
        let rest = self.rest();
        let first = *rest.first()?;
        self.at += 1;
        Some(match first {
            b'<' if rest.starts_with(b"<<") => {
                self.at += 1;
                Token::Begin
            }
            b'>' if rest.starts_with(b">>") => {
                self.at += 1;
                Token::End
            }
            b'<' => {
                self.skip_while(|byte| byte != b'>');
                self.at += 1;
                Token::Other
            }
            b'(' => {
                self.skip_string();
                Token::Other
            }
            b'[' => Token::ArrayBegin,
            b']' => Token::ArrayEnd,
            b'/' => Token::Name(self.name()),
            b'>' | b')' | b'{' | b'}' => Token::Other,
            _ => {
                self.skip_while(is_regular);
                Token::Other
            }
        })
    }

    /// The rest of a string, in which brackets come in pairs.
    fn skip_string(&mut self) {
        let (mut depth, mut escaped) = (1, false);
        self.skip_while(|byte| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            depth > 0
        });
        self.at += 1;
    }

    /// The rest of a name, whose letters may be written as numbers (7.3.5).
    fn name(&mut self) -> Vec<u8> {
        let start = self.at;
        self.skip_while(is_regular);
        let mut written = self.content.get(start..self.at).unwrap_or_default();
        let mut name = Vec::new();
        while let [byte, rest @ ..] = written {
            let digits = rest.get(..2).filter(|_| *byte == b'#');
            let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
            let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            name.push(code.unwrap_or(*byte));
            let read = if code.is_some() { 2 } else { 0 };
            written = rest.get(read..).unwrap_or_default();
        }
        name
    }
}

fn is_space(byte: u8) -> bool {
    b"\0\t\n\x0c\r ".contains(&byte)
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !b"()<>[]{}/%".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Dictionary> {
        Dictionary::read(text.as_bytes(), 0, &mut 10_000)
    }

    #[test]
    fn a_dictionary_is_read_to_its_end_and_to_its_stream() {
        for (text, data) in [
            ("<< /A 1 >> stream\r\nx", Some("x")),
            ("%c\n<</A(>>)/B<3e3e>>>%c\nstream\nx", Some("x")),
            ("<< /A << /B (\\)>> (>>) ) >> >>\nstream \r\nx", Some("x")),
            ("<< /A 1 >> endobj", None),
        ] {
            let stream = read(text).unwrap().stream.map(|at| &text[at..]);
            assert_eq!(stream, data, "{text}");
        }
        for text in ["", "1 0 R", "<< /A (x >>", "/A << >>"] {
            assert!(read(text).is_none(), "{text}");
        }
        let mut left = 5;
        assert!(Dictionary::read(b"<< /A /B /C /D >>", 0, &mut left).is_none() && left == 0);
    }

    #[test]
    fn streams_of_objects_are_known_by_any_spelling() {
        for text in ["<</Type/ObjStm>>", "<</Type/#4fb#6aStm>>", "<</Fi#72st 9>>"] {
            assert!(read(text).unwrap().is_of_objects(), "{text}");
        }
        assert!(!read("<</Type/XRef/Size 9>>").unwrap().is_of_objects());
    }

    #[test]
    fn what_is_packed_by_flate_alone_can_be_looked_into() {
        for (text, packing) in [
            ("<<>>", Packing::None),
            ("<</Filter/FlateDecode>>", Packing::Flate),
            ("<</Filter[ /Flate#44ecode ]>>", Packing::Flate),
            ("<</Filter[/FlateDecode/FlateDecode]>>", Packing::Other),
            ("<</Filter[/FlateDecode/ASCIIHexDecode]>>", Packing::Other),
            ("<</Filter/ASCIIHexDecode>>", Packing::Other),
            ("<</Filter 5 0 R>>", Packing::Other),
            ("<</Filter/FlateDecode/Filter/LZWDecode>>", Packing::Other),
            ("<</Filter/FlateDecode/DecodeParms<<>>>>", Packing::Other),
            ("<</F#46ilter/FlateDecode>>", Packing::Other),
            ("<</F/FlateDecode>>", Packing::Other),
        ] {
            assert_eq!(read(text).unwrap().packing(), packing, "{text}");
        }
    }
}
