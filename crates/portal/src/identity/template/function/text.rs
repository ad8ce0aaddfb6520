//! Functions about text.

use super::{Fault, Function, Run, Value, count, functions};
use crate::entropy;

pub(super) const FUNCTIONS: &[Function] = functions! {
    "upper" 1..=1 => |_, mut given| Ok(Value::Text(given.text().to_uppercase()));
    "lower" 1..=1 => |_, mut given| Ok(Value::Text(given.text().to_lowercase()));
    "title" 1..=1 => |_, mut given| Ok(Value::Text(title(&given.text())));
    "untitle" 1..=1 => |_, mut given| Ok(Value::Text(untitle(&given.text())));
    "trim" 1..=1 => |_, mut given| Ok(Value::text(given.text().trim()));
    "nospace" 1..=1 => |_, mut given| {
        Ok(Value::Text(given.text().chars().filter(|c| !c.is_whitespace()).collect()))
    };
    "trimAll" 2..=2 => |run, mut given| {
        let (set, text) = (given.text(), given.text());
        run.charge(set.len().saturating_mul(text.len()))?;
        Ok(Value::text(text.trim_matches(|c| set.contains(c))))
    };
    "trimPrefix" 2..=2 => |_, mut given| {
        let (lead, text) = (given.text(), given.text());
        Ok(Value::text(text.strip_prefix(lead.as_str()).unwrap_or(&text)))
    };
    "trimSuffix" 2..=2 => |_, mut given| {
        let (end, text) = (given.text(), given.text());
        Ok(Value::text(text.strip_suffix(end.as_str()).unwrap_or(&text)))
    };
    "trunc" 2..=2 => |_, mut given| {
        let (length, text) = (given.int(), given.text());
        Ok(Value::Text(trunc(&text, length)))
    };
    "substr" 3..=3 => |_, mut given| {
        let (start, end, text) = (given.int(), given.int(), given.text());
        let length = if end < 0 { usize::MAX } else { count(end.saturating_sub(start.max(0))) };
        Ok(Value::Text(text.chars().skip(count(start)).take(length).collect()))
    };
    "replace" 3..=3 => |run, mut given| {
        let (old, new, text) = (given.text(), given.text(), given.text());
        let places = text.matches(old.as_str()).count();
        run.charge(places.saturating_mul(new.len()))?;
        Ok(Value::Text(text.replace(&old, &new)))
    };
    "repeat" 2..=2 => |run, mut given| {
        let (times, text) = (count(given.int()), given.text());
        run.charge(times.saturating_mul(text.len().max(1)))?;
        Ok(Value::Text(text.repeat(times)))
    };
    "contains" 2..=2 => |_, mut given| {
        let (part, text) = (given.text(), given.text());
        Ok(Value::Flag(text.contains(&part)))
    };
    "hasPrefix" 2..=2 => |_, mut given| {
        let (lead, text) = (given.text(), given.text());
        Ok(Value::Flag(text.starts_with(&lead)))
    };
    "hasSuffix" 2..=2 => |_, mut given| {
        let (end, text) = (given.text(), given.text());
        Ok(Value::Flag(text.ends_with(&end)))
    };
    "quote" 0..=usize::MAX => |_, given| {
        let mut texts = given.rest().into_iter().map(Value::into_text);
        match (texts.next(), texts.next()) {
            (Some(text), None) => Ok(Value::Written(text.into())),
            (first, second) => {
                let all = first.into_iter().chain(second).chain(texts);
                let all: Vec<_> =
                    all.map(|text| serde_json::Value::from(text).to_string()).collect();
                Ok(Value::Text(all.join(" ")))
            }
        }
    };
    "squote" 1..=1 => |_, mut given| Ok(Value::Text(format!("'{}'", given.text())));
    "cat" 1..=usize::MAX => |_, given| {
        let texts: Vec<_> = given.rest().into_iter().map(Value::into_text).collect();
        Ok(Value::Text(texts.join(" ")))
    };
    "print" 0..=usize::MAX => |_, given| {
        Ok(Value::Text(given.rest().into_iter().map(Value::into_text).collect()))
    };
    "printf" 1..=usize::MAX => |run, mut given| {
        let pattern = given.text();
        printf(run, &pattern, given.rest())
    };
    "toString" 1..=1 => |_, mut given| Ok(Value::Text(given.text()));
    "initials" 1..=1 => |_, mut given| {
        Ok(Value::Text(given.text().split_whitespace().filter_map(|w| w.chars().next()).collect()))
    };
    "swapcase" 1..=1 => |_, mut given| {
        let swap = |c: char| match c.is_uppercase() {
            true => c.to_lowercase().collect::<String>(),
            false => c.to_uppercase().collect(),
        };
        Ok(Value::Text(given.text().chars().map(swap).collect()))
    };
    "snakecase" 1..=1 => |_, mut given| Ok(Value::Text(words(&given.text()).join("_")));
    "kebabcase" 1..=1 => |_, mut given| Ok(Value::Text(words(&given.text()).join("-")));
    "camelcase" 1..=1 => |_, mut given| {
        Ok(Value::Text(words(&given.text()).iter().map(|word| title(word)).collect()))
    };
    "randAlphaNum" 1..=1 => |run, mut given| random(run, given.int(), |_| true);
    "randAlpha" 1..=1 => |run, mut given| random(run, given.int(), |c| c.is_ascii_alphabetic());
    "randNumeric" 1..=1 => |run, mut given| random(run, given.int(), |c| c.is_ascii_digit());
};

