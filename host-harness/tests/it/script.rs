//! Guests made of host calls in a row, which log what the host answered.

use core::fmt::Write as _;

use gatekey_host_harness::{Artifact, Profile, Request, Transcript};

use crate::guest::{self, literal, map_len, map_literal};

/// A guest in the making: the calls since the last [`Script::on`] become the body of an export.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    data: Vec<u8>,
    code: String,
    functions: String,
    action: u32,
}

/// Request headers, response headers, as the ABI numbers maps.
pub(crate) const REQUEST: u32 = 0;
pub(crate) const RESPONSE: u32 = 2;

/// Where data begins; what lies before it is the frame's.
const DATA: usize = 256;

impl Script {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Pointer and length of these bytes.
    fn text(&mut self, bytes: impl AsRef<[u8]>) -> String {
        let (at, bytes) = (DATA + self.data.len(), bytes.as_ref());
        self.data.extend_from_slice(bytes);
        format!("(i32.const {at}) (i32.const {})", bytes.len())
    }

    /// Code as it is.
    pub(crate) fn raw(mut self, code: &str) -> Self {
        self.code += code;
        self
    }

    /// Tells the status of a call.
    pub(crate) fn tell(self, call: &str) -> Self {
        self.raw(&format!("(call $tell {call})"))
    }

    /// Says what a call gave, or tells its status.
    pub(crate) fn read(self, call: &str) -> Self {
        self.raw(&format!(
            "(i32.store (i32.const 8) {call})
             (if (i32.load (i32.const 8)) (then (call $tell (i32.load (i32.const 8))))
               (else (call $said)))"
        ))
    }

    pub(crate) fn get(mut self, map: u32, name: &str) -> Self {
        let name = self.text(name);
        self.read(&format!("(call $get (i32.const {map}) {name} (i32.const 0) (i32.const 4))"))
    }

    /// Says the full map, or tells the status.
    pub(crate) fn pairs(self, map: u32) -> Self {
        self.read(&format!("(call $pairs (i32.const {map}) (i32.const 0) (i32.const 4))"))
    }

    /// Tells how many pairs the full map has by its own words.
    pub(crate) fn pair_count(self, map: u32) -> Self {
        self.raw(&format!(
            "(drop (call $pairs (i32.const {map}) (i32.const 0) (i32.const 4)))
             (call $tell (i32.load (i32.load (i32.const 0))))"
        ))
    }

    fn edit(mut self, function: &str, map: u32, name: &str, value: &str) -> Self {
        let (name, value) = (self.text(name), self.text(value));
        self.tell(&format!("(call ${function} (i32.const {map}) {name} {value})"))
    }

    pub(crate) fn set(self, map: u32, name: &str, value: &str) -> Self {
        self.edit("set", map, name, value)
    }

    pub(crate) fn add(self, map: u32, name: &str, value: &str) -> Self {
        self.edit("add", map, name, value)
    }

    pub(crate) fn remove(mut self, map: u32, name: &str) -> Self {
        let name = self.text(name);
        self.tell(&format!("(call $remove (i32.const {map}) {name})"))
    }

    pub(crate) fn replace_all(mut self, map: u32, pairs: &[(&str, &str)]) -> Self {
        let at = DATA + self.data.len();
        let text = map_literal(pairs);
        let digits: Vec<&str> = text.split('\\').skip(1).collect();
        self.data.extend(digits.iter().map(|byte| u8::from_str_radix(byte, 16).unwrap()));
        let len = map_len(pairs);
        self.tell(&format!(
            "(call $set_pairs (i32.const {map}) (i32.const {at}) (i32.const {len}))"
        ))
    }

