//! Header and trailer maps.

use wasmtime::{Caller, Linker};

use super::MODULE;
use crate::abi::guest::{Guest, Halt, enter};
use crate::abi::{MapKind, Status, pairs};
use crate::headers::Headers;
use crate::host::Host;
use crate::profile::{MalformedMap, RepeatedHeader};

pub(crate) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(MODULE, "proxy_get_header_map_size", |c: Caller<'_, Host>, kind, out| {
        enter(c, "proxy_get_header_map_size", |guest| {
            let size = pairs::encoded_len(guest.host().readable_map(map_kind(kind)?)?);
            Ok(guest.write_u32(out, u32::try_from(size).map_err(|_| Status::InternalFailure)?)?)
        })
    })?;
    linker.func_wrap(
        MODULE,
        "proxy_get_header_map_pairs",
        |c: Caller<'_, Host>, kind, at_out, len_out| {
            enter(c, "proxy_get_header_map_pairs", |guest| {
                let host = guest.host();
                let bytes = match host.readable_map(map_kind(kind)?) {
                    Ok(map) => pairs::encode(map),
                    Err(_) if host.profile.headers.closed_map_reads_empty => Vec::new(),
                    Err(status) => return Err(status.into()),
                };
                guest.give(&bytes, at_out, len_out)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proxy_set_header_map_pairs",
        |c: Caller<'_, Host>, kind, at, len| {
            enter(c, "proxy_set_header_map_pairs", |guest| {
                let kind = map_kind(kind)?;
                let new = read_pairs(guest, at, len)?;
                *writable(guest.host(), kind)? = new;
                Ok(())
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proxy_get_header_map_value",
        |c: Caller<'_, Host>, kind, at, len, at_out, len_out| {
            enter(c, "proxy_get_header_map_value", |guest| {
                let kind = map_kind(kind)?;
                let name = read_name(guest, at, len)?;
                let host = guest.host();
                let map = host.readable_map(kind)?;
                let value = match host.profile.headers.repeated {
                    RepeatedHeader::First => map.get(&name).map(<[u8]>::to_vec),
                    RepeatedHeader::Joined => map.joined(&name),
                };
                guest.give(&value.ok_or(Status::NotFound)?, at_out, len_out)
            })
        },
    )?;
    link_edits(linker)
}

fn link_edits(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(
        MODULE,
        "proxy_add_header_map_value",
        |c: Caller<'_, Host>, kind, at, len, value_at, value_len| {
            enter(c, "proxy_add_header_map_value", |guest| {
                edit(guest, kind, (at, len), (value_at, value_len), Headers::add)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proxy_replace_header_map_value",
        |c: Caller<'_, Host>, kind, at, len, value_at, value_len| {
            enter(c, "proxy_replace_header_map_value", |guest| {
                edit(guest, kind, (at, len), (value_at, value_len), Headers::set)
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proxy_remove_header_map_value",
        |c: Caller<'_, Host>, kind, at, len| {
            enter(c, "proxy_remove_header_map_value", |guest| {
                edit(guest, kind, (at, len), (0, 0), |map, name, _| map.remove(name))
            })
        },
    )?;
    Ok(())
}

fn edit(
    guest: &mut Guest<'_>,
    kind: u32,
    (at, len): (u32, u32),
    (value_at, value_len): (u32, u32),
    change: impl FnOnce(&mut Headers, Vec<u8>, Vec<u8>),
) -> Result<(), Halt> {
    let kind = map_kind(kind)?;
    let name = read_name(guest, at, len)?;
    let value = guest.read(value_at, value_len)?;
    change(writable(guest.host(), kind)?, name, value);
    Ok(())
}

fn map_kind(kind: u32) -> Result<MapKind, Status> {
    MapKind::from_wire(kind).ok_or(Status::BadArgument)
}

fn read_name(guest: &mut Guest<'_>, at: u32, len: u32) -> Result<Vec<u8>, Status> {
    let name = guest.read(at, len)?;
    guest.about(&name);
    if guest.host().profile.headers.host_means_authority && name.eq_ignore_ascii_case(b"host") {
        return Ok(b":authority".to_vec());
    }
    Ok(name)
}

fn writable(host: &mut Host, kind: MapKind) -> Result<&mut Headers, Status> {
    host.stream().ok_or(Status::BadArgument)?.writable_map(kind)
}

/// A map that the guest hands over, taken as the profile's host takes it.
pub(crate) fn read_pairs(guest: &mut Guest<'_>, at: u32, len: u32) -> Result<Headers, Status> {
    let bytes = guest.read(at, len)?;
    let profile = &guest.host().profile;
    match (
        pairs::decode(&bytes, profile.headers.max_pairs, profile.headers.max_bytes),
        profile.headers.malformed,
    ) {
        (Ok(headers), _) => Ok(headers),
        (Err(_), MalformedMap::Empty) => Ok(Headers::new()),
        (Err(_), MalformedMap::Refused(status)) => Err(status),
    }
}
