//! What the bridge does for a call: it asks the adapter what to send, sends it, and writes down what
//! the answer says before it sends anything else.

use core::time::Duration;
use std::path::Path;

use gatekey_dcr::{
    Adapter, FailureKind, IssuedSecret, Job, Metadata, Next, Origin, Settled, State,
};
use gatekey_dcr::{Outcome, Session, step_named};
use jiff::Timestamp;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::body::{Application, EventHook, EventType, NewApplication, NewSecret};
use crate::book::{Book, Entry};
use crate::failure::Failure;
use crate::say;
use crate::server::Server;

/// How long a caller waits for a server that asks for patience.
const PATIENCE: Duration = Duration::from_secs(5);
const MOST_CALLS: usize = 100;

/// The bridge. One caller after the other: a registration token is good for one call at a time.
#[derive(Debug)]
pub(crate) struct Bridge {
    server: Server,
    desk: Mutex<Desk>,
}

#[derive(Debug)]
struct Desk {
    book: Book,
    session: Session,
}

/// How a job ended.
struct Ended {
    issued: Option<IssuedSecret>,
    entry: Entry,
}

impl Bridge {
    /// A bridge that goes on where the last one stopped.
    pub(crate) fn open(server: Server, state: &Path) -> Result<Self, String> {
        let mut book = Book::open(state)?;
        let open: Vec<(String, Entry)> = book
            .entries()
            .filter(|(_, entry)| entry.sent.is_some())
            .map(|(tag, entry)| (tag.clone(), entry.clone()))
            .collect();
        for (tag, mut entry) in open {
            let Some(step) = entry.sent.take() else { continue };
            say(format_args!(
                "the answer to \"{step}\" is missing; look at the server for the client with \
                 software_id {tag}, called {}",
                entry.metadata.name
            ));
            if entry.remote.is_empty() {
                continue;
            }
            // The answer may have held another token.
            let mut state = State { remote: entry.remote.clone(), ..State::default() };
            let lost = Outcome::Lost("the bridge stopped".into());
            let job = Job::Update(entry.metadata.clone());
            let _ = server.adapter.settle(&job, &mut state, step_named(&step), &lost);
            entry.remote = state.remote;
            book.keep(&tag, entry).map_err(|error| error.to_string())?;
        }
        Ok(Self { server, desk: Mutex::new(Desk { book, session: Session::default() }) })
    }

    /// Waits until nobody is being served.
    pub(crate) async fn finished(&self) {
        drop(self.desk.lock().await);
    }

    /// Makes a client.
    pub(crate) async fn create(&self, wanted: NewApplication) -> Result<Application, Failure> {
        let mut desk = self.desk.lock().await;
        let tag = Uuid::now_v7().to_string();
        let entry =
            Entry { metadata: wanted.metadata(&tag), remote: Default::default(), sent: None };
        let job = Job::Register(entry.metadata.clone());
        match self.work(&mut desk, &tag, entry, &job).await {
            Ok(Ended { issued: Some(issued), entry }) => {
                let client_id = entry.remote.client_id.unwrap_or_default();
                say(format_args!("registered {client_id} with software_id {tag}"));
                Ok(Application {
                    client_id,
                    client_secret: issued.secret.expose().clone(),
                    client_id_issued_at: Timestamp::now().to_string(),
                    client_secret_expires_at: issued.expires_at.and_then(date),
                })
            }
            Ok(_) => Err(Failure::state("no secret was issued")),
            Err((failure, uncertain)) => {
                self.undo(&mut desk, &tag, uncertain).await;
                Err(failure)
            }
        }
    }

    /// Leaves nothing of a registration that failed; what may be there stays in the book.
    async fn undo(&self, desk: &mut Desk, tag: &str, uncertain: bool) {
        let Some(entry) = desk.book.get(tag) else { return };
        if entry.remote.is_empty() && uncertain {
            say(format_args!("nobody knows whether a client with software_id {tag} was made"));
            return;
        }
        let removed =
            entry.remote.is_empty() || self.work(desk, tag, entry, &Job::Unregister).await.is_ok();
        match removed {
            true => {
                let _ = desk.book.forget(tag);
            }
            false => say(format_args!("cannot remove the client with software_id {tag}")),
        }
    }

    /// Removes a client. One that is not known is gone: the caller may not have heard of it.
    pub(crate) async fn delete(&self, client_id: &str) -> Result<(), Failure> {
        let mut desk = self.desk.lock().await;
        let Some((tag, entry)) = known(&desk, client_id) else {
            return Ok(());
        };
        self.work(&mut desk, &tag, entry, &Job::Unregister)
            .await
            .map_err(|(failure, _)| failure)?;
        desk.book.forget(&tag).map_err(|error| Failure::state(error.to_string()))?;
        say(format_args!("removed {client_id}"));
        Ok(())
    }

