//! What the source of a crate may not name.
//!
//! The core, the filters and what speaks to identity providers get time, entropy and the network
//! from outside. In the filters the standard library's own ways to them exist and even work under
//! WASI, so only a look at the source keeps them out.

use super::files::Files;

const SANS_IO: &[&str] = &[
    "crates/core/",
    "crates/dcr/",
    "crates/filter/",
    "filters/key-auth/",
    "filters/openid-connect/",
    "filters/application-auth/",
];

const NOT_SANS_IO: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::time",
    "Instant::now",
    "SystemTime",
];

/// Who may touch the network: the portal, and fakes of providers, which are test code.
const NETWORKED: &[&str] = &["crates/portal/", "crates/dcr-fakes/", "benches/"];
const ONLY_IN_PORTAL: &[&str] =
    &["axum::", "hyper::", "reqwest::", "sea_orm::", "sqlx::", "tokio::", "tower::"];
/// The pages answer requests and call the API that they are handed; a socket or a table they do
/// not reach.
const PAGES: &str = "crates/web/";
const IN_PAGES: &[&str] = &["axum::", "tokio::", "tower::"];

/// What an expectation of the rules themselves has to name.
const THIS_FILE: &str = "crates/xtask/src/tidy/";

pub(super) fn problems(files: &Files) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, text) in files.rust() {
        if is_test(path) || path.starts_with(THIS_FILE) {
            continue;
        }
        let sans_io = SANS_IO.iter().any(|folder| path.starts_with(folder));
        let outside = !NETWORKED.iter().any(|folder| path.starts_with(folder));
        for (number, line) in code(text) {
            let not_sans_io = NOT_SANS_IO.iter().filter(|_| sans_io);
            let allowed = |word: &&&str| path.starts_with(PAGES) && IN_PAGES.contains(word);
            let only_in_portal = ONLY_IN_PORTAL.iter().filter(|_| outside);
            let only_in_portal = only_in_portal.filter(|word| !allowed(word));
            for word in not_sans_io.chain(only_in_portal) {
                if names(line, word) {
                    problems.push(format!("{path}:{number} names `{word}`"));
                }
            }
        }
    }
    problems
}

fn is_test(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "examples" | "benches"))
}

/// The lines of a file that are neither comments nor tests; tests stand at the end.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(index, line)| (index + 1, line))
}

/// `std::time` is named by `use std::time;` and not by `my_std::time` or `std::timezone`.
fn names(line: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(start, found)| {
        let before = line.get(..start).and_then(|text| text.chars().next_back());
        let after = line.get(start + found.len()..).and_then(|text| text.chars().next());
        let open = word.ends_with("::");
        !before.is_some_and(part_of_name) && (open || !after.is_some_and(part_of_name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        problems(&Files::of(&[(path, text)])).len()
    }

    #[test]
    fn a_clock_where_time_comes_from_outside_is_found() {
        for line in ["use std::time::Instant;", "let t = SystemTime::now();", "std::fs::read(p)"] {
            assert_eq!(found("crates/filter/src/a.rs", line), 1, "{line}");
            assert_eq!(found("crates/core/src/a.rs", line), 1, "{line}");
            assert_eq!(found("crates/dcr/src/a.rs", line), 1, "{line}");
            assert_eq!(found("crates/portal/src/a.rs", line), 0, "{line}");
        }
    }

    #[test]
    fn a_runtime_outside_the_portal_is_found() {
        assert_eq!(found("crates/core/src/a.rs", "use tokio::net::TcpStream;"), 1);
        assert_eq!(found("host-harness/src/a.rs", "use axum::Router;"), 1);
        assert_eq!(found("crates/dcr/src/a.rs", "use reqwest::Client;"), 1);
        assert_eq!(found("crates/portal/src/a.rs", "use tokio::net::TcpStream;"), 0);
        assert_eq!(found("crates/dcr-fakes/src/a.rs", "use axum::Router;"), 0);
        assert_eq!(found("crates/web/src/a.rs", "use axum::Router;"), 0);
        assert_eq!(found("crates/web/src/a.rs", "use sea_orm::Entity;"), 1);
    }

    #[test]
    fn comments_tests_and_similar_names_are_not() {
        let text = "// std::time\nuse core::time::Duration;\nmy_std::times();\n#[cfg(test)]\n\
            mod tests { use std::time; }";
        assert_eq!(found("crates/core/src/a.rs", text), 0);
        assert_eq!(found("crates/core/tests/a.rs", "use std::fs;"), 0);
    }
}
