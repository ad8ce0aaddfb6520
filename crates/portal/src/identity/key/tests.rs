use axum::http::StatusCode;
use axum::response::IntoResponse;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::json;

use super::*;
use crate::identity::server;

async fn new_server(app: &App, algorithm: &str) -> auth_server::Model {
    let body = json!({"name": algorithm, "audience": "a", "signing_algorithm": algorithm});
    server::create(app, serde_json::from_value(body).unwrap()).await.unwrap()
}

fn signed(signer: &Signer, header: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", part(header), part(&json!({"sub": "ann"})));
    let signature = signer.sign(input.as_bytes()).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test]
async fn a_server_verifies_what_it_signed_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let app = App::of_test(&dir).await;
    for algorithm in ["ES256", "Ed25519", "PS256"] {
        let server = new_server(&app, algorithm).await;
        let signer = signer(&app, &server).await.unwrap();
        let published = published(&app, server.id).await.unwrap();
        assert_eq!(published.len(), 1);
        assert_eq!(published[0]["kid"], signer.kid);
        let alg = signer.algorithm.jws_name();
        let token = signed(&signer, &json!({"alg": alg, "kid": signer.kid}));
        let claims = verify(&app, server.id, &token).await.unwrap().unwrap();
        assert_eq!(claims["sub"], "ann");
        let cut = token.split_at(token.len() - 2).0;
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        for other in [
            signed(&signer, &json!({"alg": "none", "kid": signer.kid})),
            signed(&signer, &json!({"alg": "RS256", "kid": signer.kid})),
            signed(&signer, &json!({"alg": alg, "kid": "another"})),
            signed(&signer, &json!({"alg": alg})),
            cut.to_owned(),
            unsigned,
            format!("x{token}"),
            "garbage".to_owned(),
            String::new(),
            "a".repeat(LONGEST_TOKEN + 1),
        ] {
            assert!(verify(&app, server.id, &other).await.unwrap().is_none(), "{other}");
        }
        let elsewhere = new_server(&app, "RS384").await;
        assert!(verify(&app, elsewhere.id, &token).await.unwrap().is_none());
        server::delete(&app, elsewhere.id, false).await.unwrap();
        server::delete(&app, server.id, false).await.unwrap();
        let gone = verify(&app, server.id, &token).await.unwrap_err().into_response();
        assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_opened_signs_nothing_and_stays_published() {
    let dir = tempfile::tempdir().unwrap();
    let app = App::of_test(&dir).await;
    let server = new_server(&app, "ES256").await;
    let db = app.store.db();
    let mut key = auth_key::Entity::find().one(db).await.unwrap().unwrap();
    // Its private half is that of another row: sealed values are bound to theirs.
    let other = new_server(&app, "Ed25519").await;
    let moved = auth_key::Entity::find().all(db).await.unwrap();
    let moved = moved.into_iter().find(|key| key.server_id == other.id).unwrap();
    key.private_key = moved.private_key;
    key.into_active_model().reset_all().update(db).await.unwrap();
    app.identity.forget(server.id);
    assert_eq!(published(&app, server.id).await.unwrap().len(), 1);
    assert!(signer(&app, &server).await.is_err());
    assert!(signer(&app, &other).await.is_ok());
}