    /// Gives a client another secret.
    pub(crate) async fn new_secret(&self, client_id: &str) -> Result<NewSecret, Failure> {
        let mut desk = self.desk.lock().await;
        let (tag, entry) = known(&desk, client_id).ok_or_else(|| Failure::no_client(client_id))?;
        let job = Job::RotateSecret(entry.metadata.clone());
        let ended = self.work(&mut desk, &tag, entry, &job).await;
        let issued = ended.map_err(|(failure, _)| failure)?.issued;
        let issued = issued.ok_or_else(|| Failure::state("no secret was issued"))?;
        Ok(NewSecret {
            client_id: client_id.to_owned(),
            client_secret: issued.secret.expose().clone(),
        })
    }

    /// Hears of an event. Of registrations the server of RFC 7591 knows nothing; an update is passed
    /// on unless it would take the client's secret away, which nobody could be told.
    pub(crate) async fn hear(&self, client_id: &str, event: EventHook) -> Result<(), Failure> {
        let mut desk = self.desk.lock().await;
        let (tag, mut entry) =
            known(&desk, client_id).ok_or_else(|| Failure::no_client(client_id))?;
        if event.event_type != EventType::UpdateApplication || self.server.update_renews_secret {
            say(format_args!("heard {:?} of {client_id}, not passed on", event.event_type));
            return Ok(());
        }
        entry.metadata.name = event.application_name;
        entry.metadata.description = event.application_description;
        entry.metadata.redirect_uris = event.redirect_uris.unwrap_or_default();
        let job = Job::Update(entry.metadata.clone());
        let ended = self.work(&mut desk, &tag, entry, &job).await;
        if ended.map_err(|(failure, _)| failure)?.issued.is_some() {
            say(format_args!(
                "the update replaced the secret of {client_id}: start with --update-renews-secret"
            ));
        }
        Ok(())
    }

    /// Does a job. What fails comes with whether it is unknown what it did.
    async fn work(
        &self,
        desk: &mut Desk,
        tag: &str,
        mut entry: Entry,
        job: &Job,
    ) -> Result<Ended, (Failure, bool)> {
        let adapter = &self.server.adapter;
        let disk = |error: std::io::Error| (Failure::state(error.to_string()), false);
        let failed = |failure: &gatekey_dcr::Failure| {
            say(format_args!("{failure}"));
            (Failure::of(failure), failure.kind == FailureKind::Uncertain)
        };
        let mut state = State {
            remote: entry.remote.clone(),
            session: desk.session.clone(),
            since: now(),
            ..State::default()
        };
        let mut waited = Duration::ZERO;
        for _ in 0..MOST_CALLS {
            state.now = now();
            let (step, call) = match adapter.next(job, &state) {
                Next::Call(step, call) => (step, call),
                Next::Done => return Ok(Ended { issued: state.issued, entry }),
                Next::Failed(failure) => return Err(failed(&failure)),
            };
            if !call.repeatable {
                entry.sent = Some(step.to_owned());
                desk.book.keep(tag, entry.clone()).map_err(disk)?;
            }
            let outcome = self.server.send(&call, state.now).await;
            let settled = adapter.settle(job, &mut state, step, &outcome);
            desk.session.clone_from(&state.session);
            let uncertain = matches!(&settled, Settled::Failed(failure)
                if failure.kind == FailureKind::Uncertain);
            entry.remote = state.remote.clone();
            entry.sent = entry.sent.take().filter(|_| uncertain && entry.remote.is_empty());
            desk.book.keep(tag, entry.clone()).map_err(disk)?;
            match settled {
                Settled::Continue => state.attempts = 0,
                Settled::Retry { after_seconds, reason } => {
                    let wait = Duration::from_secs(after_seconds.into());
                    waited += wait;
                    if waited > PATIENCE {
                        let kind = FailureKind::Unavailable;
                        return Err(failed(&gatekey_dcr::Failure::new(step, kind, reason)));
                    }
                    state.attempts += 1;
                    tokio::time::sleep(wait).await;
                }
                Settled::Failed(failure) => return Err(failed(&failure)),
            }
        }
        Err((Failure::state("too many calls"), false))
    }
}

impl NewApplication {
    fn metadata(self, tag: &str) -> Metadata {
        Metadata {
            name: self.client_name,
            description: self.application_description,
            redirect_uris: self.redirect_uris,
            auth_methods: self.grant_types,
            scopes: self.scopes,
            audiences: Vec::new(),
            origin: Origin {
                tag: tag.to_owned(),
                application_id: String::new(),
                portal_id: self.portal_id.to_string(),
                organization_id: self.organization_id.to_string(),
                developer_id: self.developer_id.to_string(),
                auth_strategy_id: self.auth_strategy_id.to_string(),
                dcr_provider_id: self.dcr_provider_id.to_string(),
            },
        }
    }
}

fn known(desk: &Desk, client_id: &str) -> Option<(String, Entry)> {
    let tag = desk.book.tag(client_id)?;
    let entry = desk.book.get(&tag)?;
    Some((tag, entry))
}

fn date(seconds: u64) -> Option<String> {
    let time = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    Some(time.to_string())
}

fn now() -> u64 {
    u64::try_from(Timestamp::now().as_second()).unwrap_or_default()
}
