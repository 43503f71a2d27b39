//! A run as its reader sees it: a line that moves, a row for each epoch, the outcome.

use serde_json::Value;
use std::io::{IsTerminal as _, Write as _, stderr};

/// Metrics in the order of the columns, under the keys of the run's document.
const METRICS: [&str; 7] =
    ["recall@10", "recall@20", "ndcg@10", "ndcg@20", "hit@10", "mrr@10", "coverage@20"];

/// Shows what a run tells.
pub struct Screen {
    /// The moving line is for people, not for files.
    moving: bool,
}

impl Screen {
    pub fn new() -> Self {
        Self { moving: stderr().is_terminal() }
    }

    /// Shows an event of a run.
    pub fn hear(&self, event: &str, value: &Value) {
        match event {
            "about" => about(value),
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
            number("pairs") / number("seconds"),
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

    /// Shows the outcome of a whole run.
    pub fn report(&self, report: &Value) {
        self.clear();
        row("popular", &report["popularity"]);
        if !report["best"].is_null() {
            row(&format!("best {}", report["best"]["epoch"]), &report["best"]);
        }
        row("final", &report["final"]);
    }
}

fn about(about: &Value) {
    let text = |key: &str| about[key].as_str().unwrap_or_default();
    let adapter = match text("adapter") {
        "" => String::new(),
        name => format!(", {name}"),
    };
    println!("backend: {}{adapter} ({})", text("backend"), text("reason"));
    let data = &about["data"];
    println!(
        "data: {} users, {} items; {} pairs to train on, {} for validation, {} for test\n",
        data["users"], data["items"], data["train"], data["validation"], data["test"],
    );
    print!("{:<9}{:>9}{:>9}", "epoch", "loss", "seconds");
    for metric in METRICS {
        print!("{metric:>13}");
    }
    println!();
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
