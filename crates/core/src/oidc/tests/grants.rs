use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::grant::{
    GrantRequest, ProviderClient, authorization_code, client_credentials, password, refresh_token,
};
use super::super::login::CodeExchange;
use super::super::settings::{ClientAuth, Settings};
use super::fixture::{boxed, parameters, settings};
use crate::secret::Secret;

fn client(auth: ClientAuth) -> ProviderClient {
    ProviderClient {
        issuer: "https://idp.test".into(),
        id: "a:b c".into(),
        secret: Secret::new("s&p%:\u{e9}".into()),
        auth,
    }
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.into())
}

fn form(request: &GrantRequest) -> Vec<(String, String)> {
    parameters(core::str::from_utf8(request.body.expose()).unwrap())
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

fn exchange() -> CodeExchange {
    CodeExchange {
        code: secret("c+1"),
        verifier: secret("v-1"),
        nonce: secret("n-1"),
        return_to: "/".into(),
    }
}

#[test]
fn a_client_proves_itself_as_its_provider_wants_it() {
    let asked = |auth| refresh_token(&settings(), &client(auth), &secret("r"));
    let basic = asked(ClientAuth::SecretBasic);
    let header = basic.authorization.as_ref().unwrap().expose().clone();
    let pair = STANDARD.decode(header.strip_prefix("Basic ").unwrap()).unwrap();
    // Form-encoded before they are joined: a colon in the id does not end it.
    assert_eq!(String::from_utf8(pair).unwrap(), "a%3Ab%20c:s%26p%25%3A%C3%A9");
    let grant = [("grant_type", "refresh_token"), ("refresh_token", "r")];
    assert_eq!(form(&basic), pairs(&grant));

    let post = asked(ClientAuth::SecretPost);
    assert!(post.authorization.is_none());
    let proof = [("client_id", "a:b c"), ("client_secret", "s&p%:\u{e9}")];
    assert_eq!(form(&post), pairs(&[&grant[..], &proof].concat()));

    let public = asked(ClientAuth::None);
    assert!(public.authorization.is_none());
    assert_eq!(form(&public), pairs(&[&grant[..], &proof[..1]].concat()));
}

#[test]
fn each_grant_has_its_parameters() {
    let with = |change: fn(&mut Settings)| {
        let mut settings = settings();
        change(&mut settings);
        settings
    };
    let client = client(ClientAuth::SecretBasic);
    let code = authorization_code(&settings(), &client, &exchange());
    assert_eq!(
        form(&code),
        pairs(&[
            ("grant_type", "authorization_code"),
            ("code", "c+1"),
            ("redirect_uri", "https://app.test/callback"),
            ("code_verifier", "v-1"),
        ])
    );
    let scope = ("scope", "openid email");
    assert_eq!(
        form(&client_credentials(&settings(), &client)),
        pairs(&[("grant_type", "client_credentials"), scope])
    );
    let audience = with(|s| s.audience = boxed(&["https://api.test"]));
    assert_eq!(
        form(&client_credentials(&audience, &client)),
        pairs(&[("grant_type", "client_credentials"), scope, ("audience", "https://api.test")])
    );
    let unscoped = with(|s| s.scopes.clear());
    assert_eq!(
        form(&client_credentials(&unscoped, &client)),
        pairs(&[("grant_type", "client_credentials")])
    );
    assert_eq!(
        form(&password(&settings(), &client, "jo&e", &secret("p=w d"))),
        pairs(&[("grant_type", "password"), ("username", "jo&e"), ("password", "p=w d"), scope])
    );
}

#[test]
fn configured_parameters_are_added_and_none_replaces_one_of_ours() {
    let mut settings = settings();
    let pair = |name: &str, value: &str| (Box::from(name), Box::from(value));
    settings.token_post_args = Vec::from([
        pair("resource", "https://api.test/?a=b"),
        pair("grant_type", "password"),
        pair("client_id", "other"),
        pair("client_secret", "other"),
        pair("scope", "admin"),
    ]);
    let asked = client_credentials(&settings, &client(ClientAuth::SecretPost));
    let form = form(&asked);
    let all = |name: &str| {
        let found = form.iter().filter(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(all("resource"), ["https://api.test/?a=b"]);
    assert_eq!(all("grant_type"), ["client_credentials"]);
    assert_eq!(all("client_id"), ["a:b c"]);
    assert_eq!(all("client_secret").len(), 1);
    assert_eq!(all("scope"), ["openid email"]);
}

#[test]
fn debug_shows_no_secret() {
    let client = client(ClientAuth::SecretPost);
    let asked = authorization_code(&settings(), &client, &exchange());
    let shown = format!("{client:?} {asked:?}");
    assert!(!shown.contains("s&p") && !shown.contains("v-1") && !shown.contains("c+1"), "{shown}");
}
