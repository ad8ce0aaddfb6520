//! Decides about a request as a library, without any proxy. Secrets would be random bytes.
use gatekey_core::lifecycle::registration::RegistrationStatus::Approved;
use gatekey_core::snapshot::{Change, record::StrategyMethod::KeyAuth, record::*};
use gatekey_core::{METHODS, check::*, digest::*, http::*, id::*, key::*, policy::*, time::*};
pub(crate) fn main() -> Result<(), PepperError> {
    let (now, pepper) = (UnixMillis(1_800_000_000_000), Pepper::new("p1", &[7; 32])?);
    let IssuedKey { key, credential: id } = KeyFormat::default().issue(&[1; 28]);
    let (digest, scheme) = (pepper.digest(key.expose().as_bytes()), Scheme::HmacSha256);
    let (api, service) = (ApiId::from_bytes([1; 16]), ServiceId::from_bytes([2; 16]));
    let (portal, developer) = (PortalId::from_bytes([3; 16]), DeveloperId::from_bytes([4; 16]));
    let (strategy, app) = (StrategyId::from_bytes([5; 16]), ApplicationId::from_bytes([6; 16]));
    let records = [
        Strategy { id: strategy, method: KeyAuth { key_names: vec!["apikey".into()] } }.into(),
        Service { id: service, name: "flights".into() }.into(),
        Publication::new(api, portal, service, Some(strategy)).into(),
        Application::new(app, portal, strategy, Owner::Developer(developer), "Go").into(),
        Registration::new(app, api, Approved).into(),
        Credential { id, application: app, digest, scheme, expires_at: None }.into(),
    ];
    let mut policy = Policy::empty(GatewayId::from_bytes([7; 16]), Revision(1), now, METHODS);
    policy.apply(records.map(Change::Put));
    let settings = Settings { peppers: vec![pepper], ..Settings::default() };
    let env = Env { service: Some(b"flights"), ..Env::new(now.seconds(), &settings) };
    let headers = &[Header { name: b"apikey", value: key.expose().as_bytes() }];
    let request = Request { method: b"GET", authority: b"api.test", path: b"/", headers };
    let step = policy.check(&mut Memory::default(), &env, &request);
    assert!(matches!(step, Step::Done(Decision::Allow(grant)) if grant.caller.is_some()));
    Ok(())
}
