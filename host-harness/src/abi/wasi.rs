//! The WASI functions that Proxy-Wasm hosts offer, under both of their module names.

use wasmtime::{Caller, FuncType, Linker, Val, ValType};

use super::env::log;
use super::guest::{BAD_POINTER, Guest, Stop, book};
use super::{LogLevel, Status};
use crate::host::Host;

pub(crate) const MODULES: [&str; 2] = ["wasi_snapshot_preview1", "wasi_unstable"];

const SUCCESS: u32 = 0;
const BADF: u32 = 8;
const FAULT: u32 = 21;
const INVAL: u32 = 28;
const NOENT: u32 = 44;
const NOSYS: u32 = 52;
const NOTSUP: u32 = 58;

/// More parts than this in one `fd_write` are no log line.
const MAX_WRITE_PARTS: u32 = 1024;

/// An errno as the error of a fallible body.
struct Errno(u32);

impl From<Status> for Errno {
    /// The only way guest memory can fail.
    fn from(_: Status) -> Self {
        Self(FAULT)
    }
}

fn enter(
    caller: Caller<'_, Host>,
    name: &'static str,
    body: impl FnOnce(&mut Guest<'_>) -> Result<(), Errno>,
) -> wasmtime::Result<u32> {
    book(caller, name, |guest| match body(guest) {
        Ok(()) => Ok(SUCCESS),
        Err(Errno(FAULT)) if guest.bad_pointer_traps() => Err(wasmtime::Error::new(BAD_POINTER)),
        Err(Errno(errno)) => Ok(errno),
    })
}

pub(crate) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    for module in MODULES {
        link_state(linker, module)?;
        link_files(linker, module)?;
        link_paths(linker, module)?;
        link_wide(linker, module)?;
    }
    Ok(())
}

fn link_state(linker: &mut Linker<Host>, module: &str) -> wasmtime::Result<()> {
    linker.func_wrap(module, "args_get", |c: Caller<'_, Host>, _: u32, _: u32| {
        enter(c, "args_get", |_| Ok(()))
    })?;
    linker.func_wrap(module, "args_sizes_get", |c: Caller<'_, Host>, count_out, size_out| {
        enter(c, "args_sizes_get", |guest| {
            guest.write_u32(count_out, 0)?;
            Ok(guest.write_u32(size_out, 0)?)
        })
    })?;
    linker.func_wrap(module, "environ_get", |c: Caller<'_, Host>, list_out, text_out| {
        enter(c, "environ_get", |guest| environ_get(guest, list_out, text_out))
    })?;
    linker.func_wrap(module, "environ_sizes_get", |c: Caller<'_, Host>, count_out, size_out| {
        enter(c, "environ_sizes_get", |guest| {
            let lines = environment(guest.host());
            guest.write_u32(count_out, small(lines.len())?)?;
            Ok(guest.write_u32(size_out, small(lines.iter().map(Vec::len).sum())?)?)
        })
    })?;
    linker.func_wrap(
        module,
        "clock_time_get",
        |c: Caller<'_, Host>, clock: u32, _precision: u64, out| {
            enter(c, "clock_time_get", |guest| {
                let host = guest.host();
                let nanos = match clock {
                    0 => host.wall_nanos(),
                    1 => host.monotonic_nanos(),
                    _ => return Err(Errno(NOTSUP)),
                };
                Ok(guest.write_u64(out, nanos)?)
            })
        },
    )?;
    linker.func_wrap(module, "random_get", |c: Caller<'_, Host>, at, len: u32| {
        enter(c, "random_get", |guest| {
            let host = guest.host();
            let most = host.profile.runtime.max_random_bytes.unwrap_or(usize::MAX);
            if len as usize > most.min(host.limiter.max_memory) {
                return Err(Errno(INVAL));
            }
            let bytes = host.random_bytes(len as usize);
            Ok(guest.write(at, &bytes)?)
        })
    })?;
    linker.func_wrap(module, "sched_yield", |c: Caller<'_, Host>| {
        enter(c, "sched_yield", |_| Ok(()))
    })?;
    linker.func_wrap(
        module,
        "poll_oneoff",
        |c: Caller<'_, Host>, _in: u32, _out: u32, _count: u32, events_out| {
            book(c, "poll_oneoff", |guest| {
                if guest.host().profile.runtime.sleeping_traps {
                    return Err(wasmtime::Error::new(Stop::Forbidden("sleeping")));
                }
                Ok(guest.write_u32(events_out, 0).map_or(FAULT, |()| SUCCESS))
            })
        },
    )?;
    linker.func_wrap(module, "proc_exit", |c: Caller<'_, Host>, code: u32| {
        book(c, "proc_exit", |_| Err(wasmtime::Error::new(Stop::Exit(code)))).map(|_| ())
    })?;
    Ok(())
}

