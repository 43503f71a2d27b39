//! NumPy's own format (NEP 1, version 1.0): a header of one line, then the numbers. It is too small to
//! bring a crate for.

/// What the header, magic and all, is padded to, so that the numbers are aligned.
const ALIGNMENT: usize = 64;

/// Magic, version and the header's length take this much before it.
const BEFORE: usize = 10;

/// Returns what `numpy.load` reads before the numbers of a matrix.
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
