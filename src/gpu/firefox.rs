//! Makes Firefox answer a readback at once: it looks at the GPU every 100 ms, and at each submit.
//!
//! <https://bugzilla.mozilla.org/show_bug.cgi?id=1870699>. Delete this file once the oldest Firefox that we support
//! maps a buffer as soon as its copy is done: `www/tests/firefox.test.js` prints how long that takes without help.

use js_sys::{Function, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};

/// Milliseconds between two submits. Firefox makes at least four of them once a timer has fired some times.
const INTERVAL: u32 = 1;

/// Submits an empty list of commands about every millisecond until it is dropped. Does nothing outside of Firefox.
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
            // A timer that has ended is no error.
            clear.call1(&JsValue::UNDEFINED, timer).ok();
        }
    }
}

fn global(name: &str) -> Option<Function> {
    Reflect::get(&js_sys::global(), &name.into()).ok()?.dyn_into().ok()
}

/// Whether this is Gecko's WebGPU: Firefox on iOS, which calls itself FxiOS, has WebKit's.
fn is_firefox() -> bool {
    let get = |object: &JsValue, key: &str| Reflect::get(object, &key.into()).ok();
    let agent = get(&js_sys::global(), "navigator")
        .and_then(|navigator| get(&navigator, "userAgent"))
        .and_then(|agent| agent.as_string());
    agent.is_some_and(|agent| agent.contains("Firefox/"))
}