fn small(len: usize) -> Result<u32, Errno> {
    u32::try_from(len).map_err(|_| Errno(INVAL))
}

fn environment(host: &Host) -> Vec<Vec<u8>> {
    let process = &host.shared.process_environment;
    let process = process.iter().filter(|_| host.profile.runtime.process_environment_is_visible);
    let variables = host.shared.environment.iter().chain(process);
    variables.map(|(name, value)| format!("{name}={value}\0").into_bytes()).collect()
}

fn environ_get(guest: &mut Guest<'_>, mut list_out: u32, mut text_out: u32) -> Result<(), Errno> {
    for line in environment(guest.host()) {
        guest.write_u32(list_out, text_out)?;
        guest.write(text_out, &line)?;
        list_out = list_out.checked_add(4).ok_or(Errno(FAULT))?;
        text_out = text_out.checked_add(small(line.len())?).ok_or(Errno(FAULT))?;
    }
    Ok(())
}

fn link_files(linker: &mut Linker<Host>, module: &str) -> wasmtime::Result<()> {
    linker.func_wrap(
        module,
        "fd_write",
        |c: Caller<'_, Host>, fd, parts, count, written_out| {
            enter(c, "fd_write", |guest| fd_write(guest, fd, parts, count, written_out))
        },
    )?;
    linker.func_wrap(
        module,
        "fd_read",
        |c: Caller<'_, Host>, _fd: u32, _parts: u32, _count: u32, _read_out: u32| {
            enter(c, "fd_read", |_| Err(Errno(NOSYS)))
        },
    )?;
    // Both log an error on cpp-host and report success; there is nothing to seek in or to close.
    linker.func_wrap(
        module,
        "fd_seek",
        |c: Caller<'_, Host>, _fd: u32, _by: i64, _whence: u32, _out: u32| {
            enter(c, "fd_seek", |_| Ok(()))
        },
    )?;
    linker.func_wrap(module, "fd_close", |c: Caller<'_, Host>, _fd: u32| {
        enter(c, "fd_close", |_| Ok(()))
    })?;
    linker.func_wrap(module, "fd_fdstat_get", |c: Caller<'_, Host>, fd: u32, out| {
        enter(c, "fd_fdstat_get", |guest| {
            if !matches!(fd, 1 | 2) {
                return Err(Errno(BADF));
            }
            // File type and flags are unknown; the one right is to write.
            let mut stat = [0; 24];
            if let Some(rights) = stat.get_mut(8) {
                *rights = 64;
            }
            Ok(guest.write(out, &stat)?)
        })
    })?;
    linker.func_wrap(
        module,
        "fd_fdstat_set_flags",
        |c: Caller<'_, Host>, _fd: u32, _flags: u32| {
            enter(c, "fd_fdstat_set_flags", |_| Err(Errno(NOSYS)))
        },
    )?;
    linker.func_wrap(module, "fd_prestat_get", |c: Caller<'_, Host>, _fd: u32, _out: u32| {
        enter(c, "fd_prestat_get", |_| Err(Errno(BADF)))
    })?;
    linker.func_wrap(
        module,
        "fd_prestat_dir_name",
        |c: Caller<'_, Host>, _fd: u32, _at: u32, _len: u32| {
            enter(c, "fd_prestat_dir_name", |_| Err(Errno(BADF)))
        },
    )?;
    Ok(())
}

