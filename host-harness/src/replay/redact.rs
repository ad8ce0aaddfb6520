//! Taking secrets out of a recording, in such a way that it can still be replayed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;

use super::document::DocumentError;
use super::{Recording, bytes::Bytes};

/// What is replaced by what; both have the same length.
struct Swap {
    secret: Vec<u8>,
    placeholder: Vec<u8>,
}

/// Shorter pieces of base64 than this would be found by accident.
const SHORTEST_PIECE: usize = 4;

impl Recording {
    /// The recording without these secrets: as they are, as transcripts escape them, and as base64
    /// of both alphabets, wherever they stand in it.
    ///
    /// Placeholders have the length of what they replace, and stand wherever it stood: in inputs,
    /// replies and transcripts alike. A filter that only carries a secret or compares it with
    /// another place of the recording replays as before; one that checks it against a digest or a
    /// signature refuses the placeholder, and the replay shows that as its first difference.
    ///
    /// # Errors
    /// When a secret is empty, or stands in a place where its replacement makes the recording
    /// unreadable (a secret that is the name of a field, say).
    pub fn redacted(&self, secrets: &[&[u8]]) -> Result<Self, DocumentError> {
        let damaged = |reason: String| DocumentError::Damaged { reason };
        if secrets.iter().any(|secret| secret.is_empty()) {
            return Err(damaged("an empty secret cannot be redacted".to_owned()));
        }
        let (swaps, placeholders) = swaps(secrets);
        // Fields keep their names: only what stands in them is changed.
        let mut world = serde_json::to_value(&self.world).map_err(|e| damaged(e.to_string()))?;
        let mut steps = serde_json::to_value(&self.steps).map_err(|e| damaged(e.to_string()))?;
        let mut told =
            serde_json::to_value(&self.transcripts).map_err(|e| damaged(e.to_string()))?;
        for part in [&mut world, &mut steps, &mut told] {
            redact(part, &swaps);
        }
        let mut redacted = self.redacted.clone();
        redacted.extend(placeholders);
        Ok(Self {
            world: serde_json::from_value(world).map_err(|e| damaged(e.to_string()))?,
            steps: serde_json::from_value(steps).map_err(|e| damaged(e.to_string()))?,
            transcripts: serde_json::from_value(told).map_err(|e| damaged(e.to_string()))?,
            redacted,
            ..self.clone()
        })
    }
}

/// Longest first, so that a secret that is part of another leaves nothing of it.
fn swaps(secrets: &[&[u8]]) -> (Vec<Swap>, Vec<String>) {
    let mut swaps = Vec::new();
    let mut placeholders = Vec::new();
    for (number, secret) in secrets.iter().enumerate() {
        let filler = format!("redacted{number}").into_bytes().into_iter();
        let placeholder: Vec<u8> =
            filler.chain(core::iter::repeat(b'x')).take(secret.len()).collect();
        placeholders.push(String::from_utf8_lossy(&placeholder).into_owned());
        let escaped = secret.escape_ascii().to_string().into_bytes();
        if escaped != *secret {
            swaps.push(Swap { secret: escaped, placeholder: placeholder.clone() });
        }
        for (secret, placeholder) in pieces(secret).into_iter().zip(pieces(&placeholder)) {
            if secret.len() >= SHORTEST_PIECE {
                swaps.push(Swap { secret, placeholder });
            }
        }
        swaps.push(Swap { secret: secret.to_vec(), placeholder });
    }
    swaps.sort_by_key(|swap| core::cmp::Reverse(swap.secret.len()));
    (swaps, placeholders)
}

/// The characters of base64 that depend on these bytes alone, wherever they begin in the encoded
/// text.
fn pieces(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    for before in 0..3 {
        let mut padded = vec![0; before];
        padded.extend_from_slice(bytes);
        let first = (before * 8).div_ceil(6);
        let last = padded.len() * 8 / 6;
        for text in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            let piece = text.get(first..last).unwrap_or_default().as_bytes().to_vec();
            pieces.push(piece);
        }
    }
    pieces
}

fn redact(value: &mut Value, swaps: &[Swap]) {
    match value {
        Value::String(text) => *text = swapped_text(text, swaps),
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, swaps)),
        Value::Object(members) => {
            if let (1, Some(Value::String(_))) = (members.len(), members.get("base64")) {
                redact_binary(value, swaps);
                return;
            }
            let renamed = core::mem::take(members).into_iter().map(|(name, mut value)| {
                redact(&mut value, swaps);
                (swapped_text(&name, swaps), value)
            });
            *members = renamed.collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn redact_binary(value: &mut Value, swaps: &[Swap]) {
    let Ok(Bytes(bytes)) = serde_json::from_value(value.clone()) else { return };
    if let Ok(redacted) = serde_json::to_value(Bytes(swapped(&bytes, swaps))) {
        *value = redacted;
    }
}

fn swapped_text(text: &str, swaps: &[Swap]) -> String {
    String::from_utf8_lossy(&swapped(text.as_bytes(), swaps)).into_owned()
}

/// One pass from left to right; where several secrets begin, the longest is taken.
fn swapped(bytes: &[u8], swaps: &[Swap]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let begins =
            |swap: &&Swap| swap.secret.first() == Some(first) && rest.starts_with(&swap.secret);
        match swaps.iter().find(begins) {
            Some(Swap { secret, placeholder }) => {
                out.extend_from_slice(placeholder);
                rest = rest.get(secret.len()..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str, secrets: &[&[u8]]) -> String {
        let (swaps, _) = swaps(secrets);
        let mut value = Value::String(text.to_owned());
        redact(&mut value, &swaps);
        value.as_str().unwrap().to_owned()
    }

    #[test]
    fn placeholders_are_as_long_as_what_they_replace() {
        assert_eq!(clean("key=opensesame!", &[b"opensesame"]), "key=redacted0x!");
        assert_eq!(clean("a pin", &[b"pin"]), "a red");
        let two = clean("opensesame hocuspocus", &[b"opensesame", b"hocuspocus"]);
        assert_eq!(two, "redacted0x redacted1x");
        assert_eq!(clean("opensesame", &[b"sesame", b"opensesame"]), "redacted1x");
    }

    #[test]
    fn base64_is_found_at_every_alignment_and_stays_consistent() {
        use base64::engine::general_purpose::{STANDARD, URL_SAFE};
        let secret = b"open>>>sesame???";
        for before in ["", "u", "us", "user:"] {
            for (number, text) in [
                STANDARD.encode([before.as_bytes(), secret, b"@"].concat()),
                URL_SAFE.encode([before.as_bytes(), secret].concat()),
            ]
            .into_iter()
            .enumerate()
            {
                let redacted = clean(&text, &[secret]);
                assert_eq!(redacted.len(), text.len());
                let engine = if number == 0 { &STANDARD } else { &URL_SAFE };
                let decoded = engine.decode(&redacted).unwrap();
                let rest = String::from_utf8_lossy(&decoded).into_owned();
                assert!(rest.contains("edacted0"), "{before}: {rest}");
                assert!(!rest.contains("sesame"), "{before}: {rest}");
            }
        }
    }

    #[test]
    fn escaped_and_binary_forms_go_too() {
        assert_eq!(clean(r"body \xff\x00key", &[b"\xff\0key"]), "body redac");
        let (swaps, _) = swaps(&[b"\xfe\xff"]);
        let mut value = serde_json::to_value(Bytes(b"a\xfe\xffb\x80".to_vec())).unwrap();
        redact(&mut value, &swaps);
        let Bytes(bytes) = serde_json::from_value(value).unwrap();
        assert_eq!(bytes, b"areb\x80");
    }
}
