//! What a committed file may not tell: where it was written, and through which mirror.

use super::files::Files;

/// Written in two parts, so that this file does not break its own rule.
const PRIVATE: &[(&str, &str)] = &[
    ("/work", "/main"),
    ("/work", "/shared"),
    ("/work", "/."),
    ("/tmp", "/gk"),
    ("/root", "/"),
    ("crates", ".io/api"),
    ("index.crates", ".io"),
    ("static.crates", ".io"),
    ("pypi", ".org"),
    ("files.pythonhosted", ".org"),
    ("registry.npmjs", ".org"),
    ("deb.debian", ".org"),
    ("static.rust-lang", ".org"),
];

/// What npm writes into a lock file unless told not to: the mirror that a package came from.
const FROM_MIRROR: &str = "\"resolved\": \"http";

pub(super) fn problems(files: &Files) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, text) in files.texts().filter(|(path, _)| path.ends_with("package-lock.json")) {
        if text.contains(FROM_MIRROR) {
            problems.push(format!("{path} says where packages were downloaded"));
        }
    }
    for (path, text) in files.texts() {
        for (number, line) in text.lines().enumerate() {
            for (start, end) in PRIVATE {
                if line.contains(&format!("{start}{end}")) {
                    problems.push(format!("{path}:{}: `{start}{end}`", number + 1));
                }
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_private_detail_is_found() {
        for (start, end) in PRIVATE {
            let text = format!("fine\nsee {start}{end}x");
            let found = problems(&Files::of(&[("notes.md", &text)]));
            assert_eq!(found, [format!("notes.md:2: `{start}{end}`")]);
        }
        assert_eq!(problems(&Files::of(&[("notes.md", "target/filters")])).len(), 0);
    }

    #[test]
    fn a_mirror_in_a_lock_file_is_found() {
        let text = format!("{{{FROM_MIRROR}://mirror.test/a.tgz\"}}");
        assert_eq!(problems(&Files::of(&[("a/package-lock.json", &text)])).len(), 1);
        let without = "{\"integrity\": \"sha512-x\"}";
        assert_eq!(problems(&Files::of(&[("a/package-lock.json", without)])).len(), 0);
    }
}
