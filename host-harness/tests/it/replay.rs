//! Recordings: kept, redacted, and done again.

use core::time::Duration;

use gatekey_host_harness::replay::{Detail, Recording};
use gatekey_host_harness::{
    Artifact, Plugin, Profile, Request, Upstream, UpstreamReply, WorkerId, World,
};

use crate::command::{file, folder, run};
use crate::guest::{self, map_len, map_literal};

/// Calls out for each request, logs the answer and the key header, ticks, and counts.
fn code(greeting: &str) -> String {
    let pairs = [(":method", "GET"), (":path", "/"), (":authority", "a")];
    format!(
        r#"(data (i32.const 256) "cluster") (data (i32.const 512) "{}")
        (data (i32.const 300) "{greeting}") (data (i32.const 320) "apikey") (data (i32.const 340) "hits")
        (global $hits (mut i32) (i32.const 0))
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (drop (call $tick_every (i32.const 7)))
          (drop (call $define (i32.const 0) (i32.const 340) (i32.const 4) (i32.const 360)))
          (i32.const 1))
        (func (export "proxy_on_tick") (param i32)
          (drop (call $random (i32.const 32) (i32.const 8)))
          (call $say (i32.const 32) (i32.const 8)))
        {}
        (func (export "proxy_on_http_call_response") (param i32 i32 i32 i32 i32)
          (drop (call $buffer (i32.const 4) (i32.const 0) (i32.const 100) (i32.const 0) (i32.const 4)))
          (call $said)
          (drop (call $act_for (i32.const 2)))
          (drop (call $get (i32.const 0) (i32.const 320) (i32.const 6) (i32.const 0) (i32.const 4)))
          (call $said)
          (drop (call $resume (i32.const 0))))"#,
        map_literal(&pairs),
        guest::request_function(&format!(
            r#"(call $say (i32.const 300) (i32.const 5))
               (drop (call $increment (i32.load (i32.const 360)) (i64.const 1)))
               (drop (call $call (i32.const 256) (i32.const 7) (i32.const 512) (i32.const {})
                 (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 100) (i32.const 40)))
               (i32.const 1)"#,
            map_len(&pairs)
        ))
    )
}

const SECRET: &str = "open-sesame-7f3a";
/// `SECRET` after `user:`, in base64.
const BASIC: &str = "Basic dXNlcjpvcGVuLXNlc2FtZS03ZjNh";

fn world(profile: Profile, artifact: &Artifact) -> (World, WorkerId) {
    let mut answers = 0;
    let cluster = Upstream::respond(move |_| {
        answers += 1;
        UpstreamReply::ok(format!("answer {answers}")).after(Duration::from_millis(30))
    });
    let mut world = World::builder(profile)
        .seed(7)
        .environment("TOKEN", SECRET)
        .property(&["node", "id"], "n")
        .upstream("cluster", cluster)
        .keep_recording()
        .build();
    let worker = world.start(artifact, Plugin::new("test", SECRET)).unwrap();
    (world, worker)
}

/// A run that uses everything a world can be told to do.
fn record(profile: Profile, artifact: &Artifact) -> Recording {
    let (mut world, worker) = world(profile, artifact);
    world.advance(Duration::from_millis(20));
    let request = Request::post("/first").header("apikey", SECRET).header("authorization", BASIC);
    world.request(worker, request.chunk("a").chunk(b"\xff\x00".to_vec()));
    let open = world.open(worker, Request::get("/aborted"));
    world.set_wall_clock_off_by(-5);
    world.abort(open);
    world.set_upstream("cluster", Upstream::script([UpstreamReply::reset()]));
    world.request(worker, Request::get("/second").patience(Duration::from_millis(50)));
    world.set_origin(Upstream::always(UpstreamReply::status(404)));
    let cut = world.open(worker, Request::get("/cut"));
    world.finish(cut);
    world.take_background(worker);
    world.stop(worker);
    world.advance(Duration::from_millis(20));
    world.recording().unwrap()
}

