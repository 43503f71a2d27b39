//! Reads item embeddings to start a run from, in the format of the export `items.json`. The file is
//! read in pieces.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::{Error, Result, clip};
use crate::formats::json::object_length;
use crate::formats::pieces::{PIECE, Source, no_room};

/// Maximum bytes of an item, and of the text before the first item.
const LONGEST: usize = 2 * PIECE;

/// The key of the list of items.
const KEY: &[u8] = b"\"items\"";

/// The embedding of an item; other fields are ignored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ItemEmbedding {
    /// Its id.
    pub item: String,
    /// Its embedding.
    pub vector: Vec<f32>,
}

/// Takes the embeddings that are read.
type Take<'a> = &'a mut dyn FnMut(ItemEmbedding) -> Result<()>;

/// Reads the embeddings of a file, one after the other. An error may come after some of them.
///
/// # Errors
/// [`Error::Data`] if the file has another format, an embedding has another width, or the file cannot be read;
/// errors of `take`.
pub async fn read(file: &dyn Source, width: usize, take: Take<'_>) -> Result<()> {
    let mut reader = Reader { width, part: Part::Head, rest: Vec::new(), frame: Vec::new() };
    let mut start = 0;
    while start < file.bytes() {
        let bytes = (file.bytes() - start).min(PIECE as u64) as usize;
        let piece = file.read(start, bytes).await.map_err(|error| match error {
            Error::Checkpoint { problem } => refused(problem),
            other => other,
        })?;
        reader.push(&piece, take)?;
        start += bytes as u64;
    }
    reader.finish()
}

/// Part of the file that is being read.
#[derive(Debug, PartialEq)]
enum Part {
    /// Everything up to the list of items.
    Head,
    /// The list.
    Items,
    /// Everything after it.
    Tail,
}

/// Splits the text into items.
#[derive(Debug)]
struct Reader {
    width: usize,
    part: Part,
    /// Bytes after the last complete item.
    rest: Vec<u8>,
    /// The file with a zero in place of each item.
    frame: Vec<u8>,
}

impl Reader {
    fn push(&mut self, piece: &[u8], take: Take<'_>) -> Result<()> {
        append(&mut self.rest, piece)?;
        let mut at = 0;
        if self.part == Part::Head
            && let Some(start) = start_of_list(&self.rest)
        {
            (at, self.part) = (start, Part::Items);
            append(&mut self.frame, &self.rest[..at])?;
        }
        while self.part == Part::Items
            && let Some(byte) = self.rest.get(at)
        {
            match byte {
                b'{' => {
                    let Some(length) = object_length(&self.rest[at..]) else { break };
                    take(self.embedding(&self.rest[at..at + length])?)?;
                    append(&mut self.frame, b"0")?;
                    at += length;
                    continue;
                }
                b',' => append(&mut self.frame, b",")?,
                b']' => {
                    self.part = Part::Tail;
                    break;
                }
                byte if byte.is_ascii_whitespace() => {}
                _ => return Err(misshapen("an item is not an object")),
            }
            at += 1;
        }
        if self.part == Part::Tail {
            append(&mut self.frame, &self.rest[at..])?;
            at = self.rest.len();
        }
        self.rest.drain(..at);
        let is_endless = self.rest.len() > LONGEST;
        if is_endless { Err(misshapen("an item has no end")) } else { Ok(()) }
    }

    fn embedding(&self, text: &[u8]) -> Result<ItemEmbedding> {
        let given: ItemEmbedding =
            serde_json::from_slice(text).map_err(|error| misshapen(&error.to_string()))?;
        let (found, width) = (given.vector.len(), self.width);
        if found != width {
            let item = clip(&given.item);
            return Err(refused(format!("`{item}` has {found} numbers, but `dim` is {width}")));
        }
        Ok(given)
    }

    fn finish(mut self) -> Result<()> {
        append(&mut self.frame, &self.rest)?;
        let frame = serde_json::from_slice::<IgnoredAny>(&self.frame);
        frame.map_err(|error| misshapen(&error.to_string()))?;
        if self.part == Part::Tail { Ok(()) } else { Err(misshapen("it has no list of items")) }
    }
}

