//! Header and trailer maps.

use wasmtime::{Caller, Linker};

use super::{MODULE, host_log};
use crate::abi::guest::{Guest, Halt, enter};
use crate::abi::{LogLevel, MapKind, Status, pairs};
use crate::headers::Headers;
use crate::host::Host;
use crate::profile::{HeaderMaps, LateEdit, MalformedMap, RepeatedHeader};

/// Request headers of which nginx keeps one only.
const SINGLE_SLOT: [&str; 16] = [
    "authorization",
    "connection",
    "content-length",
    "content-range",
    "content-type",
    "expect",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "range",
    "referer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// One change that a guest wants.
enum Edit {
    Add(Vec<u8>, Vec<u8>),
    Set(Vec<u8>, Vec<u8>),
    Remove(Vec<u8>),
    ReplaceAll(Headers),
}

pub(crate) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(MODULE, "proxy_get_header_map_size", |c: Caller<'_, Host>, kind, out| {
        enter(c, "proxy_get_header_map_size", |guest| {
            let size = pairs::encoded_len(readable(guest.host(), map_kind(kind)?)?);
            Ok(guest.write_u32(out, u32::try_from(size).map_err(|_| Status::InternalFailure)?)?)
        })
    })?;
    linker.func_wrap(
        MODULE,
        "proxy_get_header_map_pairs",
        |c: Caller<'_, Host>, kind, at_out, len_out| {
            enter(c, "proxy_get_header_map_pairs", |guest| {
                let bytes = read_all(guest.host(), map_kind(kind)?)?;
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
                edit(guest.host(), kind, Edit::ReplaceAll(new))
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
                let repeated = host.profile.headers.repeated;
                let map = readable(host, kind)?;
                let value = match repeated {
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
        |c: Caller<'_, Host>, kind, at: u32, len: u32, value_at: u32, value_len: u32| {
            enter(c, "proxy_add_header_map_value", |guest| {
                let kind = map_kind(kind)?;
                let name = read_name(guest, at, len)?;
                let value = guest.read(value_at, value_len)?;
                edit(guest.host(), kind, Edit::Add(name, value))
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proxy_replace_header_map_value",
        |c: Caller<'_, Host>, kind, at: u32, len: u32, value_at: u32, value_len: u32| {
            enter(c, "proxy_replace_header_map_value", |guest| {
                let kind = map_kind(kind)?;
                let name = read_name(guest, at, len)?;
                let value = guest.read(value_at, value_len)?;
                edit(guest.host(), kind, Edit::Set(name, value))
            })
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proxy_remove_header_map_value",
        |c: Caller<'_, Host>, kind, at, len| {
            enter(c, "proxy_remove_header_map_value", |guest| {
                let kind = map_kind(kind)?;
                let name = read_name(guest, at, len)?;
                edit(guest.host(), kind, Edit::Remove(name))
            })
        },
    )?;
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

fn readable(host: &Host, kind: MapKind) -> Result<&Headers, Halt> {
    touch(host, kind)?;
    Ok(host.readable_map(kind)?)
}

/// Some hosts look for the request without asking whether there is one.
fn touch(host: &Host, kind: MapKind) -> Result<(), Halt> {
    let orphan = kind == MapKind::RequestHeaders && !host.streams.contains_key(&host.acting());
    if orphan && host.profile.headers.request_map_in_root_crashes {
        return Err(Halt::crash("request headers without a request"));
    }
    Ok(())
}

/// A whole map as the guest gets it.
fn read_all(host: &mut Host, kind: MapKind) -> Result<Vec<u8>, Halt> {
    touch(host, kind)?;
    let rules = &host.profile.headers;
    let of_call = matches!(kind, MapKind::CallResponseHeaders | MapKind::CallResponseTrailers);
    let most = rules.read_at_most.filter(|_| !of_call).unwrap_or(usize::MAX);
    let keeps_case = rules.map_keeps_case;
    let map = match host.readable_map(kind) {
        Ok(map) => map,
        Err(_) if rules.closed_map_reads_empty => return Ok(Vec::new()),
        Err(status) => return Err(status.into()),
    };
    if map.len() <= most {
        let encoded = if keeps_case { pairs::encode_as_spelled(map) } else { pairs::encode(map) };
        return Ok(encoded);
    }
    let bytes = pairs::encode_cut(map, most, keeps_case);
    host_log(host, LogLevel::Warn, &format!("marshalled map truncated to {most} elements"));
    Ok(bytes)
}

/// Changes a map as the profile's host does.
fn edit(host: &mut Host, kind: MapKind, edit: Edit) -> Result<(), Halt> {
    touch(host, kind)?;
    let profile = host.profile.clone();
    let rules = &profile.headers;
    let of_stream = matches!(kind, MapKind::RequestHeaders | MapKind::ResponseHeaders);
    if of_stream && host.stream().is_some() && host.writable_map(kind).is_err() {
        match rules.late_edit {
            LateEdit::Refused => {}
            LateEdit::Ignored => {
                host_log(host, LogLevel::Error, "cannot change headers: they are on their way");
                return Ok(());
            }
            LateEdit::Traps => return Err(Halt::forbidden("headers are on their way")),
        }
    }
    let map = host.writable_map(kind)?;
    let edit = if rules.line_breaks_are_escaped { edit.escaped() } else { edit };
    let complaint = if kind == MapKind::RequestHeaders {
        edit_request(map, rules, edit)?
    } else {
        edit.apply(map);
        None
    };
    if let Some(complaint) = complaint {
        host_log(host, LogLevel::Error, &complaint);
    }
    Ok(())
}

/// Changes request headers; the answer is an error line for the host's log.
fn edit_request(map: &mut Headers, rules: &HeaderMaps, edit: Edit) -> Result<Option<String>, Halt> {
    if let Edit::ReplaceAll(new) = edit {
        if !rules.replace_all_keeps_originals {
            *map = new;
            return Ok(None);
        }
        map.hide_all();
        let mut complaint = None;
        for (name, value) in new.iter_as_spelled() {
            let one = if name.first() == Some(&b':') { Edit::Set } else { Edit::Add };
            complaint = edit_request(map, rules, one(name.to_vec(), value.to_vec()))?.or(complaint);
        }
        return Ok(complaint);
    }
    let name = edit.name().to_ascii_lowercase();
    let text = String::from_utf8_lossy(&name).into_owned();
    let value = edit.value();
    if rules.authority_and_scheme_are_read_only && matches!(text.as_str(), ":authority" | ":scheme")
    {
        return Ok(Some(format!("cannot set read-only \"{text}\" header")));
    }
    if text == ":path" {
        if rules.path_with_query_traps && value.contains(&b'?') {
            return Err(Halt::forbidden("not yet implemented: a path with a query string"));
        }
        if rules.path_change_is_not_sent {
            map.pin(&name);
        }
    }
    match edit {
        Edit::Add(..)
            if rules.single_slot_add_is_dropped
                && SINGLE_SLOT.contains(&text.as_str())
                && map.get(&name).is_some() =>
        {
            return Ok(Some(format!("invalid duplicate header \"{text}\"")));
        }
        Edit::Set(name, value) if rules.set_keeps_repeats => map.set_first(&name, &value),
        Edit::Remove(name) if rules.removed_is_still_sent => map.hide(&name),
        edit => edit.apply(map),
    }
    Ok(None)
}

impl Edit {
    fn apply(self, map: &mut Headers) {
        match self {
            Self::Add(name, value) => map.add(name, value),
            Self::Set(name, value) => map.set(name, value),
            Self::Remove(name) => map.remove(name),
            Self::ReplaceAll(new) => *map = new,
        }
    }

    fn name(&self) -> &[u8] {
        match self {
            Self::Add(name, _) | Self::Set(name, _) | Self::Remove(name) => name,
            Self::ReplaceAll(_) => &[],
        }
    }

    fn value(&self) -> &[u8] {
        match self {
            Self::Add(_, value) | Self::Set(_, value) => value,
            Self::Remove(_) | Self::ReplaceAll(_) => &[],
        }
    }

    /// The same without line breaks in values.
    fn escaped(self) -> Self {
        match self {
            Self::Add(name, value) => Self::Add(name, escape(&value)),
            Self::Set(name, value) => Self::Set(name, escape(&value)),
            Self::ReplaceAll(new) => {
                let pairs = new.iter_as_spelled();
                Self::ReplaceAll(
                    pairs.map(|(name, value)| (name.to_vec(), escape(value))).collect(),
                )
            }
            Self::Remove(_) => self,
        }
    }
}

fn escape(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    for byte in value {
        match byte {
            b'\r' => out.extend_from_slice(b"%0D"),
            b'\n' => out.extend_from_slice(b"%0A"),
            _ => out.push(*byte),
        }
    }
    out
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
