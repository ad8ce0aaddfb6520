//! A gateway, with what is around it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use crate::envoy::{self, Bootstrap};
use crate::http::{Answer, exchange, get};
use crate::policy::{self, Service};
use crate::process::{Folder, Program, free_port};
use crate::tools::Tools;
use crate::upstream::Upstream;

/// A gateway before it is started: where it will be is known, so that providers can be told.
#[derive(Debug)]
pub struct Plan {
    tools: Tools,
    port: u16,
    providers: Vec<String>,
    services: Vec<Service>,
    workers: u32,
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
        let (services, providers) = (Vec::new(), Vec::new());
        Plan { tools: tools.clone(), port: free_port(), providers, services, workers: 1 }
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

    /// Adds a provider that the gateway may call, by its address.
    #[must_use]
    pub fn provider(mut self, authority: &str) -> Self {
        self.providers.push(authority.to_owned());
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
        let ports: Vec<u16> = self.providers.iter().map(|provider| port_of(provider)).collect();
        let names: Vec<&str> = self.services.iter().map(|known| known.name.as_str()).collect();
        let bootstrap = Bootstrap {
            port: self.port,
            admin,
            upstream: upstream.port,
            providers: &ports,
            services: &names,
            filter_configuration: &self.filter_configuration().to_string(),
            workers: self.workers,
        };
        let envoy = envoy::start(&self.tools, &folder, &bootstrap);
        World { envoy, _folder: folder, upstream, port: self.port, admin }
    }

    fn filter_configuration(&self) -> Value {
        let mut upstreams = Map::new();
        for authority in &self.providers {
            let cluster = envoy::cluster_of(port_of(authority));
            upstreams.insert(
                authority.clone(),
                json!({"envoy_cluster": cluster, "authority": authority}),
            );
        }
        let clients = self.providers.iter().map(|authority| {
            json!({
                "issuer": format!("http://{authority}"),
                "client_id": "gateway",
                "client_secret": crate::oidc_provider::secret("gateway"),
            })
        });
        let clients: Vec<_> = clients.collect();
        json!({
            "version": 1,
            "gateway_id": policy::gateway().to_string(),
            "peppers": [{"id": "first", "secret": BASE64.encode([7; 32])}],
            "snapshot_keys": [BASE64.encode(policy::signing_key().verifying_key().as_bytes())],
            "snapshot": {"inline": BASE64.encode(policy::bundle(&self.services))},
            "providers": clients,
            "upstreams": upstreams,
            "session": {"secret": BASE64.encode([9; 32])},
        })
    }
}

fn port_of(authority: &str) -> u16 {
    let (_, port) = authority.split_once(':').expect("an address with a port");
    port.parse().expect("a port")
}
