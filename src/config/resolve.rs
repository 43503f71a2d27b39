//! Merges options over the defaults, and checks them: one by one, then together.

use serde_json::{Map, Value, json};

use super::files::check_time_format;
use super::kind::Kind;
use super::options::{NOT_YET, OPTIONAL_GROUPS, OPTIONS, OptionSpec, parsed};
use super::preset::Preset;
use super::towers::{HistoryTable, Towers, UserTower};
use super::typed::{Config, LogQ, NegativesKind, Tune};
use crate::error::{Error, Result, clip};
use crate::formats::json;

/// Maximum number of uses of a table's rows in a step. At D = 64, the outputs and the gradients of
/// this number of candidates take 32 MiB each, and one workgroup sorts them well within the time
/// limit of a GPU's watchdog.
pub(crate) const MAX_USES: usize = 1 << 17;

impl Default for Config {
    fn default() -> Self {
        Self::resolve(&Value::Object(Map::new())).expect("the defaults are valid")
    }
}

impl Config {
    /// Merges `options` over the defaults, or over the defaults of their preset. An option may be
    /// nested or named by its dotted path.
    ///
    /// # Errors
    /// [`Error::Config`] for an unknown key or a value out of bounds, [`Error::NotAvailable`] for
    /// an option that this version does not support. `null` is accepted for a group that is off by
    /// default.
    pub fn resolve(options: &Value) -> Result<Self> {
        let mut merged = defaults();
        let preset = options["preset"].as_str().and_then(Preset::named);
        if let Some(preset) = preset {
            merge("", &preset.options(), &mut merged)?;
        }
        merge("", options, &mut merged)?;
        let config: Self = json::read(merged).map_err(|error| Error::Config {
            key: "config".into(),
            problem: error.to_string(),
            allowed: "the documented options".into(),
        })?;
        config.check_tune()?;
        config.check_negatives()?;
        config.check_towers()?;
        config.data.time_format.as_deref().map_or(Ok(()), check_time_format)?;
        Ok(config)
    }

    /// Returns whether histories are sums of the item tower's embeddings.
    pub fn shares_items(&self) -> bool {
        let history = self.towers.user.history.as_ref();
        history.is_some_and(|history| history.table == HistoryTable::Shared)
    }

    /// Checks the options of tuning together.
    fn check_tune(&self) -> Result<()> {
        let Some(Tune { temperature, .. }) = &self.tune else { return Ok(()) };
        let refuse = |problem: String| {
            Err(Error::Config {
                key: "tune.temperature".into(),
                problem,
                allowed: "at least one temperature, each once".into(),
            })
        };
        if temperature.is_empty() {
            return refuse("the list is empty".into());
        }
        match temperature.iter().enumerate().find(|(n, t)| temperature[..*n].contains(t)) {
            Some((_, twice)) => refuse(format!("{twice} is listed twice")),
            None => Ok(()),
        }
    }

    /// Checks the options of both towers together.
    fn check_towers(&self) -> Result<()> {
        let refuse = |key: &str, problem: &str, allowed: &str| {
            Err(Error::Config { key: key.into(), problem: problem.into(), allowed: allowed.into() })
        };
        let Towers { user: UserTower { base: user, history }, item } = &self.towers;
        if !user.id && user.features.is_empty() && history.is_none() {
            return refuse(
                "towers.user",
                "the user tower has no input",
                "id true, or features, or a history",
            );
        }
        if !item.id && item.features.is_empty() {
            return refuse("towers.item", "the item tower has no input", "id true, or features");
        }
        if self.shares_items() && !item.id {
            return refuse(
                "towers.user.history.table",
                "\"shared\" sums the items' embeddings, but items have none",
                "\"separate\", or towers.item.id true",
            );
        }
        if self.onebp.is_some() {
            if !self.towers.user.is_table() {
                return refuse(
                    "onebp",
                    "it stores users as plain vectors, without other inputs or layers",
                    "the default towers.user, or no onebp",
                );
            }
        } else if user.out_width(self.dim) != item.out_width(self.dim) {
            return Err(Error::Config {
                key: "towers.user.out".into(),
                problem: format!(
                    "the user tower's outputs have width {}, the item tower's {}",
                    user.out_width(self.dim),
                    item.out_width(self.dim)
                ),
                allowed: "the same width for both".into(),
            });
        }
        Ok(())
    }

    /// Returns the share of a step's candidates that is drawn uniformly. Returns `None` unless the
    /// other candidates come from the batch, and their log q from the counts of the training pairs.
    pub fn drawn_share(&self) -> Option<f64> {
        let count = match (self.negatives.log_q, self.negatives.kind) {
            (LogQ::Known(true), NegativesKind::InBatch) => 0,
            (LogQ::Known(true), NegativesKind::Mixed) => self.negatives.count,
            _ => return None,
        };
        Some(count as f64 / (self.batch_size + count) as f64)
    }

    /// Returns K, the number of candidates in a step: the positives, then the drawn negatives.
    pub fn candidates(&self) -> usize {
        self.batch_size
            + match self.negatives.kind {
                NegativesKind::InBatch => 0,
                NegativesKind::Uniform | NegativesKind::Popularity => {
                    self.batch_size * self.negatives.count
                }
                NegativesKind::Mixed => self.negatives.count,
            }
    }

