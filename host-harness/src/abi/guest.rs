//! A host call in progress: bounds-checked access to the guest's memory, and the books kept of it.

use core::error::Error;
use core::fmt;

use wasmtime::{AsContextMut, Caller};

use super::env::host_log;
use super::{LogLevel, Refusal, Status};
use crate::fault::{FaultKind, Injected, InjectedTrap};
use crate::host::Host;
use crate::ledger::HostCall;

/// Why a host function does not simply succeed.
#[derive(Debug)]
pub(crate) enum Halt {
    /// The guest is told.
    Status(Status),
    /// The guest's allocator trapped, or the call itself must trap.
    Trap(wasmtime::Error),
}

impl From<Status> for Halt {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Status(status) => Self::Status(status),
            Refusal::Trap(why) => Self::forbidden(why),
        }
    }
}

impl Halt {
    /// The host traps.
    pub(crate) fn forbidden(why: &'static str) -> Self {
        Self::Trap(wasmtime::Error::new(Stop::Forbidden(why)))
    }

    /// The worker process dies.
    pub(crate) fn crash(why: &'static str) -> Self {
        Self::Trap(wasmtime::Error::new(Stop::Crash(why)))
    }
}

/// Why the host, not the guest's own code, ended a callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Exit(u32),
    Restricted(&'static str),
    /// The host does not allow this call here, and traps.
    Forbidden(&'static str),
    /// The worker process dies.
    Crash(&'static str),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "the guest called `proc_exit` with code {code}"),
            Self::Forbidden(why) => write!(f, "the host traps: {why}"),
            Self::Crash(why) => write!(f, "the worker process dies: {why}"),
            Self::Restricted(name) => write!(f, "`{name}` may not be called during initialisation"),
        }
    }
}

impl Error for Stop {}

/// Host functions that initialisation may use on a host that restricts it.
const UNRESTRICTED: [&str; 9] = [
    "proxy_log",
    "fd_write",
    "environ_get",
    "environ_sizes_get",
    "args_get",
    "args_sizes_get",
    "clock_time_get",
    "random_get",
    "proc_exit",
];

pub(crate) const BAD_POINTER: Stop = Stop::Forbidden("a pointer outside the guest's memory");

/// What a call of a WASI function outside the plugin's capabilities answers: NOTCAPABLE.
const NOT_CAPABLE: u32 = 76;

/// The last bytes of the address space, which no guest's memory reaches.
const NOWHERE: u32 = u32::MAX - 7;

pub(crate) struct Guest<'a> {
    caller: Caller<'a, Host>,
    name: &'static str,
    subject: Vec<u8>,
    /// What goes wrong in this call.
    fault: Option<FaultKind>,
}

