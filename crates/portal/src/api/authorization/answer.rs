//! Refusals as OAuth clients read them: JSON with `error` and `error_description`.

use axum::Json;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, PRAGMA, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header::AUTHORIZATION};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use crate::authorization::refusal::{Code, Refusal};
use crate::problem::Problem;

/// A refusal, and how the caller could have proved who it is.
#[derive(Debug)]
pub(super) struct Refused {
    refusal: Refusal,
    challenge: Challenge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Challenge {
    /// None: the form had what there was to prove with.
    Silent,
    /// `Basic` was tried.
    Basic,
    /// A token is needed.
    Bearer,
}

impl Refused {
    /// To a client, which authenticates in the form or by `Basic`.
    pub(super) fn client(headers: &HeaderMap) -> impl FnOnce(Refusal) -> Self + use<> {
        let tried = headers.contains_key(AUTHORIZATION);
        let challenge = if tried { Challenge::Basic } else { Challenge::Silent };
        move |refusal| Self { refusal, challenge }
    }

    /// To whoever has a token.
    pub(super) const fn bearer(refusal: Refusal) -> Self {
        Self { refusal, challenge: Challenge::Bearer }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (code, reason) = match self.refusal {
            Refusal::Told(code, reason) => (code, reason),
            Refusal::Failed(problem) => return failed(problem),
        };
        let status = match code {
            Code::InvalidClient | Code::InvalidToken => StatusCode::UNAUTHORIZED,
            Code::InsufficientScope => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        };
        let reason = plain(&reason);
        let mut response = error(status, code, &reason);
        let challenge = match self.challenge {
            Challenge::Basic if code == Code::InvalidClient => Some("Basic".to_owned()),
            Challenge::Bearer if status != StatusCode::BAD_REQUEST => {
                Some(format!("Bearer error=\"{}\", error_description=\"{reason}\"", code.as_str()))
            }
            _ => None,
        };
        if let Some(challenge) = challenge.and_then(|text| HeaderValue::try_from(text).ok()) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// What the rest of the portal says, in OAuth's words.
fn failed(problem: Problem) -> Response {
    let mut response = problem.into_response();
    let code = match response.status() {
        // There is no such server: nothing here speaks OAuth.
        StatusCode::NOT_FOUND => return response,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Code::TemporarilyUnavailable
        }
        status if status.is_client_error() => Code::InvalidRequest,
        _ => Code::ServerError,
    };
    let reason = response.status().canonical_reason().unwrap_or_default();
    let told = error(response.status(), code, reason);
    response.headers_mut().remove(CONTENT_LENGTH);
    response.headers_mut().extend(told.headers().clone());
    *response.body_mut() = told.into_body();
    response
}

fn error(status: StatusCode, code: Code, reason: &str) -> Response {
    not_stored(status, &json!({"error": code.as_str(), "error_description": reason}))
}

/// JSON that nobody may keep.
pub(super) fn not_stored(status: StatusCode, body: &impl Serialize) -> Response {
    let headers = [
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (PRAGMA, HeaderValue::from_static("no-cache")),
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
    ];
    (status, headers, Json(body)).into_response()
}

/// The characters that RFC 6749, 5.2 allows.
fn plain(reason: &str) -> String {
    let allowed = |c: &char| matches!(c, '\u{20}'..='\u{7e}') && !matches!(c, '"' | '\\');
    reason.chars().filter(allowed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_standard_allows_is_said() {
        assert_eq!(plain("a \"b\" \\ `c`\u{e9}\n"), "a b  `c`");
    }

    #[test]
    fn a_challenge_answers_what_was_tried() {
        let mut headers = HeaderMap::new();
        let silent = Refused::client(&headers)(Refusal::client()).into_response();
        assert_eq!(silent.status(), StatusCode::UNAUTHORIZED);
        assert!(!silent.headers().contains_key(WWW_AUTHENTICATE));
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Basic x"));
        let basic = Refused::client(&headers)(Refusal::client()).into_response();
        assert_eq!(basic.headers()[WWW_AUTHENTICATE], "Basic");
        let bearer = Refused::bearer(Refusal::token()).into_response();
        let told = bearer.headers()[WWW_AUTHENTICATE].to_str().unwrap();
        assert!(told.starts_with("Bearer error=\"invalid_token\""), "{told}");
        for response in [silent, basic, bearer] {
            assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        }
    }

    #[test]
    fn what_fails_keeps_its_status_and_when_to_come_back() {
        let busy = Refused::bearer(Problem::too_many_requests(7).into()).into_response();
        assert_eq!(busy.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(busy.headers()["retry-after"], "7");
        assert_eq!(busy.headers()[CONTENT_TYPE], "application/json");
    }
}
