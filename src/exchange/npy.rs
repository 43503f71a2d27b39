//! The NumPy format (NEP 1, version 1.0): a header of one line, then the numbers. Written by hand:
//! it is too small for a dependency.

/// Alignment of the numbers in bytes: the header, including magic and version, is padded to a
/// multiple of it.
const ALIGNMENT: usize = 64;

/// Bytes before the header's text: magic, version and the header's length.
const BEFORE: usize = 10;

/// Returns the bytes of a file before the numbers of a matrix (rows, width).
pub fn npy([rows, width]: [usize; 2]) -> Vec<u8> {
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {width}), }}");
    let padded = (BEFORE + header.len() + 1).next_multiple_of(ALIGNMENT) - BEFORE;
    header.extend(std::iter::repeat_n(' ', padded - 1 - header.len()));
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_start_at_a_whole_alignment() {
        let file = npy([2, 3]);
        let length = usize::from(u16::from_le_bytes([file[8], file[9]]));
        assert_eq!((BEFORE + length) % ALIGNMENT, 0);
        assert_eq!(BEFORE + length, file.len());
        let header = std::str::from_utf8(&file[BEFORE..]).expect("text");
        assert!(header.contains("'shape': (2, 3)") && header.ends_with('\n'), "{header}");
    }
}
