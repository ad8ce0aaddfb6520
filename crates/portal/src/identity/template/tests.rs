use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::*;
use crate::store::entity::{auth_client, auth_server};

const NOW: i64 = 1_699_110_429_045;

fn server() -> auth_server::Model {
    auth_server::Model {
        id: Uuid::from_u128(7),
        name: "Orders".into(),
        audience: "https://api.example.com".into(),
        description: None,
        algorithm: "RS256".into(),
        labels: json!({"region": "eu"}),
        trusted_origins: json!(["https://a.example"]),
        token_profile: "jwt".into(),
        builtin: false,
        created_at: 0,
        updated_at: 1_000,
    }
}

fn client() -> auth_client::Model {
    auth_client::Model {
        server_id: Uuid::from_u128(7),
        id: "kYa9iQFU5xPDSIUH9z1z".into(),
        name: "a \"b\", \"admin\": true, {c} \\".into(),
        grant_types: json!(["client_credentials", "implicit"]),
        response_types: json!(["none"]),
        redirect_uris: json!([]),
        login_uri: None,
        access_token_duration: 300,
        id_token_duration: 60,
        allow_all_scopes: true,
        scope_ids: json!([]),
        auth_method: "client_secret_post".into(),
        labels: json!({"environment": "prod", "limit": "5"}),
        application_id: None,
        registration_digest: None,
        registration_policy: None,
        created_at: 0,
        updated_at: 0,
    }
}

fn try_render(text: &str) -> Result<Json, String> {
    let (server, client) = (server(), client());
    let context = Context { server: &server, client: &client, now: NOW };
    Template::parse(text).and_then(|template| template.render(&context)).map_err(|f| f.to_string())
}

