//! Step 3: an application and its keys.

use anyhow::Result;
use serde_json::json;

use super::super::developer::Developer;
use super::super::{Stage, ensure};
use super::catalogue::Catalogue;
use super::{Application, Key};

const APPLICATION: &str = "Timetable";

pub(super) fn first(
    stage: &Stage,
    catalogue: &Catalogue,
    developer: &Developer,
) -> Result<(Application, Key)> {
    let http = &stage.http;
    let body = json!({ "name": APPLICATION, "auth_strategy_id": catalogue.strategy });
    let made = developer.call(http, "POST", "/applications", Some(&body))?.expect(201)?;
    let application = Application { id: made.text("/id")?, name: APPLICATION.to_owned() };
    let key = make(stage, developer, &application, "first")?;
    never_shown_again(stage, developer, &application, &key)?;
    Ok((application, key))
}

pub(super) fn make(
    stage: &Stage,
    developer: &Developer,
    application: &Application,
    name: &str,
) -> Result<Key> {
    let http = &stage.http;
    let path = format!("/applications/{}/credentials", application.id);
    let body = json!({ "display_name": name });
    // The answer holds the key, which is known as a secret only after it was read.
    let made = http.quietly(|| developer.call(http, "POST", &path, Some(&body)))?.expect(201)?;
    let key = Key { id: made.text("/id")?, text: made.text("/credential")? };
    http.hide(&key.text);
    http.show_exchange("POST", &path, &made);
    Ok(key)
}

pub(super) fn delete(
    stage: &Stage,
    developer: &Developer,
    application: &Application,
    key: &Key,
) -> Result<()> {
    let path = format!("/applications/{}/credentials/{}", application.id, key.id);
    developer.call(&stage.http, "DELETE", &path, None)?.expect(204)?;
    Ok(())
}

fn never_shown_again(
    stage: &Stage,
    developer: &Developer,
    application: &Application,
    key: &Key,
) -> Result<()> {
    let one = format!("/applications/{}", application.id);
    let list = format!("{one}/credentials");
    for path in [one, list] {
        let reply = developer.call(&stage.http, "GET", &path, None)?.expect(200)?;
        ensure(!reply.body.contains(&key.text), || format!("GET {path} shows the key"))?;
    }
    Ok(())
}
