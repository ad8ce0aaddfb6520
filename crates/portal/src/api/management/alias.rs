//! Resources that are served under two versions of the API: Konnect has them under `/v2`, and some
//! of its guides call them under `/v3`.

use aide::transform::TransformOperation;

/// A version under which a resource is served.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base {
    path: &'static str,
    /// What stands behind the names of its operations.
    suffix: &'static str,
}

/// The resource's own version, and its alias.
pub(super) const BASES: [Base; 2] =
    [Base { path: "/v2", suffix: "" }, Base { path: "/v3", suffix: "-v3" }];

impl Base {
    /// A path under this version.
    pub(super) fn path(self, rest: &str) -> String {
        [self.path, rest].concat()
    }

    /// Describes an operation.
    pub(super) fn operation<'o>(
        self,
        op: TransformOperation<'o>,
        id: &str,
        tag: &str,
    ) -> TransformOperation<'o> {
        let op = op.id(&[id, self.suffix].concat()).tag(tag);
        if self.suffix.is_empty() { op } else { op.summary("The same as under /v2") }
    }

    /// Describes an operation that Konnect does not have.
    pub(super) fn extension<'o>(
        self,
        op: TransformOperation<'o>,
        id: &str,
        tag: &str,
    ) -> TransformOperation<'o> {
        crate::api::extension(self.operation(op, id, tag))
    }
}
