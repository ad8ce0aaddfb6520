//! Which of our modules runs a scenario.

use crate::document::{Change, Record, Step, StrategyMethod};
use crate::scenario::Scenario;

/// A filter module that we ship.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Module {
    /// API keys only.
    KeyAuth,
    /// OpenID Connect only.
    OpenIdConnect,
    /// Every method.
    ApplicationAuth,
}

impl Module {
    /// Every module.
    pub const ALL: [Self; 3] = [Self::KeyAuth, Self::OpenIdConnect, Self::ApplicationAuth];

    /// The smallest module that knows the methods of a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let changes = scenario.steps.iter().filter_map(|step| match step {
            Step::Delta(changes) => Some(changes),
            Step::Request(_) | Step::Advance(_) => None,
        });
        let later = changes.flatten().filter_map(|change| match change {
            Change::Put(Record::Strategy(strategy)) => Some(strategy),
            Change::Put(_) | Change::Delete(_) => None,
        });
        let (mut keys, mut tokens) = (false, false);
        for strategy in scenario.policy.strategies.iter().chain(later) {
            keys |= matches!(strategy.method, StrategyMethod::KeyAuth(_));
            tokens |= matches!(strategy.method, StrategyMethod::OpenIdConnect(_));
        }
        match (keys, tokens) {
            (_, false) => Self::KeyAuth,
            (false, true) => Self::OpenIdConnect,
            (true, true) => Self::ApplicationAuth,
        }
    }

    /// The file of the module.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::KeyAuth => "gatekey_key_auth.wasm",
            Self::OpenIdConnect => "gatekey_openid_connect.wasm",
            Self::ApplicationAuth => "gatekey_application_auth.wasm",
        }
    }

    /// What it is called, which is also the folder of its crate.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyAuth => "key-auth",
            Self::OpenIdConnect => "openid-connect",
            Self::ApplicationAuth => "application-auth",
        }
    }
}