#[test]
fn a_replay_on_the_same_module_is_the_same_to_the_byte() {
    let artifact = guest::compile(&code("hello"));
    for profile in [Profile::spec(), Profile::envoy()] {
        let recording = record(profile, &artifact);
        assert_eq!(recording.module_sha256, artifact.sha256());
        let text = recording.to_json();
        let read = Recording::from_json(text.as_bytes()).unwrap();
        assert_eq!(read, recording);
        let replay = read.replay(&artifact, None).unwrap();
        assert_eq!(replay.recording, recording);
        assert_eq!(recording.difference(&replay.recording, Detail::Everything, 3), None);
        assert_eq!(replay.transcripts.len(), 4);
        assert!(recording.transcripts[1].text.contains("answer 1"), "{text}");
        assert_eq!(recording.transcripts[1].step, "stream 0: POST /first");
        assert!(recording.transcripts.last().unwrap().text.contains("hits 4"), "{text}");
    }
}

#[test]
fn another_build_shows_the_first_difference() {
    let recording = record(Profile::envoy(), &guest::compile(&code("hello")));
    let changed = guest::compile(&code("howdy"));
    let replay = recording.replay(&changed, None).unwrap().recording;
    let difference = recording.difference(&replay, Detail::Behaviour, 2).unwrap();
    assert_eq!(difference.step, "stream 0: POST /first");
    assert_eq!(difference.before.len(), 2);
    assert!(difference.recorded.unwrap().ends_with("info hello"));
    assert!(difference.replayed.unwrap().ends_with("info howdy"));
    // Only dearer: the same behaviour, and not the same cost.
    let same = code("hello");
    let dearer = same.replacen("(call $say", "(drop (i32.const 1)) (call $say", 1);
    let replay = recording.replay(&guest::compile(&dearer), None).unwrap().recording;
    assert_eq!(recording.difference(&replay, Detail::Behaviour, 2), None);
    assert!(recording.difference(&replay, Detail::Everything, 2).is_some());
}

#[test]
fn another_profile_shows_what_it_does_differently() {
    let artifact = guest::compile(&code("hello"));
    let recording = record(Profile::envoy(), &artifact);
    let replay = recording.replay(&artifact, Some(Profile::spec())).unwrap().recording;
    assert_eq!(replay.profile.name, "spec");
    let difference = recording.difference(&replay, Detail::Behaviour, 0).unwrap();
    assert!(difference.recorded.unwrap().starts_with("call 4 to cluster"), "{replay:?}");
    assert!(difference.replayed.unwrap().starts_with("call 1 to cluster"), "{replay:?}");
}

#[test]
fn a_build_that_does_not_start_differs_in_its_start() {
    let recording = record(Profile::envoy(), &guest::compile(&code("hello")));
    let refusing =
        r#"(func (export "proxy_on_configure") (param i32 i32) (result i32) i32.const 0)"#;
    let replay = recording.replay(&guest::compile(refusing), None).unwrap().recording;
    let difference = recording.difference(&replay, Detail::Behaviour, 3).unwrap();
    assert_eq!(difference.step, "start 0");
    assert!(difference.replayed.unwrap().contains("`on_configure` returned false"));
}

#[test]
fn a_redacted_recording_holds_no_secret_and_still_replays() {
    let artifact = guest::compile(&code("hello"));
    let recording = record(Profile::envoy(), &artifact);
    let full = recording.to_json();
    assert!(
        full.contains(SECRET) && full.contains("b3Blbi1zZXNhbWUtN2YzY") || full.contains(BASIC)
    );
    let redacted = recording.redacted(&[SECRET.as_bytes()]).unwrap();
    let text = redacted.to_json();
    for leak in [SECRET, "sesame", "vcGVuLXNlc2FtZS", "2FtZS03ZjN"] {
        assert!(!text.contains(leak), "{leak} in {text}");
    }
    assert_eq!(redacted.redacted, ["redacted0xxxxxxx"]);
    assert!(text.contains("redacted0xxxxxxx"));
    let read = Recording::from_json(text.as_bytes()).unwrap();
    let replay = read.replay(&artifact, None).unwrap().recording;
    assert_eq!(read.difference(&replay, Detail::Everything, 3), None);
    assert!(recording.redacted(&[b""]).is_err());
    // Bytes that are no text are found as well.
    let binary = recording.redacted(&[b"\xff\x00"]).unwrap();
    let replay = binary.replay(&artifact, None).unwrap().recording;
    assert_eq!(binary.difference(&replay, Detail::Everything, 3), None);
    assert!(!binary.to_json().contains(r"\\xff\\x00"));
}

