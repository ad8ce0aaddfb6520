//! `gatekey explain`: the gateway's own check, on a snapshot, with the reason told.

use core::error::Error;
use core::net::IpAddr;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use gatekey_core::METHODS;
use gatekey_core::check::{
    Decision, Env, Grant, Host, Memory, Refusal, Settings, Staleness, WhenStale,
};
use gatekey_core::check::{Denial, Step};
use gatekey_core::policy::Policy;
use gatekey_core::secret::Secret;
use gatekey_core::snapshot::record::Owner;
use gatekey_core::snapshot::{Change, Record};
use gatekey_core::time::UnixMillis;

use self::remedy::Facts;
use self::request::Asked;
use super::bundle::Bundle;
use super::input::{BadInput, Outcome, read_file, read_peppers, read_secret};
use super::remote::Remote;
use crate::clock::{self, Clock};

mod logged;
mod remedy;
mod request;

/// A request, and the policy that is to decide about it.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The snapshot, as `gatekey snapshot save` wrote it
    #[arg(long, value_name = "FILE", required_unless_present = "url")]
    snapshot: Option<PathBuf>,
    /// The base URL of a running portal, whose newest snapshot is taken
    #[arg(long, value_name = "URL", conflicts_with = "snapshot", requires = "gateway")]
    url: Option<String>,
    /// A file that holds the gateway token [default: gateway-token in the data directory]
    #[arg(long, env = "GATEKEY_GATEWAY_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The gateway whose snapshot it is to be
    #[arg(long, value_name = "NAME_OR_ID")]
    gateway: Option<String>,
    /// The revision that the snapshot has to be of
    #[arg(long, value_name = "NUMBER")]
    revision: Option<u64>,
    /// A file of peppers, such as the data directory's `pepper`; several can be given. A decision
    /// from a log needs none
    #[arg(long, alias = "key-file", required_unless_present = "log", value_name = "FILE")]
    pepper_file: Vec<PathBuf>,
    #[command(flatten)]
    request: request::Source,
    #[command(flatten)]
    logged: logged::Source,
    /// The service of the request, by name or id, as the filter's configuration may say
    #[arg(long, value_name = "NAME_OR_ID")]
    service: Option<String>,
    /// Where the client is, as its gateway would see it [default: not known]
    #[arg(long, value_name = "IP")]
    client_address: Option<IpAddr>,
    /// When the request comes [default: now]
    #[arg(long, value_name = "RFC3339")]
    at: Option<String>,
    /// How old the snapshot may be [default: any age]
    #[arg(long, value_name = "SECONDS")]
    max_staleness: Option<u64>,
}

impl Explain {
    pub(super) fn run(self) -> Outcome {
        // Status 1 says that the request is refused: what is wrong with the question is 2.
        self.explain().map_err(|error| {
            if error.is::<BadInput>() { error } else { BadInput(error.to_string()).into() }
        })
    }

