//! Results of a study: kept in `docs/results/*.json`, written as a section of `docs/results.md`.

use super::table::Table;
use crate::report::plot::Plot;
use crate::report::statistics::{Comparison, Verdict};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};

#[derive(Debug, Serialize, Deserialize)]
pub struct Section {
    pub title: String,
    /// The comparison and its settings.
    pub about: String,
    /// Command that repeats it.
    pub command: String,
    /// Date and machine of the measurement.
    pub measured: String,
    pub chapters: Vec<Chapter>,
}

/// Results on one data set with one number of epochs.
#[derive(Debug, Serialize, Deserialize)]
pub struct Chapter {
    pub title: String,
    pub tables: Vec<Table>,
    pub plots: Vec<Plot>,
    pub goals: Vec<Goal>,
    /// Conclusions, computed from the figures.
    pub findings: Vec<String>,
}

/// A result to reach.
#[derive(Debug, Serialize, Deserialize)]
pub struct Goal {
    pub text: String,
    pub met: bool,
}

impl Display for Goal {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "**{}**: {}", if self.met { "met" } else { "missed" }, self.text)
    }
}

impl Display for Section {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "## {}\n\n{}\n", self.title, self.about)?;
        writeln!(out, "```sh\n{}\n```\n\n{}", self.command, self.measured)?;
        let goals: Vec<&Goal> = self.chapters.iter().flat_map(|chapter| &chapter.goals).collect();
        if !goals.is_empty() {
            let met = goals.iter().filter(|goal| goal.met).count();
            writeln!(out, "\nGoals met: {met} of {}.", goals.len())?;
        }
        self.chapters.iter().try_for_each(|chapter| write!(out, "\n{chapter}"))
    }
}

impl Display for Chapter {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "### {}", self.title)?;
        for table in &self.tables {
            write!(out, "\n{table}")?;
        }
        for Plot { title, name, .. } in &self.plots {
            writeln!(out, "\n![{title}](results/{name}.svg)")?;
        }
        let goals = self.goals.iter().map(ToString::to_string);
        let findings = self.findings.iter().cloned();
        for (heading, lines) in
            [("Goals", goals.collect::<Vec<_>>()), ("Findings", findings.collect())]
        {
            if lines.is_empty() {
                continue;
            }
            writeln!(out, "\n{heading}:\n")?;
            lines.iter().try_for_each(|line| writeln!(out, "- {line}"))?;
        }
        Ok(())
    }
}

/// Describes how one arm compares with another: the rest of a sentence that begins with the
/// arm's name.
pub fn standing(comparison: &Comparison, other: &str) -> String {
    let verdict = match comparison.verdict() {
        Verdict::Wins => "wins against",
        Verdict::Loses => "loses to",
        Verdict::Level => "is level with",
    };
    let Comparison { difference, relative } = comparison;
    let spread = difference.spread.map_or(String::new(), |spread| format!(" ± {spread:.4}"));
    format!("{verdict} {other} ({:+.4}{spread}, {:+.1} %)", difference.mean, relative.mean * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_sections_are_rendered_unchanged() {
        let compared = Comparison::of(&[0.42, 0.44], &[0.40, 0.41]);
        let section = Section {
            title: "Skipping".into(),
            about: "Two arms.".into(),
            command: "cargo xtask study skip".into(),
            measured: "Measured today.".into(),
            chapters: vec![Chapter {
                title: "small, 2 epochs".into(),
                tables: Vec::new(),
                plots: Vec::new(),
                goals: vec![
                    Goal { text: "it is quick".into(), met: true },
                    Goal { text: "it is good".into(), met: false },
                ],
                findings: vec![format!("cap {}.", standing(&compared, "random"))],
            }],
        };
        let text = section.to_string();
        for line in [
            "## Skipping",
            "Goals met: 1 of 2.",
            "### small, 2 epochs",
            "- **met**: it is quick",
            "- **missed**: it is good",
            "- cap wins against random (+0.0250 ± 0.0071, +6.2 %).",
        ] {
            assert!(text.lines().any(|found| found == line), "no `{line}` in {text}");
        }
        let kept = serde_json::to_value(&section).expect("JSON");
        let read: Section = serde_json::from_value(kept).expect("a section");
        assert_eq!(read.to_string(), text);
    }
}
