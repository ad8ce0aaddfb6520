//! A gateway, with what is around it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::envoy::{self, Bootstrap};
use crate::http::{Answer, exchange, get};
use crate::policy::{self, Service};
use crate::portal::Portal;
use crate::process::{Folder, Program, free_port};
use crate::tools::Tools;
use crate::upstream::Upstream;

/// A gateway before it is started: where it will be is known, so that providers can be told.
#[derive(Debug)]
pub struct Plan {
    tools: Tools,
    port: u16,
    providers: Vec<String>,
    clients: Vec<Value>,
    services: Vec<Service>,
    followed: Option<Followed>,
    workers: u32,
    module: &'static str,
}

/// A portal whose word is the policy.
#[derive(Debug)]
struct Followed {
    configuration: Value,
    port: u16,
    routes: Vec<(String, String)>,
}

/// A running gateway, and the upstream behind it.
#[derive(Debug)]
pub struct World {
    envoy: Program,
    _folder: Folder,
    upstream: Upstream,
    port: u16,
    admin: u16,
}

impl World {
    /// Begins a plan.
    #[must_use]
    pub fn plan(tools: &Tools) -> Plan {
        Plan {
            tools: tools.clone(),
            port: free_port(),
            providers: Vec::new(),
            clients: Vec::new(),
            services: Vec::new(),
            followed: None,
            workers: 1,
            module: "gatekey_openid_connect",
        }
    }

    /// The address of something behind the gateway.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Asks for a page behind the gateway.
    #[must_use]
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        get(&self.url(path), headers)
    }

    /// Asks for a page with a bearer token.
    #[must_use]
    pub fn bearer(&self, path: &str, token: &str) -> Answer {
        self.get(path, &[("authorization", &format!("Bearer {token}"))])
    }

    /// Asks with any method.
    #[must_use]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        exchange(method, &self.url(path), headers, "")
    }

    /// How many requests the upstream got.
    #[must_use]
    pub fn upstream_count(&self) -> u64 {
        self.upstream.count()
    }

    /// What Envoy and the filter wrote so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.envoy.log()
    }

    /// Envoy's metrics, in the form of Prometheus.
    #[must_use]
    pub fn metrics(&self) -> String {
        get(&format!("http://127.0.0.1:{}/stats/prometheus", self.admin), &[]).body
    }
}

impl Plan {
    /// The address of something behind the gateway, for a browser: the providers are on 127.0.0.1,
    /// and the gateway is a site of its own.
    #[must_use]
    pub fn site(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// Adds a provider that the gateway may call, by its address, which is also its issuer's. The
    /// gateway's own client there is `gateway`.
    #[must_use]
    pub fn provider(self, authority: &str) -> Self {
        let secret = crate::oidc_provider::secret("gateway");
        let issuer = format!("http://{authority}");
        self.upstream(authority).own_client(&issuer, "gateway", &secret)
    }

    /// Adds an address that the gateway may call.
    #[must_use]
    pub fn upstream(mut self, authority: &str) -> Self {
        self.providers.push(authority.to_owned());
        self
    }

    /// Gives the gateway a client of its own at an issuer.
    #[must_use]
    pub fn own_client(mut self, issuer: &str, id: &str, secret: &str) -> Self {
        let client = json!({"issuer": issuer, "client_id": id, "client_secret": secret});
        self.clients.push(client);
        self
    }

    /// The gateway follows a portal, where it has this name or id, instead of holding a policy of
    /// the test. Each route is a prefix of paths and the service that it leads to. It is configured
    /// by what the portal's command prints now: the portal's authorization servers can be called
    /// if a strategy names them already.
    ///
    /// # Panics
    ///
    /// When the portal does not know the gateway.
    #[must_use]
    pub fn following(mut self, portal: &Portal, gateway: &str, routes: &[(&str, &str)]) -> Self {
        let cluster = envoy::cluster_of(portal.port());
        let printed = portal.command(&[
            "gateway",
            "filter-config",
            "--gateway",
            gateway,
            "--portal-cluster",
            &cluster,
            "--portal-authority",
            &portal.authority(),
        ]);
        let configuration = serde_json::from_str(&printed).expect("a configuration of the filter");
        let owned =
            |(prefix, service): &(&str, &str)| ((*prefix).to_owned(), (*service).to_owned());
        let routes = routes.iter().map(owned).collect();
        self.followed = Some(Followed { configuration, port: portal.port(), routes });
        self
    }

    /// Adds a service.
    #[must_use]
    pub fn service(mut self, service: Service) -> Self {
        self.services.push(service);
        self
    }

    /// How many workers Envoy has: one, if nothing is said.
    #[must_use]
    pub fn workers(mut self, workers: u32) -> Self {
        self.workers = workers;
        self
    }

    /// The filter that knows every kind of strategy, keys too, not that of OpenID Connect alone.
    #[must_use]
    pub const fn every_strategy(mut self) -> Self {
        self.module = "gatekey_application_auth";
        self
    }

    /// Starts the gateway.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start(self) -> World {
        let upstream = Upstream::start();
        let admin = free_port();
        let folder = Folder::new("gateway");
        let followed = self.followed.iter().map(|followed| followed.port);
        let providers = self.providers.iter().map(|provider| port_of(provider));
        let ports: Vec<u16> = providers.chain(followed).collect();
        let routes = match &self.followed {
            Some(followed) => followed.routes.clone(),
            None => {
                let names = self.services.iter().map(|known| known.name.clone());
                names.map(|name| (format!("/{name}"), name)).collect()
            }
        };
        let bootstrap = Bootstrap {
            port: self.port,
            admin,
            upstream: upstream.port,
            providers: &ports,
            routes: &routes,
            module: self.module,
            filter_configuration: &self.filter_configuration().to_string(),
            workers: self.workers,
        };
        let envoy = envoy::start(&self.tools, &folder, &bootstrap);
        World { envoy, _folder: folder, upstream, port: self.port, admin }
    }

    fn filter_configuration(&self) -> Value {
        let mut configuration = match &self.followed {
            Some(followed) => followed.configuration.clone(),
            None => self.embedded(),
        };
        for authority in &self.providers {
            let cluster = envoy::cluster_of(port_of(authority));
            configuration["upstreams"][authority] =
                json!({"envoy_cluster": cluster, "authority": authority});
        }
        configuration["providers"] = json!(self.clients);
        configuration["session"] = json!({"secret": BASE64.encode([9; 32])});
        configuration
    }

    /// A policy of the test.
    fn embedded(&self) -> Value {
        json!({
            "version": 1,
            "gateway_id": policy::gateway().to_string(),
            "peppers": [{"id": "first", "secret": BASE64.encode([7; 32])}],
            "snapshot_keys": [BASE64.encode(policy::signing_key().verifying_key().as_bytes())],
            "snapshot": {"inline": BASE64.encode(policy::bundle(&self.services))},
        })
    }
}

fn port_of(authority: &str) -> u16 {
    let (_, port) = authority.split_once(':').expect("an address with a port");
    port.parse().expect("a port")
}
