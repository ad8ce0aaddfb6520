//! Words of commands that somebody copies into a shell. What they are made of was written by
//! others: nothing in it may mean anything to the shell.

/// A word in single quotes, in which nothing has a meaning.
pub(super) fn quoted(word: &str) -> String {
    format!("'{}'", printable(word).replace('\'', r"'\''"))
}

/// A text between double quotes, where variables stand beside it.
pub(super) fn within(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in printable(text).chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_what_was_written() {
        for text in ["a b", "it's", "$(touch x)", "`id`", "a\"b", "\\", "a!b", "*", "a;b|c&d", ""] {
            let script = format!("printf '%s\\n' {} \"x{}\"", quoted(text), within(text));
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{text}\nx{text}\n"));
        }
        assert_eq!(quoted("a\nb\u{1b}[0m"), "'ab[0m'");
    }
}
