//! Tests of the whole loader: files in many formats give the same data set, in any chunks.

use crate::support::{load, load_all};
use proptest::prelude::*;
use serde_json::{Value, json};
use twotower::data::{Dataset, Features, Ids, Loader, Pairs, Part};
use twotower::{Config, Error, Result};

fn config(options: Value) -> Config {
    Config::resolve(&options).expect("valid options")
}

/// Returns options without a test part, for tests of reading.
fn no_test() -> Value {
    json!({ "split": { "test": 0 } })
}

fn named(data: &Dataset, pairs: &Pairs) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|[user, item]| (data.users.name(user).into(), data.items.name(item).into()))
        .collect()
}

/// Returns [`named`] pairs, sorted: their order does not depend on indices.
fn named_sorted(data: &Dataset, pairs: &Pairs) -> Vec<(String, String)> {
    let mut pairs = named(data, pairs);
    pairs.sort();
    pairs
}

fn own(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(user, item)| (user.into(), item.into())).collect()
}

const PAIRS: &[(&str, &str)] = &[("7", "a,b"), ("7", "x"), ("07", "x"), ("7", "q\"q")];

#[test]
fn every_format_gives_the_same_pairs() {
    for (name, text) in [
        ("quoted.csv", "user,item\r\n7,\"a,b\"\r\n7,x\r\n\"07\",x\r\n7,\"q\"\"q\"\r\n"),
        ("bom.csv", "\u{feff}item,user\n\"a,b\",7\nx,7\nx,07\n\"q\"\"q\",7"),
        ("no_header.tsv", "7\ta,b\n\n7\tx\n07\tx\n7\tq\"q\n"),
        ("semicolon.csv", "extra;user_id;item_id\n1;7;a,b\n2;7;x\n3;07;x\n4;7;\"q\"\"q\"\n"),
        ("pipe.txt", "7|a,b\n7|x\n07|x\n7|q\"q\n"),
        ("ratings.dat", "7::a,b::5::978300760\n7::x::3::978302109\n07::x::1::1\n7::q\"q::2::5\n"),
        (
            "lines.jsonl",
            "{\"item\":\"a,b\",\"user\":7}\n{\"user\":7,\"item\":\"x\",\"note\":[1]}\n\
             {\"user\":\"07\",\"item\":\"x\"}\n{\"user\":\"7\",\"item\":\"q\\\"q\"}\n",
        ),
    ] {
        let data = load(&no_test(), &[(Part::All, name, text)]).expect(name);
        let mut expected = own(PAIRS);
        expected.sort();
        assert_eq!(named_sorted(&data, &data.train), expected, "{name}");
        assert_eq!(data.report.lines, 4, "{name}");
        assert_eq!(data.users.get("7"), Some(0), "{name}");
        assert_eq!(data.users.get("07"), Some(1), "{name}");
    }
}

#[test]
fn columns_are_found_where_the_options_say() {
    let text = "a,who,b,what\n1,ann,2,apple\n1,bob,2,pear\n";
    for columns in [json!({ "user": "who", "item": "what" }), json!({ "user": 1, "item": 3 })] {
        let mut options = no_test();
        options["data"] = json!({ "columns": columns });
        let data = load_all(&options, text).expect("found");
        assert_eq!(named(&data, &data.train), own(&[("ann", "apple"), ("bob", "pear")]));
    }
}

#[test]
fn bad_lines_are_counted_named_and_skipped() {
    let mut text = String::from("user,item\n");
    for n in 0..600 {
        text += &format!("u{n},i{n}\n");
    }
    text += "lonely\n,i1\nu1,\n  \n\"open,i2\n";
    let data = load_all(&no_test(), &text).expect("under 1%");
    let report = &data.report;
    assert_eq!((report.lines, report.bad_lines), (604, 2));
    assert_eq!((report.without_user, report.without_item, report.read[0].blank), (1, 1, 1));
    assert_eq!(data.train.len(), 600);
    assert_eq!(
        report.first_bad_lines,
        [
            "all.csv, line 602: 1 instead of 2 cells in \"lonely\"",
            "all.csv, line 606: a quote is never closed in \"\\\"open,i2\"",
        ]
    );
    let warned = |part: &str| report.warnings.iter().any(|warning| warning.contains(part));
    assert!(warned("2 of 604 lines are bad") && warned("have no user"), "{:?}", report.warnings);
    let error = load_all(&no_test(), &(text + &"a,b,c\n".repeat(6))).expect_err("over 1%");
    let Error::Data { file, problem, lines } = error else { panic!("{error}") };
    assert_eq!((file.as_str(), lines.len()), ("all.csv", 5));
    assert_eq!(problem, "8 of 610 lines are bad, more than 1%");
    assert_eq!(lines[2], "line 607: 3 instead of 2 cells in \"a,b,c\"");
}

