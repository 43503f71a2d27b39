//! The table of options: name, bounds, default and meaning of each.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::kind::Kind::{self, Above, Bool, Int, List, Null, Number, OneOf, Text};
use crate::formats::json;

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
/// Maximum number of feature columns of an items or users file.
pub(crate) const FEATURE_COLUMNS: usize = 6;
const FEATURES: &[Kind] = &[List(&Text, FEATURE_COLUMNS)];
const OUT: &[Kind] = &[Int(1, 1024), Null];
const OUT_DOC: &str = "Width of the output, computed by an affine layer. With null it is `dim`, and a tower without \
                       hidden layers has no affine layer";

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
    // With the default β, half of a user's random start remains after 69 pairs, and NDCG@20 after
    // the default epochs is 28% lower than with these values.
    option(
        "onebp.beta",
        &[Number(0.0, 1.0)],
        "0.99",
        "Share β of a user's vector that remains after each of their pairs; the rest comes from the item. Only \
         the item tower gets gradients",
    )
    .starting(r#"{ "onebp.beta": 0.95, "temperature": 0.12 }"#),
    // On goodbooks, after the default epochs, NDCG@20 is the same as with the default (.240), for a
    // sixth of the multiply-adds.
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
    // `cap` is the policy with the smallest loss of quality. With these values it skips a fifth of
    // the pairs (docs/skipping.md).
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
        "Probability that an epoch trains on a skipped pair anyway",
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
         cell at bars, semicolons and commas, `:list/` at the sign after `:list`, `:words` into words; `:number` makes \
         ten ranges",
    ),
    option(
        "towers.user.history.table",
        &[OneOf(&["shared", "separate"])],
        "\"shared\"",
        "Sum of the embeddings of a user's items as input of the user tower: from the item tower (`shared`) or \
         from a separate table (`separate`); the pair's own item is excluded",
    )
    .starting(r#"{ "towers.user.id": false }"#),
    option(
        "towers.user.history.power",
        &[Number(0.0, 2.0)],
        "0.5",
        "Exponent p: the sum of a history is divided by the number of its items to the power p",
    ),
    option(
        "towers.user.history.cap",
        &[Int(1, 65_536)],
        "100",
        "Maximum number of items in a history; a longer history is sampled once, at the start of the run",
    ),
    option("towers.user.layers", LAYERS, "[]", LAYERS_DOC),
    option("towers.user.out", OUT, "null", OUT_DOC),
    option("towers.item.id", &[Bool], "true", "Give each item an embedding of its own"),
    option(
        "towers.item.features",
        FEATURES,
        "[]",
        "Columns of the items file to embed; the embeddings of a row are averaged. Suffixes: `:list` splits a \
         cell at bars, semicolons and commas, `:list/` at the sign after `:list`, `:words` into words; `:number` makes \
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
        "Share of the training pairs that form the validation part, which chooses the best epoch: the latest \
         pairs if `split.kind` goes by time, else random ones",
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
pub(super) const NOT_YET: &[&str] = &["towers.item.history"];

fn as_json<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    parsed(text).serialize(serializer)
}

/// Parses JSON of the table of options.
pub(super) fn parsed(text: &str) -> Value {
    json::value(text.as_bytes()).expect("a default is JSON")
}
