//! The state of a VM: its configurations, and which of them a stream belongs to.
//!
//! Nothing is kept for a stream as long as the VM holds one configuration. When a host loads a
//! second one into the same VM (Envoy does while an updated listener drains), new streams are noted
//! until their headers arrive, in a bounded table; a stream that is not in it is refused. Roots
//! whose ticks have ended are dropped, so that the module need not export `proxy_on_delete`.

use core::cell::RefCell;
use std::collections::VecDeque;

use gatekey_core::check::{Denial, Methods};
use gatekey_core::time::UnixMillis;

use crate::config::Config;
use crate::host::{self, LogLevel};
use crate::respond;
use crate::root::{Root, TICK_MS};
use crate::stream;

/// The most streams that wait for their headers while there are several configurations.
const MAX_NOTED: usize = 65_536;
/// A root that has not ticked for this long, while another has, is gone.
const GONE_MS: u64 = 60_000;

thread_local! {
    static VM: RefCell<Vm> = const { RefCell::new(Vm::new()) };
}

#[derive(Debug)]
struct Vm {
    roots: Vec<(u32, Root)>,
    /// There has been more than one configuration.
    several: bool,
    /// The root of each stream whose headers are still to come.
    noted: VecDeque<(u32, u32)>,
    /// Streams below this number were made when there was one root: this one.
    before: Option<Before>,
}

#[derive(Clone, Copy, Debug)]
struct Before {
    stream: u32,
    root: u32,
    until: UnixMillis,
}

impl Vm {
    const fn new() -> Self {
        Self { roots: Vec::new(), several: false, noted: VecDeque::new(), before: None }
    }

    fn root(&mut self, context: u32) -> Option<&mut Root> {
        self.roots.iter_mut().find(|(id, _)| *id == context).map(|(_, root)| root)
    }

    fn root_of_stream(&mut self, stream: u32) -> Option<&mut Root> {
        if !self.several {
            return self.roots.first_mut().map(|(_, root)| root);
        }
        let earlier = self.before.filter(|before| stream < before.stream).map(|before| before.root);
        // Streams get their headers nearly in the order in which they were made.
        let at = self.noted.iter().position(|(noted, _)| *noted == stream);
        let noted = at.and_then(|at| self.noted.remove(at)).map(|(_, root)| root);
        let root = noted.or(earlier)?;
        self.root(root)
    }

    fn install(&mut self, context: u32, root: Root) {
        if let Some((_, old)) = self.roots.iter_mut().find(|(id, _)| *id == context) {
            *old = root;
            return;
        }
        if let (false, Some((first, _))) = (self.several, self.roots.first()) {
            self.several = true;
            let until = root.now.plus(GONE_MS);
            self.before = Some(Before { stream: context, root: *first, until });
        }
        self.roots.push((context, root));
    }

    fn note(&mut self, stream: u32, root: u32) {
        if self.several {
            if self.noted.len() >= MAX_NOTED {
                self.noted.pop_front();
            }
            self.noted.push_back((stream, root));
        }
    }

    fn sweep(&mut self, now: UnixMillis) {
        self.roots.retain(|(_, root)| now < root.now.plus(GONE_MS));
        if self.before.is_some_and(|before| before.until <= now) {
            self.before = None;
        }
    }
}

/// Runs `f` on the VM; `None` while another callback is running, which a host must not do.
fn with<T>(f: impl FnOnce(&mut Vm) -> T) -> Option<T> {
    VM.with(|vm| vm.try_borrow_mut().ok().map(|mut vm| f(&mut vm)))
}

/// The bodies of the module's exports, for [`crate::install!`].
pub mod exports {
    use super::*;

    /// A stream or a root came to be.
    pub fn context_create(context: u32, parent: u32) {
        if parent != 0 {
            let _ = with(|vm| vm.note(context, parent));
        }
    }

    /// Reads the configuration; false refuses it.
    #[must_use]
    pub fn configure(context: u32, size: u32, methods: Methods) -> bool {
        let started = host::configuration(size)
            .map_err(|error| format!("cannot be read: host status {}", error.0))
            .and_then(|json| Config::parse(&json).map_err(|error| error.to_string()))
            .and_then(|config| Root::start(config, methods))
            .and_then(|root| match host::set_tick_period(TICK_MS) {
                Ok(()) => Ok(root),
                Err(error) => Err(format!("the host refused a timer: status {}", error.0)),
            });
        match started {
            Ok(root) => with(|vm| vm.install(context, root)).is_some(),
            Err(reason) => {
                host::log(LogLevel::Error, &format!("configuration refused: {reason}"));
                false
            }
        }
    }

    /// Time passed.
    pub fn tick(context: u32) {
        let _ = with(|vm| {
            let Some(root) = vm.root(context) else { return };
            root.tick();
            let now = root.now;
            vm.sweep(now);
        });
    }

    /// A request arrived.
    #[must_use]
    pub fn request_headers(context: u32, count: u32) -> u32 {
        let action = with(|vm| {
            vm.root_of_stream(context).map(|root| stream::on_request_headers(root, count))
        });
        if let Some(Some(action)) = action {
            return action;
        }
        // No root, no policy: closed.
        let _ = respond::deny(Denial::NoPolicy, "Key", None);
        stream::PAUSE
    }

    /// A call was answered.
    pub fn http_call_response(context: u32, call: u32, headers: u32, body: u32) {
        let _ = with(|vm| {
            if let Some(root) = vm.root(context) {
                root.answered(call, headers, body);
            }
        });
    }
}
