//! Pages, order and filters.

use axum::http::StatusCode;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Query, SimpleExpr};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::TestPortal;

/// How many rows a list has that is read in other ways than a short one.
const MANY: i64 = 1_150;

async fn names(portal: &TestPortal, path: &str) -> Vec<String> {
    let list = portal.admin().get(path).await.expect(StatusCode::OK).json();
    let items = list["data"].as_array().unwrap().iter();
    items.map(|item| item["full_name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn developers_are_paged_sorted_and_filtered() {
    let portal = TestPortal::start().await;
    let id = portal.new_portal(json!({})).await;
    let base = format!("/v3/portals/{id}/developers");
    for (name, status) in
        [("ada", "approved"), ("bea", "pending"), ("cy_d", "approved"), ("dot", "rejected")]
    {
        let body = json!({"email": format!("{name}@x.test"), "full_name": name, "status": status});
        portal.admin().post(&base, body).await.id();
    }
    for (query, expected) in [
        ("", &["ada", "bea", "cy_d", "dot"][..]),
        ("?page[size]=3&sort=email", &["ada", "bea", "cy_d"]),
        ("?page[size]=3&page[number]=2&sort=email", &["dot"]),
        ("?page[number]=9", &[]),
        ("?sort=name desc", &["dot", "cy_d", "bea", "ada"]),
        ("?filter[status][eq]=approved", &["ada", "cy_d"]),
        ("?filter[status]=pending", &["bea"]),
        ("?filter[status][neq]=approved", &["bea", "dot"]),
        ("?filter[status][oeq]=pending,rejected", &["bea", "dot"]),
        ("?filter[email][contains]=DA@", &["ada"]),
        ("?filter[name][contains]=_", &["cy_d"]),
        ("?filter[name][contains]=%25", &[]),
        ("?filter[email][ocontains]=ada,dot", &["ada", "dot"]),
        ("?filter[name][eq]=dot&filter[status][eq]=approved", &[]),
    ] {
        assert_eq!(names(&portal, &format!("{base}{query}")).await, expected, "{query}");
    }
}

#[tokio::test]
async fn queries_that_mean_nothing_are_refused() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    for (query, field, rule) in [
        ("page[size]=many", "page[size]", "is_integer"),
        ("page[size]=0", "page[size]", "min"),
        ("page[size]=1001", "page[size]", "max"),
        ("page[number]=-1", "page[number]", "is_integer"),
        ("page[number]=99999999999999999999", "page[number]", "is_integer"),
        ("sort=shoe_size", "sort", "enum"),
        ("sort=name sideways", "sort", "enum"),
        ("filter[shoe_size]=1", "filter[shoe_size]", "unknown_property"),
        ("filter[name][like]=x", "filter[name][like]", "enum"),
        ("filter[id][contains]=x", "filter[id][contains]", "enum"),
        ("filter[id][eq]=x", "filter[id][eq]", "is_uuid"),
        ("filter[created_at][lt]=yesterday", "filter[created_at][lt]", "is_date_time"),
        ("filter[name]=%00", "filter[name]", "invalid"),
        ("other=1", "other", "unknown_property"),
        ("sort=name&sort=name", "sort", "invalid"),
    ] {
        let reply = admin.get(&format!("/v3/apis?{query}")).await;
        let source = reply.json()["invalid_parameters"][0]["source"].clone();
        assert_eq!(reply.blamed(), [(field.into(), rule.into())], "{query}");
        assert_eq!(source, "query");
    }
}

#[tokio::test]
async fn times_and_ids_filter_exactly() {
    let portal = TestPortal::start().await;
    let admin = portal.admin();
    let made = admin.post("/v3/apis", json!({"name": "one"})).await.json();
    let (id, at) = (made["id"].as_str().unwrap(), made["created_at"].as_str().unwrap());
    for (query, found) in [
        (format!("filter[created_at][lt]={at}"), false),
        (format!("filter[created_at][lte]={at}"), true),
        (format!("filter[created_at][gt]={at}"), false),
        (format!("filter[created_at][gte]={at}"), true),
        (format!("filter[created_at]={at}"), true),
        (format!("filter[id][eq]={id}"), true),
        (format!("filter[id][neq]={id}"), false),
        (format!("filter[id][oeq]={id},{}", crate::support::NOBODY), true),
    ] {
        assert_eq!(
            !admin.get(&format!("/v3/apis?{query}")).await.ids().is_empty(),
            found,
            "{query}"
        );
    }
}

/// A page of a list, and its total.
async fn page(portal: &TestPortal, path: &str) -> (Vec<Value>, u64) {
    let list = portal.admin().get(path).await.expect(StatusCode::OK).json();
    let total = list["meta"]["page"]["total"].as_u64().unwrap();
    (list["data"].as_array().unwrap().clone(), total)
}

/// Developers with an application and a registration each, behind the portal's back. Of each the ids
/// count from a number of their own.
async fn fill(portal: &TestPortal, id: &str, strategy: &str, api: &str) {
    let (id, strategy, api) = (
        Uuid::parse_str(id).unwrap(),
        Uuid::parse_str(strategy).unwrap(),
        Uuid::parse_str(api).unwrap(),
    );
    let key =
        |kind: u128, number: i64| Uuid::from_u128((kind << 64) + u128::try_from(number).unwrap());
    let db = portal.database().await;
    let insert = async |table: &str, columns: &[&str], row: &dyn Fn(i64) -> Vec<SimpleExpr>| {
        let mut insert = Query::insert();
        insert.into_table(table.to_owned()).columns(columns.iter().map(|name| (*name).to_owned()));
        for number in 0..MANY {
            insert.values_panic(row(number));
        }
        db.execute(&insert).await.unwrap();
    };
    let people = [
        "id",
        "portal_id",
        "email",
        "address_key",
        "full_name",
        "status",
        "created_at",
        "updated_at",
    ];
    insert("developers", &people, &|number| {
        let email = format!("person{number:04}@x.test");
        // The last to come has the first name.
        let name = format!("Person {:04}", MANY - number);
        let who = [email.clone(), email, name, "approved".into()].map(SimpleExpr::from);
        let at = [number, number].map(SimpleExpr::from);
        let ids = [key(1, number), id].map(SimpleExpr::from);
        [ids.to_vec(), who.to_vec(), at.to_vec()].concat()
    })
    .await;
    let applications = [
        "id",
        "portal_id",
        "developer_id",
        "strategy_id",
        "name",
        "status",
        "suspended",
        "labels",
        "created_at",
        "updated_at",
    ];
    insert("applications", &applications, &|number| {
        let ids = [key(2, number), id, key(1, MANY - 1 - number), strategy].map(SimpleExpr::from);
        let text = [format!("Bulk {number:04}"), "active".to_owned()].map(SimpleExpr::from);
        let rest: [SimpleExpr; 4] = [false.into(), json!({}).into(), number.into(), number.into()];
        [ids.to_vec(), text.to_vec(), rest.to_vec()].concat()
    })
    .await;
    let registrations =
        ["id", "application_id", "api_id", "portal_id", "status", "created_at", "updated_at"];
    insert("registrations", &registrations, &|number| {
        let ids = [key(3, number), key(2, number), api, id].map(SimpleExpr::from);
        [ids.to_vec(), vec!["pending".into(), number.into(), number.into()]].concat()
    })
    .await;
}

#[tokio::test]
async fn long_lists_are_read_to_their_end() {
    let portal = TestPortal::start().await;
    let (id, other) = (portal.new_portal(json!({})).await, portal.new_portal(json!({})).await);
    let strategy = portal.new_strategy(json!({})).await;
    let api = portal.new_api().await;
    for portal_id in [&id, &other] {
        portal.publish(&api, portal_id, json!({"auth_strategy_ids": [strategy]})).await;
    }
    let eve = portal.developer(&other, "eve").await;
    let of_eve = eve.new_application(&strategy).await;
    let hers = eve.ask(&of_eve, &api).await.id();
    fill(&portal, &id, &strategy, &api).await;

    // Far from the start, and from the end.
    let developers = format!("/v3/portals/{id}/developers?page[size]=50");
    for (query, first, last, count) in [
        ("&page[number]=21&sort=email", "Person 0150", "Person 0101", 50),
        ("&page[number]=23&sort=name desc", "Person 0050", "Person 0001", 50),
        ("&page[number]=23", "Person 0050", "Person 0001", 50),
        ("&page[number]=22&sort=updated_at desc", "Person 1051", "Person 1100", 50),
    ] {
        let (items, total) = page(&portal, &format!("{developers}{query}")).await;
        assert_eq!((items.len(), total), (count, 1_150), "{query}");
        let ends = [&items[0]["full_name"], &items[count - 1]["full_name"]];
        assert_eq!(ends, [first, last], "{query}");
    }
    let (none, total) = page(&portal, &format!("{developers}&page[number]=24")).await;
    assert_eq!((none.len(), total), (0, 1_150));

    // By what belongs to another table: nothing of another portal comes with it.
    let registrations = format!("/v3/portals/{id}/application-registrations?page[size]=50");
    for (query, first, total) in [
        ("&sort=developer_id", "Bulk 1149", 1_150),
        ("&sort=developer_id desc", "Bulk 0000", 1_150),
        ("&sort=developer_id&page[number]=22", "Bulk 0099", 1_150),
        ("&filter[application_name][contains]=uLk", "Bulk 0000", 1_150),
        ("&filter[application_name][contains]=k", "Bulk 0000", 1_150),
        ("&filter[application_name][contains]=bulk 01", "Bulk 0100", 100),
        ("&filter[application_name][contains]=bulk&filter[status]=pending", "Bulk 0000", 1_150),
    ] {
        let (items, found) = page(&portal, &format!("{registrations}{query}")).await;
        assert_eq!((&items[0]["application"]["name"], found), (&json!(first), total), "{query}");
    }
    let nothing = format!("{registrations}&filter[application_name][contains]=nowhere");
    assert_eq!(page(&portal, &nothing).await, (Vec::new(), 0));
    let of_api = format!("/v3/apis/{api}/registrations?filter[application_name][contains]=");
    assert_eq!(page(&portal, &format!("{of_api}bulk")).await.1, 1_150);
    let elsewhere = format!("/v3/portals/{other}/application-registrations?sort=developer_id");
    assert_eq!(portal.admin().get(&elsewhere).await.ids(), [hers]);
}