fn title(text: &str) -> String {
    let mut begins = true;
    let mut made = String::with_capacity(text.len());
    for character in text.chars() {
        if begins {
            made.extend(character.to_uppercase());
        } else {
            made.push(character);
        }
        begins = !character.is_alphanumeric() && character != '\'';
    }
    made
}

fn untitle(text: &str) -> String {
    let mut begins = true;
    let mut made = String::with_capacity(text.len());
    for character in text.chars() {
        if begins {
            made.extend(character.to_lowercase());
        } else {
            made.push(character);
        }
        begins = character.is_whitespace();
    }
    made
}

/// The first characters, or with a number below zero the last.
fn trunc(text: &str, length: i64) -> String {
    if length >= 0 {
        return text.chars().take(count(length)).collect();
    }
    let all = text.chars().count();
    let kept = usize::try_from(length.unsigned_abs()).unwrap_or(usize::MAX);
    text.chars().skip(all.saturating_sub(kept)).collect()
}

/// The words of a text, in small letters: at what is no letter or digit, and before capitals.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_is_small = false;
    for character in text.chars() {
        if !character.is_alphanumeric() {
            words.push(String::new());
            before_is_small = false;
            continue;
        }
        if character.is_uppercase() && before_is_small {
            words.push(String::new());
        }
        before_is_small = !character.is_uppercase();
        if let Some(word) = words.last_mut() {
            word.extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Of Go's verbs the plain ones, without widths.
fn printf(run: &mut Run<'_>, pattern: &str, given: Vec<Value>) -> Result<Value, Fault> {
    let mut given = given.into_iter();
    let mut made = String::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            made.push(character);
            continue;
        }
        let verb = characters.next();
        let mut next = || given.next().ok_or_else(|| Fault::new("lacks a value for a verb"));
        let text = match verb {
            Some('%') => "%".to_owned(),
            Some('s' | 'v') => next()?.into_text(),
            Some('d') => next()?.as_int().to_string(),
            Some('f') => format!("{:.6}", next()?.as_float()),
            Some('t') => (!next()?.is_empty()).to_string(),
            Some('x') => format!("{:x}", next()?.as_int()),
            Some('q') => serde_json::Value::from(next()?.into_text()).to_string(),
            _ => return Err(Fault::new("has a verb other than %s, %v, %d, %f, %t, %x, %q or %%")),
        };
        run.charge(text.len())?;
        made.push_str(&text);
    }
    Ok(Value::Text(made))
}

fn random(run: &mut Run<'_>, length: i64, belongs: fn(char) -> bool) -> Result<Value, Fault> {
    let length = count(length);
    run.charge(length.saturating_mul(4))?;
    let mut made = String::new();
    while made.len() < length {
        let more = entropy::word(64).map_err(|_| Fault::new("gets no random characters"))?;
        made.extend(more.chars().filter(|c| belongs(*c)).take(length - made.len()));
    }
    Ok(Value::Text(made))
}
