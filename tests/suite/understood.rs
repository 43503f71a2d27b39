//! Tests of the reports on data: how files were understood, probable mistakes, and the split.

use crate::support::{load, load_all};
use serde_json::{Value, json};
use twotower::Config;
use twotower::data::{Dataset, Part, Preview};

/// Returns a table of `users` users with `items` items each; `more` returns a third cell for each
/// row.
fn table(users: usize, items: usize, more: impl Fn(usize, usize) -> String) -> String {
    let row = |n: usize| {
        let (user, item) = (n / items, (n + n / items) % (items + 3));
        format!("u{user},i{item},{}\n", more(user, n % items))
    };
    (0..users * items).map(row).collect()
}

fn named(data: &Dataset, pairs: &twotower::data::Pairs) -> Vec<String> {
    let name =
        |[user, item]: [u32; 2]| format!("{} {}", data.users.name(user), data.items.name(item));
    let mut named: Vec<String> = pairs.iter().map(name).collect();
    named.sort();
    named
}

#[test]
fn a_report_says_how_each_file_was_understood() {
    let options = json!({
        "split.test": 0, "data.minRating": 3,
        "towers.item.features": ["tags:list"], "towers.user.features": ["town"],
    });
    let files = [
        (
            Part::All,
            "pairs.csv",
            "Ratings\nid;user;movie;stars\n1;a;x;4\n\n2;a;y;5\n3;b;x;3\n4;b;y;2\n5;;y;5\n6;b;NA;5\n",
        ),
        (
            Part::Items,
            "items.jsonl",
            "{\"movie\":\"x\",\"title\":\"Ex\",\"tags\":[\"s\",\"t\"]}\n{\"movie\":\"z\",\"tags\":[]}\n",
        ),
        (Part::Users, "users.tsv", "user\ttown\na\tUlm\nb\tBonn\n"),
    ];
    let data = load(&options, &files).expect("loads");
    let about = serde_json::to_value(data.about()).expect("it serialises");
    let column = |role: &str, name: &str, position: usize, values: Value| json!({ "role": role, "name": name, "position": position, "values": values });
    assert_eq!(
        about["read"],
        json!([
            {
                "file": "pairs.csv", "part": "all", "layout": "table", "separator": ";",
                "header": true, "encoding": "utf-8", "lines": 6, "bad": 0, "blank": 1,
                "withoutUser": 1, "withoutItem": 1, "skipped": ["line 1: Ratings"],
                "columns": [
                    column("user", "user", 1, Value::Null), column("item", "movie", 2, Value::Null),
                    column("rating", "stars", 3, Value::Null),
                ],
                "rows": [
                    ["id", "user", "movie", "stars"], ["1", "a", "x", "4"], ["2", "a", "y", "5"],
                    ["3", "b", "x", "3"], ["4", "b", "y", "2"], ["5", "", "y", "5"],
                ],
                "ratings": [2.0, 5.0], "matched": null,
            },
            {
                "file": "items.jsonl", "part": "items", "layout": "json-lines", "separator": null,
                "header": true, "encoding": "utf-8", "lines": 2, "bad": 0, "blank": 0,
                "withoutUser": 0, "withoutItem": 0, "skipped": [],
                "columns": [
                    column("item", "movie", 0, Value::Null), column("title", "title", 2, Value::Null),
                    column("feature", "tags", 1, json!(2)),
                ],
                "rows": [["movie", "tags", "title"], ["x", "[\"s\",\"t\"]", "Ex"], ["z", "[]", ""]],
                "ratings": null, "matched": 1,
            },
            {
                "file": "users.tsv", "part": "users", "layout": "table", "separator": "tab",
                "header": true, "encoding": "utf-8", "lines": 2, "bad": 0, "blank": 0,
                "withoutUser": 0, "withoutItem": 0, "skipped": [],
                "columns": [
                    column("user", "user", 0, Value::Null), column("feature", "town", 1, json!(2)),
                ],
                "rows": [["user", "town"], ["a", "Ulm"], ["b", "Bonn"]],
                "ratings": null, "matched": 2,
            },
        ])
    );
    assert_eq!((&about["belowMinRating"], &about["withoutUser"]), (&json!(1), &json!(1)));
}

