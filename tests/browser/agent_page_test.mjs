// The example of a front end in a real browser, its files as they are installed, against the
// real daemon: it sees the conversation, takes it over, answers and hands it back.
//   node agent_page_test.mjs CHROMIUM PROGRAMS EXAMPLES

import assert from 'node:assert/strict';
import {once} from 'node:events';
import {readFile} from 'node:fs/promises';
import {createServer, request} from 'node:http';
import {join} from 'node:path';

import {Browser} from './browser.mjs';
import {Gateway} from './gateway.mjs';
import {until} from './until.mjs';

const [chromium, programs, examples] = process.argv.slice(2);
const phone = '+15551234567';
const types = {html: 'text/html', js: 'text/javascript'};

/** The proxy of a site: the page's files are its own, /api is the gateway's. */
async function site(gateway) {
  const server = createServer(async (asked, answer) => {
    if (asked.url.startsWith('/api/')) {
      const {method, headers} = asked;
      const onward = request(gateway.url + asked.url, {method, headers},
                             (told) => {
                               answer.writeHead(told.statusCode, told.headers);
                               told.pipe(answer);
                             });
      answer.on('close', () => onward.destroy());
      onward.on('error', () => answer.destroy());
      asked.pipe(onward);
      return;
    }
    const name = asked.url === '/' ? 'index.html' : asked.url.slice(1);
    const file = await readFile(join(examples, 'agent-page', name)).catch(() => null);
    // 204: browsers ask for a favicon on their own.
    const type = types[name.split('.').pop()] ?? 'text/plain';
    answer.writeHead(file ? 200 : 204, {'Content-Type': type});
    answer.end(file);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/**
 * What front ends that were written before this gateway do, word for word: in the page, and with
 * a `+` in the address that nobody escaped. Gives the types of events, in order.
 */
async function olderFrontEnd({phoneNumber, token}) {
  const leadId = 'lead-of-the-crm';
  const stream = new EventSource(`/api/stream/conversation/${leadId}?phoneNumber=${phoneNumber}` +
                                 `&load=true&organizationId=demo&token=${token}`);
  const types = [];
  let told = () => {};
  stream.onmessage = (event) => {
    types.push(JSON.parse(event.data).type);
    told();
  };
  const seen = (type) => new Promise((done) => {
    told = () => types.includes(type) && done();
    told();
  });
  const post = async (path, body) => {
    const answer = await fetch(`/api/human-control/${path}`, {
      method: 'POST', body: JSON.stringify(body),
      headers: {'Content-Type': 'application/json', Authorization: `Bearer ${token}`},
    });
    const {success, error} = await answer.json();
    if (!success) throw new Error(`${path}: ${error}`);
  };
  await seen('conversation_history');
  await post('join', {phoneNumber, leadId, agentName: 'Sarah'});
  await seen('human_control_started');
  await post('send-message', {phoneNumber, message: 'Hello from before'});
  await seen('human_message_sent');
  await post('leave', {phoneNumber});
  await seen('human_control_ended');
  stream.close();
  return types;
}

const cleaning = [];
let output = () => '';
try {
  const gateway = await Gateway.create(programs);
  cleaning.push(() => gateway.remove());
  output = () => gateway.output;
  await gateway.start();
  const token = await gateway.token();
  const post = async (path, body) => {
    const answer = await fetch(gateway.url + path, {
      method: 'POST', body: JSON.stringify(body),
      headers: {'Content-Type': 'application/json', Authorization: `Bearer ${token}`},
    });
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return answer.json();
  };
  const writes = (text) => post('/api/sandbox/messages', {from: phone, text});
  const server = await site(gateway);
  cleaning.push(async () => { server.closeAllConnections(); server.close(); });
  const browser = await Browser.start(chromium);
  cleaning.push(() => browser.stop());

  await writes('before the page');
  const hash = new URLSearchParams({token, organization: 'demo', lead: 'lead-of-the-crm', phone,
                                    agent: 'Sarah'});
  const page = await browser.open(`http://127.0.0.1:${server.address().port}/#${hash}`);
  const lines = (kind) => page.locator(`#messages .${kind}`).allTextContents();
  const text = async (selector) => (await page.textContent(selector)).trim();
  const shown = (kind, text) => until(`${kind}: ${text}`, async () =>
    (await lines(kind)).filter((line) => line.includes(text)).length === 1);
  const held = (by) => until(`held by ${by}`, async () => await text('#holder') === by);

  await shown('user', 'before the page');
  await writes('<b>is anybody there?</b>');
  await shown('user', '<b>is anybody there?</b>');
  await shown('agent', 'is anybody there?');
  assert.equal(await text('#holder'), 'the AI');
  assert.equal(await page.evaluate('location.hash'), '', 'the token stays in the address');

  await page.click('#join');
  await held('Sarah');
  const said = (await lines('agent')).length;
  await writes('a question for a human');
  await shown('user', 'a question for a human');
  await page.fill('#text', 'Sarah here');
  await page.click('#send');
  await shown('human_agent', 'Sarah here');
  assert.equal((await lines('agent')).length, said, 'the AI spoke while a human held it');

  await page.click('#leave');
  await held('the AI');
  await writes('and now?');
  await shown('agent', 'and now?');
  assert.equal(await text('#problem'), '');
  assert.deepEqual(page.complaints, [], 'the page complained');

  // The daemon dies: the page comes back and misses nothing.
  await gateway.kill();
  await until('the loss to be noticed', async () => await text('#state') === 'waiting');
  await gateway.start();
  await writes('after the power cut');
  await shown('user', 'after the power cut');
  for (const kind of ['user', 'agent', 'human_agent']) {
    const all = await lines(kind);
    assert.equal(new Set(all).size, all.length, `twice on screen: ${all}`);
  }
  const types = await page.evaluate(olderFrontEnd, {phoneNumber: phone, token});
  assert.deepEqual(types.filter((type) => /connected|history|control|human_message/.test(type)),
                   ['connected', 'conversation_history', 'human_control_started',
                    'human_message_sent', 'human_control_ended']);
  await shown('human_agent', 'Hello from before');
  console.log('the page of the example, and an older one, work unchanged');
} catch (failure) {
  console.error(failure, '\n-- the gateway:\n' + output().slice(-4000));
  process.exitCode = 1;
} finally {
  for (const clean of cleaning.reverse()) {
    await clean().catch((failure) => {
      console.error('cleaning up:', failure);
      process.exitCode = 1;
    });
  }
}
