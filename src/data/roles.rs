//! Roles of columns, and their common names.

/// Role of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    User,
    Item,
    Rating,
    Timestamp,
    Title,
    UserFeature,
    ItemFeature,
}

impl Role {
    /// Returns common names of this column, likeliest first, [folded](fold).
    pub fn names(self) -> &'static str {
        match self {
            Self::User => {
                "user userid uid username customer customerid client clientid buyer buyerid \
                 account accountid visitor visitorid reviewer reviewerid member memberid person \
                 personid player playerid reader readerid listener listenerid session sessionid \
                 basket basketid order orderid transaction transactionid"
            }
            Self::Item => {
                "item itemid iid movie movieid film filmid book bookid product productid sku \
                 stockcode parentasin asin isbn article articleid news newsid track trackid song \
                 songid artist artistid video videoid game gameid app appid anime animeid business \
                 businessid venue venueid poi poiid place placeid location locationid hotel hotelid \
                 restaurant restaurantid recipe recipeid course courseid joke jokeid content \
                 contentid"
            }
            Self::Rating => "rating bookrating stars score overall",
            Self::Timestamp => {
                "timestamp time unixtime unixreviewtime datetime date ratedat createdat dateadded \
                 invoicedate reviewtime eventtime eventdate"
            }
            Self::Title => {
                "title name itemtitle itemname movietitle booktitle producttitle productname \
                 description"
            }
            // Only an option can name them.
            Self::UserFeature | Self::ItemFeature => "",
        }
    }

    /// Returns its name in reports and options.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Item => "item",
            Self::Rating => "rating",
            Self::Timestamp => "timestamp",
            Self::Title => "title",
            Self::UserFeature | Self::ItemFeature => "feature",
        }
    }

    pub fn is_feature(self) -> bool {
        matches!(self, Self::UserFeature | Self::ItemFeature)
    }
}

/// A name of the item column only if no other column can be it: often it contains row numbers.
pub(super) const BARE_ID: &str = "id";

/// Returns whether a role has this name.
pub(super) fn is_known(name: &str) -> bool {
    let name = fold(name);
    let roles = [Role::User, Role::Item, Role::Rating, Role::Timestamp, Role::Title];
    name == BARE_ID || roles.iter().any(|role| role.names().split(' ').any(|known| known == name))
}

/// Returns whether a column of this name contains row numbers, as pandas writes them.
pub(super) fn is_index(name: &str) -> bool {
    let name = fold(name);
    name.is_empty() || name == "index" || name.starts_with("unnamed")
}

/// Returns a name in lower case without spaces and signs, so that `user_id`, `userId` and `User-ID`
/// are equal. Drops a type after a colon, as in RecBole's `user_id:token`.
pub(super) fn fold(name: &str) -> String {
    let name = name.split(':').next().unwrap_or(name);
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
