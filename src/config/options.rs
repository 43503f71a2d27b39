//! The options of a run: name, bounds, default and meaning. [`OPTIONS`] is the only source: the
//! typed [`Config`], the TypeScript types, the table in the README and the page's controls are
//! generated from it or tested against it.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::data::{Encoding, check_time_format};
use crate::error::{Error, Result, clip};
use crate::json;
use crate::preset::Preset;

/// One option of a run.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct OptionSpec {
    /// Dotted path, such as `optimizer.learningRate`.
    pub key: &'static str,
    /// The allowed kinds of value.
    pub kinds: &'static [Kind],
    /// Default, as JSON.
    #[serde(serialize_with = "as_json")]
    pub default: &'static str,
    /// Its meaning, in one sentence.
    pub doc: &'static str,
    /// Values that the page sets when it switches on the technique of this option, by dotted path,
    /// as JSON. They suit a page's data and a dozen epochs better than the defaults.
    #[serde(serialize_with = "as_json")]
    pub starts: &'static str,
}

/// A kind of value that an option may have.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A whole number within bounds, both included.
    Int(u64, u64),
    /// A number within bounds, both included.
    Number(f64, f64),
    /// A number above the first and at most the second.
    Above(f64, f64),
    /// `true` or `false`.
    Bool,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Any text.
    Text,
    /// `null`: off, or detected from the data.
    Null,
    /// A list of values of a kind, at most this long.
    List(&'static Kind, usize),
}

use Kind::{Above, Bool, Int, List, Null, Number, OneOf, Text};

const fn option(
    key: &'static str,
    kinds: &'static [Kind],
    default: &'static str,
    doc: &'static str,
) -> OptionSpec {
    OptionSpec { key, kinds, default, doc, starts: "{}" }
}

impl OptionSpec {
    const fn starting(self, starts: &'static str) -> Self {
        Self { starts, ..self }
    }
}

/// A column of a file: its name in the header, or its position from 0.
const COLUMN: &[Kind] = &[Text, Int(0, 1000), Null];

const HEADER: &[Kind] = &[Bool, Null];
const SEPARATOR: &[Kind] = &[OneOf(&[",", ";", "|", "::", "tab", "blanks"]), Null];

/// Hidden widths of a tower: at most eight layers, more than data of a page's size can use.
const LAYERS: &[Kind] = &[List(&Int(1, 1024), 8)];
const LAYERS_DOC: &str = "Widths of the hidden layers, each affine with ReLU";
/// Feature columns of an items or users file, with the maximum number of columns.
pub(crate) const FEATURE_COLUMNS: usize = 6;
const FEATURES: &[Kind] = &[List(&Text, FEATURE_COLUMNS)];
const OUT: &[Kind] = &[Int(1, 1024), Null];
const OUT_DOC: &str = "Width of the output, made by an affine layer; null for `dim`, without that layer if there are no hidden ones";

