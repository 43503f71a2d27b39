//! What the page's environment offers, told apart before WebGPU is asked: each lack has a sentence
//! of its own.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

use crate::error::{Error, Result};

/// Refuses where the page cannot have WebGPU at all.
///
/// # Errors
/// [`Error::InsecureContext`] or [`Error::NoWebGpu`].
pub fn require_webgpu() -> Result<()> {
    let global = js_sys::global();
    let get = |object: &JsValue, key: &str| {
        Reflect::get(object, &key.into()).unwrap_or(JsValue::UNDEFINED)
    };
    if get(&global, "isSecureContext").is_falsy() {
        return Err(Error::InsecureContext);
    }
    if get(&get(&global, "navigator"), "gpu").is_falsy() {
        return Err(Error::NoWebGpu);
    }
    Ok(())
}
