//! Reads Wycheproof's tests of signed tokens and their keys.
//!
//! The files are not part of this project: `GATEKEY_WYCHEPROOF_DIR` names the folder that holds
//! them, `testvectors_v1` of a checkout of C2SP/wycheproof.

use std::path::Path;

use serde_json::Value;

/// The files that are read.
pub(crate) const FILES: [&str; 2] = ["json_web_signature_test.json", "json_web_key_test.json"];

/// A token, and what has to become of it.
#[derive(Debug)]
pub(crate) struct Case {
    /// The file, its group, the number within the file, and what it is about.
    pub(crate) name: String,
    /// The keys that the receiver has, as JWKs: public ones where the file has them.
    pub(crate) keys: Vec<Value>,
    /// The token, in compact form mostly.
    pub(crate) token: String,
    /// Whether it is to be taken.
    pub(crate) valid: bool,
    /// What it belongs to, such as `JsonSerialization` or `ModifiedPadding`.
    pub(crate) flags: Vec<String>,
}

/// Every case, or `None` where the variable is not set. A folder without the files is an error.
pub(crate) fn cases() -> Option<Vec<Case>> {
    let folder = std::env::var_os("GATEKEY_WYCHEPROOF_DIR")?;
    Some(FILES.iter().flat_map(|file| read(Path::new(&folder), file)).collect())
}

fn read(folder: &Path, file: &str) -> Vec<Case> {
    let path = folder.join(file);
    let text = std::fs::read(&path)
        .unwrap_or_else(|error| panic!("GATEKEY_WYCHEPROOF_DIR: {}: {error}", path.display()));
    let document: Value = serde_json::from_slice(&text).unwrap();
    let groups = document["testGroups"].as_array().unwrap();
    let cases: Vec<Case> = groups.iter().flat_map(|group| in_group(file, group)).collect();
    assert_eq!(Some(cases.len() as u64), document["numberOfTests"].as_u64(), "{file}");
    cases
}

fn in_group(file: &str, group: &Value) -> Vec<Case> {
    let key = group.get("public").unwrap_or(&group["private"]);
    let keys = key.get("keys").and_then(Value::as_array).cloned();
    let keys = keys.unwrap_or_else(|| vec![key.clone()]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let case = |test: &Value| Case {
        name: format!(
            "{file}: {} {}: {}",
            text(&group["comment"]),
            test["tcId"],
            text(&test["comment"])
        ),
        keys: keys.clone(),
        token: text(&test["jws"]),
        valid: test["result"] == "valid",
        flags: test["flags"].as_array().unwrap().iter().map(text).collect(),
    };
    group["tests"].as_array().unwrap().iter().map(case).collect()
}
