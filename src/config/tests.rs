//! Tests of the options together.

use serde_json::{Map, Value, json};

use super::kind::Kind::{Above, Null, OneOf};
use super::options::parsed;
use super::preset::Preset;
use super::resolve::check;
use super::*;
use crate::error::Error;

/// Bounds also hold for the `f32` values that training uses.
#[test]
fn numbers_that_f32_rounds_to_a_bound_are_rejected() {
    for spec in OPTIONS {
        for kind in spec.kinds {
            let Above(min, max) = *kind else { continue };
            assert!(!kind.allows(&json!(min + 1e-50)), "{}", spec.key);
            assert!(kind.allows(&json!(min + 1e-30)), "{}", spec.key);
            assert!(kind.allows(&json!(max)) && !kind.allows(&json!(min)), "{}", spec.key);
        }
    }
    let refused = Config::resolve(&json!({ "optimizer.learningRate": 1e-50 }));
    assert_eq!(refused.expect_err("a step of nothing").code(), "config");
}

#[test]
fn a_message_repeats_no_more_than_a_line() {
    let long = "é".repeat(1 << 19);
    for options in [json!({ &long: 1 }), json!({ "seed": long }), json!(long)] {
        let message = Config::resolve(&options).expect_err("no options").to_string();
        assert!(message.len() < 4000, "{} bytes", message.len());
    }
}

#[test]
fn defaults_fill_the_typed_config_and_nothing_is_lost() {
    let config = Config::default();
    assert_eq!(config.dim, 64);
    // Floats are rounded to `f32`: compares after the same rounding.
    let there_and_back: Config =
        serde_json::from_value(serde_json::to_value(&config).expect("serialises"))
            .expect("deserialises");
    assert_eq!(there_and_back, config);
    let typed = serde_json::to_value(&config).expect("serialises");
    for spec in OPTIONS {
        if OPTIONAL_GROUPS.iter().any(|group| spec.key.starts_with(group)) {
            continue;
        }
        let pointer = format!("/{}", spec.key.replace('.', "/"));
        assert!(typed.pointer(&pointer).is_some(), "Config lacks `{}`", spec.key);
    }
    // Both towers have the same type, but an item has no history.
    assert_eq!(typed["towers"], defaults()["towers"]);
}

#[test]
fn unknown_keys_and_bad_values_are_refused_by_name() {
    let refused = |options: Value, key: &str| match Config::resolve(&options) {
        Err(Error::Config { key: found, allowed, .. }) => {
            assert_eq!(found, key);
            assert!(!allowed.is_empty());
        }
        other => panic!("{options} gave {other:?}"),
    };
    refused(json!({ "dims": 3 }), "dims");
    refused(json!({ "dim": 0 }), "dim");
    refused(json!({ "dim": 2.5 }), "dim");
    refused(json!({ "dim": "64" }), "dim");
    refused(json!({ "temperature": 0 }), "temperature");
    refused(json!({ "optimizer": { "rate": 1 } }), "optimizer.rate");
    refused(json!({ "optimizer": 1 }), "optimizer");
    refused(json!({ "optimizer": { "kind": "adamw" } }), "optimizer.kind");
    refused(json!([]), "config");
    refused(json!({ "tune": { "temperature": [] } }), "tune.temperature");
    refused(json!({ "tune": { "temperature": [0.2, 0.1, 0.2] } }), "tune.temperature");
    let streaming = |kind| json!({ "negatives": { "kind": kind, "logQ": "streaming" } });
    refused(streaming("mixed"), "negatives.logQ");
    refused(streaming("uniform"), "negatives.logQ");
    assert!(Config::resolve(&streaming("in-batch")).is_ok());
    let banked = |kind| json!({ "cbns": {}, "negatives": { "kind": kind } });
    refused(banked("popularity"), "cbns");
    assert!(Config::resolve(&banked("mixed")).is_ok());
    let draws = |kind, count: usize| json!({ "batchSize": 1024, "negatives": { "kind": kind, "count": count } });
    refused(draws("popularity", 128), "negatives.count");
    assert_eq!(Config::resolve(&draws("uniform", 127)).expect("valid").candidates(), 1 << 17);
    assert_eq!(Config::resolve(&draws("mixed", 128)).expect("valid").candidates(), 1152);
}

#[test]
fn later_options_are_rejected_as_not_available() {
    let history = |history: Value| json!({ "towers": { "item": { "history": history } } });
    let error = Config::resolve(&history(json!({}))).expect_err("refused");
    assert_eq!(error.code(), "not-available");
    assert!(Config::resolve(&history(Value::Null)).is_ok());
}

