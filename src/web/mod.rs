//! The JavaScript API, the only module with `#[wasm_bindgen]`. Functions take and return plain
//! objects and throw typed errors. `www/src/types.ts` describes the objects.

// Lengths of files have 64 bits, but `usize` in a page (wasm32) has 32.
#![warn(clippy::cast_possible_truncation)]

mod file;
#[cfg(feature = "verify")]
mod verify;

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{JSON, Promise, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use crate::config::{Config, OPTIONS, PRESETS};
use crate::data::{self, FileReport, Heads, Part};
use crate::error::{Error, Result, clip};
use crate::executor::BackendRequest;
use crate::formats::json;
use crate::trainer;
use file::{Blob, Written};

pub(crate) type JsResult<T> = std::result::Result<T, JsError>;

/// A thrown error: a JavaScript `Error` with the error's `code` and `data`. If files were read,
/// `data.read` describes them.
#[derive(Debug)]
pub struct JsError(Error, Vec<FileReport>);

impl From<Error> for JsError {
    fn from(error: Error) -> Self {
        Self(error, Vec::new())
    }
}

impl From<JsError> for JsValue {
    fn from(JsError(error, read): JsError) -> Self {
        let thrown = js_sys::Error::new(&error.to_string());
        thrown.set_name("TwoTowerError");
        let data = to_js(&error.data());
        if !read.is_empty() {
            Reflect::set(&data, &"read".into(), &to_js(&read))
                .expect("a fresh object takes properties");
        }
        for (key, value) in [("code", error.code().into()), ("data", data)] {
            Reflect::set(&thrown, &key.into(), &value).expect("a fresh object takes properties");
        }
        thrown.into()
    }
}

/// Converts a serialisable value to a plain object.
fn to_js<T: Serialize>(value: &T) -> JsValue {
    JSON::parse(&json::write(value)).expect("serialised JSON parses")
}

/// Returns an array of the results. Skipped ids, if any, are its property `unknown`.
fn served<T: Serialize>(served: &trainer::Served<T>) -> JsValue {
    let found = to_js(&served.found);
    if !served.unknown.is_empty() {
        let unknown = to_js(&served.unknown);
        Reflect::set(&found, &"unknown".into(), &unknown).expect("a fresh array takes properties");
    }
    found
}

/// Reads a plain object.
fn from_js<T: DeserializeOwned>(key: &str, value: &JsValue) -> Result<T> {
    let text = JSON::stringify(value).ok().and_then(|text| text.as_string());
    let refused = |problem: String| Error::Config {
        key: key.into(),
        problem,
        allowed: "the documented values".into(),
    };
    let text = text.ok_or_else(|| refused("it is not a plain object".into()))?;
    let read = json::value(text.as_bytes()).and_then(json::read);
    read.map_err(|error| refused(clip(&error.to_string())))
}

fn resolve(options: &JsValue) -> Result<Config> {
    Config::resolve(&from_js::<Value>("options", options)?)
}

/// Throws the message of a panic, instead of a trap without a message.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|panic| wasm_bindgen::throw_str(&panic.to_string())));
}

/// Returns the table of options.
#[wasm_bindgen]
pub fn options() -> JsValue {
    to_js(&OPTIONS)
}

/// Returns the presets by name.
#[wasm_bindgen]
pub fn presets() -> JsValue {
    to_js(&PRESETS)
}

/// Reads files in chunks.
#[wasm_bindgen]
pub struct Loader {
    loader: data::Loader,
    config: Config,
    heads: Heads,
}

/// Adds a description of how the files were read to an error.
fn with_files(heads: &Heads, config: &Config) -> impl Fn(Error) -> JsError {
    |error| JsError(error, heads.read(config))
}

#[wasm_bindgen]
impl Loader {
    /// Creates a loader with the data options.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue) -> JsResult<Self> {
        let config = resolve(options)?;
        Ok(Self { loader: data::Loader::new(&config), config, heads: Heads::default() })
    }

    /// Begins a file of a part (`all`, `train`, `validation`, `test`, `items`, `users`). `bytes` is
    /// its length, if known.
    pub fn begin(&mut self, part: &JsValue, name: &str, bytes: Option<f64>) -> JsResult<()> {
        let part: Part = from_js("part", part)?;
        let begun = self.loader.begin(part, name, bytes.map(|bytes| bytes as u64));
        begun.map_err(with_files(&self.heads, &self.config))?;
        self.heads.begin(part, name);
        Ok(())
    }

    /// Adds the next bytes of the file.
    pub fn push(&mut self, chunk: &[u8]) -> JsResult<()> {
        self.heads.push(chunk);
        self.loader.push(chunk).map_err(with_files(&self.heads, &self.config))
    }

    /// Ends the last file and splits the data.
    pub fn finish(self) -> JsResult<Dataset> {
        let Self { loader, config, heads } = self;
        loader.finish().map(Dataset).map_err(with_files(&heads, &config))
    }
}

