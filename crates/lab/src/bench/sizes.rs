//! Step time over batch, width, bank and tables.

use super::race::{BATCH, Contestant, ITEMS, Race, USERS};
use crate::report::plot::{Line, Plot, Scale};
use crate::report::timing::Timing;
use crate::run::Backend;
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt::{self, Display, Formatter};
use xtask::markdown::{Table, number};

/// Measured figures.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sizes {
    points: Vec<Point>,
}

/// A step's time at a size.
#[derive(Debug, Serialize, Deserialize)]
struct Point {
    axis: Axis,
    backend: String,
    size: usize,
    timing: Timing,
}

/// The size that is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Axis {
    Batch,
    Width,
    Bank,
    Tables,
}

const AXES: [Axis; 4] = [Axis::Batch, Axis::Width, Axis::Bank, Axis::Tables];

impl Axis {
    /// Returns the sizes; WebGPU on a software adapter is slow, so it gets fewer.
    fn sizes(self, backend: Backend) -> &'static [usize] {
        match (self, backend) {
            (Self::Batch, Backend::Cpu) => &[256, 512, 1024, 2048, 4096, 8192],
            (Self::Batch, _) => &[256, 1024, 4096],
            (Self::Width, Backend::Cpu) => &[16, 32, 64, 128, 256],
            (Self::Width, _) => &[16, 64, 256],
            (Self::Bank, Backend::Cpu) => &[0, 4096, 8192, 16_384, 32_768, 65_536],
            (Self::Bank, _) => &[0, 4096, 8192],
            (Self::Tables, Backend::Cpu) => &[1000, 10_000, 100_000, 1_000_000],
            (Self::Tables, _) => &[1000, 10_000, 100_000],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Batch => "pairs in a batch, B",
            Self::Width => "width, D",
            Self::Bank => "items in the bank, M",
            Self::Tables => "rows of each table",
        }
    }

    /// Returns the file name of its plot, without the suffix.
    fn stem(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Width => "width",
            Self::Bank => "bank",
            Self::Tables => "tables",
        }
    }

    /// Returns a race of the reference step with this size changed.
    fn race(self, backend: Backend, size: usize) -> Race {
        let mut options = json!({ "batchSize": BATCH });
        let (mut users, mut items, mut warm_up) = (USERS, ITEMS, 1);
        match self {
            Self::Batch => options["batchSize"] = size.into(),
            Self::Width => options["dim"] = size.into(),
            Self::Bank if size == 0 => {}
            Self::Bank => {
                options["cbns"] = json!({ "capacity": size, "warmup": 0, "sides": "items" });
                warm_up += size / BATCH;
            }
            Self::Tables => (users, items) = (size, size),
        }
        let contestant = Contestant { users, items, ..Contestant::ours("step", backend, options) };
        Race { warm_up, rounds: 5, turn: 0.0, ..Race::of(vec![contestant]) }
    }
}

pub fn measure() -> Result<Sizes> {
    let mut points = Vec::new();
    for backend in [Backend::Cpu, Backend::Webgpu] {
        for axis in AXES {
            for &size in axis.sizes(backend) {
                eprintln!("→ {}: {} {size}", backend.name(), axis.name());
                let entry = axis.race(backend, size).run()?.pop().context("one has one result")?;
                entry.laps()?;
                let timing = entry.timing().context("no step was timed")?;
                points.push(Point { axis, backend: backend.name().into(), size, timing });
            }
        }
    }
    Ok(Sizes { points })
}

impl Sizes {
    pub fn plots(&self) -> Vec<Plot> {
        let plot = |axis: Axis| Plot {
            name: axis.stem().into(),
            title: format!("A step over {}", axis.name()),
            x: axis.name().into(),
            y: "ms a step".into(),
            // A bank may be empty, and a logarithmic axis has no 0.
            scale: if axis == Axis::Bank { Scale::Linear } else { Scale::Log },
            lines: [Backend::Cpu, Backend::Webgpu]
                .map(|backend| {
                    let points: Vec<[f64; 2]> = self
                        .of(axis, backend.name())
                        .map(|point| [point.size as f64, point.timing.median])
                        .collect();
                    Line::new(backend.name(), &points)
                })
                .into(),
        };
        AXES.map(plot).into()
    }

    fn of(&self, axis: Axis, backend: &str) -> impl Iterator<Item = &Point> {
        self.points.iter().filter(move |point| point.axis == axis && point.backend == backend)
    }
}

impl Display for Sizes {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for Plot { title, name, .. } in self.plots() {
            writeln!(out, "![{title}](performance/{name}.svg)\n")?;
        }
        for axis in AXES {
            let sizes = axis.sizes(Backend::Cpu);
            let mut head = vec![axis.name().to_owned()];
            head.extend(sizes.iter().map(usize::to_string));
            let rows = [Backend::Cpu, Backend::Webgpu].map(|backend| {
                let at = |size: &usize| {
                    let mut points = self.of(axis, backend.name());
                    let point = points.find(|point| point.size == *size);
                    point.map(|point| number(point.timing.median)).unwrap_or_default()
                };
                let name = format!("`{}`, ms", backend.name());
                std::iter::once(name).chain(sizes.iter().map(at)).collect()
            });
            writeln!(out, "{}", Table { head, rows: rows.into() })?;
        }
        Ok(())
    }
}
