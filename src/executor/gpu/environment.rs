//! Checks the environment before an adapter is requested, so that each missing part has its own
//! error.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

use crate::error::{Error, Result};

/// Fails if the environment has no WebGPU at all.
///
/// # Errors
/// [`Error::InsecureContext`] or [`Error::NoWebGpu`].
pub fn require_webgpu() -> Result<()> {
    let global = js_sys::global();
    let get = |object: &JsValue, key: &str| Reflect::get(object, &key.into());
    // Node.js does not have this property.
    if get(&global, "isSecureContext").is_ok_and(|secure| secure == JsValue::FALSE) {
        return Err(Error::InsecureContext);
    }
    let navigator = get(&global, "navigator").unwrap_or(JsValue::UNDEFINED);
    match get(&navigator, "gpu") {
        Ok(gpu) if gpu.is_truthy() => Ok(()),
        // In Node.js, `www/src/node-gpu.ts` throws an error with a full sentence.
        Err(thrown) if navigator.is_object() => {
            Err(Error::NoWebGpu { reason: js_sys::Error::from(thrown).message().into() })
        }
        _ => Err(Error::NoWebGpu {
            reason: "this browser has no WebGPU (`navigator.gpu` is missing)".into(),
        }),
    }
}
