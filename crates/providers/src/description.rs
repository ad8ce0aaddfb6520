//! Schemathesis: what a portal answers, held against its own description of itself.

use std::fs;
use std::process::Command;

use crate::portal::Portal;
use crate::process::Folder;
use crate::tools::Tools;

/// What is checked of every answer. That a body is accepted whenever its schema accepts it is not:
/// references to other resources are no part of a schema.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,\
                      negative_data_rejection,missing_required_header,use_after_free";

/// Asks every operation of the paths that a pattern matches, in every way that its description
/// allows and in many that it does not, with a header that says who asks. The answer is what was
/// found, if anything.
///
/// # Panics
///
/// When it cannot be run.
pub fn check_description(
    tools: &Tools,
    portal: &Portal,
    paths: &str,
    header: (&str, &str),
    parameters: &[(&str, &str)],
    left_out: &[&str],
) -> Result<(), String> {
    let folder = Folder::new("schemathesis");
    // What is left out of Konnect's APIs says so with 501.
    let mut settings = String::from(
        "[checks.not_a_server_error]\nexpected-statuses = [\"2xx\", \"3xx\", \"4xx\", \"501\"]\n\n[parameters]\n",
    );
    for (name, value) in parameters {
        settings += &format!("\"path.{name}\" = \"{value}\"\n");
    }
    let config = folder.path().join("schemathesis.toml");
    fs::write(&config, settings).expect("its settings");
    let mut command = Command::new(&tools.schemathesis_python);
    command.args(["-m", "schemathesis.cli", "--config-file"]).arg(&config).arg("run");
    command.arg(format!("{}/openapi.json", portal.base()));
    command.args(["--header", &format!("{}: {}", header.0, header.1)]);
    command.args(["--include-path-regex", paths, "--checks", CHECKS]);
    command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", "5", "--seed", "1"]);
    command.args(["--generation-deterministic", "--suppress-health-check", "all", "--no-color"]);
    // Who asks is said by the header, whatever else is tried.
    command.args(["--generation-with-security-parameters", "false"]);
    command.args(["--max-failures", "20", "--max-time", "60", "--warnings", "off"]);
    for operation in left_out {
        command.args(["--exclude-operation-id", operation]);
    }
    let output = command.current_dir(folder.path()).output().expect("schemathesis starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let printed = text(&output.stdout) + &text(&output.stderr);
    assert!(printed.contains("Test cases:"), "nothing was asked: {printed}");
    if output.status.success() { Ok(()) } else { Err(printed) }
}
