//! Functions about JSON, base64, digests and UUIDs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatekey_core::digest::Digest;
use uuid::Uuid;

use super::{Fault, Function, Value, functions};
use crate::entropy;

pub(super) const FUNCTIONS: &[Function] = functions! {
    "toJson" 1..=1 => |_, mut given| Ok(Value::Written(given.next().into_json()));
    "toRawJson" 1..=1 => |_, mut given| Ok(Value::Written(given.next().into_json()));
    "fromJson" 1..=1 => |_, mut given| match given.next() {
        Value::Written(json) => Ok(Value::of_json(json)),
        other => {
            let read = serde_json::from_str(&other.into_text());
            read.map(Value::of_json).map_err(|_| Fault::new("gets what is not JSON"))
        }
    };
    "b64enc" 1..=1 => |_, mut given| Ok(Value::Text(STANDARD.encode(given.text())));
    "b64dec" 1..=1 => |_, mut given| {
        let bytes = STANDARD.decode(given.text()).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        text.map(Value::Text).ok_or_else(|| Fault::new("gets what is not base64 of text"))
    };
    "sha256sum" 1..=1 => |_, mut given| {
        Ok(Value::Text(Digest::sha256(given.text().as_bytes()).to_string()))
    };
    "uuidv4" 0..=0 => |_, _| {
        let bytes = entropy::bytes::<16>().map_err(|_| Fault::new("gets no random bytes"))?;
        Ok(Value::text(uuid::Builder::from_random_bytes(bytes).into_uuid()))
    };
    "uuidParse" 1..=1 => |_, mut given| {
        let parsed = Uuid::try_parse(given.text().trim());
        parsed.map(Value::text).map_err(|_| Fault::new("gets what is not a UUID"))
    };
    "uuidValidate" 1..=1 => |_, mut given| {
        Ok(Value::Flag(Uuid::try_parse(given.text().trim()).is_ok()))
    };
};
