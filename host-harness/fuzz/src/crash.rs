//! An input that was found, as a case file.

use gatekey_core::digest::Digest;

/// The name of the file in which such a case lies.
#[must_use]
pub fn file_name(target: &str, input: &[u8]) -> String {
    let digest = Digest::sha256(input);
    let name: String = digest.as_bytes().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("{target}-{name}.yaml")
}

/// The case.
///
/// # Errors
///
/// When there is no such target.
pub fn case(target: &str, input: &[u8]) -> Result<String, String> {
    Ok(format!("# {target} {}\n", input.escape_ascii()))
}
