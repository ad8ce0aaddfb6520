//! Applications of developers.
use crate::Web;
use axum::Router;
pub(super) fn routes() -> Router<Web> {
    Router::new()
}
