//! Shared data and shared queues.

use wasmtime::{Caller, Linker};

use super::MODULE;
use crate::abi::Status;
use crate::abi::guest::enter;
use crate::host::Host;
use crate::world::event::Event;

pub(crate) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "proxy_get_shared_data",
        |c: Caller<'_, Host>, at, len, at_out, len_out, cas_out| {
            enter(c, "proxy_get_shared_data", |guest| {
                let key = guest.read(at, len)?;
                guest.about(&key);
                let host = guest.host();
                let rules = &host.profile.shared;
                let (value, cas) = host.shared.data.get(rules, &host.plugin.vm_id, &key)?;
                guest.give(&value, at_out, len_out)?;
                Ok(guest.write_u32(cas_out, cas)?)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proxy_set_shared_data",
        |c: Caller<'_, Host>, at: u32, len: u32, value_at: u32, value_len: u32, cas: u32| {
            enter(c, "proxy_set_shared_data", |guest| {
                let key = guest.read(at, len)?;
                guest.about(&key);
                let value = guest.read(value_at, value_len)?;
                let host = guest.host();
                let rules = &host.profile.shared;
                let value = (!rules.null_deletes || value_at != 0).then_some(value);
                Ok(host.shared.data.set(rules, &host.plugin.vm_id, &key, value, cas)?)
            })
        },
    )?;
    link_queues(linker)
}

fn link_queues(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "proxy_register_shared_queue",
        |c: Caller<'_, Host>, at, len, id_out| {
            enter(c, "proxy_register_shared_queue", |guest| {
                let name = guest.read(at, len)?;
                guest.about(&name);
                let host = guest.host();
                let (place, rules, vm_id) =
                    (host.place(), &host.profile.shared, &host.plugin.vm_id);
                let id = host.shared.queues.register(rules, vm_id, &name, place)?;
                Ok(guest.write_u32(id_out, id)?)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proxy_resolve_shared_queue",
        |c: Caller<'_, Host>, vm_at, vm_len, at, len, id_out| {
            enter(c, "proxy_resolve_shared_queue", |guest| {
                let vm_id = guest.read(vm_at, vm_len)?;
                let name = guest.read(at, len)?;
                guest.about(&name);
                let host = guest.host();
                let vm_id = String::from_utf8_lossy(&vm_id);
                let vm_id = if vm_id.is_empty() { &host.plugin.vm_id } else { &*vm_id };
                let id = host.shared.queues.resolve(vm_id, &name).ok_or(Status::NotFound)?;
                Ok(guest.write_u32(id_out, id)?)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proxy_enqueue_shared_queue",
        |c: Caller<'_, Host>, queue, at, len| {
            enter(c, "proxy_enqueue_shared_queue", |guest| {
                let item = guest.read(at, len)?;
                let host = guest.host();
                let rules = &host.profile.shared;
                let place = host.shared.queues.enqueue(rules, queue, item)?;
                if rules.queue_ready {
                    let now = host.shared.clock.elapsed();
                    host.shared.events.schedule(now, Event::QueueReady { place, queue });
                }
                Ok(())
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proxy_dequeue_shared_queue",
        |c: Caller<'_, Host>, queue, at_out, len_out| {
            enter(c, "proxy_dequeue_shared_queue", |guest| {
                let host = guest.host();
                let item = host.shared.queues.dequeue(&host.profile.shared, queue)?;
                guest.give(&item, at_out, len_out)
            })
        },
    )?;
    Ok(())
}