/// Returns the number of bytes before the first item; `None` if the list has not begun.
fn start_of_list(text: &[u8]) -> Option<usize> {
    let mut places = (0..text.len()).filter(|&at| text[at..].starts_with(KEY));
    places.find_map(|at| {
        let after = text.iter().enumerate().skip(at + KEY.len());
        let mut after = after.filter(|(_, byte)| !byte.is_ascii_whitespace());
        let (colon, list) = (after.next()?, after.next()?);
        (*colon.1 == b':' && *list.1 == b'[').then_some(list.0 + 1)
    })
}

/// Adds bytes; the memory may be too small for them.
fn append(text: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    text.try_reserve(bytes.len()).map_err(|_| no_room((text.len() + bytes.len()) as u64))?;
    text.extend_from_slice(bytes);
    Ok(())
}

/// Returns the error for a file of item embeddings.
pub fn refused(problem: String) -> Error {
    Error::Data { file: "item embeddings".into(), problem, lines: Vec::new() }
}

fn misshapen(problem: &str) -> Error {
    refused(format!("it does not match `{{ items: [{{ item, vector }}] }}` ({})", clip(problem)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a text in pieces.
    fn parse(text: &str, bytes: usize) -> Result<Vec<ItemEmbedding>> {
        let mut found = Vec::new();
        let mut reader = Reader { width: 2, part: Part::Head, rest: Vec::new(), frame: Vec::new() };
        for piece in text.as_bytes().chunks(bytes) {
            let mut take = |given| {
                found.push(given);
                Ok(())
            };
            reader.push(piece, &mut take)?;
        }
        reader.finish().map(|()| found)
    }

    #[test]
    fn invalid_embeddings_are_rejected_by_name() {
        for (text, expected) in [
            ("", "{ items:"),
            ("{}", "no list of items"),
            (r#"{"items":[{"item":"a","vector":[1]}]}"#, "`a` has 1 numbers"),
            (r#"{"items":[{"item":"a","vector":[1,1e99]}]}"#, "out of range"),
            (r#"{"items":[{"item":"a","vector":[1,null]}]}"#, "{ items:"),
            (r#"{"items":[1]}"#, "not an object"),
            (r#"{"items":[{"item":"a","vector":[1,2]}"#, "{ items:"),
            (r#"{"items":[{"item":"a","vector":[1,2]} {"item":"b","vector":[1,2]}]}"#, "{ items:"),
            (r#"{"items":[{"item":"a","vector":[1,2]}]} x"#, "{ items:"),
        ] {
            for bytes in [1, 7, 1000] {
                match parse(text, bytes) {
                    Err(Error::Data { problem, .. }) => {
                        assert!(problem.contains(expected), "{text}: {problem}");
                    }
                    other => panic!("{text} gave {other:?}"),
                }
            }
        }
    }

    #[test]
    fn the_cut_of_a_file_does_not_matter() {
        let text = r#"{"normalized":true, "note":"\"items\":[", "items" : [
            {"item":"a}","title":null,"vector":[1,0.5]}, {"vector":[2,3],"item":"b","more":{"x":[]}}
        ], "more": [1]}"#;
        let whole = parse(text, text.len()).expect("it is one");
        assert_eq!(whole.iter().map(|given| &*given.item).collect::<Vec<_>>(), ["a}", "b"]);
        assert_eq!(whole[0].vector, [1.0, 0.5]);
        for bytes in [1, 2, 3, 50] {
            assert_eq!(parse(text, bytes).expect("it is one"), whole);
        }
    }

    #[test]
    fn an_item_without_an_end_is_refused_before_it_fills_the_memory() {
        let endless = format!(r#"{{"items":[{{"item":"{}"#, "a".repeat(2 * LONGEST));
        let refused = pollster::block_on(read(&endless.as_bytes(), 2, &mut |_| Ok(())));
        assert!(matches!(&refused, Err(Error::Data { problem, .. }) if problem.contains("no end")));
    }
}
