//! Texts of shaders without what only their readers need: comments and margins are a third of them, and
//! a page would download them.

/// The text of a file under `shaders/`, stripped when the crate is compiled.
macro_rules! wgsl {
    ($($stem:tt)*) => {{
        const WHOLE: &str = include_str!(concat!("../../shaders/", $($stem)*, ".wgsl"));
        const LENGTH: usize = $crate::plan::wgsl::strip::<{ WHOLE.len() }>(WHOLE).1;
        const STRIPPED: [u8; LENGTH] = $crate::plan::wgsl::strip(WHOLE).0;
        const TEXT: &str = match str::from_utf8(&STRIPPED) {
            Ok(text) => text,
            Err(_) => panic!("only whole characters are left out"),
        };
        TEXT
    }};
}
pub(crate) use wgsl;

/// A text without comments, margins and empty lines, in a buffer that it fits, and how long it is.
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
    fn what_compiles_is_what_is_left() {
        let text = "// Σ of\n// lines\n#import step\n\nfn f() {\n    let a = b / c; // why\n\n    // so\n}\n";
        let (stripped, length) = strip::<128>(text);
        assert_eq!(&stripped[..length], b"#import step\nfn f() {\nlet a = b / c;\n}\n");
    }
}
