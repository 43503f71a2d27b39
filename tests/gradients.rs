//! The gradients of the loss against central differences of the same loss, written once more, plainly,
//! in float64; and the identities that a softmax has to keep.

use proptest::prelude::*;
use serde_json::json;
use twotower::Config;
use twotower::executor::BackendChoice;
use twotower::model::{Model, Tower};
use twotower::plan::{Bags, Extent};

/// A batch of pairs over small tables.
#[derive(Debug, Clone)]
struct Case {
    width: usize,
    users: Vec<f64>,
    items: Vec<f64>,
    pairs: Vec<[u32; 2]>,
    /// Drawn for each pair; where there are none, the pairs are each other's negatives.
    negatives: Vec<Vec<u32>>,
    log_q: Vec<f64>,
    temperature: f64,
    normalize: bool,
}

impl Case {
    /// `methods.md`: softmax over the batch without accidental hits, or over a pair's own negatives as
    /// they are; log q subtracted.
    fn loss(&self) -> f64 {
        let row = |table: &[f64], id: u32| -> Vec<f64> {
            let row = &table[id as usize * self.width..][..self.width];
            let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt().max(1e-12);
            row.iter().map(|x| if self.normalize { x / norm } else { *x }).collect()
        };
        let logit = |user: u32, item: u32| -> f64 {
            let (u, v) = (row(&self.users, user), row(&self.items, item));
            let product: f64 = u.iter().zip(&v).map(|(u, v)| u * v).sum();
            product / self.temperature - self.log_q[item as usize]
        };
        let losses = self.pairs.iter().enumerate().map(|(b, &[user, positive])| {
            let others: Vec<u32> = match self.negatives.get(b) {
                Some(negatives) => negatives.clone(),
                None => self.pairs.iter().map(|pair| pair[1]).filter(|&j| j != positive).collect(),
            };
            let candidates = others.into_iter().chain([positive]);
            let sum: f64 = candidates.map(|item| logit(user, item).exp()).sum();
            sum.ln() - logit(user, positive)
        });
        losses.sum::<f64>() / self.pairs.len() as f64
    }

    fn difference(&self, tower: Tower, at: usize) -> f64 {
        const STEP: f64 = 1e-5;
        let moved = |by: f64| {
            let mut case = self.clone();
            match tower {
                Tower::User => case.users[at] += by,
                Tower::Item => case.items[at] += by,
            }
            case.loss()
        };
        (moved(STEP) - moved(-STEP)) / (2.0 * STEP)
    }

    /// Loss and gradients of the crate: plain descent of length 1 moves a row by its gradient.
    fn trained(&self) -> (f32, [Vec<f32>; 2]) {
        let (kind, count) = match self.negatives.first() {
            Some(negatives) => ("uniform", negatives.len()),
            None => ("in-batch", 1),
        };
        let config = Config::resolve(&json!({
            "negatives": { "kind": kind, "count": count },
            "dim": self.width, "batchSize": self.pairs.len(), "normalize": self.normalize,
            "temperature": self.temperature, "optimizer": { "kind": "sgd", "learningRate": 1 },
        }));
        let extent = Extent {
            users: self.users.len() / self.width,
            items: self.items.len() / self.width,
            pairs: self.pairs.len(),
            hidden: 0,
            evaluated: 0,
            keeps_best: false,
            shuffled: false,
            bags: Bags::default(),
        };
        let config = config.expect("valid");
        pollster::block_on(async {
            let (mut model, _) =
                Model::new(&config, &extent, BackendChoice::Cpu).await.expect("a CPU");
            let floats = |table: &[f64]| table.iter().map(|&x| x as f32).collect::<Vec<f32>>();
            let (users, items) = (floats(&self.users), floats(&self.items));
            model.load(self.pairs.as_flattened(), &floats(&self.log_q));
            if !self.negatives.is_empty() {
                model.give_negatives(&self.negatives.concat());
            }
            model.start(&users, &items);
            model.step();
            let loss = model.losses_later().finish().await.expect("reads")[0];
            let mut moves = [users, items];
            for (tower, before) in [Tower::User, Tower::Item].into_iter().zip(&mut moves) {
                let after = model.table(tower).await.expect("reads");
                before.iter_mut().zip(after).for_each(|(before, after)| *before -= after);
            }
            (loss, moves)
        })
    }
}

