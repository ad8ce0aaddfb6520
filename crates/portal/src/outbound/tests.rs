use core::time::Duration;

use super::*;

fn guard(allowed: &[&str]) -> Guard {
    Guard::new(allowed.iter().map(|text| text.parse().unwrap()).collect())
}

#[test]
fn only_the_public_internet_is_called() {
    let guard = guard(&[]);
    for url in [
        "https://idp.example.com",
        "https://idp.example.com:8443/x?y=z",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
    ] {
        assert!(guard.check(url).is_ok(), "{url}");
    }
    for (url, fault) in [
        ("http://idp.example.com", UrlFault::Scheme),
        ("ftp://idp.example.com", UrlFault::Scheme),
        ("file:///etc/passwd", UrlFault::Malformed),
        ("https://", UrlFault::Malformed),
        ("/path", UrlFault::Malformed),
        ("https://user:pw@idp.example.com", UrlFault::User),
        ("https://127.0.0.1", UrlFault::Address),
        ("http://127.0.0.1", UrlFault::Address),
        ("https://0x7f.1", UrlFault::Address),
        ("https://2130706433", UrlFault::Address),
        ("https://localhost", UrlFault::Address),
        ("https://a.localhost.", UrlFault::Address),
        ("https://10.0.0.1", UrlFault::Address),
        ("https://172.16.3.4", UrlFault::Address),
        ("https://192.168.1.1", UrlFault::Address),
        ("https://169.254.169.254/latest", UrlFault::Address),
        ("https://100.64.0.1", UrlFault::Address),
        ("https://0.0.0.0", UrlFault::Address),
        ("https://224.0.0.1", UrlFault::Address),
        ("https://255.255.255.255", UrlFault::Address),
        ("https://[::1]", UrlFault::Address),
        ("https://[::]", UrlFault::Address),
        ("https://[::ffff:10.0.0.1]", UrlFault::Address),
        ("https://[64:ff9b::7f00:1]", UrlFault::Address),
        ("https://[2002:7f00:1::]", UrlFault::Address),
        ("https://[fe80::1]", UrlFault::Address),
        ("https://[fd00::1]", UrlFault::Address),
        ("https://[ff02::1]", UrlFault::Address),
        ("https://[2001:db8::1]", UrlFault::Address),
    ] {
        assert_eq!(guard.check(url).unwrap_err(), fault, "{url}");
    }
}

#[test]
fn exceptions_are_exact() {
    let guard = guard(&["127.0.0.0/8", "10.1.0.0/16", "idp.internal", "fd00::/8"]);
    for url in [
        "http://127.0.0.1:8180",
        "http://localhost:1",
        "https://10.1.2.3",
        "http://idp.internal/x",
        "https://[fd12::1]",
    ] {
        assert!(guard.check(url).is_ok(), "{url}");
    }
    for url in ["https://10.2.0.1", "http://x.idp.internal", "https://[fe80::1]"] {
        assert!(guard.check(url).is_err(), "{url}");
    }
    assert!(guard.lets("idp.internal", "192.168.0.9".parse().unwrap()));
    assert!(!guard.lets("idp.example.com", "192.168.0.9".parse().unwrap()));
    assert!(guard.lets("idp.example.com", "127.0.0.1".parse().unwrap()));
}

#[test]
fn exceptions_that_mean_nothing_are_refused() {
    for text in ["", "10.0.0.0/33", "::/129", "10.0.0.0/x", "a b", "http://x"] {
        assert!(text.parse::<Allowed>().is_err(), "{text}");
    }
}

/// A server that answers one request with the given text, and keeps what it was sent.
async fn one_answer(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let served = tokio::task::spawn_blocking(move || {
        let listener = listener.into_std().unwrap();
        listener.set_nonblocking(false).unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        let mut seen = [0; 4096];
        let read = std::io::Read::read(&mut stream, &mut seen).unwrap();
        std::io::Write::write_all(&mut stream, answer.as_bytes()).unwrap();
        String::from_utf8_lossy(&seen[..read]).into_owned()
    });
    (url, served)
}

fn outbound(allowed: &[&str]) -> Outbound {
    let allowed = allowed.iter().map(|text| text.parse().unwrap()).collect();
    Outbound::new(allowed, Duration::from_secs(2)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_taken_whole_and_a_redirect_is_not_followed() {
    let (url, served) = one_answer(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\nretry-after: 7\r\n\
         content-length: 2\r\n\r\n{}",
    )
    .await;
    let call =
        Call::new(Method::Post, url).header("x-api-key", "k").with(Body::form([("a", "b c")]));
    let Outcome::Replied(reply) = outbound(&["127.0.0.0/8"]).send(&call, 0).await else { panic!() };
    assert_eq!((reply.status, reply.retry_after_seconds), (302, Some(7)));
    assert_eq!(reply.body.expose(), b"{}");
    let seen = served.await.unwrap();
    assert!(seen.starts_with("POST /x ") && seen.contains("x-api-key: k"), "{seen}");
    assert!(
        seen.contains("application/x-www-form-urlencoded") && seen.ends_with("a=b+c"),
        "{seen}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_told_from_a_call_that_never_left() {
    let (url, served) = one_answer("").await;
    let lost = outbound(&["127.0.0.0/8"]).send(&Call::new(Method::Post, url), 0).await;
    assert!(matches!(lost, Outcome::Lost(_)), "{lost:?}");
    served.await.unwrap();
    for (allowed, url) in
        [(&["127.0.0.0/8"][..], "http://127.0.0.1:1/"), (&[][..], "https://127.0.0.1:1/")]
    {
        let unsent = outbound(allowed).send(&Call::new(Method::Post, url), 0).await;
        assert!(matches!(unsent, Outcome::NotSent(_)), "{unsent:?}");
    }
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_called() {
    let resolver = Resolver(Arc::new(guard(&[])));
    // Any system resolves this name to itself.
    assert!(resolver.resolve("localhost".parse().unwrap()).await.is_err());
    let resolver = Resolver(Arc::new(guard(&["127.0.0.0/8", "::1"])));
    assert!(resolver.resolve("localhost".parse().unwrap()).await.is_ok());
}
