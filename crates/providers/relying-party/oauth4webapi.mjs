// Drives an authorization server with oauth4webapi, as its first argument (JSON) says:
//   issuer, audience, algorithm   of the server
//   type                          of its access tokens: `at+jwt` or `JWT`
//   scope                         a scope of the machine
//   machine                       a client with `client_id`, `client_secret`, `method`
//   person                        a client with `redirect_uri` more, and `login`, `password` of
//                                 somebody who signs in; left out: nobody does
//   registration                  an initial access token; left out: nobody registers
import assert from 'node:assert/strict';
import * as oauth from 'oauth4webapi';
import { check, given, ownRecord, signIn, verified } from './support.mjs';

const plain = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(given.issuer);

const authOf = ({ method, client_secret: secret }) => (
  method === 'client_secret_basic' ? oauth.ClientSecretBasic(secret) : oauth.ClientSecretPost(secret)
);
const clientOf = ({ client_id }) => ({ client_id, [oauth.clockTolerance]: 5 });

async function discover(algorithm) {
  const response = await oauth.discoveryRequest(issuer, { algorithm, ...plain });
  return oauth.processDiscoveryResponse(issuer, response);
}

const as = await check('discovery: OpenID Connect', () => discover('oidc'));
await check('discovery: RFC 8414', async () => {
  const other = await discover('oauth2');
  for (const name of ['issuer', 'token_endpoint', 'jwks_uri', 'introspection_endpoint']) {
    assert.equal(other[name], as[name], name);
  }
});

async function clientCredentials(party, parameters = {}) {
  const response = await oauth.clientCredentialsGrantRequest(
    as, clientOf(party), authOf(party), new URLSearchParams(parameters), plain,
  );
  return oauth.processClientCredentialsResponse(as, clientOf(party), response);
}

const { machine, scope } = given;
const issued = await check('client credentials', async () => {
  const tokens = await clientCredentials(machine, { scope });
  assert.equal(tokens.token_type, 'bearer');
  assert.ok(tokens.expires_in > 0);
  assert.equal(tokens.refresh_token, undefined);
  assert.equal(tokens.scope ?? scope, scope);
  return tokens.access_token;
});
await check('client credentials: a wrong secret is refused', async () => {
  const wrong = clientCredentials({ ...machine, client_secret: 'wrong' });
  // One that was sent in a header is refused with a challenge, which is told as another error.
  await assert.rejects(wrong, (error) => error.status === 401);
});
await check('client credentials: an unknown scope is refused', () => assert.rejects(
  clientCredentials(machine, { scope: 'no-such-scope' }),
  (error) => error.error === 'invalid_scope',
));

function asRequest(token) {
  return new Request('https://api.example/', { headers: { authorization: `Bearer ${token}` } });
}

await check('access token: verified with the published keys', async () => {
  const claims = await verified(issued, as.jwks_uri, given.type);
  assert.equal(claims.sub, machine.client_id);
});
if (given.type === 'at+jwt') {
  await check('access token: RFC 9068', async () => {
    const claims = await oauth.validateJwtAccessToken(as, asRequest(issued), given.audience, {
      signingAlgorithms: [given.algorithm], ...plain,
    });
    assert.equal(claims.client_id, machine.client_id);
    assert.equal(claims.sub, machine.client_id);
    assert.equal(claims.scope, scope);
    await assert.rejects(oauth.validateJwtAccessToken(
      as, asRequest(issued), 'https://another.example/', plain,
    ));
  });
}

async function introspect(party, token) {
  const response = await oauth.introspectionRequest(
    as, clientOf(party), authOf(party), token, plain,
  );
  return oauth.processIntrospectionResponse(as, clientOf(party), response);
}

async function revoke(party, token) {
  const response = await oauth.revocationRequest(as, clientOf(party), authOf(party), token, plain);
  await oauth.processRevocationResponse(response);
}

await check('introspection', async () => {
  const told = await introspect(machine, issued);
  assert.equal(told.active, true);
  assert.equal(told.client_id, machine.client_id);
  assert.equal(told.iss, given.issuer);
  assert.equal(told.scope, scope);
});
await check('introspection: of nothing', async () => {
  assert.deepEqual(await introspect(machine, 'nothing'), { active: false });
});
await check('revocation', async () => {
  await revoke(machine, issued);
  assert.deepEqual(await introspect(machine, issued), { active: false });
  await revoke(machine, 'nothing');
});

if (given.person) {
  const party = given.person;
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const returned = await check('authorization code: signed in', async () => {
    const url = new URL(as.authorization_endpoint);
    url.search = new URLSearchParams({
      client_id: party.client_id,
      redirect_uri: party.redirect_uri,
      response_type: 'code',
      scope: 'openid offline_access',
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    const location = await signIn(url, party.redirect_uri, party);
    return oauth.validateAuthResponse(as, clientOf(party), location, state);
  });
  const exchange = (codeVerifier) => oauth.authorizationCodeGrantRequest(
    as, clientOf(party), authOf(party), returned, party.redirect_uri, codeVerifier, plain,
  );
  const tokens = await check('authorization code: exchanged, ID token verified', async () => {
    const response = await exchange(verifier);
    const result = await oauth.processAuthorizationCodeResponse(as, clientOf(party), response, {
      expectedNonce: nonce, requireIdToken: true,
    });
    await oauth.validateApplicationLevelSignature(as, response, plain);
    return result;
  });
  const { sub } = oauth.getValidatedIdTokenClaims(tokens);
  await check('userinfo', async () => {
    const response = await oauth.userInfoRequest(as, clientOf(party), tokens.access_token, plain);
    await oauth.processUserInfoResponse(as, clientOf(party), sub, response);
  });
  const refresh = async (token) => {
    const response = await oauth.refreshTokenGrantRequest(
      as, clientOf(party), authOf(party), token, plain,
    );
    return oauth.processRefreshTokenResponse(as, clientOf(party), response);
  };
  const renewed = await check('refresh', async () => {
    assert.ok(tokens.refresh_token);
    const result = await refresh(tokens.refresh_token);
    assert.notEqual(result.access_token, tokens.access_token);
    assert.notEqual(result.refresh_token, tokens.refresh_token);
    return result;
  });
  await check('refresh: a used token ends the grant', async () => {
    const invalid = (error) => error.error === 'invalid_grant';
    await assert.rejects(refresh(tokens.refresh_token), invalid);
    await assert.rejects(refresh(renewed.refresh_token), invalid);
  });
  await check('authorization code: a second use is refused', async () => {
    const again = oauth.processAuthorizationCodeResponse(
      as, clientOf(party), await exchange(verifier), { expectedNonce: nonce },
    );
    await assert.rejects(again, (error) => error.error === 'invalid_grant');
  });
}

if (given.registration) {
  const register = async (initialAccessToken) => {
    const response = await oauth.dynamicClientRegistrationRequest(as, {
      client_name: 'Registered by oauth4webapi',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: 'client_secret_post',
    }, { initialAccessToken, ...plain });
    return oauth.processDynamicClientRegistrationResponse(response);
  };
  const client = await check('registration', async () => {
    const result = await register(given.registration);
    assert.ok(result.client_secret && result.registration_access_token);
    assert.equal(result.client_secret_expires_at, 0);
    return result;
  });
  await check('registration: without a token it is refused', () => assert.rejects(
    register(undefined), (error) => error.status === 401,
  ));
  await ownRecord(client, async (party) => clientCredentials(party).then(() => true, () => false));
}
