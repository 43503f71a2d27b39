//! The only place with `#[wasm_bindgen]`: plain objects in, plain objects out, typed errors thrown.
//! What the objects hold is written down in `www/src/types.ts`.

#[cfg(feature = "verify")]
mod verify;

use std::cell::RefCell;
use std::time::Duration;

use js_sys::{JSON, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;

use crate::config::{Config, OPTIONS};
use crate::data::{self, Part};
use crate::error::{Error, Result};
use crate::executor::BackendChoice;
use crate::json;
use crate::preset::PRESETS;
use crate::trainer;

pub(crate) type JsResult<T> = std::result::Result<T, JsError>;

/// A thrown error: a JavaScript `Error` with the error's `code` and `data`.
#[derive(Debug)]
pub struct JsError(Error);

impl From<Error> for JsError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<JsError> for JsValue {
    fn from(JsError(error): JsError) -> Self {
        let thrown = js_sys::Error::new(&error.to_string());
        thrown.set_name("TwoTowerError");
        let data = to_js(&error.data());
        for (key, value) in [("code", error.code().into()), ("data", data)] {
            Reflect::set(&thrown, &key.into(), &value).expect("a fresh object takes properties");
        }
        thrown.into()
    }
}

/// A plain object of anything that serialises.
fn to_js<T: Serialize>(value: &T) -> JsValue {
    JSON::parse(&json::write(value)).expect("what was serialised parses")
}

/// What a plain object says.
fn from_js<T: DeserializeOwned>(key: &str, value: &JsValue) -> Result<T> {
    let text = JSON::stringify(value).ok().and_then(|text| text.as_string());
    let refused = |problem: String| Error::Config {
        key: key.into(),
        problem,
        allowed: "what the API documents".into(),
    };
    let text = text.ok_or_else(|| refused("it is no plain object".into()))?;
    // As a value first: the code that makes types of values is there for the options, too.
    let read = json::value(text.as_bytes()).and_then(serde_json::from_value);
    read.map_err(|error| refused(error.to_string()))
}

fn resolve(options: &JsValue) -> Result<Config> {
    Config::resolve(&from_js::<Value>("options", options)?)
}

/// The table of options.
#[wasm_bindgen]
pub fn options() -> JsValue {
    to_js(&OPTIONS)
}

/// The presets, by name.
#[wasm_bindgen]
pub fn presets() -> JsValue {
    to_js(&PRESETS)
}

/// Reads files, chunk by chunk.
#[wasm_bindgen]
pub struct Loader(data::Loader);

#[wasm_bindgen]
impl Loader {
    /// A loader for what the options say of the data.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue) -> JsResult<Self> {
        Ok(Self(data::Loader::new(&resolve(options)?)))
    }

    /// Begins a file: its part (`all`, `train`, `validation`, `test`, `items`, `users`), its name, and its
    /// length in bytes if that is known.
    pub fn begin(&mut self, part: &JsValue, name: &str, bytes: Option<f64>) -> JsResult<()> {
        let part: Part = from_js("part", part)?;
        Ok(self.0.begin(part, name, bytes.map(|bytes| bytes as u64))?)
    }

    /// The next bytes of the file.
    pub fn push(&mut self, chunk: &[u8]) -> JsResult<()> {
        Ok(self.0.push(chunk)?)
    }

    /// Ends the last file and splits the data.
    pub fn finish(self) -> JsResult<Dataset> {
        Ok(Dataset(self.0.finish()?))
    }
}

/// A data set that is ready to train on.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Dataset(data::Dataset);

#[wasm_bindgen]
impl Dataset {
    /// Its sizes, and what happened to the data on its way in.
    pub fn summary(&self) -> JsValue {
        to_js(&self.0.about())
    }
}

/// Trains and serves a model.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine {
    /// Taken out while a call is at work, so that another one meets a typed error.
    trainer: RefCell<Option<trainer::Trainer>>,
}

impl Engine {
    fn borrow<T>(&self, call: &'static str, f: impl FnOnce(&trainer::Trainer) -> T) -> JsResult<T> {
        match &*self.trainer.borrow() {
            Some(trainer) => Ok(f(trainer)),
            None => Err(busy(call).into()),
        }
    }

    async fn with<T>(
        &self,
        call: &'static str,
        f: impl AsyncFnOnce(&mut trainer::Trainer) -> Result<T>,
    ) -> JsResult<T> {
        let mut trainer = self.trainer.take().ok_or_else(|| busy(call))?;
        let result = f(&mut trainer).await;
        self.trainer.replace(Some(trainer));
        Ok(result?)
    }
}

/// How many are asked for.
fn count(key: &str, value: f64) -> Result<usize> {
    const MOST: f64 = 10_000.0;
    if value.fract() == 0.0 && (1.0..=MOST).contains(&value) {
        return Ok(value as usize);
    }
    Err(Error::Config {
        key: key.into(),
        problem: format!("{value} is not allowed"),
        allowed: format!("a whole number from 1 to {MOST}"),
    })
}

/// Whether a query is about an id that was never seen.
fn is_unseen(query: &JsValue) -> bool {
    query.is_object() && Reflect::has(query, &"features".into()).is_ok_and(|has| has)
}

fn busy(call: &'static str) -> Error {
    Error::Busy { call }
}

#[wasm_bindgen]
impl Engine {
    /// An engine at the start of its run; the data set is moved into it.
    pub async fn create(dataset: Dataset, options: JsValue, backend: String) -> JsResult<Self> {
        let trainer =
            trainer::Trainer::new(dataset.0, resolve(&options)?, backend.parse::<BackendChoice>()?)
                .await?;
        Ok(Self { trainer: RefCell::new(Some(trainer)) })
    }