/// All options, in the order of the documentation.
pub const OPTIONS: &[OptionSpec] = &[
    option(
        "preset",
        &[OneOf(&["fast", "balanced", "best"]), Null],
        "null",
        "A named set of defaults: `fast` for a first look, `balanced` for the usual run, `best` for the best \
         ranking, at several times the cost",
    ),
    option("dim", &[Int(1, 1024)], "64", "Embedding width D"),
    option("batchSize", &[Int(2, 16384)], "256", "Batch size B: pairs in a training step"),
    option("epochs", &[Int(1, 100_000)], "12", "Number of passes over the training pairs"),
    option("seed", &[Int(0, 4_294_967_295)], "0", "Seed of every random choice"),
    option(
        "normalize",
        &[Bool],
        "true",
        "Scale tower outputs to length 1, so that scores are cosines",
    ),
    option(
        "temperature",
        &[Number(1e-4, 1000.0)],
        "0.2",
        "Temperature τ: the softmax divides the scores by it",
    ),
    option(
        "init",
        &[Above(0.0, 100.0), OneOf(&["xavier"])],
        "0.1",
        "Standard deviation of the initial embeddings; `xavier` for Xavier normal",
    ),
    option(
        "metric",
        &[OneOf(&["recall@10", "recall@20", "ndcg@10", "ndcg@20", "hit@10", "mrr@10"])],
        "\"ndcg@20\"",
        "Metric that chooses the best epoch, measured on the validation part if there is one",
    ),
    option(
        "patience",
        &[Int(1, 100_000), Null],
        "null",
        "Stop early after this many epochs without a better `metric` on the validation part",
    ),
    option(
        "tune.temperature",
        &[List(&Number(1e-4, 1000.0), 16)],
        "[0.1,0.15,0.2,0.25]",
        "Temperatures to try first, on held-out pairs; the run then trains on all pairs with the best \
         temperature and its best number of epochs",
    ),
    option(
        "tune.validation",
        &[Above(0.0, 0.9)],
        "0.1",
        "Share of each user's training pairs that is held out to compare temperatures",
    ),
    option(
        "optimizer.kind",
        &[OneOf(&["adam", "adagrad", "sgd"])],
        "\"adam\"",
        "Optimizer: `adam` (row-sparse), `adagrad` (one sum per row), `sgd`",
    ),
    option("optimizer.learningRate", &[Above(0.0, 100.0)], "0.004", "Learning rate"),
    option(
        "optimizer.schedule",
        &[OneOf(&["constant", "cosine"])],
        "\"constant\"",
        "Learning rate over the run: `constant`, or `cosine` (falls to 0 at the end of the last epoch)",
    ),
    option(
        "optimizer.warmup",
        &[Number(0.0, 100_000.0)],
        "0",
        "Epochs over which the learning rate rises linearly from 0",
    ),
    option(
        "optimizer.l2",
        &[Number(0.0, 100.0)],
        "0",
        "L2 weight decay, added to the gradient as l2·w",
    ),
    option(
        "negatives.kind",
        &[OneOf(&["in-batch", "uniform", "popularity", "mixed"])],
        "\"in-batch\"",
        "Negatives of a pair: `in-batch` (the other pairs' items), `uniform` or `popularity` (items drawn for \
         each pair), `mixed` (in-batch, and items drawn for the whole batch)",
    ),
    option(
        "negatives.count",
        &[Int(1, 1024)],
        "5",
        "Number n of negatives to draw: for each pair (`uniform`, `popularity`) or for the batch (`mixed`)",
    ),
    option(
        "negatives.alpha",
        &[Number(0.0, 2.0)],
        "0.75",
        "Exponent of an item's count, for `popularity`",
    ),
    option(
        "negatives.logQ",
        &[Bool, OneOf(&["streaming"])],
        "true",
        "Subtract the log of the sampling probability from the logits: `true` computes it from the counts, \
         `streaming` estimates it batch by batch",
    ),
    option(
        "negatives.gapRate",
        &[Above(0.0, 1.0)],
        "0.01",
        "Rate of the `streaming` estimate: weight of the newest gap between two uses of an item",
    ),
    // The default keeps half of a user's random start for 69 pairs: after the default epochs
    // NDCG@20 is 28% lower.
    option(
        "onebp.beta",
        &[Number(0.0, 1.0)],
        "0.99",
        "Share β of a user's vector that is kept at each of their pairs; the rest comes from the item. Only \
         the item tower gets gradients",
    )
    .starting(r#"{ "onebp.beta": 0.95, "temperature": 0.12 }"#),
    // Equal to the default after the default epochs on goodbooks (NDCG@20 .240 both), with a sixth
    // of the multiply-adds.
    option(
        "cbns.capacity",
        &[Int(1, 1_048_576)],
        "4096",
        "Size M of the bank: items of earlier batches that serve as additional negatives",
    )
    .starting(r#"{ "cbns.capacity": 512 }"#),
    option(
        "cbns.warmup",
        &[Int(0, 4_000_000_000), OneOf(&["auto"])],
        "\"auto\"",
        "Steps before the bank is used; `auto` waits until outputs drift by at most a tenth of their length",
    ),
    option(
        "cbns.sides",
        &[OneOf(&["both", "items"])],
        "\"both\"",
        "Gradients of the bank: `items` as published, or `both`, where banked users also push the batch's items",
    ),
    // The policy with the smallest loss of quality: it skips a fifth of the pairs
    // (docs/skipping.md).
    option(
        "skip.policy",
        &[OneOf(&["stale", "popularity", "cap", "random"])],
        "\"stale\"",
        "Which pairs are skipped: `stale` (their rows hardly move), `popularity` (rare items), `cap` (users with \
         many pairs, in rotation), `random`",
    )
    .starting(r#"{ "skip.policy": "cap", "skip.start": 1, "skip.until": 0.75 }"#),
    option("skip.share", &[Above(0.0, 0.9)], "0.3", "Share of the pairs to skip"),
    option(
        "skip.rows",
        &[OneOf(&["both", "item"])],
        "\"both\"",
        "A pair is stale if `both` its rows are, or if its `item` row is (for `stale`)",
    ),
    option(
        "skip.hotShare",
        &[Above(0.0, 1.0)],
        "0.8",
        "Share of all pairs that belong to hot rows; only hot rows can be stale",
    ),
    option("skip.start", &[Int(1, 100_000)], "2", "Complete epochs before the first decision"),
    option(
        "skip.sample",
        &[Above(0.0, 1.0)],
        "0.1",
        "Share of the pairs that are sampled to find the threshold",
    ),
    option(
        "skip.recheck",
        &[Int(0, 100_000)],
        "1",
        "Epochs between decisions; 0 decides once (for `stale`)",
    ),
    option(
        "skip.keep",
        &[Number(0.0, 1.0)],
        "0",
        "Probability that a skipped pair is trained on all the same",
    ),
    option(
        "skip.until",
        &[Above(0.0, 1.0)],
        "1",
        "Share of the epochs after which nothing is skipped",
    ),
    option("towers.user.id", &[Bool], "true", "Give each user an embedding of its own"),
    option(
        "towers.user.features",
        FEATURES,
        "[]",
        "Columns of the users file to embed; the embeddings of a row are averaged. Suffixes: `:list` splits a \
         cell at bars, semicolons and commas, `:list/` at the sign that follows, `:words` into words; `:number` makes \
         ten ranges",
    ),
    option(
        "towers.user.history.table",
        &[OneOf(&["shared", "separate"])],
        "\"shared\"",
        "Users as the sum of their items' embeddings: those of the item tower (`shared`) or a table of its own \
         (`separate`); the pair's own item is excluded",
    )
    .starting(r#"{ "towers.user.id": false }"#),
    option(
        "towers.user.history.power",
        &[Number(0.0, 2.0)],
        "0.5",
        "The sum is divided by the number of items to this power",
    ),
    option(
        "towers.user.history.cap",
        &[Int(1, 65_536)],
        "100",
        "Maximum length of a history; longer ones are sampled once",
    ),
    option("towers.user.layers", LAYERS, "[]", LAYERS_DOC),
    option("towers.user.out", OUT, "null", OUT_DOC),
    option("towers.item.id", &[Bool], "true", "Give each item an embedding of its own"),
    option(
        "towers.item.features",
        FEATURES,
        "[]",
        "Columns of the items file to embed; the embeddings of a row are averaged. Suffixes: `:list` splits a \
         cell at bars, semicolons and commas, `:list/` at the sign that follows, `:words` into words; `:number` makes \
         ten ranges",
    )
    .starting(r#"{ "towers.item.features": ["title:words"] }"#),
    option("towers.item.layers", LAYERS, "[]", LAYERS_DOC),
    option("towers.item.out", OUT, "null", OUT_DOC),
    option(
        "split.kind",
        &[OneOf(&["given", "random", "temporal", "temporal-global", "leave-last-out"])],
        "\"random\"",
        "Test part: `given` (train and test are separate files), `random` (a share of each user's pairs), \
         `temporal` (each user's last share), `leave-last-out` (each user's last pair), \
         `temporal-global` (all pairs after one moment)",
    ),
    option(
        "split.test",
        &[Number(0.0, 0.9)],
        "0.2",
        "Share of the test part: of each user's pairs, or of all pairs for `temporal-global`",
    ),
    option(
        "split.validation",
        &[Number(0.0, 0.9)],
        "0",
        "Share of the training pairs that choose the best epoch; split off as the test part is",
    ),
    option(
        "split.at",
        &[Text, Number(-1e13, 1e13), Null],
        "null",
        "Start of the test part for `temporal-global`: a date or a unix time, instead of `split.test`",
    ),
    option(
        "data.minRating",
        &[Number(-1e9, 1e9), Null],
        "null",
        "Minimum rating that counts as an interaction",
    ),
    option(
        "data.core",
        &[Int(1, 1_000_000), Null],
        "null",
        "Keep only users and items with at least this many interactions among those kept (k-core)",
    ),
    option("data.columns.user", COLUMN, "null", "Column of the user ids"),
    option("data.columns.item", COLUMN, "null", "Column of the item ids"),
    option("data.columns.rating", COLUMN, "null", "Column of the ratings"),
    option("data.columns.timestamp", COLUMN, "null", "Column of the times"),
    option("data.header", HEADER, "null", "The first row names the columns"),
    option(
        "data.layout",
        &[OneOf(&["table", "lists"]), Null],
        "null",
        "A line is a record (`table`), or a user and all their items (`lists`)",
    ),
    option("data.separator", SEPARATOR, "null", "Separator of the cells"),
    option("data.items.id", COLUMN, "null", "Column of the item ids in the items file"),
    option("data.items.title", COLUMN, "null", "Column of the titles in the items file"),
    option("data.items.header", HEADER, "null", "As `data.header`, for the items file"),
    option("data.items.separator", SEPARATOR, "null", "As `data.separator`, for the items file"),
    option("data.users.id", COLUMN, "null", "Column of the user ids in the users file"),
    option("data.users.header", HEADER, "null", "As `data.header`, for the users file"),
    option("data.users.separator", SEPARATOR, "null", "As `data.separator`, for the users file"),
    option(
        "data.encoding",
        &[OneOf(&["utf-8", "latin-1", "utf-16"]), Null],
        "null",
        "Encoding of the files; `latin-1` is Windows-1252",
    ),
    option(
        "data.timeFormat",
        &[Text, Null],
        "null",
        "Format of times: `month-first` or `day-first` for dates such as 12/1/2010, or a pattern such as \
         `%d.%m.%Y %H:%M`",
    ),
    option(
        "data.missing",
        &[List(&Text, 32)],
        r#"["NA","NULL","null","nan","NaN","None","\\N"]"#,
        "Words that mean \"no value\", as an empty cell does",
    ),
];

/// Returns the values that the page sets when it switches on a group of options, by dotted path.
pub fn starts(group: &str) -> Map<String, Value> {
    let is_of = |key: &str| {
        key.strip_prefix(group).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let specs = OPTIONS.iter().filter(|spec| is_of(spec.key));
    let values = specs.filter_map(|spec| parsed(spec.starts).as_object().cloned());
    values.flatten().collect()
}

/// Groups that are off (`null`) by default.
pub const OPTIONAL_GROUPS: &[&str] = &["tune", "onebp", "cbns", "skip", "towers.user.history"];

/// Groups that this version rejects by name.
const NOT_YET: &[&str] = &["towers.item.history"];

/// Maximum number of uses of a table's rows in a step. At D = 64, the outputs and the gradients of
/// this number of candidates take 32 MiB each, and one workgroup sorts them well within the time
/// limit of a GPU's watchdog.
pub(crate) const MOST_USES: usize = 1 << 17;

/// A run's options, complete and valid. Only [`Config::resolve`] creates it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// Name of the [`Preset`] that supplied the defaults, if any.
    pub preset: Option<String>,
    /// Embedding width D.
    pub dim: usize,
    /// Pairs in a step, B.
    pub batch_size: usize,
    /// Passes over the training pairs.
    pub epochs: usize,
    /// Seed of every random choice.
    pub seed: u32,
    /// Whether tower outputs have length 1.
    pub normalize: bool,
    /// Temperature τ, the divisor of the scores.
    pub temperature: f32,
    /// Initial values of the tables.
    pub init: Init,
    /// Metric for the choice of the best epoch.
    pub metric: Metric,
    /// Epochs without a better validation metric after which training stops early.
    pub patience: Option<usize>,
    /// Trials before the run, if on.
    pub tune: Option<Tune>,
    /// Update rule of the tables.
    pub optimizer: Optimizer,
    /// Negatives of the softmax.
    pub negatives: Negatives,
    /// Training of the item tower only, if on.
    pub onebp: Option<OneBp>,
    /// Negatives from earlier batches, if on.
    pub cbns: Option<Cbns>,
    /// Skipping of pairs, if on.
    pub skip: Option<Skip>,
    /// Inputs and layers of the towers.
    pub towers: Towers,
    /// Test and validation parts.
    pub split: Split,
    /// Options for reading and filtering files.
    pub data: DataOptions,
}

/// Initial values of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Init {
    /// Normal with this standard deviation.
    Std(f32),
    /// Normal with variance 2/(rows + D) (Glorot & Bengio 2010), as in the code of OneBP's authors.
    Named(InitRule),
}

/// Named rules for initial values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InitRule {
    /// Xavier normal.
    Xavier,
}

/// Metrics for the choice of the best epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the serialised names say which metric at which cut")]
pub enum Metric {
    #[serde(rename = "recall@10")]
    Recall10,
    #[serde(rename = "recall@20")]
    Recall20,
    #[serde(rename = "ndcg@10")]
    Ndcg10,
    #[serde(rename = "ndcg@20")]
    Ndcg20,
    #[serde(rename = "hit@10")]
    Hit10,
    #[serde(rename = "mrr@10")]
    Mrr10,
}

/// Trials before the run, on a held-out part of the training pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tune {
    /// Temperatures, in the order of the trials.
    pub temperature: Vec<f32>,
    /// Held-out share of each user's training pairs.
    pub validation: f64,
}

/// Update rule of the tables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Optimizer {
    /// The rule.
    pub kind: OptimizerKind,
    /// Learning rate, after warm-up and before the schedule.
    pub learning_rate: f32,
    /// Schedule of the learning rate.
    pub schedule: ScheduleKind,
    /// Epochs over which the learning rate rises.
    pub warmup: f32,
    /// Weight decay.
    pub l2: f32,
}

/// Update rules; all are row-sparse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerKind {
    /// State of two moments per element.
    Adam,
    /// State of one squared-gradient sum per row.
    Adagrad,
    /// Plain descent without state.
    Sgd,
}

