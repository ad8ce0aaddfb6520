//! `gatekey explain`: the gateway's own check, on a snapshot, with the reason told.

use core::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use gatekey_core::METHODS;
use gatekey_core::check::{Decision, Env, Grant, Memory, Refusal, Settings, Staleness, WhenStale};
use gatekey_core::check::{Denial, Step};
use gatekey_core::policy::Policy;
use gatekey_core::snapshot::{Change, Record};
use gatekey_core::time::UnixMillis;

use self::remedy::Facts;
use self::request::Asked;
use super::bundle::Bundle;
use super::input::{BadInput, Outcome, read_file, read_peppers};
use crate::clock::{self, Clock};

mod remedy;
mod request;

/// A request, and the policy that is to decide about it.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The snapshot, as `gatekey snapshot save` wrote it
    #[arg(long, value_name = "FILE")]
    snapshot: PathBuf,
    /// A file of peppers, such as the data directory's `pepper`; several can be given
    #[arg(long, alias = "key-file", required = true, value_name = "FILE")]
    pepper_file: Vec<PathBuf>,
    #[command(flatten)]
    request: request::Source,
    /// The service of the request, by name or id, as the filter's configuration may say
    #[arg(long, value_name = "NAME_OR_ID")]
    service: Option<String>,
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
        let bytes = read_file(&self.snapshot)?;
        let bundle = Bundle::read(&bytes).map_err(|error| BadInput::at(&self.snapshot, error))?;
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
        let settings = Settings {
            peppers,
            service: self.service.as_deref().map(Into::into),
            staleness,
            ..Settings::default()
        };
        let asked = self.request.read()?;
        let records: Vec<_> = bundle.records().collect();
        let mut bench = Bench::new(&bundle, &records, settings, now);
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "policy       revision {} of {}, issued at {}",
            bundle.manifest.revision,
            bundle.manifest.gateway,
            bundle.issued_at()
        )?;
        match bench.check(&asked) {
            Ok(grant) => {
                write!(out, "{grant}")?;
                Ok(ExitCode::SUCCESS)
            }
            Err(refusal) => {
                refused(&mut out, &refusal, &mut bench, &records, &asked)?;
                Ok(ExitCode::FAILURE)
            }
        }
    }
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
}

impl Bench {
    fn new(bundle: &Bundle<'_>, records: &[Record], settings: Settings, now: UnixMillis) -> Self {
        let manifest = &bundle.manifest;
        let mut policy =
            Policy::empty(manifest.gateway, manifest.revision, manifest.issued_at, METHODS);
        policy.apply(records.iter().cloned().map(Change::Put));
        Self { policy, settings, now }
    }

    /// What a gateway would decide, the grant in words.
    fn check(&self, asked: &Asked) -> Result<String, Refusal> {
        let env = Env::new(self.now.seconds(), &self.settings);
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
    format!(
        "decision     allowed\ncredential   {}\napplication  {} ({:?})\ndeveloper    {}\n\
         api          {}\nstrategy     {}\n",
        caller.credential,
        caller.application,
        caller.application_name,
        caller.developer,
        caller.api,
        caller.strategy,
    )
}

const fn reason(denial: Denial) -> &'static str {
    match denial {
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
