//! Where keys come from: made here, chosen by an administrator, or known by a digest alone.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatekey_core::digest::Digest;
use gatekey_core::key::ENTROPY_BYTES;
use gatekey_core::lifecycle::credential::{
    self as lifecycle, MAX_CHOSEN_CHARS, MIN_CHOSEN_CHARS, MIN_CHOSEN_KINDS, Unfit, check_chosen,
};
use gatekey_core::secret::Secret;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{count, date, millis, notice_at, refusal, seconds};
use crate::app::App;
use crate::entropy;
use crate::event;
use crate::input::Given;
use crate::problem::{Invalid, Problem};
use crate::revision::{ChangeSet, record};
use crate::store::entity::credential::{CHOSEN, IMPORTED, ISSUED};
use crate::store::entity::{application, credential};
use crate::usecase::strategy::{self, KEY_AUTH, KeyAuth};

/// The scheme of a digest under a pepper.
pub(crate) const HMAC_SHA256: &str = "hmac-sha256";
/// The scheme of a plain digest.
pub(crate) const SHA256: &str = "sha256";
const DIGEST_BYTES: usize = 32;

/// How a digest was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) enum Algorithm {
    /// HMAC-SHA-256 under a pepper of this portal.
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
    /// Plain SHA-256: only for keys that nobody can guess.
    #[serde(rename = "sha256")]
    Sha256,
}

/// The digest of a key that was made elsewhere.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CredentialDigest")]
pub(crate) struct DigestBody {
    algorithm: Algorithm,
    /// 32 bytes, in hex or base64.
    #[schemars(length(min = 43, max = 64))]
    value: String,
    /// The pepper of an `hmac-sha256`; the portal's newest, if absent.
    #[serde(default)]
    #[schemars(length(min = 1, max = 32))]
    pepper_id: Given<String>,
}

/// A key to add, as an administrator asks. Without `value` and `digest` one is made and shown.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewAdminCredential")]
pub(crate) struct AdminCredential {
    #[serde(default)]
    #[schemars(length(max = 255))]
    display_name: Given<String>,
    /// RFC 3339, in the future; null for a key that does not end. As the auth strategy says, if
    /// absent.
    #[serde(default)]
    #[schemars(extend("format" = "date-time"))]
    expires_at: Given<Option<String>>,
    /// The key itself, chosen or brought along: 16 to 512 visible ASCII characters, 8 of them
    /// different. Only its digest is kept.
    #[serde(default)]
    #[schemars(length(min = 16, max = 512))]
    value: Given<String>,
    /// The digest of a key that its owner has already.
    #[serde(default)]
    digest: Given<DigestBody>,
}

/// Where a key comes from.
#[derive(Debug)]
pub(crate) enum Source {
    /// It is made here.
    Issued,
    /// Somebody chose it, or brought it along.
    Chosen(Secret<String>),
    /// Only its digest is known.
    Imported {
        /// How the digest was made.
        algorithm: Algorithm,
        /// The digest.
        digest: Digest,
        /// The pepper of the digest; empty for a plain one.
        pepper_id: String,
    },
}

/// When a key is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// After the strategy's time to live.
    AsTheStrategySays,
    /// Then, or never.
    At(Option<i64>),
}

/// A key to add to an application.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Its name.
    pub(crate) display_name: Option<String>,
    /// When it ends.
    pub(crate) end: End,
    /// Where it comes from.
    pub(crate) source: Source,
}

/// Adds a key to an application of a portal. The answer holds the key if it was made here.
pub(crate) async fn create(
    app: &App,
    portal: Uuid,
    application: Uuid,
    new: AdminCredential,
) -> Result<(credential::Model, Option<Secret<String>>), Problem> {
    let wanted = read(app, new)?;
    let mut tx = app.store.change().await?;
    let application = super::application::find(&*tx, portal, application).await?;
    let made = add(app, &mut tx, &application, wanted).await?;
    tx.commit().await?;
    event::wake(app);
    Ok(made)
}