#[test]
fn a_world_keeps_a_recording_only_when_asked() {
    let (world, _) = guest::world(Profile::spec(), &guest::compile(""));
    assert!(world.recording().is_none());
}

#[test]
fn damaged_and_foreign_recordings_are_located() {
    let artifact = guest::compile(&code("hello"));
    let recording = record(Profile::spec(), &artifact);
    let text = recording.to_json();
    let error = |text: &str| Recording::from_json(text.as_bytes()).unwrap_err().to_string();
    let cut = error(&text[..text.len() / 2]);
    assert!(cut.contains("not a recording") && cut.contains("line"), "{cut}");
    let future = error(&text.replacen("\"version\": 1", "\"version\": 2, \"news\": 1", 1));
    assert_eq!(future, "/version: 2 is not known here; this build reads 1");
    let unknown = error(&text.replacen("\"do\": \"advance\"", "\"do\": \"dance\"", 1));
    assert!(unknown.contains("dance") && unknown.contains("line"), "{unknown}");
    assert!(error("{}").contains("version"));
    let mut wrong = recording.clone();
    wrong.steps.swap(0, 1);
    wrong.steps.remove(1);
    let error = wrong.replay(&artifact, None).unwrap_err();
    assert_eq!(error.to_string(), "step 1: there is no worker 0");
}

#[test]
fn no_cut_of_a_recording_panics() {
    let text = record(Profile::spec(), &guest::compile(&code("hello"))).to_json();
    for cut in (0..text.len()).step_by(97) {
        assert!(Recording::from_json(&text.as_bytes()[..cut]).is_err());
    }
}

