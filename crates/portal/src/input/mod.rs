//! Reading requests strictly: path ids, JSON bodies.
//!
//! The type of a body is its own contract: the JSON Schema derived from it documents the body in
//! `/openapi.json` and checks every body that arrives, so that a refusal can name each field and
//! rule instead of the first thing that did not parse.

use core::any::TypeId;
use core::marker::PhantomData;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, RequestBody, SchemaObject};
use axum::body::{Bytes, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::problem::{Invalid, Problem};

mod given;
mod schema;

pub(crate) use self::given::Given;
pub(crate) use self::schema::{faults, is_uuid};

/// The longest body of most requests.
pub(crate) const BODY_LIMIT: usize = 1 << 20;
/// The longest body of a request that carries a specification.
pub(crate) const SPEC_BODY_LIMIT: usize = 10 << 20;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The ids in the path. One that is no UUID names nothing: 404.
#[derive(Debug)]
pub(crate) struct Ids<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Ids<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let ids = Path::from_request_parts(parts, state).await;
        ids.map(|Path(ids)| Self(ids)).map_err(|_| Problem::not_found())
    }
}

impl<T: JsonSchema> OperationInput for Ids<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Path::<T>::operation_input(ctx, operation);
    }
}

/// What a kind of body allows beyond the type.
pub(crate) trait BodyKind: Send + Sync + 'static {
    /// The most bytes.
    const LIMIT: usize = BODY_LIMIT;
    /// Whether no body at all stands for an empty object.
    const OPTIONAL: bool = false;
    /// Whether a content type other than JSON is refused with 415.
    const MEDIA_TYPE_CHECKED: bool = false;
}

/// An ordinary body.
#[derive(Debug)]
pub(crate) struct Plain;
impl BodyKind for Plain {}

/// A body that may be missing.
#[derive(Debug)]
pub(crate) struct Optional;
impl BodyKind for Optional {
    const OPTIONAL: bool = true;
}

/// A body of the API catalogue, whose contract has a 415, and which may carry a specification.
#[derive(Debug)]
pub(crate) struct Catalogue;
impl BodyKind for Catalogue {
    const LIMIT: usize = SPEC_BODY_LIMIT;
    const MEDIA_TYPE_CHECKED: bool = true;
}

/// A body of the API catalogue without a specification.
#[derive(Debug)]
pub(crate) struct CatalogueSmall;
impl BodyKind for CatalogueSmall {
    const LIMIT: usize = 2 * BODY_LIMIT;
    const MEDIA_TYPE_CHECKED: bool = true;
}

/// A body that carries a long text.
#[derive(Debug)]
pub(crate) struct Text;
impl BodyKind for Text {
    const LIMIT: usize = SPEC_BODY_LIMIT;
}

/// A JSON object that keeps every rule of `T`.
#[derive(Debug)]
pub(crate) struct Body<T, K = Plain>(pub(crate) T, PhantomData<K>);

impl<T, K, S> FromRequest<S> for Body<T, K>
where
    T: DeserializeOwned + JsonSchema + 'static,
    K: BodyKind,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let media_type = request.headers().get(CONTENT_TYPE).map(|value| value.as_bytes().to_vec());
        if K::MEDIA_TYPE_CHECKED && !media_type.as_deref().is_some_and(is_json) {
            return Err(Problem::unsupported_media_type());
        }
        if request.body().size_hint().lower() > K::LIMIT as u64 {
            return Err(Problem::too_large(K::LIMIT));
        }
        let body = axum::body::to_bytes(request.into_body(), K::LIMIT);
        let bytes: Bytes = tokio::time::timeout(BODY_TIMEOUT, body)
            .await
            .map_err(|_| Problem::request_timeout())?
            .map_err(|_| Problem::too_large(K::LIMIT))?;
        if bytes.is_empty() && K::OPTIONAL {
            return parse(b"{}").map(|body| Self(body, PhantomData));
        }
        parse(&bytes).map(|body| Self(body, PhantomData))
    }
}

impl<T: JsonSchema, K: BodyKind> OperationInput for Body<T, K> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        let media = MediaType {
            schema: Some(SchemaObject {
                json_schema: ctx.schema.subschema_for::<T>(),
                example: None,
                external_docs: None,
            }),
            ..MediaType::default()
        };
        let body = RequestBody {
            content: [("application/json".to_owned(), media)].into_iter().collect(),
            required: !K::OPTIONAL,
            ..RequestBody::default()
        };
        aide::operation::set_body(ctx, operation, body);
    }
}

fn is_json(media_type: &[u8]) -> bool {
    let essence = media_type.split(|byte| *byte == b';').next().unwrap_or_default();
    let essence = essence.trim_ascii().to_ascii_lowercase();
    essence == b"application/json"
        || essence.starts_with(b"application/") && essence.ends_with(b"+json")
}

/// Reads a body and checks it against the schema of `T`.
pub(crate) fn parse<T: DeserializeOwned + JsonSchema + 'static>(
    bytes: &[u8],
) -> Result<T, Problem> {
    let blame = |reason: String| Problem::one_invalid(Invalid::body("body", "invalid", reason));
    if core::str::from_utf8(bytes).is_err() {
        return Err(blame("must be UTF-8".into()));
    }
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| blame(format!("must be a JSON object: {error}")))?;
    if !value.is_object() {
        let reason = "must be a JSON object";
        return Err(Problem::one_invalid(Invalid::body("body", "is_object", reason)));
    }
    let faults = schema::faults(&schema_of::<T>(), &value, "");
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    serde_json::from_value(value).map_err(|error| blame(error.to_string()))
}

/// Checks a part of a body, which stands at a place in it, against the schema of `T`: which type it
/// has to be of depends on other parts.
pub(crate) fn check_part<T: JsonSchema + 'static>(value: &Value, at: &str) -> Result<(), Problem> {
    let faults = schema::faults(&schema_of::<T>(), value, at);
    if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
}

type Schemas = RwLock<HashMap<TypeId, Arc<Value>>>;

/// The schema that a body of a type is held to.
pub(crate) fn schema_of<T: JsonSchema + 'static>() -> Arc<Value> {
    static SCHEMAS: LazyLock<Schemas> = LazyLock::new(Schemas::default);
    let id = TypeId::of::<T>();
    if let Some(known) = SCHEMAS.read().ok().and_then(|known| known.get(&id).cloned()) {
        return known;
    }
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    let made = Arc::new(settings.into_generator().into_root_schema_for::<T>().to_value());
    if let Ok(mut known) = SCHEMAS.write() {
        known.insert(id, Arc::clone(&made));
    }
    made
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use axum::response::IntoResponse;

    use super::*;

    #[derive(Debug, serde::Deserialize, JsonSchema)]
    struct Anything {}

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_arrive_is_given_up() {
        let never = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
        let request = Request::new(axum::body::Body::from_stream(never));
        let refused = Body::<Anything>::from_request(request, &()).await.unwrap_err();
        assert_eq!(refused.into_response().status(), StatusCode::REQUEST_TIMEOUT);
    }

    #[test]
    fn json_has_several_names() {
        for (media_type, json) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/merge-patch+json", true),
            ("text/json", false),
            ("application/jsonx", false),
            ("", false),
        ] {
            assert_eq!(is_json(media_type.as_bytes()), json, "{media_type}");
        }
    }
}
