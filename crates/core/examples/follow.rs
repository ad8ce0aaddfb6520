//! Follows a portal and decides about a request, as a gateway does. The argument is a file that
//! `gatekey gateway filter-config` wrote; `--portal-authority` says where the portal is.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use gatekey_core::check::{Env, Memory, Settings};
use gatekey_core::digest::Pepper;
use gatekey_core::http::Request;
use gatekey_core::snapshot::VerifyingKey;
use gatekey_core::sync::{Call, CallFailure, Follower, Method, Purpose, Replica, Reply, Timing};
use gatekey_core::{METHODS, time::UnixMillis};
use serde_json::Value;

type Fault = Box<dyn core::error::Error>;

#[allow(clippy::print_stdout, reason = "its output is its purpose")]
fn main() -> Result<(), Fault> {
    let path = std::env::args().nth(1).ok_or("which file?")?;
    let config: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let text = |pointer: &str| config.pointer(pointer).and_then(Value::as_str).ok_or("not there");
    let key = <[u8; 32]>::try_from(bytes(text("/snapshot_keys/0")?)?);
    let key = VerifyingKey::from_bytes(key.map_err(|_| "a key has 32 bytes")?);
    let replica = Replica::new(text("/gateway_id")?.parse()?, vec![key], METHODS);
    let timing = Timing { wait_seconds: 0, ..Timing::default() };
    let mut follower = Follower::new(replica, timing, "example");
    // A gateway goes on for ever; this one until it has a policy.
    while follower.replica().policy().is_none() {
        let applied = gatekey_core::id::Revision(0);
        let Some((call, chore)) = follower.upkeep(now(), Purpose::Follow { applied }, Vec::new)
        else {
            std::thread::sleep(core::time::Duration::from_millis(100));
            continue;
        };
        let answer = send(text("/sync/upstream/authority")?, text("/sync/token")?, &call);
        let reply = match &answer {
            Ok((status, body)) => Reply::Response { status: *status, body },
            Err(_) => Reply::Failed(CallFailure::NoAnswer),
        };
        println!("{:?}", follower.settle(now(), chore, &reply));
    }
    let secret = bytes(text("/peppers/0/secret")?)?;
    let pepper = Pepper::new(text("/peppers/0/id")?, &secret).map_err(|_| "no pepper")?;
    let settings = Settings { peppers: vec![pepper], ..Settings::default() };
    let policy = follower.replica().policy().ok_or("no policy")?;
    let env = Env::new(now().seconds(), &settings);
    let request =
        Request { method: b"GET", authority: b"api.test", path: b"/flights", headers: &[] };
    println!("{:?}", policy.check(&mut Memory::default(), &env, &request));
    Ok(())
}

fn bytes(base64: &str) -> Result<Vec<u8>, Fault> {
    BASE64_STANDARD.decode(base64).map_err(|error| error.to_string().into())
}

fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The least of an HTTP client that will do: yours is better, and speaks TLS.
fn send(address: &str, token: &str, call: &Call) -> Result<(u16, Vec<u8>), Fault> {
    let method = match call.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "{method} {} HTTP/1.0\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        call.path,
        call.body.len()
    )?;
    stream.write_all(&call.body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or("no head")?;
    let body = answer.split_off(end.saturating_add(4));
    let status = answer.get(9..12).and_then(|digits| core::str::from_utf8(digits).ok());
    Ok((status.ok_or("no status")?.parse()?, body))
}
