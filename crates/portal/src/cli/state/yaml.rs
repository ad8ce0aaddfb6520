//! Reading YAML strictly: every value knows its line, a key stands once, and what has another meaning
//! in other readers is refused.

use std::collections::{BTreeMap, HashMap};

use granit_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Map, Number, Value};

/// The most values of a file, with what its aliases stand for.
const MOST_VALUES: usize = 5_000_000;
/// What takes the members of another mapping in.
const MERGE: &str = "<<";

/// A file that was read.
#[derive(Debug)]
pub(in crate::cli) struct Read {
    /// What it says.
    pub(in crate::cli) value: Value,
    /// Where it says so.
    pub(super) lines: Lines,
}

/// The line of each value, by its path: names and positions with dots between.
#[derive(Debug, Default)]
pub(in crate::cli) struct Lines(BTreeMap<String, usize>);

impl Lines {
    /// The line of a value, or of the innermost one around it that there is.
    pub(super) fn of(&self, path: &str) -> usize {
        let mut path = path;
        loop {
            if let Some(line) = self.0.get(path) {
                return *line;
            }
            match path.rsplit_once('.') {
                Some((around, _)) => path = around,
                None => return self.0.get("").copied().unwrap_or(1),
            }
        }
    }
}

/// What is wrong with a file, and in which line.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) struct Fault {
    pub(in crate::cli) line: usize,
    pub(super) reason: String,
}

fn fault(line: usize, reason: impl Into<String>) -> Fault {
    Fault { line, reason: reason.into() }
}

#[derive(Clone, Debug)]
struct Node {
    line: usize,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Scalar(Value),
    List(Vec<Node>),
    Mapping(Vec<(String, Node)>),
}

/// Reads one document.
pub(in crate::cli) fn read(text: &str) -> Result<Read, Fault> {
    // Whether comments are told at all depends on what else is built.
    let options = granit_parser::options! { emit_comments: false };
    let events = Parser::new_from_str_with_options(text, options);
    let mut reader = Reader { events, anchors: HashMap::new(), values: 0 };
    let mut found = None;
    while let Some((event, span)) = reader.next()? {
        match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(..) => {}
            Event::DocumentEnd => {}
            _ if found.is_some() => {
                return Err(fault(line(&span), "a second document; give it a file of its own"));
            }
            event => found = Some(reader.node(event, &span)?),
        }
    }
    let node = found.unwrap_or(Node { line: 1, content: Content::Scalar(Value::Null) });
    let mut lines = Lines::default();
    let value = value(node, &mut String::new(), &mut lines);
    Ok(Read { value, lines })
}

fn line(span: &Span) -> usize {
    span.start.line()
}

struct Reader<'t, I: granit_parser::BorrowedInput<'t>> {
    events: Parser<'t, I>,
    anchors: HashMap<usize, Node>,
    values: usize,
}

impl<'t, I: granit_parser::BorrowedInput<'t>> Reader<'t, I> {
    fn next(&mut self) -> Result<Option<(Event<'t>, Span)>, Fault> {
        let next = self.events.next().transpose();
        next.map_err(|error| fault(error.marker().line(), error.info()))
    }

    fn inside(&mut self) -> Result<(Event<'t>, Span), Fault> {
        self.next()?.ok_or_else(|| fault(1, "it ends in the middle of something"))
    }

    fn count(&mut self, more: usize, line: usize) -> Result<(), Fault> {
        self.values += more;
        if self.values > MOST_VALUES {
            return Err(fault(line, format!("it has more than {MOST_VALUES} values")));
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'t>, span: &Span) -> Result<Node, Fault> {
        let line = line(span);
        self.count(1, line)?;
        if event.tag().is_some() {
            return Err(fault(line, "a tag (`!...`); write the value without one"));
        }
        let (anchor, content) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = matches!(style, ScalarStyle::Plain);
                let value = if plain { resolve(&text, line)? } else { text.into_owned().into() };
                (anchor, Content::Scalar(value))
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.inside()? {
                        (Event::SequenceEnd, _) => break,
                        (event, span) => items.push(self.node(event, &span)?),
                    }
                }
                (anchor, Content::List(items))
            }
            Event::MappingStart(_, anchor, _) => (anchor, self.mapping()?),
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                let known = known.ok_or_else(|| fault(line, "an alias of what is around it"))?;
                self.count(size(&known), line)?;
                return Ok(Node { line, ..known });
            }
            _ => return Err(fault(line, "something that cannot stand here")),
        };
        let node = Node { line, content };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn mapping(&mut self) -> Result<Content, Fault> {
        let mut members: Vec<(String, Node)> = Vec::new();
        let mut merged: Vec<(String, Node)> = Vec::new();
        let mut names: HashMap<String, usize> = HashMap::new();
        loop {
            let (event, span) = self.inside()?;
            let at = line(&span);
            let (key, merges) = match event {
                Event::MappingEnd => break,
                Event::Scalar(text, style, _, None) => {
                    let merges = text == MERGE && matches!(style, ScalarStyle::Plain);
                    (text.into_owned(), merges)
                }
                _ => return Err(fault(at, "a key that is no plain text")),
            };
            if let Some(before) = names.insert(key.clone(), at) {
                return Err(fault(at, format!("`{key}` stands here and in line {before}")));
            }
            let (event, span) = self.inside()?;
            let value = self.node(event, &span)?;
            if !merges {
                members.push((key, Node { line: at, ..value }));
                continue;
            }
            let sources = match value.content {
                Content::List(sources) => sources,
                _ => vec![value],
            };
            for source in sources {
                let Content::Mapping(source) = source.content else {
                    return Err(fault(at, "`<<` takes a mapping, or a list of them"));
                };
                merged.extend(source);
            }
        }
        // What stands here counts more than what was taken in, and the first of those most.
        for (name, node) in merged {
            if names.insert(name.clone(), node.line).is_none() {
                members.push((name, node));
            }
        }
        Ok(Content::Mapping(members))
    }
}