    pub(crate) fn buffer(self, buffer: u32, start: u32, len: u32) -> Self {
        self.read(&format!(
            "(call $buffer (i32.const {buffer}) (i32.const {start}) (i32.const {len})
               (i32.const 0) (i32.const 4))"
        ))
    }

    pub(crate) fn property(mut self, path: &[&str]) -> Self {
        let path = self.text(path.join("\0"));
        self.read(&format!("(call $property {path} (i32.const 0) (i32.const 4))"))
    }

    pub(crate) fn set_property(mut self, path: &[&str], value: &str) -> Self {
        let (path, value) = (self.text(path.join("\0")), self.text(value));
        self.tell(&format!("(call $set_property {path} {value})"))
    }

    /// Says the value and tells its version, or tells the status.
    pub(crate) fn load(mut self, key: &str) -> Self {
        let key = self.text(key);
        self.raw(&format!(
            "(i32.store (i32.const 8)
               (call $load {key} (i32.const 0) (i32.const 4) (i32.const 12)))
             (if (i32.load (i32.const 8)) (then (call $tell (i32.load (i32.const 8))))
               (else (call $said) (call $tell (i32.load (i32.const 12)))))"
        ))
    }

    pub(crate) fn store(mut self, key: &str, value: &str, cas: u32) -> Self {
        let (key, value) = (self.text(key), self.text(value));
        self.tell(&format!("(call $store {key} {value} (i32.const {cas}))"))
    }

    /// Writes a value of so many bytes, whatever they are.
    pub(crate) fn store_large(mut self, key: &str, len: u32) -> Self {
        let key = self.text(key);
        self.tell(&format!("(call $store {key} (i32.const 1024) (i32.const {len}) (i32.const 0))"))
    }

    /// Defines a metric and keeps its number at this address.
    pub(crate) fn define(mut self, kind: u32, name: &str, at: u32) -> Self {
        let name = self.text(name);
        self.tell(&format!("(call $define (i32.const {kind}) {name} (i32.const {at}))"))
    }

    /// Makes a call with a minute's patience.
    pub(crate) fn call(mut self, upstream: &str) -> Self {
        let pairs = [(":method", "GET"), (":path", "/"), (":authority", "a")];
        let at = DATA + self.data.len();
        let text = map_literal(&pairs);
        let digits: Vec<&str> = text.split('\\').skip(1).collect();
        self.data.extend(digits.iter().map(|byte| u8::from_str_radix(byte, 16).unwrap()));
        let (len, upstream) = (map_len(&pairs), self.text(upstream));
        self.tell(&format!(
            "(call $call {upstream} (i32.const {at}) (i32.const {len}) (i32.const 0) (i32.const 0)
               (i32.const 0) (i32.const 0) (i32.const 60000) (i32.const 20))"
        ))
    }

    /// What the callback returns.
    pub(crate) fn returning(mut self, action: u32) -> Self {
        self.action = action;
        self
    }

    /// Ends a callback: what was said since the last one is its body.
    pub(crate) fn on(mut self, callback: &str) -> Self {
        let (params, answers) = match callback {
            "request_headers" | "response_headers" | "request_body" | "response_body" => (3, true),
            "configure" | "vm_start" => (2, true),
            "http_call_response" => (5, false),
            "tick" | "log" => (1, false),
            _ => panic!("`{callback}` is none of those that scripts can have"),
        };
        let params = "i32 ".repeat(params);
        let starts = matches!(callback, "configure" | "vm_start");
        let action = if starts { 1 } else { self.action };
        let (result, end) = match answers {
            true => ("(result i32)", format!("(i32.const {action})")),
            false => ("", String::new()),
        };
        let code = core::mem::take(&mut self.code);
        write!(
            self.functions,
            r#"(func (export "proxy_on_{callback}") (param {params}) {result} {code} {end})"#
        )
        .unwrap();
        self.action = 0;
        self
    }

    /// Compiles it with more parts of a module.
    pub(crate) fn module(mut self, parts: &str) -> Artifact {
        self.functions += parts;
        self.compile()
    }

    pub(crate) fn compile(&self) -> Artifact {
        guest::compile(&format!(
            r#"(data (i32.const {DATA}) "{}") {}"#,
            literal(&self.data),
            self.functions
        ))
    }

    /// Runs one request through it in a world that has nothing but this profile.
    pub(crate) fn run(&self, profile: Profile, request: Request) -> Transcript {
        let (mut world, worker) = guest::world(profile, &self.compile());
        world.request(worker, request)
    }
}

/// The `spec` profile with a switch turned on, and without.
pub(crate) fn on_and_off(turn_on: impl FnOnce(&mut Profile)) -> [Profile; 2] {
    let mut on = Profile::spec();
    turn_on(&mut on);
    assert_ne!(on, Profile::spec());
    [on, Profile::spec()]
}

/// What was logged for a request.
pub(crate) fn told(transcript: &Transcript) -> Vec<String> {
    guest::lines(&transcript.logs)
}
