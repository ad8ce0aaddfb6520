//! Client libraries that know nothing of us, each run by a script beside this crate.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::tools::Tools;

const VERIFY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/pyjwt/verify.py");

/// Drives an authorization server with an npm package, `oauth4webapi` or `openid-client`: the names
/// of the checks that held. The script of that name says what it has to be given.
///
/// # Panics
///
/// When a check fails.
#[must_use]
pub fn relying_party(tools: &Tools, package: &str, given: &Value) -> Vec<String> {
    let script = tools.relying_party.join(format!("{package}.mjs"));
    let printed = run(&tools.node, &script, given);
    printed.lines().filter_map(|line| line.strip_prefix("ok: ")).map(str::to_owned).collect()
}

/// Follows an authorization request and signs somebody in: the address at the client to which they
/// are sent back.
///
/// # Panics
///
/// When they are not.
#[must_use]
pub fn sign_in(tools: &Tools, given: &Value) -> String {
    let script = tools.relying_party.join("sign-in.mjs");
    run(&tools.node, &script, given).trim().to_owned()
}

/// Verifies tokens with the Python package `PyJWT`: the claims of each. The script says what it has
/// to be given.
///
/// # Panics
///
/// When one does not hold.
#[must_use]
pub fn pyjwt(tools: &Tools, given: &Value) -> Vec<Value> {
    let printed = run(&tools.pyjwt_python, Path::new(VERIFY), given);
    let claims = |line| serde_json::from_str(line).expect("claims");
    printed.lines().map(claims).collect()
}

fn run(program: &Path, script: &Path, given: &Value) -> String {
    let output = Command::new(program).arg(script).arg(given.to_string()).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (printed, told) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{}:\n{printed}{told}\n{given}", script.display());
    printed
}