fn link_paths(linker: &mut Linker<Host>, module: &str) -> wasmtime::Result<()> {
    linker.func_wrap(
        module,
        "path_open",
        |c: Caller<'_, Host>,
         _fd: u32,
         _flags: u32,
         _at: u32,
         _len: u32,
         _open: u32,
         _rights: u64,
         _inheriting: u64,
         _fd_flags: u32,
         _fd_out: u32| { enter(c, "path_open", |_| Err(Errno(NOENT))) },
    )?;
    linker.func_wrap(
        module,
        "path_filestat_get",
        |c: Caller<'_, Host>, _fd: u32, _flags: u32, _at: u32, _len: u32, _out: u32| {
            enter(c, "path_filestat_get", |_| Err(Errno(NOENT)))
        },
    )?;
    Ok(())
}

/// The rest of WASI: 4 is a 32-bit parameter, 8 a 64-bit one.
const WIDE: [(&str, &[u8]); 27] = [
    ("clock_res_get", &[4, 4]),
    ("fd_advise", &[4, 8, 8, 4]),
    ("fd_allocate", &[4, 8, 8]),
    ("fd_datasync", &[4]),
    ("fd_fdstat_set_rights", &[4, 8, 8]),
    ("fd_filestat_get", &[4, 4]),
    ("fd_filestat_set_size", &[4, 8]),
    ("fd_filestat_set_times", &[4, 8, 8, 4]),
    ("fd_pread", &[4, 4, 4, 8, 4]),
    ("fd_pwrite", &[4, 4, 4, 8, 4]),
    ("fd_readdir", &[4, 4, 4, 8, 4]),
    ("fd_renumber", &[4, 4]),
    ("fd_sync", &[4]),
    ("fd_tell", &[4, 4]),
    ("path_create_directory", &[4, 4, 4]),
    ("path_filestat_set_times", &[4, 4, 4, 4, 8, 8, 4]),
    ("path_link", &[4, 4, 4, 4, 4, 4, 4]),
    ("path_readlink", &[4, 4, 4, 4, 4, 4]),
    ("path_remove_directory", &[4, 4, 4]),
    ("path_rename", &[4, 4, 4, 4, 4, 4]),
    ("path_symlink", &[4, 4, 4, 4, 4]),
    ("path_unlink_file", &[4, 4, 4]),
    ("proc_raise", &[4]),
    ("sock_accept", &[4, 4, 4]),
    ("sock_recv", &[4, 4, 4, 4, 4, 4]),
    ("sock_send", &[4, 4, 4, 4, 4]),
    ("sock_shutdown", &[4, 4]),
];

/// Whether a function is one that hosts have only if they offer all of WASI.
pub(crate) fn is_wide(name: &str) -> bool {
    WIDE.iter().any(|(wide, _)| *wide == name)
}

fn link_wide(linker: &mut Linker<Host>, module: &str) -> wasmtime::Result<()> {
    for (name, params) in WIDE {
        let params = params.iter().map(|size| if *size == 8 { ValType::I64 } else { ValType::I32 });
        let ty = FuncType::new(linker.engine(), params, [ValType::I32]);
        linker.func_new(module, name, ty, move |caller, _, results| {
            let errno = book(caller, name, |_| Ok(NOSYS))?;
            if let Some(result) = results.first_mut() {
                *result = Val::I32(errno.cast_signed());
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn fd_write(
    guest: &mut Guest<'_>,
    fd: u32,
    parts: u32,
    count: u32,
    written_out: u32,
) -> Result<(), Errno> {
    let level = match fd {
        1 => LogLevel::Info,
        2 => LogLevel::Error,
        _ => return Err(Errno(BADF)),
    };
    if count > MAX_WRITE_PARTS {
        return Err(Errno(INVAL));
    }
    let list = guest.read(parts, count * 8)?;
    let mut line = Vec::new();
    for part in list.as_chunks::<8>().0 {
        let [a, b, c, d, e, f, g, h] = *part;
        let (at, len) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        line.extend(guest.read(at, len)?);
    }
    let written = small(line.len())?;
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    if written > 0 {
        log(guest.host(), level, line);
    }
    Ok(guest.write_u32(written_out, written)?)
}