fn render(text: &str) -> Json {
    try_render(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

#[test]
fn text_without_actions_is_json_if_it_can_be() {
    for (text, expected) in [
        ("gold", json!("gold")),
        ("{\"rps\": 5}", json!({"rps": 5})),
        ("[1, \"a\"]", json!([1, "a"])),
        ("12.5", json!(12.5)),
        ("true", json!(true)),
        ("\"5\"", json!("5")),
        ("{rps: 5}", json!("{rps: 5}")),
        ("$5 or } or $ {", json!("$5 or } or $ {")),
    ] {
        assert_eq!(render(text), expected, "{text}");
    }
}

#[test]
fn one_action_alone_keeps_its_type() {
    for (text, expected) in [
        ("${ .AuthServer.Name }", json!("Orders")),
        ("${.AuthServer.ID}", json!(Uuid::from_u128(7))),
        ("${ .Client.AllowAllScopes }", json!(true)),
        ("${ .Client.GrantTypes }", json!(["client_credentials", "implicit"])),
        ("${ .Client.Labels }", json!({"environment": "prod", "limit": "5"})),
        ("${ .Client.Labels.limit }", json!("5")),
        ("${ .Client.Labels.limit | int }", json!(5)),
        ("${ .Client.Labels.environment | default \"production\" }", json!("prod")),
        ("${ .Client.Labels.missing | default \"production\" }", json!("production")),
        ("${ .Client.Labels.missing }", json!("")),
        (" ${ add 1 2 }\n", json!(3)),
        ("${ if .Client.AllowAllScopes }${ list 1 2 }${ end }", json!([1, 2])),
        ("${ 1.5 }", json!(1.5)),
        ("${ now | unixEpoch }", json!(1_699_110_429)),
        ("${ .AuthServer.UpdatedAt }", json!("1970-01-01T00:00:01.000Z")),
        ("${ \"{\\\"a\\\": 1}\" }", json!("{\"a\": 1}")),
        ("${ \"{\\\"a\\\": 1}\" | fromJson }", json!({"a": 1})),
        ("${ dict \"a\" (list true nil) | toJson }", json!({"a": [true, null]})),
        ("${ .Client.LoginURI }", json!("")),
    ] {
        assert_eq!(render(text), expected, "{text}");
    }
}

#[test]
fn text_and_actions_together_are_text() {
    for (text, expected) in [
        (
            "${ .AuthServer.Audience }-${ .Client.ID }",
            json!("https://api.example.com-kYa9iQFU5xPDSIUH9z1z"),
        ),
        ("${ 1 }${ 2 }", json!("12")),
        ("n: ${ .Client.Name }", json!("n: a \"b\", \"admin\": true, {c} \\")),
        ("a  ${- \"b\" -}  c", json!("abc")),
        ("a${/* nothing */}b", json!("ab")),
        ("${ .Client.GrantTypes } x", json!("[\"client_credentials\",\"implicit\"] x")),
    ] {
        assert_eq!(render(text), expected, "{text}");
    }
}

#[test]
fn conditions_choose_and_static_text_of_a_branch_is_static() {
    let tier = "${ if eq .Client.Labels.environment \"prod\" }gold${ else if true }silver${ else }x${ end }";
    assert_eq!(render(tier), json!("gold"));
    let flag = "${ if not .Client.AllowAllScopes }true${ else }false${ end }";
    assert_eq!(render(flag), json!(false));
    assert_eq!(render("${ if false }x${ end }"), json!(""));
    assert_eq!(render("${ if nil }a${ else if 0 }b${ else }{\"c\": 1}${ end }"), json!({"c": 1}));
}

#[test]
fn a_value_cannot_leave_its_place_in_json() {
    let name = "a \"b\", \"admin\": true, {c} \\";
    for (text, expected) in [
        ("{\"name\": \"${ .Client.Name }\"}", json!({"name": name})),
        ("{\"name\": ${ .Client.Name }}", json!({"name": name})),
        ("{\"name\": ${ .Client.Name | quote }}", json!({"name": name})),
        (
            "{\"name\": ${ .Client.Name | toJson }, \"x\": \"-${ .Client.ID }\"}",
            json!({"name": name, "x": "-kYa9iQFU5xPDSIUH9z1z"}),
        ),
        (
            "{\"${ .Client.Name }\": [${ .Client.GrantTypes }, ${ nil }, ${ true }]}",
            json!({name: [["client_credentials", "implicit"], null, true]}),
        ),
        ("\"x ${ .Client.Name }\"", json!(format!("x {name}"))),
    ] {
        assert_eq!(render(text), expected, "{text}");
    }
    // What only looks like JSON is text, with the values as they are.
    assert_eq!(render("{${ .AuthServer.Name }"), json!("{Orders"));
}

#[test]
fn functions_do_what_sprig_says() {
    for (text, expected) in [
        ("${ upper .AuthServer.Name }", json!("ORDERS")),
        ("${ lower \"ÄB\" }", json!("äb")),
        ("${ title \"hello wide world\" }", json!("Hello Wide World")),
        ("${ trim \"  x \" }", json!("x")),
        ("${ trimAll \"$\" \"$5.00$\" }", json!("5.00")),
        ("${ trimPrefix \"https://\" .AuthServer.Audience }", json!("api.example.com")),
        ("${ trimSuffix \".com\" .AuthServer.Audience }", json!("https://api.example")),
        ("${ replace \"e\" \"3\" \"elephant\" }", json!("3l3phant")),
        ("${ coalesce nil \"\" \"x\" \"y\" }", json!("x")),
        ("${ ternary \"a\" \"b\" false }", json!("b")),
        ("${ true | ternary \"a\" \"b\" }", json!("a")),
        (
            "${ printf \"%s has %d%% %v %t %q\" \"a\" 5 1.5 true \"z\" }",
            json!("a has 5% 1.5 true \"z\""),
        ),
        ("${ join \"-\" (list 1 \"b\" true) }", json!("1-b-true")),
        ("${ splitList \",\" \"a,b\" }", json!(["a", "b"])),
        ("${ (split \"@\" \"ann@example.com\")._1 }", json!("example.com")),
        ("${ get (dict \"a\" 1) \"a\" }", json!(1)),
        ("${ index .Client.GrantTypes 1 }", json!("implicit")),
        ("${ index .Client.Labels \"environment\" }", json!("prod")),
        ("${ b64enc \"hi\" }", json!("aGk=")),
        ("${ b64dec \"aGk=\" }", json!("hi")),
        (
            "${ sha256sum \"abc\" }",
            json!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ),
        ("${ sub 5 7 }", json!(-2)),
        ("${ mul 2 3 4 }", json!(24)),
        ("${ div 7 2 }", json!(3)),
        ("${ mod 7 2 }", json!(1)),
        ("${ max 1 9 3 }", json!(9)),
        ("${ add 9223372036854775807 1 }", json!(i64::MAX)),
        ("${ divf 3 2 }", json!(1.5)),
        ("${ eq \"a\" \"b\" \"a\" }", json!(true)),
        ("${ eq 1 1.0 }", json!(true)),
        ("${ ne 1 \"1\" }", json!(true)),
        ("${ lt 2 10 }", json!(true)),
        ("${ and 1 \"\" 2 }", json!("")),
        ("${ or nil 0 \"x\" }", json!("x")),
        ("${ contains \"api\" .AuthServer.Audience }", json!(true)),
        ("${ hasPrefix \"http:\" .AuthServer.Audience }", json!(false)),
        ("${ hasSuffix \".com\" .AuthServer.Audience }", json!(true)),
        ("${ trunc 3 \"äöüß\" }", json!("äöü")),
        ("${ trunc -2 \"äöüß\" }", json!("üß")),
        ("${ substr 1 3 \"abcd\" }", json!("bc")),
        ("${ repeat 3 \"ab\" }", json!("ababab")),
        ("${ int \"42\" }", json!(42)),
        ("${ toString 42 }", json!("42")),
        ("${ empty (list) }", json!(true)),
        ("${ len .Client.GrantTypes }", json!(2)),
        ("${ has \"implicit\" .Client.GrantTypes }", json!(true)),
        ("${ without .Client.GrantTypes \"implicit\" }", json!(["client_credentials"])),
        ("${ list 1 1 2 | uniq | reverse }", json!([2, 1])),
        ("${ keys (dict \"b\" 1 \"a\" 2) }", json!(["a", "b"])),
        ("${ merge (dict \"a\" 1) (dict \"a\" 2 \"b\" 3) }", json!({"a": 1, "b": 3})),
        ("${ omit .Client.Labels \"limit\" }", json!({"environment": "prod"})),
        ("${ snakecase \"FirstName here\" }", json!("first_name_here")),
        ("${ camelcase \"first_name\" }", json!("FirstName")),
        ("${ now | date \"2006-01-02T15:04:05Z07:00\" }", json!("2023-11-04T15:07:09Z")),
        ("${ now | dateModify \"-1h\" | htmlDate }", json!("2023-11-04")),
        ("${ uuidValidate \"x\" }", json!(false)),
        ("${ uuidParse \"00000000-0000-0000-0000-000000000007\" }", json!(Uuid::from_u128(7))),
        ("${ `raw \\n` }", json!("raw \\n")),
        ("${ \"\\u00e9\\n\" }", json!("é\n")),
    ] {
        assert_eq!(render(text), expected, "{text}");
    }
    let made = render("${ uuidv4 }");
    assert_eq!(Uuid::try_parse(made.as_str().unwrap()).unwrap().get_version_num(), 4);
    assert_ne!(made, render("${ uuidv4 }"));
    let random = render("${ randAlphaNum 16 }");
    assert!(random.as_str().unwrap().chars().all(|c| c.is_ascii_alphanumeric()));
    assert_eq!(random.as_str().unwrap().len(), 16);
}

#[test]
fn what_is_unknown_or_unfinished_is_refused_by_name() {
    for (text, blamed) in [
        ("${ env \"HOME\" }", "unknown function `env`"),
        ("${ .Client.Name | shout }", "unknown function `shout`"),
        ("${ .Client.Secret }", "unknown field `.Client.Secret`"),
        ("${ .Client }", "unknown field `.Client`"),
        ("${ .Server.Name }", "unknown field `.Server.Name`"),
        ("${ .Client.Name.First }", "unknown field `.Client.Name.First`"),
        ("${ .Client.Labels.a.b }", "unknown field `.Client.Labels.a.b`"),
        ("${ upper }", "`upper` 0 arguments; it takes 1"),
        ("${ ternary 1 2 }", "`ternary` 2 arguments; it takes 3"),
        ("${ quote", "`${` without its `}`"),
        ("${ \"abc }", "quote without end"),
        ("${ }", "nothing in it"),
        ("${ (add 1 2 }", "`(` without its `)`"),
        ("${ add 1 2) }", "`)` without its `(`"),
        ("${ 1 2 }", "two values without a function"),
        ("${ 1 | 2 }", "no function behind a `|`"),
        ("${ | upper }", "lacks a value"),
        ("${ upper \"a\" | }", "lacks a value"),
        ("${ $x := 1 }", "variables are not supported"),
        ("${ range .Client.GrantTypes }x${ end }", "`range`, which is not supported"),
        ("${ if true }x", "`if` without its `end`"),
        ("${ if true }x${ else }y", "`else` without its `end`"),
        ("${ if true }x${ else }y${ else }z${ end }", "`else` without its `end`"),
        ("${ end }", "`end` without an `if`"),
        ("${ else }", "`else` without an `if`"),
        ("${ if }x${ end }", "lacks a value"),
        ("${ end x }", "something behind `end`"),
        ("${ 'a' }", "has a `'`"),
        ("${ 1x }", "`1x`, which is not a number"),
        ("${ . }", "`.` without the name of a field"),
    ] {
        let fault = try_render(text).expect_err(text);
        assert!(fault.contains(blamed), "{text}: {fault}");
    }
}

#[test]
fn what_would_cost_too_much_is_refused() {
    let doubled = format!("${{ \"ab\" {} }}", "| repeat 10 ".repeat(6));
    let nested = format!("${{ {}1{} }}", "(list ".repeat(40), ")".repeat(40));
    let piped = format!("${{ list 1 {} }}", "| list ".repeat(100));
    let deep = format!("{}x{}", "${ if true }".repeat(60), "${ end }".repeat(60));
    for text in [
        "${ repeat 1000000000 \"x\" }",
        "${ repeat 9223372036854775807 \"\" }",
        "${ replace \"\" (repeat 9000 \"y\") (repeat 9000 \"x\") }",
        "${ randAlphaNum 99999999 }",
        "${ splitList \"\" (repeat 16000 \"x\") | join (repeat 16000 \"y\") }",
        &doubled,
        &nested,
        &piped,
        &deep,
        &"${ .Client.Name }".repeat(1_000),
        &format!("${{ {} }}", "add 1 | ".repeat(1_500)),
    ] {
        assert!(try_render(text).is_err(), "{:.60}", text);
    }
}

#[test]
fn every_function_takes_anything() {
    let values = [
        "nil",
        "true",
        "-7",
        "0",
        "9223372036854775807",
        "1.5",
        "\"\"",
        "\"a,b\"",
        "\"{}\"",
        "now",
        "(list 1 \"a\" nil)",
        "(dict \"a\" 1)",
        "(toJson 1)",
        "(list)",
        "\"%s%d\"",
        "\"1h\"",
    ];
    for function in function::all() {
        for length in function.least..=function.most.min(3) {
            for start in 0..values.len() {
                let given: Vec<_> =
                    (0..length).map(|at| values[(start + at * 5) % values.len()]).collect();
                let text = format!("${{ {} {} }}", function.name, given.join(" "));
                // It has a value, or a reason that names the function; it does not panic.
                if let Err(fault) = try_render(&text) {
                    assert!(fault.contains(&format!("`{}`", function.name)), "{text}: {fault}");
                }
            }
        }
    }
}

mod any {
    use proptest::prelude::*;

    use super::*;

    /// Text that is likely to be nearly a template.
    fn templates() -> impl Strategy<Value = String> {
        let words = prop::sample::select(vec![
            "${",
            "}",
            "${-",
            "-}",
            " ",
            "|",
            "(",
            ")",
            "\"",
            "`",
            "\\",
            "if",
            "else",
            "end",
            ".Client.Name",
            ".AuthServer.Labels",
            ".Client.Labels.x",
            ".",
            "list",
            "dict",
            "repeat",
            "replace",
            "join",
            "splitList",
            "printf",
            "toJson",
            "fromJson",
            "trunc",
            "quote",
            "date",
            "now",
            "9",
            "-1",
            "9999999999",
            "1.5",
            "\"x\"",
            "\"\"",
            "true",
            "nil",
            "{",
            "[",
            "]",
            ":",
            ",",
            "ü",
            "\n",
            "/*",
            "*/",
            "$x",
            "'",
        ]);
        prop::collection::vec(words, 0..40).prop_map(|words| words.join(" "))
    }

    proptest! {
        #[test]
        fn no_template_panics_and_what_it_makes_is_bounded(text in templates()) {
            if let Ok(value) = try_render(&text) {
                prop_assert!(value.to_string().len() <= 128 << 10);
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,200}") {
            let _ = try_render(&text);
            let _ = try_render(&format!("${{ {text} }}"));
        }

        #[test]
        fn a_name_is_the_same_wherever_it_is_put(name in ".{0,40}") {
            let client = auth_client::Model { name: name.clone(), ..client() };
            let server = server();
            let context = Context { server: &server, client: &client, now: NOW };
            for (text, at) in [
                ("${ .Client.Name }", ""),
                ("{\"n\": \"${ .Client.Name }\"}", "/n"),
                ("{\"n\": ${ .Client.Name }, \"m\": 1}", "/n"),
                ("[[${ .Client.Name | quote }]]", "/0/0"),
            ] {
                let value = Template::parse(text).unwrap().render(&context).unwrap();
                prop_assert_eq!(value.pointer(at).unwrap(), &Json::from(name.clone()));
            }
        }
    }
}
