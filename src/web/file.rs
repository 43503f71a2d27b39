//! Files of the page: written into JavaScript memory, read from a `Blob`.

use js_sys::{ArrayBuffer, Error as JsError, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::checkpoint::refused;
use crate::error::Result;
use crate::formats::pieces::{Bytes, Sink, Source, no_room};

#[wasm_bindgen]
extern "C" {
    /// A `Uint8Array` whose allocation may fail.
    #[wasm_bindgen(extends = Uint8Array, js_name = Uint8Array)]
    type Room;

    #[wasm_bindgen(catch, constructor, js_class = "Uint8Array")]
    fn new(bytes: f64) -> std::result::Result<Room, JsValue>;

    /// A file, or bytes from the page.
    #[wasm_bindgen(typescript_type = "Blob")]
    pub type Blob;

    #[wasm_bindgen(method, getter)]
    fn size(this: &Blob) -> f64;

    #[wasm_bindgen(method)]
    fn slice(this: &Blob, start: f64, end: f64) -> Blob;

    #[wasm_bindgen(method, js_name = arrayBuffer)]
    fn array_buffer(this: &Blob) -> Promise;
}

/// A file in JavaScript memory. The crate's own memory never contains the whole file.
#[derive(Debug, Default)]
pub struct Written {
    file: Uint8Array,
    length: u32,
}

impl Written {
    /// Returns the file.
    pub fn finish(self) -> JsValue {
        self.file.into()
    }
}

impl Sink for Written {
    fn begin(&mut self, bytes: u64) -> Result<()> {
        // Positions in the array have 32 bits.
        let room = u32::try_from(bytes).ok().and_then(|bytes| Room::new(bytes.into()).ok());
        self.file = room.ok_or_else(|| no_room(bytes))?.unchecked_into();
        Ok(())
    }

    fn push(&mut self, piece: &[u8]) -> Result<()> {
        let end = self.length + u32::try_from(piece.len()).expect("it fits, as `begin` checked");
        self.file.subarray(self.length, end).copy_from(piece);
        self.length = end;
        Ok(())
    }
}

impl Source for Blob {
    fn bytes(&self) -> u64 {
        self.size() as u64
    }

    fn read(&self, start: u64, bytes: usize) -> Bytes<'_> {
        let slice = self.slice(start as f64, (start + bytes as u64) as f64);
        Box::pin(async move {
            let read = JsFuture::from(slice.array_buffer()).await.map_err(|thrown| {
                let reason = thrown.dyn_ref::<JsError>().map(JsError::message);
                refused(format!(
                    "it could not be read: {}",
                    String::from(reason.unwrap_or_default())
                ))
            })?;
            let read = Uint8Array::new(read.unchecked_ref::<ArrayBuffer>());
            if read.length() as usize != bytes {
                return Err(refused("its size changed while it was read"));
            }
            Ok(read.to_vec())
        })
    }
}
