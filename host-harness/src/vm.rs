//! One instance of a filter: how the host calls into it, and what each call costs.

mod calls;
mod tcp;

use std::collections::BTreeMap;
use std::sync::Arc;

use wasmtime::{Instance, Store, Trap, TypedFunc, WasmParams, WasmResults};

use crate::abi::Direction;
use crate::abi::env::grpc::GrpcTable;
use crate::abi::guest::Stop;
use crate::artifact::{AbiVersion, Artifact, EPOCH, words};
use crate::error::{ArtifactError, Failure, FailureKind, StartError};
use crate::host::{GuestMemory, Host, Limiter, Root, Shared};
use crate::ledger::{Callback, Ledger, Log};
use crate::profile::Profile;
use crate::world::random::Random;
use crate::world::upstream::Delivery;
use calls::CallExports;
use tcp::TcpExports;
pub(crate) use tcp::Way;

/// What a callback wants to happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Continue,
    Pause,
}

impl Action {
    fn from_wire(action: u32) -> Self {
        // Envoy takes everything that is not 0 as a stop.
        if action == 0 { Self::Continue } else { Self::Pause }
    }
}

/// How much a callback may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Budget {
    Fuel(u64),
    Epochs(u64),
}

/// What a VM is made for.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) profile: Arc<Profile>,
    pub(crate) worker: usize,
    pub(crate) slot: u32,
    pub(crate) generation: u64,
    pub(crate) canary: bool,
    pub(crate) random: Random,
    pub(crate) recording: bool,
    pub(crate) budget: Budget,
}

/// Exports by what they take and give: a context, with one or two sizes, and perhaps an action.
type Ends = TypedFunc<u32, ()>;
type Asks = TypedFunc<u32, u32>;
type Sized2 = TypedFunc<(u32, u32), u32>;
type Sized3 = TypedFunc<(u32, u32, u32), u32>;
type Ready = TypedFunc<(u32, u32), ()>;
type Reply = TypedFunc<(u32, u32, u32, u32, u32), ()>;

struct Exports {
    initialize: Option<TypedFunc<(), ()>>,
    start: Option<TypedFunc<(), ()>>,
    main: Option<Sized2>,
    on_context_create: Option<Ready>,
    on_vm_start: Option<Sized2>,
    on_configure: Option<Sized2>,
    on_tick: Option<Ends>,
    on_queue_ready: Option<Ready>,
    on_http_call_response: Option<Reply>,
    on_headers: [Option<OnHeaders>; 2],
    on_body: [Option<Sized3>; 2],
    on_trailers: [Option<Sized2>; 2],
    on_done: Option<Asks>,
    on_log: Option<Ends>,
    on_delete: Option<Ends>,
    calls: CallExports,
    tcp: TcpExports,
}

/// The headers callbacks learn whether the message ends there since ABI 0.2.0.
enum OnHeaders {
    Counted(Sized2),
    CountedWithEnd(Sized3),
}

pub(crate) struct Vm {
    store: Store<Host>,
    exports: Exports,
    budget: Budget,
}

/// One call into the guest: by its exported name, for a context, on an account.
#[derive(Clone, Copy)]
struct Invocation {
    name: &'static str,
    context: u32,
    account: u32,
}

impl Invocation {
    fn of(name: &'static str, context: u32) -> Self {
        Self { name, context, account: context }
    }
}

impl Vm {
    pub(crate) fn new(artifact: &Artifact, setup: Setup) -> Result<Self, StartError> {
        let Setup { profile, worker, slot, generation, canary, random, recording, budget } = setup;
        let missing = artifact.missing_on(&profile);
        if !missing.is_empty() {
            return Err(StartError::MissingImports { imports: missing });
        }
        let compiled = artifact.compiled(matches!(budget, Budget::Fuel(_)))?;
        let next_token = profile.calls.first_token;
        let host = Host {
            limiter: Limiter { max_memory: profile.runtime.max_memory_bytes, refused: false },
            profile,
            plugin: Arc::default(),
            shared: Box::default(),
            guest: None,
            random,
            worker,
            slot,
            canary,
            generation,
            roots: BTreeMap::new(),
            streams: BTreeMap::new(),
            next_context: 1,
            callback: "",
            stops_iteration: false,
            current: 0,
            effective: None,
            account: 0,
            scratch: Ledger::default(),
            start_logs: Vec::new(),
            recording,
            restricted: false,
            starting: false,
            configuring: false,
            delivery: None,
            grpc: GrpcTable::default(),
            foreign_arguments: None,
            leaving: BTreeMap::new(),
            connections: BTreeMap::new(),
            calls: BTreeMap::new(),
            next_token,
            timers_made: 0,
            woken: Vec::new(),
            call_count: 0,
            bytes_copied: 0,
        };
        let mut store = Store::new(&compiled.engine, host);
        store.limiter(|host| &mut host.limiter);
        grant(&mut store, budget);
        let instance = compiled.pre.instantiate(&mut store);
        let instance =
            instance.map_err(|error| StartError::Instantiation { reason: words(&error) })?;
        let exports = Exports::of(&instance, &mut store, artifact.abi())?;
        Ok(Self { store, exports, budget })
    }

