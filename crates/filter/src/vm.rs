//! The state of a VM: its configurations, and which of them a stream belongs to.
//!
//! Nothing is kept for a stream as long as the VM holds one configuration. When a host loads a
//! second one into the same VM (Envoy does while an updated listener drains, nginx when a gate stands
//! in the chain, where each entry has its own context for a request), new streams are noted
//! until their headers arrive, in a bounded table; a stream that is not in it is refused. Roots
//! whose ticks have ended are dropped, so that the module need not export `proxy_on_delete`.

use core::cell::RefCell;
use std::collections::VecDeque;

use gatekey_core::check::Methods;
use gatekey_core::crypto::{NoCrypto, NoEntropy};
use gatekey_core::oidc::Ticket;
use gatekey_core::time::UnixMillis;

use crate::callouts::{Answered, Owner, Parked};
use crate::config::Entry;
use crate::host::{self, LogLevel};
use crate::respond;
use crate::root::{Abilities, Root, TICK_MS};
use crate::stream;

/// The most streams that wait for their headers while there are several configurations.
const MAX_NOTED: usize = 65_536;
/// A root that has not ticked for this long, while another has, is gone.
const GONE_MS: u64 = 60_000;
/// How often a gate says that it is there.
const GATE_TICK_MS: u32 = 10_000;

thread_local! {
    static VM: RefCell<Vm> = const { RefCell::new(Vm::new()) };
}

#[derive(Debug)]
struct Vm {
    roots: Vec<(u32, Role)>,
    /// There has been more than one configuration.
    several: bool,
    /// The root of each stream whose headers are still to come.
    noted: VecDeque<(u32, u32)>,
    /// Streams below this number were made when there was one root: this one.
    before: Option<Before>,
}

/// What a configuration makes of its entry in the chain.
#[derive(Debug)]
enum Role {
    Filter(Box<Root>),
    /// The time of the last tick.
    Gate(UnixMillis),
}

impl Role {
    fn start(
        entry: Entry,
        context: u32,
        methods: Methods,
        abilities: &Abilities,
    ) -> Result<Self, String> {
        match entry {
            Entry::Filter(config) => Root::start(*config, context, methods, abilities)
                .map(|root| Self::Filter(Box::new(root))),
            Entry::Gate => Ok(Self::Gate(host::now())),
        }
    }

    const fn tick_ms(&self) -> u32 {
        match self {
            Self::Filter(_) => TICK_MS,
            Self::Gate(_) => GATE_TICK_MS,
        }
    }

    const fn ticked_at(&self) -> UnixMillis {
        match self {
            Self::Filter(root) => root.now,
            Self::Gate(ticked_at) => *ticked_at,
        }
    }
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

    fn root(&mut self, context: u32) -> Option<&mut Role> {
        self.roots.iter_mut().find(|(id, _)| *id == context).map(|(_, root)| root)
    }

    /// The filters of the VM: a gate makes no calls and sets no cookies.
    fn filters(&mut self) -> impl Iterator<Item = &mut Root> {
        self.roots.iter_mut().filter_map(|(_, role)| match role {
            Role::Filter(root) => Some(&mut **root),
            Role::Gate(_) => None,
        })
    }

    fn is_on_nginx(&self) -> bool {
        self.roots.iter().any(|(_, role)| match role {
            Role::Filter(root) => !root.config.host.is_envoy(),
            Role::Gate(_) => true,
        })
    }

    fn root_of_stream(&mut self, stream: u32) -> Option<&mut Role> {
        if !self.several {
            return self.roots.first_mut().map(|(_, root)| root);
        }
        let earlier = self.before.filter(|before| stream < before.stream).map(|before| before.root);
        // Streams get their headers soon after they were made. What is older never got any: on nginx
        // an earlier entry in the chain answered.
        let at = self.noted.iter().rposition(|(noted, _)| *noted == stream);
        let noted = at.and_then(|at| self.noted.remove(at)).map(|(_, root)| root);
        let root = noted.or(earlier)?;
        self.root(root)
    }