/// Schedules of the learning rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScheduleKind {
    /// The learning rate stays constant.
    Constant,
    /// The learning rate falls along half a cosine.
    Cosine,
}

/// Negatives of the softmax.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Negatives {
    /// Source of the negatives.
    pub kind: NegativesKind,
    /// Number of drawn negatives, for the kinds that draw.
    pub count: usize,
    /// Exponent of the items' counts for `popularity`.
    pub alpha: f32,
    /// The logQ correction.
    #[serde(rename = "logQ")]
    pub log_q: LogQ,
    /// Rate α of the streaming estimate.
    pub gap_rate: f32,
}

/// Sources of negatives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NegativesKind {
    /// The items of the other pairs in the batch.
    InBatch,
    /// Items that the pair's user does not have, with equal probability.
    Uniform,
    /// Any other items, with probability proportional to a power of their counts.
    Popularity,
    /// The items of the other pairs, and items drawn for the whole batch with equal probability.
    Mixed,
}

/// The logQ correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LogQ {
    /// On, with log q from the counts of the training pairs; or off.
    Known(bool),
    /// On, with an estimate of log q.
    Estimated(Estimate),
}

/// Estimates of log q.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Estimate {
    /// From the gaps between the batches that contain an item (Yi et al. 2019).
    Streaming,
}

