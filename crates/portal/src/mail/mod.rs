//! E-mails: promised in the transaction that causes them, delivered afterwards.
//!
//! [`promise`] writes an e-mail to the outbox; a failed delivery is tried again, so nothing that
//! was acknowledged is lost. Without a mail server delivery means a file in the mailbox folder,
//! one JSON object per e-mail.

use core::time::Duration;

use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;
use crate::store::entity::{developer, mail_config, mail_template, outbox, portal};
use crate::vault::Place;

mod mailbox;
mod outbox_queue;
pub(crate) mod render;
mod smtp;
mod template;

pub(crate) use self::outbox_queue::{deliver_due, deliver_forever, prune, retry, start};
pub(crate) use self::smtp::Transport;
pub(crate) use self::template::{Content, Template, VARIABLES};

/// The e-mail waits for its time.
pub(crate) const WAITING: &str = "waiting";
/// The e-mail was given up.
pub(crate) const FAILED: &str = "failed";
/// The table of the outbox.
const TABLE: &str = "outbox";
/// How long a failed e-mail is kept for administrators to see.
const KEEP_FAILED: Duration = Duration::from_secs(30 * 86_400);

/// What of an e-mail nobody else is to read, as it is sealed in the outbox.
#[derive(Debug, Serialize, Deserialize)]
struct Letter {
    variables: Map<String, Value>,
    /// Words that are tried out, instead of the portal's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    words: Option<[String; 4]>,
}

/// Promises an e-mail to a developer. It is sent once the transaction commits; whoever commits
/// wakes the delivery with [`wake`]. A portal that does not want this e-mail sends none.
pub(crate) async fn promise(
    app: &App,
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    developer: &developer::Model,
    template: Template,
    more: &[(&str, &str)],
) -> Result<(), Problem> {
    let own = mail_template::Entity::find_by_id((portal.id, template.name().to_owned()));
    if own.one(db).await?.is_some_and(|own| !own.enabled) {
        return Ok(());
    }
    let mut variables = of_portal(app, db, portal).await?;
    let of_developer = [
        ("developer_email", developer.email.as_str()),
        ("developer_fullname", &developer.full_name),
        ("developer_status", &developer.status),
    ];
    for (name, value) in of_developer.iter().chain(more) {
        variables.insert((*name).to_owned(), (*value).into());
    }
    let letter = Letter { variables, words: None };
    put(app, db, portal.id, &developer.email, template, &letter).await
}

/// Promises an e-mail that tries words out, with the examples as values.
pub(crate) async fn promise_trial(
    app: &App,
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    to: &str,
    template: Template,
    content: Content,
) -> Result<(), Problem> {
    let mut variables: Map<String, Value> = VARIABLES
        .iter()
        .map(|variable| (variable.name.to_owned(), variable.example.into()))
        .collect();
    variables.append(&mut of_portal(app, db, portal).await?);
    let Content { subject, title, body, button_label } = content;
    let letter = Letter { variables, words: Some([subject, title, body, button_label]) };
    put(app, db, portal.id, to, template, &letter).await
}

/// The variables that are about the portal.
async fn of_portal(
    app: &App,
    db: &impl ConnectionTrait,
    portal: &portal::Model,
) -> Result<Map<String, Value>, Problem> {
    let url = format!("{}/portals/{}", app.config.base_url(), portal.id);
    let config = mail_config::Entity::find_by_id(portal.id).one(db).await?;
    let reply_to = config.filter(|config| config.enabled).and_then(|config| config.reply_to_email);
    let reply_to = reply_to.or_else(|| app.config.smtp.as_ref()?.reply_to.clone());
    let variables = [
        ("portal_display_name", portal.display_name.clone()),
        ("portal_domain", portal.default_domain.clone()),
        ("portal_url", url),
        ("dev_portal_reply_to", reply_to.unwrap_or_default()),
    ];
    Ok(variables.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
}

/// Puts an e-mail in the outbox. Its variables may hold a token, so they are sealed.
async fn put(
    app: &App,
    db: &impl ConnectionTrait,
    portal: Uuid,
    to: &str,
    template: Template,
    letter: &Letter,
) -> Result<(), Problem> {
    let (id, now) = (Uuid::now_v7(), app.clock.now());
    let row = outbox::Model {
        id,
        message: Value::Object(Map::new()),
        attempts: 0,
        due_at: now,
        created_at: now,
        portal_id: Some(portal),
        recipient: to.to_owned(),
        template: template.name().to_owned(),
        sealed: Some(seal(app, id, letter)?),
        state: WAITING.into(),
        lease_until: 0,
        fault: None,
    };
    row.into_active_model().insert(db).await?;
    Ok(())
}

fn seal(app: &App, id: Uuid, letter: &Letter) -> Result<Vec<u8>, Problem> {
    let plain = serde_json::to_vec(letter).map_err(Problem::internal)?;
    app.secrets.vault.seal(Place { table: TABLE, row: &id.to_string() }, &plain)
}

fn open(app: &App, row: &outbox::Model) -> Result<Letter, Problem> {
    let Some(sealed) = &row.sealed else {
        return Err(Problem::internal("an e-mail in the outbox has no content"));
    };
    let plain = app.secrets.vault.open(Place { table: TABLE, row: &row.id.to_string() }, sealed)?;
    serde_json::from_slice(plain.expose()).map_err(Problem::internal)
}

/// Tells the delivery that something is in the outbox.
pub(crate) fn wake(app: &App) {
    app.mail_waiting.notify_one();
}
