//! Prints the JSON Schema of the filters' configuration: what `cargo xtask generate` writes.

#[allow(clippy::print_stdout, reason = "its output is its purpose")]
fn main() -> serde_json::Result<()> {
    let schema = schemars::schema_for!(gatekey_filter::config::Document);
    println!("{}", serde_json::to_string_pretty(&schema)?);
    Ok(())
}