/// Training of the item tower only; a user's vector is a moving average of its items' outputs (Chen
/// & Wang 2024).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OneBp {
    /// Share β of a user's vector that is kept at each pair.
    pub beta: f32,
}

/// Negatives from earlier batches (Wang, Zhu & He 2021).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cbns {
    /// Size M of the bank.
    pub capacity: usize,
    /// Start of the bank's use.
    pub warmup: Warmup,
    /// Sides that get gradients from the bank.
    pub sides: Sides,
}

/// Start of the bank's use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Warmup {
    /// After this many steps.
    Steps(u32),
    /// By a rule.
    Rule(WarmupRule),
}

impl Warmup {
    /// Starts when outputs are steady.
    pub const AUTO: Self = Self::Rule(WarmupRule::Auto);
}

/// Rules for the first use of the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WarmupRule {
    /// The bank is used when outputs are steady.
    Auto,
}

/// Sides that get gradients from the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sides {
    /// The batch's users from banked items, and the batch's items from banked users.
    Both,
    /// The batch's users from banked items, as published.
    Items,
}

/// Skipping of pairs, which shortens epochs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Skip {
    /// Policy that selects the pairs.
    pub policy: SkipPolicy,
    /// Share of the pairs to skip.
    pub share: f64,
    /// Rows that must be stale for a stale pair.
    pub rows: SkipRows,
    /// Share of all pairs in the hot rows.
    pub hot_share: f64,
    /// Whole epochs before the first decision.
    pub start: usize,
    /// Share of the pairs in the sample for the search of a threshold.
    pub sample: f64,
    /// Epochs from one decision to the next; 0 decides once.
    pub recheck: usize,
    /// Probability that a pair to skip is trained on in an epoch.
    pub keep: f64,
    /// Share of the epochs after which no pairs are skipped.
    pub until: f64,
}

