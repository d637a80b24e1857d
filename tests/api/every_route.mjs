// What holds for every operation of its kind, found in the description: credentials, permissions,
// organisations, methods, forms of bodies, members and queries.

import assert from 'node:assert/strict';

import {knownValues, pathOf, rightBody, webhookRequest} from './requests.mjs';

export async function everyRoute({api, tokens, promise}) {
  const known = await knownValues(api, tokens.demo);
  for (const operation of api.operations) {
    const {operationId: id, method, path} = operation;
    const values = pathOf(operation, known);
    const permission = operation.description.match(/permission `([^`]+)`/)?.[1];
    const form = rightBody(operation);
    const right = form.json;
    const lines = form.type === 'application/x-ndjson';
    const ask = (given = {}) => api.ask(id, {path: values, ...form, ...given});
    const refuses = (what, status, code, given) => promise(`${method} ${path}: ${what}`, async () => {
      const got = await ask(given);
      assert.deepEqual([got.status, got.body?.code], [status, code], got.text);
      return got;
    });
    const takes = (what, given) => promise(`${method} ${path}: ${what}`, async () => {
      const got = await ask(given);
      assert.notEqual(got.status, 500, got.text);
      assert.notEqual(got.body?.code, 'VALIDATION_FAILED', got.text);
      return got;
    });
    await methods(api, promise, operation, values);
    if (operation.tags[0] === 'webhooks') {
      await webhook({api, promise, refuses}, operation);
      continue;
    }
    if (!operation.security.length || id === 'getMetrics') {
      await promise(`${method} ${path}: without a credential`, async () => {
        const got = await ask();
        assert.equal(got.status, 200);
        const etag = got.headers.get('etag');
        if (etag) assert.equal((await ask({headers: {'If-None-Match': etag}})).status, 304);
      });
      continue;
    }
    await refuses('without a credential', 401, 'MISSING_TOKEN', {});
    await refuses('with an odd credential', 401, 'INVALID_TOKEN', {token: 'odd'});
    await refuses('with a credential that is over', 401, 'TOKEN_EXPIRED', {token: tokens.over});
    await refuses('without its permission', 403, 'PERMISSION_DENIED',
                  {token: tokens[`not ${permission}`]});
    await refuses('for another organisation', 403, 'ORGANIZATION_ACCESS_DENIED',
                  {token: tokens.demo, query: {organizationId: 'other'}});
    await refuses('for another organisation, by header', 403, 'ORGANIZATION_ACCESS_DENIED',
                  {token: tokens.demo, headers: {organizationId: 'other'}});
    await promise(`${method} ${path}: an answer has the caller's id, or a new one`, async () => {
      for (const [given, kept] of [['page_7.a-b', true], ['x'.repeat(128), true], ['x'.repeat(129), false],
                                   ['a b', false]]) {
        const got = await ask({headers: {'X-Request-Id': given}});
        assert.equal(got.headers.get('x-request-id') === given, kept, given);
      }
    });
    const none = {...values, phoneNumber: '+15550100077', leadId: 'none', id: 'none',
                  conversationId: 'none'};
    await refuses('of what is not there, without its permission', 403, 'PERMISSION_DENIED',
                  {token: tokens[`not ${permission}`], path: none});
    if (operation.responses['404'] && path.includes('{'))
      await promise(`${method} ${path}: another organisation's is as if it were not`, async () => {
        const told = [];
        for (const path of [values, none]) {
          const {instance, requestId, ...rest} = (await ask({token: tokens.other, path})).body;
          told.push(rest);
        }
        assert.equal(told[0].status, 404);
        assert.deepEqual(told[0], told[1]);
      });
    if (right)
      await bodyForms({api, refuses, takes}, operation.requestBody.content['application/json'].schema, right,
                      tokens.demo);
    if (lines)
      await refuses('of another media type', 415, 'UNSUPPORTED_MEDIA_TYPE',
                    {token: tokens.demo, type: 'text/plain'});
    if (right || lines)
      await promise(`${method} ${path}: too large`, async () => {
        const got = await api.announce(id, {token: tokens.demo, path: values, bytes: 1 << 30});
        assert.deepEqual([got.status, got.body.code], [413, 'PAYLOAD_TOO_LARGE']);
      });
    await queries(refuses, operation, tokens.demo);
    if (operation.parameters?.some((one) => one.name === 'limit'))
      await limits({ask, promise}, operation, tokens.demo);
    if (operation.parameters?.some((one) => one.$ref?.endsWith('/idempotencyKey')))
      for (const key of ['x'.repeat(256), 'a b'])
        await refuses(`with the key ${key.slice(0, 9)}`, 400, 'VALIDATION_FAILED',
                      {token: tokens.demo, headers: {'Idempotency-Key': key}});
    if (operation.responses['200']?.content?.['text/event-stream'])
      await refuses('for one who takes no stream', 406, 'VALIDATION_FAILED',
                    {token: tokens.demo, headers: {accept: 'application/json'}});
    if (path.includes('{phoneNumber}'))
      await refuses('with a number that is none', 400, 'INVALID_PHONE_NUMBER',
                    {token: tokens.demo, path: {...values, phoneNumber: 'abc'}});
  }
}