/// Reads what an administrator asks for.
fn read(app: &App, new: AdminCredential) -> Result<Wanted, Problem> {
    let end = match new.expires_at {
        Given::No => End::AsTheStrategySays,
        Given::Yes(None) => End::At(None),
        Given::Yes(Some(text)) => {
            let end = date("expires_at", &text)?;
            if end <= app.clock.now() {
                let fault = Invalid::body("expires_at", "min", "must be in the future");
                return Err(Problem::one_invalid(fault));
            }
            End::At(Some(end))
        }
    };
    let source = match (new.value, new.digest) {
        (Given::No, Given::No) => Source::Issued,
        (Given::Yes(value), Given::No) => {
            let value = Secret::new(value);
            check_chosen(value.expose().as_bytes()).map_err(unfit)?;
            Source::Chosen(value)
        }
        (Given::No, Given::Yes(digest)) => imported(app, &digest)?,
        (Given::Yes(_), Given::Yes(_)) => {
            let reason = "must not be given together with value";
            return Err(Problem::one_invalid(Invalid::body("digest", "invalid", reason)));
        }
    };
    Ok(Wanted { display_name: new.display_name.value(), end, source })
}

fn imported(app: &App, body: &DigestBody) -> Result<Source, Problem> {
    let algorithm = body.algorithm;
    let digest = digest(&body.value).ok_or_else(|| {
        let reason = "must be 32 bytes, in hex or base64";
        Problem::one_invalid(Invalid::body("digest.value", "invalid", reason))
    })?;
    let blame =
        |rule, reason| Problem::one_invalid(Invalid::body("digest.pepper_id", rule, reason));
    let pepper_id = match (algorithm, &body.pepper_id) {
        (Algorithm::Sha256, Given::No) => String::new(),
        (Algorithm::Sha256, Given::Yes(_)) => {
            return Err(blame("invalid", "is only for hmac-sha256"));
        }
        (Algorithm::HmacSha256, Given::No) => newest_pepper(app)?.id().to_owned(),
        (Algorithm::HmacSha256, Given::Yes(id)) => {
            let known = app.secrets.peppers.iter().any(|known| known.pepper.id() == id);
            if !known {
                return Err(blame("missing_reference", "Pepper not found"));
            }
            id.clone()
        }
    };
    Ok(Source::Imported { algorithm, digest, pepper_id })
}

/// Reads a digest, in hex or in base64.
pub(crate) fn digest(text: &str) -> Option<Digest> {
    let nibble =
        |byte: u8| char::from(byte).to_digit(16).and_then(|nibble| u8::try_from(nibble).ok());
    let bytes: Vec<u8> = if text.len() == 2 * DIGEST_BYTES {
        let pairs = text.as_bytes().as_chunks::<2>().0.iter();
        pairs.map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?)).collect::<Option<_>>()?
    } else {
        // Padded or not, and in either alphabet.
        let plain = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
        STANDARD.decode(format!("{plain}=")).ok()?
    };
    bytes.try_into().ok().map(Digest::from_bytes)
}

fn newest_pepper(app: &App) -> Result<&gatekey_core::digest::Pepper, Problem> {
    let newest = app.secrets.peppers.first().map(|newest| &newest.pepper);
    newest.ok_or_else(|| Problem::internal("there is no pepper"))
}

/// Adds a key to an application, in a transaction of the caller's. The answer holds the key if it
/// was made here.
pub(crate) async fn add(
    app: &App,
    tx: &mut ChangeSet,
    application: &application::Model,
    wanted: Wanted,
) -> Result<(credential::Model, Option<Secret<String>>), Problem> {
    let strategy = strategy::find(&**tx, application.strategy_id).await?;
    if strategy.kind != KEY_AUTH {
        return Err(Problem::conflict("The auth strategy of the application has no API keys"));
    }
    let held = count(&**tx, application.id).await?;
    let (now, ttl) = (app.clock.now(), KeyAuth::of(&strategy)?.lifetime());
    let (_, end) = lifecycle::create(held, ttl, seconds(now))
        .map_err(|refused| refusal(refused, "expires_at"))?;
    let end = match wanted.end {
        End::AsTheStrategySays => end.map(millis),
        End::At(end) => end,
    };
    insert(app, tx, application, wanted.display_name, end, wanted.source).await
}

