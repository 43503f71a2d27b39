//! Finds the column of each role: by the options, by common names, or by the cells.

use super::content::Kind;
use super::format::{Sample, Shape};
use super::ids::Ids;
use super::missing::Missing;
use super::roles::{BARE_ID, Role, fold, is_index};
use super::sought::{Found, Sought};
use super::time::Clock;
use super::{header, number};
use crate::config::Column;
use crate::error::{Error, Result};

/// Settings for judging cells.
pub(super) struct Judge<'a> {
    pub header: Option<bool>,
    pub missing: &'a Missing,
    pub clock: &'a mut Clock,
}

/// Finds columns in a sample of a file.
///
/// # Errors
/// [`Error::Config`] if an option names a missing column, or one column for two roles;
/// [`Error::Data`] if the columns of ids are unclear. Other columns may be missing.
pub(super) fn find(
    file: &str,
    sample: &Sample,
    sought: &[Sought<'_>],
    judge: &mut Judge<'_>,
) -> Result<Found> {
    if let Shape::Lists(_) = sample.shape {
        let place = |column: &Sought<'_>| match column.role {
            Role::User => Some(0),
            Role::Item => Some(1),
            _ => None,
        };
        let positions = sought.iter().map(place).collect();
        return Ok(Found { header: false, positions, unclear_ratings: Vec::new() });
    }
    let header = has_header(sample, sought, judge.header);
    let mut search = Search::new(file, sample, header, sought, judge);
    search.by_option()?;
    if let Shape::Blocks(_) = sample.shape {
        search.by_block();
    }
    search.by_name();
    search.by_content()?;
    Ok(Found { header, unclear_ratings: search.unclear_ratings, positions: search.positions })
}

/// Returns whether the first row of a sample is a header: by an option, or by its cells.
pub(super) fn has_header(sample: &Sample, sought: &[Sought<'_>], option: Option<bool>) -> bool {
    match sample.shape {
        Shape::Table(_) => option.unwrap_or_else(|| header::is_there(sample, sought)),
        _ => sample.is_json(),
    }
}

/// A column with less than 1/4 of another column's distinct values is a category, not ids.
const FEW_OF: usize = 4;

/// A search for columns in a sample.
struct Search<'a> {
    file: &'a str,
    sample: &'a Sample,
    sought: &'a [Sought<'a>],
    /// Names of the columns; empty without a header.
    names: &'a [String],
    /// Number of columns of the first row.
    width: usize,
    kinds: Vec<Kind>,
    positions: Vec<Option<usize>>,
    unclear_ratings: Vec<usize>,
}