    pub(crate) fn host(&mut self) -> &mut Host {
        self.store.data_mut()
    }

    #[cfg(test)]
    pub(crate) fn store(&mut self) -> &mut Store<Host> {
        &mut self.store
    }

    pub(crate) fn open_streams(&self) -> usize {
        self.store.data().streams.len()
    }

    /// Bytes of linear memory.
    pub(crate) fn memory_bytes(&self) -> usize {
        let guest = self.store.data().guest.as_ref();
        guest.map_or(0, |guest| guest.memory.data_size(&self.store))
    }

    /// Runs the initialiser, once in the life of a VM.
    pub(crate) fn initialize(&mut self, lent: &mut Box<Shared>) -> Result<(), StartError> {
        self.host().starting = true;
        let end = self.run_initializer(lent);
        let end = end.map_err(|failure| self.start_failed(failure));
        self.host().starting = false;
        end
    }

    /// Makes a plugin context and runs its start-up, with or without `on_vm_start`. A plugin that
    /// does not start leaves its context behind; see [`Vm::forget_root`].
    pub(crate) fn start_root(
        &mut self,
        lent: &mut Box<Shared>,
        context: u32,
        root: Root,
        vm_start: bool,
    ) -> Result<(), StartError> {
        let sizes =
            (wire(root.plugin.vm_configuration.len()), wire(root.plugin.configuration.len()));
        let host = self.host();
        host.next_context = host.next_context.max(context.saturating_add(1));
        host.roots.insert(context, root);
        host.start_logs.clear();
        host.starting = true;
        let end = self.run_start(lent, context, sizes, vm_start);
        let host = self.host();
        host.starting = false;
        host.configuring = false;
        end
    }

    fn run_start(
        &mut self,
        lent: &mut Box<Shared>,
        context: u32,
        (vm_size, size): (u32, u32),
        vm_start: bool,
    ) -> Result<(), StartError> {
        self.create_context(lent, context, 0).map_err(|failure| self.start_failed(failure))?;
        if vm_start {
            let invocation = Invocation::of("proxy_on_vm_start", context);
            let function = self.exports.on_vm_start.as_ref();
            let params = (context, vm_size);
            let started = invoke(&mut self.store, lent, self.budget, invocation, function, params);
            let started = started.map_err(|failure| self.start_failed(failure))?;
            if started == Some(0) {
                return Err(StartError::VmStartRefused { logs: self.start_logs() });
            }
        }
        self.host().configuring = true;
        let invocation = Invocation::of("proxy_on_configure", context);
        let function = self.exports.on_configure.as_ref();
        let params = (context, size);
        let configured = invoke(&mut self.store, lent, self.budget, invocation, function, params);
        let configured = configured.map_err(|failure| self.start_failed(failure))?;
        if configured == Some(0) {
            return Err(StartError::ConfigurationRefused { logs: self.start_logs() });
        }
        Ok(())
    }

    /// A number for a new context.
    pub(crate) fn number(&mut self) -> u32 {
        let host = self.host();
        let context = host.next_context;
        host.next_context = context.saturating_add(1);
        context
    }

    pub(crate) fn forget_root(&mut self, root: u32) {
        self.host().roots.remove(&root);
        self.host().leaving.remove(&root);
    }

    fn start_logs(&mut self) -> Vec<Log> {
        core::mem::take(&mut self.host().start_logs)
    }

    fn start_failed(&mut self, failure: Failure) -> StartError {
        StartError::Failed { failure, logs: self.start_logs() }
    }