    /// An engine that goes on from a saved run.
    pub async fn load(bytes: Vec<u8>, backend: String) -> JsResult<Self> {
        let trainer = trainer::Trainer::load(&bytes, backend.parse::<BackendChoice>()?).await?;
        Ok(Self { trainer: RefCell::new(Some(trainer)) })
    }

    /// The run as a file.
    pub async fn save(&self) -> JsResult<Vec<u8>> {
        self.with("save", async |trainer| trainer.save().await).await
    }

    /// Starts the run from the item embeddings of a file: how many items had one.
    #[wasm_bindgen(js_name = startItems)]
    pub async fn start_items(&self, file: Vec<u8>) -> JsResult<f64> {
        self.with("startItems", async |trainer| Ok(trainer.start_items(&file)? as f64)).await
    }

    /// A file for other tools, by its name.
    pub async fn export(&self, kind: String) -> JsResult<Vec<u8>> {
        let file = kind.parse()?;
        self.with("export", async |trainer| trainer.export(file).await).await
    }

    /// What is trained, on what, with what.
    pub fn about(&self) -> JsResult<JsValue> {
        self.borrow("about", |trainer| to_js(&trainer.about()))
    }

    /// The whole run so far.
    pub fn report(&self) -> JsResult<JsValue> {
        self.borrow("report", |trainer| to_js(&trainer.report()))
    }

    /// Trains for about so many milliseconds, or to the end of the epoch.
    pub async fn advance(&self, milliseconds: f64) -> JsResult<JsValue> {
        let budget = Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or(Duration::MAX);
        self.with("advance", async |trainer| Ok(to_js(&trainer.advance(budget).await?))).await
    }

    /// What the time of the next steps is spent on.
    pub async fn profile(&self) -> JsResult<JsValue> {
        self.with("profile", async |trainer| Ok(to_js(&trainer.profile().await?))).await
    }

    /// Sets how many epochs the run has in all.
    #[wasm_bindgen(js_name = setEpochs)]
    pub async fn set_epochs(&self, epochs: JsValue) -> JsResult<()> {
        let epochs = from_js::<Value>("epochs", &epochs)?;
        let epochs = Config::resolve(&json!({ "epochs": epochs }))?.epochs;
        self.with("setEpochs", async |trainer| trainer.set_epochs(epochs)).await
    }

    /// Starts anew on the same data with other options.
    pub async fn reset(&self, options: JsValue, backend: String) -> JsResult<()> {
        let (config, choice) = (resolve(&options)?, backend.parse::<BackendChoice>()?);
        self.with("reset", async |trainer| trainer.reset(config, choice).await).await
    }

    /// The `k` best items for `{ user }`, `{ items }` or `{ features }`, of those that the choice leaves.
    pub async fn recommend(&self, query: JsValue, k: f64, choice: JsValue) -> JsResult<JsValue> {
        let (k, choice) = (count("k", k)?, from_js("options", &choice)?);
        if is_unseen(&query) {
            let user = from_js("query", &query)?;
            let answer = async |trainer: &mut trainer::Trainer| {
                Ok(to_js(&trainer.recommend_unseen(&user, k, &choice).await?))
            };
            return self.with("recommend", answer).await;
        }
        let query = from_js("query", &query)?;
        self.with("recommend", async |trainer| {
            Ok(to_js(&trainer.recommend(&query, k, &choice).await?))
        })
        .await
    }

    /// The `k` best items for each of some users.
    #[wasm_bindgen(js_name = recommendAll)]
    pub async fn recommend_all(
        &self,
        users: JsValue,
        k: f64,
        choice: JsValue,
    ) -> JsResult<JsValue> {
        let users: Vec<String> = from_js("users", &users)?;
        let (k, choice) = (count("k", k)?, from_js("options", &choice)?);
        self.with("recommendAll", async |trainer| {
            Ok(to_js(&trainer.recommend_all(&users, k, &choice).await?))
        })
        .await
    }

    /// The `k` items most like one, by its id or by `{ features }`.
    pub async fn similar(&self, item: JsValue, k: f64, choice: JsValue) -> JsResult<JsValue> {
        let (k, choice) = (count("k", k)?, from_js("options", &choice)?);
        if is_unseen(&item) {
            let item = from_js("item", &item)?;
            let answer = async |trainer: &mut trainer::Trainer| {
                Ok(to_js(&trainer.similar_unseen(&item, k, &choice).await?))
            };
            return self.with("similar", answer).await;
        }
        let item: String = from_js("item", &item)?;
        self.with("similar", async |trainer| Ok(to_js(&trainer.similar(&item, k, &choice).await?)))
            .await
    }

    /// What a user has.
    pub fn history(&self, user: &str) -> JsResult<JsValue> {
        Ok(self.borrow("history", |trainer| trainer.history(user).map(|items| to_js(&items)))??)
    }

    /// Up to `limit` users whose id contains `search`.
    pub fn users(&self, search: &str, limit: f64) -> JsResult<JsValue> {
        let limit = count("limit", limit)?;
        self.borrow("users", |trainer| to_js(&trainer.users(search, limit)))
    }

    /// Up to `limit` items whose id or title contains `search`.
    pub fn items(&self, search: &str, limit: f64) -> JsResult<JsValue> {
        let limit = count("limit", limit)?;
        self.borrow("items", |trainer| to_js(&trainer.items(search, limit)))
    }
}
