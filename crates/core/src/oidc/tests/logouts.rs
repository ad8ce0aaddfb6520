use alloc::string::String;

use super::super::logout::{redirect, requested};
use super::super::settings::Settings;
use super::fixture::{Asked, Gateway, boxed, parameter, session, settings, url};

fn with(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = settings();
    change(&mut settings);
    settings
}

#[test]
fn what_signs_out_is_configured() {
    let nothing = |_: &mut Settings| {};
    let suffix = |s: &mut Settings| s.logout_uri_suffix = Some("/logout".into());
    let argument = |s: &mut Settings| s.logout_query_arg = Some("logout".into());
    let get = |s: &mut Settings| {
        s.logout_uri_suffix = Some("/logout".into());
        s.logout_methods = boxed(&["GET"]);
    };
    let post = |path: &str| Asked::get(path).method("POST");
    type Change<'c> = &'c dyn Fn(&mut Settings);
    let cases: [(Change<'_>, Asked, bool); 20] = [
        (&nothing, post("/logout?logout=1"), false),
        (&suffix, post("/logout"), true),
        (&suffix, post("/api/logout?a=b"), true),
        (&suffix, Asked::get("/logout").method("DELETE"), true),
        (&suffix, Asked::get("/logout"), false),
        (&suffix, post("/logout/"), false),
        (&suffix, post("/login?next=/logout"), false),
        (&suffix, Asked::get("/logout").method("post"), false),
        (&argument, post("/?logout"), true),
        (&argument, post("/a?b=c&logout=1"), true),
        (&argument, post("/logout"), false),
        (&argument, post("/?logouts=1"), false),
        (&get, Asked::get("/logout"), true),
        (&get, post("/logout"), false),
        // Another site's form does not sign out. A link does, where the strategy allows links.
        (&suffix, post("/logout").field("Sec-Fetch-Site", "cross-site"), false),
        (&suffix, post("/logout").field("Sec-Fetch-Site", "same-origin"), true),
        (&suffix, post("/logout").field("Sec-Fetch-Site", "same-site"), true),
        (&get, Asked::get("/logout").field("Sec-Fetch-Site", "cross-site"), true),
        (&|s| s.logout_uri_suffix = Some("".into()), post("/"), false),
        (&|s| s.logout_query_arg = Some("".into()), post("/?="), false),
    ];
    for (at, (change, asked, expected)) in cases.into_iter().enumerate() {
        let mut gateway = Gateway::with(change);
        let found = gateway.serve(&asked, |jar, _| requested(jar.settings, jar.request));
        assert_eq!(found, expected, "{at}: {asked:?}");
    }
}

#[test]
fn the_cookie_goes_and_the_browser_is_sent_where_one_signs_out() {
    let there = url("https://idp.test/end?tenant=t");
    let session = session();
    let location = |settings: &Settings, with_session: bool, provider: bool| -> String {
        let out = redirect(settings, with_session.then_some(&session), provider.then_some(&there));
        let cookie = out.set_cookie.unwrap();
        assert!(cookie.expose().starts_with("__Host-gatekey_session=; Path=/; Max-Age=0;"));
        out.location.expose().clone()
    };
    assert_eq!(location(&settings(), true, false), "/");
    let bye = with(|s| s.logout_redirect_uri = Some("https://app.test/bye?x=1".into()));
    assert_eq!(location(&bye, true, false), "https://app.test/bye?x=1");

    let full = location(&bye, true, true);
    assert!(full.starts_with("https://idp.test/end?tenant=t&client_id=gateway&"), "{full}");
    assert_eq!(parameter(&full, "id_token_hint").as_deref(), Some("id-me"));
    let after = parameter(&full, "post_logout_redirect_uri");
    assert_eq!(after.as_deref(), Some("https://app.test/bye?x=1"));
    assert!(!full.contains("access-me") && !full.contains("refresh-me"));

    let bare = location(&settings(), false, true);
    assert_eq!(bare, "https://idp.test/end?tenant=t&client_id=gateway");
    let path = with(|s| s.logout_redirect_uri = Some("/bye".into()));
    assert_eq!(parameter(&location(&path, true, true), "post_logout_redirect_uri"), None);
    let anonymous = with(|s| s.client_id = None);
    assert_eq!(location(&anonymous, false, true), "https://idp.test/end?tenant=t&");
}