    fn explain(self) -> Outcome {
        let logged = self.logged.read()?;
        let (bytes, place) = self.snapshot_bytes()?;
        let bundle = Bundle::read(&bytes).map_err(|error| BadInput::at(&place, error))?;
        if let Some(wanted) = self.revision.filter(|wanted| bundle.manifest.revision.0 != *wanted) {
            return Err(BadInput(not_there(&bundle, wanted)).into());
        }
        let mut peppers = Vec::new();
        for path in &self.pepper_file {
            peppers.extend(read_peppers(path)?);
        }
        let now = match &self.at {
            None => Clock::default().unix_millis(),
            Some(text) => {
                let bad = || BadInput(format!("`{text}`: must be an RFC 3339 time"));
                let millis = clock::parse(text).and_then(|millis| millis.try_into().ok());
                UnixMillis(millis.ok_or_else(bad)?)
            }
        };
        let staleness = match self.max_staleness {
            Some(max_seconds) => Staleness { max_seconds, then: WhenStale::DenyAll },
            None => Staleness { max_seconds: u64::MAX, then: WhenStale::ServeKnown },
        };
        let mut records: Vec<_> = bundle.records().collect();
        let mut service = self.service.clone();
        let (asked, stand_in) = match &logged {
            None => (self.request.read()?, None),
            Some(logged) => {
                service = service.or_else(|| logged.service(&records));
                logged.replayed(&mut records)?
            }
        };
        if let Some(stand_in) = &stand_in {
            peppers = vec![stand_in.pepper.clone()];
        }
        let settings = Settings {
            peppers,
            service: service.as_deref().map(Into::into),
            staleness,
            ..Settings::default()
        };
        let mut bench = Bench::new(&bundle, &records, settings, now);
        bench.client.0 = self.client_address;
        let mut told = Vec::new();
        let (revision, gateway) = (bundle.manifest.revision, bundle.manifest.gateway);
        let issued_at = bundle.issued_at();
        writeln!(told, "policy       revision {revision} of {gateway}, issued at {issued_at}")?;
        if let Some(logged) = &logged {
            tell_logged(&mut told, logged, revision.0)?;
        }
        let status = match bench.check(&asked) {
            Ok(grant) => {
                if let Some(denial) = logged.as_ref().and_then(logged::Logged::denial) {
                    settled(&mut told, denial)?;
                }
                write!(told, "{grant}")?;
                ExitCode::SUCCESS
            }
            Err(refusal) => {
                refused(&mut told, &refusal, &mut bench, &records, &asked)?;
                ExitCode::FAILURE
            }
        };
        let mut told = String::from_utf8_lossy(&told).into_owned();
        if let Some(stand_in) = &stand_in {
            told = stand_in.named(&told);
        }
        std::io::stdout().lock().write_all(told.as_bytes())?;
        Ok(status)
    }

    /// The snapshot, and where it is from.
    fn snapshot_bytes(&self) -> Result<(Vec<u8>, PathBuf), Box<dyn Error>> {
        if let Some(path) = &self.snapshot {
            return Ok((read_file(path)?, path.clone()));
        }
        let url = self.url.as_deref().unwrap_or_default();
        let path = self.token_file.clone().unwrap_or_else(|| {
            let data_dir = std::env::var_os("GATEKEY_DATA_DIR").map(PathBuf::from);
            data_dir.unwrap_or_else(|| ".gatekey".into()).join("gateway-token")
        });
        let token = read_secret(&path)?;
        let token = Secret::new(token.expose().trim().to_owned());
        let gateway = self.gateway.as_deref().unwrap_or_default();
        let remote = Remote::new(url, &token)?;
        let bytes = match self.revision {
            None => remote.snapshot(gateway)?,
            Some(revision) => remote.snapshot_of(gateway, revision)?,
        };
        Ok((bytes, url.into()))
    }
}

/// Why there is no snapshot of that revision.
fn not_there(bundle: &Bundle<'_>, wanted: u64) -> String {
    format!(
        "the snapshot is of revision {}, not {wanted}: give one that was saved then",
        bundle.manifest.revision
    )
}

fn tell_logged(
    out: &mut impl Write,
    logged: &logged::Logged,
    revision: u64,
) -> Result<(), Box<dyn Error>> {
    write!(out, "request      {}\nlogged       {}", logged.request_id, logged.decision)?;
    if let Some(reason) = &logged.reason {
        write!(out, ": {reason}")?;
    }
    match logged.revision {
        Some(then) if then == revision => writeln!(out, ", at this revision")?,
        Some(then) => {
            writeln!(out, ", at revision {then}; what follows is about revision {revision}")?
        }
        None => writeln!(out)?,
    }
    Ok(())
}

/// What was refused then would be allowed with this policy.
fn settled(out: &mut impl Write, denial: Denial) -> Result<(), Box<dyn Error>> {
    writeln!(out, "rule         {}: {}", denial.code(), reason(denial))?;
    let remedy = match denial.status() {
        429 => {
            "wait, or raise the application's limit: what a gateway has counted is not known here"
        }
        // What is wrong lies with what the client sent: the check here goes from the credential on.
        400 | 401 => "present the credential as its strategy says: the rest allows the request",
        _ => "none is needed: this policy allows the request",
    };
    writeln!(out, "remedy       {remedy}")?;
    Ok(())
}