/** A provider's word: as it signs it, of nobody's number, of no sense, and not signed at all. */
async function webhook({api, promise, refuses}, operation) {
  const {operationId: id, method, path} = operation;
  const signed = (given) => ({path: {}, ...webhookRequest(operation, given)});
  await promise(`${method} ${path}: as it should be`, async () => {
    const got = await api.ask(id, signed());
    assert.equal(got.status, 200, got.text);
  });
  await refuses('of no sense', 400, 'VALIDATION_FAILED', signed({odd: true}));
  await refuses('for a number of nobody\'s', 404, 'NOT_FOUND', signed({to: '+15550999999'}));
  const {headers, ...unsigned} = signed();
  await refuses('without a signature', 403, 'INVALID_SIGNATURE',
                {...unsigned, path: {secret: 'wrong'}});
  if (method !== 'GET')
    await promise(`${method} ${path}: too large`, async () => {
      const got = await api.announce(id, {path: {secret: 'wrong'}, bytes: 1 << 30});
      assert.deepEqual([got.status, got.body.code], [413, 'PAYLOAD_TOO_LARGE']);
    });
}

async function methods(api, promise, operation, values) {
  const known = Object.keys(api.openapi.paths[operation.path]).map((one) => one.toUpperCase());
  const method = ['PUT', 'PATCH', 'DELETE'].find((one) => !known.includes(one));
  const place = operation.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name]));
  await promise(`${method} ${operation.path}: 405 with Allow`, async () => {
    const answer = await fetch(api.url + place, {method});
    const {code} = await answer.json();
    assert.deepEqual([answer.status, code], [405, 'METHOD_NOT_ALLOWED']);
    const allowed = answer.headers.get('allow').split(', ');
    for (const one of known) assert.ok(allowed.includes(one), `${one} in ${allowed}`);
  });
}

/** The first of its types that a value must not have, as a value of another type. */
function wrong(schema) {
  const types = new Set([schema.type].flat());
  return types.has('string') || schema.$ref || schema.anyOf ? 7 : 'seven';
}

async function bodyForms({api, refuses, takes}, reference, right, token) {
  const schema = api.schema(reference);
  const invalid = (what, text) =>
    refuses(what, 400, 'VALIDATION_FAILED', {token, text});
  // A body that may be left out is of no particular kind.
  if (!('messageIds' in right))
    await refuses('of another media type', 415, 'UNSUPPORTED_MEDIA_TYPE',
                  {token, text: JSON.stringify(right), type: 'text/plain'});
  await invalid('no JSON', '{');
  await invalid('no object', '[]');
  await invalid('two objects', '{}{}');
  await invalid('a member twice', '{"organizationId":null,"organizationId":null}');
  await invalid('bytes that are no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]));
  await invalid('too deep', `{"x":${'['.repeat(65)}${']'.repeat(65)}}`);
  for (const [name, member] of Object.entries(schema.properties))
    await invalid(`${name} of a wrong type`, JSON.stringify({...right, [name]: wrong(member)}));
  for (const name of schema.required ?? []) {
    const {[name]: _, ...rest} = right;
    const number = name === 'phoneNumber' || name === 'from';
    await refuses(`without ${name}`, 400, number ? 'MISSING_PHONE_NUMBER' : 'VALIDATION_FAILED',
                  {token, json: rest});
    if (number)
      await refuses(`with a ${name} that is none`, 400, 'INVALID_PHONE_NUMBER',
                    {token, json: {...right, [name]: 'abc'}});
  }
  const more = JSON.stringify({...right, odd: 1});
  if (schema.additionalProperties === false)
    await invalid('a member that nobody knows', more);
  else
    await takes('a member that nobody knows', {token, text: more});
  if (schema.properties.organizationId)
    await refuses('naming another organisation', 403, 'ORGANIZATION_ACCESS_DENIED',
                  {token, json: {...right, organizationId: 'other'}});
}

async function limits({ask, promise}, {method, path}, token) {
  await promise(`${method} ${path}: 50 rows by default, and at most 200`, async () => {
    for (const [query, limit] of [[{}, 50], [{limit: 1}, 1], [{limit: 200}, 200]]) {
      const got = await ask({token, query});
      assert.equal(got.status, 200, got.text);
      if (got.body) assert.equal(got.body.pagination.limit, limit);  // an export has none
    }
  });
}

async function queries(refuses, operation, token) {
  for (const {name, schema} of (operation.parameters ?? []).filter((one) => one.in === 'query')) {
    const odd = [];
    if (schema.type === 'integer') odd.push('0', '-1', 'x', '1.5', `${schema.maximum + 1}`, '9'.repeat(30));
    if (schema.type === 'boolean' || schema.enum) odd.push('odd');
    if (name === 'cursor' || name === 'before') odd.push('odd');
    for (const value of odd)
      await refuses(`${name}=${value}`, 400, 'VALIDATION_FAILED', {token, query: {[name]: value}});
  }
}
