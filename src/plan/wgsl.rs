//! Texts of shaders without comments and indentation, which are a third of the text that a page
//! would download.

/// Returns the text of a file under `shaders/`, stripped when the crate is compiled.
macro_rules! wgsl {
    ($($stem:tt)*) => {{
        const WHOLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $($stem)*, ".wgsl"));
        const LENGTH: usize = $crate::plan::wgsl::strip::<{ WHOLE.len() }>(WHOLE).1;
        const STRIPPED: [u8; LENGTH] = $crate::plan::wgsl::strip(WHOLE).0;
        const TEXT: &str = match str::from_utf8(&STRIPPED) {
            Ok(text) => text,
            Err(_) => panic!("the stripped text is not UTF-8"),
        };
        TEXT
    }};
}
pub(crate) use wgsl;

/// Returns a text without comments, margins and empty lines, in a buffer of `ROOM` bytes, and its
/// length.
pub const fn strip<const ROOM: usize>(text: &str) -> ([u8; ROOM], usize) {
    let text = text.as_bytes();
    let (mut stripped, mut length) = ([0; ROOM], 0);
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'/' && text[at + 1] == b'/' {
            while text[at] != b'\n' {
                at += 1;
            }
        }
        let ends = text[at] == b'\n';
        while ends && length > 0 && stripped[length - 1] == b' ' {
            length -= 1;
        }
        let begins = length == 0 || stripped[length - 1] == b'\n';
        if !(begins && (ends || text[at] == b' ')) {
            stripped[length] = text[at];
            length += 1;
        }
        at += 1;
    }
    (stripped, length)
}

#[cfg(test)]
mod tests {
    use super::strip;

    #[test]
    fn comments_and_indentation_are_stripped() {
        let text = "// Σ of\n// lines\n#import step\n\nfn f() {\n    let a = b / c; // why\n\n    // so\n}\n";
        let (stripped, length) = strip::<128>(text);
        assert_eq!(&stripped[..length], b"#import step\nfn f() {\nlet a = b / c;\n}\n");
    }
}
