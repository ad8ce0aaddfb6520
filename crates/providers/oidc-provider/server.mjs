// An identity provider for tests: oidc-provider on loopback, as its first argument (JSON) says:
//   issuer        how it calls itself
//   port          where it listens, on 127.0.0.1; need not be the issuer's
//   jwks          its private keys
//   clients       as oidc-provider takes them
//   registration  the initial access token of those who may register clients (RFC 7591) and manage
//                 them (RFC 7592); left out: nobody may
//   store         the file in which registered clients outlive it; left out: nothing does
// It prints one line when it listens. Beside the provider's own paths there are:
//   GET /-/counts   how often each path was asked for
//   GET /-/clients  the registered clients, by their ids
//   PUT /-/jwks     other keys from now on; what was issued stays valid
//   PUT /-/crash    {"method": "...", "path": "...", "when": "..."}: it ends as by a crash when such
//                   a request comes, `before` it is looked at or `after` it had its effect
//
// Access tokens are opaque unless a resource is asked for: `urn:gatekey:ALGORITHM:SECONDS` gives a
// JWT, `urn:gatekey:opaque:SECONDS` an opaque token of that life. Clients that may sign users in
// get the resource of their member `gatekey_resource` without asking.
import { createServer } from 'node:http';
import Provider, { errors } from 'oidc-provider';
import { kept, keeper } from './store.mjs';

const { issuer, port, jwks, clients, registration, store } = JSON.parse(process.argv[2]);

const SCOPES = 'read write';
const RESOURCE = 'gatekey_resource';

function resourceServer(ctx, indicator) {
  const [, format, seconds] = /^urn:gatekey:(\w+):(\d+)$/.exec(indicator) ?? [];
  if (!format) throw new errors.InvalidTarget();
  return {
    scope: SCOPES,
    audience: indicator,
    accessTokenTTL: Number(seconds),
    ...(format === 'opaque'
      ? { accessTokenFormat: 'opaque' }
      : { accessTokenFormat: 'jwt', jwt: { sign: { alg: format } } }),
  };
}

function person(id) {
  const email = `${id}@example.com`;
  return { sub: id, name: id, email, email_verified: true, groups: ['people'] };
}

// Whoever signed in has agreed: nobody is asked.
async function grantOf(ctx) {
  const { client, session, provider, result } = ctx.oidc;
  const known = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  if (known) return provider.Grant.find(known);
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid offline_access email profile');
  if (client[RESOURCE]) grant.addResourceScope(client[RESOURCE], SCOPES);
  await grant.save();
  return grant;
}

function configuration(keys) {
  return {
    jwks: keys,
    clients,
    ...(store && { adapter: keeper(store) }),
    scopes: ['openid', 'offline_access', 'email', 'profile', ...SCOPES.split(' ')],
    claims: { email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    // ID tokens say themselves what their scopes stand for.
    conformIdTokenClaims: false,
    extraClientMetadata: { properties: [RESOURCE] },
    cookies: { keys: ['only for tests'] },
    pkce: { required: () => true },
    issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    findAccount: (ctx, id) => ({ accountId: id, claims: () => person(id) }),
    loadExistingGrant: grantOf,
    interactions: { url: (ctx, interaction) => `/sign-in/${interaction.uid}` },
    ttl: { IdToken: 600, RefreshToken: 3600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      rpInitiatedLogout: { enabled: true },
      ...(registration && {
        registration: { enabled: true, initialAccessToken: registration },
        registrationManagement: { enabled: true, rotateRegistrationAccessToken: true },
      }),
      resourceIndicators: {
        enabled: true,
        defaultResource: (ctx, client) => client[RESOURCE],
        useGrantedResource: () => true,
        getResourceServerInfo: resourceServer,
      },
    },
  };
}

const PAGE = `<!doctype html><title>Sign in</title>
<form method="post"><input name="login" id="login"><button id="enter">Enter</button></form>`;

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function signIn(provider, request, response) {
  await provider.interactionDetails(request, response);
  if (request.method !== 'POST') {
    response.setHeader('content-type', 'text/html');
    return response.end(PAGE);
  }
  const accountId = new URLSearchParams(await body(request)).get('login');
  const result = { login: { accountId } };
  return provider.interactionFinished(request, response, result, {
    mergeWithLastSubmission: false,
  });
}

let provider = new Provider(issuer, configuration(jwks));
let handle = provider.callback();
let crash;
const counts = {};
const crashed = () => process.kill(process.pid, 'SIGKILL');

async function control(pathname, request, response) {
  switch (pathname) {
    case '/-/counts': return response.end(JSON.stringify(counts));
    case '/-/clients': return response.end(JSON.stringify(kept(store, 'Client')));
    case '/-/crash':
      crash = JSON.parse(await body(request));
      return response.end();
    default:
      provider = new Provider(issuer, configuration(JSON.parse(await body(request))));
      handle = provider.callback();
      return response.end();
  }
}

async function answer(request, response) {
  const { pathname } = new URL(request.url, issuer);
  if (pathname.startsWith('/-/')) return control(pathname, request, response);
  counts[pathname] = (counts[pathname] ?? 0) + 1;
  if (crash?.method === request.method && pathname.startsWith(crash.path)) {
    if (crash.when === 'before') return crashed();
    response.end = crashed;
  }
  if (pathname.startsWith('/sign-in/')) return signIn(provider, request, response);
  return handle(request, response);
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    response.statusCode = 500;
    response.end();
  });
});
server.listen(port, '127.0.0.1', () => console.log('listening'));
