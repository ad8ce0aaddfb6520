//! Writing YAML: one text for one state.

use serde_json::Value;

use super::yaml::number;

/// A value whose members have an order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    /// Text, a number, true, false or null.
    Scalar(Value),
    /// A list.
    List(Vec<Self>),
    /// A mapping.
    Mapping(Vec<(String, Self)>),
}

impl From<Value> for Item {
    fn from(value: Value) -> Self {
        match value {
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(members) => Self::Mapping(
                members.into_iter().map(|(name, value)| (name, value.into())).collect(),
            ),
            scalar => Self::Scalar(scalar),
        }
    }
}

/// Writes a document.
pub(super) fn write(item: &Item) -> String {
    let mut out = String::new();
    match item {
        Item::Mapping(members) if !members.is_empty() => mapping(&mut out, members, 0),
        Item::List(items) if !items.is_empty() => list(&mut out, items, 0),
        item => {
            inline(&mut out, item, 0);
            out.push('\n');
        }
    }
    out
}

fn indent(out: &mut String, depth: usize) {
    out.extend(core::iter::repeat_n("  ", depth));
}

fn mapping(out: &mut String, members: &[(String, Item)], depth: usize) {
    for (at, (name, item)) in members.iter().enumerate() {
        // The first member may stand behind the dash of its list.
        if at > 0 || !out.ends_with("- ") {
            indent(out, depth);
        }
        out.push_str(&text(name));
        out.push(':');
        match item {
            Item::Mapping(members) if !members.is_empty() => {
                out.push('\n');
                mapping(out, members, depth + 1);
            }
            Item::List(items) if !items.is_empty() => {
                out.push('\n');
                list(out, items, depth + 1);
            }
            item => {
                out.push(' ');
                inline(out, item, depth);
                out.push('\n');
            }
        }
    }
}

fn list(out: &mut String, items: &[Item], depth: usize) {
    for item in items {
        indent(out, depth);
        out.push_str("- ");
        match item {
            Item::Mapping(members) if !members.is_empty() => mapping(out, members, depth + 1),
            Item::List(items) if !items.is_empty() => {
                out.pop();
                out.push('\n');
                list(out, items, depth + 1);
            }
            item => {
                inline(out, item, depth);
                out.push('\n');
            }
        }
    }
}

/// What stands in the line of its name, or begins there.
fn inline(out: &mut String, item: &Item, depth: usize) {
    match item {
        Item::List(_) => out.push_str("[]"),
        Item::Mapping(_) => out.push_str("{}"),
        Item::Scalar(Value::String(string)) => match block(string) {
            Some(chomping) => {
                out.push_str(chomping);
                for line in string.trim_end_matches('\n').split('\n') {
                    out.push('\n');
                    if !line.is_empty() {
                        indent(out, depth + 1);
                        out.push_str(line);
                    }
                }
            }
            None => out.push_str(&text(string)),
        },
        Item::Scalar(value) => out.push_str(&value.to_string()),
    }
}

/// How a text of several lines is written as a block, if it can be.
fn block(text: &str) -> Option<&'static str> {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let printable = |c: char| c == '\n' || is_plain(c);
    let usable = body.contains('\n')
        && !body.ends_with('\n')
        && text.chars().all(printable)
        && body.split('\n').all(|line| line.is_empty() || !line.trim().is_empty())
        && body
            .split('\n')
            .find(|line| !line.is_empty())
            .is_some_and(|line| !line.starts_with([' ', '\t']));
    usable.then_some(if body.len() == text.len() { "|-" } else { "|" })
}

/// Whether every reader takes the character as it is.
fn is_plain(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// A text in one line: as it is where no reader takes it for something else.
fn text(text: &str) -> String {
    if reads_as_text(text) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if is_plain(c) => quoted.push(c),
            c if u32::from(c) <= 0xff => quoted.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

fn reads_as_text(text: &str) -> bool {
    const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let starts = text.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '_'));
    let known =
        |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | '/' | '@' | '+' | '-' | ':');
    let like_a_number = text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ':' | '_' | '-' | '+'));
    starts
        && text.chars().all(known)
        && !text.contains(": ")
        && !text.ends_with([' ', ':'])
        && !like_a_number
        && !text.starts_with("0x")
        && !text.starts_with("0o")
        && number(text).is_none()
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::yaml::read;
    use super::*;

    #[test]
    fn documents_are_easy_to_read() {
        let value = json!({
            "a": [{"name": "x", "list": [1, "1", "one"]}, {"name": "http://x.test/y: z"}],
            "b": {}, "c": [], "d": "two\nlines\n", "e": null, "f": "", "g": "yes", "h": [[1], []],
            "i": "1.0", "j": "- x", "k": "  indented\nfirst"
        });
        let expected = "a:\n  - list:\n      - 1\n      - \"1\"\n      - one\n    name: x\n  - name: \
                        \"http://x.test/y: z\"\nb: {}\nc: []\nd: |\n  two\n  lines\ne: null\nf: \
                        \"\"\ng: \"yes\"\nh:\n  -\n    - 1\n  - []\ni: \"1.0\"\nj: \"- x\"\nk: \
                        \"  indented\\nfirst\"\n";
        let text = write(&value.clone().into());
        assert_eq!(text, expected);
        assert_eq!(read(&text).unwrap().value, value);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[ -~\n]{0,40}".prop_map(Value::from),
            "[-0-9.:eEx+_ ~]{1,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[ -~]{0,12}", inner, 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(value in any_value()) {
            let text = write(&value.clone().into());
            let read = read(&text);
            prop_assert!(read.is_ok(), "{text}\n{read:?}");
            prop_assert_eq!(read.unwrap().value, value, "{}", text);
        }
    }
}
