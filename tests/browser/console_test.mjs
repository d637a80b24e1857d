// Opens the console in a real browser, against the real daemon: the page opens, a stream
// connects, a customer writes, the AI answers, lines are cut and resumed.
//   node console_test.mjs CHROMIUM PROGRAMS

import assert from 'node:assert/strict';

import {Browser, until} from './devtools.mjs';
import {Gateway} from './gateway.mjs';
import {Relay} from './relay.mjs';

const [chromium, programs] = process.argv.slice(2);
const hostile = '<img src=x onerror="document.title=1"><b>' + 'W'.repeat(10_000);
const foreign = 'שלום \u202eمرحبا 👩‍👩‍👧‍👦';

class Console {
  constructor(page) {
    this.page = page;
  }

  /** What is on screen, oldest event first. */
  look() {
    return this.page.run(`(() => {
      const text = (id) => document.getElementById(id).textContent;
      const rows = [...document.querySelectorAll('#events li')].reverse();
      return {
        state: document.getElementById('state').dataset.state, told: text('state'),
        lastId: text('position'), age: text('age'), gaps: text('gaps'), doubles: text('doubles'),
        rows: rows.map((row) => ({
          type: row.querySelector('strong').textContent,
          text: row.querySelector('.gist').textContent,
          id: row.querySelector('code').title,
        })),
      };
    })()`);
  }

  async until(what, condition) {
    let seen;
    try {
      return await until(what, async () => condition(seen = await this.look()) && seen);
    } catch (failure) {
      throw new Error(`${failure.message}; on screen: ${JSON.stringify(seen, null, 1)}`);
    }
  }

  connected() {
    return this.until('the stream to be open', (seen) => seen.state === 'open');
  }

  async write(text) {
    await this.page.type('#from', '(555) 123-4567');
    await this.page.type('#text', text);
    await this.page.click('#write button');
    await until('the text to be sent', async () => await this.page.text('#written') === 'Sent.');
  }

  /** Until this text and the AI's answer to it are there, and the answer is delivered. */
  answered(text) {
    return this.until(`the answer to ${text.slice(0, 40)}`, ({rows}) => {
      const answer = rows.findIndex((row) => row.type === 'ai_message_sent' &&
                                             row.text.includes(text.slice(0, 40)));
      return answer > 0 && rows.slice(answer).some((row) => row.text === 'delivered');
    });
  }

  tickets() {
    return this.page.requests.filter((url) => url.endsWith('/api/stream/tickets')).length;
  }
}

/** Each event once, in order, none left out. */
function assertWhole({rows, gaps, doubles}) {
  assert.deepEqual({gaps, doubles}, {gaps: '0', doubles: '0'});
  const places = rows.filter((row) => row.id).map((row) => Number(row.id.split('-')[1]));
  assert.deepEqual(places, places.map((_, index) => places[0] + index), 'a gap or a double');
}

async function opens(page, token) {
  assert.equal(await page.run('location.hash'), '', 'the token stays in the address');
  assert.equal(await page.run('document.querySelector("#token").value'), token);
  await page.run(`location.hash = 'token=${token}&phone=5551234567'`);
  await until('the second link to be taken', () => page.run(`
    location.hash === '' && document.querySelector('#phone').value === '5551234567'`));
  await page.click('input[value=organization]');
  const unnamed = await page.run(`[...document.querySelectorAll('input, textarea')]
    .filter((field) => !field.labels.length).map((field) => field.id)`);
  assert.deepEqual(unnamed, [], 'fields without a label');
}

async function shows_what_happens(screen) {
  await screen.page.run('document.querySelector("#token").focus()');
  await screen.page.press('Enter', 13, '\r');
  await screen.connected();
  await screen.write('good morning');
  const {rows} = await screen.answered('good morning');
  assert.deepEqual(rows.slice(0, 4).map((row) => row.type),
                   ['connected', 'lead_auto_created', 'sms_received', 'ai_message_sent']);
  assertWhole(await screen.until('a heartbeat', (seen) => seen.age === '0 s ago'));
}

