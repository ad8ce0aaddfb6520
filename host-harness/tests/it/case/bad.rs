//! Case files that cannot be used: each error names the place and the rule.

use std::path::Path;

use gatekey_host_harness::case;

use super::{Folder, one};

/// Loading this file fails; what the error says after the folder's path.
fn error(folder: &Folder, name: &str) -> String {
    let path = folder.path().join(name);
    let error = case::load(&[path]).unwrap_err().to_string();
    error.replace(&format!("{}/", folder.path().display()), "")
}

fn refused(text: &str, expected: &str) {
    let folder = Folder::new();
    folder.write("x.yaml", text);
    let error = error(&folder, "x.yaml");
    assert!(error.starts_with("x.yaml:"), "{error}");
    assert!(error.contains(expected), "{error}\ndoes not say\n{expected}");
}

#[test]
fn unknown_members_and_steps() {
    refused(
        "version: 1\ncase: []\ncases: []",
        "x.yaml:2:1: unknown field `case`, expected one of `version`, `name`",
    );
    refused(
        &one("steps:\n  - wait: 3"),
        "x.yaml:5:9: `cases[0].steps[0]`: unknown variant `wait`, expected one of `request`, `open`",
    );
    refused(
        &one("steps:\n  - request:\n      expect:\n        statsu: 3"),
        "x.yaml:7:13: `cases[0].steps[0].request.expect`: unknown field `statsu`, expected one of",
    );
    refused(
        &one("steps:\n  - request: {}\n    advance_ms: 3"),
        "`cases[0].steps[0]`: expected exactly one member, one of `request`",
    );
    refused(&one("step: []"), "`cases[0]`: unknown field `step`");
    refused(&one("world: { seeds: 1 }"), "`cases[0].world`: unknown field `seeds`");
    refused(
        &one("world: { profile: { start: { canary: true } } }"),
        "`cases[0].world.profile`: unknown field `canary`",
    );
    refused(
        &one("world: { profile: { begin: {} } }"),
        "`cases[0].world.profile`: a profile has no group `begin`",
    );
    refused(
        &one("steps: [{ request: { expect: { status: { is: 3 } } } }]"),
        "`cases[0].steps[0].request.expect.status`: invalid type: map, expected u16",
    );
    refused(
        &one("steps: [{ request: { expect: { details: { like: x } } } }]"),
        "`cases[0].steps[0].request.expect.details`: unknown variant `like`, expected one of `exact`",
    );
    refused(
        &one("steps: [{ request: { expect: { details: { prefix: x, suffix: y } } } }]"),
        "only one member may be here, not `suffix` too",
    );
}

#[test]
fn values_that_make_no_sense() {
    refused(
        &one("steps: [{ request: { expect: { details: { regex: '(' } } } }]"),
        "`cases[0].steps[0].request.expect.details.regex`: regex parse error",
    );
    refused(
        &one("chain: [{ configuration: { base64: 'a' } }]"),
        "`cases[0].chain[0].configuration`: it is not base64",
    );
    refused(&one("steps: [{ request: { body: { hex: abc } } }]"), "not pairs of hexadecimal");
    refused(
        &one("steps: [{ request: { body: { file: none.bin } } }]"),
        "`cases[0].steps[0].request.body`: cannot read `",
    );
    refused(
        &one("steps: [{ request: { body: { repeat: { content: abc, times: 99999999 } } } }]"),
        "more than 67108864 bytes",
    );
    refused(&one("steps: [{ request: { headers: [[a, b, c]] } }]"), "more than 2 items");
    refused(&one("steps: [{ request: { headers: [[a]] } }]"), "invalid length 1");
    refused(&one("steps: [{ advance_ms: -1 }]"), "invalid value: integer `-1`, expected u64");
    refused(
        &one("world: { upstreams: { a: { otherwise: {} } } }"),
        "`cases[0].world.upstreams.a`: needs either `always` or `routes`",
    );
    refused(&one("profiles: [nginx]"), "no profile is called `nginx`, known are `spec`");
    refused(&one("skip: { nginx: x }"), "no profile is called `nginx`");
    refused(&one("world: { workers: 0 }"), "`cases[0].world.workers`: there are 1 to 64 workers");
}

#[test]
fn steps_that_do_not_fit_together() {
    refused(&one("steps: [{ request: { worker: 1 } }]"), "there is no worker 1");
    refused(&one("steps: [{ request: { repeat: 0 } }]"), "`repeat` is at least 1");
    refused(&one("steps: [{ finish: { stream: a } }]"), "no request is open as `a`");
    refused(&one("steps: [{ open: { as: a, request: {} } }]"), "neither finished nor aborted");
    refused(
        &one("steps: [{ open: { as: a, request: {} } }, { open: { as: a, request: {} } }]"),
        "x.yaml:4:47: `cases[0].steps[1]`: a request is open as `a` already",
    );
    refused(
        &one("start: { refused: x }\nsteps: [{ request: {} }]"),
        "nothing can happen after a refused start",
    );
}

