// T01-T26: what is no token, somebody else's, or no longer one. All that is refused gets the same
// 401; the reason is in the log alone. What each part may be, bit by bit, is in tests/unit/jwt.

import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';

import {base64url, curvePair, der, jwk, pem, signature, signed, unsigned} from './jwt.mjs';
import {Line} from './player.mjs';
import {audience, Home, issuerOf, secret} from './token_house.mjs';

export {Home};

const now = () => Math.floor(Date.now() / 1000);
const longest = 8192 - 'Bearer '.length;  // a field's value has 8 KiB
const orderOfP256 = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';

export async function token({house, request, ask, tokens}) {
  const {keys} = house;
  const bearing = (text, path = '/api/leads') => request('GET', path, {
    headers: {Authorization: `Bearer ${text}`, 'X-Request-Id': 'corpus'}});
  const first = await fetch(`${house.url}/api/leads`, {
    headers: {authorization: 'Bearer a.b.c', 'x-request-id': 'corpus'}});
  assert.equal(first.status, 401);
  const theOneBody = await first.text();
  assert.equal(JSON.parse(theOneBody).code, 'INVALID_TOKEN');

  const refused = (name, text, more = {}) =>
    ({name, send: bearing(text), answers: [401], body: theOneBody,
      headers: {'www-authenticate': 'Bearer'}, ...more});
  const accepted = (name, text) => ({name, send: bearing(text), answers: [200]});
  /** The field is over its bound before anybody looks for a token. */
  const tooMuch = (name, text) => ({name, send: bearing(text), answers: [431], closes: true});

  const header = {alg: 'HS256', typ: 'JWT'};
  const claims = (more = {}) => ({sub: 'agent-1', organizationId: 'demo', permissions: ['admin'],
                                  iat: now() - 10, exp: now() + 3600, ...more});
  const own = (more = {}, head = header) => signed('HS256', secret, head, claims(more));
  /** Claims whose JSON is written out: `${...}` is the rest of the members. */
  const written = (members) => signed('HS256', secret, header,
      `{${members},${JSON.stringify(claims()).slice(1)}`);
  const headed = (text) => signed('HS256', secret, text, claims());
  /** Of an issuer of its own: `name` is the instance. */
  const from = (name, more = {}, head = {}) => {
    const algorithm = {rs: 'RS256', ps: 'PS256', ed: 'EdDSA', typed: 'ES384'}[name] ?? 'ES256';
    return signed(algorithm, keys[name] ?? keys.es,
                  {alg: algorithm, ...(name === 'typed' ? {typ: 'at+jwt'} : {}), ...head},
                  claims({iss: issuerOf(name), aud: audience, ...more}));
  };
  const es = (more = {}, head = {}) => from('es', more, {kid: '1', ...head});
  const split = (text) => text.split('.');
  const without = (name) => ({[name]: undefined});

  return [
    accepted('T00 a good one', own()),
    ...['rs', 'ps', 'ed', 'typed', 'es'].map((name) =>
      accepted(`T00 a good one of ${name}`, from(name, {}, name === 'es' ? {kid: '1'} : {}))),

    ...['none', 'None', 'NONE', 'nOnE', '', 'hs256', 'HS256 ', undefined, 256, ['HS256'], null]
        .flatMap((alg) => [
          refused(`T01 ${JSON.stringify(alg)}`, headed({...header, alg})),
          refused(`T01 ${JSON.stringify(alg)}, not signed`,
                  `${unsigned({...header, alg}, claims())}.`),
        ]),

    ...Object.entries({PEM: pem(keys.rs), 'PEM without its last line feed': pem(keys.rs).trim(),
                       DER: der(keys.rs), JWK: JSON.stringify(jwk(keys.rs)),
                       modulus: Buffer.from(jwk(keys.rs).n, 'base64url')})
        .map(([name, key]) => refused(`T02 HS256 with the public key's ${name}`,
                                      signed('HS256', key, header,
                                             claims({iss: issuerOf('rs'), aud: audience})))),

    ...['PS256', 'RS384', 'RS512'].map((alg) =>
      refused(`T03 ${alg} with the key of RS256`,
              signed(alg, keys.rs, {alg}, claims({iss: issuerOf('rs'), aud: audience})))),
    ...['HS384', 'HS512'].map((alg) =>
      refused(`T03 ${alg} with the secret of HS256`, signed(alg, secret, {alg}, claims()))),
    refused('T03 RS256 with the key of PS256',
            signed('RS256', keys.ps, {alg: 'RS256'}, claims({iss: issuerOf('rs'), aud: audience}))),
    refused('T03 RS256 made as PS256', from('rs').replace(/[^.]+$/, base64url(
        signature('PS256', keys.rs, split(from('rs')).slice(0, 2).join('.'))))),
    refused('T03 ES256 with a key of P-384',
            signed('ES256', curvePair('P-384'), {alg: 'ES256', kid: '1'},
                   claims({iss: issuerOf('es'), aud: audience}))),
    refused('T03 ES384 with a key of P-256',
            signed('ES384', keys.es, {alg: 'ES384', typ: 'at+jwt'},
                   claims({iss: issuerOf('typed'), aud: audience}))),

    refused('T04 an empty key', signed('HS256', '', header, claims())),
    refused('T04 a key of a byte', signed('HS256', 'x', header, claims())),
    refused('T04 the secret and a byte more', signed('HS256', `${secret}0`, header, claims())),

    refused('T05 no exp', own(without('exp'))),
    ...['0', '-1', '"9999999999"', '1e300', '1e999', 'NaN', '[9999999999]', '9999999999.5', 'null',
        'true', '{}', '99999999999999999999'].map((exp) =>
      refused(`T05 exp ${exp}`,
              signed('HS256', secret, header,
                     JSON.stringify(claims({exp: '@'})).replace('"@"', exp)))),
    // A second of the minute's leeway is the machine's.
    ({name: 'T05 expired within the leeway', answers: [200],
      send: () => bearing(own({exp: now() - 50}))}),
    ...[61, 3600].map((seconds) =>
      ({name: `T05 expired ${seconds} s ago`, answers: [401], code: 'TOKEN_EXPIRED',
        send: () => bearing(own({exp: now() - seconds, iat: now() - 7200}))})),

    refused('T06 nbf in future', own({nbf: now() + 120})),
    refused('T06 nbf is a text', own({nbf: '0'})),
    refused('T06 iat in future', own({iat: now() + 120})),
    refused('T06 ten years', from('rs', {exp: now() + 315_360_000})),
    refused('T06 a day and an hour', from('rs', {exp: now() + 90_000})),
    refused('T06 ten years that do not say since when',
            from('rs', {iat: undefined, exp: now() + 315_360_000})),

    refused('T07 no iss', from('rs', without('iss'))),
    ...[issuerOf('es'), issuerOf('rs').slice(0, -1), `${issuerOf('rs')}.evil.test`,
        issuerOf('rs').toUpperCase(), `${issuerOf('rs')}/`, [issuerOf('rs')], '', 5, null]
        .map((iss) => refused(`T07 iss ${JSON.stringify(iss)}`, from('rs', {iss}))),

    refused('T08 no aud', from('rs', without('aud'))),
    ...['other', 'Tandem', 'tande', 'tandem ', ['other'], [], {tandem: true}, 5, [['tandem']], null]
        .map((aud) => refused(`T08 aud ${JSON.stringify(aud)}`, from('rs', {aud}))),
    accepted('T08 a list with us in it', from('rs', {aud: ['other', audience]})),

    ...[undefined, '', ['demo'], 5, {}, 'nobody', 'DEMO', 'demo ', 'demo\0', 'd'.repeat(5000)]
        .map((organizationId) => refused(
            `T09 organisation ${JSON.stringify(organizationId)?.slice(0, 12)}`,
            own({organizationId}))),
    refused('T09 no subject', own(without('sub'))),
    ({name: 'T09 another organisation than the path\'s', answers: [403],
      code: 'ORGANIZATION_ACCESS_DENIED', send: bearing(own(), '/api/leads?organizationId=other')}),

    ...['JWE', 'ID', '', 5, ['JWT']].map((typ) =>
      refused(`T10 typ ${JSON.stringify(typ)}`, headed({...header, typ}))),
    ...[undefined, 'JWT', 'id+jwt', 'AT+JWT '].map((typ) =>
      refused(`T10 typ ${typ} where at+jwt is configured`, from('typed', {}, {typ}))),

    ...[['exp'], ['b64'], ['banana'], [], 'exp', null].map((crit) =>
      refused(`T11 crit ${JSON.stringify(crit)}`, headed({...header, crit, exp: 1, banana: 1}))),

    refused('T12 two parts', split(own()).slice(0, 2).join('.')),
    refused('T12 four parts', `${own()}.AA`),
    refused('T12 five parts', `${own()}.AA.AA`),
    refused('T12 a dot behind', `${own()}.`),
    refused('T12 a dot before', `.${own()}`),
    refused('T12 dots alone', '..'),
    ...[0, 1, 2].map((empty) =>
      refused(`T12 part ${empty + 1} is empty`,
              split(own()).map((part, i) => (i === empty ? '' : part)).join('.'))),

    refused('T13 padding', `${own()}=`),
    refused('T13 padding of the header', own().replace('.', '=.')),
    refused('T13 a plus', own().replace(/.$/, '+')),
    refused('T13 a slash', own().replace(/.$/, '/')),
    refused('T13 a blank', own().replace('.', ' .')),
    ({name: 'T13 a line feed', answers: [400], closes: true,
      send: bearing(own().replace('.', '\n.'))}),
    refused('T13 a last character with spare bits', spareBits(own())),

    ...['{"alg":"HS256","alg":"HS256"}', '{"alg":"none","alg":"HS256"}',
        '{"alg":"HS256","alg":"none"}', '{"alg":"HS256","\\u0061lg":"HS256"}',
        '{"alg":"HS256","x":{"a":1,"a":2}}'].map((text) =>
      refused(`T14 ${text}`, headed(text))),
    ...['"exp":1', '"sub":"boss"', '"organizationId":"other"', '"\\u0073ub":"boss"'].map((text) =>
      refused(`T14 ${text} and again`, written(text))),

    ...['x', '[]', '', '5', '"text"', '{}{}', '{"alg":"HS256"} x', '\ufeff{"alg":"HS256"}',
        "{'alg':'HS256'}", nested('{"alg":"HS256","x":')].map((text) =>
      refused(`T15 header ${text.slice(0, 24)}`, headed(text))),
    ...['x', '[]', '', '5', '{', nested('{"x":')].map((text) =>
      refused(`T15 claims ${text.slice(0, 24)}`, signed('HS256', secret, header, text))),
    tooMuch('T15 claims of 1 MiB', own({x: 'x'.repeat(1 << 20)})),

    accepted('T16 8,185 bytes', filled(own, header, longest)),
    ...[longest + 1, 8193].map((bytes) =>
      tooMuch(`T16 ${bytes} bytes`, filled(own, header, bytes))),
    tooMuch('T16 1 MiB', 'a'.repeat(1 << 20)),
    tooMuch('T16 a signature of 21,830 characters',
            `${split(es()).slice(0, 2).join('.')}.${'A'.repeat(21_830)}`),

    everyBit('T17 every bit of HS256', own()),
    everyBit('T17 every bit of ES256', es()),
    everyBit('T17 every bit of EdDSA', from('ed')),
    ...Object.entries(otherPairs(es())).map(([name, text]) => refused(`T17 ${name}`, text)),

    ...Object.entries({jku: `${house.issuers}/attacker`, x5u: `${house.issuers}/attacker`,
                       jwk: jwk(keys.attacker, 'a'), x5c: [base64url(der(keys.attacker))]})
        .map(([name, value]) => refused(
            `T18 ${name} of an attacker`,
            signed('ES256', keys.attacker, {alg: 'ES256', kid: 'a', [name]: value},
                   claims({iss: issuerOf('es'), aud: audience})),
            {after: () => assert.equal(house.count('/attacker'), 0, 'it was fetched')})),
    refused('T18 kid is an address', es({}, {kid: `${house.issuers}/attacker`}),
            {after: () => assert.equal(house.count('/attacker'), 0, 'it was fetched')}),

    refused('T19 no kid and two keys', from('es')),
    ...['3', '1 ', '../../etc/passwd', "1' OR '1'='1", '', 1, ['1'], null, '1\0']
        .map((kid) => refused(`T19 kid ${JSON.stringify(kid)}`, es({}, {kid}))),
    refused('T19 kid of 5 KiB', es({}, {kid: 'k'.repeat(5120)})),
    tooMuch('T19 kid of 10 KiB', es({}, {kid: 'k'.repeat(10_240)})),

    ({name: 'T20 1,000 unknown kids', scene: async () => {
      await allRefused(Array.from({length: 1000}, (_, i) => es({}, {kid: `unknown-${i}`})));
      // At start, and for all that is unknown in five minutes.
      assert.equal(house.count('/es'), 2);
    }}),
    accepted('T20 the known one', es()),

    ...Object.entries(house.bad).map(([name, {algorithm, key, says}]) =>
      refused(`T21 ${name}`,
              signed(algorithm, key, {alg: algorithm, kid: '1'},
                     claims({iss: issuerOf(name), aud: audience})),
              {after: () => {
                const lines = house.output.split('\n')
                    .filter((line) => line.includes(`"${name}"`));
                assert.ok(lines.some((line) => says.test(line)), `the log does not say ${says}`);
                assert.equal(house.count('/elsewhere'), 0, 'a redirect was followed');
              }})),
    refused('T21 exponent 1, signed by everybody', powerOfOne(
        {alg: 'RS256', kid: '1'}, claims({iss: issuerOf('exponent-1'), aud: audience}))),
    refused('T21 a secret that everybody can read',
            signed('HS256', 'x'.repeat(32), {...header, kid: '1'},
                   claims({iss: issuerOf('a-secret'), aud: audience}))),

    accepted('T22 before the key is taken away', from('rotating', {}, {kid: 'old'})),
    ({name: 'T22 a key that was taken away', scene: async () => {
      house.publish('/rotating', jwk(keys.second, 'new'));
      const renewed = signed('ES256', keys.second, {alg: 'ES256', kid: 'new'},
                             claims({iss: issuerOf('rotating'), aud: audience}));
      assert.equal((await answered(renewed)).status, 200);
      await allRefused([from('rotating', {}, {kid: 'old'})]);
    }}),

    refused('T23 a JWE of five parts', `${base64url('{"alg":"dir","enc":"A256GCM"}')}..AA.AA.AA`),
    refused('T23 PBES2 with a thousand million rounds',
            `${base64url('{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":1000000000}')}.A.A.A.A`),
    ...Object.entries({p2c: 1e9, zip: 'DEF', enc: 'A256GCM', b64: false}).map(([name, value]) =>
      refused(`T23 ${name}`, headed({...header, [name]: value}))),
    refused('T23 the JSON form', JSON.stringify(
        Object.fromEntries(split(own()).map((part, i) =>
          [['protected', 'payload', 'signature'][i], part])))),

    ...[['bearer', 200], ['BEARER', 200], ['Bearer Bearer', 401, 'INVALID_TOKEN'],
        ['Token', 401, 'MISSING_TOKEN'], ['Basic', 401, 'MISSING_TOKEN']].map(
        ([scheme, status, code]) =>
          ({name: `T24 ${scheme}`, answers: [status], code,
            send: request('GET', '/api/leads', {headers: {Authorization: `${scheme} ${own()}`}})})),
    ...[['a tab', `Bearer\t${own()}`, 'INVALID_TOKEN'], ['the token alone', own(), 'INVALID_TOKEN'],
        ['the scheme alone', 'Bearer', 'MISSING_TOKEN'], ['nothing', '', 'MISSING_TOKEN'],
        ['in quotes', `Bearer "${own()}"`, 'INVALID_TOKEN']].map(([name, value, code]) =>
      ({name: `T24 ${name}`, answers: [401], code,
        send: request('GET', '/api/leads', {headers: {Authorization: value}})})),
    ({name: 'T24 two fields', answers: [400], closes: true,
      send: request('GET', '/api/leads', {headers: {Authorization: `Bearer ${own()}`,
                                                    authorization: `Bearer ${own()}`}})}),
    ...['token', 'access_token', 'ticket'].map((name) =>
      ({name: `T24 ${name} in the query`, answers: [401], code: 'MISSING_TOKEN',
        send: request('GET', `/api/leads?${name}=${own()}`)})),
    ({name: 'T24 a token in a form', answers: [401], code: 'MISSING_TOKEN',
      send: request('POST', '/api/leads', {
        body: `access_token=${own()}`,
        headers: {'Content-Type': 'application/x-www-form-urlencoded'}})}),

    accepted('T25 before it is revoked', own({jti: 'lost'})),
    ({name: 'T25 a revoked token', stores: 'some', scene: async () => {
      await ask('POST', '/api/revocations', {json: {tokenId: 'lost', reason: 'lost'}});
      await allRefused([own({jti: 'lost'})]);
    }}),
    accepted('T25 another one of the same user', own({jti: 'kept'})),
    ({name: 'T25 all that a user has', stores: 'some', scene: async () => {
      await ask('POST', '/api/revocations', {json: {subject: 'leaver'}});
      await allRefused([own({sub: 'leaver'}), own({sub: 'leaver', iat: undefined})]);
      assert.equal((await answered(own({sub: 'leaver', iat: now() + 5}))).status, 200);
    }}),

    ...[['leads:write'], [], ['*'], ['ADMIN'], 'admin', {admin: true}, [['admin']]]
        .map((permissions) =>
          ({name: `T26 permissions ${JSON.stringify(permissions)}`, answers: [403],
            code: 'PERMISSION_DENIED', send: bearing(own({permissions}))})),
    ({name: 'T26 somebody else\'s', answers: [404],
      send: bearing(tokens.demo, `/api/leads/${await foreignLead()}`)}),
  ];

  async function foreignLead() {
    const json = {phoneNumber: '+14155559001'};
    const {data} = await ask('POST', '/api/leads', {json, as: 'other'});
    return data.lead.id;
  }

  async function answered(text) {
    const line = await Line.open(house.port);
    line.send(bearing(text));
    const answer = await line.answer();
    line.leave();
    return answer;
  }

  /** One after the other on one connection. */
  async function allRefused(texts) {
    const line = await Line.open(house.port);
    for (const text of texts) {
      line.send(bearing(text));
      const answer = await line.answer();
      assert.equal(answer?.status, 401, text);
      assert.equal(answer.body, theOneBody);
    }
    line.leave();
  }

  function everyBit(name, text) {
    const parts = split(text);
    const bytes = Buffer.from(parts[2], 'base64url');
    return {name, scene: () => allRefused(Array.from({length: bytes.length * 8}, (_, bit) => {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] ^= 1 << (bit & 7);
      return [parts[0], parts[1], base64url(flipped)].join('.');
    }))};
  }
}