/// A data set, ready for training.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Dataset(data::Dataset);

#[wasm_bindgen]
impl Dataset {
    /// Returns its sizes, and the report on reading it.
    pub fn summary(&self) -> JsValue {
        to_js(&self.0.about())
    }
}

/// Trains and serves a model.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine {
    /// None while a call is running, so that another call gets a typed error.
    trainer: Rc<RefCell<Option<Box<trainer::Trainer>>>>,
}

/// Returns a promise of a call's result. The future is boxed: the compiler copies the code of
/// promises for each type of future.
fn promise(call: impl Future<Output = Result<JsValue>> + 'static) -> Promise {
    let call: Pin<Box<dyn Future<Output = Result<JsValue>>>> = Box::pin(call);
    future_to_promise(async { call.await.map_err(|error| JsError::from(error).into()) })
}

impl Engine {
    fn wrap(trainer: trainer::Trainer) -> JsValue {
        Self { trainer: Rc::new(RefCell::new(Some(Box::new(trainer)))) }.into()
    }

    fn borrow<T>(&self, call: &'static str, f: impl FnOnce(&trainer::Trainer) -> T) -> JsResult<T> {
        match &*self.trainer.borrow() {
            Some(trainer) => Ok(f(trainer)),
            None => Err(busy(call).into()),
        }
    }

    /// Returns a promise of the result of a call on the trainer.
    fn with(
        &self,
        call: &'static str,
        f: impl AsyncFnOnce(&mut trainer::Trainer) -> Result<JsValue> + 'static,
    ) -> Promise {
        let engine = self.trainer.clone();
        promise(async move {
            let mut trainer = engine.take().ok_or_else(|| busy(call))?;
            let result = f(&mut trainer).await;
            engine.replace(Some(trainer));
            result
        })
    }
}

/// Checks a requested number of results.
fn count(key: &str, value: f64) -> Result<usize> {
    const MAX: f64 = 10_000.0;
    if value.fract() == 0.0 && (1.0..=MAX).contains(&value) {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and at most MAX")]
        return Ok(value as usize);
    }
    Err(Error::Config {
        key: key.into(),
        problem: format!("{value} is not allowed"),
        allowed: format!("a whole number from 1 to {MAX}"),
    })
}

/// Returns whether a query is by features: about a user or item that is not in the training data.
fn is_unseen(query: &JsValue) -> bool {
    query.is_object() && Reflect::has(query, &"features".into()).is_ok_and(|has| has)
}

/// Returns the time to spend on a call.
fn budget(milliseconds: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(milliseconds / 1000.0).map_err(|_| Error::Config {
        key: "milliseconds".into(),
        problem: format!("{milliseconds} is not allowed"),
        allowed: "a number from 0".into(),
    })
}

fn busy(call: &'static str) -> Error {
    Error::Busy { call }
}

#[wasm_bindgen]
impl Engine {
    /// Creates an engine at the start of its run. The data set is moved into it.
    pub fn create(dataset: Dataset, options: JsValue, backend: String) -> Promise {
        promise(async move {
            let (config, choice) = (resolve(&options)?, backend.parse::<BackendRequest>()?);
            Ok(Self::wrap(trainer::Trainer::new(dataset.0, config, choice).await?))
        })
    }

    /// Creates an engine that resumes from a saved run.
    pub fn load(file: Blob, backend: String) -> Promise {
        promise(async move {
            let choice = backend.parse::<BackendRequest>()?;
            Ok(Self::wrap(trainer::Trainer::load_from(&file, choice).await?))
        })
    }

    /// Returns a loader of new data for the run.
    #[wasm_bindgen(js_name = newData)]
    pub fn new_data(&self) -> JsResult<Loader> {
        let loader = self.borrow("newData", trainer::Trainer::new_data)??;
        Ok(Loader { config: loader.config().clone(), loader, heads: Heads::default() })
    }

    /// Adds new data to the run. Resolves to the counts of the new data.
    pub fn extend(&self, new: Loader) -> Promise {
        self.with("extend", async move |trainer| Ok(to_js(&trainer.extend(new.loader).await?)))
    }

    /// Saves the run as a file.
    pub fn save(&self) -> Promise {
        self.with("save", async |trainer| {
            let mut file = Written::default();
            trainer.save_to(&mut file).await?;
            Ok(file.finish())
        })
    }

    /// Starts the run from the item embeddings of a file. Resolves to the number of items with an
    /// embedding in the file.
    #[wasm_bindgen(js_name = startItems)]
    pub fn start_items(&self, file: Blob) -> Promise {
        self.with("startItems", async move |trainer| Ok(trainer.start_items(&file).await?.into()))
    }