    fn run_initializer(&mut self, lent: &mut Box<Shared>) -> Result<(), Failure> {
        let (store, exports, budget) = (&mut self.store, &self.exports, self.budget);
        store.data_mut().restricted = store.data().profile.start.restricted_initialize;
        let outcome = if exports.initialize.is_some() {
            let initialized = Invocation::of("_initialize", 0);
            invoke(store, lent, budget, initialized, exports.initialize.as_ref(), ())
                .and_then(|_| {
                    let main = Invocation::of("main", 0);
                    invoke(store, lent, budget, main, exports.main.as_ref(), (0, 0))
                })
                .map(drop)
        } else {
            let start = Invocation::of("_start", 0);
            invoke(store, lent, budget, start, exports.start.as_ref(), ()).map(drop)
        };
        self.host().restricted = false;
        outcome
    }

    pub(crate) fn create_context(
        &mut self,
        lent: &mut Box<Shared>,
        context: u32,
        parent: u32,
    ) -> Result<(), Failure> {
        let invocation = Invocation::of("proxy_on_context_create", context);
        let function = self.exports.on_context_create.as_ref();
        let params = (context, parent);
        invoke(&mut self.store, lent, self.budget, invocation, function, params).map(drop)
    }

    pub(crate) fn on_headers(
        &mut self,
        lent: &mut Box<Shared>,
        direction: Direction,
        context: u32,
        (count, end_of_stream): (usize, bool),
    ) -> Result<Action, Failure> {
        let name = ["proxy_on_request_headers", "proxy_on_response_headers"];
        let (name, function) = pick(direction, name, &self.exports.on_headers);
        let (count, end) = (wire(count), u32::from(end_of_stream));
        let invocation = Invocation::of(name, context);
        let (store, budget) = (&mut self.store, self.budget);
        let action = match function {
            Some(OnHeaders::Counted(f)) => {
                invoke(store, lent, budget, invocation, Some(f), (context, count))?
            }
            Some(OnHeaders::CountedWithEnd(f)) => {
                invoke(store, lent, budget, invocation, Some(f), (context, count, end))?
            }
            None => None,
        };
        Ok(self.decided(action))
    }

    /// The action that a callback gave, unless the guest answered some request meanwhile.
    fn decided(&mut self, action: Option<u32>) -> Action {
        if core::mem::take(&mut self.host().stops_iteration) {
            return Action::Pause;
        }
        action.map_or(Action::Continue, Action::from_wire)
    }

    pub(crate) fn on_body(
        &mut self,
        lent: &mut Box<Shared>,
        direction: Direction,
        context: u32,
        (size, end_of_stream): (usize, bool),
    ) -> Result<Action, Failure> {
        let name = ["proxy_on_request_body", "proxy_on_response_body"];
        let (name, function) = pick(direction, name, &self.exports.on_body);
        let params = (context, wire(size), u32::from(end_of_stream));
        let invocation = Invocation::of(name, context);
        let action = invoke(&mut self.store, lent, self.budget, invocation, function, params)?;
        Ok(self.decided(action))
    }

    pub(crate) fn on_trailers(
        &mut self,
        lent: &mut Box<Shared>,
        direction: Direction,
        context: u32,
        count: usize,
    ) -> Result<Action, Failure> {
        let name = ["proxy_on_request_trailers", "proxy_on_response_trailers"];
        let (name, function) = pick(direction, name, &self.exports.on_trailers);
        let params = (context, wire(count));
        let invocation = Invocation::of(name, context);
        let action = invoke(&mut self.store, lent, self.budget, invocation, function, params)?;
        Ok(self.decided(action))
    }

    pub(crate) fn on_tick(&mut self, lent: &mut Box<Shared>, root: u32) -> Result<(), Failure> {
        let invocation = Invocation::of("proxy_on_tick", root);
        let function = self.exports.on_tick.as_ref();
        invoke(&mut self.store, lent, self.budget, invocation, function, root).map(drop)
    }

    pub(crate) fn on_queue_ready(
        &mut self,
        lent: &mut Box<Shared>,
        root: u32,
        queue: u32,
    ) -> Result<(), Failure> {
        let invocation = Invocation::of("proxy_on_queue_ready", root);
        let function = self.exports.on_queue_ready.as_ref();
        let params = (root, queue);
        invoke(&mut self.store, lent, self.budget, invocation, function, params).map(drop)
    }

