use serde_json::json;

use super::*;

fn of(content: &str) -> Specification {
    read(content).unwrap()
}

#[test]
fn formats_are_told_apart() {
    let whole = |start: &str| format!("{start}\ninfo: {{title: T, version: '1'}}\npaths: {{}}\n");
    for (content, kind) in [
        (r#"{"openapi": "3.0.3", "paths": {}}"#.to_owned(), Some("oas3")),
        (r#"{"swagger": "2.0"}"#.into(), Some("oas2")),
        (r#"{"asyncapi": "2.6.0"}"#.into(), Some("asyncapi")),
        (whole("# a comment\nopenapi: 3.1.0"), Some("oas3")),
        (whole("openapi: 3.1"), Some("oas3")),
        (whole("swagger: 2.0"), Some("oas2")),
        (whole("\"openapi\": '3.0.0'"), Some("oas3")),
        ("\u{feff}{\"openapi\": \"3.0.0\"}".into(), Some("oas3")),
        ("info:\n  openapi: 3.1.0\n".into(), None),
        (r#"{"openapi": 3}"#.into(), None),
        (r#"{"openapi": "4.0.0"}"#.into(), None),
        ("- openapi: 3.0.0".into(), None),
        ("openapi: 3.0.0\nopenapi: 3.0.0".into(), None),
        ("openapi: [".into(), None),
        ("{".into(), None),
        ("hello".into(), None),
        ("".into(), None),
    ] {
        assert_eq!(read(&content).ok().map(|found| found.kind), kind, "{content}");
    }
}

#[test]
fn what_a_format_requires_is_named_with_its_place() {
    let found = of(r#"{"openapi": "3.0.0", "info": {"title": 1}, "paths": {
        "users": {}, "/a/b": {"get": {"responses": {"200": {}}}, "post": {}, "put": 1}
    }}"#);
    let mut errors = found.errors;
    errors.sort();
    assert_eq!(
        errors,
        [
            "'#/info/title' must be a string",
            "'#/info/version' is required",
            "'#/paths/users' must begin with a slash",
            "'#/paths/~1a~1b/get/responses/200/description' is required",
            "'#/paths/~1a~1b/post/responses' is required",
            "'#/paths/~1a~1b/put' must be an object",
        ]
    );
    let info = r#""info": {"title": "T", "version": "1"}"#;
    for (members, errors) in [
        (r#""openapi": "3.0.0""#, vec!["'#/paths' is required"]),
        (r#""openapi": "3.1.0", "components": {}"#, vec![]),
        (r#""openapi": "3.1.0""#, vec!["'#/paths' is required"]),
        (r#""openapi": "3.1.0", "paths": {"/a": {"get": {}}}"#, vec![]),
        (r#""swagger": "2.0", "paths": []"#, vec!["'#/paths' must be an object"]),
        (r#""asyncapi": "2.6.0""#, vec!["'#/channels' is required"]),
        (r#""asyncapi": "3.0.0""#, vec![]),
        (r#""asyncapi": "1.0.0""#, vec!["'#/asyncapi' must be a version of AsyncAPI 2 or 3"]),
    ] {
        assert_eq!(of(&format!("{{{members}, {info}}}")).errors, errors, "{members}");
    }
}

#[test]
fn suspicious_things_are_warnings() {
    let found = of(r##"{"openapi": "3.0.0", "info": {"title": "T", "version": "1"}, "paths": {
        "/a/{id}/{of}": {"parameters": [{"name": "id", "in": "path"}], "get": {"responses": {
            "200": {"$ref": "#/components/responses/Gone"}, "400": {"$ref": "#/paths/~1a~1%7Bid}~1{of}"}
        }}}
    }, "x": {"example": {"$ref": "#/nothing"}}}"##);
    assert_eq!(found.errors, [""; 0]);
    let mut warnings = found.warnings;
    warnings.sort();
    assert_eq!(
        warnings,
        [
            "'#/components/responses/Gone' does not exist",
            "'#/paths/~1a~1{id}~1{of}/get' does not declare the path parameter 'of'",
        ]
    );
}

#[test]
fn operations_are_collected() {
    let found = of(concat!(
        "openapi: 3.0.0\ninfo: {title: T, version: 1.2.3}\npaths:\n  /b:\n    post:\n",
        "      operationId: makeB\n      summary: Makes\n      responses: {201: {description: x}}\n",
        "    get: {responses: {200: {description: x}}}\n  /a: {x-y: {}}\n",
    ));
    assert_eq!((found.errors.len(), found.version.as_deref()), (0, Some("1.2.3")));
    let seen: Vec<_> = found.operations.iter().map(|o| (o.method, o.path.as_str())).collect();
    assert_eq!(seen, [("GET", "/b"), ("POST", "/b")]);
    let post = &found.operations[1];
    assert_eq!(post.operation_id.as_deref(), Some("makeB"));
    assert_eq!(post.summary.as_deref(), Some("Makes"));
}

#[test]
fn what_would_take_too_much_is_refused() {
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n\
        c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n\
        e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n\
        g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nopenapi: 3.0.0\n";
    assert!(read(bomb).is_err());
    let deep = format!("openapi: 3.0.0\nx: {}1{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(read(&deep).is_err());
    let deep = format!("{{\"openapi\": \"3.0.0\", \"x\": {deep}", deep = "[".repeat(10_000));
    assert!(read(&deep).is_err());
    let long = format!("openapi: 3.0.0\n# {}", "x".repeat(MOST_CHARACTERS));
    assert!(read(&long).unwrap_err().contains("5000000"));
    let paths: Map<String, Value> =
        (0..=MOST_OPERATIONS).map(|n| (format!("/{n}"), json!({"get": {}}))).collect();
    let many = json!({"openapi": "3.1.0", "info": {}, "paths": paths}).to_string();
    assert!(read(&many).unwrap_err().contains("5000 operations"));
}

use serde_json::Map;