#[test]
fn towers_fit_together_or_are_refused() {
    let refused = |options: Value, key: &str| match Config::resolve(&options) {
        Err(Error::Config { key: found, .. }) => assert_eq!(found, key, "{options}"),
        other => panic!("{options} gave {other:?}"),
    };
    let towers = |user: Value, item: Value| json!({ "towers": { "user": user, "item": item } });
    refused(towers(json!({ "id": false }), json!({})), "towers.user");
    refused(towers(json!({}), json!({ "id": false })), "towers.item");
    refused(towers(json!({ "layers": [0] }), json!({})), "towers.user.layers");
    refused(towers(json!({ "layers": 8 }), json!({})), "towers.user.layers");
    refused(towers(json!({ "layers": vec![8; 9] }), json!({})), "towers.user.layers");
    refused(towers(json!({ "out": 8 }), json!({})), "towers.user.out");
    let mut onebp = towers(json!({ "history": {} }), json!({}));
    onebp["onebp"] = json!({});
    refused(onebp.clone(), "onebp");
    onebp["towers"] = json!({ "item": { "layers": [32], "out": 16 } });
    assert!(Config::resolve(&onebp).is_ok(), "OneBP users average the outputs of any item tower");
    let config = Config::resolve(&towers(
        json!({ "id": false, "history": { "cap": 9 }, "out": 8 }),
        json!({ "layers": [32], "out": 8 }),
    ));
    let Towers { user, item } = config.expect("valid").towers;
    let history = History { table: HistoryTable::Shared, power: 0.5, cap: 9 };
    assert_eq!((user.history, user.base.widths(64)), (Some(history), vec![8]));
    assert_eq!(item.widths(64), [32, 8]);
}

#[test]
fn a_group_that_is_off_by_default_has_defaults_of_its_own() {
    assert_eq!(Config::default().cbns, None);
    let on = Config::resolve(&json!({ "cbns": { "capacity": 9 }, "onebp": {} })).expect("valid");
    let cbns = Cbns { capacity: 9, warmup: Warmup::Rule(WarmupRule::Auto), sides: Sides::Both };
    assert_eq!((on.cbns, on.onebp), (Some(cbns), Some(OneBp { beta: 0.99 })));
    let error = Config::resolve(&json!({ "onebp": { "alpha": 1 } })).expect_err("refused");
    assert!(error.to_string().contains("allowed: beta"), "{error}");
}

#[test]
fn a_technique_starts_with_values_that_are_allowed_and_no_defaults() {
    for spec in OPTIONS {
        for (key, value) in parsed(spec.starts).as_object().expect(spec.key) {
            let started = OPTIONS.iter().find(|spec| spec.key == key).expect(key);
            check(started, value).expect(key);
            assert_ne!(*value, parsed(started.default), "{key}");
        }
    }
    for group in ["onebp", "cbns", "skip"] {
        let config = Config::resolve(&starts(group).into()).expect(group);
        assert_ne!(config, Config::default(), "{group}");
    }
    assert_eq!(starts("sk"), Map::new());
}

#[test]
fn presets_are_other_defaults() {
    let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
    let spec = OPTIONS.iter().find(|spec| spec.key == "preset").expect("an option");
    let [OneOf(words), Null] = spec.kinds else { panic!("{:?}", spec.kinds) };
    assert_eq!(*words, names);
    for Preset { name, .. } in PRESETS {
        let config = Config::resolve(&json!({ "preset": name })).expect(name);
        assert_eq!(config.preset.as_deref(), Some(name));
    }
    let usual = Config {
        preset: None,
        ..Config::resolve(&json!({ "preset": "balanced" })).expect("valid")
    };
    assert_eq!(usual, Config::default());
    let best = Config::resolve(&json!({ "preset": "best", "epochs": 2, "tune": null }));
    let best = best.expect("valid");
    assert_eq!((best.dim, best.epochs, best.tune), (256, 2, None));
}

#[test]
fn dotted_names_mean_what_nested_ones_do() {
    let dotted = json!({
        "split.kind": "temporal", "towers": { "user.history.cap": 9 }, "optimizer": { "l2": 1 },
        "optimizer.learningRate": 0.5,
    });
    let nested = json!({
        "split": { "kind": "temporal" }, "towers": { "user": { "history": { "cap": 9 } } },
        "optimizer": { "learningRate": 0.5, "l2": 1 },
    });
    assert_eq!(Config::resolve(&dotted), Config::resolve(&nested));
    assert!(Config::resolve(&dotted).is_ok());
    for key in ["split.kinds", "splits.kind", "dim.x", "split.kind.x", ".dim", "split."] {
        let error = Config::resolve(&json!({ key: 1 })).expect_err(key);
        assert_eq!(error.code(), "config", "{key}");
    }
    assert_eq!(get(&dotted, "split.kind"), Some(&json!("temporal")));
    assert_eq!(get(&nested, "split.kind"), Some(&json!("temporal")));
    assert_eq!(get(&dotted, "towers.user.history.cap"), Some(&json!(9)));
    assert_eq!(get(&dotted, "split"), None);
}

#[test]
fn a_time_format_is_checked() {
    let options = |format: &str| json!({ "data": { "timeFormat": format } });
    assert!(Config::resolve(&options("%d/%m/%Y")).is_ok());
    let error = Config::resolve(&options("european")).expect_err("refused").to_string();
    assert!(error.starts_with("option `data.timeFormat`"), "{error}");
}

#[test]
fn options_are_merged_over_the_defaults() {
    let mut options = json!({ "init": "xavier" });
    set(&mut options, "optimizer.learningRate", json!(0.5));
    let config = Config::resolve(&options).expect("valid");
    assert_eq!(config.init, Init::Named(InitRule::Xavier));
    assert_eq!(config.optimizer.learning_rate, 0.5);
    assert_eq!(config.optimizer.kind, OptimizerKind::Adam);
}
