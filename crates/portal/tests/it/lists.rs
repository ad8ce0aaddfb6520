//! Pages, order and filters.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::TestPortal;

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