#[test]
fn probable_mistakes_are_warnings() {
    let all = json!({ "split.test": 0 });
    let fine = table(8, 5, |_, _| "x".into());
    assert_eq!(load_all(&all, &fine).expect("loads").report.warnings, [""; 0]);
    let guests = fine.clone() + &(0..30).map(|n| format!("guest,i{n},x\n")).collect::<String>();
    let sessions: String = (0..20).map(|n| format!("s{n},i{}\n", n % 7)).collect();
    let serials: String = (0..20).map(|n| format!("u{},n{n}\n", n % 7)).collect();
    for (options, text, part) in [
        (&all, &sessions, "every user has one pair. Is column 0 the right one?"),
        (&all, &serials, "every item occurs once. Is column 1 the right one?"),
        (&all, &guests, "the user `guest` has 30 of 70 pairs"),
        (&json!({ "split.test": 0.2 }), &sessions, "the test part is empty: no user has enough"),
        (
            &json!({ "split.kind": "temporal-global", "split.at": "2030-01-01" }),
            &table(8, 5, |_, _| "2020-01-05".into()),
            "the test part is empty: no pair is later than the split",
        ),
        (
            &json!({ "split.kind": "leave-last-out" }),
            &table(8, 5, |_, _| "2020-01-05".into()),
            "8 of 8 users are split within a tie",
        ),
        (
            &json!({ "split.kind": "temporal" }),
            &table(8, 5, |_, n| format!("{}/1/2020", n + 2)),
            "`data.timeFormat`",
        ),
    ] {
        let warnings = load_all(options, text).expect(part).report.warnings;
        assert!(warnings.iter().any(|warning| warning.contains(part)), "{part}: {warnings:?}");
    }
}

#[test]
fn ratings_and_times_that_are_not_used_are_a_note() {
    let ratings = table(8, 5, |user, n| format!("{}", (user + n) % 5 + 1));
    let notes = load_all(&json!({}), &ratings).expect("loads").report.notes;
    assert_eq!(
        notes,
        [
            "all.csv: ratings from 1 to 5; all count as interactions. To count only ratings from 4 on, set `data.minRating` to 4"
        ]
    );
    let told = json!({ "data.minRating": 2 });
    assert_eq!(load_all(&told, &ratings).expect("loads").report.notes, [""; 0]);
    let times = table(8, 5, |_, n| format!("2020-01-{:02}", n + 1));
    let notes = load_all(&json!({}), &times).expect("loads").report.notes;
    assert!(notes[0].contains("column 2 has times"), "{notes:?}");
    assert!(
        load_all(&json!({ "split.kind": "temporal" }), &times)
            .expect("loads")
            .report
            .notes
            .is_empty()
    );
}

#[test]
fn one_late_date_tells_the_order_of_all() {
    // By month first, the dates of u0 would be 2 Jan, 1 Feb, 3 Jan.
    let text = "u0,a,1/2/2020\nu0,b,2/1/2020\nu0,c,1/3/2020\nu1,a,1/1/2020\nu1,b,4/1/2020\n";
    let last = json!({ "split.kind": "leave-last-out" });
    let guessed = load_all(&last, text).expect("loads");
    assert_eq!(named(&guessed, &guessed.test), ["u0 b", "u1 b"]);
    for (text, expected) in [
        (format!("{text}u1,c,13/1/2020\n"), ["u0 c", "u1 c"]),
        (format!("{text}u1,c,1/13/2020\n"), ["u0 b", "u1 b"]),
    ] {
        let data = load_all(&last, &text).expect("loads");
        assert_eq!(named(&data, &data.test), expected, "{text}");
        assert!(data.report.warnings.iter().all(|warning| !warning.contains("timeFormat")));
    }
    let told = json!({ "split.kind": "leave-last-out", "data.timeFormat": "day-first" });
    let data = load_all(&told, text).expect("loads");
    assert_eq!(named(&data, &data.test), ["u0 c", "u1 b"]);
    let both = format!("{text}u1,c,13/1/2020\nu1,d,1/13/2020\n");
    let refused = load_all(&last, &both).expect_err("both orders").to_string();
    assert!(refused.contains("some of its dates are month first"), "{refused}");
    let none = table(8, 5, |_, n| format!("day {n} of spring"));
    let columns = json!({ "split.kind": "temporal", "data.columns.timestamp": 2 });
    let refused = load_all(&columns, &none).expect_err("no times").to_string();
    assert!(refused.contains("`data.timeFormat`"), "{refused}");
}

