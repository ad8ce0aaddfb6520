//! The management API under `/v2`: API products, and portals as Konnect had them before. It works on
//! what `/v3` works on; `docs/v2-aliases.md` says what is what.

use aide::axum::ApiRouter;
use aide::transform::TransformOperation;

use crate::app::App;

mod application;
mod developer;
mod left_out;
mod portal;
mod portal_product;
mod product;
mod product_version;
mod registration;
mod specification;

pub(super) use self::product_version::name as version_name;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .merge(product::routes())
        .merge(product_version::routes())
        .merge(specification::routes())
        .merge(portal::routes())
        .merge(portal_product::routes())
        .merge(developer::routes())
        .merge(application::routes())
        .merge(registration::routes())
        .merge(left_out::routes())
}

/// Names an operation that `/v3` has under the same name.
fn named<'o>(op: TransformOperation<'o>, id: &str, tag: &str) -> TransformOperation<'o> {
    op.id(&[id, "-v2"].concat()).tag(tag)
}
