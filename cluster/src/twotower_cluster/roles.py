"""Common names of columns, likeliest first, as `src/data/roles.rs` has them; a test compares both."""

NAMES: dict[str, str] = {
    "user": (
        "user userid uid username customer customerid client clientid buyer buyerid "
        "account accountid visitor visitorid reviewer reviewerid member memberid person "
        "personid player playerid reader readerid listener listenerid session sessionid "
        "basket basketid order orderid transaction transactionid"
    ),
    "item": (
        "item itemid iid movie movieid film filmid book bookid product productid sku "
        "stockcode parentasin asin isbn article articleid news newsid track trackid song "
        "songid artist artistid video videoid game gameid app appid anime animeid "
        "business businessid venue venueid poi poiid place placeid location locationid "
        "hotel hotelid restaurant restaurantid recipe recipeid course courseid joke "
        "jokeid content contentid"
    ),
    "rating": "rating bookrating stars score overall",
    "timestamp": (
        "timestamp time unixtime unixreviewtime datetime date ratedat createdat dateadded "
        "invoicedate reviewtime eventtime eventdate"
    ),
    "title": (
        "title name itemtitle itemname movietitle booktitle producttitle productname description"
    ),
}


def fold(name: str) -> str:
    """Returns a name in lower case without spaces and signs, and without a type after a colon."""
    return "".join(sign for sign in name.split(":")[0] if sign.isalnum()).lower()
