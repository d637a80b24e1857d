// A daemon with every kind of issuer, and the issuers: who signs, what they publish, and how
// often they were asked for it.

import {once} from 'node:events';
import {writeFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import {join} from 'node:path';

import {House} from './house.mjs';
import {base64url, curvePair, jwk, keyPair, pem, rsaPair} from './jwt.mjs';

export const secret = '0123456789abcdef0123456789abcdef';
export const audience = 'tandem';
export const issuerOf = (name) => `https://${name}.example.com`;

/** What a key set may be instead of one; each says what the log tells of it. */
function badSets(keys, elsewhere) {
  const set = (...all) => JSON.stringify({keys: all});
  const good = jwk(keys.es, '1');
  const rsa = jwk(keys.rs, '1');
  const rsaOf = (bits) => jwk(keys[`rsa${bits}`], '1');
  const es = (says, answer) => ({algorithm: 'ES256', key: keys.es, says, ...answer});
  const rs = (says, key, answer) => ({algorithm: 'RS256', key, says, ...answer});
  const aside = (half) => ({...jwk(keys.short, '1'), ...half});
  const coordinate = Buffer.from(keys.short.public.export({format: 'jwk'}).x, 'base64url');
  return {
    'status-500': es(/status 500/, {status: 500, body: set(good)}),
    'status-201': es(/status 201/, {status: 201, body: set(good)}),
    silence: es(/./, {silent: true}),
    html: es(/no JSON/, {body: '<html>Sign in</html>'}),
    empty: es(/no JSON/, {body: ''}),
    redirect: es(/status 302/, {status: 302, body: set(good), headers: {location: elsewhere}}),
    'a-mebibyte': es(/over 64 KiB/, {body: set(good) + ' '.repeat(1 << 20)}),
    'ten-thousand': es(/10001 keys/,
                       {body: set(good, ...Array.from({length: 10_000}, () => ({})))}),
    'thirty-three': es(/33 keys/, {body: set(good, ...Array.from({length: 32}, () => ({})))}),
    'one-name-twice': es(/two keys of one kid/, {body: set(good, jwk(keys.other, '1'))}),
    'a-list': es(/no object/, {body: `[${set(good)}]`}),
    'for-encryption': es(/not for signing/, {body: set({...good, use: 'enc'})}),
    'for-signing-alone': es(/not for verifying/, {body: set({...good, key_ops: ['sign']})}),
    'of-another-algorithm': es(/of another algorithm/, {body: set({...good, alg: 'ES384'})}),
    'a-private-key': es(/a private key/,
                        {body: set({...keys.es.private.export({format: 'jwk'}), kid: '1'})}),
    'a-secret': es(/not of type EC/,
                   {body: set({kty: 'oct', kid: '1', k: base64url(secret)})}),
    'off-the-curve': es(/point|curve/, {body: set({...good, y: jwk(keys.other, '1').y})}),
    // The key is the signer's own, one zero byte less of it.
    'a-short-coordinate': {algorithm: 'ES256', key: keys.short, says: /key 1/,
                           body: set(aside({x: coordinate.subarray(1).toString('base64url')}))},
    'rsa-of-512': rs(/512 bits/, keys.rsa512, {body: set(rsaOf(512))}),
    'rsa-of-1024': rs(/1024 bits/, keys.rsa1024, {body: set(rsaOf(1024))}),
    'exponent-3': rs(/exponent/, keys.exponent3, {body: set(jwk(keys.exponent3, '1'))}),
    'exponent-1': rs(/exponent/, keys.rs, {body: set({...rsa, e: 'AQ'})}),
    'exponent-even': rs(/exponent/, keys.rs, {body: set({...rsa, e: 'AQAA'})}),
  };
}

/** Whose first coordinate begins with a zero. */
function shortPair() {
  for (;;) {
    const pair = curvePair();
    if (Buffer.from(pair.public.export({format: 'jwk'}).x, 'base64url')[0] === 0) return pair;
  }
}

function makeKeys() {
  return {
    rs: rsaPair(), ps: rsaPair(), ed: keyPair('ed25519'), typed: curvePair('P-384'),
    es: curvePair(), second: curvePair(), other: curvePair(), attacker: curvePair(),
    short: shortPair(), rsa512: rsaPair(512), rsa1024: rsaPair(1024),
    exponent3: rsaPair(2048, 3),
  };
}

export class Home extends House {
  static async create(programs) {
    const home = await super.create(programs);
    home.keys = makeKeys();
    home.answers = new Map();
    home.asked = new Map();
    home.server = createServer((request, response) => home.answer(request, response))
        .listen(0, '127.0.0.1');
    await once(home.server, 'listening');
    home.issuers = `http://127.0.0.1:${home.server.address().port}`;
    home.bad = badSets(home.keys, `${home.issuers}/elsewhere`);
    const set = (...keys) => ({body: JSON.stringify({keys})});
    home.answers.set('/es', set(jwk(home.keys.es, '1'), jwk(home.keys.second, '2')));
    home.publish('/rotating', jwk(home.keys.es, 'old'));
    home.publish('/elsewhere', jwk(home.keys.es, '1'));
    for (const [name, answer] of Object.entries(home.bad)) home.answers.set(`/${name}`, answer);
    for (const name of ['rs', 'ps', 'ed', 'typed'])
      await writeFile(join(home.folder, `${name}.pem`), pem(home.keys[name]));
    return home;
  }

  /** A good set at this path. */
  publish(path, ...keys) { this.answers.set(path, {body: JSON.stringify({keys})}); }

  /** How often this path was asked for. */
  count(path) { return this.asked.get(path) ?? 0; }

  async answer(request, response) {
    const path = request.url;
    this.asked.set(path, this.count(path) + 1);
    const {silent, status = 200, body, headers = {}} = this.answers.get(path) ?? {status: 404};
    if (silent) return;
    // The log says the same only so often in a second.
    await new Promise((next) => setTimeout(next, 120));
    response.writeHead(status, {'content-type': 'application/json', ...headers});
    response.end(body);
  }

  text() {
    const file = (name, algorithm, more = '') =>
      `  - {id: ${name}, plugin: jwt, options: {algorithm: ${algorithm}, ` +
      `key_file: "${this.folder}/${name}.pem", issuer: "${issuerOf(name)}", ` +
      `audience: ${audience}${more}}}`;
    const url = (name, algorithm) =>
      `  - {id: ${name}, plugin: jwt, options: {algorithm: ${algorithm}, ` +
      `jwks_url: "${this.issuers}/${name}", issuer: "${issuerOf(name)}", audience: ${audience}}}`;
    const issuers = [
      file('rs', 'RS256'), file('ps', 'PS256'), file('ed', 'EdDSA'),
      file('typed', 'ES384', ', typ: at+jwt'), url('es', 'ES256'), url('rotating', 'ES256'),
      ...Object.entries(this.bad).map(([name, {algorithm}]) => url(name, algorithm)),
    ];
    return super.text().replace('auth:\n', `auth:\n${issuers.join('\n')}\n`);
  }

  async remove() {
    this.server.closeAllConnections();
    this.server.close();
    await super.remove();
  }
}
