// Both descriptions, as the daemon gives them, are held against public tools: a linter finds no
// error in them, and a client that is generated from the API's compiles.
//   node describe_test.mjs PROGRAMS

import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

import {ApiGateway} from './gateway.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const gateway = await ApiGateway.create(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), 'tandem-api-'));

function run(tool, ...given) {
  try {
    return execFileSync(join(here, 'node_modules/.bin', tool), given,
                        {cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe']});
  } catch (failure) {
    throw new Error(`${tool} ${given.join(' ')}:\n${failure.stdout}${failure.stderr}`);
  }
}

async function fetchDescription(name) {
  const url = `${gateway.url}/api/${name}.json`;
  const answer = await fetch(url);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type'), /^application\/json/);
  const text = await answer.text();
  const again = await fetch(url, {headers: {'If-None-Match': answer.headers.get('etag')}});
  assert.equal(again.status, 304);
  writeFileSync(join(folder, `${name}.json`), text);
  return JSON.parse(text);
}

/** A client as an integrator would write it: wrong names and types must not compile. */
const client = `
import type {components, operations, paths} from './api';

type Body<Name extends keyof operations> =
  operations[Name] extends {requestBody: {content: {'application/json': infer T}}} ? T : never;
type Answer<Name extends keyof operations> =
  operations[Name] extends {responses: {200: {content: {'application/json': infer T}}}} ? T : never;

export const join: Body<'joinConversation'> = {phoneNumber: '+15550100001', handoffReason: 'escalation'};
export const call: Body<'placeCall'> = {phoneNumber: '+15550100001', priority: 'urgent'};
export const path: keyof paths = '/api/conversations/{phoneNumber}/messages';
// @ts-expect-error: there is no such reason.
export const odd: Body<'joinConversation'> = {phoneNumber: '+15550100001', handoffReason: 'bored'};
// @ts-expect-error: there is no such path.
export const nowhere: keyof paths = '/api/nowhere';

export function holder(answer: Answer<'joinConversation'>): string {
  const session: components['schemas']['Session'] = answer.data.session;
  return session.agentName ?? session.agentId;
}
export function texts(answer: Answer<'listMessages'>): string[] {
  return answer.data.messages.map((message) => message.content);
}
export function next(answer: Answer<'listConversations'>): string | null {
  return answer.pagination.nextCursor;
}
`;

try {
  await gateway.start();
  const openapi = await fetchDescription('openapi');
  const asyncapi = await fetchDescription('asyncapi');
  assert.equal(openapi.openapi, '3.1.0');
  assert.match(asyncapi.asyncapi, /^3\./);
  assert.ok(openapi.paths['/api/openapi.json'] && openapi.paths['/api/webhooks/twilio/sms/incoming']);

  writeFileSync(join(folder, 'openapi.yaml'), 'extends: [["spectral:oas", all]]\n');
  writeFileSync(join(folder, 'asyncapi.yaml'), 'extends: [["spectral:asyncapi", all]]\n');
  for (const name of ['openapi', 'asyncapi'])
    process.stdout.write(run('spectral', 'lint', '--fail-severity=error', '-r', `${name}.yaml`,
                             `${name}.json`));

  run('openapi-typescript', 'openapi.json', '-o', 'api.d.ts');
  writeFileSync(join(folder, 'client.ts'), client);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({
    compilerOptions: {strict: true, noEmit: true, target: 'es2022', module: 'nodenext',
                      moduleResolution: 'nodenext', types: []},
    files: ['client.ts', 'api.d.ts'],
  }));
  run('tsc', '--noEmit', '-p', folder);
  console.log('the descriptions pass the linter, and a client compiles');
} finally {
  await gateway.remove();
  rmSync(folder, {recursive: true, force: true});
}