    /// Delivers the end of a call, on the account of the context that made it.
    pub(crate) fn on_http_call_response(
        &mut self,
        lent: &mut Box<Shared>,
        token: u32,
        (root, account): (u32, u32),
        delivery: Delivery,
    ) -> Result<(), Failure> {
        let invocation = Invocation { name: "proxy_on_http_call_response", context: root, account };
        let params = (
            root,
            token,
            wire(delivery.count),
            wire(delivery.body.len()),
            wire(delivery.trailers.len()),
        );
        self.host().delivery = Some(delivery);
        let function = self.exports.on_http_call_response.as_ref();
        let end = invoke(&mut self.store, lent, self.budget, invocation, function, params);
        self.host().delivery = None;
        end.map(drop)
    }

    /// Ends a stream's context: done, log and delete, in the profile's order.
    pub(crate) fn end_context(
        &mut self,
        lent: &mut Box<Shared>,
        context: u32,
    ) -> Result<(), Failure> {
        if self.host().profile.streams.log_before_done {
            self.on_log(lent, context)?;
            self.on_done(lent, context)?;
        } else {
            self.on_done(lent, context)?;
            self.on_log(lent, context)?;
        }
        let invocation = Invocation::of("proxy_on_delete", context);
        let function = self.exports.on_delete.as_ref();
        invoke(&mut self.store, lent, self.budget, invocation, function, context).map(drop)
    }

    fn on_done(&mut self, lent: &mut Box<Shared>, context: u32) -> Result<(), Failure> {
        let invocation = Invocation::of("proxy_on_done", context);
        let function = self.exports.on_done.as_ref();
        invoke(&mut self.store, lent, self.budget, invocation, function, context).map(drop)
    }

    fn on_log(&mut self, lent: &mut Box<Shared>, context: u32) -> Result<(), Failure> {
        if let Some(stream) = self.host().streams.get_mut(&context) {
            stream.logging = true;
        }
        let invocation = Invocation::of("proxy_on_log", context);
        let function = self.exports.on_log.as_ref();
        let end = invoke(&mut self.store, lent, self.budget, invocation, function, context);
        if let Some(stream) = self.host().streams.get_mut(&context) {
            stream.logging = false;
        }
        end.map(drop)
    }
}

impl Exports {
    fn of(
        instance: &Instance,
        store: &mut Store<Host>,
        abi: AbiVersion,
    ) -> Result<Self, StartError> {
        // cpp-host takes `malloc` first when both are there.
        let allocate = match get(instance, store, "malloc")? {
            Some(allocate) => Some(allocate),
            None => get(instance, store, "proxy_on_memory_allocate")?,
        };
        let memory = instance.get_memory(&mut *store, "memory");
        let memory = memory.ok_or(ArtifactError::MissingMemory)?;
        let allocate = allocate.ok_or(ArtifactError::MissingAllocator)?;
        store.data_mut().guest = Some(GuestMemory { memory, allocate });
        Ok(Self {
            initialize: get(instance, store, "_initialize")?,
            start: get(instance, store, "_start")?,
            main: get(instance, store, "main")?,
            on_context_create: get(instance, store, "proxy_on_context_create")?,
            on_vm_start: get(instance, store, "proxy_on_vm_start")?,
            on_configure: get(instance, store, "proxy_on_configure")?,
            on_tick: get(instance, store, "proxy_on_tick")?,
            on_queue_ready: get(instance, store, "proxy_on_queue_ready")?,
            on_http_call_response: get(instance, store, "proxy_on_http_call_response")?,
            on_headers: [
                on_headers(instance, store, "proxy_on_request_headers", abi)?,
                on_headers(instance, store, "proxy_on_response_headers", abi)?,
            ],
            on_body: [
                get(instance, store, "proxy_on_request_body")?,
                get(instance, store, "proxy_on_response_body")?,
            ],
            on_trailers: [
                get(instance, store, "proxy_on_request_trailers")?,
                get(instance, store, "proxy_on_response_trailers")?,
            ],
            on_done: get(instance, store, "proxy_on_done")?,
            on_log: get(instance, store, "proxy_on_log")?,
            on_delete: get(instance, store, "proxy_on_delete")?,
            calls: CallExports::of(instance, store)?,
            tcp: TcpExports::of(instance, store)?,
        })
    }
}

