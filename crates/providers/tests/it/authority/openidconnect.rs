//! The Rust crate `openidconnect`.

use gatekey_providers::{Tools, carry, sign_in};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreClientRegistrationRequest,
    CoreGrantType, CoreProviderMetadata,
};
use openidconnect::registration::EmptyAdditionalClientMetadata;
use openidconnect::{
    AccessToken, AccessTokenHash, AuthType, AuthorizationCode, ClientId, ClientName, ClientSecret,
    CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, RedirectUrl, Scope,
    TokenResponse as _,
};
use serde_json::{Value, json};

use super::{CALLBACK, Scene};

fn text(client: &Value, name: &str) -> String {
    client[name].as_str().unwrap().to_owned()
}

#[test]
fn openidconnect_accepts_our_servers() {
    let Some(tools) = Tools::find() else { return };
    let scene = Scene::set(&tools);
    for algorithm in ["RS256", "ES256", "Ed25519"] {
        let server = scene.admin.auth_server(&algorithm.to_lowercase(), algorithm, "jwt");
        let issuer = IssuerUrl::new(server.issuer.clone()).unwrap();
        let metadata = CoreProviderMetadata::discover(&issuer, &carry).unwrap();
        assert_eq!(metadata.issuer(), &issuer);
        let of = |client: &Value| {
            let id = ClientId::new(text(client, "client_id"));
            let secret = ClientSecret::new(text(client, "client_secret"));
            CoreClient::from_provider_metadata(metadata.clone(), id, Some(secret))
                .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap())
        };

        let machine = scene.machine(&server);
        for method in [AuthType::RequestBody, AuthType::BasicAuth] {
            let client = of(&machine).set_auth_type(method);
            let request = client.exchange_client_credentials().unwrap();
            let tokens = request.add_scope(Scope::new("read".to_owned())).request(&carry).unwrap();
            assert!(tokens.expires_in().unwrap().as_secs() > 0, "{algorithm}");
        }
        let mut wrong = machine.clone();
        wrong["client_secret"] = "wrong".into();
        let refused = of(&wrong).exchange_client_credentials().unwrap().request(&carry);
        assert!(refused.is_err(), "{algorithm}");

        let person = scene.person(&server);
        let client = of(&person).set_auth_type(AuthType::RequestBody);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .set_pkce_challenge(challenge)
            .url();
        let given = json!({
            "url": url,
            "redirect_uri": CALLBACK,
            "login": person["login"],
            "password": person["password"],
        });
        let returned = openidconnect::url::Url::parse(&sign_in(&tools, &given)).unwrap();
        let parameter = |name: &str| {
            let found = returned.query_pairs().find(|(known, _)| known == name);
            found.unwrap_or_else(|| panic!("no {name} in {returned}")).1.into_owned()
        };
        assert_eq!(parameter("state"), *state.secret());
        let code = AuthorizationCode::new(parameter("code"));
        let request = client.exchange_code(code).unwrap().set_pkce_verifier(verifier);
        let tokens = request.request(&carry).unwrap();
        let id_token = tokens.id_token().unwrap();
        let algorithms = metadata.id_token_signing_alg_values_supported().clone();
        let id_token_verifier = client.id_token_verifier().set_allowed_algs(algorithms);
        let claims = id_token.claims(&id_token_verifier, &nonce).unwrap();
        if let Some(expected) = claims.access_token_hash() {
            let signed = id_token.signing_alg().unwrap();
            let key = id_token.signing_key(&id_token_verifier).unwrap();
            let found = AccessTokenHash::from_token(tokens.access_token(), signed, key).unwrap();
            assert_eq!(found, *expected, "{algorithm}");
        }
        let another = Nonce::new_random();
        assert!(id_token.claims(&id_token_verifier, &another).is_err(), "{algorithm}");

        registers(&scene.initial_access_token(&server), &metadata);
    }
}

type Metadata = CoreProviderMetadata;

/// A client registers itself and gets a token.
fn registers(initial_access_token: &str, metadata: &Metadata) {
    let registered = |token: Option<&str>| {
        CoreClientRegistrationRequest::new(
            vec![RedirectUrl::new(CALLBACK.to_owned()).unwrap()],
            EmptyAdditionalClientMetadata {},
        )
        .set_initial_access_token(token.map(|token| AccessToken::new(token.to_owned())))
        .set_client_name(Some(
            [(None, ClientName::new("Registered".to_owned()))].into_iter().collect(),
        ))
        .set_grant_types(Some(vec![
            CoreGrantType::ClientCredentials,
            CoreGrantType::AuthorizationCode,
        ]))
        .set_token_endpoint_auth_method(Some(CoreClientAuthMethod::ClientSecretPost))
        .register(metadata.registration_endpoint().unwrap(), &carry)
    };
    assert!(registered(None).is_err());
    let answer = registered(Some(initial_access_token)).unwrap();
    assert!(answer.registration_access_token().is_some());
    let client = CoreClient::from_provider_metadata(
        metadata.clone(),
        answer.client_id().clone(),
        answer.client_secret().cloned(),
    )
    .set_auth_type(AuthType::RequestBody);
    client.exchange_client_credentials().unwrap().request(&carry).unwrap();
}
