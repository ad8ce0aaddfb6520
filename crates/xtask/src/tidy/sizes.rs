//! How long a source file may be.

use super::files::Files;

const LIMIT: usize = 600;
const MEDIAN: usize = 200;

/// The words in a module's own documentation that excuse its length.
const REASON: &str = concat!("This file is ", "long because");

pub(super) fn problems(files: &Files) -> Vec<String> {
    let mut problems = Vec::new();
    let mut lengths = Vec::new();
    for (path, text) in files.rust() {
        let length = text.lines().count();
        lengths.push(length);
        let excused = text.lines().any(|line| line.starts_with("//!") && line.contains(REASON));
        if length > LIMIT && !excused {
            problems.push(format!("{path} has {length} lines, {LIMIT} are the limit"));
        }
    }
    lengths.sort_unstable();
    if let Some(median) = lengths.get(lengths.len() / 2).filter(|median| **median > MEDIAN) {
        problems.push(format!("the median file has {median} lines, {MEDIAN} are the limit"));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_found() {
        let long = "x\n".repeat(LIMIT + 1);
        let small = Files::of(&[("a.rs", "x"), ("b.rs", "x"), ("long.rs", &long)]);
        assert_eq!(problems(&small), ["long.rs has 601 lines, 600 are the limit"]);
    }

    #[test]
    fn a_reason_in_the_module_doc_excuses_it() {
        let long = format!("//! {REASON} it is a table.\n{}", "x\n".repeat(LIMIT));
        assert_eq!(
            problems(&Files::of(&[("a.rs", "x"), ("long.rs", &long), ("b.rs", "x")])).len(),
            0
        );
        let elsewhere = format!("// {REASON} it is a table.\n{}", "x\n".repeat(LIMIT));
        assert_eq!(
            problems(&Files::of(&[("a.rs", "x"), ("l.rs", &elsewhere), ("b.rs", "x")])).len(),
            1
        );
    }

    #[test]
    fn many_middling_files_are_found() {
        let middling = "x\n".repeat(MEDIAN + 1);
        let files = Files::of(&[("a.rs", &middling), ("b.rs", &middling), ("c.rs", "x")]);
        assert_eq!(problems(&files), ["the median file has 201 lines, 200 are the limit"]);
    }
}
