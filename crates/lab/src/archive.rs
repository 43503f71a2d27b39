//! Reads the data file of a zip archive, such as MovieLens'. `www/src/zip.ts` does the same.

use anyhow::{Context as _, Result, bail, ensure};
use flate2::read::DeflateDecoder;
use std::io::{Read, Seek, SeekFrom, Take};
use twotower::data::Part;
use zip::{CompressionMethod, ZipArchive};

/// First bytes of every archive.
pub const ZIP: [u8; 4] = *b"PK\x03\x04";

/// A file's text, its name and its length.
pub struct Unpacked {
    pub name: String,
    pub bytes: u64,
    pub read: Box<dyn Read>,
}

/// Opens the data file of an archive: the only one, or the only one with a known name for the part.
///
/// # Errors
/// If the archive is damaged, or has several files and none with a known name.
pub fn open(archive: impl Read + Seek + 'static, part: Part) -> Result<Unpacked> {
    let mut archive = ZipArchive::new(archive).context("it is a damaged zip archive")?;
    let name = {
        let names = archive.file_names().collect::<Result<Vec<_>, _>>();
        let names = names.context("it is a damaged zip archive")?;
        chosen(names.iter().map(|name| &**name).filter(|name| is_data(name)), part)?.to_owned()
    };
    let file = archive.by_name(&name).context("it is a damaged zip archive")?;
    let (method, bytes, packed) = (file.compression(), file.size(), file.compressed_size());
    let start = file.data_start().context("its data is missing")?;
    drop(file);
    let mut archive = archive.into_inner();
    archive.seek(SeekFrom::Start(start))?;
    let packed: Take<_> = archive.take(packed);
    let read: Box<dyn Read> = match method {
        CompressionMethod::Stored => Box::new(packed),
        CompressionMethod::Deflated => Box::new(DeflateDecoder::new(packed)),
        _ => bail!("{name} uses an unsupported compression method. Unpack it"),
    };
    Ok(Unpacked { name, bytes, read })
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

fn chosen<'a>(names: impl Iterator<Item = &'a str>, part: Part) -> Result<&'a str> {
    let mut names: Vec<&str> = names.collect();
    ensure!(
        !names.contains(&"[Content_Types].xml"),
        "it is an Excel workbook. Save the sheet as CSV"
    );
    let known = match part {
        Part::Items => ["movies.csv", "movies.dat", "u.item"],
        Part::Users => ["users.csv", "users.dat", "u.user"],
        _ => ["ratings.csv", "ratings.dat", "u.data"],
    };
    if names.len() > 1 && names.iter().filter(|name| known.contains(&base(name))).count() == 1 {
        names.retain(|name| known.contains(&base(name)));
    }
    match names[..] {
        [name] => Ok(name),
        [] => bail!("it contains no data file"),
        _ => bail!("it contains several files: {}. Unpack it and choose one", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write as _};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    /// Returns an archive of files; the flag says whether a file is compressed.
    fn archive(files: &[(&str, &str, bool)]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive.set_comment("a comment").expect("short");
        for (name, text, packs) in files {
            let method =
                if *packs { CompressionMethod::Deflated } else { CompressionMethod::Stored };
            let options = SimpleFileOptions::default().compression_method(method);
            archive.start_file(*name, options).expect("starts");
            archive.write_all(text.as_bytes()).expect("packs");
        }
        archive.finish().expect("packs").into_inner()
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
    fn an_archive_without_a_clear_data_file_is_refused() {
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