fn on_headers(
    instance: &Instance,
    store: &mut Store<Host>,
    name: &str,
    abi: AbiVersion,
) -> Result<Option<OnHeaders>, ArtifactError> {
    Ok(match abi {
        AbiVersion::V0_1_0 => get(instance, store, name)?.map(OnHeaders::Counted),
        AbiVersion::V0_2_0 | AbiVersion::V0_2_1 => {
            get(instance, store, name)?.map(OnHeaders::CountedWithEnd)
        }
    })
}

/// An export under this name; absent is fine, another type is not.
fn get<P: WasmParams, R: WasmResults>(
    instance: &Instance,
    store: &mut Store<Host>,
    name: &str,
) -> Result<Option<TypedFunc<P, R>>, ArtifactError> {
    if instance.get_export(&mut *store, name).is_none() {
        return Ok(None);
    }
    let function = instance.get_typed_func(&mut *store, name);
    function.map(Some).map_err(|_| ArtifactError::WrongExport { name: name.to_owned() })
}

fn pick<'a, T>(
    direction: Direction,
    [request, response]: [&'static str; 2],
    [on_request, on_response]: &'a [Option<T>; 2],
) -> (&'static str, Option<&'a T>) {
    match direction {
        Direction::Request => (request, on_request.as_ref()),
        Direction::Response => (response, on_response.as_ref()),
    }
}

fn grant(store: &mut Store<Host>, budget: Budget) {
    match budget {
        // Cannot fail: the engine of a fuel budget counts fuel.
        Budget::Fuel(fuel) => drop(store.set_fuel(fuel)),
        Budget::Epochs(epochs) => store.set_epoch_deadline(epochs),
    }
}

/// Lends the world to the guest, calls it, books the cost.
fn invoke<P: WasmParams, R: WasmResults>(
    store: &mut Store<Host>,
    lent: &mut Box<Shared>,
    budget: Budget,
    invocation: Invocation,
    function: Option<&TypedFunc<P, R>>,
    params: P,
) -> Result<Option<R>, Failure> {
    let Some(function) = function else { return Ok(None) };
    if invocation.name.starts_with("proxy_on_") && !lent.allows(invocation.name) {
        return Ok(None);
    }
    grant(store, budget);
    let host = store.data_mut();
    core::mem::swap(&mut host.shared, lent);
    host.enter(invocation.name, invocation.context, invocation.account);
    host.shared.faults.callback = invocation.name;
    let (calls_before, bytes_before) = (host.call_count, host.bytes_copied);
    let result = function.call(&mut *store, params);
    let fuel = match budget {
        Budget::Fuel(granted) => granted.saturating_sub(store.get_fuel().unwrap_or(granted)),
        Budget::Epochs(_) => 0,
    };
    let host = store.data_mut();
    let host_calls = host.call_count - calls_before;
    let bytes_copied = host.bytes_copied - bytes_before;
    let (name, context) = (invocation.name, invocation.context);
    let filter = host.roots.get(&host.root_of(context)).map_or(0, |root| root.filter);
    let ledger = host.ledger();
    ledger.callbacks.push(Callback { name, filter, context, fuel, host_calls, bytes_copied });
    ledger.fuel += fuel;
    ledger.bytes_copied += bytes_copied;
    core::mem::swap(&mut host.shared, lent);
    result.map(Some).map_err(|error| failure(name, &error))
}

fn failure(callback: &'static str, error: &wasmtime::Error) -> Failure {
    let kind = match (error.downcast_ref::<Stop>(), error.downcast_ref::<Trap>()) {
        (Some(Stop::Exit(_)), _) => FailureKind::Exit,
        (Some(Stop::Crash(_)), _) => FailureKind::Crash,
        (Some(Stop::Restricted(_)), _) => FailureKind::Restricted,
        (None, Some(Trap::OutOfFuel | Trap::Interrupt)) => FailureKind::Deadline,
        _ => FailureKind::Trap,
    };
    Failure { callback, kind, message: words(error) }
}

/// Unmetered callbacks may run this long.
pub(crate) fn epochs(seconds: u64) -> u64 {
    seconds.saturating_mul(1000) / u64::try_from(EPOCH.as_millis()).unwrap_or(1)
}

fn wire(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
