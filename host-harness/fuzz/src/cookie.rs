//! The target `cookie`: the cookies that a browser sends to a strategy with sessions.
//!
//! An input that begins with `p` is what lies in the cookie, behind the seal; any other are the
//! values of `Cookie` headers, parted by a line `----`, in which `{session}` stands for a genuine
//! cookie. The cipher is a toy: no fuzzer breaks a real one.

use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatekey_core::crypto::{Crypto, SealingKey, SignatureKey, UnusableKey};
use gatekey_core::digest::Digest;
use gatekey_core::http::{Header, Request};
use gatekey_core::id::StrategyId;
use gatekey_core::jose::PublicKey;
use gatekey_core::oidc::cookie::{Upstream, without};
use gatekey_core::oidc::settings::Settings;
use gatekey_core::oidc::{Probe, Probed, SessionKeys};
use gatekey_core::time::UnixTime;

use crate::{Judged, coverage, input};

const SETTINGS: &str = r#"{
    "issuer": "https://idp.test",
    "auth_methods": ["session", "refresh_token", "authorization_code"],
    "client_id": "gateway",
    "redirect_uri": "https://app.test/callback"
}"#;
const NOW: UnixTime = UnixTime(1_700_000_000);
const TAG: usize = 16;

/// A cipher that hides nothing. It believes what it sealed, or everything.
#[derive(Debug)]
struct Toy {
    credulous: bool,
}

impl Toy {
    fn tag(key: &SealingKey, nonce: &[u8; 24], context: &[u8], plaintext: &[u8]) -> [u8; TAG] {
        let length = context.len().to_le_bytes();
        let parts = [key.expose().as_slice(), nonce, &length, context, plaintext];
        let digest = Digest::sha256(&parts.concat());
        digest.as_bytes().first_chunk().copied().unwrap_or_default()
    }
}

impl Crypto for Toy {
    fn key(&self, _: &PublicKey) -> Result<Arc<dyn SignatureKey>, UnusableKey> {
        Err(UnusableKey)
    }

    fn seal(&self, key: &SealingKey, nonce: &[u8; 24], context: &[u8], text: &[u8]) -> Vec<u8> {
        [text, &Self::tag(key, nonce, context, text)].concat()
    }

    fn open(
        &self,
        key: &SealingKey,
        nonce: &[u8; 24],
        context: &[u8],
        sealed: &[u8],
    ) -> Option<Vec<u8>> {
        let (text, tag) = sealed.split_last_chunk::<TAG>()?;
        let good = self.credulous || *tag == Self::tag(key, nonce, context, text);
        good.then(|| text.to_vec())
    }
}

struct Strategy {
    settings: Settings,
    keys: SessionKeys,
    /// `NAME=VALUE` of a session.
    genuine: String,
}

/// The strategy, or why there is none: a mistake here.
static STRATEGY: LazyLock<Result<Strategy, String>> = LazyLock::new(|| {
    let settings = Settings::parse(SETTINGS.as_bytes()).map_err(|fault| format!("{fault:?}"))?;
    let keys =
        SessionKeys::from_secret(&[7; 32], Some(&[8; 32])).map_err(|fault| format!("{fault:?}"))?;
    let mut strategy = Strategy { settings, keys, genuine: String::new() };
    let sealed = strategy.probe(&Toy { credulous: false }).session(&asked(&[]), "refresh-me");
    strategy.genuine = sealed.ok_or("no session can be sealed")?;
    Ok(strategy)
});

impl Strategy {
    fn probe<'a>(&'a self, crypto: &'a dyn Crypto) -> Probe<'a> {
        Probe {
            settings: &self.settings,
            strategy: StrategyId::from_bytes([3; 16]),
            keys: &self.keys,
            crypto,
            now: NOW,
        }
    }

    /// A cookie with this content behind the seal.
    fn around(&self, content: &[u8]) -> Option<Vec<u8>> {
        let (name, value) = self.genuine.split_once('=')?;
        let genuine = URL_SAFE_NO_PAD.decode(value).ok()?;
        let head = genuine.get(..2 + 24)?;
        let value = URL_SAFE_NO_PAD.encode([head, content, &[0; TAG]].concat());
        Some([name, "=", &value].concat().into_bytes())
    }
}