/** What a curve's signature must not be instead of its two numbers. */
function otherPairs(text) {
  const [head, claims, last] = text.split('.');
  const pair = Buffer.from(last, 'base64url');
  const r = pair.subarray(0, 32);
  const s = pair.subarray(32);
  const zero = Buffer.alloc(32);
  const order = Buffer.from(orderOfP256, 'hex');
  const integer = (value) => {
    const whole = Buffer.concat([Buffer.from([0]), value]);
    return Buffer.concat([Buffer.from([2, whole.length]), whole]);
  };
  const inside = Buffer.concat([integer(r), integer(s)]);
  const all = {
    'r and s swapped': [s, r], 'r is 0': [zero, s], 's is 0': [r, zero], 'both are 0': [zero, zero],
    'r is n': [order, s], 's is n': [r, order], 'all bits': [Buffer.alloc(64, 0xff)],
    DER: [Buffer.from([0x30, inside.length]), inside], 'a byte more': [pair, Buffer.from([0])],
    'a byte less': [pair.subarray(0, 63)], 'a byte': [Buffer.from([0])],
  };
  return Object.fromEntries(Object.entries(all).map(([name, parts]) =>
    [name, [head, claims, base64url(Buffer.concat(parts))].join('.')]));
}

/** The same bytes for a reader who does not look at the last bits. */
function spareBits(text) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return text.slice(0, -1) + letters[letters.indexOf(text.at(-1)) + 1];
}

function nested(open) {
  return `${open}${'['.repeat(1000)}${']'.repeat(1000)}}`;
}

/** What makes a token of exactly so many bytes; with a kid of some length every number is one. */
function filled(make, header, bytes) {
  for (const kid of ['a', 'aa', 'aaa'])
    for (let size = Math.floor(bytes * 3 / 4) - 300; size < bytes; ++size) {
      const text = make({x: 'x'.repeat(size)}, {...header, kid});
      if (text.length === bytes) return text;
      if (text.length > bytes) break;
    }
  throw new Error(`no token has ${bytes} bytes`);
}

/** With the exponent 1 a signature is the padded hash itself: nobody needs a key. */
function powerOfOne(header, claims) {
  const text = unsigned(header, claims);
  const hash = createHash('sha256').update(text).digest();
  const of = Buffer.from('3031300d060960864801650304020105000420', 'hex');
  const padding = Buffer.alloc(256 - 3 - of.length - hash.length, 0xff);
  const padded = Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), of, hash]);
  return `${text}.${base64url(padded)}`;
}
