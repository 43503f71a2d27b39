//! Data sets of the field: made-up rows in their exact layouts.

use crate::support::load;
use serde_json::json;
use twotower::data::{Dataset, Part};

/// Number of users in each layout, and lines of each user.
const USERS: usize = 10;
const LINES: usize = 6;

/// A made-up interaction.
#[derive(Clone, Copy)]
struct Row {
    n: usize,
    user: usize,
    item: usize,
    rating: usize,
    /// Seconds since 1970.
    time: usize,
    day: usize,
}

fn rows() -> Vec<Row> {
    let row = |n: usize| Row {
        n,
        user: n / LINES,
        item: (n * 5 + n / LINES) % 13,
        rating: n * 7 % 5 + 1,
        time: 1_300_000_000 + n * 86_500,
        day: n % 28 + 1,
    };
    (0..USERS * LINES).map(row).collect()
}

/// A layout of interactions: the text above them, the line of each, and the expected columns of
/// users, items, ratings and times.
struct Layout {
    name: &'static str,
    above: &'static str,
    line: fn(Row) -> String,
    found: [&'static str; 4],
}

const LAYOUTS: [Layout; 32] = [
    Layout {
        name: "MovieLens 100k, u.data",
        above: "",
        line: |r| format!("{}\t{}\t{}\t{}", r.user + 100, r.item + 200, r.rating, r.time),
        found: ["0", "1", "2", "3"],
    },
    Layout {
        name: "MovieLens 1M, ratings.dat",
        above: "",
        line: |r| format!("{}::{}::{}::{}", r.user + 1, r.item + 1000, r.rating, r.time),
        found: ["0", "1", "2", "3"],
    },
    Layout {
        name: "MovieLens latest, ratings.csv",
        above: "userId,movieId,rating,timestamp\n",
        line: |r| format!("{},{},{}.5,{}", r.user + 1, r.item + 1, r.rating, r.time),
        found: ["userId", "movieId", "rating", "timestamp"],
    },
    Layout {
        name: "RecBole, .inter",
        above: "user_id:token\titem_id:token\trating:float\ttimestamp:float\n",
        line: |r| format!("{}\t{}\t{}.0\t{}.0", r.user, r.item, r.rating, r.time),
        found: ["user_id:token", "item_id:token", "rating:float", "timestamp:float"],
    },
    Layout {
        name: "Amazon 2014, ratings only",
        above: "",
        line: |r| format!("A{:013},B{:09},{}.0,{}", r.user, r.item, r.rating, r.time / 100 * 100),
        found: ["0", "1", "2", "3"],
    },
    Layout {
        name: "Amazon 2014, reviews",
        above: "",
        line: |r| {
            format!(
                r#"{{"reviewerID": "A{}", "asin": "{:010}", "reviewerName": "Ann", "helpful": [0, {}], "reviewText": "So \"so\", {{really}}.", "overall": {}.0, "summary": "ok", "unixReviewTime": {}, "reviewTime": "09 {}, 2013"}}"#,
                r.user, r.item, r.n, r.rating, r.time, r.day
            )
        },
        found: ["reviewerID", "asin", "overall", "unixReviewTime"],
    },
    Layout {
        name: "Amazon 2018, reviews",
        above: "",
        line: |r| {
            format!(
                r#"{{"overall": {}.0, "verified": true, "reviewTime": "10 {}, 2016", "reviewerID": "A{}", "asin": "B{}", "style": {{"Format:": " Paperback"}}, "unixReviewTime": {}}}"#,
                r.rating, r.day, r.user, r.item, r.time
            )
        },
        found: ["reviewerID", "asin", "overall", "unixReviewTime"],
    },
    Layout {
        name: "Amazon 2023, ratings only",
        above: "user_id,parent_asin,rating,timestamp\n",
        line: |r| format!("AE{},B0{},{}.0,{}123", r.user, r.item, r.rating, r.time),
        found: ["user_id", "parent_asin", "rating", "timestamp"],
    },
    Layout {
        name: "Amazon 2023, reviews",
        above: "",
        line: |r| {
            format!(
                r#"{{"rating": {}.0, "title": "Fine", "text": "a\nb", "images": [], "asin": "B1{}", "parent_asin": "B0{}", "user_id": "AE{}", "timestamp": {}123, "helpful_vote": 0, "verified_purchase": true}}"#,
                r.rating, r.n, r.item, r.user, r.time
            )
        },
        found: ["user_id", "parent_asin", "rating", "timestamp"],
    },
    Layout {
        name: "Book-Crossing, BX-Book-Ratings.csv",
        above: "\"User-ID\";\"ISBN\";\"Book-Rating\"\r\n",
        line: |r| format!("\"{}\";\"03454{}X\";\"{}\"\r", r.user + 2_767, r.item, r.rating * 2),
        found: ["User-ID", "ISBN", "Book-Rating", ""],
    },
    Layout {
        name: "Goodreads, interactions",
        above: "user_id,book_id,is_read,rating,is_reviewed\n",
        line: |r| format!("{},{},1,{},{}", r.user, r.item + 948, r.rating, r.n % 2),
        found: ["user_id", "book_id", "rating", ""],
    },
    Layout {
        name: "Goodreads, reviews",
        above: "",
        line: |r| {
            format!(
                r#"{{"user_id": "8842{}", "book_id": "{}", "review_id": "r{}", "is_read": true, "rating": {}, "date_added": "Tue Aug {:02} 13:55:02 -0700 2017", "date_updated": "", "read_at": "", "started_at": ""}}"#,
                r.user, r.item, r.n, r.rating, r.day
            )
        },
        found: ["user_id", "book_id", "rating", "date_added"],
    },
    Layout {
        name: "goodbooks, ratings.csv",
        above: "user_id,book_id,rating\n",
        line: |r| format!("{},{},{}", r.user + 1, r.item + 258, r.rating),
        found: ["user_id", "book_id", "rating", ""],
    },
    Layout {
        name: "Yelp, review.json",
        above: "",
        line: |r| {
            format!(
                r#"{{"review_id":"KU_{}","user_id":"mh_-e{}","business_id":"XQ{}","stars":{}.0,"useful":0,"text":"If you","date":"2018-07-{:02} 22:09:11"}}"#,
                r.n, r.user, r.item, r.rating, r.day
            )
        },
        found: ["user_id", "business_id", "stars", "date"],
    },
    Layout {
        name: "hetrec last.fm, user_artists.dat",
        above: "userID\tartistID\tweight\r\n",
        line: |r| format!("{}\t{}\t{}\r", r.user + 2, r.item + 51, r.n * 137 + 13),
        found: ["userID", "artistID", "", ""],
    },
    Layout {
        name: "hetrec last.fm, user_taggedartists-timestamps.dat",
        above: "userID\tartistID\ttagID\ttimestamp\r\n",
        line: |r| format!("{}\t{}\t{}\t{}000\r", r.user + 2, r.item + 51, r.n, r.time),
        found: ["userID", "artistID", "", "timestamp"],
    },
    Layout {
        name: "last.fm 360K",
        above: "",
        line: |r| {
            let name = if r.item == 3 { "\"Weird\" band" } else { "Band" };
            format!("{:040}\t{:036}\t{name} {}\t{}", r.user, r.item, r.item, r.n * 31)
        },
        found: ["0", "1", "3", ""],
    },
    Layout {
        name: "anime, rating.csv",
        above: "user_id,anime_id,rating\n",
        line: |r| format!("{},{},{}", r.user + 1, r.item + 20, if r.n % 3 == 0 { -1 } else { 8 }),
        found: ["user_id", "anime_id", "rating", ""],
    },
    Layout {
        name: "RetailRocket, events.csv",
        above: "timestamp,visitorid,event,itemid,transactionid\n",
        line: |r| format!("{}171,{},view,{},", r.time, r.user + 257_597, r.item + 355_908),
        found: ["visitorid", "itemid", "", "timestamp"],
    },
    Layout {
        name: "Steam, steam-200k.csv",
        above: "",
        line: |r| {
            let act = if r.n % 2 == 0 { "purchase" } else { "play" };
            format!(
                "{},\"Game, the {}th\",{act},{}.5,0",
                151_603_712 + r.user,
                r.item,
                r.n * 7 % 10
            )
        },
        found: ["0", "1", "3", ""],
    },
    Layout {
        name: "H&M, transactions_train.csv",
        above: "t_dat,customer_id,article_id,price,sales_channel_id\n",
        line: |r| {
            format!(
                "2018-09-{:02},000058{},06637130{:02},0.05083,{}",
                r.day,
                r.user,
                r.item,
                r.n % 2 + 1
            )
        },
        found: ["customer_id", "article_id", "", "t_dat"],
    },
    Layout {
        name: "Instacart, order_products__train.csv",
        above: "order_id,product_id,add_to_cart_order,reordered\n",
        line: |r| format!("{},{},{},{}", r.user + 1, r.item + 49_302, r.n % LINES + 1, r.n % 2),
        found: ["order_id", "product_id", "", ""],
    },
    Layout {
        name: "Ta-Feng, ta_feng_all_months_merged.csv",
        above: "TRANSACTION_DT,CUSTOMER_ID,AGE_GROUP,PIN_CODE,PRODUCT_SUBCLASS,PRODUCT_ID,AMOUNT,ASSET,SALES_PRICE\n",
        line: |r| {
            format!(
                "11/{}/2000,01104{:03},45-49,115,110411,47101050{:05},1,24,{}",
                r.day,
                r.user,
                r.item,
                r.n + 20
            )
        },
        found: ["CUSTOMER_ID", "PRODUCT_ID", "", "TRANSACTION_DT"],
    },
    Layout {
        name: "Online Retail, as Excel exports it",
        above: "\u{feff}InvoiceNo;StockCode;Description;Quantity;InvoiceDate;UnitPrice;CustomerID;Country\r\n",
        line: |r| {
            format!(
                "{};851{}A;\"HEART; WHITE\";{};{:02}.12.2010 08:26;2,55;178{}.0;United Kingdom\r",
                536_365 + r.n,
                r.item,
                r.n,
                r.day,
                r.user
            )
        },
        found: ["CustomerID", "StockCode", "", "InvoiceDate"],
    },
    Layout {
        name: "KuaiRec, big_matrix.csv",
        above: "user_id,video_id,play_duration,video_duration,time,date,timestamp,watch_ratio\n",
        line: |r| {
            format!(
                "{},{},13838,{},2020-07-{:02} 00:08:23.438,202007{:02},{}.438,1.27",
                r.user, r.item, r.n, r.day, r.day, r.time
            )
        },
        found: ["user_id", "video_id", "", "timestamp"],
    },
    Layout {
        name: "Diginetica, train-item-views.csv",
        above: "session_id;user_id;item_id;timeframe;eventdate\n",
        line: |r| {
            format!(
                "{};{};{};{};2016-05-{:02}",
                r.n / 2 + 1,
                r.user,
                r.item + 81_766,
                r.n * 1000,
                r.day
            )
        },
        found: ["user_id", "item_id", "", "eventdate"],
    },
    Layout {
        name: "yoochoose, clicks",
        above: "",
        line: |r| {
            format!(
                "{},2014-04-{:02}T10:54:09.868Z,{},{}",
                r.user + 1,
                r.day,
                214_536_500 + r.item,
                if r.n % 9 == 0 { "S" } else { "0" }
            )
        },
        found: ["0", "2", "", "1"],
    },
    Layout {
        name: "Gowalla, check-ins",
        above: "",
        line: |r| {
            format!(
                "{}\t2010-10-{:02}T23:55:27Z\t30.2359{}\t-97.795{}\t{}",
                r.user,
                r.day,
                r.n,
                r.n,
                22_847 + r.item
            )
        },
        found: ["0", "4", "", "1"],
    },
    Layout {
        name: "FilmTrust, ratings.txt",
        above: "",
        line: |r| format!("{} {} {}.5", r.user + 1, r.item + 1, r.rating),
        found: ["0", "1", "2", ""],
    },
    Layout {
        name: "SASRec",
        above: "",
        line: |r| format!("{} {}", r.user + 1, r.item + 1),
        found: ["0", "1", "", ""],
    },
    Layout {
        name: "KONECT",
        above: "% bip weighted\n% 60 10 13\n",
        line: |r| format!("{} {} {} {}", r.user + 1, r.item + 1, r.rating, r.time),
        found: ["0", "1", "2", "3"],
    },
    Layout {
        name: "R, write.table",
        above: "\"user\",\"item\",\"when\"\n",
        line: |r| {
            format!("\"{}\",\"u{}\",\"i{}\",\"2019/10/{:02}\"", r.n + 1, r.user, r.item, r.day)
        },
        found: ["user", "item", "", "when"],
    },
];

/// Returns the name or position of the column of each role in a file.
fn found(data: &Dataset, file: usize, roles: &[&str]) -> Vec<String> {
    let columns = &data.report.read[file].columns;
    let label = |role: &&str| {
        let column = columns.iter().find(|column| column.role == *role)?;
        Some(column.name.clone().unwrap_or_else(|| column.position.to_string()))
    };
    roles.iter().map(|role| label(role).unwrap_or_default()).collect()
}

#[test]
fn interactions_are_read_right_in_every_layout() {
    let pairs: std::collections::BTreeSet<_> =
        rows().iter().map(|row| (row.user, row.item)).collect();
    for Layout { name, above, line, found: expected } in LAYOUTS {
        let lines: String = rows().into_iter().map(|row| line(row) + "\n").collect();
        let text = format!("{above}{lines}");
        // A layout with times is split by time, so each time must be read.
        let kind = if expected[3].is_empty() { "random" } else { "temporal" };
        let options = json!({ "split.kind": kind, "split.test": 0.2 });
        let data = load(&options, &[(Part::All, name, &text)]).expect(name);
        assert_eq!(found(&data, 0, &["user", "item", "rating", "timestamp"]), expected, "{name}");
        let report = &data.report;
        assert_eq!((report.lines, report.bad_lines), (rows().len() as u64, 0), "{name}");
        assert_eq!((report.without_user, report.without_item), (0, 0), "{name}");
        assert_eq!((data.users.len(), data.items.len()), (USERS, 13), "{name}");
        assert_eq!(data.train.len() + data.test.len(), pairs.len(), "{name}");
    }
}

#[test]
fn lists_and_blocks_have_the_same_pairs() {
    let pairs = |data: &Dataset| {
        let name = |[user, item]: [u32; 2]| {
            (data.users.name(user).to_owned(), data.items.name(item).to_owned())
        };
        data.train.iter().map(name).collect::<std::collections::BTreeSet<_>>()
    };
    let expected = [("0", "7"), ("0", "8"), ("0", "9"), ("1", "8"), ("2", "7"), ("2", "9")];
    let expected: std::collections::BTreeSet<_> =
        expected.into_iter().map(|(user, item)| (user.to_owned(), item.to_owned())).collect();
    for text in [
        "0 7 8 9\n1 8\n2 7 9\n3\n",
        "0\t7\t8\t9\n1\t8\n2\t7\t9\n",
        "0,7,8,9\n1,8\n2,7,9\n",
        "7:\n0,3,2005-09-06\n2,5,2005-05-13\n8:\n0,4,2005-10-19\n1,4,2005-12-26\n9:\n0,1,2004-05-03\n2,2,2005-11-17\n",
        "[{\"user\": 0, \"item\": 7}, {\"user\": 0, \"item\": 8},\n{\"user\": 0, \"item\": 9}, {\"user\": 1,\n\"item\": 8}, {\"user\": 2, \"item\": 7}, {\"user\": 2, \"item\": 9}]",
        "user\titem\r0\t7\r0\t8\r0\t9\r1\t8\r2\t7\r2\t9\r",
    ] {
        let data = load(&json!({ "split.test": 0 }), &[(Part::All, "f", text)]).expect(text);
        assert_eq!(pairs(&data), expected, "{text}");
    }
    // Lists of equal length look like a table, so an option sets the layout.
    let told = json!({ "split.test": 0, "data.layout": "lists" });
    let data = load(&told, &[(Part::All, "f", "0 7 8\n1 8 9\n2 7 9\n")]).expect("lists");
    assert_eq!(data.train.len(), 6);
}

#[test]
fn items_files_are_read_right_in_every_layout() {
    const PAIRS: &str = "user,item\na,1\na,2\nb,1\nb,3\nc,2\nc,3\n";
    let features = |feature: &str| json!({ "split.test": 0, "towers.item.features": [feature] });
    for (name, text, feature, expected, values) in [
        (
            "MovieLens 100k, u.item",
            "1|Toys (1995)|01-Jan-1995||http://x|0|1\n2|Caf\u{e9} (1994)|01-Jan-1994||http://y|1|0\n3|Ships (1995)|01-Jan-1995||http://z|1|1\n",
            "2",
            ["0", "1", "2"],
            2,
        ),
        (
            "MovieLens 1M, movies.dat",
            "1::Toys (1995)::Animation|Comedy\n2::Ships: a story (1995)::Drama\n3::Cats (1995)::Comedy\n",
            "2:list",
            ["0", "1", "2"],
            3,
        ),
        (
            "MovieLens latest, movies.csv",
            "movieId,title,genres\n1,Toys (1995),Animation|Comedy\n2,\"President, The (1995)\",Drama\n3,Cats (1995),Comedy\n",
            "genres:list",
            ["movieId", "title", "genres"],
            3,
        ),
        (
            "RecBole, .item",
            "item_id:token\tmovie_title:token_seq\tclass:token_seq\n1\tToys\tAnimation\n2\tShips\tDrama\n3\tCats\tDrama\n",
            "class",
            ["item_id:token", "movie_title:token_seq", "class:token_seq"],
            2,
        ),
        (
            "Amazon, metadata",
            "{\"asin\": \"1\", \"title\": \"Toys\", \"categories\": [[\"Games\", \"Toys\"]], \"price\": 5.5}\n{\"asin\": \"2\", \"title\": \"Ships\", \"categories\": [[\"Games\"]]}\n{\"asin\": \"3\", \"categories\": []}\n",
            "categories:list",
            ["asin", "title", "categories"],
            2,
        ),
        (
            "Book-Crossing, BX-Books.csv",
            "\"ISBN\";\"Book-Title\";\"Book-Author\"\r\n\"1\";\"Toys \\\"R\\\"; Us\";\"Ann A\"\r\n\"2\";\"Ships &amp; Sea\";\"Bob \\\"B\\\"\"\r\n\"3\";\"Cats\";\"Ann A\"\r\n",
            "Book-Author",
            ["ISBN", "Book-Title", "Book-Author"],
            2,
        ),
        (
            "anime.csv",
            "anime_id,name,genre\n1,Toys,\"Drama, School\"\n2,Ships,Drama\n3,\"Cats, \"\"too\"\"\",\n",
            "genre:list",
            ["anime_id", "name", "genre"],
            2,
        ),
        (
            "Steam, with Python's lists and prices",
            "[{\"id\": \"1\", \"title\": \"Toys\", \"genres\": \"['Action', 'RPG']\"}, {\"id\": \"2\", \"title\": \"Ships\", \"genres\": \"['Action']\"}, {\"id\": \"3\", \"title\": \"Cats\"}]",
            "genres",
            ["id", "title", "genres"],
            2,
        ),
    ] {
        let files = [(Part::All, "pairs.csv", PAIRS), (Part::Items, name, text)];
        let data = load(&features(feature), &files).expect(name);
        assert_eq!(found(&data, 1, &["item", "title", "feature"]), expected, "{name}");
        let read = &data.report.read[1];
        assert_eq!((read.matched, read.bad), (Some(3), 0), "{name}");
        assert_eq!(read.columns[2].values, Some(values), "{name}");
        assert!(data.report.titled_items >= 2, "{name}");
    }
}
