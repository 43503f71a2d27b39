//! The golden case of skipping: hot rows, and the stale rows and pairs at given thresholds between
//! two given snapshots.

use serde::Deserialize;

use super::{Matrix, Report, floats};
use crate::config::Config;
use crate::data::Pairs;
use crate::error::Result;
use crate::executor::BackendRequest;
use crate::model::{Model, Tower};
use crate::plan::{Bags, Extent};
use crate::trainer::hot_rows;

#[derive(Debug, Deserialize)]
pub struct Staleness {
    snapshot1: Outputs,
    snapshot2: Outputs,
    pairs: Vec<[u32; 2]>,
    hot_share: f64,
    hot_users: Vec<f64>,
    hot_items: Vec<f64>,
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
struct Outputs {
    user: Matrix,
    item: Matrix,
}

#[derive(Debug, Deserialize)]
struct Case {
    threshold: f32,
    stale_users: Vec<f64>,
    stale_items: Vec<f64>,
    stale_pairs_alpha2: Vec<f64>,
    stale_pairs_item_only: Vec<f64>,
}

pub async fn run(name: &str, case: &Staleness, request: BackendRequest) -> Result<Report> {
    let pairs: Pairs = case.pairs.iter().copied().collect();
    let hot_users = hot_rows(&pairs.counts(0, case.snapshot1.user.len()), case.hot_share);
    let hot_items = hot_rows(&pairs.counts(1, case.snapshot1.item.len()), case.hot_share);
    let mut report = Report::new(name);
    report.compare("hot_users", &as_floats(&hot_users), &case.hot_users);
    report.compare("hot_items", &as_floats(&hot_items), &case.hot_items);

    for rows in ["both", "item"] {
        let config = Config::resolve(&serde_json::json!({
            "dim": case.snapshot1.user[0].len(), "normalize": false,
            "skip": { "rows": rows, "hotShare": case.hot_share },
        }))?;
        let extent = Extent {
            users: case.snapshot1.user.len(),
            items: case.snapshot1.item.len(),
            pairs: case.pairs.len(),
            hidden: 0,
            evaluated: 0,
            keeps_best: false,
            shuffled: false,
            bags: Bags::default(),
        };
        let (mut model, _) = Model::new(&config, &extent, request).await?;
        model.load(case.pairs.as_flattened(), &vec![0.0; extent.items]);
        model.set_hot(Tower::Item, &hot_items);
        if rows == "both" {
            model.set_hot(Tower::User, &hot_users);
        }
        for snapshot in [&case.snapshot1, &case.snapshot2] {
            model.start(&floats(&snapshot.user), &floats(&snapshot.item));
            model.take_snapshot();
        }
        model.measure_activity().await?;
        for at in &case.cases {
            model.leave_out(at.threshold).await?;
            let place = |what| format!("{what} under {}, rows {rows}", at.threshold);
            let items = model.stale_rows(Tower::Item).await?;
            report.compare(&place("stale_items"), &as_floats(&items), &at.stale_items);
            let stale_pairs = if rows == "both" {
                let users = model.stale_rows(Tower::User).await?;
                report.compare(&place("stale_users"), &as_floats(&users), &at.stale_users);
                &at.stale_pairs_alpha2
            } else {
                &at.stale_pairs_item_only
            };
            let left_out = left_out(&case.pairs, &model.kept_pairs().await?);
            report.compare(&place("stale_pairs"), &as_floats(&left_out), stale_pairs);
        }
    }
    Ok(report)
}

/// Returns the indices of the pairs that are not kept. Kept pairs are in the same order.
fn left_out(pairs: &[[u32; 2]], kept: &[[u32; 2]]) -> Vec<u32> {
    let mut kept = kept.iter().peekable();
    let is_left_out = |pair: &[u32; 2]| kept.next_if_eq(&pair).is_none();
    (0..).zip(pairs.iter().map(is_left_out)).filter(|(_, out)| *out).map(|(n, _)| n).collect()
}

/// Converts ids to numbers for a report.
fn as_floats(ids: &[u32]) -> Vec<f32> {
    ids.iter().map(|&id| id as f32).collect()
}
