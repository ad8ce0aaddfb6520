// Prints a JWK Set of new private keys: `node keys.mjs PREFIX ALG...`. A key's id is the prefix
// and its algorithm.
import { generateKeyPairSync } from 'node:crypto';

const [prefix, ...algorithms] = process.argv.slice(2);

const pair = (alg) => {
  switch (alg) {
    case 'EdDSA': return generateKeyPairSync('ed25519');
    case 'ES256': return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'ES384': return generateKeyPairSync('ec', { namedCurve: 'P-384' });
    default: return generateKeyPairSync('rsa', { modulusLength: 2048 });
  }
};

const keys = algorithms.map((alg) => ({
  ...pair(alg).privateKey.export({ format: 'jwk' }),
  kid: `${prefix}-${alg}`,
  use: 'sig',
  alg,
}));
console.log(JSON.stringify({ keys }));
