// Every row of the API's contract over HTTP, against the real daemon with the sandbox: each
// answer must be one that openapi.json allows, each event one that asyncapi.json allows; and
// each that they allow must come, or be excused.
//   node contract_test.mjs PROGRAMS MOODY

import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';

import {until} from '../browser/until.mjs';
import {Api, Stream} from './described.mjs';
import {everyRoute} from './every_route.mjs';
import {excused} from './excused.mjs';
import {ApiGateway, permissions} from './gateway.mjs';
import {rows} from './rows.mjs';
import {states} from './states.mjs';

const [programs, moody] = process.argv.slice(2);
const gateway = await ApiGateway.create(programs);
const failures = [];

async function promise(what, verb) {
  try {
    await verb();
  } catch (failure) {
    failures.push(what);
    console.log(`not ok: ${what}\n${failure.stack}\n`);
  }
}

/** A token with claims that tandemctl does not mint. */
function signed(claims) {
  const text = [{alg: 'HS256', typ: 'JWT'}, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const key = '0123456789abcdef0123456789abcdef';
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

/** What the description of an operation allows: "404 NOT_FOUND", "200". */
function answersOf({responses}) {
  const all = [];
  for (const [status, {content}] of Object.entries(responses)) {
    const schema = content?.['application/problem+json']?.schema;
    const codes = schema ? schema.allOf[1].properties.code.enum : [''];
    all.push(...codes.map((code) => `${status} ${code}`.trim()));
  }
  return all;
}

/** A route that somebody adds is held against all of it, and so is a code or a type of event. */
async function nothingIsMissing(api) {
  for (const operation of api.operations) {
    const {operationId: id} = operation;
    const seen = api.seen.get(id) ?? new Set();
    await promise(`${id}: every answer that is described comes`, async () => {
      const wrong = [];
      for (const answer of answersOf(operation)) {
        const reason = excused.find((one) => one.answer === answer && one.of(operation));
        if (seen.has(answer) && reason) wrong.push(`${answer} comes, and is excused`);
        if (!seen.has(answer) && !reason) wrong.push(`${answer} never came`);
      }
      assert.deepEqual(wrong, []);
    });
  }
  await promise('every type of event that is described comes', async () => {
    const described = Object.keys(api.asyncapi.components.messages);
    assert.deepEqual(described.filter((type) => !api.types.has(type)), []);
  });
}

try {
  await gateway.start();
  const api = await Api.of(gateway.url);
  const tokens = {};
  for (const org of ['demo', 'other', 'bare']) tokens[org] = await gateway.token({org});
  tokens.second = await gateway.token({sub: 'agent-2', permissions: 'conversations:manage'});
  for (const without of permissions) {
    const rest = permissions.filter((one) => one !== without && one !== 'admin');
    tokens[`not ${without}`] = await gateway.token({permissions: rest.join(',')});
  }
  tokens.signed = signed;
  const now = Math.floor(Date.now() / 1000);
  tokens.over = signed({sub: 'agent-1', organizationId: 'demo', permissions: ['admin'],
                        iat: now - 7200, exp: now - 3600});
  const ground = {api, tokens, promise, until, programs, moody};
  const stream = await Stream.open(api, 'followOrganization', {token: tokens.demo});
  await rows(ground);
  await everyRoute(ground);
  await promise('a stream has only what is described', () => stream.close());
  await gateway.kill();
  await states(ground);
  await nothingIsMissing(api);
  let answers = 0;
  for (const [, codes] of api.seen) answers += codes.size;
  console.log(`${api.operations.length} operations, ${answers} kinds of answers, ` +
              `${api.types.size} types of events`);
} finally {
  await gateway.remove();
}
assert.deepEqual(failures, []);