impl Skip {
    /// Returns whether the policy judges users' rows.
    pub fn judges_users(&self) -> bool {
        match self.policy {
            SkipPolicy::Stale => self.rows == SkipRows::Both,
            SkipPolicy::Cap => true,
            SkipPolicy::Popularity | SkipPolicy::Random => false,
        }
    }

    /// Returns the number of epochs, out of `epochs`, after which no pairs are skipped.
    pub fn ends_after(&self, epochs: usize) -> usize {
        // For products such as 0.29 · 100, which is slightly below 29 in floating point.
        const HAIR: f64 = 1e-9;
        (self.until * epochs as f64 + HAIR) as usize
    }

    /// Returns whether the policy judges items' rows.
    pub fn judges_items(&self) -> bool {
        matches!(self.policy, SkipPolicy::Stale | SkipPolicy::Popularity)
    }
}

/// Policies that select the pairs to skip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipPolicy {
    /// Pairs whose rows hardly move (Ebrahimzadeh Maboud et al. 2024).
    Stale,
    /// Pairs of rare items.
    Popularity,
    /// Pairs of a user above a cap, averaged over the epochs; the pairs rotate.
    Cap,
    /// Random pairs, drawn again for each epoch: the control.
    Random,
}

/// Rows that must be stale for a stale pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipRows {
    /// The rows of its user and its item.
    Both,
    /// Only the row of its item.
    Item,
}

/// Inputs and layers of the towers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Towers {
    /// The user tower.
    pub user: UserTower,
    /// The item tower.
    pub item: TowerConfig,
}

/// Inputs and layers of a tower.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TowerConfig {
    /// Whether each id has an embedding of its own.
    pub id: bool,
    /// Columns with features, which have embeddings.
    pub features: Vec<String>,
    /// Widths of the hidden layers.
    pub layers: Vec<usize>,
    /// Width of the output.
    pub out: Option<usize>,
}

impl TowerConfig {
    /// Returns the output widths of the layers for inputs of width `dim`.
    pub fn widths(&self, dim: usize) -> Vec<usize> {
        let last = (!self.layers.is_empty()).then_some(dim);
        self.layers.iter().copied().chain(self.out.or(last)).collect()
    }

    /// Returns the width of the output for inputs of width `dim`.
    pub fn out_width(&self, dim: usize) -> usize {
        self.out.unwrap_or(dim)
    }

    /// Returns whether features are the only input.
    pub fn is_features(&self) -> bool {
        !self.id && !self.features.is_empty()
    }

    /// Returns whether an embedding per id is the only input, without layers.
    pub fn is_table(&self) -> bool {
        self.id && self.features.is_empty() && self.layers.is_empty() && self.out.is_none()
    }
}

/// Inputs and layers of a user tower.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserTower {
    /// Inputs and layers that any tower can have.
    #[serde(flatten)]
    pub base: TowerConfig,
    /// The sum of a user's items, if it is an input.
    pub history: Option<History>,
}

impl UserTower {
    /// Returns whether an embedding per id is the only input, without layers.
    pub fn is_table(&self) -> bool {
        self.base.is_table() && self.history.is_none()
    }

    /// Returns whether features are the only input.
    pub fn is_features(&self) -> bool {
        self.base.is_features() && self.history.is_none()
    }
}

/// The sum of a user's items as an input of the user tower.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Table of the summed embeddings.
    pub table: HistoryTable,
    /// Power p: the sum is divided by the number of items to the power of p.
    pub power: f32,
    /// Maximum number of items in a history.
    pub cap: usize,
}

/// Tables that a history can sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HistoryTable {
    /// The item tower's embeddings.
    Shared,
    /// Separate embeddings.
    Separate,
}

/// Test and validation parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Split {
    /// The rule.
    pub kind: SplitKind,
    /// Share of each user's pairs in the test part.
    pub test: f64,
    /// Share of each user's training pairs in the validation part.
    pub validation: f64,
    /// Start of the test part, for `temporal-global`.
    pub at: Option<Moment>,
}

