//! Reads lists in a cell, in JSON or Python notation: `["a", "b"]`, `['a', 'b']`.

/// Returns the values of a list, including nested lists; `None` if the cell is not a list.
pub(super) fn members(cell: &str) -> Option<Vec<String>> {
    let inner = cell.trim().strip_prefix('[')?.strip_suffix(']')?;
    // Records in a list are not single values.
    if inner.contains('{') {
        return None;
    }
    let mut members = Vec::new();
    let mut bare = String::new();
    let mut rest = inner.chars();
    while let Some(sign) = rest.next() {
        match sign {
            // Python 2 writes `u'text'`.
            '\'' | '"' if matches!(bare.trim(), "" | "u") => {
                bare.clear();
                members.push(quoted(sign, &mut rest));
            }
            ',' | '[' | ']' => keep(&mut bare, &mut members),
            _ => bare.push(sign),
        }
    }
    keep(&mut bare, &mut members);
    Some(members)
}

/// Adds a value without quotes, unless it is empty or a null.
fn keep(bare: &mut String, members: &mut Vec<String>) {
    if !matches!(bare.trim(), "" | "null" | "None") {
        members.push(bare.trim().into());
    }
    bare.clear();
}

/// Reads up to the closing quote and returns the text.
fn quoted(quote: char, rest: &mut std::str::Chars<'_>) -> String {
    let mut text = String::new();
    while let Some(sign) = rest.next() {
        match sign {
            '\\' => match rest.next() {
                Some('u') => {
                    let code: String = rest.take(4).collect();
                    let code = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                    text.push(code.unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                Some('n' | 't' | 'r') => text.push(' '),
                escaped => text.extend(escaped),
            },
            sign if sign == quote => break,
            _ => text.push(sign),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_python_lists_have_the_same_values() {
        for (cell, expected) in [
            (r#"["x", "y, z"]"#, &["x", "y, z"][..]),
            (r#" ['x', "Don't", u'y'] "#, &["x", "Don't", "y"]),
            (r#"[["Toys", "Games"], ["Art"]]"#, &["Toys", "Games", "Art"]),
            (r#"["Zo\u00eb \"q\""]"#, &["Zoë \"q\""]),
            ("[1, 2.5, null, None]", &["1", "2.5"]),
            ("['a' 'b']", &["a", "b"]),
            ("[Sci Fi, Drama]", &["Sci Fi", "Drama"]),
            ("[]", &[]),
        ] {
            assert_eq!(members(cell).as_deref(), Some(expected.map_strings()).as_deref(), "{cell}");
        }
        for cell in ["x|y", "", "[x", "[{\"id\": 1}]"] {
            assert_eq!(members(cell), None, "{cell}");
        }
    }

    trait MapStrings {
        fn map_strings(&self) -> Vec<String>;
    }

    impl MapStrings for [&str] {
        fn map_strings(&self) -> Vec<String> {
            self.iter().map(|&text| text.into()).collect()
        }
    }
}