/// Puts a key into the database and before the gateways.
pub(super) async fn insert(
    app: &App,
    tx: &mut ChangeSet,
    application: &application::Model,
    display_name: Option<String>,
    end: Option<i64>,
    source: Source,
) -> Result<(credential::Model, Option<Secret<String>>), Problem> {
    let now = app.clock.now();
    let newest = newest_pepper(app)?;
    let hmac = |key: &str| (HMAC_SHA256, newest.id().to_owned(), newest.digest(key.as_bytes()));
    let (id, origin, key, (scheme, pepper_id, digest)) = match source {
        Source::Issued => {
            let issued = app.config.key_format.issue(&entropy::bytes::<ENTROPY_BYTES>()?);
            let digest = hmac(issued.key.expose());
            (issued.credential.uuid(), ISSUED, Some(issued.key), digest)
        }
        Source::Chosen(value) => {
            refuse_twin(&**tx, &every_digest(app, value.expose())).await?;
            (Uuid::now_v7(), CHOSEN, None, hmac(value.expose()))
        }
        Source::Imported { algorithm, digest, pepper_id } => {
            refuse_twin(&**tx, &[digest]).await?;
            let scheme = match algorithm {
                Algorithm::HmacSha256 => HMAC_SHA256,
                Algorithm::Sha256 => SHA256,
            };
            (Uuid::now_v7(), IMPORTED, None, (scheme, pepper_id, digest))
        }
    };
    let made = credential::Model {
        id,
        application_id: application.id,
        display_name,
        scheme: scheme.into(),
        pepper_id,
        digest: digest.as_bytes().to_vec(),
        expires_at: end,
        last_used_at: None,
        origin: origin.into(),
        rotated_at: None,
        retire_idle_hours: None,
        retired_at: None,
        successor_id: None,
        notice_at: notice_at(now, end),
        created_at: now,
        updated_at: now,
    };
    let made = made.into_active_model().insert(&**tx).await?;
    if let Some(known) = record::credential(&made) {
        tx.put(known);
    }
    event::credential(app, &**tx, event::Kind::CredentialCreated, &made, application).await?;
    Ok((made, key))
}

/// Every digest under which a key could be known already.
fn every_digest(app: &App, key: &str) -> Vec<Digest> {
    let peppered = app.secrets.peppers.iter().map(|known| known.pepper.digest(key.as_bytes()));
    peppered.chain([Digest::sha256(key.as_bytes())]).collect()
}

/// Gateways look a key up by its digest: it can be one application's only.
async fn refuse_twin(db: &impl ConnectionTrait, digests: &[Digest]) -> Result<(), Problem> {
    let digests = digests.iter().map(|digest| digest.as_bytes().to_vec());
    let twins = credential::Entity::find().filter(credential::Column::Digest.is_in(digests));
    match twins.one(db).await? {
        Some(_) => Err(Problem::conflict("The key is known already")),
        None => Ok(()),
    }
}

fn unfit(unfit: Unfit) -> Problem {
    let blame = |rule, reason: String| Invalid::body("value", rule, reason);
    Problem::one_invalid(match unfit {
        Unfit::TooShort => {
            let reason = format!("must have at least {MIN_CHOSEN_CHARS} characters");
            blame("min_length", reason).at_least(MIN_CHOSEN_CHARS as u64)
        }
        Unfit::TooLong => {
            let reason = format!("must have at most {MAX_CHOSEN_CHARS} characters");
            blame("max_length", reason).at_most(MAX_CHOSEN_CHARS as u64)
        }
        Unfit::NotVisible => {
            blame("invalid", "must have only visible ASCII characters, without spaces".into())
        }
        Unfit::TooSimple => {
            blame("invalid", format!("must have at least {MIN_CHOSEN_KINDS} different characters"))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_in_hex_and_base64() {
        let known = Digest::sha256(b"key");
        let base64 = STANDARD.encode(known.as_bytes());
        let url = base64.replace('+', "-").replace('/', "_");
        let unpadded = url.trim_end_matches('=');
        let hex = known.to_string();
        for text in [&*hex, &hex.to_uppercase(), &base64, &url, unpadded] {
            assert_eq!(digest(text), Some(known), "{text}");
        }
        for text in ["", "zz", hex.get(..62).unwrap(), &"g".repeat(64), "AAAA"] {
            assert_eq!(digest(text), None, "{text}");
        }
    }
}