#[test]
fn tables() {
    let table = |row: &str| {
        one(&format!("table: [{row}]\nsteps: [{{ request: {{ path: '/{{{{p}}}}' }} }}]"))
    };
    refused(&table("{ p: x }"), "`cases[0].table[0]`: a row needs the text `row`");
    refused(&table("{ row: a, p: x, q: y }"), "the parameter `q` is not used");
    refused(&table("{ row: a, p: [1] }"), "which cannot stand in text");
    refused(&table("{ row: a, p: x }, { row: a, p: y }"), "two cases are called `x/one/a`");
    refused(
        &one("table: [{ row: a, p: x }]\nsteps: [{ request: { path: '{{p}}{{q}}' } }]"),
        "no parameter is called `q`",
    );
    refused(&one("table: 3"), "expected a list of rows, not a number");
}

#[test]
fn whole_files() {
    refused("3", "a case file is an object, not a number");
    refused("version: 1", "there are no `cases`");
    refused("cases: []", "`version` is missing");
    refused("version: 2\ncases: []", "x.yaml:1:10: `version`: this harness reads version 1");
    refused("version: 1\ncases: {}", "`cases`: expected a list, not an object");
    refused("version: 1\ncases: [", "x.yaml:");
    let folder = Folder::new();
    folder.write("x.yaml", b"version: 1\nname: \xff\n");
    assert_eq!(error(&folder, "x.yaml"), "x.yaml: line 2: not UTF-8");
    folder.write("x.json", "{\"version\": 1,\n \"cases\": [}");
    assert_eq!(error(&folder, "x.json"), "x.json:2:12: expected value");
    folder.write("deep.json", format!("{{\"cases\": {}1{}}}", "[".repeat(5000), "]".repeat(5000)));
    assert!(error(&folder, "deep.json").contains("nested deeper than 64 levels"));
    folder.write("deep.yaml", format!("cases: {}1{}", "[".repeat(5000), "]".repeat(5000)));
    assert!(error(&folder, "deep.yaml").starts_with("deep.yaml"));
    assert!(error(&folder, "missing.yaml").starts_with("missing.yaml: cannot be read: "));
}

#[test]
fn includes() {
    let folder = Folder::new();
    let include = |name: &str, what: &str, rest: &str| {
        folder.write(name, format!("version: 1\ninclude: [{what}]\n{rest}"));
    };
    include("a.yaml", "parts/b.yaml", "cases: []");
    include("parts/b.yaml", "../parts/c.yaml", "");
    include("parts/c.yaml", "b.yaml", "");
    let found = error(&folder, "a.yaml");
    assert!(found.contains("c.yaml:2:11: `include[0]`: "), "{found}");
    assert!(found.ends_with("includes itself"), "{found}");
    include("self.yaml", "self.yaml", "cases: []");
    assert!(error(&folder, "self.yaml").starts_with("self.yaml:2:11: `include[0]`: "));
    include("lost.yaml", "nowhere.yaml", "cases: []");
    let found = error(&folder, "lost.yaml");
    assert!(found.starts_with("lost.yaml:2:11: `include[0]`: "), "{found}");
    assert!(found.contains("nowhere.yaml: cannot be read"), "{found}");
    include("twice.yaml", "self.yaml", "cases: []");
    assert!(error(&folder, "twice.yaml").contains("an included file has no `cases`"));
    folder.write("parts/wrong.yaml", "version: 1\nworld: { sed: 1 }\n");
    include("far.yaml", "parts/wrong.yaml", "cases: [{ name: one }]");
    let found = error(&folder, "far.yaml");
    assert!(found.contains("wrong.yaml:2:10: `cases[0].world`: unknown field `sed`"), "{found}");
}

#[test]
fn names_are_unique_over_all_files() {
    let folder = Folder::new();
    folder.write("a.yaml", "version: 1\nname: same\ncases: [{ name: one }]");
    folder.write("b.yaml", "version: 1\nname: same\ncases: [{ name: one }]");
    let error = case::load(&[folder.path().to_owned()]).unwrap_err();
    assert_eq!(error.rule(), "two cases are called `same/one`");
    assert!(error.place().ends_with("b.yaml"));
}

#[test]
fn a_folder_that_is_not_there() {
    assert!(case::load(&[Path::new("/nowhere/at/all").to_owned()]).is_err());
}
