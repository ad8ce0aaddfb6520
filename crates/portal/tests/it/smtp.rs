//! A mail server, small but real: it speaks SMTP on a socket.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail as it arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mail {
    pub(crate) user: String,
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    /// Head and body, with quoted-printable undone in both.
    pub(crate) text: String,
}

#[derive(Debug)]
struct State {
    mails: Vec<Mail>,
    verbs: Vec<String>,
    to_rcpt: String,
}

/// The server; it stops when it is dropped.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
    task: tokio::task::JoinHandle<()>,
}

impl MailServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State { mails: Vec::new(), verbs: Vec::new(), to_rcpt: "250 ok".into() };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // A client that hangs up has said all it had to say.
                let state = Arc::clone(&shared);
                tokio::spawn(async move { talk(stream, state).await.ok() });
            }
        });
        Self { port, state, task }
    }

    /// How recipients are answered from now on.
    pub(crate) fn answer_to_rcpt(&self, answer: &str) {
        self.state.lock().unwrap().to_rcpt = answer.into();
    }

    /// What clients said, without what stood behind it.
    pub(crate) fn verbs(&self) -> Vec<String> {
        self.state.lock().unwrap().verbs.clone()
    }

    pub(crate) fn received(&self) -> Vec<Mail> {
        self.state.lock().unwrap().mails.clone()
    }

    /// What was received, once there are so many.
    pub(crate) async fn receives(&self, count: usize) -> Vec<Mail> {
        let patience = Instant::now() + Duration::from_secs(20);
        loop {
            let mails = self.received();
            if mails.len() >= count {
                return mails;
            }
            assert!(Instant::now() < patience, "{} of {count} mails", mails.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn talk(stream: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading);
    writing.write_all(b"220 mail.test\r\n").await?;
    let mut mail = Mail::default();
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let address = |rest: &str| {
            let (_, rest) = rest.split_once('<').unwrap();
            rest.split_once('>').unwrap().0.to_owned()
        };
        let verb = verb.to_ascii_uppercase();
        state.lock().unwrap().verbs.push(verb.clone());
        let answer = match verb.as_str() {
            "EHLO" => "250-mail.test\r\n250-AUTH PLAIN\r\n250 8BITMIME".to_owned(),
            "AUTH" => {
                let (_, initial) = rest.split_once(' ').unwrap();
                let decoded = String::from_utf8(STANDARD.decode(initial).unwrap()).unwrap();
                let parts: Vec<_> = decoded.split('\0').collect();
                assert_eq!(parts[2], "smtp-canary-password");
                mail.user = parts[1].to_owned();
                "235 welcome".to_owned()
            }
            "MAIL" => {
                mail.from = address(rest);
                mail.to.clear();
                "250 ok".to_owned()
            }
            "RCPT" => {
                mail.to.push(address(rest));
                state.lock().unwrap().to_rcpt.clone()
            }
            "DATA" => {
                writing.write_all(b"354 go on\r\n").await?;
                let mut text = String::new();
                loop {
                    let mut line = String::new();
                    lines.read_line(&mut line).await?;
                    if line == ".\r\n" {
                        break;
                    }
                    text.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                mail.text = readable(&text);
                state.lock().unwrap().mails.push(mail.clone());
                "250 taken".to_owned()
            }
            "QUIT" => {
                writing.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 ok".to_owned(),
        };
        writing.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

/// Undoes quoted-printable, and folds of the head.
fn readable(text: &str) -> String {
    let text = text.replace("=\r\n", "").replace("\r\n ", " ");
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if bytes[at] == b'=' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
