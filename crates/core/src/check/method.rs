//! What an authentication method is.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use super::{Env, Memory, Refusal, Step};
use crate::http::Request;
use crate::oidc::{self, Answer, CallOut, Ticket};
use crate::policy::{Policy, Service};
use crate::secret::Secret;
use crate::snapshot::record::StrategyMethod;

/// The methods a program links, in order of precedence.
pub type Methods = &'static [&'static dyn Method];

/// One way of proving who calls. Sealed: the methods are those of this crate.
pub trait Method: sealed::Sealed + fmt::Debug + Send + Sync {
    /// Compiles the settings of a strategy; `None` when they are not of this method, or cannot
    /// be honoured: the strategy then refuses.
    #[doc(hidden)]
    fn compile(&self, method: &StrategyMethod) -> Option<StrategyConfig>;

    /// Looks for a credential of this method; `None` when there is none.
    #[doc(hidden)]
    fn check<'p>(&self, attempt: &mut Attempt<'p, '_>) -> Option<Result<Step<'p>, Refusal>>;

    /// Whether the request holds a token, whatever it is worth.
    #[doc(hidden)]
    fn finds_token(&self, _attempt: &Attempt<'_, '_>) -> bool {
        false
    }

    /// What this method has to fetch now.
    #[doc(hidden)]
    fn upkeep(
        &self,
        _policy: &Policy,
        _memory: &mut Memory,
        _env: &Env<'_>,
    ) -> Option<(CallOut, Ticket)> {
        None
    }

    /// Takes the answer to a call of this method.
    #[doc(hidden)]
    fn settle(&self, _: &mut Memory, _: &Env<'_>, _: Ticket, _: Option<&Answer<'_>>) {}

    /// What ends a session under a strategy of this method.
    #[doc(hidden)]
    fn ending_cookie(&self, _config: &StrategyConfig) -> Option<Secret<String>> {
        None
    }
}

/// A strategy's settings, compiled.
#[derive(Clone, Debug)]
#[doc(hidden)]
pub enum StrategyConfig {
    /// The method is not linked, or its settings make no sense: refuse.
    Absent,
    /// Header names in which a key may come, lower case.
    KeyAuth(Arc<[Box<[u8]>]>),
    /// Which issuer is to be believed is not known yet: refuse, for now.
    Undiscovered,
    /// What identity provider is believed, and in what.
    OpenIdConnect(Arc<oidc::settings::Settings>),
}

/// All that a method may look at.
#[derive(Debug)]
#[doc(hidden)]
pub struct Attempt<'p, 'r> {
    pub(crate) policy: &'p Policy,
    pub(crate) service: &'p Service,
    pub(crate) env: &'r Env<'r>,
    pub(crate) request: &'r Request<'r>,
    pub(crate) memory: &'r mut Memory,
    /// The policy is stale: only credentials that were let through before may pass.
    pub(crate) familiar_only: bool,
    /// The call whose answer has just been settled for this request.
    pub(crate) answered: Option<Ticket>,
}

pub(crate) mod sealed {
    #[allow(unnameable_types, reason = "what cannot be named cannot be implemented")]
    pub trait Sealed {}
}

const _: fn() = || {
    fn shareable<T: Send + Sync>() {}
    shareable::<Policy>();
};
