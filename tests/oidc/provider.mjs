// A real OpenID provider (npm oidc-provider) on 127.0.0.1, with its own pages to sign in at:
// whatever login is typed is known. It has a new key at every start, and ends when its standard
// input does.
//
// usage: node provider.mjs '{"redirect":"…","secret":"…","port":4000,"algorithm":"RS256"}'
// With "certificate" and "key" (PEM) it serves over TLS. The first line it prints is its address.

import { generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import Provider from 'oidc-provider';

const { redirect, secret, port, algorithm, certificate, key } = JSON.parse(process.argv[2]);

const pair = algorithm.startsWith('ES')
  ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
  : generateKeyPairSync('rsa', { modulusLength: 2048 });

// The login is the subject; the address is told at UserInfo alone.
const account = (login) => ({
  accountId: login,
  claims: () => ({
    sub: login,
    email: `${login}@example.jp`,
    email_verified: login !== 'unverified',
  }),
});

const configuration = {
  clients: [{
    client_id: 'madoguchi',
    client_secret: secret,
    redirect_uris: [redirect],
    id_token_signed_response_alg: algorithm,
  }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  cookies: { keys: ['of the tests'] },
  enabledJWA: { idTokenSigningAlgValues: [algorithm] },
  findAccount: async (_context, login) => account(login),
  jwks: { keys: [pair.privateKey.export({ format: 'jwk' })] },
  pkce: { required: () => true },
};

const issuer = `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`;
const answer = new Provider(issuer, configuration).callback();
const server = certificate
  ? https.createServer({ cert: certificate, key }, answer)
  : http.createServer(answer);
server.listen(port, '127.0.0.1', () => process.stdout.write(`${issuer}\n`));

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
