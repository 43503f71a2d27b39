//! Recognizes files that are not text by their first bytes, and says how to convert them.

/// First bytes, format, and advice.
const FOREIGN: [(&[u8], &str, &str); 14] = [
    (b"PAR1", "a Parquet file", AS_CSV),
    (b"\x1f\x8b", "compressed with gzip twice", "Decompress it once"),
    (b"PK\x03\x04", "an archive or an Excel workbook", "Unpack it, or save the sheet as CSV"),
    (b"BZh", "compressed with bzip2", UNPACK),
    (b"\xfd7zXZ", "compressed with xz", UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard", UNPACK),
    (b"7z\xbc\xaf", "a 7z archive", UNPACK),
    (b"Rar!", "a RAR archive", UNPACK),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook", "Save the sheet as CSV"),
    (b"\x89HDF", "an HDF5 file", AS_CSV),
    (b"\x93NUMPY", "a NumPy array", AS_CSV),
    (b"SQLite format 3", "an SQLite database", "Export the table as CSV"),
    (b"%PDF", "a PDF document", "Save its table as CSV"),
    (b"ARROW1", "an Arrow file", AS_CSV),
];

/// First bytes of markup.
const MARKUP: [&[u8]; 4] = [b"<!", b"<?xml", b"<html", b"<HTML"];

/// Number of first bytes that are searched for control characters.
const BEGINNING: usize = 1024;

const AS_CSV: &str = "Write it as CSV, for example with pandas' `to_csv`";
const UNPACK: &str = "Decompress it, or compress it with gzip";

/// Returns the format of a file and advice, if it is known not to be text.
pub(super) fn problem(head: &[u8]) -> Option<String> {
    let markup = MARKUP.iter().any(|first| head.trim_ascii_start().starts_with(first));
    // An id may begin with the same letters, but text contains no control characters.
    let is_control = |byte: &u8| *byte < b'\t' || (b'\x0e'..b' ').contains(byte);
    let (what, advice) = if markup {
        ("a web page or an XML document", "Download the data itself")
    } else if head.iter().take(BEGINNING).any(is_control) {
        let (_, what, advice) = FOREIGN.iter().find(|(first, ..)| head.starts_with(first))?;
        (*what, *advice)
    } else {
        return None;
    };
    Some(format!("this is {what}. {advice}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_text_are_named_with_what_to_do() {
        let parquet = problem(b"PAR1\x15\x04").expect("known");
        assert!(parquet.contains("Parquet") && parquet.contains("to_csv"), "{parquet}");
        assert!(problem(b"<!DOCTYPE html>").expect("known").contains("web page"));
        assert_eq!(problem(b"user,item\n"), None);
        assert_eq!(problem(b"PAR1,apple\n"), None);
    }
}