#[test]
fn a_global_cut_tests_what_came_last_of_all() {
    let text = "a,x,2020-01-01\na,y,2020-01-05\na,z,2020-01-09\nb,x,2020-01-02\nb,y,2020-01-03\nb,z,2020-01-04\n\
                a,w,2020-01-06\nb,w,2020-01-07\nc,x,2020-01-08\nc,y,2020-01-10\n";
    let split = |more: &[(&str, Value)]| {
        let mut options = json!({ "split.kind": "temporal-global" });
        more.iter().for_each(|(key, value)| options[*key] = value.clone());
        load_all(&options, text).expect("loads")
    };
    let data = split(&[("split.test", json!(0.3)), ("split.validation", json!(0.3))]);
    assert_eq!(named(&data, &data.test), ["a z", "c x", "c y"]);
    assert_eq!(named(&data, &data.validation), ["a w", "b w"]);
    assert_eq!((data.train.len(), data.report.test_only_users), (5, 1));
    for at in [json!("2020-01-07"), json!(1_578_355_200), json!("7.1.2020")] {
        let data = split(&[("split.at", at)]);
        assert_eq!(named(&data, &data.test), ["a z", "b w", "c x", "c y"]);
    }
    let no_time = json!({ "split.kind": "temporal-global", "split.at": "soon" });
    let refused = load_all(&no_time, text).expect_err("no time").to_string();
    assert!(refused.starts_with("option `split.at`: `soon` is not a time"), "{refused}");
}

#[test]
fn a_draw_by_seed_decides_ties() {
    let text = table(40, 6, |_, _| "2020-01-05".into());
    let tested = |seed: u32| {
        let options = json!({ "seed": seed, "split.kind": "leave-last-out" });
        let data = load_all(&options, &text).expect("loads");
        assert_eq!(data.report.split_within_tie, 40);
        let mut items: Vec<u32> = data.test.iter().map(|[_, item]| item).collect();
        items.sort_unstable();
        items.dedup();
        (items.len(), named(&data, &data.test))
    };
    let (items, first) = tested(1);
    assert!(items > 5, "{items} of 9 items are tested");
    assert_eq!(first, tested(1).1);
    assert_ne!(first, tested(2).1);
}

#[test]
fn a_preview_has_rows_and_roles_even_of_a_refused_file() {
    let preview = |options: Value, text: &[u8]| {
        let config = Config::resolve(&options).expect("valid");
        Preview::of(Part::All, "f.csv", text, true, &config)
    };
    let good = preview(json!({}), b"who,what,when\na,x,2020-01-05\nb,y,2020-01-06\n");
    assert!(good.problem.is_some_and(|problem| problem.to_string().contains("`who`")));
    let read = good.read.expect("its text can be read");
    assert!(read.header && read.columns.is_empty());
    assert_eq!(read.rows[1], ["a", "x", "2020-01-05"]);
    let told = json!({ "data.columns.user": "who", "data.columns.item": "what" });
    let read =
        preview(told, b"who,what,when\na,x,2020-01-05\nb,y,2020-01-06\n").read.expect("read");
    let roles: Vec<&str> = read.columns.iter().map(|column| column.role.as_str()).collect();
    assert_eq!(roles, ["user", "item", "timestamp"]);
    let refused = preview(json!({}), b"PAR1\x15\x04");
    assert!(refused.read.is_none() && refused.problem.is_some());
}

#[test]
fn a_report_has_the_first_rows_with_cells_of_60_characters() {
    let long = "é".repeat(100);
    let rows: String = (0..20).map(|n| format!("u{},i{n},{long}\n", n % 4)).collect();
    let first = |text: &str| load_all(&json!({}), text).expect("reads").report.read[0].rows.clone();
    let named = first(&format!("user,item,{long}\n{rows}"));
    assert_eq!(named.len(), 6, "a header and five rows");
    assert_eq!(named[1], ["u0", "i0", &long[..120]]);
    assert_eq!(first(&rows).len(), 5);
}