fn refused(
    out: &mut impl Write,
    refusal: &Refusal,
    bench: &mut Bench,
    records: &[Record],
    asked: &Asked,
) -> Result<(), Box<dyn Error>> {
    let denial = refusal.denial;
    writeln!(out, "decision     refused with {} \"{}\"", denial.status(), denial.message())?;
    writeln!(out, "rule         {}: {}", denial.code(), reason(denial))?;
    let facts = Facts::of(records);
    if let Some(id) = refusal.credential {
        writeln!(out, "credential   {id}")?;
    }
    if let Some(id) = refusal.application {
        let name = facts.application(id).map_or("gone", |known| known.name.as_str());
        writeln!(out, "application  {id} ({name:?})")?;
    }
    if let Some(id) = refusal.api {
        writeln!(out, "api          {id}")?;
    }
    let provider = refusal.strategy.and_then(|id| Some((id, facts.provider(id)?)));
    if let Some((id, provider)) = &provider {
        writeln!(out, "strategy     {id} ({provider})")?;
    }
    if provider.is_some() || denial == Denial::ProviderUnavailable {
        writeln!(
            out,
            "note         no identity provider is asked here and no signature verified: a gateway \
             does both"
        )?;
    }
    let remedies = remedy::remedies(&facts, refusal, asked, bench);
    if remedies.is_empty() {
        writeln!(out, "remedy       no single change that is known here would allow it")?;
    }
    for remedy in remedies {
        writeln!(out, "remedy       {remedy}")?;
    }
    Ok(())
}

/// A policy to try requests and changes on.
#[derive(Debug)]
struct Bench {
    policy: Policy,
    settings: Settings,
    now: UnixMillis,
    client: Client,
}

/// Where a client is, for as much as was said.
#[derive(Clone, Copy, Debug, Default)]
struct Client(Option<IpAddr>);

impl Host for Client {
    fn client_address(&self) -> Option<Vec<u8>> {
        self.0.map(|address| address.to_string().into_bytes())
    }

    fn alter(&self, _number: u16, _alter: &mut dyn FnMut(&mut Vec<u8>) -> bool) {}
}

impl Bench {
    fn new(bundle: &Bundle<'_>, records: &[Record], settings: Settings, now: UnixMillis) -> Self {
        let manifest = &bundle.manifest;
        let mut policy =
            Policy::empty(manifest.gateway, manifest.revision, manifest.issued_at, METHODS);
        policy.apply(records.iter().cloned().map(Change::Put));
        Self { policy, settings, now, client: Client::default() }
    }

    /// What a gateway would decide, the grant in words.
    fn check(&self, asked: &Asked) -> Result<String, Refusal> {
        let env = Env { host: &self.client, ..Env::new(self.now.seconds(), &self.settings) };
        let mut memory = Memory::default();
        let headers = asked.headers();
        match self.policy.check(&mut memory, &env, &asked.request(&headers)) {
            Step::Done(Decision::Allow(grant)) => Ok(allowed(&grant)),
            Step::Done(Decision::Deny(refusal)) => Err(refusal),
            Step::Done(Decision::Redirect(_)) => Err(Refusal::unproven(Denial::LoginRequired)),
            // A call cannot be made here, and what is undecided is refused.
            Step::Wait(_) => Err(Refusal::unproven(Denial::ProviderUnavailable)),
        }
    }

    /// Whether the request would be allowed after a change, which is taken back.
    fn would_allow(&mut self, asked: &Asked, change: Change, undo: Change) -> bool {
        self.policy.apply([change]);
        let allowed = self.check(asked).is_ok();
        self.policy.apply([undo]);
        allowed
    }
}

