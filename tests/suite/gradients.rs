//! Compares the gradients of the loss with central differences of the same loss, written again in
//! plain float64 code, and checks the identities of a softmax.

use crate::support::extent;
use proptest::prelude::*;
use serde_json::{Value, json};
use twotower::data::Csr;
use twotower::executor::BackendRequest;
use twotower::model::{Model, Tower};
use twotower::plan::{BagExtent, Bags, Extent, Parameter, Part};
use twotower::{Config, random};

/// A batch of pairs over small tables.
#[derive(Debug, Clone)]
struct Case {
    width: usize,
    users: Vec<f64>,
    items: Vec<f64>,
    pairs: Vec<[u32; 2]>,
    /// Drawn for each pair; if empty, the pairs are each other's negatives.
    negatives: Vec<Vec<u32>>,
    log_q: Vec<f64>,
    temperature: f64,
    normalize: bool,
}

impl Case {
    /// Computes the loss of `docs/methods.md`: softmax over the batch without accidental hits, or
    /// over a pair's own negatives without a filter; log q is subtracted.
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

    /// Returns the crate's loss and gradients: plain descent at learning rate 1 changes a row by
    /// its gradient.
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
            shuffled: false,
            ..extent(self.users.len() / self.width, self.items.len() / self.width, self.pairs.len())
        };
        let config = config.expect("valid");
        pollster::block_on(async {
            let (mut model, _) =
                Model::new(&config, &extent, BackendRequest::CPU).await.expect("a CPU");
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
            // A row of length 0 has no direction to differentiate.
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

/// Every score is 0, so the loss is that of the correction alone: 1/q weights a candidate. With the
/// wrong sign it would be that of q, 1.61 instead of 1.45.
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

/// With the same item in every row, each row has only its positive: no loss, no gradient.
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

/// Towers with every kind of part, and a batch for them.
struct Towers {
    config: Config,
    lists: [Csr; 3],
    pairs: Vec<[u32; 2]>,
    log_q: Vec<f64>,
}

impl Towers {
    const USERS: usize = 6;
    const ITEMS: usize = 9;
    const FEATURES: usize = 5;

    fn new(towers: &Value, normalize: bool) -> Self {
        let config = json!({
            "towers": towers, "normalize": normalize, "dim": 5, "batchSize": 8, "temperature": 0.5,
            "optimizer": { "kind": "sgd", "learningRate": 1 },
        });
        let draw =
            |stream, n: usize, below: usize| random::hash(3, stream, n as u32) % below as u32;
        // 0 to 4 members, some of them repeated; every user of a pair has its item.
        let pairs: Vec<[u32; 2]> =
            (0..8).map(|n| [draw(1, n, Self::USERS), draw(2, n, Self::ITEMS)]).collect();
        let lists = |stream, owners: usize, rows: usize, of: &dyn Fn(usize) -> Vec<u32>| {
            let mut lists = Csr { offsets: vec![0], items: Vec::new() };
            for owner in 0..owners {
                lists.items.extend(of(owner));
                lists.items.extend((0..owner % 4).map(|n| draw(stream, 10 * owner + n, rows)));
                lists.offsets.push(lists.items.len() as u32);
            }
            lists
        };
        let had = |user: usize| -> Vec<u32> {
            let mut had: Vec<u32> =
                pairs.iter().filter(|pair| pair[0] as usize == user).map(|pair| pair[1]).collect();
            had.sort_unstable();
            had.dedup();
            had
        };
        Self {
            config: Config::resolve(&config).expect("valid"),
            lists: [
                lists(4, Self::USERS, Self::FEATURES, &|_| Vec::new()),
                lists(5, Self::ITEMS, Self::FEATURES, &|_| Vec::new()),
                lists(6, Self::USERS, Self::ITEMS, &had),
            ],
            pairs,
            log_q: (0..Self::ITEMS).map(|item| -1.0 - item as f64 / 4.0).collect(),
        }
    }

    /// Computes a tower's output as in `docs/methods.md`; `values` are the parameters' elements in
    /// the plan's order.
    fn output(
        &self,
        parameters: &[Parameter],
        values: &[Vec<f64>],
        tower: Tower,
        id: u32,
        left_out: Option<u32>,
    ) -> Vec<f64> {
        let find = |tower, part| {
            let at = parameters.iter().position(|one| (one.tower, one.part) == (tower, part))?;
            Some((parameters[at].width, &values[at]))
        };
        let row = |(width, table): (usize, &Vec<f64>), row: u32| -> Vec<f64> {
            table[row as usize * width..][..width].to_vec()
        };
        let mut x = vec![0.0; self.config.dim];
        let add = |x: &mut [f64], row: &[f64], weight: f64| {
            x.iter_mut().zip(row).for_each(|(x, w)| *x += weight * w);
        };
        if let Some(table) = find(tower, Part::Id) {
            add(&mut x, &row(table, id), 1.0);
        }
        let [user_features, item_features, history] = &self.lists;
        if let Some(table) = find(tower, Part::Features) {
            let lists = if tower == Tower::User { user_features } else { item_features };
            for &feature in lists.row(id) {
                add(&mut x, &row(table, feature), 1.0 / lists.row(id).len() as f64);
            }
        }
        if let (Tower::User, Some(options)) = (tower, &self.config.towers.user.history) {
            let own = find(Tower::User, Part::History);
            let table = own.or(find(Tower::Item, Part::Id)).expect("a table");
            let items = || history.row(id).iter().filter(|&&item| Some(item) != left_out);
            let weight = (items().count() as f64).powf(-f64::from(options.power));
            items().for_each(|&item| add(&mut x, &row(table, item), weight));
        }
        let mut layer = 0;
        while let (Some((width, weights)), Some((_, bias))) =
            (find(tower, Part::Weights(layer)), find(tower, Part::Bias(layer)))
        {
            if layer > 0 {
                x.iter_mut().for_each(|x| *x = x.max(0.0));
            }
            let mut y = bias.clone();
            for (x, row) in x.iter().zip(weights.chunks(width)) {
                add(&mut y, row, *x);
            }
            x = y;
            layer += 1;
        }
        if self.config.normalize {
            let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt().max(1e-12);
            x.iter_mut().for_each(|x| *x /= norm);
        }
        x
    }

    fn loss(&self, parameters: &[Parameter], values: &[Vec<f64>]) -> f64 {
        let losses = self.pairs.iter().map(|&[user, positive]| {
            let u = self.output(parameters, values, Tower::User, user, Some(positive));
            let logit = |item: u32| -> f64 {
                let v = self.output(parameters, values, Tower::Item, item, None);
                let product: f64 = u.iter().zip(&v).map(|(u, v)| u * v).sum();
                product / f64::from(self.config.temperature) - self.log_q[item as usize]
            };
            let others = self.pairs.iter().map(|pair| pair[1]).filter(|&item| item != positive);
            let sum: f64 = others.chain([positive]).map(|item| logit(item).exp()).sum();
            sum.ln() - logit(positive)
        });
        losses.sum::<f64>() / self.pairs.len() as f64
    }

    /// Checks every element of every parameter.
    fn check(&self) {
        let [user_features, item_features, history] = &self.lists;
        let extent = Extent {
            shuffled: false,
            bags: Bags {
                user_features: BagExtent::of(user_features, Self::FEATURES),
                item_features: BagExtent::of(item_features, Self::FEATURES),
                history: BagExtent::of(history, Self::ITEMS),
            },
            ..extent(Self::USERS, Self::ITEMS, self.pairs.len())
        };
        let (parameters, before, after, loss) = pollster::block_on(async {
            let (mut model, _) =
                Model::new(&self.config, &extent, BackendRequest::CPU).await.expect("a CPU");
            let log_q: Vec<f32> = self.log_q.iter().map(|&x| x as f32).collect();
            model.load(self.pairs.as_flattened(), &log_q);
            let towers = &self.config.towers;
            if !towers.user.base.features.is_empty() {
                model.load_features(Tower::User, user_features);
            }
            if !towers.item.features.is_empty() {
                model.load_features(Tower::Item, item_features);
            }
            if towers.user.history.is_some() {
                model.load_history(history.clone());
            }
            let parameters = model.plan().parameters.clone();
            model.start_with(|parameter, row, w| {
                let nth = parameters.iter().position(|one| one.table == parameter.table);
                let stream = 100 + nth.expect("one of them") as u32;
                for (k, w) in w.iter_mut().enumerate() {
                    *w = 0.5 * random::normal(5, stream, (row * parameter.width + k) as u32);
                }
            });
            let mut values = [Vec::new(), Vec::new()];
            for (n, values) in values.iter_mut().enumerate() {
                if n == 1 {
                    model.step();
                }
                for parameter in &parameters {
                    let now = model.values(parameter).await.expect("reads");
                    values.push(now.into_iter().map(f64::from).collect::<Vec<f64>>());
                }
            }
            let loss = model.losses_later().finish().await.expect("reads")[0];
            let [before, after] = values;
            (parameters, before, after, loss)
        });
        let reference = self.loss(&parameters, &before);
        assert!((f64::from(loss) - reference).abs() < 1e-5, "{loss} for {reference}");
        for (n, parameter) in parameters.iter().enumerate() {
            let mut largest = 0.0f64;
            for at in 0..before[n].len() {
                const STEP: f64 = 1e-5;
                let moved = |by: f64| {
                    let mut values = before.clone();
                    values[n][at] += by;
                    self.loss(&parameters, &values)
                };
                let reference = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
                let ours = before[n][at] - after[n][at];
                largest = largest.max(ours.abs());
                assert!(
                    (ours - reference).abs() < 1e-5 + 1e-4 * reference.abs(),
                    "{:?} {:?}[{at}]: {ours} for {reference}",
                    parameter.tower,
                    parameter.part,
                );
            }
            // The same addition to every item's output changes no softmax.
            let last = self.config.towers.item.widths(1).len().wrapping_sub(1);
            let is_shift = (parameter.tower, parameter.part) == (Tower::Item, Part::Bias(last));
            assert_eq!(
                largest > 1e-4,
                self.config.normalize || !is_shift,
                "{:?} {:?} has a gradient of at most {largest}",
                parameter.tower,
                parameter.part
            );
        }
    }
}

/// A user whose only item is the positive has the zero vector, which has no direction to learn
/// from: a gradient divided by its length would be unbounded.
#[test]
fn a_user_of_nothing_moves_nothing() {
    let towers = json!({ "user": { "id": false, "history": {}, "layers": [4] } });
    let config = Config::resolve(&json!({
        "towers": towers, "dim": 5, "batchSize": 2,
        "optimizer": { "kind": "sgd", "learningRate": 1 },
    }));
    let history = Csr { offsets: vec![0, 1, 2], items: vec![0, 1] };
    let extent = Extent {
        shuffled: false,
        bags: Bags { history: BagExtent::of(&history, 2), ..Bags::default() },
        ..extent(2, 2, 2)
    };
    pollster::block_on(async {
        let config = config.expect("valid");
        let new = Model::new(&config, &extent, BackendRequest::CPU);
        let (mut model, _) = new.await.expect("a CPU");
        model.load(&[0, 0, 1, 1], &[0.0, 0.0]);
        model.load_history(history);
        model.start_fresh(&config);
        let before = model.table(Tower::Item).await.expect("reads");
        model.step();
        assert_eq!(before, model.table(Tower::Item).await.expect("reads"));
        let bias = *model.plan().parameter(Tower::User, Part::Bias(1)).expect("a layer");
        assert_eq!(model.values(&bias).await.expect("reads"), [0.0; 5]);
    });
}

#[test]
fn gradients_of_every_part_of_a_tower_are_central_differences() {
    let (none, shared) = (json!({}), json!({ "id": false, "history": { "power": 0.5 } }));
    let separate = json!({ "history": { "table": "separate", "power": 1 }, "layers": [7] });
    let features = json!({ "id": false, "features": ["a"], "out": 5 });
    let deep = json!({ "features": ["a"], "layers": [6, 9] });
    let layered = json!({ "id": false, "history": { "power": 0.25 }, "layers": [4] });
    for (user, item) in [
        (&none, &deep),
        (&shared, &none),
        (&shared, &deep),
        (&separate, &none),
        (&separate, &features),
        (&features, &features),
        (&deep, &deep),
        (&layered, &deep),
        (&layered, &none),
    ] {
        for normalize in [false, true] {
            let towers = json!({ "user": user, "item": item });
            println!("{towers}, normalize {normalize}");
            Towers::new(&towers, normalize).check();
        }
    }
}