/// Loads bytes after a number of ASCII lines.
fn load_after(lines: usize, options: Value, bytes: &[u8]) -> Result<Dataset> {
    let mut loader = Loader::new(&config(options));
    loader.begin(Part::All, "latin1.csv", None)?;
    let ascii: String = (0..lines).map(|n| format!("u{n},i{n}\n")).collect();
    loader.push(ascii.as_bytes())?;
    loader.push(bytes)?;
    loader.finish()
}

#[test]
fn the_first_bytes_tell_the_encoding_and_later_ones_that_do_not_fit_are_bad() {
    let latin1 = load_after(200, no_test(), b"Zo\xeb,i1\n").expect("Latin-1");
    assert_eq!((latin1.users.get("Zo\u{eb}"), latin1.report.bad_lines), (Some(200), 0));
    // This line is after the bytes that decide the encoding.
    let late = load_after(40_000, no_test(), b"Zo\xeb,i1\n").expect("under 1%");
    assert_eq!((late.users.len(), late.report.bad_lines), (40_000, 1));
    assert!(late.report.first_bad_lines[0].contains("set `data.encoding`"));
    let mut told = no_test();
    told["data"] = json!({ "encoding": "latin-1" });
    let told = load_after(40_000, told, b"Zo\xeb,i1\n").expect("Latin-1");
    assert_eq!((told.users.get("Zo\u{eb}"), told.report.bad_lines), (Some(40_000), 0));
}

#[test]
fn a_nul_is_refused_wherever_it_is() {
    for lines in [2, 40_000] {
        let error =
            load_after(lines, no_test(), b"a,b\nu\0,i1\n").expect_err("refused").to_string();
        assert!(error.contains(&format!("line {} has a NUL", lines + 2)), "{error}");
    }
}

