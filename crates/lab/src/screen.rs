//! Output of a run in the terminal: a progress line, a row for each epoch, the result.

use serde_json::Value;
use std::io::{IsTerminal as _, Write as _, stderr};

/// Metrics in the order of the columns, by their keys in the run's document.
const METRICS: [&str; 7] =
    ["recall@10", "recall@20", "ndcg@10", "ndcg@20", "hit@10", "mrr@10", "coverage@20"];

/// Prints the events of a run.
pub struct Screen {
    /// Whether to print the progress line: only in a terminal, not in files.
    moving: bool,
}

impl Screen {
    pub fn new() -> Self {
        Self { moving: stderr().is_terminal() }
    }

    /// Prints an event of a run.
    pub fn hear(&self, event: &str, value: &Value) {
        match event {
            "about" => about(value),
            "extension" => println!("{}", extension(value)),
            "progress" => {
                self.clear();
                let trial = &value["trial"];
                match (&value["epochReport"], &trial["epochReport"]) {
                    (Value::Null, Value::Null) => self.progress(value),
                    (Value::Null, epoch) => {
                        row(&format!("τ {}: {}", trial["temperature"], epoch["epoch"]), epoch);
                    }
                    (epoch, _) => row(&epoch["epoch"].to_string(), epoch),
                }
            }
            _ => {}
        }
    }

    fn progress(&self, progress: &Value) {
        if !self.moving {
            return;
        }
        let number = |key: &str| progress[key].as_f64().unwrap_or_default();
        let loss = progress["losses"].as_array().and_then(|losses| losses.last()?.as_f64());
        let line = format!(
            "epoch {}/{}  step {}/{}  loss {:.4}  {:.0} pairs/s  {:.0} s left",
            progress["epoch"],
            progress["epochs"],
            progress["step"],
            progress["steps"],
            loss.unwrap_or(f64::NAN),
            number("pairs") / (number("seconds") - number("evaluationSeconds")),
            number("secondsLeft"),
        );
        eprint!("{line}");
        stderr().flush().ok();
    }

    fn clear(&self) {
        if self.moving {
            eprint!("\r\x1b[2K");
        }
    }

    /// Prints the result of a run.
    pub fn report(&self, report: &Value) {
        self.clear();
        row("popular", &report["popularity"]);
        if !report["best"].is_null() {
            row(&format!("best {}", report["best"]["epoch"]), &report["best"]);
        }
        row("final", &report["final"]);
    }
}

/// Returns the counts of new data in a sentence.
fn extension(added: &Value) -> String {
    format!(
        "added after epoch {}: {} pairs to train on, {} for validation, {} for test; {} new users, {} new items; {} \
         pairs were in the run before",
        added["epochs"],
        added["train"],
        added["validation"],
        added["test"],
        added["users"],
        added["items"],
        added["known"],
    )
}

fn about(about: &Value) {
    let text = |key: &str| about[key].as_str().unwrap_or_default();
    let adapter = match text("adapter") {
        "" => String::new(),
        name => format!(", {name}"),
    };
    println!("backend: {}{adapter} ({})", text("backend"), text("reason"));
    let data = &about["data"];
    for file in list(&data["read"]) {
        println!("{}", read(file));
    }
    println!(
        "data: {} users, {} items; {} pairs to train on, {} for validation, {} for test{}",
        data["users"],
        data["items"],
        data["train"],
        data["validation"],
        data["test"],
        counted(data, &LEFT_OUT),
    );
    println!("split: {}", split(&about["config"]["split"]));
    for (begin, key) in [("note", "notes"), ("warning", "warnings")] {
        for told in list(&data[key]) {
            println!("{begin}: {}", told.as_str().unwrap_or_default());
        }
    }
    println!();
    print!("{:<9}{:>9}{:>9}", "epoch", "loss", "seconds");
    for metric in METRICS {
        print!("{metric:>13}");
    }
    println!();
}

/// Counts that are printed if they are not zero, by their keys.
const LEFT_OUT: [(&str, &str); 4] = [
    ("belowMinRating", "below the minimum rating"),
    ("duplicates", "repeated"),
    ("heldOutSeenBefore", "also in an earlier part"),
    ("droppedByCore", "outside the core"),
];
const SKIPPED: [(&str, &str); 4] = [
    ("bad", "bad"),
    ("blank", "blank"),
    ("withoutUser", "without a user"),
    ("withoutItem", "without an item"),
];

fn list(values: &Value) -> &[Value] {
    values.as_array().map_or(&[], Vec::as_slice)
}

fn counted(counts: &Value, keys: &[(&str, &str)]) -> String {
    let told = keys.iter().filter_map(|(key, word)| {
        let count = counts[*key].as_u64().filter(|&count| count > 0)?;
        Some(format!(", {count} {word}"))
    });
    told.collect()
}

/// Describes how a file was understood, in a line.
fn read(file: &Value) -> String {
    let text = |key: &str| file[key].as_str().unwrap_or_default();
    let separator =
        file["separator"].as_str().map_or_else(String::new, |name| format!(" ({name})"));
    let header = if file["header"] == true { "" } else { ", no header" };
    let columns = list(&file["columns"]).iter().map(|column| {
        let label = match column["name"].as_str() {
            Some(name) if !name.is_empty() => name.into(),
            _ => column["position"].to_string(),
        };
        let values =
            column["values"].as_u64().map_or_else(String::new, |n| format!(" ({n} values)"));
        format!("{} = {label}{values}", column["role"].as_str().unwrap_or_default())
    });
    let matched =
        file["matched"].as_u64().map_or_else(String::new, |n| format!("; {n} ids of the data"));
    format!(
        "read {}: {}{separator}{header}, {}; {}; {} lines{}{matched}",
        text("file"),
        text("layout"),
        text("encoding"),
        columns.collect::<Vec<_>>().join(", "),
        file["lines"],
        counted(file, &SKIPPED),
    )
}

/// Describes the split, in a line.
fn split(split: &Value) -> String {
    let percent = |key: &str| format!("{:.0}%", split[key].as_f64().unwrap_or_default() * 100.0);
    match split["kind"].as_str().unwrap_or_default() {
        "given" => "given, train and test are separate files".into(),
        "random" => format!("random, {} of each user's pairs for test", percent("test")),
        "temporal" => {
            format!("temporal, the last {} of each user's pairs for test", percent("test"))
        }
        "leave-last-out" => "leave-last-out, the last pair of each user for test".into(),
        _ if split["at"].is_null() => {
            format!("temporal-global, the last {} of all pairs for test", percent("test"))
        }
        _ => format!("temporal-global, all pairs since {} for test", split["at"]),
    }
}

fn row(title: &str, values: &Value) {
    let cell = |key: &str, digits: usize| {
        values[key].as_f64().map_or(String::new(), |value| format!("{value:.digits$}"))
    };
    print!("{title:<9}{:>9}{:>9}", cell("loss", 4), cell("seconds", 2));
    for metric in METRICS {
        print!("{:>13}", cell(metric, 4));
    }
    println!();
}
