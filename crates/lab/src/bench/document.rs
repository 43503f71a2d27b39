//! The benchmark's results: kept in `docs/performance.json`, written to `docs/performance.md`.

use super::goal::Goal;
use super::page::Page;
use super::reference::Reference;
use super::roofline::Roofline;
use super::sizes::Sizes;
use super::techniques::Techniques;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};
use xtask::markdown::Table;

/// The measured parts, each from the latest command that measured it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Document {
    pub reference: Option<Part<Reference>>,
    pub techniques: Option<Part<Techniques>>,
    pub page: Option<Part<Page>>,
    pub roofline: Option<Part<Roofline>>,
    pub sizes: Option<Part<Sizes>>,
}

/// Results of a measurement, and when and where they were measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Part<T> {
    pub circumstances: Circumstances,
    pub measured: T,
}

/// Date, command and machine of a measurement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Circumstances {
    pub date: String,
    pub command: String,
    pub cpu: String,
    pub cores: usize,
    pub browser: String,
    /// The WebGPU adapter of the browser.
    pub adapter: String,
}

impl Display for Circumstances {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { date, command, cpu, cores, browser, adapter } = self;
        write!(
            out,
            "Measured on {date} with `{command}`: {cpu}, {cores} cores; {browser}, headless; WebGPU adapter: \
             {adapter}."
        )
    }
}

impl Document {
    /// Returns the goals of the measured parts, with their results.
    pub fn goals(&self) -> Table {
        let reference = self.reference.iter().flat_map(|part| part.measured.goals());
        let techniques = self.techniques.iter().flat_map(|part| part.measured.goals());
        let page = self.page.iter().flat_map(|part| part.measured.goals());
        let goals = reference.chain(techniques).chain(page);
        Table::new(&["", "goal", "measured", ""], goals.map(Goal::row))
    }
}

const PREFACE: &str = "# Performance

`cargo xtask bench --peers` writes this file. It compares the cost of the training step and of the page with their
goals. Absolute times drift with the machine, so compared runs were timed alternately on one page. Figures are
medians, with the quartiles in brackets. The time of a step runs from its start until its loss is on the CPU. A
software adapter such as SwiftShader stands in for a GPU: its figures say nothing about a real GPU.
";

const REFERENCE: &str = "ID towers of 6,040 users and 3,706 items, D = 64, B = 1,024, in-batch softmax without \
    accidental hits: loss, gradients of both towers, one optimiser step. All libraries start from the same \
    tables and train on the same ids; if the losses of one differ from ours in the first steps, the benchmark \
    fails. JAX runs before the page, on one core.";

const TECHNIQUES: &str = "The reference step with Adam, with a technique and without it. *Extra \
    time of the bank* is the time that 8 batches of banked items add to a step; the goal divides it by the \
    time of the added products alone. *Skipping* compares epochs of goodbooks at B = 1,024 in the package: \
    the time of an epoch, bookkeeping included, as a share of a full epoch's; the goal subtracts the share \
    of pairs that the epoch trains.";

const PAGE: &str = "The built page on its first data set, served from this machine. The longest task is that of the \
    main thread after the button is pressed, taken from Chromium's trace. The map draws with WebGL, here in \
    software; its target on a GPU is 60 frames a second (16.7 ms) up to 100,000 items.";

const ROOFLINE: &str = "Each operation of the reference step: its multiply-adds (two flop each) and bytes, \
    counted from the plan; its time, by a clock around it on the CPU and by `timestamp-query` on WebGPU; and its \
    share of the machine's limit. The limit is the larger of two times: its multiply-adds at the peak rate, and its \
    bytes at the copy rate. Operations that run once a window count with their share of a step. \
    `cargo xtask bench --only roofline --profile` also prints the kernels.";

const SIZES: &str = "The reference step, with one size changed at a time. Its products grow with B (B + M) D, and its time \
    grows with them; the number of table rows hardly matters. Small steps look too slow on `cpu`: of five rounds of \
    one step each, some run before the browser has optimized the code.";

/// Figures from machines with a real GPU, written by hand: these machines have no browser.
const GPU: &str = include_str!("../../../../docs/performance/gpu.md");

impl Display for Document {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{PREFACE}")?;
        write!(out, "\n## Goals\n\n{}", self.goals())?;
        if let Some(part) = &self.reference {
            section(out, "The reference step", REFERENCE, part, |out, measured| {
                write!(out, "{}", measured.table())
            })?;
        }
        if let Some(part) = &self.techniques {
            section(out, "Techniques and sizes", TECHNIQUES, part, |out, measured| {
                write!(out, "{measured}")
            })?;
        }
        if let Some(part) = &self.page {
            section(out, "The page", PAGE, part, |out, measured| write!(out, "{measured}"))?;
        }
        if let Some(part) = &self.roofline {
            section(out, "Time of each operation", ROOFLINE, part, |out, measured| {
                write!(out, "{measured}")
            })?;
        }
        if let Some(part) = &self.sizes {
            section(out, "Cost against size", SIZES, part, |out, measured| {
                write!(out, "{measured}")
            })?;
        }
        write!(out, "{GPU}")
    }
}

fn section<T>(
    out: &mut Formatter<'_>,
    title: &str,
    about: &str,
    part: &Part<T>,
    write: impl Fn(&mut Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    writeln!(out, "\n## {title}\n\n{about}\n\n{}\n", part.circumstances)?;
    write(out, &part.measured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_document_has_the_preface() {
        assert!(Document::default().to_string().starts_with(PREFACE));
    }
}