impl<'a> Search<'a> {
    fn new(
        file: &'a str,
        sample: &'a Sample,
        header: bool,
        sought: &'a [Sought<'a>],
        judge: &mut Judge<'_>,
    ) -> Self {
        let first = sample.rows.first().map_or(&[][..], Vec::as_slice);
        let body = sample.body(header);
        let cells =
            |column: usize| body.iter().map(move |row| row.get(column).map_or("", String::as_str));
        let kind = |column| Kind::of(cells(column), judge.missing, judge.clock);
        Self {
            file,
            sample,
            sought,
            names: if header { first } else { &[] },
            width: first.len(),
            kinds: (0..first.len()).map(kind).collect(),
            positions: vec![None; sought.len()],
            unclear_ratings: Vec::new(),
        }
    }

    fn by_option(&mut self) -> Result<()> {
        for (n, column) in self.sought.iter().enumerate() {
            let Some(option) = column.option else { continue };
            let position = self.chosen(column, option)?;
            let twin = |other: usize| {
                self.positions[other] == Some(position) && !self.sought[other].role.is_feature()
            };
            if !column.role.is_feature()
                && let Some(other) = (0..n).find(|&other| twin(other))
            {
                return Err(self.refused(
                    column,
                    format!("column {position} is already the {}", self.sought[other].role.name()),
                ));
            }
            self.positions[n] = Some(position);
        }
        Ok(())
    }

    /// Returns the position that an option names.
    fn chosen(&self, column: &Sought<'_>, option: &Column) -> Result<usize> {
        let position = match option {
            Column::Position(position) if !self.sample.is_json() => Some(*position),
            Column::Position(_) => None,
            Column::Name(name) => {
                let exact = self.names.iter().position(|known| known == name);
                let folded = || self.names.iter().position(|known| fold(known) == fold(name));
                // Features are named by text, which may also be a position.
                let numbered = || name.parse().ok().filter(|_| column.role.is_feature());
                exact.or_else(folded).or_else(numbered)
            }
        };
        position.filter(|&position| position < self.width).ok_or_else(|| {
            let problem = match option {
                Column::Name(name) if !self.names.is_empty() => {
                    format!("{} has no column `{name}`", self.file)
                }
                _ if self.sample.is_json() => {
                    format!("{} is JSON, so name a key, not a position", self.file)
                }
                Column::Name(name) => {
                    format!("{} has no header, so no column `{name}`", self.file)
                }
                Column::Position(position) => format!("{} has no column {position}", self.file),
            };
            self.refused(column, problem)
        })
    }

    fn refused(&self, column: &Sought<'_>, problem: String) -> Error {
        Error::Config { key: column.key.into(), problem, allowed: self.all_columns() }
    }

    /// Lists every column by its name, or by its position and first cell.
    fn all_columns(&self) -> String {
        let first = self.sample.rows.first().map_or(&[][..], Vec::as_slice);
        let column = |(n, cell): (usize, &String)| {
            if self.names.is_empty() { format!("{n} (`{cell}`, …)") } else { format!("`{cell}`") }
        };
        first.iter().enumerate().map(column).collect::<Vec<_>>().join(", ")
    }

    /// Returns whether no role has this column. Features do not count: they may share a column.
    fn is_free(&self, position: usize) -> bool {
        let mut others = self.positions.iter().zip(self.sought);
        others.all(|(taken, other)| *taken != Some(position) || other.role.is_feature())
    }

    /// Uses the name of a block as the item, and the first cell after it as the user.
    fn by_block(&mut self) {
        for (position, column) in self.positions.iter_mut().zip(self.sought) {
            let place = match column.role {
                Role::Item => Some(0),
                Role::User => Some(1),
                _ => None,
            };
            *position = position.or(place);
        }
    }

    fn by_name(&mut self) {
        let names: Vec<String> = self.names.iter().map(|name| fold(name)).collect();
        for (n, column) in self.sought.iter().enumerate() {
            if self.positions[n].is_some() {
                continue;
            }
            let hint = column.hint.map(fold);
            let known = hint.as_deref().into_iter().chain(column.role.names().split(' '));
            let mut found = known.filter_map(|known| names.iter().position(|name| name == known));
            self.positions[n] = found.find(|&ix| self.is_free(ix) && self.kinds[ix] != Kind::Empty);
        }
    }

    fn by_content(&mut self) -> Result<()> {
        if self.sample.body(!self.names.is_empty()).is_empty() {
            return Ok(());
        }
        let missing = |search: &Self, role| {
            (0..search.sought.len())
                .find(|&n| search.sought[n].role == role && search.positions[n].is_none())
        };
        let is_pairs = self.sought.iter().any(|column| column.role == Role::Rating);
        match (missing(self, Role::User), missing(self, Role::Item)) {
            (Some(user), Some(item)) if is_pairs => {
                let [user_at, item_at] = self.both_ids()?;
                self.positions[user] = Some(user_at);
                self.positions[item] = Some(item_at);
            }
            (Some(n), None) | (None, Some(n)) => {
                let found = match is_pairs {
                    true if self.is_nameless() => self.other_by_custom(n),
                    true => self.other_id(n),
                    false => self.own_id(),
                };
                self.positions[n] = Some(found.ok_or_else(|| self.unclear(&[n]))?);
            }
            _ => {}
        }
        if let Some(n) = missing(self, Role::Timestamp) {
            self.positions[n] = self.first_of(Kind::Time);
        }
        if let Some(n) = missing(self, Role::Title)
            && self.names.is_empty()
        {
            self.positions[n] = self.first_of(Kind::Text);
        }
        if let Some(n) = missing(self, Role::Rating)
            && self.is_nameless()
        {
            let mut numbers: Vec<usize> = self.free(Kind::may_be_ratings).collect();
            let varies = |ix: &usize| !matches!(self.kinds[*ix], Kind::Flag | Kind::Constant);
            if numbers.iter().any(varies) {
                numbers.retain(varies);
            }
            match numbers[..] {
                [only] => self.positions[n] = Some(only),
                _ => self.unclear_ratings = numbers,
            }
        }
        Ok(())
    }

    /// Returns free columns of a wanted kind, except one with row numbers.
    fn free(&self, is_wanted: impl Fn(Kind) -> bool) -> impl Iterator<Item = usize> {
        (0..self.width).filter(move |&ix| {
            let numbers_rows = ix == 0 && self.names.first().is_some_and(|name| is_index(name));
            self.is_free(ix) && !numbers_rows && is_wanted(self.kinds[ix])
        })
    }

    fn first_of(&self, wanted: Kind) -> Option<usize> {
        self.free(|kind| kind == wanted).next()
    }

    /// Returns whether there are no names, or only the numbers that pandas gives to unnamed
    /// columns.
    fn is_nameless(&self) -> bool {
        self.names.iter().all(|name| name.is_empty() || number::parse(name).is_some())
    }

    /// Returns the columns of users and items if no name decides: by convention the first two, in
    /// this order, unless their cells rule it out.
    fn both_ids(&self) -> Result<[usize; 2]> {
        let roles: Vec<usize> = (0..2).collect();
        let all: Vec<usize> = self.free(|kind| kind != Kind::Empty).collect();
        if !self.is_nameless() {
            return Err(self.unclear(&roles));
        }
        if let [user, item] = all[..] {
            return Ok([user, item]);
        }
        let counted: Vec<usize> =
            all.iter().copied().skip_while(|&ix| self.kinds[ix] == Kind::Counter).collect();
        let is_whole = counted.len() == all.len();
        let is_ids = |ix: &usize| self.kinds[*ix].may_be_ids();
        if let [user, item, ..] = counted[..]
            && [user, item].iter().all(|ix| is_ids(ix) || self.kinds[*ix] == Kind::Constant)
            && (is_whole || self.kinds[item] != Kind::Scale)
        {
            return Ok([user, item]);
        }
        let mut likely: Vec<usize> = all.iter().copied().filter(is_ids).collect();
        if likely.len() > 2 {
            let most = likely.iter().map(|&ix| self.count_values(ix)).max().unwrap_or_default();
            likely.retain(|&ix| self.count_values(ix) * FEW_OF >= most);
        }
        match likely[..] {
            [user, item] if !self.may_be_hidden(&all, user, item) => Ok([user, item]),
            _ => Err(self.unclear(&roles)),
        }
    }

    /// Returns whether an earlier column may be the users. In a sorted file, the first rows have
    /// few users, so two users may look like a flag, and their ratings like ids.
    fn may_be_hidden(&self, all: &[usize], user: usize, item: usize) -> bool {
        all.iter().take_while(|ix| **ix < user).any(|&ix| match self.kinds[ix] {
            Kind::Flag => self.kinds[item] == Kind::Scale,
            Kind::Constant => true,
            kind => kind.may_be_ids(),
        })
    }

    /// Returns the number of distinct values of a column in the sample.
    fn count_values(&self, position: usize) -> usize {
        let mut values = Ids::default();
        for cell in
            self.sample.body(!self.names.is_empty()).iter().filter_map(|row| row.get(position))
        {
            // Cannot fail: a sample is far smaller than the limit of ids.
            let _ = values.take(cell);
        }
        values.len()
    }

    /// Returns the missing column of ids if an option names the other one and columns have no names.
    fn other_by_custom(&mut self, sought: usize) -> Option<usize> {
        // Users and items are the first two columns to find, in this order.
        let given = self.positions[1 - sought].take();
        let both = self.both_ids();
        self.positions[1 - sought] = given;
        let both = both.ok()?;
        (Some(both[1 - sought]) == given).then_some(both[sought]).or_else(|| self.other_id(sought))
    }

    /// Returns the missing column of ids if the other one is known.
    fn other_id(&self, sought: usize) -> Option<usize> {
        let ids: Vec<usize> = self.free(Kind::may_be_ids).collect();
        let is_bare = |&ix: &usize| self.names.get(ix).is_some_and(|name| fold(name) == BARE_ID);
        let named: Vec<usize> =
            ids.iter().copied().filter(|ix| self.is_named_id(*ix) && !is_bare(ix)).collect();
        let others: Vec<usize> = ids.iter().copied().filter(|ix| !is_bare(ix)).collect();
        match (&named[..], &others[..]) {
            ([only], _) | ([], [only]) => Some(*only),
            ([], []) if self.sought[sought].role == Role::Item => {
                self.free(|kind| kind != Kind::Empty).find(is_bare).or_else(|| self.only_one())
            }
            ([], []) => self.only_one(),
            _ => None,
        }
    }

    /// Returns the only free column, with any content.
    fn only_one(&self) -> Option<usize> {
        let mut all = self.free(|kind| kind != Kind::Empty);
        all.next().filter(|_| all.next().is_none())
    }

    /// Returns the column of ids in an items or users file.
    fn own_id(&self) -> Option<usize> {
        if self.names.is_empty() {
            return Some(0);
        }
        let mut named = (0..self.width).filter(|&ix| self.is_named_id(ix));
        let bare = self.names.iter().position(|name| fold(name) == BARE_ID);
        bare.or_else(|| named.next().filter(|_| named.next().is_none()))
    }

    fn is_named_id(&self, position: usize) -> bool {
        self.names.get(position).is_some_and(|name| fold(name).ends_with(BARE_ID))
    }

    /// Returns the error for unclear columns.
    fn unclear(&self, sought: &[usize]) -> Error {
        let columns: Vec<&Sought<'_>> = sought.iter().map(|&n| &self.sought[n]).collect();
        let join = |words: Vec<String>| words.join(" and ");
        let roles =
            join(columns.iter().map(|column| format!("the {}", column.role.name())).collect());
        let keys = join(columns.iter().map(|column| format!("`{}`", column.key)).collect());
        Error::Data {
            file: self.file.into(),
            problem: format!(
                "it is unclear which column contains {roles}. Set {keys}. The columns are {}",
                self.all_columns()
            ),
            lines: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::format::Format;

    const PAIRS: [(Role, &str); 4] = [
        (Role::User, "data.columns.user"),
        (Role::Item, "data.columns.item"),
        (Role::Rating, "data.columns.rating"),
        (Role::Timestamp, "data.columns.timestamp"),
    ];
    const ITEMS: [(Role, &str); 2] =
        [(Role::Item, "data.items.id"), (Role::Title, "data.items.title")];

    fn find_all(text: &str, roles: &[(Role, &str)], options: &[Option<Column>]) -> Result<Found> {
        let format = Format { is_pairs: roles.len() == PAIRS.len(), ..Format::default() };
        let sample = Sample::of("f.csv", text.as_bytes(), true, format).expect("a table");
        let sought = roles.iter().enumerate().map(|(n, &(role, key))| {
            let option = options.get(n).and_then(Option::as_ref);
            Sought { role, option, key, hint: None }
        });
        let missing = Missing::new(&["NA".into()]);
        let mut judge = Judge { header: None, missing: &missing, clock: &mut Clock::default() };
        find("f.csv", &sample, &sought.collect::<Vec<_>>(), &mut judge)
    }

    fn find_pairs(text: &str, options: &[Option<Column>]) -> Result<Found> {
        find_all(text, &PAIRS, options)
    }

    fn name(name: &str) -> Option<Column> {
        Some(Column::Name(name.into()))
    }

    /// Returns a table with this many rows; each function returns the cells of a column.
    fn table(rows: usize, cells: &[&dyn Fn(usize) -> String]) -> String {
        let row = |n| cells.iter().map(|cell| cell(n)).collect::<Vec<_>>().join(",") + "\n";
        (0..rows).map(row).collect()
    }

    #[test]
    fn common_headers_are_known() {
        for (text, expected) in [
            ("userId,movieId,rating,timestamp\n1,2,3,4\n", [0, 1, 2, 3]),
            (
                "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t2\t3\t4\n",
                [0, 1, 2, 3],
            ),
            ("Date,StockCode,CustomerID,Score\n2010-12-01,a,b,1\n", [2, 1, 3, 0]),
            (
                "{\"asin\":\"a\",\"overall\":5,\"reviewerID\":\"b\",\"unixReviewTime\":1}\n",
                [2, 0, 1, 3],
            ),
            ("id,user_id,recipe_id,stars,date\n9,1,2,3,4\n", [1, 2, 3, 4]),
            ("id,user,rating,when\n9,1,5,2010-12-01\n7,1,4,2010-12-02\n", [1, 0, 2, 3]),
            ("session_id,user_id,item_id,score,time\n9,1,2,3,4\n", [1, 2, 3, 4]),
        ] {
            let found = find_pairs(text, &[]).expect(text);
            assert!(found.header, "{text}");
            assert_eq!(found.positions, expected.map(Some), "{text}");
        }
    }

    #[test]
    fn without_a_header_positions_and_cells_tell() {
        let user = |n: usize| (n / 5).to_string();
        let item = |n: usize| (90 + n * 7 % 23).to_string();
        let rating = |n: usize| (n % 5 + 1).to_string();
        let time = |n: usize| format!("2014-04-{:02}T10:51:09.277Z", n % 28 + 1);
        let row = |n: usize| n.to_string();
        let flag = |n: usize| (n * n % 3 % 2).to_string();
        let place = |n: usize| format!("{}.25", n * 3 % 50);
        for (cells, expected) in [
            (&[&user as &dyn Fn(usize) -> String, &item][..], [Some(0), Some(1), None, None]),
            (&[&user, &item, &rating, &time], [Some(0), Some(1), Some(2), Some(3)]),
            (&[&user, &time, &item, &flag], [Some(0), Some(2), Some(3), Some(1)]),
            (&[&row, &user, &item], [Some(1), Some(2), None, None]),
            (&[&flag, &user, &item], [Some(1), Some(2), Some(0), None]),
            (&[&user, &time, &place, &place, &item], [Some(0), Some(4), None, Some(1)]),
        ] {
            let text = table(100, cells);
            let found = find_pairs(&text, &[]).expect(&text);
            assert!(!found.header, "{text}");
            assert_eq!(found.positions, expected, "{text}");
        }
    }

    #[test]
    fn a_header_is_told_from_a_row() {
        let ids = "v0,u0\nv1,u0\nv2,u0\nv0,u1\nv1,u1\nv2,u1\nv0,u2\nv1,u2\nv2,u2\n";
        for (text, is_header) in [
            ("who,what\n1,apple\n2,pear\n".into(), true),
            (",0,1\n0,5,90\n1,5,91\n2,6,90\n".into(), true),
            ("ann,apple\nbob,pear\n".into(), false),
            ("ann,85123A\nbob,22423\ncarl,85123A\n".into(), false),
            (format!("a,b\n{ids}"), true),
            (ids.into(), false),
            ("time,apple\ntime,pear\nbob,pear\n".into(), false),
        ] {
            let text: String = text;
            let options = [Some(Column::Position(0)), Some(Column::Position(1))];
            let found = find_pairs(&text, &options).expect(&text);
            assert_eq!(found.header, is_header, "{text}");
        }
    }

    #[test]
    fn options_come_before_guesses() {
        let found = find_pairs("who,what\nann,apple\n", &[name("What"), name("who")]);
        assert_eq!(found.expect("named").positions[..2], [Some(1), Some(0)]);
        let found = find_pairs("a,b\nc,d\n", &[Some(Column::Position(1))]);
        assert_eq!(found.expect("placed").positions[..2], [Some(1), Some(0)]);
        let rows = "7,12,3,881250949\n7,13,5,881250950\n8,12,4,881250951\n";
        let found = find_pairs(rows, &[Some(Column::Position(0))]);
        assert_eq!(found.expect("placed").positions[..2], [Some(0), Some(1)]);
    }

    #[test]
    fn unclear_columns_are_rejected_with_the_columns_and_the_options() {
        let refusal = |text, options: &[_]| find_pairs(text, options).expect_err(text).to_string();
        assert_eq!(
            refusal("user,item\na,b\n", &[name("who")]),
            "option `data.columns.user`: f.csv has no column `who`; allowed: `user`, `item`"
        );
        assert_eq!(
            refusal("a,b\nc,d\n", &[None, Some(Column::Position(2))]),
            "option `data.columns.item`: f.csv has no column 2; allowed: 0 (`a`, …), 1 (`b`, …)"
        );
        assert_eq!(
            refusal("a,b\n1,d\n", &[Some(Column::Position(1)), Some(Column::Position(1))]),
            "option `data.columns.item`: column 1 is already the user; allowed: `a`, `b`"
        );
        assert_eq!(
            refusal("foo,bar,baz\nann,7,x\n", &[]),
            "f.csv: it is unclear which column contains the user and the item. Set \
             `data.columns.user` and `data.columns.item`. The columns are `foo`, `bar`, `baz`"
        );
        // In a sorted file, all first rows may be of one user.
        let sorted = "u,2014-04-01,a,x\nu,2014-04-02,b,y\nu,2014-04-03,a,x\n";
        assert!(refusal(sorted, &[]).contains("it is unclear"));
        let three = "2014-04-01,a,x,p\n2014-04-02,b,y,q\n2014-04-03,a,y,q\n";
        assert!(refusal(three, &[]).contains("1 (`a`, …), 2 (`x`, …), 3 (`p`, …)"));
        assert!(
            refusal("user,x,y\nann,apple,pear\n", &[]).contains("which column contains the item.")
        );
    }

    #[test]
    fn numbers_that_may_all_be_ratings_are_none() {
        let text = "5,90,6,17,10\n5,91,7,18,20\n6,90,6,19,30\n";
        let found = find_pairs(text, &[]).expect("found");
        assert_eq!((found.positions[2], found.unclear_ratings), (None, vec![2, 3, 4]));
    }

    #[test]
    fn files_about_items_have_their_id_first_or_by_name() {
        let found = |text: &str| find_all(text, &ITEMS, &[]).expect(text).positions;
        assert_eq!(found("3|Toy Story|Drama\n1|GoldenEye|War\n"), [Some(0), Some(1)]);
        assert_eq!(found("name,id,imdb_id\nToy Story,3,x\n"), [Some(1), Some(0)]);
        assert_eq!(found("label,venue_id\nToy Story,3\n"), [Some(1), None]);
        let refused = find_all("what,ever\nToy Story,2\nGoldenEye,3\n", &ITEMS, &[]);
        assert!(refused.expect_err("no id").to_string().contains("`data.items.id`"));
    }
}
