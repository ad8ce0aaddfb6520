//! Names that say nothing: a file called so becomes the place where things are lost.

use super::files::Files;

const EMPTY: &[&str] =
    &["common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"];

pub(super) fn problems(files: &Files) -> Vec<String> {
    files
        .rust()
        .filter_map(|(path, _)| {
            let name = path.split('/').map(|part| part.split('.').next().unwrap_or(part));
            let empty = name.into_iter().find(|name| EMPTY.contains(name))?;
            Some(format!("{path}: `{empty}` does not say what is in there"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_name_is_found() {
        for path in ["crates/core/src/utils.rs", "crates/x/tests/common/mod.rs", "a/helpers.rs"] {
            assert_eq!(problems(&Files::of(&[(path, "")])).len(), 1, "{path}");
        }
        assert_eq!(problems(&Files::of(&[("crates/core/src/key.rs", "")])).len(), 0);
    }
}
