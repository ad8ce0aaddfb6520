//! Browsers at a whole gateway: what one request does to another.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::session::{Session, Tokens};
use super::super::settings::ClientAuth;
use super::super::{ProviderClient, client_digest};
use super::fixture::{
    Asked, Gateway, NOW, STRATEGY, TestCrypto, identity, keys, parameter, sent_back, token, url,
};
use crate::check::{CallOuts, Decision, Denial, Env, Memory, Refusal, Settings, Step};
use crate::crypto::NoEntropy;
use crate::id::{
    ApiId, ApplicationId, CredentialId, DeveloperId, GatewayId, PortalId, Revision, ServiceId,
    StrategyId,
};
use crate::lifecycle::registration::RegistrationStatus;
use crate::policy::Policy;
use crate::secret::Secret;
use crate::snapshot::Change;
use crate::snapshot::record::{
    Application, Credential, Owner, Publication, Record, Registration, Scheme, Service, Strategy,
    StrategyMethod,
};
use crate::time::{UnixMillis, UnixTime};

const OTHER: StrategyId = StrategyId::from_bytes([8; 16]);

/// Two strategies with the same redirect URI and the same cookie; one client of the first.
fn policy() -> Policy {
    let json = br#"{
        "issuer": "https://idp.test",
        "auth_methods": ["session", "refresh_token", "authorization_code"],
        "client_id": "gateway",
        "redirect_uri": "https://app.test/callback",
        "authorization_endpoint": "https://idp.test/auth",
        "token_endpoint": "https://idp.test/token"
    }"#;
    let portal = PortalId::from_bytes([1; 16]);
    let service = ServiceId::from_bytes([2; 16]);
    let application = ApplicationId::from_bytes([3; 16]);
    let api = ApiId::from_bytes([4; 16]);
    let owner = Owner::Developer(DeveloperId::from_bytes([5; 16]));
    let mut records: Vec<Record> = Vec::from([
        Service { id: service, name: "orders".into() }.into(),
        Application::new(application, portal, STRATEGY, owner, "Shop").into(),
        Registration::new(application, api, RegistrationStatus::Approved).into(),
        Credential {
            id: CredentialId::from_bytes([6; 16]),
            application,
            digest: client_digest(STRATEGY, "https://idp.test", "client-1"),
            scheme: Scheme::Client,
            expires_at: None,
        }
        .into(),
    ]);
    for (id, api) in [(STRATEGY, api), (OTHER, ApiId::from_bytes([9; 16]))] {
        let method = StrategyMethod::OpenIdConnect { settings: json.to_vec() };
        records.push(Strategy { id, method }.into());
        records.push(Publication::new(api, portal, service, Some(id)).into());
    }
    let gateway = GatewayId::from_bytes([1; 16]);
    let issued_at = UnixMillis(NOW.0 * 1000);
    let mut policy = Policy::empty(gateway, Revision(1), issued_at, crate::METHODS);
    policy.apply(records.into_iter().map(Change::Put));
    policy
}

fn settings() -> Settings {
    let client = ProviderClient {
        issuer: "https://idp.test".into(),
        id: "gateway".into(),
        secret: Secret::new("secret".into()),
        auth: ClientAuth::SecretBasic,
    };
    Settings {
        service: Some("orders".into()),
        call_outs: CallOuts::Shared,
        clients: Vec::from([client]),
        session: Some(keys()),
        ..Settings::default()
    }
}

/// Serves a request and looks at how far it got.
fn serve<T>(
    (policy, memory): (&Policy, &mut Memory),
    now: UnixTime,
    asked: &Asked,
    look: impl FnOnce(&Step<'_>) -> T,
) -> T {
    let settings = settings();
    let headers = asked.headers();
    let request = asked.request(&headers);
    let env = Env { crypto: &TestCrypto, entropy: &NoEntropy, ..Env::new(now, &settings) };
    look(&policy.check(memory, &env, &request))
}

fn cookie_of(strategy: StrategyId, session: &Session) -> String {
    let mut gateway = Gateway::new();
    gateway.strategy = strategy;
    gateway.cookie(session)
}

/// The cookie and the state of a sign-in that this strategy began.
fn sign_in(strategy: StrategyId) -> (String, String) {
    let mut gateway = Gateway::new();
    gateway.strategy = strategy;
    let endpoint = url("https://idp.test/auth");
    let begun = gateway
        .serve(&Asked::page("/"), |jar, sealer| super::super::login::begin(jar, sealer, &endpoint))
        .unwrap();
    let cookie = sent_back(begun.set_cookie.unwrap().expose());
    (cookie, parameter(begun.location.expose(), "state").unwrap())
}

#[test]
fn whoever_starts_a_refresh_waits_for_it_and_others_go_on_while_they_can() {
    let (policy, mut memory) = (policy(), Memory::default());
    let tokens = Tokens {
        expires_at: Some(UnixTime(NOW.0 + 5)),
        refresh: token("refresh-me"),
        ..Tokens::default()
    };
    let cookie = cookie_of(STRATEGY, &Session::begin(identity(), tokens, NOW));
    let asked = Asked::get("/orders").cookie(&cookie);
    let mut at = |now: u64| {
        serve((&policy, &mut memory), UnixTime(now), &asked, |step| match step {
            Step::Wait(pending) if pending.call.is_some() => "calls",
            Step::Wait(_) => "waits",
            Step::Done(Decision::Allow(grant)) if grant.edits.set_cookie.is_none() => "passes",
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(at(NOW.0), "calls");
    assert_eq!(at(NOW.0 + 4), "passes");
    assert_eq!(at(NOW.0 + 5), "waits");
}

#[test]
fn a_stray_return_is_refused_and_costs_nothing() {
    let (policy, mut memory) = (policy(), Memory::default());
    let (cookie, state) = sign_in(STRATEGY);
    let mut back = |state: &str| {
        let asked = Asked::page(&format!("/callback?code=c&state={state}")).cookie(&cookie);
        serve((&policy, &mut memory), NOW, &asked, |step| match step {
            Step::Done(Decision::Deny(Refusal { denial, ends_session, .. })) => {
                Some((*denial, *ends_session))
            }
            Step::Wait(_) => None,
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(back("of-another-tab"), Some((Denial::LoginFailed, false)));
    assert_eq!(back(&state), None);
}

#[test]
fn of_strategies_that_share_a_redirect_uri_the_one_that_began_takes_the_return() {
    for strategy in [STRATEGY, OTHER] {
        let (policy, mut memory) = (policy(), Memory::default());
        let (cookie, state) = sign_in(strategy);
        let asked = Asked::page(&format!("/callback?code=c&state={state}")).cookie(&cookie);
        let waits =
            serve((&policy, &mut memory), NOW, &asked, |step| matches!(step, Step::Wait(_)));
        assert!(waits, "{strategy}");
    }
}