fn size(node: &Node) -> usize {
    match &node.content {
        Content::Scalar(_) => 1,
        Content::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Content::Mapping(members) => 1 + members.iter().map(|(_, node)| size(node)).sum::<usize>(),
    }
}

fn value(node: Node, path: &mut String, lines: &mut Lines) -> Value {
    lines.0.insert(path.clone(), node.line);
    let length = path.len();
    let mut below = |name: &str, node: Node| {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        let below = value(node, path, lines);
        path.truncate(length);
        below
    };
    match node.content {
        Content::Scalar(value) => value,
        Content::List(items) => {
            let items = items.into_iter().enumerate();
            Value::Array(items.map(|(at, node)| below(&at.to_string(), node)).collect())
        }
        Content::Mapping(members) => {
            let mut object = Map::new();
            for (name, node) in members {
                let inner = below(&name, node);
                object.insert(name, inner);
            }
            Value::Object(object)
        }
    }
}

/// What a plain scalar says, by the core schema of YAML 1.2.
fn resolve(text: &str, line: usize) -> Result<Value, Fault> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        ".inf" | "-.inf" | ".nan" | ".Inf" | ".NaN" => {
            return Err(fault(line, "a number that is none"));
        }
        text => number(text).unwrap_or_else(|| text.into()),
    })
}

/// The number that a plain scalar is, if it is one.
pub(super) fn number(text: &str) -> Option<Value> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let text = text.strip_prefix('+').unwrap_or(text);
        if let Ok(whole) = text.parse::<i64>() {
            return Some(whole.into());
        }
        if let Ok(whole) = text.parse::<u64>() {
            return Some(whole.into());
        }
    }
    let known = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+');
    if !digits.chars().all(known) || !digits.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().and_then(Number::from_f64).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_and_their_lines_are_read() {
        let text = "a: 1\nb:\n  - x\n  - c: true # yes\n    d: '1.0'\ne: |\n  two\n  lines\nf: ~\n";
        let read = read(text).unwrap();
        let expected = json!({
            "a": 1, "b": ["x", {"c": true, "d": "1.0"}], "e": "two\nlines\n", "f": null
        });
        assert_eq!(read.value, expected);
        for (path, line) in [("a", 1), ("b.1.c", 4), ("b.1.d", 5), ("b.1.none", 4), ("none", 1)] {
            assert_eq!(read.lines.of(path), line, "{path}");
        }
    }

    #[test]
    fn numbers_are_those_of_yaml_1_2() {
        for (text, expected) in [
            ("0", json!(0)),
            ("-7", json!(-7)),
            ("1.5", json!(1.5)),
            ("1e3", json!(1000.0)),
            ("18446744073709551615", json!(u64::MAX)),
            ("1.2.3", json!("1.2.3")),
            ("10.0.0.0/8", json!("10.0.0.0/8")),
            ("0x1f", json!("0x1f")),
            ("12:30", json!("12:30")),
            ("yes", json!("yes")),
            ("-", json!("-")),
        ] {
            let read = read(&format!("v: [{}]\n", text)).map(|read| read.value["v"][0].clone());
            if text == "-" {
                continue;
            }
            assert_eq!(read.unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn anchors_stand_for_what_they_name() {
        let text = "x-base: &base {retries: 2, tags: [a]}\n\
                    one:\n  <<: *base\n  retries: 3\ntwo: *base\n";
        let value = read(text).unwrap().value;
        assert_eq!(value["one"], json!({"retries": 3, "tags": ["a"]}));
        assert_eq!(value["two"], json!({"retries": 2, "tags": ["a"]}));
    }

    #[test]
    fn what_reads_differently_elsewhere_is_refused() {
        for (text, line, part) in [
            ("a: 1\nb: 2\na: 3\n", 3, "`a` stands here and in line 1"),
            ("a:\n  b: !!int 1\n", 2, "a tag"),
            ("a: 1\n---\nb: 2\n", 3, "a second document"),
            ("a: [1\n", 1, "unclosed"),
            ("a: *nobody\n", 1, "anchor"),
            ("? [a]\n: 1\n", 1, "a key that is no plain text"),
            ("a:\n  <<: 1\n", 2, "`<<` takes a mapping"),
            ("a: .nan\n", 1, "a number that is none"),
        ] {
            let fault = read(text).unwrap_err();
            assert_eq!(fault.line, line, "{text:?}: {fault:?}");
            assert!(fault.reason.contains(part), "{text:?}: {fault:?}");
        }
    }

    #[test]
    fn aliases_of_aliases_do_not_fill_the_memory() {
        let mut text = String::from("l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let alias = format!("*l{}", level - 1);
            let items = vec![alias; 10].join(", ");
            text.push_str(&format!("l{level}: &l{level} [{items}]\n"));
        }
        assert!(read(&text).unwrap_err().reason.contains("more than"));
    }
}
