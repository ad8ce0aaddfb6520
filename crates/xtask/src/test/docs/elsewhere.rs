//! Which pages begin without a portal, and which commands of pages are not run, and why that leaves no
//! gap.

/// Pages that start a portal themselves, or need none.
pub(super) const CHECKOUTS: &[&str] =
    &["authorization-servers.md", "quick-start-envoy.md", "testing-filters.md"];

const CLUSTER: &str = "needs a Kubernetes cluster; the files that it names are checked by the tests \
                       of `gatekey-filter`";
const KONG: &str = "needs a Kong or an nginx with ngx_wasm_module; the files that it names run on the \
                    harness's profiles in the tests of `gatekey-filter`";
const BUILT: &str = "the stages `filters` and `native` build both";

const IN_ITS_STAGE: &str = "a stage of `cargo xtask test` runs it";

/// Page, first line of the block, reason.
pub(super) const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("authorization-servers.md", "cargo xtask demo --check", IN_ITS_STAGE),
    (
        "clients-at-providers.md",
        "gatekey dcr forget ID",
        "needs an identity provider that lost a client: the tests of `gatekey-providers` have one",
    ),
    ("quick-start-envoy-gateway.md", "cargo xtask build-filters", BUILT),
    ("quick-start-envoy-gateway.md", DOCKER, CLUSTER),
    (
        "quick-start-envoy-gateway.md",
        "sed 's#GATEKEY_MODULE#registry.example.com/gatekey:0.1#' examples/envoy-gateway/gatekey.yaml > gatekey.yaml",
        CLUSTER,
    ),
    (
        "quick-start-envoy-gateway.md",
        "kubectl get envoyextensionpolicy,envoypatchpolicy --output yaml | grep -A5 conditions",
        CLUSTER,
    ),
    ("quick-start-envoy.md", "cargo build --package gatekey-portal", BUILT),
    ("quick-start-envoy.md", "export PATH=\"$PWD/target/debug:$PATH\"", "so it is here"),
    ("quick-start-istio.md", "cargo xtask build-filters", BUILT),
    ("quick-start-istio.md", DOCKER, CLUSTER),
    (
        "quick-start-istio.md",
        "sed 's#GATEKEY_MODULE#registry.example.com/gatekey:0.1#' examples/istio/gateway.yaml > gatekey.yaml",
        CLUSTER,
    ),
    (
        "quick-start-istio.md",
        "kubectl --namespace istio-ingress logs deployment/istio-ingress | grep gatekey",
        CLUSTER,
    ),
    ("quick-start-kong.md", "cargo xtask build-filters", BUILT),
    ("quick-start-kong.md", "mkdir -p /etc/kong/filters", KONG),
    ("quick-start-kong.md", "kong config parse kong.yml", KONG),
    (
        "scaling.md",
        "gatekey restore --from gatekey-backup.db --secrets gatekey-secrets.json",
        "needs the portal to be down: `operating.md` restores into another folder, and the tests of \
         `gatekey-portal` here",
    ),
    ("testing-filters.md", "cargo build --package gatekey-host-harness", BUILT),
    (
        "tracing-a-refusal.md",
        "gatekey explain --url https://portal.example.com --token-file gateway-token --gateway edge \\",
        "needs a gateway's log: the tests of `gatekey-portal` (`explain_logged`) have one of the filter's",
    ),
];

const DOCKER: &str = "docker build --file examples/istio/Dockerfile --tag registry.example.com/gatekey:0.1 target/filters";
