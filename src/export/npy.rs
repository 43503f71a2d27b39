//! NumPy's own format (NEP 1, version 1.0): a header of one line, then the numbers. It is too small to
//! bring a crate for.

use super::Matrix;

/// What the header, magic and all, is padded to, so that the numbers are aligned.
const ALIGNMENT: usize = 64;

/// Magic, version and the header's length take this much before it.
const BEFORE: usize = 10;

/// A matrix as `numpy.load` reads it.
pub fn npy(matrix: &Matrix) -> Vec<u8> {
    let (rows, width) = (matrix.len(), matrix.width);
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {width}), }}");
    let padded = (BEFORE + header.len() + 1).next_multiple_of(ALIGNMENT) - BEFORE;
    header.extend(std::iter::repeat_n(' ', padded - 1 - header.len()));
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend_from_slice(bytemuck::cast_slice(&matrix.values));
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_start_at_a_whole_alignment() {
        let matrix = Matrix { values: vec![0.5, -1.0, 2.0, 3.0, 4.0, 5.0], width: 3 };
        let file = npy(&matrix);
        let length = usize::from(u16::from_le_bytes([file[8], file[9]]));
        assert_eq!((BEFORE + length) % ALIGNMENT, 0);
        let header = std::str::from_utf8(&file[BEFORE..BEFORE + length]).expect("text");
        assert!(header.contains("'shape': (2, 3)") && header.ends_with('\n'), "{header}");
        assert_eq!(file[BEFORE + length..], *bytemuck::cast_slice::<f32, u8>(&matrix.values));
    }
}