    /// Exports a file for other tools, by its name.
    pub fn export(&self, kind: String) -> Promise {
        self.with("export", async move |trainer| {
            let mut file = Written::default();
            trainer.export_to(kind.parse()?, &mut file).await?;
            Ok(file.finish())
        })
    }

    /// Returns the config, data and backend of the run.
    pub fn about(&self) -> JsResult<JsValue> {
        self.borrow("about", |trainer| to_js(&trainer.about()))
    }

    /// Returns the report of the run so far.
    pub fn report(&self) -> JsResult<JsValue> {
        self.borrow("report", |trainer| to_js(&trainer.report()))
    }

    /// Trains for about this many milliseconds, or to the end of the epoch.
    pub fn advance(&self, milliseconds: f64) -> Promise {
        self.with("advance", async move |trainer| {
            Ok(to_js(&trainer.advance(budget(milliseconds)?).await?))
        })
    }

    /// Resumes on another device, or on the CPU, after a GPU fault. Resolves to whether there was
    /// one.
    pub fn recover(&self) -> Promise {
        self.with("recover", async |trainer| Ok(trainer.recover().await?.into()))
    }

    /// Returns the operations of a step, with the buffers between them.
    pub fn graph(&self) -> JsResult<JsValue> {
        self.borrow("graph", |trainer| to_js(&trainer.graph()))
    }

    /// Takes the next steps for about this many milliseconds. Resolves to the time of each
    /// operation.
    pub fn profile(&self, milliseconds: f64) -> Promise {
        self.with("profile", async move |trainer| {
            Ok(to_js(&trainer.profile(budget(milliseconds)?).await?))
        })
    }

    /// Sets the total number of epochs.
    #[wasm_bindgen(js_name = setEpochs)]
    pub fn set_epochs(&self, epochs: JsValue) -> Promise {
        self.with("setEpochs", async move |trainer| {
            let epochs = from_js::<Value>("epochs", &epochs)?;
            let epochs = Config::resolve(&json!({ "epochs": epochs }))?.epochs;
            trainer.set_epochs(epochs)?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Restarts on the same data with other options.
    pub fn reset(&self, options: JsValue, backend: String) -> Promise {
        self.with("reset", async move |trainer| {
            let mut options = from_js::<Value>("options", &options)?;
            trainer.keep_used(&mut options);
            let (config, choice) = (Config::resolve(&options)?, backend.parse::<BackendRequest>()?);
            trainer.reset(config, choice).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Resolves to the `k` best items for `{ user }`, `{ items }` or `{ features }`, among the
    /// items that the choice allows.
    pub fn recommend(&self, query: JsValue, k: f64, choice: JsValue) -> Promise {
        self.with("recommend", async move |trainer| {
            let (k, choice) = (count("k", k)?, from_js("options", &choice)?);
            if is_unseen(&query) {
                let user = from_js("query", &query)?;
                return Ok(to_js(&trainer.recommend_unseen(&user, k, &choice).await?));
            }
            Ok(served(&trainer.recommend(&from_js("query", &query)?, k, &choice).await?))
        })
    }

    /// Resolves to the `k` best items for each of some users.
    #[wasm_bindgen(js_name = recommendAll)]
    pub fn recommend_all(&self, users: JsValue, k: f64, choice: JsValue) -> Promise {
        self.with("recommendAll", async move |trainer| {
            let users: Vec<String> = from_js("users", &users)?;
            let (k, choice) = (count("k", k)?, from_js("options", &choice)?);
            Ok(served(&trainer.recommend_all(&users, k, &choice).await?))
        })
    }

    /// Resolves to the `k` items most similar to an item, given by its id or by `{ features }`.
    pub fn similar(&self, item: JsValue, k: f64, choice: JsValue) -> Promise {
        self.with("similar", async move |trainer| {
            let (k, choice) = (count("k", k)?, from_js("options", &choice)?);
            if is_unseen(&item) {
                let item = from_js("item", &item)?;
                return Ok(to_js(&trainer.similar_unseen(&item, k, &choice).await?));
            }
            let item: String = from_js("item", &item)?;
            Ok(served(&trainer.similar(&item, k, &choice).await?))
        })
    }

    /// Returns the items of a user.
    pub fn history(&self, user: &str) -> JsResult<JsValue> {
        Ok(self.borrow("history", |trainer| trainer.history(user).map(|items| to_js(&items)))??)
    }

    /// Returns up to `limit` users whose id contains `search`.
    pub fn users(&self, search: &str, limit: f64) -> JsResult<JsValue> {
        let limit = count("limit", limit)?;
        self.borrow("users", |trainer| to_js(&trainer.users(search, limit)))
    }

    /// Returns up to `limit` items whose id or title contains `search`.
    pub fn items(&self, search: &str, limit: f64) -> JsResult<JsValue> {
        let limit = count("limit", limit)?;
        self.borrow("items", |trainer| to_js(&trainer.items(search, limit)))
    }
}