/// A point in time in the options.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Moment {
    /// Seconds or milliseconds since 1970.
    Number(serde_json::Number),
    /// A date.
    Text(String),
}

/// Rules for splitting data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitKind {
    /// Training and test parts are separate files.
    Given,
    /// A seeded share of each user's pairs.
    Random,
    /// The last share of each user's pairs by time.
    Temporal,
    /// The last share of all pairs by time.
    TemporalGlobal,
    /// Each user's last pair by time.
    LeaveLastOut,
}

/// Options for reading and filtering files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataOptions {
    /// Minimum rating of a pair that is kept.
    pub min_rating: Option<f64>,
    /// k of the k-core filter.
    pub core: Option<usize>,
    /// Columns of an interactions file.
    pub columns: Columns,
    /// Options for reading an items file.
    pub items: ItemsFile,
    /// Options for reading a users file.
    pub users: UsersFile,
    /// Whether the first row names the columns.
    pub header: Option<bool>,
    /// Contents of a line of text.
    pub layout: Option<Layout>,
    /// Text between cells, by its name.
    pub separator: Option<String>,
    /// Encoding of the files.
    pub encoding: Option<Encoding>,
    /// Format of the times.
    pub time_format: Option<String>,
    /// Words that mean "no value".
    pub missing: Vec<String>,
}

/// Contents of a line of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// A record.
    Table,
    /// A user and all their items.
    Lists,
}

/// Options for reading an items file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ItemsFile {
    /// Column of the item ids.
    pub id: Option<Column>,
    /// Column of the titles.
    pub title: Option<Column>,
    /// Whether the first row names the columns.
    pub header: Option<bool>,
    /// Text between cells, by its name.
    pub separator: Option<String>,
}

/// Options for reading a users file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UsersFile {
    /// Column of the user ids.
    pub id: Option<Column>,
    /// Whether the first row names the columns.
    pub header: Option<bool>,
    /// Text between cells, by its name.
    pub separator: Option<String>,
}

/// Columns of an interactions file. A column that is `None` is detected from the header or the
/// format.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Columns {
    /// User ids.
    pub user: Option<Column>,
    /// Item ids.
    pub item: Option<Column>,
    /// Ratings.
    pub rating: Option<Column>,
    /// Times.
    pub timestamp: Option<Column>,
}