const fn asked<'a>(headers: &'a [Header<'a>]) -> Request<'a> {
    let path = b"/callback?code=c&state=s".as_slice();
    Request { method: b"GET", authority: b"app.test", path, headers }
}

/// Judges what is made of cookies.
///
/// # Errors
///
/// When one that nobody sealed opens, or the strategy's reaches the upstream.
pub fn run(data: &[u8]) -> Judged {
    let strategy = STRATEGY.as_ref()?;
    let behind = data.strip_prefix(b"p").map(|content| strategy.around(content));
    let (values, credulous) = match behind {
        Some(value) => (vec![value.ok_or("no cookie can be made")?], true),
        None => {
            let fill = |part| input::replaced(part, b"{session}", strategy.genuine.as_bytes());
            (input::parts(data).map(fill).collect(), false)
        }
    };
    let headers: Vec<Header<'_>> =
        values.iter().map(|value| Header { name: b"Cookie", value }).collect();
    let genuine = data.windows(9).any(|window| window == b"{session}")
        || data.windows(16).any(|window| strategy.genuine.as_bytes().ends_with(window));
    let toy = Toy { credulous };
    let probe = strategy.probe(&toy);
    let probed = probe.open(&asked(&headers));
    coverage::said("cookie", &format!("{probed:?}"), 0);
    if credulous {
        // Each byte that is read leads on.
        coverage::said("cookie content", "length", data.len());
    }
    believed(probed, credulous || genuine)?;
    upstream(&headers, strategy, &probe)
}

fn believed(probed: Probed, may_be: bool) -> Judged {
    match probed {
        Probed::Login { .. } | Probed::Session { .. } if !may_be => {
            Err(format!("{probed:?}, though nobody sealed it"))
        }
        _ => Ok(()),
    }
}

/// What goes upstream has the strategy's cookie nowhere.
fn upstream(headers: &[Header<'_>], strategy: &Strategy, probe: &Probe<'_>) -> Judged {
    let name = strategy.genuine.split('=').next().unwrap_or_default();
    let rest = without(headers, name);
    coverage::said("upstream", &format!("{rest:?}"), 0);
    let left: Vec<Header<'_>> = match &rest {
        Upstream::Unchanged => headers.to_vec(),
        Upstream::Nothing => Vec::new(),
        Upstream::Rest(value) => vec![Header { name: b"cookie", value }],
    };
    hidden(&left, name, probe)
}

fn hidden(left: &[Header<'_>], name: &str, probe: &Probe<'_>) -> Judged {
    if without(left, name) != Upstream::Unchanged || probe.open(&asked(left)) != Probed::Nothing {
        return Err("the strategy's cookie reaches the upstream".into());
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test says what is wrong by failing")]
mod tests {
    use super::*;

    #[test]
    fn a_genuine_cookie_opens_and_what_must_not_be_is_told() {
        let strategy = STRATEGY.as_ref().unwrap();
        let toy = Toy { credulous: false };
        let probe = strategy.probe(&toy);
        let genuine = [Header { name: b"cookie", value: strategy.genuine.as_bytes() }];
        let probed = probe.open(&asked(&genuine));
        assert!(matches!(probed, Probed::Session { .. }), "{probed:?}");
        assert_eq!(believed(probed, true), Ok(()));
        assert!(believed(probed, false).is_err());
        let name = strategy.genuine.split('=').next().unwrap();
        assert!(hidden(&genuine, name, &probe).is_err());
        assert_eq!(upstream(&genuine, strategy, &probe), Ok(()));
        // Behind the seal, the content of the genuine one is read too.
        let value = strategy.genuine.split_once('=').unwrap().1;
        let bytes = URL_SAFE_NO_PAD.decode(value).unwrap();
        let content = &bytes[26..bytes.len() - TAG];
        let value = strategy.around(content).unwrap();
        let headers = [Header { name: b"cookie", value: &value }];
        assert_eq!(probe.open(&asked(&headers)), Probed::Nothing);
        let credulous = Toy { credulous: true };
        let opened = strategy.probe(&credulous).open(&asked(&headers));
        assert!(matches!(opened, Probed::Session { .. }), "{opened:?}");
    }
}
