use alloc::string::String;

use super::super::id_token::{Expected, IdToken, check_id_token};
use super::fixture::NOW;
use crate::check::Denial;
use crate::jose::Algorithm;

#[allow(clippy::cast_possible_wrap, reason = "a time of this age")]
const AT: i64 = NOW.0 as i64;

fn expected() -> Expected<'static> {
    Expected {
        issuer: "https://idp.test",
        client_id: "gateway",
        nonce: Some("n-1"),
        access_token: "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
        leeway_seconds: 0,
        now: NOW,
    }
}

fn token() -> IdToken<'static> {
    IdToken {
        algorithm: Algorithm::Rs256,
        issuer: Some("https://idp.test"),
        audiences: &["gateway"],
        authorized_party: None,
        subject: Some("user-1"),
        expires_at: Some(AT + 300),
        not_before: None,
        issued_at: Some(AT),
        nonce: Some("n-1"),
        at_hash: None,
    }
}

#[test]
fn a_token_for_this_client_and_this_sign_in_passes() {
    assert_eq!(check_id_token(&token(), &expected()), Ok("user-1"));
}

#[test]
fn every_rule_of_3_1_3_7_refuses() {
    const MANY: &[&str] = &["other", "gateway"];
    let long: &'static str = String::leak("s".repeat(256));
    type Change = fn(&mut IdToken<'static>);
    let cases: [(&str, Change, Result<(), Denial>); 26] = [
        ("no issuer", |t| t.issuer = None, Err(Denial::MissingClaim)),
        ("other issuer", |t| t.issuer = Some("https://idp.test/"), Err(Denial::UnknownIssuer)),
        ("no audience", |t| t.audiences = &[], Err(Denial::WrongAudience)),
        ("other audience", |t| t.audiences = &["other"], Err(Denial::WrongAudience)),
        ("many, nobody named", |t| t.audiences = MANY, Err(Denial::WrongAudience)),
        (
            "many, another named",
            |t| (t.audiences, t.authorized_party) = (MANY, Some("other")),
            Err(Denial::WrongAudience),
        ),
        ("many, we named", |t| (t.audiences, t.authorized_party) = (MANY, Some("gateway")), Ok(())),
        ("another named", |t| t.authorized_party = Some("other"), Err(Denial::WrongAudience)),
        ("we named", |t| t.authorized_party = Some("gateway"), Ok(())),
        ("no end", |t| t.expires_at = None, Err(Denial::MissingClaim)),
        ("ends now", |t| t.expires_at = Some(AT), Err(Denial::ExpiredToken)),
        ("ends next", |t| t.expires_at = Some(AT + 1), Ok(())),
        ("ended long ago", |t| t.expires_at = Some(i64::MIN), Err(Denial::ExpiredToken)),
        ("ends never", |t| t.expires_at = Some(i64::MAX), Ok(())),
        ("no beginning", |t| t.issued_at = None, Err(Denial::MissingClaim)),
        ("a clock ahead", |t| t.issued_at = Some(AT + 60), Ok(())),
        ("of the future", |t| t.issued_at = Some(AT + 61), Err(Denial::PrematureToken)),
        ("of the far future", |t| t.issued_at = Some(i64::MAX), Err(Denial::PrematureToken)),
        ("not before", |t| t.not_before = Some(AT + 61), Err(Denial::PrematureToken)),
        ("of this sign-in", |t| t.issued_at = Some(AT - 660), Ok(())),
        ("of an older one", |t| t.issued_at = Some(AT - 661), Err(Denial::ExpiredToken)),
        ("of long ago", |t| t.issued_at = Some(i64::MIN), Err(Denial::ExpiredToken)),
        ("no subject", |t| t.subject = None, Err(Denial::MissingClaim)),
        ("an empty subject", |t| t.subject = Some(""), Err(Denial::MissingClaim)),
        ("no nonce", |t| t.nonce = None, Err(Denial::MissingClaim)),
        ("another nonce", |t| t.nonce = Some("n-2"), Err(Denial::LoginFailed)),
    ];
    for (case, change, verdict) in cases {
        let mut token = token();
        change(&mut token);
        assert_eq!(check_id_token(&token, &expected()).map(|_| ()), verdict, "{case}");
    }
    let mut token = token();
    token.subject = Some(long);
    assert_eq!(check_id_token(&token, &expected()), Err(Denial::MalformedToken));
}

#[test]
fn the_leeway_counts_for_both_ends() {
    let mut expected = expected();
    expected.leeway_seconds = 5;
    let at = |end| IdToken { expires_at: Some(end), ..token() };
    assert!(check_id_token(&at(AT - 4), &expected).is_ok());
    assert_eq!(check_id_token(&at(AT - 5), &expected), Err(Denial::ExpiredToken));
}

#[test]
fn a_token_that_came_with_a_refresh_needs_no_nonce() {
    let expected = Expected { nonce: None, ..expected() };
    assert!(check_id_token(&IdToken { nonce: None, ..token() }, &expected).is_ok());
}

#[test]
fn the_hash_of_the_access_token_must_be_right_when_it_is_there() {
    let check = |algorithm, at_hash: &'static str| {
        let token = IdToken { algorithm, at_hash: Some(at_hash), ..token() };
        check_id_token(&token, &expected()).map(|_| ())
    };
    // OpenID Connect Core A.3 and A.4.
    assert_eq!(check(Algorithm::Rs256, "77QmUPtjPfzWtF2AnpK9RQ"), Ok(()));
    assert_eq!(check(Algorithm::Es256, "77QmUPtjPfzWtF2AnpK9RQ"), Ok(()));
    for wrong in ["77QmUPtjPfzWtF2AnpK9RR", "77QmUPtjPfzWtF2AnpK9RQ==", "77QmUPtjPfzWtF2AnpK9", ""]
    {
        assert_eq!(check(Algorithm::Rs256, wrong), Err(Denial::LoginFailed), "{wrong}");
    }
    let longer = [Algorithm::Rs384, Algorithm::Es512, Algorithm::Ed25519];
    for algorithm in longer {
        assert_eq!(check(algorithm, "77QmUPtjPfzWtF2AnpK9RQ"), Err(Denial::LoginFailed));
    }
}