/// A column by name or by position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Column {
    /// Position, from 0.
    Position(usize),
    /// Name in the header, or key of a JSON line.
    Name(String),
}

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
                    "it stores users as plain vectors, so the user tower has no other inputs",
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

    /// Returns the share of a step's candidates that is drawn uniformly, if the other candidates
    /// come from the batch and are corrected by the items' shares of the training pairs.
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
        if self.candidates() > MOST_USES {
            return Err(Error::Config {
                key: "negatives.count".into(),
                problem: format!(
                    "{} for each of {} pairs are {} items per step",
                    self.negatives.count,
                    self.batch_size,
                    self.candidates(),
                ),
                allowed: format!("at most {MOST_USES} items per step"),
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

fn as_json<S: Serializer>(text: &str, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    parsed(text).serialize(serializer)
}

/// Parses JSON of the table of options.
fn parsed(text: &str) -> Value {
    json::value(text.as_bytes()).expect("a default is JSON")
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

fn check(spec: &OptionSpec, value: &Value) -> Result<()> {
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

impl Kind {
    fn allows(&self, value: &Value) -> bool {
        match *self {
            Int(min, max) => value.as_u64().is_some_and(|n| (min..=max).contains(&n)),
            Number(min, max) => value.as_f64().is_some_and(|n| (min..=max).contains(&n)),
            // Also after rounding to `f32`, which can reach the bound.
            Above(min, max) => {
                value.as_f64().is_some_and(|n| n > min && n as f32 > min as f32 && n <= max)
            }
            Bool => value.is_boolean(),
            OneOf(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            Text => value.is_string(),
            Null => value.is_null(),
            List(kind, most) => value.as_array().is_some_and(|values| {
                values.len() <= most && values.iter().all(|value| kind.allows(value))
            }),
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let value = match *self {
            Int(min, max) => json!({ "kind": "int", "min": min, "max": max }),
            Number(min, max) => json!({ "kind": "number", "min": min, "max": max }),
            Above(min, max) => json!({ "kind": "above", "min": min, "max": max }),
            Bool => json!({ "kind": "bool" }),
            OneOf(words) => json!({ "kind": "one-of", "words": words }),
            Text => json!({ "kind": "text" }),
            Null => json!({ "kind": "null" }),
            List(of, most) => json!({ "kind": "list", "of": of, "most": most }),
        };
        value.serialize(serializer)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Int(min, max) => write!(f, "a whole number from {min} to {max}"),
            Number(min, max) => write!(f, "a number from {min} to {max}"),
            Above(min, max) => write!(f, "a number above {min} and up to {max}"),
            Bool => write!(f, "true or false"),
            OneOf(words) => {
                let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                write!(f, "{}", quoted.join(" or "))
            }
            Text => write!(f, "a text"),
            Null => write!(f, "null"),
            List(kind, most) => write!(f, "a list of up to {most}, each {kind}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::PRESETS;

    /// Bounds also hold for the `f32` values that training uses.
    #[test]
    fn numbers_that_f32_rounds_to_a_bound_are_rejected() {
        for spec in OPTIONS {
            for kind in spec.kinds {
                let Above(min, max) = *kind else { continue };
                assert!(!kind.allows(&json!(min + 1e-50)), "{}", spec.key);
                assert!(kind.allows(&json!(min + 1e-30)), "{}", spec.key);
                assert!(kind.allows(&json!(max)) && !kind.allows(&json!(min)), "{}", spec.key);
            }
        }
        let refused = Config::resolve(&json!({ "optimizer.learningRate": 1e-50 }));
        assert_eq!(refused.expect_err("a step of nothing").code(), "config");
    }

    #[test]
    fn a_message_repeats_no_more_than_a_line() {
        let long = "é".repeat(1 << 19);
        for options in [json!({ &long: 1 }), json!({ "seed": long }), json!(long)] {
            let message = Config::resolve(&options).expect_err("no options").to_string();
            assert!(message.len() < 4000, "{} bytes", message.len());
        }
    }

    #[test]
    fn defaults_fill_the_typed_config_and_nothing_is_lost() {
        let config = Config::default();
        assert_eq!(config.dim, 64);
        // Floats are rounded to `f32`: compares after the same rounding.
        let there_and_back: Config =
            serde_json::from_value(serde_json::to_value(&config).expect("serialises"))
                .expect("deserialises");
        assert_eq!(there_and_back, config);
        let typed = serde_json::to_value(&config).expect("serialises");
        for spec in OPTIONS {
            if OPTIONAL_GROUPS.iter().any(|group| spec.key.starts_with(group)) {
                continue;
            }
            let pointer = format!("/{}", spec.key.replace('.', "/"));
            assert!(typed.pointer(&pointer).is_some(), "Config lacks `{}`", spec.key);
        }
        // Both towers have the same type, but an item has no history.
        assert_eq!(typed["towers"], defaults()["towers"]);
    }

    #[test]
    fn unknown_keys_and_bad_values_are_refused_by_name() {
        let refused = |options: Value, key: &str| match Config::resolve(&options) {
            Err(Error::Config { key: found, allowed, .. }) => {
                assert_eq!(found, key);
                assert!(!allowed.is_empty());
            }
            other => panic!("{options} gave {other:?}"),
        };
        refused(json!({ "dims": 3 }), "dims");
        refused(json!({ "dim": 0 }), "dim");
        refused(json!({ "dim": 2.5 }), "dim");
        refused(json!({ "dim": "64" }), "dim");
        refused(json!({ "temperature": 0 }), "temperature");
        refused(json!({ "optimizer": { "rate": 1 } }), "optimizer.rate");
        refused(json!({ "optimizer": 1 }), "optimizer");
        refused(json!({ "optimizer": { "kind": "adamw" } }), "optimizer.kind");
        refused(json!([]), "config");
        refused(json!({ "tune": { "temperature": [] } }), "tune.temperature");
        refused(json!({ "tune": { "temperature": [0.2, 0.1, 0.2] } }), "tune.temperature");
        let streaming = |kind| json!({ "negatives": { "kind": kind, "logQ": "streaming" } });
        refused(streaming("mixed"), "negatives.logQ");
        refused(streaming("uniform"), "negatives.logQ");
        assert!(Config::resolve(&streaming("in-batch")).is_ok());
        let banked = |kind| json!({ "cbns": {}, "negatives": { "kind": kind } });
        refused(banked("popularity"), "cbns");
        assert!(Config::resolve(&banked("mixed")).is_ok());
        let draws = |kind, count: usize| json!({ "batchSize": 1024, "negatives": { "kind": kind, "count": count } });
        refused(draws("popularity", 128), "negatives.count");
        assert_eq!(Config::resolve(&draws("uniform", 127)).expect("valid").candidates(), 1 << 17);
        assert_eq!(Config::resolve(&draws("mixed", 128)).expect("valid").candidates(), 1152);
    }

    #[test]
    fn later_options_are_rejected_as_not_available() {
        let history = |history: Value| json!({ "towers": { "item": { "history": history } } });
        let error = Config::resolve(&history(json!({}))).expect_err("refused");
        assert_eq!(error.code(), "not-available");
        assert!(Config::resolve(&history(Value::Null)).is_ok());
    }

    #[test]
    fn towers_fit_together_or_are_refused() {
        let refused = |options: Value, key: &str| match Config::resolve(&options) {
            Err(Error::Config { key: found, .. }) => assert_eq!(found, key, "{options}"),
            other => panic!("{options} gave {other:?}"),
        };
        let towers = |user: Value, item: Value| json!({ "towers": { "user": user, "item": item } });
        refused(towers(json!({ "id": false }), json!({})), "towers.user");
        refused(towers(json!({}), json!({ "id": false })), "towers.item");
        refused(towers(json!({ "layers": [0] }), json!({})), "towers.user.layers");
        refused(towers(json!({ "layers": 8 }), json!({})), "towers.user.layers");
        refused(towers(json!({ "layers": vec![8; 9] }), json!({})), "towers.user.layers");
        refused(towers(json!({ "out": 8 }), json!({})), "towers.user.out");
        let mut onebp = towers(json!({ "history": {} }), json!({}));
        onebp["onebp"] = json!({});
        refused(onebp.clone(), "onebp");
        onebp["towers"] = json!({ "item": { "layers": [32], "out": 16 } });
        assert!(Config::resolve(&onebp).is_ok(), "users take up outputs, however items are made");
        let config = Config::resolve(&towers(
            json!({ "id": false, "history": { "cap": 9 }, "out": 8 }),
            json!({ "layers": [32], "out": 8 }),
        ));
        let Towers { user, item } = config.expect("valid").towers;
        let history = History { table: HistoryTable::Shared, power: 0.5, cap: 9 };
        assert_eq!((user.history, user.base.widths(64)), (Some(history), vec![8]));
        assert_eq!(item.widths(64), [32, 8]);
    }

    #[test]
    fn a_group_that_is_off_by_default_has_defaults_of_its_own() {
        assert_eq!(Config::default().cbns, None);
        let on =
            Config::resolve(&json!({ "cbns": { "capacity": 9 }, "onebp": {} })).expect("valid");
        let cbns = Cbns { capacity: 9, warmup: Warmup::Rule(WarmupRule::Auto), sides: Sides::Both };
        assert_eq!((on.cbns, on.onebp), (Some(cbns), Some(OneBp { beta: 0.99 })));
        let error = Config::resolve(&json!({ "onebp": { "alpha": 1 } })).expect_err("refused");
        assert!(error.to_string().contains("allowed: beta"), "{error}");
    }

    #[test]
    fn a_technique_starts_with_values_that_are_allowed_and_no_defaults() {
        for spec in OPTIONS {
            for (key, value) in parsed(spec.starts).as_object().expect(spec.key) {
                let started = OPTIONS.iter().find(|spec| spec.key == key).expect(key);
                check(started, value).expect(key);
                assert_ne!(*value, parsed(started.default), "{key}");
            }
        }
        for group in ["onebp", "cbns", "skip"] {
            let config = Config::resolve(&starts(group).into()).expect(group);
            assert_ne!(config, Config::default(), "{group}");
        }
        assert_eq!(starts("sk"), Map::new());
    }

    #[test]
    fn presets_are_other_defaults() {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        let spec = OPTIONS.iter().find(|spec| spec.key == "preset").expect("an option");
        let [OneOf(words), Null] = spec.kinds else { panic!("{:?}", spec.kinds) };
        assert_eq!(*words, names);
        for Preset { name, .. } in PRESETS {
            let config = Config::resolve(&json!({ "preset": name })).expect(name);
            assert_eq!(config.preset.as_deref(), Some(name));
        }
        let usual = Config {
            preset: None,
            ..Config::resolve(&json!({ "preset": "balanced" })).expect("valid")
        };
        assert_eq!(usual, Config::default());
        let best = Config::resolve(&json!({ "preset": "best", "epochs": 2, "tune": null }));
        let best = best.expect("valid");
        assert_eq!((best.dim, best.epochs, best.tune), (256, 2, None));
    }

    #[test]
    fn dotted_names_mean_what_nested_ones_do() {
        let dotted = json!({
            "split.kind": "temporal", "towers": { "user.history.cap": 9 }, "optimizer": { "l2": 1 },
            "optimizer.learningRate": 0.5,
        });
        let nested = json!({
            "split": { "kind": "temporal" }, "towers": { "user": { "history": { "cap": 9 } } },
            "optimizer": { "learningRate": 0.5, "l2": 1 },
        });
        assert_eq!(Config::resolve(&dotted), Config::resolve(&nested));
        assert!(Config::resolve(&dotted).is_ok());
        for key in ["split.kinds", "splits.kind", "dim.x", "split.kind.x", ".dim", "split."] {
            let error = Config::resolve(&json!({ key: 1 })).expect_err(key);
            assert_eq!(error.code(), "config", "{key}");
        }
        assert_eq!(get(&dotted, "split.kind"), Some(&json!("temporal")));
        assert_eq!(get(&nested, "split.kind"), Some(&json!("temporal")));
        assert_eq!(get(&dotted, "towers.user.history.cap"), Some(&json!(9)));
        assert_eq!(get(&dotted, "split"), None);
    }

    #[test]
    fn a_time_format_is_checked() {
        let options = |format: &str| json!({ "data": { "timeFormat": format } });
        assert!(Config::resolve(&options("%d/%m/%Y")).is_ok());
        let error = Config::resolve(&options("european")).expect_err("refused").to_string();
        assert!(error.starts_with("option `data.timeFormat`"), "{error}");
    }

    #[test]
    fn options_are_merged_over_the_defaults() {
        let mut options = json!({ "init": "xavier" });
        set(&mut options, "optimizer.learningRate", json!(0.5));
        let config = Config::resolve(&options).expect("valid");
        assert_eq!(config.init, Init::Named(InitRule::Xavier));
        assert_eq!(config.optimizer.learning_rate, 0.5);
        assert_eq!(config.optimizer.kind, OptimizerKind::Adam);
    }
}
