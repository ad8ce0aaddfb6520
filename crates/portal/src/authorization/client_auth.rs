//! Who a client is, and how it proves that: `Basic`, a secret in the form, or nothing at all for
//! clients that have no secret.
//!
//! A client with a secret may send it either way, whichever it was registered with: that changes
//! nothing about what it proves.

use core::net::IpAddr;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatekey_core::digest::Digest;
use gatekey_core::secret::Secret;
use uuid::Uuid;

use super::form::{Form, decode};
use super::known::{ClientView, Pair};
use super::refusal::Refusal;
use crate::app::App;
use crate::identity::secret;
use crate::problem::Problem;
use crate::throttle::{Act, By};

/// Who a request says its client is.
#[derive(Debug)]
pub(crate) struct Presented {
    /// The client id.
    pub(crate) id: String,
    secret: Option<Secret<String>>,
}

/// Reads who a request says its client is. More than one proof is refused.
pub(crate) fn presented(headers: &HeaderMap, form: &Form) -> Result<Presented, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (header, more) = (values.next(), values.next());
    if more.is_some() {
        return Err(Refusal::request("There is more than one Authorization header"));
    }
    if form.get("client_assertion").is_some() || form.get("client_assertion_type").is_some() {
        return Err(Refusal::client());
    }
    let (body_id, body_secret) = (form.get("client_id"), form.get("client_secret"));
    let Some(header) = header else {
        let id = body_id.ok_or_else(Refusal::client)?.to_owned();
        let secret = body_secret.map(|secret| Secret::new(secret.to_owned()));
        return Ok(Presented { id, secret });
    };
    if body_secret.is_some() {
        return Err(Refusal::request("The client authenticates in more than one way"));
    }
    let (id, secret) = basic(header).ok_or_else(Refusal::client)?;
    if body_id.is_some_and(|body_id| body_id != id) {
        return Err(Refusal::request("The client ids in header and body differ"));
    }
    Ok(Presented { id, secret: Some(secret) })
}

/// The two halves of `Basic`, each form-encoded by itself (RFC 6749, 2.3.1).
fn basic(header: &HeaderValue) -> Option<(String, Secret<String>)> {
    let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = Secret::new(STANDARD.decode(encoded.trim_matches(' ')).ok()?);
    let colon = pair.expose().iter().position(|byte| *byte == b':')?;
    let (id, secret) = pair.expose().split_at_checked(colon)?;
    Some((decode(id)?, Secret::new(decode(secret.get(1..)?)?)))
}

/// Lets a client through that proves who it is. Nothing is awaited here, so that of attempts at
/// the same time none slips by the count of those that failed.
pub(crate) async fn prove(
    app: &App,
    server: Uuid,
    client: Option<&ClientView>,
    presented: &Presented,
    address: IpAddr,
) -> Result<(), Refusal> {
    let now = app.clock.now();
    for (act, by) in counted(server, &presented.id, address) {
        app.throttles.count(act, by, now).await?;
    }
    let secrets = client.map(|client| client.secrets.as_slice()).unwrap_or_default();
    let proven = match &presented.secret {
        Some(given) => {
            let known = secret::matches(app, secrets, given.expose());
            known && client.is_some_and(|client| !client.is_public())
        }
        None => client.is_some_and(ClientView::is_public),
    };
    if !proven {
        return Err(Refusal::client());
    }
    give_back(app, server, &presented.id, address).await;
    Ok(())
}

/// Takes back the count of a failure.
pub(super) async fn give_back(app: &App, server: Uuid, client: &str, address: IpAddr) {
    for (act, by) in counted(server, client, address) {
        app.throttles.give_back(act, by).await;
    }
}

/// Failures are counted for an address, and for one client as seen from there: whoever guesses
/// cannot lock out the client itself, which calls from elsewhere.
fn counted(server: Uuid, client: &str, address: IpAddr) -> [(Act, By); 2] {
    let pair = format!("{address} {client}");
    let pair = By::Account(server, *Digest::sha256(pair.as_bytes()).as_bytes());
    [(Act::FailedClientHere, By::Address(address)), (Act::FailedClient, pair)]
}

/// Reads the server and the client, and lets the client through if it proves who it is.
pub(crate) async fn authenticate(
    app: &App,
    server: Uuid,
    presented: &Presented,
    address: IpAddr,
) -> Result<Pair, Refusal> {
    may_try(app, address).await?;
    let read = app.authorization.known.read(app.store.db(), server, &presented.id).await?;
    let pair = read.ok_or_else(Problem::not_found)?;
    prove(app, server, pair.client.as_deref(), presented, address).await?;
    Ok(pair)
}

/// Refuses an address from which too much has failed, before the database is asked.
pub(crate) async fn may_try(app: &App, address: IpAddr) -> Result<(), Problem> {
    app.throttles.check(Act::FailedClientHere, By::Address(address), app.clock.now()).await
}

#[cfg(test)]
mod tests {
    use super::super::refusal::Code;
    use super::*;

    fn read(header: &[&str], form: &str) -> Result<(String, Option<String>), Code> {
        let mut headers = HeaderMap::new();
        for value in header {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        match presented(&headers, &Form::parse(form.as_bytes()).unwrap()) {
            Ok(Presented { id, secret }) => Ok((id, secret.map(|secret| secret.expose().clone()))),
            Err(Refusal::Told(code, _)) => Err(code),
            Err(Refusal::Failed(problem)) => panic!("{problem:?}"),
        }
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    #[test]
    fn a_client_proves_itself_in_one_way() {
        let (one, id) = (basic("a%3Ab:s%2B+x:y"), "a:b".to_owned());
        assert_eq!(read(&[&one], ""), Ok((id.clone(), Some("s+ x:y".into()))));
        assert_eq!(read(&[&one.replace("Basic", "bAsIc")], "client_id=a:b").unwrap().0, id);
        let secret = Some("s".to_owned());
        assert_eq!(read(&[], "client_id=c&client_secret=s"), Ok(("c".into(), secret)));
        assert_eq!(read(&[], "client_id=c"), Ok(("c".into(), None)));
        assert_eq!(read(&[&one], "client_secret=s"), Err(Code::InvalidRequest));
        assert_eq!(read(&[&one], "client_id=other"), Err(Code::InvalidRequest));
        assert_eq!(read(&[&one, &one], ""), Err(Code::InvalidRequest));
        for header in ["Bearer x", "Basic", "Basic !", &basic("no-colon"), &basic("a%:b"), "x"] {
            assert_eq!(read(&[header], ""), Err(Code::InvalidClient), "{header}");
        }
        assert_eq!(read(&[], ""), Err(Code::InvalidClient));
        assert_eq!(read(&[], "client_id=c&client_assertion=x"), Err(Code::InvalidClient));
    }
}
