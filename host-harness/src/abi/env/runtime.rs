//! Logging, time, ticks, metrics, life cycle.

use core::time::Duration;

use wasmtime::{Caller, Linker};

use super::MODULE;
use crate::abi::guest::{Guest, Halt, enter};
use crate::abi::{LogLevel, Status};
use crate::host::{Host, Place};
use crate::ledger::Log;
use crate::world::event::Event;

pub(crate) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(MODULE, "proxy_log", |c: Caller<'_, Host>, level, at, len| {
        enter(c, "proxy_log", |guest| {
            let level = LogLevel::from_wire(level).ok_or(Status::BadArgument)?;
            let bytes = guest.read(at, len)?;
            log(guest.host(), level, bytes);
            Ok(())
        })
    })?;
    linker.func_wrap(MODULE, "proxy_get_log_level", |c: Caller<'_, Host>, out| {
        enter(c, "proxy_get_log_level", |guest| {
            let level = guest.host().shared.log_level;
            Ok(guest.write_u32(out, level as u32)?)
        })
    })?;
    linker.func_wrap(
        MODULE,
        "proxy_get_current_time_nanoseconds",
        |c: Caller<'_, Host>, out| {
            enter(c, "proxy_get_current_time_nanoseconds", |guest| {
                let now = guest.host().wall_nanos();
                Ok(guest.write_u64(out, now)?)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proxy_set_tick_period_milliseconds",
        |c: Caller<'_, Host>, period: u32| {
            enter(c, "proxy_set_tick_period_milliseconds", |guest| {
                set_tick_period(guest.host(), period)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proxy_set_effective_context",
        |c: Caller<'_, Host>, context: u32| {
            enter(c, "proxy_set_effective_context", |guest| {
                let host = guest.host();
                if host.profile.runtime.effective_context_is_ignored {
                    return Ok(());
                }
                if !host.has_context(context) {
                    return Err(Status::BadArgument.into());
                }
                host.act_for(context);
                Ok(())
            })
        },
    )?;
    linker.func_wrap(MODULE, "proxy_done", |c: Caller<'_, Host>| {
        enter(c, "proxy_done", |guest| {
            let host = guest.host();
            let root = host.acting_root();
            let released = host.leaving.get_mut(&root).filter(|released| !**released);
            *released.ok_or(Status::NotFound)? = true;
            Ok(())
        })
    })?;
    // What modules made with Emscripten, as the C++ SDK's are, import besides.
    linker.func_wrap(MODULE, "emscripten_notify_memory_growth", |_: u32| {})?;
    linker.func_wrap(MODULE, "pthread_equal", |a: u32, b: u32| u32::from(a == b))?;
    link_metrics(linker)
}

fn link_metrics(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "proxy_define_metric",
        |c: Caller<'_, Host>, kind, at, len, out| {
            enter(c, "proxy_define_metric", |guest| define_metric(guest, kind, at, len, out))
        },
    )?;
    linker.func_wrap(MODULE, "proxy_increment_metric", |c: Caller<'_, Host>, id, by: i64| {
        enter(c, "proxy_increment_metric", |guest| {
            let host = guest.host();
            Ok(host.shared.metrics.increment(&host.profile.metrics, id, by)?)
        })
    })?;
    linker.func_wrap(MODULE, "proxy_record_metric", |c: Caller<'_, Host>, id, value: u64| {
        enter(c, "proxy_record_metric", |guest| {
            let host = guest.host();
            Ok(host.shared.metrics.record(&host.profile.metrics, id, value)?)
        })
    })?;
    linker.func_wrap(MODULE, "proxy_get_metric", |c: Caller<'_, Host>, id, out| {
        enter(c, "proxy_get_metric", |guest| {
            let host = guest.host();
            let value = host.shared.metrics.get(&host.profile.metrics, id)?;
            Ok(guest.write_u64(out, value)?)
        })
    })?;
    Ok(())
}

fn define_metric(
    guest: &mut Guest<'_>,
    kind: u32,
    at: u32,
    len: u32,
    out: u32,
) -> Result<(), Halt> {
    let name = guest.read(at, len)?;
    guest.about(&name);
    let host = guest.host();
    let rules = &host.profile.metrics;
    let prefix = rules.prefix.replace("{plugin}", &host.plugin.name);
    let name = format!("{prefix}{}", String::from_utf8_lossy(&name));
    let id = host.shared.metrics.define(rules, kind, name)?;
    Ok(guest.write_u32(out, id)?)
}

/// Books a line of the guest's log, if it is loud enough.
pub(crate) fn log(host: &mut Host, level: LogLevel, bytes: Vec<u8>) {
    if level < host.shared.log_level {
        return;
    }
    let log = Log { at: host.shared.clock.elapsed(), context: host.acting(), level, bytes };
    if host.starting {
        host.start_logs.push(log.clone());
    }
    if !host.canary {
        host.shared.journals.entry(host.worker).or_default().logs.push(log.clone());
    }
    host.ledger().logs.push(log);
}

/// Books a line that the proxy itself writes to its log.
pub(crate) fn host_log(host: &mut Host, level: LogLevel, text: &str) {
    log(host, level, format!("host: {text}").into_bytes());
}

/// Replaces the timer of the acting plugin.
fn set_tick_period(host: &mut Host, period_ms: u32) -> Result<(), Halt> {
    let rules = host.profile.runtime.clone();
    if rules.tick_period_in_stream_traps && host.streams.contains_key(&host.acting()) {
        return Err(Halt::forbidden("a timer outside a root context"));
    }
    let place = host.place();
    host.timers_made += 1;
    let timer = (host.generation << 32) | host.timers_made;
    let Some(root) = host.roots.get_mut(&place.root) else { return Ok(()) };
    let period = Duration::from_millis(period_ms.into());
    let runs = root.timers.values().any(|period| !period.is_zero());
    if rules.second_tick_period_traps && period_ms > 0 && runs {
        return Err(Halt::forbidden("the timer has a period already"));
    }
    if rules.stopped_timer_runs_on {
        // Those that are armed stay armed: without a period they do nothing when they fire.
        root.timers.values_mut().for_each(|armed| *armed = period);
    } else {
        root.timers.clear();
    }
    if period_ms > 0 {
        root.timers.insert(timer, period);
        schedule_tick(host, place, timer);
    }
    Ok(())
}

/// Arms a timer, if it still runs. The canary's never fires.
pub(crate) fn schedule_tick(host: &mut Host, place: Place, timer: u64) {
    let Some(period) = host.roots.get(&place.root).and_then(|root| root.timers.get(&timer)) else {
        return;
    };
    if !host.canary {
        let at = host.shared.clock.elapsed().saturating_add(*period);
        host.shared.events.schedule(at, Event::Tick { place, timer });
    }
}