    /// Checks the options of the negatives together.
    fn check_negatives(&self) -> Result<()> {
        if self.candidates() > MAX_USES {
            return Err(Error::Config {
                key: "negatives.count".into(),
                problem: format!(
                    "a step of {} pairs with {} negatives each has {} items",
                    self.batch_size,
                    self.negatives.count,
                    self.candidates(),
                ),
                allowed: format!("at most {MAX_USES} items per step"),
            });
        }
        let has_own =
            matches!(self.negatives.kind, NegativesKind::Uniform | NegativesKind::Popularity);
        if self.cbns.is_some() && has_own {
            return Err(Error::Config {
                key: "cbns".into(),
                problem:
                    "a bank adds to negatives that a batch shares, but here each pair has its own"
                        .into(),
                allowed: "negatives.kind \"in-batch\" or \"mixed\", or no cbns".into(),
            });
        }
        let is_estimated = matches!(self.negatives.log_q, LogQ::Estimated(_));
        if is_estimated && self.negatives.kind != NegativesKind::InBatch {
            return Err(Error::Config {
                key: "negatives.logQ".into(),
                problem: "\"streaming\" estimates how often an item is in a batch, not how often \
                          it is drawn"
                    .into(),
                allowed: "true or false, or negatives.kind \"in-batch\"".into(),
            });
        }
        Ok(())
    }
}

/// Returns the defaults as one nested object.
pub fn defaults() -> Value {
    let mut root = Value::Object(Map::new());
    for spec in OPTIONS {
        *slot(&mut root, spec.key) = parsed(spec.default);
    }
    for group in OPTIONAL_GROUPS {
        *slot(&mut root, group) = Value::Null;
    }
    root
}

/// Returns the defaults inside an optional group, for a group that is switched on.
fn group_defaults(group: &str) -> Value {
    let mut root = Value::Object(Map::new());
    for spec in OPTIONS {
        if let Some(name) = spec.key.strip_prefix(group).and_then(|rest| rest.strip_prefix('.')) {
            *slot(&mut root, name) = parsed(spec.default);
        }
    }
    root
}

/// Sets the option at a dotted path in an options object, as `--set a.b=value` does.
pub fn set(options: &mut Value, key: &str, value: Value) {
    *slot(options, key) = value;
}

/// Returns the value of an option by its dotted path. The options may be nested or named by dotted
/// paths.
pub fn get<'a>(options: &'a Value, key: &str) -> Option<&'a Value> {
    let entries = options.as_object()?;
    entries.iter().find_map(|(name, value)| match key.strip_prefix(name.as_str())? {
        "" => Some(value),
        rest => get(value, rest.strip_prefix('.')?),
    })
}

fn slot<'a>(root: &'a mut Value, key: &str) -> &'a mut Value {
    key.split('.').fold(root, |node, part| {
        if !node.is_object() {
            *node = Value::Object(Map::new());
        }
        &mut node[part]
    })
}

fn merge(path: &str, options: &Value, into: &mut Value) -> Result<()> {
    let Value::Object(entries) = options else {
        return Err(Error::Config {
            key: if path.is_empty() { "config".into() } else { path.into() },
            problem: format!("{} is not an object", clip(&options.to_string())),
            allowed: format!("an object with {}", names_under(path)),
        });
    };
    for (name, value) in entries {
        // `{"split.kind": …}` means `{"split": {"kind": …}}`.
        if let Some((group, rest)) = name.split_once('.') {
            merge(path, &json!({ group: { rest: value } }), into)?;
            continue;
        }
        let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        if NOT_YET.contains(&key.as_str()) {
            if value.is_null() {
                continue;
            }
            return Err(Error::NotAvailable { what: key });
        }
        if OPTIONAL_GROUPS.contains(&key.as_str()) {
            if value.is_null() {
                into[name.as_str()] = Value::Null;
                continue;
            }
            if into[name.as_str()].is_null() {
                into[name.as_str()] = group_defaults(&key);
            }
        }
        if let Some(spec) = OPTIONS.iter().find(|spec| spec.key == key) {
            check(spec, value)?;
            into[name.as_str()] = value.clone();
        } else if OPTIONS.iter().any(|spec| spec.key.starts_with(&format!("{key}."))) {
            merge(&key, value, &mut into[name.as_str()])?;
        } else {
            return Err(Error::Config {
                key,
                problem: "no such option".into(),
                allowed: names_under(path),
            });
        }
    }
    Ok(())
}

pub(super) fn check(spec: &OptionSpec, value: &Value) -> Result<()> {
    if !spec.kinds.iter().any(|kind| kind.allows(value)) {
        let allowed: Vec<String> = spec.kinds.iter().map(Kind::to_string).collect();
        return Err(Error::Config {
            key: spec.key.into(),
            problem: format!("{} is not allowed", clip(&json::write(value))),
            allowed: allowed.join(", or "),
        });
    }
    Ok(())
}

/// Returns the names that are allowed directly below a path, for a message.
fn names_under(path: &str) -> String {
    let prefix = if path.is_empty() { String::new() } else { format!("{path}.") };
    let mut names: Vec<&str> = OPTIONS
        .iter()
        .filter_map(|spec| spec.key.strip_prefix(&prefix)?.split('.').next())
        .collect();
    names.dedup();
    names.join(", ")
}
