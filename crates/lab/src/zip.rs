//! Reads the data file of a zip archive, such as MovieLens'. `www/src/zip.ts` does the same.

use anyhow::{Context as _, Result, bail, ensure};
use flate2::read::DeflateDecoder;
use std::io::{Read, Seek, SeekFrom, Take};
use twotower::data::Part;

/// First bytes of every archive.
pub const ZIP: [u8; 4] = *b"PK\x03\x04";

/// Lengths of the format's records without their names, in bytes, and the marks of the last two.
const LOCAL: usize = 30;
const ENTRY: usize = 46;
const END: usize = 22;
const ENTRY_MARK: &[u8] = b"PK\x01\x02";
const END_MARK: &[u8] = b"PK\x05\x06";

/// Largest comment after the last record, in bytes.
const COMMENT: u64 = 1 << 16;

/// A file within an archive.
struct Entry {
    name: String,
    method: usize,
    packed: u64,
    bytes: u64,
    at: u64,
}

/// A file's text, its name and its length.
pub struct Unpacked {
    pub name: String,
    pub bytes: u64,
    pub read: Box<dyn Read>,
}

/// Opens the only data file of an archive, or the file of several with a known name of the part.
///
/// # Errors
/// If the archive is damaged, or has several files and none with a known name.
pub fn open(mut archive: impl Read + Seek + 'static, part: Part) -> Result<Unpacked> {
    let entries = entries(&mut archive).context("it is a damaged zip archive")?;
    let Entry { name, method, packed, bytes, at } = chosen(entries, part)?;
    let local = part_of(&mut archive, at, LOCAL)?;
    archive.seek(SeekFrom::Start(
        at + (LOCAL + number(&local, 26, 2) + number(&local, 28, 2)) as u64,
    ))?;
    let packed: Take<_> = archive.take(packed);
    let read: Box<dyn Read> = match method {
        0 => Box::new(packed),
        8 => Box::new(DeflateDecoder::new(packed)),
        _ => bail!("{name} uses an unsupported compression method. Unpack it"),
    };
    Ok(Unpacked { name, bytes, read })
}

/// Returns the data files of an archive: no folders, readmes or licences.
fn entries(archive: &mut (impl Read + Seek)) -> Result<Vec<Entry>> {
    let length = archive.seek(SeekFrom::End(0))?;
    let from = length.saturating_sub(END as u64 + COMMENT);
    let tail = part_of(archive, from, (length - from) as usize)?;
    let end = tail.windows(4).rposition(|mark| mark == END_MARK).context("its end is missing")?;
    let end = tail.get(end..end + END).context("its end is truncated")?;
    let directory = part_of(archive, number(end, 16, 4) as u64, number(end, 12, 4))?;
    let mut rest = &directory[..];
    let mut entries = Vec::new();
    while rest.starts_with(ENTRY_MARK) {
        let lengths =
            [28, 30, 32].map(|at| if rest.len() < ENTRY { 0 } else { number(rest, at, 2) });
        let end = ENTRY + lengths.iter().sum::<usize>();
        ensure!(rest.len() >= end, "its directory is truncated");
        let name = String::from_utf8_lossy(&rest[ENTRY..ENTRY + lengths[0]]).into_owned();
        ensure!(number(rest, 8, 2) & 1 == 0, "{name} is encrypted");
        entries.push(Entry {
            name,
            method: number(rest, 10, 2),
            packed: number(rest, 20, 4) as u64,
            bytes: number(rest, 24, 4) as u64,
            at: number(rest, 42, 4) as u64,
        });
        rest = &rest[end..];
    }
    entries.retain(|entry| is_data(&entry.name));
    Ok(entries)
}

/// Returns whether an entry is a data file: no folder, readme or licence.
fn is_data(name: &str) -> bool {
    let last = base(name).to_lowercase();
    let is_about = ["readme", "license", "."].iter().any(|begin| last.starts_with(begin));
    !name.ends_with('/') && !name.starts_with("__MACOSX") && !is_about
}

fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn chosen(mut entries: Vec<Entry>, part: Part) -> Result<Entry> {
    let is_workbook = entries.iter().any(|entry| entry.name == "[Content_Types].xml");
    ensure!(!is_workbook, "it is an Excel workbook. Save the sheet as CSV");
    let known = match part {
        Part::Items => ["movies.csv", "movies.dat", "u.item"],
        Part::Users => ["users.csv", "users.dat", "u.user"],
        _ => ["ratings.csv", "ratings.dat", "u.data"],
    };
    if entries.len() > 1
        && entries.iter().filter(|entry| known.contains(&base(&entry.name))).count() == 1
    {
        entries.retain(|entry| known.contains(&base(&entry.name)));
    }
    let names = entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>().join(", ");
    match entries.pop() {
        Some(entry) if entries.is_empty() => Ok(entry),
        Some(_) => bail!("it contains several files: {names}. Unpack it and choose one"),
        None => bail!("it contains no data file"),
    }
}

fn part_of(archive: &mut (impl Read + Seek), at: u64, length: usize) -> Result<Vec<u8>> {
    archive.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    archive.take(length as u64).read_to_end(&mut bytes)?;
    ensure!(bytes.len() == length, "it is truncated");
    Ok(bytes)
}

/// Reads a little-endian number of `length` bytes.
fn number(bytes: &[u8], at: usize, length: usize) -> usize {
    bytes[at..at + length].iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::DeflateEncoder};
    use std::io::{Cursor, Write as _};

    /// Returns an archive of files; the flag says whether a file is compressed.
    fn archive(files: &[(&str, &str, bool)]) -> Vec<u8> {
        let mut archive = Vec::new();
        let mut directory = Vec::new();
        for (name, text, packs) in files {
            let data = if *packs {
                let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
                packed.write_all(text.as_bytes()).expect("packs");
                packed.finish().expect("packs")
            } else {
                text.as_bytes().to_vec()
            };
            let at = archive.len() as u32;
            let mut common = vec![0; 22];
            common[4] = if *packs { 8 } else { 0 };
            common[14..18].copy_from_slice(&(data.len() as u32).to_le_bytes());
            common[18..22].copy_from_slice(&(text.len() as u32).to_le_bytes());
            let name_length = (name.len() as u16).to_le_bytes();
            archive.extend(
                [&ZIP[..], &common[..], &name_length, &[0, 0], name.as_bytes(), &data].concat(),
            );
            let rest = [&name_length[..], &[0; 12], &at.to_le_bytes(), name.as_bytes()].concat();
            directory.extend([ENTRY_MARK, &[0, 0], &common, &rest].concat());
        }
        let mut end = [0; END];
        end[..4].copy_from_slice(END_MARK);
        end[12..16].copy_from_slice(&(directory.len() as u32).to_le_bytes());
        end[16..20].copy_from_slice(&(archive.len() as u32).to_le_bytes());
        [archive, directory, end.to_vec(), b"a comment".to_vec()].concat()
    }

    fn text(files: &[(&str, &str, bool)], part: Part) -> Result<(String, String)> {
        let mut unpacked = open(Cursor::new(archive(files)), part)?;
        let mut text = String::new();
        unpacked.read.read_to_string(&mut text)?;
        assert_eq!(text.len() as u64, unpacked.bytes);
        Ok((unpacked.name, text))
    }

    #[test]
    fn the_data_file_of_an_archive_is_read() {
        let one = [("a/README.md", "about", true), ("a/", "", false), ("a/x.csv", "1,2\n", true)];
        assert_eq!(text(&one, Part::All).expect("one"), ("a/x.csv".into(), "1,2\n".into()));
        let several = [
            ("ml/movies.dat", "1::Toys\n", true),
            ("ml/ratings.dat", "1::2\n", false),
            ("ml/users.dat", "1::F\n", true),
        ];
        for (part, expected) in
            [(Part::All, "1::2\n"), (Part::Items, "1::Toys\n"), (Part::Users, "1::F\n")]
        {
            assert_eq!(text(&several, part).expect("known").1, expected);
        }
    }

    #[test]
    fn an_archive_that_does_not_tell_is_refused() {
        let two = [("a.csv", "1", true), ("b.csv", "2", true)];
        let refused = text(&two, Part::All).expect_err("two").to_string();
        assert!(refused.contains("a.csv, b.csv"), "{refused}");
        assert!(text(&[], Part::All).is_err());
        let workbook = [("[Content_Types].xml", "<", true), ("xl/workbook.xml", "<", true)];
        let refused = text(&workbook, Part::All).map(|_| ()).expect_err("a workbook").to_string();
        assert!(refused.contains("Excel"), "{refused}");
        let whole = archive(&two[..1]);
        for length in 0..whole.len() - 9 {
            assert!(open(Cursor::new(whole[..length].to_vec()), Part::All).is_err(), "{length}");
        }
    }
}
