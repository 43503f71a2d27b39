//! Reads numbers in common notations: `4.5`, `4,5`, `$1,099.99`.

/// Currency signs that may precede or follow a number.
const CURRENCIES: [char; 5] = ['$', '€', '£', '¥', '₹'];

/// Reads a finite number. A comma before three digits separates thousands; else it is the decimal
/// point.
pub(super) fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    let number = text.parse().ok().or_else(|| spelled(text));
    number.filter(|number: &f64| number.is_finite())
}

/// Reads a number with a currency or commas.
#[cold]
fn spelled(text: &str) -> Option<f64> {
    let text = text.trim_matches(CURRENCIES).trim();
    let last = text.rfind([',', '.'])?;
    let groups = text.as_bytes()[last] == b','
        && text.len() - last == 4
        && !text.contains('.')
        && text.find([',', '.']) != Some(0);
    let (whole, fraction) = if groups { (text, "") } else { (&text[..last], &text[last + 1..]) };
    let whole: String = whole.chars().filter(|sign| !matches!(sign, ',' | '.')).collect();
    let is_plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = whole.strip_prefix(['-', '+']).unwrap_or(&whole);
    (is_plain(unsigned) && is_plain(fraction))
        .then(|| format!("{whole}.{fraction}").parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_and_decimal_commas_are_numbers() {
        for (text, number) in [
            ("4.5", 4.5),
            (" -3 ", -3.0),
            ("1e3", 1000.0),
            ("$1,099.99", 1099.99),
            ("1.099,99 €", 1099.99),
            ("£1,299", 1299.0),
            ("1,234,567", 1_234_567.0),
            ("-4,5", -4.5),
            ("0,25", 0.25),
            ("$5.00", 5.0),
        ] {
            assert_eq!(parse(text), Some(number), "{text}");
        }
        for text in ["", "nan", "inf", "Toy Story 2", "1,2,x", "$", ",", "4 of 5", "1.2.x"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