#[test]
fn the_command_compares_and_tells_by_its_exit_code() {
    let folder = folder("replay-command");
    let (old, new) = (guest::bytes(&code("hello")), guest::bytes(&code("howdy")));
    let recording = record(Profile::envoy(), &Artifact::compile(&old).unwrap());
    let (old, new) = (file(&folder, "old.wasm", old), file(&folder, "new.wasm", new));
    let kept = folder.join("kept");
    std::fs::create_dir_all(&kept).unwrap();
    let path = file(&kept, "case.json", recording.to_json());
    let ran = run(&["replay", &old, &path]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("case.json: 8 transcripts are the same"), "{}", ran.out);
    let ran = run(&["replay", &new, &kept.display().to_string(), "--context", "1"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("stream 0: POST /first, line "), "{}", ran.out);
    assert!(ran.out.contains("\n  - log ") && ran.out.contains("info howdy"), "{}", ran.out);
    assert_eq!(run(&["replay", &old, &path, "--profile", "spec"]).code, 1);
    let damaged = file(&folder, "damaged.json", "{\"version\": 1,");
    let ran = run(&["replay", &old, &damaged]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("damaged.json: not a recording: "), "{}", ran.err);
    assert_eq!(run(&["replay", &path, &path]).code, 2);
    assert_eq!(run(&["replay", &old]).code, 2);
}

#[test]
fn every_profile_replays_itself_with_what_only_nginx_knows() {
    let artifact = guest::compile(&guest::request_function(
        r#"(drop (call $store (i32.const 256) (i32.const 1) (i32.const 256) (i32.const 4) (i32.const 0)))
           (drop (call $load (i32.const 256) (i32.const 1) (i32.const 0) (i32.const 4) (i32.const 8)))
           (call $said) (i32.const 0)"#,
    ));
    for name in Profile::NAMES {
        let mut world = World::builder(Profile::named(name).unwrap())
            .server_name("gate.example", 8080)
            .process_environment("PATH", "/bin")
            .variable("user", "nobody")
            .proxy_set_header("X-User", "user")
            .fixed_variable("fixed", "1")
            .shared_zone("*", 65_536)
            .shared_zone_without_eviction("z", 1_024)
            .shared_queue("q", 1_024)
            .keep_recording()
            .build();
        let worker = world.start(&artifact, Plugin::new("test", "")).unwrap();
        world.request(worker, Request::get("/").header("X-Mixed", "Case").header("x-user", "me"));
        let recording = world.recording().unwrap();
        assert_eq!(recording.world.server, "gate.example:8080");
        let read = Recording::from_json(recording.to_json().as_bytes()).unwrap();
        assert_eq!(read.replay(&artifact, None).unwrap().recording, recording, "{name}");
    }
}

#[test]
fn chains_and_their_replacement_are_replayed_with_all_their_modules() {
    let tell = |number: u32| {
        let code = format!("(call $tell (i32.const {number})) (i32.const 0)");
        guest::compile(&guest::request_function(&code))
    };
    let (first, second, third) = (tell(1), tell(2), tell(3));
    let plugin = |name: &str| Plugin::new(name, "");
    let mut world = World::builder(Profile::envoy()).keep_recording().build();
    let chain = [(first.clone(), plugin("a")), (second.clone(), plugin("b"))];
    let workers = world.start_chain(&chain, 2).unwrap();
    world.request(workers[1], Request::get("/"));
    world.reconfigure(&[(third.clone(), plugin("c"))]).unwrap();
    world.request(workers[0], Request::get("/"));
    let recording = world.recording().unwrap();
    let error = recording.replay(&first, None).unwrap_err().to_string();
    assert!(error.starts_with("step 0: another module is needed"), "{error}");
    let others = [third, second];
    let replay = recording.replay_beside(&first, &others, None).unwrap();
    assert_eq!(replay.recording, recording);
    let other = recording.replay_beside(&tell(9), &others, None).unwrap().recording;
    let difference = recording.difference(&other, Detail::Behaviour, 0).unwrap();
    assert_eq!(difference.step, "stream 0: GET /");
}

#[test]
fn cases_are_recorded_and_their_recordings_replayed() {
    let folder = folder("replay-cases");
    let module = file(&folder, "filter.wasm", guest::bytes(&code("hello")));
    let cases = file(
        &folder,
        "cases.yaml",
        format!(
            "version: 1\ncases:\n  - name: one\n    secrets: ['{SECRET}']\n    \
             world: {{ upstreams: {{ cluster: {{ always: {{ status: 200, body: fine }} }} }} }}\n    steps:\n      \
             - request:\n          path: /a\n          headers: [[apikey, {SECRET}]]\n"
        ),
    );
    for (more, kept) in [(&[][..], false), (&["--keep-secrets"][..], true)] {
        let target = folder.join(format!("kept-{kept}"));
        let target = target.display().to_string();
        let ran = run(&[&["run", &cases, "--filter", &module, "--record", &target], more].concat());
        assert!(ran.code < 2, "{}{}", ran.out, ran.err);
        let file = std::fs::read_dir(&target).unwrap().next().unwrap().unwrap().path();
        let text = std::fs::read_to_string(file).unwrap();
        assert_eq!(text.contains(SECRET), kept, "{text}");
        let ran = run(&["replay", &module, &target]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    }
}

#[test]
fn what_a_recording_cannot_hold_is_named_in_it() {
    let artifact = guest::compile(&guest::request_function("(i32.const 0)"));
    let mut world = World::builder(Profile::spec())
        .foreign_function("double", |bytes| Ok(bytes.repeat(2)))
        .keep_recording()
        .build();
    let worker = world.start(&artifact, Plugin::new("test", "")).unwrap();
    world.set_faults(Vec::new());
    world.shut_down(worker);
    let recording = world.recording().unwrap();
    let named = ["foreign functions", "faults", "a worker's orderly end"];
    assert_eq!(recording.world.unrecorded, named);
    let replay = recording.replay(&artifact, None).unwrap().recording;
    assert_eq!(replay.world.unrecorded, named);
}
