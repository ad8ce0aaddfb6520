//! The compiled filter in a real Envoy: one process, one listener for each configuration and for
//! each service that its routes name. Everything speaks over Unix sockets, so no port is in the way.

mod bootstrap;
mod http;

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use gatekey_scenarios::document::Request;
use gatekey_scenarios::subject::fields;
use gatekey_scenarios::{Host, Module, Outcome, Scenario, Subject, Transcript};

use serde_json::Value;

use crate::answer;
use crate::configuration;

/// Each listener compiles its configuration; a busy machine takes its time.
const START: Duration = Duration::from_secs(120);

pub(crate) struct Envoy {
    process: Child,
    folder: PathBuf,
    /// Members of every configuration beside those of the scenarios.
    more: Value,
    /// The socket of each configuration under each service that a route names.
    sockets: BTreeMap<(String, Option<String>), PathBuf>,
}

impl Envoy {
    /// The second at which a story begins that is told here.
    pub(crate) fn now() -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
    }

    /// Starts an Envoy for scenarios that begin now.
    pub(crate) fn start(envoy: &Path, filters: &Path, scenarios: &[Scenario]) -> Self {
        Self::start_with(envoy, filters, scenarios, &Value::Null, "wasm:info")
    }

    /// The same with these members in every configuration, and with a log of this level.
    pub(crate) fn start_with(
        envoy: &Path,
        filters: &Path,
        scenarios: &[Scenario],
        more: &Value,
        log: &str,
    ) -> Self {
        // Sockets have short names: the target folder's path may be too long for them.
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let (process, number) = (std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(format!("gatekey-scenarios-{process}-{number}"));
        fs::create_dir_all(&folder).unwrap();
        let upstream = folder.join("upstream");
        let listener = UnixListener::bind(&upstream).unwrap();
        std::thread::spawn(move || http::echo(&listener));
        let (mut sockets, mut listeners) = (BTreeMap::new(), Vec::new());
        for scenario in scenarios {
            let configuration = with(scenario, more);
            let filter = filters.join(Module::of(scenario).file());
            for request in scenario.requests() {
                let service = route_service(scenario, request);
                let socket = folder.join(format!("{}", sockets.len()));
                let place = sockets.entry((configuration.clone(), service.clone()));
                place.or_insert_with(|| {
                    listeners.push(bootstrap::listener(
                        &socket,
                        &filter,
                        &configuration,
                        service.as_deref(),
                    ));
                    socket
                });
            }
        }
        let bootstrap = folder.join("bootstrap.json");
        fs::write(&bootstrap, bootstrap::of(&listeners, &upstream).to_string()).unwrap();
        let file = File::create(folder.join("log")).unwrap();
        let process = Command::new(envoy)
            .args(["--concurrency", "1", "--disable-hot-restart"])
            .args(["--log-level", "warn", "--component-log-level", log])
            .arg("--config-path")
            .arg(&bootstrap)
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        let mut envoy = Self { process, folder, more: more.clone(), sockets };
        envoy.await_listeners();
        envoy
    }

    fn await_listeners(&mut self) {
        let started = Instant::now();
        for socket in self.sockets.values() {
            while UnixStream::connect(socket).is_err() {
                let ended = self.process.try_wait().unwrap();
                if ended.is_some() || started.elapsed() > START {
                    panic!("Envoy does not listen ({ended:?}):\n{}", self.log());
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }

    /// Envoy's log, the filter's words among it.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap()
    }

    fn request(&self, scenario: &Scenario, request: &Request) -> Result<Outcome, String> {
        let configuration = with(scenario, &self.more);
        let place = (configuration, route_service(scenario, request));
        let socket = self.sockets.get(&place).ok_or("no listener")?;
        let cast = &scenario.cast;
        let sent = fields(scenario, request)?;
        let mut head = Vec::new();
        let line = |head: &mut Vec<u8>, name: &str, value: &[u8]| {
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        };
        let target = cast.text(&request.path)?;
        head.extend_from_slice(format!("{} {target} HTTP/1.1\r\n", request.method).as_bytes());
        line(&mut head, "host", cast.text(&request.authority)?.as_bytes());
        for (name, value) in &request.headers {
            line(&mut head, name, &cast.value(value)?);
        }
        for (name, value) in sent.iter().skip(request.headers.len()) {
            line(&mut head, name, value);
        }
        if let Some(address) = &request.client_address {
            // Over a Unix socket Envoy takes the client for whom the proxy before it names.
            line(&mut head, "x-forwarded-for", address.as_bytes());
        }
        head.extend_from_slice(b"connection: close\r\n\r\n");
        let response = http::exchange(socket, &head).map_err(|error| error.to_string())?;
        Ok(match response.headers.iter().find(|(name, _)| name == http::FROM_UPSTREAM) {
            Some(_) => answer::allowed(http::head(&response.body).1, &sent),
            None => {
                let details = response.headers.iter().find(|(name, _)| name == bootstrap::DETAILS);
                let details = details.map(|(_, value)| String::from_utf8_lossy(value).into_owned());
                let details = details.unwrap_or_default();
                answer::denied(response.status, &response.headers, &response.body, &details)
            }
        })
    }
}

/// The configuration for a scenario, with these members.
fn with(scenario: &Scenario, more: &Value) -> String {
    let start = scenario.cast.start();
    let mut configuration = configuration::of(scenario, Host::Envoy, start, false);
    let members = more.as_object().into_iter().flatten();
    for (name, value) in members {
        configuration[name] = value.clone();
    }
    configuration.to_string()
}

/// The service that the route of a request names.
fn route_service(scenario: &Scenario, request: &Request) -> Option<String> {
    request.route_metadata_service.as_ref().map(|text| scenario.cast.text(text).unwrap())
}

impl Subject for Envoy {
    fn name(&self) -> &'static str {
        "envoy"
    }

    fn run(&mut self, scenario: &Scenario) -> Transcript {
        let requests = scenario.requests();
        requests
            .map(|request| self.request(scenario, request).unwrap_or_else(Outcome::Broken))
            .collect()
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