    fn install(&mut self, context: u32, root: Role) {
        if let Some((_, old)) = self.roots.iter_mut().find(|(id, _)| *id == context) {
            *old = root;
            return;
        }
        if let (false, Some((first, _))) = (self.several, self.roots.first()) {
            self.several = true;
            let until = root.ticked_at().plus(GONE_MS);
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
        self.roots.retain(|(_, root)| now < root.ticked_at().plus(GONE_MS));
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

    pub use crate::accelerator::{Accelerated, Random};
    pub use crate::callouts::{Calls, HOST_CALLS, NO_CALLS};
    pub use crate::root::{Abilities, MakeSessionKeys};
    pub use gatekey_core::oidc::SessionKeys;

    /// Of a module that verifies no signatures and has no sessions.
    pub const KEYS_ONLY: Abilities = Abilities {
        crypto: &NoCrypto,
        accelerated: &NoCrypto,
        entropy: &NoEntropy,
        session_keys: None,
        calls: &NO_CALLS,
    };

    /// A stream or a root came to be.
    pub fn context_create(context: u32, parent: u32) {
        if parent != 0 {
            let _ = with(|vm| vm.note(context, parent));
        }
    }

    /// Reads the configuration; false refuses it.
    #[must_use]
    pub fn configure(context: u32, size: u32, methods: Methods, abilities: &Abilities) -> bool {
        let started = host::configuration(size)
            .map_err(|error| format!("cannot be read: host status {}", error.0))
            .and_then(|json| Entry::parse(&json).map_err(|error| error.to_string()))
            .and_then(|entry| Role::start(entry, context, methods, abilities))
            .and_then(|root| {
                // One timer for each context: nginx does not take a second.
                if with(|vm| vm.root(context).is_some()) == Some(true) {
                    return Ok(root);
                }
                match host::set_tick_period(root.tick_ms()) {
                    Ok(()) => Ok(root),
                    Err(error) => Err(format!("the host refused a timer: status {}", error.0)),
                }
            });
        match started {
            Ok(root) => with(|vm| vm.install(context, root)).is_some(),
            Err(reason) => {
                host::log(LogLevel::Error, &format!("configuration refused: {reason}"));
                false
            }
        }
    }

    /// Time passed. After a trap nginx may call twice for each period: the second call finds nothing
    /// to do.
    pub fn tick(context: u32) {
        let _ = with(|vm| {
            let now = match vm.root(context) {
                Some(Role::Filter(root)) => {
                    root.tick();
                    let calls = root.lent.calls;
                    for ticket in (calls.keep_up)(root) {
                        resume_parked(root, ticket);
                    }
                    root.now
                }
                Some(Role::Gate(ticked_at)) => {
                    *ticked_at = host::now();
                    *ticked_at
                }
                None => return,
            };
            vm.sweep(now);
        });
    }

    /// A request arrived.
    #[must_use]
    pub fn request_headers(context: u32, count: u32) -> u32 {
        let action = with(|vm| {
            vm.root_of_stream(context).map(|role| match role {
                Role::Filter(root) => stream::on_request_headers(root, context, count),
                Role::Gate(_) => stream::nginx::on_request_headers_at_gate(),
            })
        });
        if let Some(Some(action)) = action {
            return action;
        }
        // No root, no policy: closed.
        let _ = respond::deny_without_configuration();
        stream::PAUSE
    }

    /// A response begins.
    #[must_use]
    pub fn response_headers(context: u32) -> u32 {
        let _ = with(|vm| vm.filters().for_each(|root| root.cookies.give(context)));
        stream::CONTINUE
    }

    /// A call was answered. Some hosts name the root here whoever made the call, and some its maker:
    /// the call's number tells.
    pub fn http_call_response(context: u32, call: u32, headers: u32, body: u32) {
        let _ = with(|vm| {
            let answered = Answered { id: call, headers, body_size: body };
            if let Some(root) = vm.filters().find(|root| root.owner(call).is_some()) {
                call_answered(root, answered);
                return;
            }
            let known = match vm.root(context) {
                Some(Role::Filter(root)) => root.answered(answered),
                _ => false,
            };
            // A request that waits for a call which nobody remembers: after this nginx lets it go on,
            // unless it is answered.
            if !known && vm.is_on_nginx() && stream::nginx::is_request_at_hand() {
                let _ = respond::deny_without_configuration();
            }
        });
    }
}

fn call_answered(root: &mut Root, answered: Answered) {
    let Some(owner) = root.owner(answered.id) else { return };
    let ticket = (root.lent.calls.answered)(root, answered);
    match (owner, ticket) {
        (Owner::Root, Some(ticket)) => resume_parked(root, ticket),
        (Owner::Root, None) => {}
        (Owner::Stream(stream), ticket) => resume_own(root, stream, ticket),
    }
}

/// Goes on with every request that waited for a call of the root.
fn resume_parked(root: &mut Root, ticket: Ticket) {
    if !root.config.host.is_envoy() {
        // A request is at hand only in the answer to its own call: this one was given up.
        let _ = root.take_parked(ticket);
        return;
    }
    // Whatever waits again waits for another call, and comes after those that are here now.
    let mut most = root.callouts.parked.len();
    while most > 0
        && let Some(Parked { stream, pending }) = root.take_parked(ticket)
    {
        most -= 1;
        // The client may have gone away meanwhile.
        if host::set_effective_context(stream).is_err() {
            continue;
        }
        if stream::resume(root, stream, pending) == stream::CONTINUE
            && host::continue_request().is_err()
        {
            host::log(LogLevel::Error, "the host does not let a request go on");
        }
    }
    let _ = host::set_effective_context(root.context);
}

/// Goes on with the request that made a call itself. nginx lets it go on after this in any case:
/// what is not allowed has been answered by then.
fn resume_own(root: &mut Root, stream: u32, ticket: Option<Ticket>) {
    let Some(parked) = ticket.and_then(|ticket| root.take_parked(ticket)) else {
        let _ = respond::deny_without_configuration();
        return;
    };
    if stream::resume(root, stream, parked.pending) == stream::CONTINUE {
        let _ = host::continue_request();
    }
}
