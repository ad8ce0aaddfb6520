//! A fake behind a socket.

use core::net::SocketAddr;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::fault::{Fault, Faults};
use crate::message::{Answer, Asked};

/// What a provider holds, and how it answers.
pub trait World: Send + 'static {
    /// Takes in a request.
    fn answer(&mut self, asked: &Asked) -> Answer;
}

#[derive(Debug)]
struct Shared<W> {
    world: Mutex<W>,
    faults: Mutex<Faults>,
    calls: Mutex<Vec<String>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A provider that runs until this is dropped.
#[derive(Debug)]
pub struct Fake<W> {
    origin: String,
    shared: Arc<Shared<W>>,
    task: JoinHandle<()>,
}

impl<W> Drop for Fake<W> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<W: World> Fake<W> {
    /// Starts a provider on a free port of loopback; `world` is told its origin.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(world: impl FnOnce(&str) -> W) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            world: Mutex::new(world(&origin)),
            faults: Mutex::default(),
            calls: Mutex::default(),
        });
        let router = Router::new().fallback(serve::<W>).with_state(Arc::clone(&shared));
        let service = router.into_make_service_with_connect_info::<Line>();
        let task = tokio::spawn(async move {
            // It ends when it is aborted.
            let _ended = axum::serve(Lines(listener), service).await;
        });
        Ok(Self { origin, shared, task })
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Lets calls go wrong: those of a method (`*` for any) whose path contains a text, like
    /// `POST /clients`, after `skip` of them that go right, for `times`.
    pub fn fault(&self, call: &str, skip: usize, times: usize, fault: Fault) {
        lock(&self.shared.faults).add(call, skip, times, fault);
    }

    /// Nothing goes wrong any more.
    pub fn mend(&self) {
        lock(&self.shared.faults).clear();
    }

    /// Looks at what the provider holds, or changes it.
    pub fn look<T>(&self, look: impl FnOnce(&mut W) -> T) -> T {
        look(&mut lock(&self.shared.world))
    }

    /// The calls so far, like `POST /api/v2/clients`.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        lock(&self.shared.calls).clone()
    }
}

async fn serve<W: World>(
    State(shared): State<Arc<Shared<W>>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.map(Vec::from).unwrap_or_default();
    let asked = Asked::of(head.method.as_str(), &head.uri, head.headers, body);
    lock(&shared.calls).push(format!("{} {}", head.method, head.uri.path()));
    let fault = lock(&shared.faults).of(&asked);
    if let Some(Fault::Slow(time)) = &fault {
        tokio::time::sleep(*time).await;
    }
    let answer = match fault {
        Some(Fault::Instead(answer)) => answer,
        Some(Fault::Drop) => {
            line.cut();
            Answer::empty(500)
        }
        Some(Fault::DropAfter) => {
            let _unheard = lock(&shared.world).answer(&asked);
            line.cut();
            Answer::empty(500)
        }
        Some(Fault::After(answer)) => {
            let _unheard = lock(&shared.world).answer(&asked);
            answer
        }
        Some(Fault::Slow(_)) | None => lock(&shared.world).answer(&asked),
    };
    respond(&answer)
}

fn respond(answer: &Answer) -> Response {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    let body = if answer.body.is_null() {
        Body::empty()
    } else {
        response = response.header("content-type", "application/json");
        Body::from(answer.body.to_string())
    };
    response.body(body).unwrap_or_default()
}

/// A connection that can be cut: from then on nothing can be written to it.
#[derive(Clone, Debug)]
struct Line(Arc<AtomicBool>);

impl Line {
    fn cut(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

struct Lines(TcpListener);

impl Listener for Lines {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (Connection { stream, line: Line(Arc::default()) }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Lines>> for Line {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.io().line.clone()
    }
}

struct Connection {
    stream: TcpStream,
    line: Line,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.line.0.load(Ordering::SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
