//! Members of answers.

use gatekey_core::secret::Secret;
use serde_json::Value;

use crate::timestamp;

/// Larger numbers are milliseconds.
const LAST_SECOND: u64 = 100_000_000_000;

/// A member that is a text and not empty.
pub(crate) fn text(body: &Value, member: &str) -> Option<String> {
    body.get(member)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A secret member that is a text and not empty.
pub(crate) fn secret(body: &Value, member: &str) -> Option<Secret<String>> {
    text(body, member).map(Secret::new)
}

/// A time: the contract says a date, bridges also send seconds. Zero means never.
pub(crate) fn time(body: &Value, member: &str) -> Option<u64> {
    let number = |number: u64| if number > LAST_SECOND { number / 1_000 } else { number };
    let time = match body.get(member)? {
        Value::Number(value) => match value.as_u64() {
            Some(value) => number(value),
            None => {
                value.as_f64().filter(|value| *value > 0.0).map(|value| number(value as u64))?
            }
        },
        Value::String(value) => match value.parse() {
            Ok(value) => number(value),
            Err(_) => timestamp::parse(value)?,
        },
        _ => return None,
    };
    (time > 0).then_some(time)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_come_as_numbers_and_as_texts() {
        for (value, expected) in [
            (json!(1_772_366_400), Some(1_772_366_400)),
            (json!(1_772_366_400_000_u64), Some(1_772_366_400)),
            (json!(1_772_366_400.5), Some(1_772_366_400)),
            (json!("1772366400"), Some(1_772_366_400)),
            (json!("2026-03-01T12:00:00.000Z"), Some(1_772_366_400)),
            (json!(0), None),
            (json!("0"), None),
            (json!(-1), None),
            (json!(null), None),
            (json!("soon"), None),
        ] {
            assert_eq!(time(&json!({ "at": value }), "at"), expected, "{value}");
        }
    }
}
