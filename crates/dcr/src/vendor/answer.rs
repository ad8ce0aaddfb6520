//! What came of a call, and what an answer says.

use serde_json::Value;

use crate::adapter::Settled;
use crate::call::{Outcome, Reply};
use crate::job::Metadata;
use crate::pace;

/// What an outcome means, before anybody looks into the answer.
#[derive(Debug)]
pub(crate) enum Judged<'o> {
    /// The provider's word on the call: it was done, or refused.
    Answer(&'o Reply),
    /// The call had no effect, or may be made again anyway: later.
    Later(Settled),
    /// The call may have had its effect, and must not be made again before one has looked.
    Unknown(String),
}

/// Judges an outcome. `repeatable` says that the call may be made again whatever came of it.
pub(crate) fn judge<'o>(
    provider: &str,
    repeatable: bool,
    attempts: u32,
    outcome: &'o Outcome,
) -> Judged<'o> {
    let again = |asked: Option<u32>, reason: String| {
        Judged::Later(pace::again(attempts, asked, format!("{provider}: {reason}")))
    };
    match outcome {
        Outcome::NotSent(why) => again(None, why.clone()),
        Outcome::Lost(why) if repeatable => again(None, why.clone()),
        Outcome::Lost(why) => Judged::Unknown(format!("{provider}: {why}")),
        Outcome::Replied(reply) => {
            let reason = format!("answer {}", reply.status);
            match reply.status {
                // It says that nothing was done.
                429 => again(reply.retry_after_seconds, reason),
                408 | 500..=599 if repeatable => again(reply.retry_after_seconds, reason),
                408 | 500..=599 => Judged::Unknown(format!("{provider}: {reason}")),
                _ => Judged::Answer(reply),
            }
        }
    }
}

/// A member that is a text and not empty.
pub(crate) fn text<'v>(value: &'v Value, member: &str) -> Option<&'v str> {
    value.get(member)?.as_str().filter(|text| !text.is_empty())
}

/// A member that can be an id: it goes into paths, and back to where it came from.
pub(crate) fn id(value: &Value, member: &str) -> Option<String> {
    let id = text(value, member)?;
    let sane =
        id.len() <= 255 && !matches!(id, "." | "..") && id.chars().all(|c| c.is_ascii_graphic());
    sane.then(|| id.to_owned())
}

/// A member that is a list of texts, or a text of words.
pub(crate) fn texts(value: &Value, member: &str) -> Option<Vec<String>> {
    match value.get(member)? {
        Value::Array(items) => {
            Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        Value::String(words) => Some(words.split_whitespace().map(str::to_owned).collect()),
        _ => None,
    }
}

/// What the provider made of a client where it is not what was asked. Its word holds.
pub(crate) fn substituted(metadata: &Metadata, answer: &Value) -> Vec<String> {
    let mut told = Vec::new();
    let grants = metadata.grant_types();
    if let Some(given) = texts(answer, "grant_types") {
        let missing: Vec<_> =
            grants.into_iter().filter(|grant| !given.iter().any(|had| had == grant)).collect();
        if !missing.is_empty() {
            told.push(format!("the client was not given the grants {}", missing.join(", ")));
        }
    }
    for member in ["redirect_uris", "callbacks"] {
        if let Some(given) = texts(answer, member)
            && metadata.redirect_uris.iter().any(|uri| !given.contains(uri))
        {
            told.push("the client was not given all of its redirect URIs".to_owned());
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use gatekey_core::secret::Secret;
    use serde_json::json;

    use super::*;

    fn reply(status: u16) -> Outcome {
        let body = Secret::new(Vec::new());
        Outcome::Replied(Reply { status, retry_after_seconds: Some(7), next_page: None, body })
    }

    #[test]
    fn only_what_had_no_effect_is_made_again_unlooked() {
        let verdict = |repeatable, outcome: &Outcome| match judge("P", repeatable, 0, outcome) {
            Judged::Answer(_) => "answer",
            Judged::Later(Settled::Retry { after_seconds: 7, .. }) => "later, as asked",
            Judged::Later(_) => "later",
            Judged::Unknown(_) => "unknown",
        };
        let lost = Outcome::Lost("x".into());
        let not_sent = Outcome::NotSent("x".into());
        for (outcome, repeatable, once) in [
            (&lost, "later", "unknown"),
            (&not_sent, "later", "later"),
            (&reply(429), "later, as asked", "later, as asked"),
            (&reply(408), "later, as asked", "unknown"),
            (&reply(500), "later, as asked", "unknown"),
            (&reply(503), "later, as asked", "unknown"),
            (&reply(200), "answer", "answer"),
            (&reply(302), "answer", "answer"),
            (&reply(404), "answer", "answer"),
        ] {
            assert_eq!((verdict(true, outcome), verdict(false, outcome)), (repeatable, once));
        }
    }

    #[test]
    fn odd_ids_are_none() {
        for odd in ["", ".", "..", "a b", "a\nb", "ä"] {
            assert_eq!(id(&json!({"id": odd}), "id"), None, "{odd:?}");
        }
        assert_eq!(id(&json!({"id": "a/b"}), "id").as_deref(), Some("a/b"));
        assert_eq!(id(&json!({"id": 7}), "id"), None);
    }

    #[test]
    fn what_was_substituted_is_told() {
        let metadata = Metadata {
            redirect_uris: vec!["https://app.test/cb".into()],
            auth_methods: vec!["client_credentials".into()],
            ..Metadata::default()
        };
        let same = json!({"grant_types": ["client_credentials", "authorization_code"],
            "redirect_uris": ["https://app.test/cb"]});
        assert_eq!(substituted(&metadata, &same), Vec::<String>::new());
        let other = json!({"grant_types": ["authorization_code"], "redirect_uris": []});
        assert_eq!(substituted(&metadata, &other).len(), 2);
    }
}
