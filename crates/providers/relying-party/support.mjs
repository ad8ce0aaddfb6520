// What both scripts share: what they were given, a visitor who signs in, what they report.
import assert from 'node:assert/strict';
import { createRemoteJWKSet, jwtVerify } from 'jose';

export const given = JSON.parse(process.argv[2]);

// Every check that held is printed; the test looks for each by name.
export async function check(name, body) {
  try {
    const value = await body();
    console.log(`ok: ${name}`);
    return value;
  } catch (error) {
    console.error(`failed: ${name}`);
    console.error(error, error?.cause ?? '');
    process.exit(1);
  }
}

// Somebody with a browser that has forms and cookies and no scripts. Goes to an address, signs in
// where it is asked to, and returns the address that it is sent to at the client.
export async function signIn(start, redirectUri, { login, password }) {
  const jar = new Map();
  let request = { url: new URL(start), method: 'GET', body: undefined };
  for (let steps = 0; steps < 20; steps += 1) {
    const headers = { accept: 'text/html' };
    if (jar.size > 0) headers.cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(request.url, {
      method: request.method, body: request.body, headers, redirect: 'manual',
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      jar.set(name, value);
    }
    const location = response.headers.get('location');
    if (location !== null) {
      const url = new URL(location, request.url);
      if (url.href.startsWith(redirectUri)) return url;
      request = { url, method: 'GET', body: undefined };
      continue;
    }
    const page = await response.text();
    assert.equal(response.status, 200, `${request.url} answered ${response.status}: ${page}`);
    request = filled(page, request.url, login, password);
  }
  throw new Error(`never sent back to ${redirectUri}`);
}

// The form of a page, filled in.
function filled(page, url, login, password) {
  const [, attributes, content] = /<form([^>]*)>([\s\S]*?)<\/form>/i.exec(page) ?? [];
  assert.ok(content !== undefined, `no form: ${page}`);
  const body = new URLSearchParams();
  for (const [tag] of content.matchAll(/<input[^>]*>/gi)) {
    const name = attribute(tag, 'name');
    if (name === undefined) continue;
    switch (attribute(tag, 'type') ?? 'text') {
      case 'password': body.set(name, password); break;
      case 'text': case 'email': body.set(name, login); break;
      case 'hidden': body.set(name, attribute(tag, 'value') ?? ''); break;
    }
  }
  // A form that is sent without a click is sent by its first button.
  const [button] = /<button[^>]*>/i.exec(content) ?? [];
  const pressed = button && attribute(button, 'name');
  if (pressed) body.set(pressed, attribute(button, 'value') ?? '');
  const action = attribute(attributes, 'action');
  return { url: action ? new URL(action, url) : url, method: 'POST', body };
}

const NAMED = { amp: '&', lt: '<', gt: '>', quot: '"' };

function attribute(tag, name) {
  const found = new RegExp(`\\b${name}\\s*=\\s*"([^"]*)"`, 'i').exec(tag)?.[1];
  return found?.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (all, decimal, hex, word) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    return NAMED[word] ?? all;
  });
}

// An access token, verified with the published keys by a third library.
export async function verified(token, jwksUri, type) {
  const keys = createRemoteJWKSet(new URL(jwksUri));
  const { payload } = await jwtVerify(token, keys, {
    issuer: given.issuer,
    audience: given.audience,
    algorithms: [given.algorithm],
    typ: type,
    requiredClaims: ['sub', 'iat', 'exp', 'jti'],
  });
  return payload;
}

// A client's own record (RFC 7592), which neither library speaks.
export async function manage(method, uri, token, body) {
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const response = await fetch(uri, {
    method, headers, body: body && JSON.stringify(body), redirect: 'error',
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

// Reads, changes and removes a client that was just registered; `token` asks for a token with an
// id and a secret and says whether there was one.
export async function ownRecord(client, token) {
  let accessToken = client.registration_access_token;
  const uri = client.registration_client_uri;
  // Whatever an answer says takes the place of what was known.
  const take = (answer) => {
    assert.equal(answer.status, 200, JSON.stringify(answer));
    assert.equal(answer.body.client_id, client.client_id);
    accessToken = answer.body.registration_access_token ?? accessToken;
    client.client_secret = answer.body.client_secret ?? client.client_secret;
    return answer.body;
  };
  await check('registered client: read', async () => {
    const read = take(await manage('GET', uri, accessToken));
    assert.equal(read.client_name, client.client_name);
  });
  await check('registered client: changed', async () => {
    const wanted = {
      client_id: client.client_id,
      client_name: 'Renamed by its owner',
      grant_types: client.grant_types,
      response_types: client.response_types,
      redirect_uris: client.redirect_uris ?? [],
      token_endpoint_auth_method: client.token_endpoint_auth_method,
      ...(client.scope && { scope: client.scope }),
    };
    const changed = take(await manage('PUT', uri, accessToken, wanted));
    assert.equal(changed.client_name, wanted.client_name);
    assert.equal(await token(client), true);
  });
  await check('registered client: a stranger is refused', async () => {
    const answer = await manage('GET', uri, 'not-the-token');
    assert.equal(answer.status, 401, JSON.stringify(answer));
  });
  await check('registered client: removed', async () => {
    const answer = await manage('DELETE', uri, accessToken);
    assert.equal(answer.status, 204, JSON.stringify(answer));
    assert.equal((await manage('GET', uri, accessToken)).status, 401);
    assert.equal(await token(client), false);
  });
}
