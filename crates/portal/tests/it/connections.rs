//! Connections: clients that are slow, clients that are many, and the end.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use gatekey_portal::config::{Config, Connections};
use gatekey_portal::server::Server;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

struct Served {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    _dir: tempfile::TempDir,
}

async fn serve(connections: Connections) -> Served {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { data_dir: dir.path().to_owned(), connections, ..Config::default() };
    let server = Server::open(config).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(async move {
        let stop = async {
            let _ = stopped.await;
        };
        server.serve(listener, stop).await.unwrap();
    });
    Served { address, stop, serving, _dir: dir }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// What comes until the connection ends.
fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    match stream.read_to_string(&mut text) {
        Ok(_) => text,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            text
        }
    }
}

const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: x\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_finish_its_head_loses_the_connection() {
    let header_timeout = Duration::from_secs(1);
    let served = serve(Connections { header_timeout, ..Connections::default() }).await;
    let address = served.address;
    let ended = tokio::task::spawn_blocking(move || {
        let mut slow = connect(address);
        slow.write_all(REQUEST).unwrap();
        let silent = connect(address);
        let mut good = connect(address);
        good.write_all(&[REQUEST, b"connection: close\r\n\r\n"].concat()).unwrap();
        [rest(slow), rest(silent), rest(good)]
    });
    let [slow, silent, good] = ended.await.unwrap();
    assert!(!slow.contains(" 200 ") && silent.is_empty(), "{slow}{silent}");
    assert!(good.starts_with("HTTP/1.1 200 "), "{good}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_have_a_connection_waits_for_one() {
    let served = serve(Connections { most: 10, ..Connections::default() }).await;
    let address = served.address;
    let answers = tokio::task::spawn_blocking(move || {
        let mut held: Vec<_> = (0..10).map(|_| connect(address)).collect();
        // Each is a connection that the portal knows of, not one in the system's queue.
        for stream in &mut held {
            stream.write_all(&[REQUEST, b"\r\n"].concat()).unwrap();
            assert!(stream.read(&mut [0; 4_096]).unwrap() > 0);
        }
        let mut waiting = connect(address);
        waiting.write_all(&[REQUEST, b"connection: close\r\n\r\n"].concat()).unwrap();
        waiting.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let nothing = waiting.read(&mut [0; 1]).unwrap_err().kind();
        held.pop();
        waiting.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        (nothing, rest(waiting))
    });
    let (nothing, answer) = answers.await.unwrap();
    assert!(matches!(nothing, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{nothing}");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_wait_for_nothing_do_not_keep_the_portal_from_stopping() {
    let served = serve(Connections::default()).await;
    let idle = connect(served.address);
    served.stop.send(()).unwrap();
    served.serving.await.unwrap();
    assert_eq!(rest(idle), "");
}
