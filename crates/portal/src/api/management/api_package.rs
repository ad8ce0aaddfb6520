//! `/v3/api-packages`: left out. Packages bundle operations of several APIs and are enforced per
//! operation; policies here know services.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with, patch_with, post_with, put_with};
use aide::transform::TransformOperation;

use crate::actor::Admin;
use crate::app::App;
use crate::problem::Problem;

/// Method, path below `/v3/api-packages`, and operation.
const OPERATIONS: [(&str, &str, &str); 26] = [
    ("get", "", "list-api-packages"),
    ("post", "", "create-api-package"),
    ("get", "/{packageId}", "get-api-package"),
    ("patch", "/{packageId}", "patch-api-package"),
    ("delete", "/{packageId}", "delete-api-package"),
    ("put", "/{packageId}/publications/{portalId}", "publish-api-package-to-portal"),
    ("get", "/{packageId}/publications/{portalId}", "fetch-api-package-publication"),
    ("delete", "/{packageId}/publications/{portalId}", "delete-api-package-publication"),
    ("post", "/{packageId}/documents", "create-api-package-document"),
    ("get", "/{packageId}/documents", "list-api-package-documents"),
    ("get", "/{packageId}/documents/{documentId}", "fetch-api-package-document"),
    ("patch", "/{packageId}/documents/{documentId}", "update-api-package-document"),
    ("delete", "/{packageId}/documents/{documentId}", "delete-api-package-document"),
    ("post", "/{packageId}/documents/{documentId}/move", "move-api-package-document"),
    ("get", "/{packageId}/operations", "list-api-packages-operations"),
    ("patch", "/{packageId}/operations", "update-api-package-operations"),
    ("get", "/{packageId}/operations/{operationId}", "get-api-packages-operation"),
    ("delete", "/{packageId}/operations/{operationId}", "remove-api-package-operation"),
    ("put", "/{packageId}/current-specification", "update-api-package-current-specification"),
    ("get", "/{packageId}/current-specification", "get-api-package-current-specification"),
    ("delete", "/{packageId}/current-specification", "delete-api-package-current-specification"),
    ("get", "/{packageId}/computed-specification", "get-api-package-computed-specification"),
    ("put", "/{packageId}/images/{imageType}", "upsert-api-package-image"),
    ("get", "/{packageId}/images/{imageType}", "fetch-api-package-image"),
    ("delete", "/{packageId}/images/{imageType}", "delete-api-package-image"),
    ("get", "/{packageId}/images/{imageType}/raw", "fetch-api-package-raw-image"),
];

pub(super) fn routes() -> ApiRouter<App> {
    let mut router = ApiRouter::new();
    for (method, path, id) in OPERATIONS {
        let method = match method {
            "get" => get_with(left_out, |op| described(op, id)),
            "post" => post_with(left_out, |op| described(op, id)),
            "put" => put_with(left_out, |op| described(op, id)),
            "patch" => patch_with(left_out, |op| described(op, id)),
            _ => delete_with(left_out, |op| described(op, id)),
        };
        router = router.api_route(&format!("/v3/api-packages{path}"), method);
    }
    router
}

fn described<'o>(op: TransformOperation<'o>, id: &str) -> TransformOperation<'o> {
    op.id(id).tag("API packages").summary("Left out.")
}

async fn left_out(_: Admin) -> Problem {
    Problem::not_implemented("API packages are left out: publish the APIs themselves")
}