fn cases() -> impl Strategy<Value = Case> {
    const USERS: usize = 5;
    const ITEMS: usize = 7;
    let sizes = (1usize..6, 2usize..12, 0usize..9);
    sizes.prop_flat_map(|(width, batch, count)| {
        let drawn = prop::collection::vec(0..ITEMS as u32, count);
        (
            prop::collection::vec(-1.0..1.0f64, USERS * width),
            prop::collection::vec(-1.0..1.0f64, ITEMS * width),
            prop::collection::vec((0..USERS as u32, 0..ITEMS as u32), batch),
            prop::collection::vec(drawn, if count == 0 { 0 } else { batch }),
            prop::collection::vec(-4.0..0.0f64, ITEMS),
            0.2..2.0f64,
            any::<bool>(),
        )
            .prop_map(move |(users, items, pairs, negatives, log_q, temperature, normalize)| Case {
                width,
                users,
                items,
                pairs: pairs.into_iter().map(|(user, item)| [user, item]).collect(),
                negatives,
                log_q,
                temperature,
                normalize,
            })
            // A row of no length has no direction to differentiate.
            .prop_filter("rows have a length", |case| {
                let mut rows = case.users.chunks(case.width).chain(case.items.chunks(case.width));
                rows.all(|row| row.iter().map(|x| x * x).sum::<f64>() > 0.01)
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn gradients_are_central_differences_of_the_loss(case in cases()) {
        let (loss, moves) = case.trained();
        prop_assert!((f64::from(loss) - case.loss()).abs() < 1e-5);
        for (tower, moves) in [Tower::User, Tower::Item].into_iter().zip(&moves) {
            for (at, &ours) in moves.iter().enumerate() {
                let reference = case.difference(tower, at);
                let error = (f64::from(ours) - reference).abs();
                prop_assert!(error < 1e-5 + 1e-4 * reference.abs(), "{tower:?}[{at}]: {ours} for {reference}");
            }
        }
    }
}

/// Every score is 0, so the loss is that of the correction alone: 1/q weighs a candidate. With the
/// sign turned round it would be that of q, 1.61 instead of 1.45.
#[test]
fn log_q_is_subtracted() {
    let q: [f64; 3] = [0.8, 0.1, 0.1];
    let case = Case {
        width: 1,
        users: vec![0.0; 3],
        items: vec![0.0; 3],
        pairs: vec![[0, 0], [1, 1], [2, 2]],
        negatives: Vec::new(),
        log_q: q.map(f64::ln).to_vec(),
        temperature: 1.0,
        normalize: false,
    };
    let total: f64 = q.iter().map(|q| 1.0 / q).sum();
    let expected = q.iter().map(|q| (total * q).ln()).sum::<f64>() / 3.0;
    assert!((1.44..1.46).contains(&expected));
    let (loss, _) = case.trained();
    assert!((f64::from(loss) - expected).abs() < 1e-6, "{loss} for {expected}");
}

/// The same item in every row leaves each row its positive alone: no loss, no gradient.
#[test]
fn accidental_hits_are_no_negatives() {
    let case = Case {
        width: 2,
        users: vec![0.3, -0.2, 0.5, 0.4],
        items: vec![0.1, 0.7],
        pairs: vec![[0, 0], [1, 0], [0, 0]],
        negatives: Vec::new(),
        log_q: vec![0.0],
        temperature: 0.5,
        normalize: true,
    };
    let (loss, moves) = case.trained();
    assert_eq!(loss, 0.0);
    assert!(moves.iter().flatten().all(|&g| g == 0.0), "{moves:?}");
}
