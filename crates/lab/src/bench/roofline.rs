//! Each operation of the reference step, compared with the machine's limits.

use super::race::{BATCH, CLOCK, ITEMS, USERS};
use crate::browser::Browser;
use crate::run::Backend;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt::{self, Display, Formatter, Write as _};
use xtask::markdown::{Table, number};
use xtask::wasm::{self, Variant};

/// Measured figures.
#[derive(Debug, Serialize, Deserialize)]
pub struct Roofline {
    backends: Vec<OnBackend>,
}

#[derive(Debug, Serialize, Deserialize)]
struct OnBackend {
    backend: String,
    probe: Probe,
}

/// Measurements of a run on one backend.
#[derive(Debug, Serialize, Deserialize)]
struct Probe {
    limits: Limits,
    operations: Vec<Operation>,
}

/// Limits of the backend, per second.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Limits {
    multiply_adds: f64,
    bytes: f64,
}

/// Work and time of an operation in a step.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    operation: String,
    multiply_adds: f64,
    bytes: f64,
    milliseconds: f64,
    /// Stem and milliseconds of each dispatch.
    kernels: Vec<(String, f64)>,
}

/// Runs of a step: enough for the mean to be finer than a browser's clock, which ticks ten times a
/// millisecond.
const LAPS: usize = 60;

/// Bottlenecks: prefix of the operation's name, backend, explanation.
const WHY: [(&str, &str, &str); 7] = [
    (
        "softmax_loss",
        "cpu",
        "`softmax_loss`: the products run on 4 × 8 register tiles, with a multiplication and an addition for each \
         multiply-add, since wasm has no fused one. The softmax between them takes the rest of the time: an \
         exponential for each of B² logits, which the plan does not count as multiply-adds.",
    ),
    (
        "softmax_loss",
        "webgpu",
        "`softmax_loss`: three products and a softmax through a buffer of logits. Tiles read their operands from \
         memory that a GPU caches; a software adapter gathers each lane's read separately, about forty cycles \
         for four of them. Tiles of 16 instead of 8 halve the reads.",
    ),
    (
        "gather_rows",
        "cpu",
        "`gather_rows`: rows are scattered over the tables, with a cache miss each; a copy has none.",
    ),
    (
        "update_rows",
        "cpu",
        "`update_rows`: reads and writes scattered rows of a table and of two moments. Each element takes a square \
         root and a division, which the plan does not count as multiply-adds.",
    ),
    (
        "update_rows",
        "webgpu",
        "`update_rows`: one workgroup for each position in the sorted ids. Its lanes wait for each other at the sums \
         for the row's length; such barriers are slow on a software adapter, so it uses four lanes instead of 16.",
    ),
    (
        "sort_ids",
        "cpu",
        "`sort_ids`: a sort moves keys many times, but the plan counts them once. It runs once a window.",
    ),
    (
        "sort_ids",
        "webgpu",
        "`sort_ids`: a sort moves ids many times, but the plan counts them once. It uses four lanes where barriers \
         are slow, and 256 on a GPU. It runs once a window.",
    ),
];

/// Runs steps on one backend in headless Chromium.
fn probe(backend: Backend) -> Result<Probe> {
    wasm::build(Variant::Bench)?;
    let mut browser = Browser::new("probe");
    browser.mount("/verify/", Variant::Bench.folder());
    browser.flag(CLOCK);
    browser.request(json!({
        "options": { "batchSize": BATCH },
        "users": USERS,
        "items": ITEMS,
        "backend": backend.name(),
        "laps": if backend == Backend::Cpu { LAPS } else { LAPS / 10 },
    }));
    Ok(serde_json::from_value(browser.run_one(|_, _| {})?)?)
}

pub fn measure() -> Result<Roofline> {
    let backends = [Backend::Cpu, Backend::Webgpu].map(|backend| {
        eprintln!("→ each operation on {}", backend.name());
        Ok(OnBackend { backend: backend.name().into(), probe: probe(backend)? })
    });
    Ok(Roofline { backends: backends.into_iter().collect::<Result<_>>()? })
}

impl Operation {
    /// Returns its milliseconds at the limits, and the limit that applies.
    fn bound(&self, limits: Limits) -> (f64, &'static str) {
        let compute = self.multiply_adds / limits.multiply_adds * 1e3;
        let memory = self.bytes / limits.bytes * 1e3;
        if compute > memory { (compute, "compute") } else { (memory, "memory") }
    }

    fn row(&self, limits: Limits) -> Vec<String> {
        let (bound, by) = self.bound(limits);
        let a_second = |amount: f64| number(amount / self.milliseconds / 1e6);
        vec![
            self.operation.clone(),
            number(self.multiply_adds / 1e6),
            number(self.bytes / 1e6),
            number(self.milliseconds),
            a_second(2.0 * self.multiply_adds),
            a_second(self.bytes),
            by.into(),
            format!("{:.0} %", bound / self.milliseconds * 100.0),
        ]
    }

    /// Returns a sentence on its bottleneck, if one is known.
    fn why(&self, backend: &str) -> Option<&'static str> {
        let mut known =
            WHY.iter().filter(|(stem, on, _)| self.operation.starts_with(stem) && *on == backend);
        known.next().map(|(_, _, why)| *why)
    }
}

impl Display for Roofline {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for OnBackend { backend, probe: Probe { limits, operations, .. } } in &self.backends {
            let whole: f64 = operations.iter().map(|operation| operation.milliseconds).sum();
            writeln!(
                out,
                "`{backend}`: peak {} GFLOP/s, copy {} GB/s; {} ms in all.\n",
                number(2.0 * limits.multiply_adds / 1e9),
                number(limits.bytes / 1e9),
                number(whole),
            )?;
            let head = [
                "",
                "million multiply-adds",
                "MB",
                "ms",
                "GFLOP/s",
                "GB/s",
                "bound by",
                "of the limit",
            ];
            let rows = operations.iter().map(|operation| operation.row(*limits));
            writeln!(out, "{}", Table::new(&head, rows))?;
            let mut said = Vec::new();
            for why in operations.iter().filter_map(|operation| operation.why(backend)) {
                if !said.contains(&why) {
                    said.push(why);
                }
            }
            said.iter().try_for_each(|why| writeln!(out, "- {why}"))?;
            writeln!(out)?;
        }
        Ok(())
    }
}

impl Roofline {
    /// Lists every kernel with its time, for a terminal.
    pub fn kernels(&self) -> String {
        let mut text = self.to_string();
        for OnBackend { backend, probe } in &self.backends {
            for operation in &probe.operations {
                for (stem, milliseconds) in &operation.kernels {
                    writeln!(text, "{backend}  {stem:<28}{milliseconds:>10.3} ms")
                        .expect("a String takes text");
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_the_one_that_takes_longer() {
        let operation = Operation {
            operation: "softmax_loss → d_item".into(),
            multiply_adds: 2e6,
            bytes: 4e6,
            milliseconds: 4.0,
            kernels: Vec::new(),
        };
        let limits = |multiply_adds, bytes| Limits { multiply_adds, bytes };
        assert_eq!(operation.bound(limits(1e9, 8e9)), (2.0, "compute"));
        assert_eq!(operation.bound(limits(4e9, 4e9)), (1.0, "memory"));
        assert_eq!(operation.row(limits(1e9, 8e9))[7], "50 %");
        assert_ne!(operation.why("cpu"), operation.why("webgpu"));
    }
}
