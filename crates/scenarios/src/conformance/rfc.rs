//! The examples of RFC 7515 (JWS), RFC 7520 (JOSE cookbook) and RFC 8037 (Ed25519).
//!
//! Those whose payload is a set of claims are long expired, and the others hold none: a signature
//! that holds is refused as `expired_token` or `malformed_token`. Each is tried again with a bit of
//! its signature turned, which must be `bad_signature`.

use serde_json::{Value, json};

use super::wycheproof::turned;
use super::{Batch, Plan, Set, bearer, deny, members};

/// RFC 7515 A.1: HMAC-SHA-256.
const A1: &str = "\
    eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQo\
    gImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOE\
    jXk";
/// RFC 7515 A.2: RS256.
const A2: &str = "\
    eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGx\
    lLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5R\
    Zmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrn\
    byTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHW\
    EsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig\
    cN_IoypGlUPQGe77Rw";
/// The modulus of A.2.
const A2_N: &str = "\
    ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt\
    0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSX\
    ndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5\
    IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
/// RFC 7515 A.3: ES256.
const A3: &str = "\
    eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGx\
    lLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8I\
    SlSApmWQxfKTUJqPP3-Kg6NU1Q";
/// RFC 7515 A.4: ES512.
const A4: &str = "\
    eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPW\
    ROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKv\
    U8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
/// The key of A.4.
const A4_X: &str = "\
    AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk";
/// The key of A.4.
const A4_Y: &str = "\
    ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2";
/// RFC 8037 A.4: Ed25519.
const ED: &str = "\
    eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09P\
    GcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
/// RFC 7520 4.1.
const C1: &str = "\
    eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGF\
    uZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9\
    hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW9\
    1IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKt\
    ainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0R\
    nltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS\
    _de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH\
    84ogoree7vjbU5y18kDquDg";
/// RFC 7520 4.2.
const C2: &str = "\
    eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGF\
    uZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9\
    hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW9\
    1IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1\
    xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFl\
    fz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2\
    Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfm\
    WjwZ6oD4ifKo8DYM-X72Eaw";
/// RFC 7520 4.3.
const C3: &str = "\
    eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGF\
    uZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9\
    hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW9\
    1IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUII\
    UnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IE\
    KBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2";
/// RFC 7520 4.4.
const C4: &str = "\
    eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9.SXTigJl\
    zIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB\
    0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2h\
    lcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0";
/// The RSA key of RFC 7520 3.3.
const C_N: &str = "\
    n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_\
    AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpP\
    e7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg\
    _3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw";
/// The EC key of RFC 7520 3.1.
const C_X: &str = "\
    AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt";
/// The EC key of RFC 7520 3.1.
const C_Y: &str = "\
    AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1";

pub(super) fn batch(start: u64) -> Result<Batch, String> {
    let mut plan = Plan::new("rfc");
    let ec = |curve: &str, x: &str, y: &str| json!({"kty": "EC", "crv": curve, "x": x, "y": y});
    let rsa = |n: &str| json!({"kty": "RSA", "n": n, "e": "AQAB"});
    let p256 = ec(
        "P-256",
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    );
    let ed25519 = json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    let named = |key: Value| {
        let mut key = members(key);
        key.insert("kid".into(), "bilbo.baggins@hobbiton.example".into());
        Value::Object(key)
    };
    let cookbook = named(rsa(C_N));
    let flat = |token: &str| {
        let parts: Vec<_> = token.split('.').collect();
        let [header, payload, signature] = parts.as_slice() else { return String::new() };
        json!({"payload": payload, "protected": header, "signature": signature}).to_string()
    };
    let detached = C1.split('.').enumerate().map(|(at, part)| if at == 1 { "" } else { part });
    let detached = detached.collect::<Vec<_>>().join(".");
    // A.5: header and payload of an unsecured token.
    let unsecured = ["eyJhbGciOiJub25lIn0", A1.split('.').nth(1).unwrap_or_default(), ""].join(".");
    let holds_not = "refused_algorithm";
    let rows: [(&str, &str, Value, String, &str); 15] = [
        ("RFC 7515 A.1", "HS256", rsa(A2_N), A1.into(), holds_not),
        ("RFC 7515 A.2", "RS256", rsa(A2_N), A2.into(), "expired_token"),
        ("RFC 7515 A.3", "ES256", p256.clone(), A3.into(), "expired_token"),
        ("RFC 7515 A.4", "ES512", ec("P-521", A4_X, A4_Y), A4.into(), "malformed_token"),
        ("RFC 7515 A.5", "none", rsa(A2_N), unsecured, holds_not),
        ("RFC 7515 A.6", "JSON serialisation", p256, flat(A3), "malformed_token"),
        ("RFC 8037 A.4", "Ed25519", ed25519, ED.into(), "malformed_token"),
        ("RFC 7520 4.1", "RS256", cookbook.clone(), C1.into(), "malformed_token"),
        ("RFC 7520 4.2", "PS384", cookbook.clone(), C2.into(), "malformed_token"),
        ("RFC 7520 4.3", "ES512", named(ec("P-521", C_X, C_Y)), C3.into(), "malformed_token"),
        ("RFC 7520 4.4", "HS256", cookbook.clone(), C4.into(), holds_not),
        ("RFC 7520 4.5", "detached payload", cookbook.clone(), detached, "bad_signature"),
        (
            "RFC 7520 4.6",
            "flattened JSON serialisation",
            cookbook.clone(),
            flat(C1),
            "malformed_token",
        ),
        (
            "RFC 7520 4.8",
            "general JSON serialisation",
            cookbook.clone(),
            json!({"signatures": [flat(C1), flat(C2)]}).to_string(),
            "malformed_token",
        ),
        // The algorithm is the key's, not the token's to choose.
        (
            "RFC 7520 4.1",
            "RS256 against the key of 4.3",
            named(ec("P-521", C_X, C_Y)),
            C1.into(),
            "unknown_key",
        ),
    ];
    for (number, (id, name, key, token, code)) in rows.into_iter().enumerate() {
        let (api, path, strategy) =
            (format!("v{number}"), format!("/v{number}/"), format!("s{number}"));
        plan.api(&api, &path, &strategy);
        plan.strategy(
            &strategy,
            members(json!({
                "issuer": "https://rfc.test", "issuers_allowed": ["joe"],
                "auth_methods": ["bearer"], "jwks": {"keys": [key]},
            })),
        );
        plan.try_row(Set::Rfc, id, name, bearer(&path, &token, deny(code)));
        let signed =
            code == "expired_token" || (code == "malformed_token" && !token.starts_with('{'));
        if signed {
            let turned = turned(&token).ok_or("a vector has no signature")?;
            let name = format!("{name}, one bit turned");
            plan.try_row(Set::Rfc, id, name, bearer(&path, turned, deny("bad_signature")));
        }
    }
    plan.finish(start)
}