#[test]
fn files_that_are_no_text_are_refused_by_name() {
    for (bytes, name) in [(&b"PAR1\x15\0"[..], "Parquet"), (b"PK\x03\x04\0", "Excel")] {
        let mut loader = Loader::new(&config(no_test()));
        loader.begin(Part::All, "f", None).expect("begun");
        loader.push(bytes).expect("gathered");
        let error = loader.finish().expect_err("refused").to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn unusable_data_is_rejected() {
    for (text, problem) in [
        ("", "it has no lines of data"),
        ("user,item\n", "it has no lines of data"),
        ("ann,apple\nann,pear\n", "there is only one user to train on"),
        ("ann,apple\nbob,apple\n", "there is only one item to train on"),
    ] {
        let error = load_all(&no_test(), text).expect_err("refused");
        assert_eq!(error.to_string(), format!("all.csv: {problem}"));
    }
    assert_eq!(load(&no_test(), &[]).expect_err("refused").code(), "data");
    let endless = "x".repeat(1 << 20);
    let error = load_all(&no_test(), &format!("ann,apple\n{endless}")).expect_err("refused");
    assert_eq!(error.to_string(), "all.csv: line 2 is longer than 256 KiB");
}

#[test]
fn ratings_under_the_minimum_do_not_count() {
    let text = "user,item,rating\nann,apple,4\nann,pear,3.5\nbob,pear,5\nbob,apple,0\n";
    let mut options = no_test();
    options["data"] = json!({ "minRating": 4 });
    let data = load_all(&options, text).expect("two are left");
    assert_eq!(named(&data, &data.train), own(&[("ann", "apple"), ("bob", "pear")]));
    assert_eq!(data.report.below_min_rating, 2);
    let error = load_all(&options, "user,item\nann,apple\n").expect_err("no ratings");
    assert_eq!(
        error.to_string(),
        "option `data.minRating`: all.csv has no ratings; \
         allowed: null, or a column named by `data.columns.rating`"
    );
}

#[test]
fn the_core_is_what_is_left_when_all_have_enough() {
    // carl has one item; without carl, kiwi has one user; without kiwi, bob has one item.
    let text =
        "user,item\nann,apple\nann,pear\ndan,apple\ndan,pear\nbob,apple\nbob,kiwi\ncarl,kiwi\n";
    let mut options = no_test();
    options["data"] = json!({ "core": 2 });
    let data = load_all(&options, text).expect("a core");
    assert_eq!(
        named(&data, &data.train),
        own(&[("ann", "apple"), ("ann", "pear"), ("dan", "apple"), ("dan", "pear")])
    );
    assert_eq!((data.users.len(), data.items.len()), (2, 2));
    assert_eq!(data.report.dropped_by_core, 3);
}

#[test]
fn the_earliest_of_repeated_pairs_stays() {
    // By the earliest times, ann's order is pear, apple, kiwi, so kiwi is in the test part.
    let text = "user,item,timestamp\nann,apple,9\nann,kiwi,5\nann,apple,3\nann,pear,1\nann,pear,8\n\
                bob,apple,1\nbob,kiwi,2\nbob,pear,3\n";
    let data = load_all(&json!({ "split": { "kind": "leave-last-out" } }), text).expect("loads");
    assert_eq!(data.report.duplicates, 2);
    assert_eq!(named_sorted(&data, &data.test), own(&[("ann", "kiwi"), ("bob", "pear")]));
}

#[test]
fn times_part_in_order_before_and_after_1970_in_any_notation() {
    let text = "user,item,date\na,1,1969-12-31\na,2,-1\na,3,0\na,4,1970-01-02T00:00\n\
                a,5,1291213920\na,6,1591213920000\nb,1,1\nb,2,0\n";
    let split = json!({ "split": { "kind": "temporal", "test": 0.34, "validation": 0.25 } });
    let data = load_all(&split, text).expect("loads");
    assert_eq!(named_sorted(&data, &data.test), own(&[("a", "5"), ("a", "6"), ("b", "1")]));
    assert_eq!(named_sorted(&data, &data.validation), own(&[("a", "4")]));
    assert_eq!(data.train.len(), 4);
}

#[test]
fn given_parts_stay_as_they_are() {
    let train = "user,item\nbob,pear\nann,apple\nann,pear\nann,apple\n";
    let test = "user,item\nzoe,apple\nann,kiwi\nbob,apple\nann,apple\n";
    let validation = "user,item\nann,fig\n";
    let given = json!({ "split": { "kind": "given" } });
    let data = load(
        &given,
        &[
            (Part::Test, "test.csv", test),
            (Part::Train, "train.csv", train),
            (Part::Validation, "validation.csv", validation),
        ],
    )
    .expect("loads");
    // Users and items with a training pair come first, in the order of their first line in any
    // file.
    assert_eq!(data.users.iter().collect::<Vec<_>>(), ["ann", "bob", "zoe"]);
    assert_eq!(data.items.iter().collect::<Vec<_>>(), ["apple", "pear", "kiwi", "fig"]);
    assert_eq!((data.n_users, data.n_items), (2, 2));
    assert_eq!(data.item_counts(), [1, 2]);
    assert_eq!(
        named(&data, &data.test),
        own(&[("ann", "kiwi"), ("bob", "apple"), ("zoe", "apple")])
    );
    assert_eq!(named(&data, &data.validation), own(&[("ann", "fig")]));
    let report = &data.report;
    assert_eq!((report.test_only_users, report.test_only_items), (1, 2));
    assert_eq!((report.duplicates, report.held_out_seen_before), (1, 1));
    assert_eq!(
        serde_json::to_value(data.summary()).expect("serialises"),
        json!({ "users": 3, "items": 4, "train": 3, "validation": 1, "test": 3 })
    );
}

#[test]
fn parts_and_splits_that_do_not_go_together_are_refused_by_name() {
    const TEXT: &str = "user,item\nann,apple\nbob,pear\n";
    for (options, parts, key) in [
        (json!({ "split": { "kind": "given" } }), vec![Part::All], "split.kind"),
        (json!({ "split": { "kind": "given" } }), vec![Part::Train], "split.kind"),
        (json!({ "split": { "kind": "given" } }), vec![Part::Test], "split.kind"),
        (json!({ "split": { "kind": "random" } }), vec![Part::Train], "split.kind"),
        (json!({ "split": { "kind": "temporal" } }), vec![Part::All], "split.kind"),
        (json!({ "split": { "kind": "leave-last-out" } }), vec![Part::All], "split.kind"),
        (
            json!({ "split": { "kind": "given", "validation": 0.1 } }),
            vec![Part::Train, Part::Validation],
            "split.validation",
        ),
    ] {
        let files: Vec<_> = parts.into_iter().map(|part| (part, "f.csv", TEXT)).collect();
        match load(&options, &files) {
            Err(Error::Config { key: found, .. }) => assert_eq!(found, key, "{options}"),
            other => panic!("{options} gave {other:?}"),
        }
    }
}

#[test]
fn titles_come_from_an_items_file_of_either_kind() {
    const PAIRS: &str = "user,item\nann,1\nbob,2\nbob,3\n";
    for items in [
        "item,title,authors\n3,\"Three, or more\",x\n1,One,y\n9,Nine,z\n",
        "3|Three, or more|01-Jan-1995||http://x|0\n1|One|01-Jan-1995||http://y|1\n",
        "{\"item_id\":3,\"title\":\"Three, or more\"}\n{\"item_id\":\"1\",\"title\":\"One\"}\n",
    ] {
        for items_first in [true, false] {
            let mut files = vec![(Part::All, "all.csv", PAIRS), (Part::Items, "items", items)];
            if items_first {
                files.reverse();
            }
            let data = load(&no_test(), &files).expect("loads");
            let titles: Vec<_> = (0..3).map(|item| data.title(item)).collect();
            assert_eq!(titles, [Some("One"), None, Some("Three, or more")]);
            assert_eq!(data.report.titled_items, 2);
        }
    }
}

#[test]
fn features_come_from_columns_of_the_items_and_users_files() {
    let options = |user: Value, item: Value| {
        json!({
            "split": { "test": 0 },
            "towers": { "user": { "features": user }, "item": { "features": item } },
        })
    };
    let files = [
        (Part::All, "all.csv", "user,item\na,x\na,y\nb,x\n"),
        (Part::Items, "items.csv", "item,title,year,tags\ny,Why,1999,s|t\nz,Zed,2000,u\nx,Ex,,t\n"),
        (
            Part::Users,
            "users.jsonl",
            "{\"user\":\"b\",\"town\":\"Ulm\"}\n{\"user\":\"a\",\"town\":\"Ulm\"}\n",
        ),
    ];
    let data = load(&options(json!(["town"]), json!(["tags:list", "year", "title:words"])), &files);
    let data = data.expect("a data set");
    let told = |features: &Features, ids: &Ids, id: &str| -> Vec<String> {
        let row = ids.get(id).expect("it is there");
        let words = features.lists.row(row).iter();
        let mut words: Vec<_> = words.map(|&n| String::from(features.vocabulary.name(n))).collect();
        words.sort();
        words
    };
    let items = data.item_features.as_ref().expect("items have features");
    assert_eq!(told(items, &data.items, "x"), ["tags=t", "title=ex"]);
    assert_eq!(told(items, &data.items, "y"), ["tags=s", "tags=t", "title=why", "year=1999"]);
    let users = data.user_features.as_ref().expect("users have features");
    assert_eq!(users.vocabulary.iter().collect::<Vec<_>>(), ["town=Ulm"]);
    assert_eq!(told(users, &data.users, "a"), told(users, &data.users, "b"));
    assert_eq!(data.title(data.items.get("x").expect("it is there")), Some("Ex"));

    let refused =
        |options: Value, files: &[(Part, &str, &str)], key: &str| match load(&options, files) {
            Err(Error::Config { key: found, .. }) => assert_eq!(found, key),
            other => panic!("gave {other:?}"),
        };
    let towns = || options(json!(["town"]), json!([]));
    refused(towns(), &files[..2], "towers.user.features");
    refused(options(json!([]), json!(["colour"])), &files, "towers.item.features");
    refused(options(json!(["age"]), json!([])), &files, "towers.user.features");
}

fn interactions() -> impl Strategy<Value = Vec<(u8, u8, i64)>> {
    let ids = (0..12_u8, 0..16_u8, -50..50_i64);
    proptest::collection::vec(ids, 1..200).prop_map(|mut rows| {
        // The loader requires two users and two items.
        rows.extend([(100, 100, 0), (101, 101, 0)]);
        rows
    })
}

/// Returns CSV text in which some cells are quoted and contain line ends.
fn table(rows: &[(u8, u8, i64)]) -> String {
    let mut text = String::from("user,\"item\",timestamp,note\r\n");
    for (n, (user, item, time)) in rows.iter().enumerate() {
        let note = if n % 3 == 0 { "\"two\r\nlines, \"\"quoted\"\"\"" } else { "" };
        text += &format!("{user},\"i,{item}\",{time},{note}\r\n");
    }
    text
}

fn splits() -> impl Strategy<Value = Value> {
    let kind = prop_oneof![Just("random"), Just("temporal"), Just("leave-last-out")];
    (kind, 0..10_u8, 0..10_u8, any::<u32>()).prop_map(|(kind, test, validation, seed)| {
        let share = |tenths: u8| f64::from(tenths) / 10.0;
        json!({
            "seed": seed,
            "split": { "kind": kind, "test": share(test), "validation": share(validation) },
        })
    })
}

/// Asserts that `text` gives the same data set whole and split at `cuts`, counted from `head`
/// bytes.
fn assert_same_however_cut(options: &Value, text: &str, head: usize, cuts: Vec<usize>) {
    let whole = load_all(options, text).expect("loads");
    let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| (head + cut).min(text.len())).collect();
    cuts.extend([0, text.len()]);
    cuts.sort_unstable();
    let mut loader = Loader::new(&config(options.clone()));
    loader.begin(Part::All, "all.csv", None).expect("begun");
    for cut in cuts.windows(2) {
        loader.push(&text.as_bytes()[cut[0]..cut[1]]).expect("read");
    }
    let pieces = loader.finish().expect("loads");
    assert!(whole.users.iter().eq(pieces.users.iter()));
    assert!(whole.items.iter().eq(pieces.items.iter()));
    assert_eq!(&whole.train, &pieces.train);
    assert_eq!(&whole.validation, &pieces.validation);
    assert_eq!(&whole.test, &pieces.test);
    assert_eq!(&whole.report, &pieces.report);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    /// The loader collects the first 256 KiB before it parses; the chunks end around there.
    #[test]
    fn the_cut_of_a_file_longer_than_its_head_does_not_matter(
        rows in interactions(),
        options in splits(),
        cuts in proptest::collection::vec(0..4000_usize, 0..40),
    ) {
        const HEAD: usize = 256 * 1024;
        let begin = table(&rows[..2]);
        let repeated = begin.lines().skip(1).collect::<Vec<_>>().join("\r\n") + "\r\n";
        let rest = table(&rows);
        let rest = rest.split_once("\r\n").expect("it has a header").1;
        let text = begin + &repeated.repeat(HEAD / repeated.len()) + rest;
        assert_same_however_cut(&options, &text, HEAD - 2000, cuts);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_cut_of_the_bytes_does_not_matter(
        rows in interactions(),
        options in splits(),
        cuts in proptest::collection::vec(0..4000_usize, 0..40),
    ) {
        let text = table(&rows);
        assert_same_however_cut(&options, &text, 0, cuts);
    }

    /// Compares the parts with a slow computation of their definition.
    #[test]
    fn the_parts_are_what_the_split_says(rows in interactions(), options in splits()) {
        let data = load_all(&options, &table(&rows)).expect("loads");
        let mut first = std::collections::BTreeMap::new();
        for (user, item, time) in &rows {
            let pair = (user.to_string(), format!("i,{item}"));
            first.entry(pair).and_modify(|t: &mut i64| *t = (*time).min(*t)).or_insert(*time);
        }
        prop_assert_eq!(data.report.duplicates as usize, rows.len() - first.len());

        let parts = [&data.train, &data.validation, &data.test];
        let mut all: Vec<_> = parts.iter().flat_map(|part| named(&data, part)).collect();
        all.sort();
        prop_assert!(all.iter().eq(first.keys()));
        for part in parts {
            prop_assert!(part.as_slice().is_sorted());
        }
        let split = config(options).split;
        let leaves_one = serde_json::to_value(split.kind).expect("a word") == "leave-last-out";
        let by_time = serde_json::to_value(split.kind).expect("a word") != "random";
        let [train, validation, test] = parts.map(|part| part.rows(data.users.len()));
        for user in 0..data.users.len() as u32 {
            let n = [&train, &validation, &test].map(|rows| rows.row(user).len());
            let total: usize = n.iter().sum();
            let share = |share: f64, of: usize| ((of as f64 * share).round() as usize).min(of - 1);
            let n_test = if leaves_one { 1.min(total - 1) } else { share(split.test, total) };
            prop_assert_eq!(n[2], n_test);
            prop_assert_eq!(n[1], share(split.validation, total - n_test));
            prop_assert!(n[0] >= 1);
            if by_time {
                let times = [&train, &validation, &test].map(|rows| {
                    let pair = |&item: &u32| {
                        first[&(data.users.name(user).into(), data.items.name(item).into())]
                    };
                    rows.row(user).iter().map(pair).collect::<Vec<i64>>()
                });
                let latest = |times: &[i64]| times.iter().max().copied().unwrap_or(i64::MIN);
                let earliest = |times: &[i64]| times.iter().min().copied().unwrap_or(i64::MAX);
                prop_assert!(latest(&times[0]) <= earliest(&times[1]).min(earliest(&times[2])));
                prop_assert!(latest(&times[1]) <= earliest(&times[2]));
            }
        }
        // Exactly the rows of the towers have a training pair.
        prop_assert!(data.item_counts().iter().all(|&count| count > 0));
        prop_assert!((0..data.n_users as u32).all(|user| !train.row(user).is_empty()));
    }

    #[test]
    fn another_seed_is_another_random_split(seed in 0..u32::MAX) {
        let rows: Vec<(u8, u8, i64)> =
            (0..20).flat_map(|user| (0..50).map(move |item| (user, item, 0))).collect();
        let text = table(&rows);
        let with = |seed: u32| {
            let options = json!({ "seed": seed, "split": { "kind": "random", "test": 0.3 } });
            load_all(&options, &text).expect("loads").test
        };
        prop_assert_eq!(with(seed), with(seed));
        prop_assert_ne!(with(seed), with(seed + 1));
    }

    /// Any bytes give a data set or an error, never a panic.
    #[test]
    fn no_input_breaks_the_loader(
        bytes in proptest::collection::vec(
            prop_oneof![
                Just(b'\n'), Just(b'\r'), Just(b'"'), Just(b','), Just(b':'), Just(b'{'),
                Just(b'}'), Just(b'1'), Just(b'a'), Just(b';'), Just(b'\t'), any::<u8>(),
            ],
            0..300,
        ),
        chunk in 1..50_usize,
        options in splits(),
    ) {
        for part in [Part::All, Part::Items] {
            let mut loader = Loader::new(&config(options.clone()));
            loader.begin(part, "noise", None).expect("begun");
            for chunk in bytes.chunks(chunk) {
                loader.push(chunk).expect("the head is only collected");
            }
            if let Ok(data) = loader.finish() {
                prop_assert!(data.n_users > 1 && data.n_items > 1);
            }
        }
    }
}
