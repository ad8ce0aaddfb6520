// Drives an authorization server with openid-client; its first argument is that of
// `oauth4webapi.mjs`.
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { check, given, ownRecord, signIn } from './support.mjs';

const options = { execute: [client.allowInsecureRequests], timeout: 30 };
const issuer = new URL(given.issuer);

const authOf = ({ method, client_secret: secret }) => (
  method === 'client_secret_basic' ? client.ClientSecretBasic(secret) : client.ClientSecretPost(secret)
);
// With non-repudiation checks the signatures of ID tokens are verified, also those that came
// straight from the token endpoint.
const configured = (party) => client.discovery(issuer, party.client_id, undefined, authOf(party), {
  ...options, execute: [...options.execute, client.enableNonRepudiationChecks],
});

const { machine, scope } = given;
const config = await check('discovery', () => configured(machine));
await check('discovery: by the path of RFC 8414', async () => {
  const other = await client.discovery(
    issuer, machine.client_id, undefined, authOf(machine), { ...options, algorithm: 'oauth2' },
  );
  assert.equal(other.serverMetadata().issuer, given.issuer);
});
const issued = await check('client credentials', async () => {
  const tokens = await client.clientCredentialsGrant(config, { scope });
  assert.equal(tokens.token_type, 'bearer');
  assert.ok(tokens.expiresIn() > 0);
  return tokens.access_token;
});
await check('introspection', async () => {
  const told = await client.tokenIntrospection(config, issued);
  assert.equal(told.active, true);
  assert.equal(told.sub, machine.client_id);
});
await check('revocation', async () => {
  await client.tokenRevocation(config, issued);
  assert.deepEqual(await client.tokenIntrospection(config, issued), { active: false });
});

if (given.person) {
  const party = given.person;
  const browsing = await configured(party);
  const tokens = await check('authorization code with PKCE', async () => {
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
    const url = client.buildAuthorizationUrl(browsing, {
      redirect_uri: party.redirect_uri,
      scope: 'openid offline_access',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
      nonce: expectedNonce,
    });
    const location = await signIn(url, party.redirect_uri, party);
    return client.authorizationCodeGrant(browsing, location, {
      pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true,
    });
  });
  await check('userinfo', () => client.fetchUserInfo(
    browsing, tokens.access_token, tokens.claims().sub,
  ));
  await check('refresh', async () => {
    const renewed = await client.refreshTokenGrant(browsing, tokens.refresh_token);
    assert.notEqual(renewed.access_token, tokens.access_token);
  });
}

if (given.registration) {
  const register = (initialAccessToken) => client.dynamicClientRegistration(issuer, {
    client_name: 'Registered by openid-client',
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: 'client_secret_post',
  }, undefined, { initialAccessToken, ...options });
  const registered = await check('registration', () => register(given.registration));
  await check('registration: without a token it is refused', () => assert.rejects(register(undefined)));
  await ownRecord({ ...registered.clientMetadata() }, async (party) => {
    const own = await client.discovery(
      issuer, party.client_id, undefined, client.ClientSecretPost(party.client_secret), options,
    );
    return client.clientCredentialsGrant(own).then(() => true, () => false);
  });
}
