// Keeps a customer register and the gateway at one, from the server's side: brings the
// register's people in, then follows the organisation's stream and tells of everybody whom the
// gateway met. Needs node 18 and nothing else.
//   GATEWAY=https://… TOKEN=… POSITION_FILE=… node lead_sync.mjs < people.jsonl
// The token needs leads:read, leads:write and conversations:read.

import {readFile, rename, writeFile} from 'node:fs/promises';
import {createInterface} from 'node:readline';

const {GATEWAY: gateway, TOKEN: token, POSITION_FILE: positionFile = 'position'} = process.env;
const headers = {Authorization: `Bearer ${token}`};

async function ask(method, path, body) {
  const answer = await fetch(gateway + path, {
    method, body: JSON.stringify(body), headers: {...headers, 'Content-Type': 'application/json'},
  });
  const told = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(told.detail), {code: told.code});
  return told.data;
}

/** A line of the register: {phoneNumber, customerName, …} as POST /api/leads takes it. */
async function bring(person) {
  try {
    await ask('POST', '/api/leads', {...person, source: 'register'});
  } catch (failure) {
    if (failure.code !== 'LEAD_EXISTS') console.error(`${person.phoneNumber}: ${failure.message}`);
  }
}

/** Where the register would be written. */
async function met(event) {
  const {lead} = await ask('GET', `/api/leads/${event.leadId}`);
  console.log(JSON.stringify(lead));
}

async function keep(position) {
  await writeFile(`${positionFile}.new`, position);
  await rename(`${positionFile}.new`, positionFile);
}

/** The place of the last event that was told of; at the very first start, where things stand. */
async function place() {
  const kept = await readFile(positionFile, 'utf8').catch(() => '');
  if (kept) return kept;
  const {position} = await ask('GET', '/api/conversations?limit=1');
  await keep(position);
  return position;
}

/** One connection; what comes behind the place is told in order, and each place kept. */
async function follow() {
  const stream = await fetch(`${gateway}/api/stream/organization?types=lead_auto_created`, {
    headers: {...headers, 'Last-Event-ID': await place()},
  });
  if (!stream.ok) throw new Error(`the stream answered ${stream.status}`);
  let rest = '';
  for await (const part of stream.body.pipeThrough(new TextDecoderStream())) {
    const events = (rest + part).split('\n\n');
    rest = events.pop();
    for (const event of events) {
      const field = (name) => event.match(new RegExp(`^${name}: (.*)$`, 'm'))?.[1];
      if (!field('id')) continue;  // heartbeats, connected
      const told = JSON.parse(field('data'));
      if (told.type === 'lead_auto_created') await met(told);
      await keep(field('id'));  // only now: once more beats never
    }
  }
}

await place();  // whoever writes while the register comes in is told of afterwards
for await (const line of createInterface({input: process.stdin}))
  if (line.trim()) await bring(JSON.parse(line));
for (;;) {
  await follow().catch((failure) => console.error(failure.message));
  await new Promise((next) => setTimeout(next, 1000));  // the gateway comes back
}