fn allowed(grant: &Grant<'_>) -> String {
    let Some(caller) = &grant.caller else {
        return "decision     allowed: the API is published without a strategy\n".into();
    };
    let owner = match caller.owner {
        Owner::Developer(id) => format!("developer    {id}"),
        Owner::Team(id) => format!("team         {id}"),
    };
    format!(
        "decision     allowed\ncredential   {}\napplication  {} ({:?})\n{}\n\
         api          {}\nstrategy     {}\n",
        caller.credential,
        caller.application,
        caller.application_name,
        owner,
        caller.api,
        caller.strategy,
    )
}

const fn reason(denial: Denial) -> &'static str {
    match denial {
        Denial::AddressRefused => "the client's address is in none of the application's networks",
        Denial::AddressUnknown => {
            "the application may call from certain networks, and no address of the client is known"
        }
        Denial::AmbiguousCredential => "two different headers hold a key",
        Denial::AmbiguousToken => {
            "more than one place holds a token, or a header that may come once came twice"
        }
        Denial::ApplicationSuspended => "the application is suspended",
        Denial::BadSignature => "the token's signature is wrong",
        Denial::CredentialsRefused => {
            "the identity provider does not know the id and secret, or the code, that were presented"
        }
        Denial::DuplicateCredential => "the header with the key came more than once",
        Denial::ExpiredCredential => "the key's life is over",
        Denial::ExpiredToken => "the token's life is over",
        Denial::InactiveToken => "the token is not active, says its issuer",
        Denial::InsufficientScope => "the token lacks a scope",
        Denial::IssuerUndiscovered => {
            "the portal has not discovered the issuer of the strategy yet"
        }
        Denial::KeysUnavailable => "no key of the issuer is known yet",
        Denial::LoginFailed => {
            "the answer to a redirect to the identity provider does not belong to one of ours"
        }
        Denial::LoginRequired => "nobody is signed in",
        Denial::LimitsUnavailable => "too many applications are being counted",
        Denial::MalformedCredential => "what was presented cannot be a key: shape or checksum",
        Denial::MalformedToken => {
            "the token cannot be one: shape, encoding, JSON or a header that must be understood"
        }
        Denial::MethodAbsent => "the strategy needs a method that this build does not have",
        Denial::MissingClaim => {
            "the token lacks a claim that is required, or has it in another type"
        }
        Denial::NoCredential => "no key was presented",
        Denial::NoPolicy => "there is no snapshot",
        Denial::NotRegistered => "the application is not registered for the API",
        Denial::OversizedRequest => "the request has more headers than a filter looks at",
        Denial::OversizedToken => "the token is longer than what is looked at",
        Denial::PrematureToken => "the token's life has not begun",
        Denial::ProviderInvalid => "the identity provider's answer cannot be believed",
        Denial::ProviderUnavailable => "the identity provider does not answer",
        Denial::QuotaExhausted => "the application has used up a quota",
        Denial::RateLimited => "the application calls more often than one of its rates allows",
        Denial::RefusedAlgorithm => {
            "the algorithm is not allowed for this issuer, or not one of a public key"
        }
        Denial::RegistrationPending => "the registration waits for approval",
        Denial::RegistrationRejected => "the registration was turned down",
        Denial::RegistrationRevoked => "the registration was withdrawn",
        Denial::ReservedHeader => {
            "the request says who calls, and nothing can be taken out of requests on nginx"
        }
        Denial::StalePolicy => "the snapshot is too old",
        Denial::TooManyWaiting => "more requests wait for an identity provider than may",
        Denial::UnknownApplication => "the key's application is gone",
        Denial::UnknownClient => "no application has this client id",
        Denial::UnknownCredential => "the key is not known: never issued, deleted or revoked",
        Denial::UnknownIssuer => "no strategy of the service knows the token's issuer",
        Denial::UnknownKey => "the issuer has no such key",
        Denial::UnknownRoute => "no route matches the request",
        Denial::UnknownService => "the service that was named is not known",
        Denial::Unpublished => "nothing is published behind the service",
        Denial::WrongAudience => "the token is for another audience",
        Denial::WrongHeader => "the key came in a header that its strategy does not use",
        Denial::WrongTokenType => "the token is of another kind than an access token",
    }
}
