//! Where a tenant's endpoints are.

use crate::provider::{Fault, Provider};
use crate::vendor::Base;

/// The endpoints of Microsoft's clouds: the hosts of issuers, the login, and Graph.
const CLOUDS: [(&[&str], &str, &str); 3] = [
    (
        &["sts.windows.net", "login.microsoftonline.com", "login.windows.net"],
        "https://login.microsoftonline.com",
        "https://graph.microsoft.com",
    ),
    (
        &["login.microsoftonline.us"],
        "https://login.microsoftonline.us",
        "https://graph.microsoft.us",
    ),
    (
        &["sts.chinacloudapi.cn", "login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
        "https://login.chinacloudapi.cn",
        "https://microsoftgraph.chinacloudapi.cn",
    ),
];

/// Names that stand for many tenants.
const MANY: [&str; 3] = ["common", "organizations", "consumers"];

/// A tenant's endpoints.
#[derive(Clone, Debug)]
pub(super) struct Cloud {
    /// Where tokens are issued.
    pub(super) login: Base,
    /// Microsoft Graph.
    pub(super) graph: Base,
    /// The tenant.
    pub(super) tenant: String,
}

impl Cloud {
    /// Follows from the issuer, of v1 or v2, unless `login_url` and `graph_url` say otherwise. An
    /// issuer elsewhere has both at its own origin.
    pub(super) fn of(provider: &Provider) -> Result<Self, Fault> {
        let issuer = Base::issuer(&provider.issuer)?;
        let fault = |rule: &str| Fault { field: "issuer".into(), rule: rule.into() };
        let path = issuer.path();
        let tenant = match path.as_slice() {
            [tenant] | [tenant, "v2.0"] => *tenant,
            _ => return Err(fault("must end with the tenant, or with the tenant and /v2.0")),
        };
        if MANY.contains(&tenant) {
            return Err(fault("must name one tenant"));
        }
        let known = CLOUDS.iter().find(|(hosts, ..)| hosts.contains(&issuer.host()));
        let origin = issuer.origin();
        let (login, graph) = match known {
            Some((_, login, graph)) => (*login, *graph),
            None => (origin.text(), origin.text()),
        };
        let base = |member: &str, usual: &str| {
            let text = provider.text(member).filter(|text| !text.is_empty()).unwrap_or(usual);
            Base::parse(&format!("dcr_config.{member}"), text)
        };
        Ok(Self {
            login: base("login_url", login)?,
            graph: base("graph_url", graph)?,
            tenant: tenant.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::provider::Kind;

    fn cloud(issuer: &str, config: serde_json::Value) -> Result<Cloud, Fault> {
        let serde_json::Value::Object(config) = config else { panic!() };
        let issuer = issuer.to_owned();
        Cloud::of(&Provider { kind: Kind::AzureAd, issuer, config, secrets: Map::new() })
    }

    #[test]
    fn endpoints_follow_from_issuers_of_both_versions_and_of_every_cloud() {
        for (issuer, login, graph) in [
            (
                "https://sts.windows.net/t1/",
                "https://login.microsoftonline.com",
                "https://graph.microsoft.com",
            ),
            (
                "https://sts.windows.net/t1",
                "https://login.microsoftonline.com",
                "https://graph.microsoft.com",
            ),
            (
                "https://login.microsoftonline.com/t1/v2.0",
                "https://login.microsoftonline.com",
                "https://graph.microsoft.com",
            ),
            (
                "https://login.microsoftonline.us/t1/v2.0",
                "https://login.microsoftonline.us",
                "https://graph.microsoft.us",
            ),
            (
                "https://sts.chinacloudapi.cn/t1/",
                "https://login.chinacloudapi.cn",
                "https://microsoftgraph.chinacloudapi.cn",
            ),
            ("https://fake.test:8443/t1/", "https://fake.test:8443", "https://fake.test:8443"),
        ] {
            let cloud = cloud(issuer, json!({})).unwrap();
            assert_eq!((cloud.login.text(), cloud.graph.text()), (login, graph), "{issuer}");
            assert_eq!(cloud.tenant, "t1");
        }
        let set = json!({"graph_url": "https://dod-graph.microsoft.us"});
        let cloud = cloud("https://login.microsoftonline.us/t1/v2.0", set).unwrap();
        assert_eq!(cloud.graph.text(), "https://dod-graph.microsoft.us");
    }

    #[test]
    fn an_issuer_of_no_one_tenant_is_refused() {
        for issuer in [
            "https://login.microsoftonline.com/common/v2.0",
            "https://login.microsoftonline.com/",
            "https://login.microsoftonline.com/t1/oauth2/v2.0/token",
        ] {
            assert_eq!(cloud(issuer, json!({})).unwrap_err().field, "issuer", "{issuer}");
        }
        let fault = cloud("https://sts.windows.net/t1", json!({"graph_url": "x"})).unwrap_err();
        assert_eq!(fault.field, "dcr_config.graph_url");
    }
}