/// Runs the body of a `env` host function: checks that it may be called, counts and records it.
pub(crate) fn enter(
    caller: Caller<'_, Host>,
    name: &'static str,
    body: impl FnOnce(&mut Guest<'_>) -> Result<(), Halt>,
) -> wasmtime::Result<u32> {
    book(caller, name, |guest| match body(guest) {
        Ok(()) => Ok(Status::Ok as u32),
        Err(Halt::Status(Status::InvalidMemoryAccess)) if guest.bad_pointer_traps() => {
            Err(wasmtime::Error::new(BAD_POINTER))
        }
        Err(Halt::Status(status)) => Ok(status as u32),
        Err(Halt::Trap(error)) => Err(error),
    })
}

/// The same for functions whose answer is not a [`Status`].
pub(crate) fn book(
    caller: Caller<'_, Host>,
    name: &'static str,
    body: impl FnOnce(&mut Guest<'_>) -> wasmtime::Result<u32>,
) -> wasmtime::Result<u32> {
    let mut guest = Guest { caller, name, subject: Vec::new(), fault: None };
    let host = guest.host();
    host.call_count += 1;
    *host.ledger().host_call_counts.entry(name).or_default() += 1;
    if host.restricted && !UNRESTRICTED.contains(&name) {
        return Err(wasmtime::Error::new(Stop::Restricted(name)));
    }
    let unfinished = &host.profile.runtime.unfinished_functions;
    if unfinished.iter().any(|unfinished| unfinished == name) {
        return Err(wasmtime::Error::new(Stop::Forbidden("not yet implemented")));
    }
    let allowed = host.shared.allows(name);
    if !allowed {
        host_log(host, LogLevel::Error, &format!("{name} is not among the plugin's capabilities"));
    }
    let struck = host.shared.faults.at_call(name);
    guest.suffer(struck);
    let mut answer = Ok(match name.starts_with("proxy_") {
        true => Status::InternalFailure as u32,
        false => NOT_CAPABLE,
    });
    if allowed && !guest.is_barred() {
        answer = body(&mut guest);
    }
    // Only now: what the call is about may have been what struck it.
    let status = match guest.fault {
        Some(FaultKind::Status(status)) => status,
        Some(FaultKind::Trap) => return Err(wasmtime::Error::new(InjectedTrap)),
        _ => answer?,
    };
    let subject = core::mem::take(&mut guest.subject);
    let host = guest.host();
    if host.recording {
        host.ledger().host_calls.push(HostCall { name, subject, status });
    }
    Ok(status)
}

impl Guest<'_> {
    pub(crate) fn host(&mut self) -> &mut Host {
        self.caller.data_mut()
    }

    /// Names what the call is about, for the record.
    pub(crate) fn about(&mut self, subject: &[u8]) {
        let name = self.name;
        let faults = &mut self.host().shared.faults;
        if faults.ask_for_subjects() {
            let struck = faults.at_subject(name, subject);
            self.suffer(struck);
        }
        if self.caller.data().recording {
            if !self.subject.is_empty() {
                self.subject.push(b' ');
            }
            self.subject.extend_from_slice(subject);
        }
    }

    pub(crate) fn bad_pointer_traps(&self) -> bool {
        self.caller.data().profile.runtime.bad_pointer_traps
    }

    /// Takes a fault upon this call. The first one counts.
    fn suffer(&mut self, struck: Option<Injected>) {
        let Some(injected) = struck.filter(|_| self.fault.is_none()) else { return };
        let kind = injected.kind;
        self.fault = Some(kind);
        let host = self.host();
        match kind {
            FaultKind::Timeout => host.shared.faults.reply_lost = true,
            FaultKind::ClockJump(milliseconds) => host.shared.clock.skew(milliseconds),
            _ => {}
        }
        host.ledger().faults.push(injected);
    }

    /// Whether the call must have no effect any more.
    fn is_barred(&self) -> bool {
        matches!(self.fault, Some(FaultKind::Status(_) | FaultKind::Trap))
    }

    pub(crate) fn read(&mut self, at: u32, len: u32) -> Result<Vec<u8>, Status> {
        if self.is_barred() {
            return Err(Status::InternalFailure);
        }
        if len == 0 {
            return Ok(Vec::new());
        }
        let memory = self.memory()?;
        let (start, len) = (at as usize, len as usize);
        let end = start.checked_add(len).ok_or(Status::InvalidMemoryAccess)?;
        let bytes = memory.data(&self.caller).get(start..end);
        let bytes = bytes.ok_or(Status::InvalidMemoryAccess)?.to_vec();
        self.host().bytes_copied += u64::from(len as u32);
        Ok(bytes)
    }

    pub(crate) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Status> {
        if self.is_barred() {
            return Err(Status::InternalFailure);
        }
        let memory = self.memory()?;
        let written = memory.write(&mut self.caller, at as usize, bytes);
        written.map_err(|_| Status::InvalidMemoryAccess)?;
        self.host().bytes_copied += bytes.len() as u64;
        Ok(())
    }

    pub(crate) fn write_u32(&mut self, at: u32, value: u32) -> Result<(), Status> {
        self.write(at, &value.to_le_bytes())
    }

    pub(crate) fn write_u64(&mut self, at: u32, value: u64) -> Result<(), Status> {
        self.write(at, &value.to_le_bytes())
    }

    /// Puts data where the guest's own allocator says, and tells the guest where that is. Empty data
    /// is told as a null pointer, without an allocation.
    pub(crate) fn give(&mut self, data: &[u8], at_out: u32, len_out: u32) -> Result<(), Halt> {
        let is_map = self.name == "proxy_get_header_map_pairs";
        let spoiled = self.fault.and_then(|fault| fault.spoil(data, is_map));
        let data = spoiled.as_deref().unwrap_or(data);
        let len = u32::try_from(data.len()).map_err(|_| Status::InternalFailure)?;
        let at = if len == 0 { 0 } else { self.allocate(len)? };
        if at != 0 {
            self.write(at, data)?;
        } else if len != 0 {
            return Err(Status::InvalidMemoryAccess.into());
        }
        let told = if self.fault == Some(FaultKind::BadPointer) { NOWHERE } else { at };
        self.write_u32(at_out, told)?;
        self.write_u32(len_out, len)?;
        Ok(())
    }

    /// The same where the guest may leave either pointer null, because it does not want to know.
    pub(crate) fn give_if_wanted(
        &mut self,
        data: &[u8],
        at_out: u32,
        len_out: u32,
    ) -> Result<(), Halt> {
        let len = u32::try_from(data.len()).map_err(|_| Status::InternalFailure)?;
        if at_out != 0 {
            let at = if len == 0 { 0 } else { self.allocate(len)? };
            if at == 0 && len != 0 {
                return Err(Status::InvalidMemoryAccess.into());
            }
            self.write(at, data)?;
            self.write_u32(at_out, at)?;
        }
        if len_out != 0 {
            self.write_u32(len_out, len)?;
        }
        Ok(())
    }

    fn allocate(&mut self, len: u32) -> Result<u32, Halt> {
        match self.fault {
            Some(FaultKind::AllocationFailure) => return Ok(0),
            Some(FaultKind::AllocationTrap) => {
                return Err(Halt::Trap(wasmtime::Error::new(InjectedTrap)));
            }
            _ => {}
        }
        let guest = self.caller.data().guest.clone().ok_or(Status::InvalidMemoryAccess)?;
        guest.allocate.call(self.caller.as_context_mut(), len).map_err(Halt::Trap)
    }

    fn memory(&mut self) -> Result<wasmtime::Memory, Status> {
        let guest = self.caller.data().guest.as_ref();
        guest.map(|guest| guest.memory).ok_or(Status::InvalidMemoryAccess)
    }
}