async function cut_and_resumed(screen) {
  const before = await screen.look();
  await screen.page.click('#cut');
  await screen.write('in between');
  assert.deepEqual((await screen.look()).rows, before.rows, 'events on a line that was cut');
  await screen.page.click('#resume');
  assertWhole(await screen.answered('in between'));
}

async function comes_back_by_itself(screen, relay) {
  const tickets = screen.tickets();
  relay.cut();
  await screen.until('the loss to be noticed', (seen) => seen.state === 'waiting');
  await screen.write('while you were away');
  await screen.connected();
  assertWhole(await screen.answered('while you were away'));
  assert.equal(screen.tickets(), tickets, 'the ticket lets its own browser in again');
}

async function outlives_the_daemon(screen, gateway) {
  const tickets = screen.tickets();
  await gateway.kill();
  await screen.until('the loss to be noticed', (seen) => seen.state === 'waiting');
  await gateway.start();
  await screen.write('after the power cut');
  await screen.connected();
  assertWhole(await screen.answered('after the power cut'));
  assert.ok(screen.tickets() > tickets, 'the old ticket opened a stream of the new daemon');
}

async function shows_text_as_text(screen) {
  const {page} = screen;
  await screen.write(hostile);
  await screen.answered(hostile);
  await screen.write(foreign);
  const {rows} = await screen.until('the foreign text',
                                    (seen) => seen.rows.some((row) => row.text === foreign));
  assert.ok(rows.some((row) => hostile.startsWith(row.text) && row.text.length > 100));
  await page.run(`for (const one of document.querySelectorAll('summary')) one.click()`);
  assert.equal(await page.run('document.querySelectorAll("main img, main b").length'), 0);
  for (const width of [380, 900, 1280, 1920]) {
    await page.send('Emulation.setDeviceMetricsOverride',
                    {width, height: 800, deviceScaleFactor: 1, mobile: false});
    const wider = await page.run(`[...document.querySelectorAll('html, .panels, .log')]
      .filter((part) => part.scrollWidth > part.clientWidth).length`);
    assert.equal(wider, 0, `too wide for ${width} pixels`);
  }
}

async function shows_one_conversation(screen) {
  await screen.page.click('input[value=lead]');
  await screen.page.type('#phone', '555 123 4567');
  await screen.page.click('#connect button[type=submit]');
  const {rows, lastId} = await screen.until('the history', (seen) =>
    seen.rows.some((row) => row.type === 'conversation_history'));
  assert.equal(rows.at(-1).id, lastId);
  await screen.write('one more');
  await screen.answered('one more');
}

const started = Date.now();
const cleaning = [];
let output = () => '';
try {
  const gateway = await Gateway.create(programs);
  cleaning.push(() => gateway.remove());
  output = () => gateway.output;
  await gateway.start();
  const relay = await Relay.start(gateway.port);
  cleaning.push(() => relay.stop());
  const browser = await Browser.start(chromium);
  cleaning.push(() => browser.stop());
  const token = await gateway.token();
  const page = await browser.open(`${relay.url}/#token=${token}`);
  const screen = new Console(page);

  const story = async (run, ...what) => {
    await run(...what);
    console.log(`${run.name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  };
  await story(opens, page, token);
  await story(shows_what_happens, screen);
  await story(cut_and_resumed, screen);
  await story(shows_text_as_text, screen);
  await story(shows_one_conversation, screen);
  assert.deepEqual(page.complaints, [], 'the page complained');

  await page.click('input[value=organization]');
  await page.click('#connect button[type=submit]');
  await screen.connected();
  await screen.write('here I am');
  await screen.answered('here I am');
  await story(comes_back_by_itself, screen, relay);
  await story(outlives_the_daemon, screen, gateway);
  // The browser itself tells of lines that were lost on purpose, and of nothing else.
  const own = page.complaints.filter((text) => !/Failed to load resource|ERR_/.test(text));
  assert.deepEqual(own, [], 'the page complained');
  const leaks = page.requests.filter((url) => url.includes(token) && !url.includes('#'));
  assert.deepEqual(leaks, [], 'the token stood in an address');
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
