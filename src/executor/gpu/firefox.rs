//! Speeds up readbacks in Firefox, which checks the GPU only every 100 ms and at each submit.
//!
//! <https://bugzilla.mozilla.org/show_bug.cgi?id=1870699>. Delete this file once the oldest
//! supported Firefox maps a buffer as soon as its copy is done: `www/tests/firefox.test.js` prints
//! how long that takes without this workaround.

use js_sys::{Function, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};

/// Number of milliseconds between two submits. Firefox raises it to at least four after a timer has
/// fired a few times.
const INTERVAL: u32 = 1;

/// Submits an empty list of commands about every millisecond until it is dropped. Does nothing in
/// other browsers.
#[derive(Debug)]
pub struct Pump(Option<(JsValue, Closure<dyn FnMut(JsValue)>)>);

impl Pump {
    pub(super) fn start(queue: &wgpu::Queue) -> Self {
        if !is_firefox() {
            return Self(None);
        }
        let queue = queue.clone();
        let submit = Closure::new(move |_| {
            queue.submit([]);
        });
        let set = global("setInterval");
        let timer = set
            .and_then(|set| set.call2(&JsValue::UNDEFINED, submit.as_ref(), &INTERVAL.into()).ok());
        Self(timer.map(|timer| (timer, submit)))
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        if let (Some((timer, _)), Some(clear)) = (&self.0, global("clearInterval")) {
            // Clearing a timer that has ended is not an error.
            clear.call1(&JsValue::UNDEFINED, timer).ok();
        }
    }
}

fn global(name: &str) -> Option<Function> {
    Reflect::get(&js_sys::global(), &name.into()).ok()?.dyn_into().ok()
}

/// Returns whether this is Gecko's WebGPU. Firefox on iOS, which calls itself FxiOS, uses WebKit's.
fn is_firefox() -> bool {
    let get = |object: &JsValue, key: &str| Reflect::get(object, &key.into()).ok();
    let agent = get(&js_sys::global(), "navigator")
        .and_then(|navigator| get(&navigator, "userAgent"))
        .and_then(|agent| agent.as_string());
    agent.is_some_and(|agent| agent.contains("Firefox/"))
}
