//! What an answer says of a client, and what is kept of it.

use gatekey_core::digest::Digest;
use gatekey_core::secret::Secret;
use serde_json::Value;
use url::Url;

use crate::adapter::State;
use crate::member::{secret, text, time};
use crate::remote::{IssuedSecret, Remote};

/// Keeps what an answer says of the client. What replaces something is in `remote` when this
/// returns, whatever the verdict is: the server has forgotten what was before.
///
/// A management URI at another place than `trusted` is not kept, for the token would go there.
pub(super) fn take_in(
    remote: &mut Remote,
    body: &Value,
    trusted: &[Url],
    now: u64,
) -> Result<(), String> {
    let mut verdict = Ok(());
    if let Some(token) = secret(body, "registration_access_token") {
        if token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
            remote.registration_access_token = Some(token);
        } else {
            verdict = Err("the registration access token is none that can be sent".to_owned());
        }
        let lasts = time(body, "registration_access_token_expires_in");
        remote.registration_access_token_expires_at = lasts.map(|lasts| now.saturating_add(lasts));
    }
    // Whoever answers with a success took the token that was sent.
    remote.registration_access_token_doubtful = false;
    if let Some(uri) = text(body, "registration_client_uri") {
        match managed_at(&uri, remote, trusted) {
            Some(uri) => remote.registration_client_uri = Some(uri),
            None => verdict = Err(format!("registration_client_uri is at another server: {uri}")),
        }
    }
    if let Some(client_id) = text(body, "client_id") {
        match &remote.client_id {
            Some(known) if *known != client_id => {
                verdict = Err(format!("the answer is about another client, {client_id}"));
            }
            _ => remote.client_id = Some(client_id),
        }
    }
    verdict
}

/// The URI, when it is at the origin of one that is trusted.
fn managed_at(uri: &str, remote: &Remote, trusted: &[Url]) -> Option<String> {
    let uri = Url::parse(uri).ok()?;
    let known = remote.registration_client_uri.as_deref().and_then(|uri| Url::parse(uri).ok());
    let same = |trusted: &Url| trusted.origin() == uri.origin();
    let plain = uri.username().is_empty() && uri.password().is_none() && uri.has_host();
    let fits = plain && (trusted.iter().any(same) || known.as_ref().is_some_and(same));
    fits.then(|| uri.to_string())
}

/// The secret that an answer issued: none when it holds none, or the one there was.
pub(super) fn issued(state: &mut State, body: &Value) -> bool {
    let Some(secret) = secret(body, "client_secret") else {
        return false;
    };
    let expires_at = time(body, "client_secret_expires_at");
    state.remote.client_secret_expires_at = expires_at;
    let digest = Some(digest(&secret));
    if state.remote.client_secret_digest == digest {
        return false;
    }
    state.remote.client_secret_digest = digest;
    state.issued = Some(IssuedSecret { id: None, secret, expires_at });
    true
}

fn digest(secret: &Secret<String>) -> String {
    Digest::sha256(secret.expose().as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn trusted() -> Vec<Url> {
        ["https://i.test/realm", "https://reg.test:8443/reg"]
            .map(|url| Url::parse(url).unwrap())
            .into()
    }

    #[test]
    fn the_newest_of_everything_is_kept() {
        let mut remote = Remote::default();
        let answer = |token: &str, uri: &str| {
            json!({
                "client_id": "c",
                "registration_access_token": token,
                "registration_access_token_expires_in": 60,
                "registration_client_uri": uri,
            })
        };
        take_in(&mut remote, &answer("one", "https://i.test/1"), &trusted(), 100).unwrap();
        remote.registration_access_token_doubtful = true;
        take_in(&mut remote, &answer("two", "https://reg.test:8443/2"), &trusted(), 200).unwrap();
        assert_eq!(remote.registration_access_token.as_ref().unwrap().expose(), "two");
        assert_eq!(remote.registration_access_token_expires_at, Some(260));
        assert_eq!(remote.registration_client_uri.as_deref(), Some("https://reg.test:8443/2"));
        assert!(!remote.registration_access_token_doubtful);

        take_in(&mut remote, &json!({ "client_id": "c" }), &trusted(), 300).unwrap();
        assert_eq!(remote.registration_access_token.as_ref().unwrap().expose(), "two");
    }

    #[test]
    fn a_token_is_not_sent_to_a_place_that_an_answer_names() {
        for uri in [
            "https://evil.test/c",
            "http://i.test/c",
            "https://i.test:444/c",
            "https://reg.test/c",
            "https://u:p@i.test/c",
            "https://i.test.evil.test/c",
            "/c",
            "data:text/plain,c",
        ] {
            let mut remote = Remote::default();
            let answer = json!({
                "client_id": "c",
                "registration_access_token": "t",
                "registration_client_uri": uri
            });
            assert!(take_in(&mut remote, &answer, &trusted(), 0).is_err(), "{uri}");
            assert_eq!(remote.registration_client_uri, None, "{uri}");
            assert_eq!(remote.client_id.as_deref(), Some("c"));
            assert!(remote.registration_access_token.is_some());
        }
    }

    #[test]
    fn an_answer_about_another_client_does_not_change_whose_it_is() {
        let mut remote = Remote { client_id: Some("a".into()), ..Remote::default() };
        assert!(take_in(&mut remote, &json!({ "client_id": "b" }), &trusted(), 0).is_err());
        assert_eq!(remote.client_id.as_deref(), Some("a"));
    }

    #[test]
    fn only_another_secret_is_issued() {
        let mut state = State::default();
        assert!(!issued(&mut state, &json!({})));
        assert!(issued(&mut state, &json!({ "client_secret": "a" })));
        state.issued = None;
        assert!(!issued(&mut state, &json!({ "client_secret": "a" })));
        assert!(state.issued.is_none());
        assert!(issued(&mut state, &json!({ "client_secret": "b" })));
        assert_eq!(state.issued.unwrap().secret.expose(), "b");
    }
}
