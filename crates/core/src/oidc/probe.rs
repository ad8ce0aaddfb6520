//! A strategy's cookie without a gateway around it: for fuzzing, and to hold a driver's cipher
//! against the rules about cookies.

use alloc::boxed::Box;
use alloc::string::String;

use super::drbg::{Drbg, SessionKeys};
use super::login::{self, Returned};
use super::sealed::{Jar, Presented, Sealer};
use super::session::{Identity, Session, Tokens};
use super::settings::Settings;
use crate::crypto::{Crypto, NoEntropy};
use crate::http::Request;
use crate::id::StrategyId;
use crate::secret::Secret;
use crate::time::UnixTime;

/// A strategy on a gateway.
#[derive(Debug)]
#[doc(hidden)]
pub struct Probe<'a> {
    pub settings: &'a Settings,
    pub strategy: StrategyId,
    pub keys: &'a SessionKeys,
    pub crypto: &'a dyn Crypto,
    pub now: UnixTime,
}

/// What a cookie turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub enum Probed {
    /// There is none, or it is refused.
    Nothing,
    /// A sign-in, and whether the request is its return.
    Login { returned: bool },
    /// A session, and whether it was sealed under the current key a moment ago.
    Session { current: bool },
}

impl Probe<'_> {
    /// A cookie as a browser would send it that holds a session with this refresh token.
    #[must_use]
    pub fn session(&self, request: &Request<'_>, token: &str) -> Option<String> {
        let text = || Box::from("probe");
        let identity =
            Identity { issuer: text(), client_id: text(), subject: text(), scopes: text() };
        let tokens =
            Tokens { refresh: Some(Secret::new(String::from(token))), ..Tokens::default() };
        let session = Session::begin(identity, tokens, self.now);
        let sealed = self.with(request, |jar, sealer| session.seal(jar, sealer)).ok()?;
        sealed.set_cookie.expose().split(';').next().map(String::from)
    }

    /// What the request's cookie is.
    #[must_use]
    pub fn open(&self, request: &Request<'_>) -> Probed {
        self.with(request, |jar, sealer| match jar.open(sealer) {
            Ok(Presented::Session { reissue, .. }) => Probed::Session { current: !reissue },
            Ok(presented @ Presented::Login(_)) => {
                let returned = login::callback(jar, &presented);
                Probed::Login { returned: matches!(returned, Ok(Returned::Exchange(_))) }
            }
            Ok(Presented::Nothing | Presented::Useless(_)) | Err(_) => Probed::Nothing,
        })
    }

    fn with<T>(
        &self,
        request: &Request<'_>,
        work: impl FnOnce(&Jar<'_>, &mut Sealer<'_>) -> T,
    ) -> T {
        let jar = Jar { settings: self.settings, strategy: self.strategy, request };
        let mut drbg = Drbg::default();
        let mut sealer = Sealer {
            keys: self.keys,
            crypto: self.crypto,
            entropy: &NoEntropy,
            drbg: &mut drbg,
            now: self.now,
        };
        work(&jar, &mut sealer)
    }
}
