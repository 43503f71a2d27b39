//! Detects the encoding of a file, and decodes it to UTF-8 with `\n` line ends.

use crate::config::Encoding;

/// Characters of the bytes 80 to 9F in Windows-1252; every other byte is its own code point.
const WINDOWS_1252: [u16; 32] = [
    0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039,
    0x152, 0x8d, 0x17d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc,
    0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178,
];

/// Decodes a file in chunks.
#[derive(Debug)]
pub(super) struct Decoder {
    pub encoding: Encoding,
    big_endian: bool,
    /// Whether lines end in `\r` alone, as on old Macs.
    carriage_returns: bool,
    /// Bytes of an incomplete character.
    carry: Vec<u8>,
}

impl Decoder {
    /// Detects the encoding from the first bytes of a file, unless an option sets it. Also returns
    /// the length of the byte order mark.
    pub fn judge(head: &[u8], option: Option<Encoding>) -> (Self, usize) {
        let (marked, mark) = match head {
            [0xef, 0xbb, 0xbf, ..] => (Some(Encoding::Utf8), 3),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => (Some(Encoding::Utf16), 2),
            _ => (None, 0),
        };
        let encoding = option.or(marked).unwrap_or_else(|| guessed(head));
        let big_endian = if mark == 2 { head[0] == 0xfe } else { zeros(head)[0] > zeros(head)[1] };
        let decoder = Self { encoding, big_endian, carriage_returns: false, carry: Vec::new() };
        (decoder, mark)
    }

    /// Decodes the first bytes, and detects from them whether lines end in `\r`.
    pub fn head(&mut self, head: Vec<u8>) -> Vec<u8> {
        let head = if self.encoding == Encoding::Utf8 { head } else { self.decode(&head) };
        self.carriage_returns = head.contains(&b'\r') && !head.contains(&b'\n');
        if self.carriage_returns { with_line_feeds(head) } else { head }
    }

    /// Returns whether the file needs no decoding.
    pub fn is_plain(&self) -> bool {
        self.encoding == Encoding::Utf8 && !self.carriage_returns
    }

    /// Decodes the next bytes to UTF-8.
    pub fn decode(&mut self, chunk: &[u8]) -> Vec<u8> {
        let text = match self.encoding {
            Encoding::Utf8 => chunk.to_vec(),
            Encoding::Latin1 => latin1(chunk).into_bytes(),
            Encoding::Utf16 => self.utf16(chunk).into_bytes(),
        };
        if self.carriage_returns { with_line_feeds(text) } else { text }
    }

    fn utf16(&mut self, chunk: &[u8]) -> String {
        self.carry.extend_from_slice(chunk);
        let unit = |bytes: &[u8]| {
            let bytes = [bytes[0], bytes[1]];
            if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
        };
        let units: Vec<u16> = self.carry.chunks_exact(2).map(unit).collect();
        // The first half of a surrogate pair waits for the second.
        let waits = units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit));
        let whole = units.len() - usize::from(waits);
        self.carry.drain(..whole * 2);
        String::from_utf16_lossy(&units[..whole])
    }
}

/// Decodes Windows-1252.
pub(super) fn latin1(bytes: &[u8]) -> String {
    let character = |&byte: &u8| match byte {
        0x80..=0x9f => {
            char::from_u32(WINDOWS_1252[usize::from(byte - 0x80)].into()).unwrap_or_default()
        }
        _ => char::from(byte),
    };
    bytes.iter().map(character).collect()
}

fn with_line_feeds(mut text: Vec<u8>) -> Vec<u8> {
    for byte in &mut text {
        if *byte == b'\r' {
            *byte = b'\n';
        }
    }
    text
}

/// Returns the likeliest encoding of a file without a byte order mark: UTF-16 if a third of its
/// bytes are zero, most of them at even or most at odd positions; Latin-1 if it is not mostly
/// UTF-8.
fn guessed(head: &[u8]) -> Encoding {
    let [even, odd] = zeros(head);
    let (few, many) = (even.min(odd), even.max(odd));
    if many * 3 > head.len() && few * 4 < many {
        return Encoding::Utf16;
    }
    let (mut valid, mut invalid) = (0, 0);
    let mut chunks = head.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        valid += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        // The last character may be incomplete.
        invalid += usize::from(!chunk.invalid().is_empty() && chunks.peek().is_some());
    }
    if invalid > valid { Encoding::Latin1 } else { Encoding::Utf8 }
}

/// Returns the numbers of zero bytes at even and at odd positions.
fn zeros(head: &[u8]) -> [usize; 2] {
    let mut zeros = [0; 2];
    for (n, byte) in head.iter().enumerate() {
        zeros[n % 2] += usize::from(*byte == 0);
    }
    zeros
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes bytes in two chunks; the encoding is detected from the first.
    fn decoded(bytes: &[u8], cut: usize) -> (Encoding, String) {
        let (mut decoder, mark) = Decoder::judge(bytes, None);
        let (head, rest) = bytes[mark..].split_at(cut.min(bytes.len() - mark));
        let mut text = decoder.head(head.to_vec());
        text.extend(decoder.decode(rest));
        (decoder.encoding, String::from_utf8_lossy(&text).into_owned())
    }

    #[test]
    fn encodings_are_told_by_marks_and_bytes() {
        const TEXT: &str = "Zoë 😀,1\n";
        let units = || TEXT.encode_utf16();
        let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
        let marked = |mark: &[u8], text: &[u8]| [mark, text].concat();
        for cut in 0..20 {
            for (bytes, encoding) in [
                (marked(b"\xef\xbb\xbf", TEXT.as_bytes()), Encoding::Utf8),
                (TEXT.as_bytes().to_vec(), Encoding::Utf8),
                (marked(b"\xff\xfe", &little), Encoding::Utf16),
                (marked(b"\xfe\xff", &big), Encoding::Utf16),
                (little.clone(), Encoding::Utf16),
                (big.clone(), Encoding::Utf16),
            ] {
                assert_eq!(decoded(&bytes, cut), (encoding, TEXT.into()), "{bytes:?} at {cut}");
            }
        }
        assert_eq!(decoded(b"Caf\xe9 \x96 \x801\n", 3), (Encoding::Latin1, "Café – €1\n".into()));
    }

    #[test]
    fn one_broken_byte_does_not_make_a_file_latin_1() {
        assert_eq!(guessed("Zoë, Zoë, Zo".as_bytes()), Encoding::Utf8);
        assert_eq!(guessed(b"Zo\xc3\xab Zo\xc3\xab Zo\xeb."), Encoding::Utf8);
        assert_eq!(guessed(b"Zo\xc3"), Encoding::Utf8, "the last character may be incomplete");
    }

    #[test]
    fn carriage_returns_alone_end_lines() {
        assert_eq!(decoded(b"a,b\rc,d\r", 4).1, "a,b\nc,d\n");
        assert_eq!(decoded(b"a,b\r\nc,d\r\n", 5).1, "a,b\r\nc,d\r\n");
    }
}
