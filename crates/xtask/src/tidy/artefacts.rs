//! The built filters: their budgets, their imports, and the files beside them.

use std::fs;

use anyhow::Result;

use crate::build_filters::{self, FILTERS, Filter, sha256, wasm};
use crate::workspace::Workspace;

pub(super) fn problems(workspace: &Workspace) -> Result<Vec<String>> {
    build_filters::run_if_missing(workspace)?;
    let mut problems = Vec::new();
    for filter in FILTERS {
        let module = fs::read(wasm(&workspace.filters(), filter.name))?;
        let stated =
            fs::read_to_string(workspace.filters().join(format!("{}.sha256", filter.name)))?;
        problems.extend(check(filter, &module, &stated));
    }
    Ok(problems)
}

fn check(filter: &Filter, module: &[u8], stated: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if let Err(error) = build_filters::check(filter, module) {
        problems.push(format!("{}: {error:#}", filter.name));
    }
    if !stated.starts_with(&sha256(module)) {
        problems.push(format!("{}: the hash beside the module is another's", filter.name));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILTER: Filter = Filter { package: "a", name: "a", folder: "a", budget: 200 };

    fn module(padding: usize) -> Vec<u8> {
        let text = format!(
            r#"(module
                (memory (export "memory") 1)
                (data (i32.const 0) "{}")
                (func (export "proxy_abi_version_0_2_1"))
                (func (export "_initialize"))
                (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 0)
                (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
                    i32.const 0))"#,
            "x".repeat(padding)
        );
        wat::parse_str(text).unwrap()
    }

    #[test]
    fn a_module_over_its_budget_is_found() {
        let (small, large) = (module(0), module(300));
        assert_eq!(check(&FILTER, &small, &sha256(&small)), Vec::<String>::new());
        let found = check(&FILTER, &large, &sha256(&large));
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("over the budget"), "{found:?}");
    }

    #[test]
    fn a_foreign_hash_is_found() {
        assert_eq!(check(&FILTER, &module(0), &sha256(&module(1))).len(), 1);
    }
}
