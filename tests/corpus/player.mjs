// Plays one case: raw bytes in, what must come out; and afterwards the door is as it was:
// nothing was stored that should not be, and the next caller is answered at once.

import assert from 'node:assert/strict';
import {once} from 'node:events';
import {connect} from 'node:net';

import {until} from '../browser/until.mjs';

const healthLimitMs = 100;
const healthTries = 5;  // a busy machine may be late once, a hurt gateway is late always
const patience = 10_000;
const quietMs = 300;  // what follows from something stored is stored by then

/** Text with one byte a character, as raw HTTP is written here; Buffers stay as they are. */
export function bytes(part) {
  if (typeof part !== 'string') return part;
  for (const character of part)
    if (character.codePointAt(0) > 0xff) throw new Error(`more than a byte: ${part}`);
  return Buffer.from(part, 'latin1');
}

/** The first answer in the bytes, or nothing while it is not whole. */
function readAnswer(received, bodiless = false) {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [line, ...fields] = received.subarray(0, end).toString('latin1').split('\r\n');
  const headers = new Map();
  for (const field of fields) {
    const colon = field.indexOf(':');
    headers.set(field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim());
  }
  const status = Number(line.split(' ')[1]);
  const start = end + 4;
  if (headers.get('content-type')?.startsWith('text/event-stream'))
    return {status, headers, body: '', end: start, stream: true};
  const length = bodiless ? 0 : Number(headers.get('content-length') ?? 0);
  if (received.length < start + length) return null;
  const body = received.subarray(start, start + length).toString();
  return {status, headers, body, end: start + length, stream: false};
}

/** A connection that says what it is told to and keeps what comes back. */
export class Line {
  /** `from`: another address of loopback. */
  static async open(port, from) {
    const line = new Line();
    line.socket = connect({port, host: '127.0.0.1', localAddress: from, allowHalfOpen: true});
    line.socket.on('data', (more) => {
      line.received = Buffer.concat([line.received, more]);
      line.changed();
    });
    // A reset is an end too: what was answered before it counts.
    for (const end of ['end', 'error', 'close'])
      line.socket.on(end, () => {
        line.ended = true;
        line.changed();
      });
    await once(line.socket, 'connect');
    line.socket.setNoDelay(true);
    return line;
  }

  received = Buffer.alloc(0);
  ended = false;
  changed = () => {};  // what waits looks again

  send(part) { if (!this.ended) this.socket.write(bytes(part)); }
  shutWriting() { this.socket.end(); }
  /** With a reset: a mere end would be the half of a stream's reader that says no more. */
  leave() { this.socket.resetAndDestroy(); }

  /** The next answer; nothing when the line ended before it. */
  async answer(bodiless = false) {
    const found = await this.wait('an answer', () => readAnswer(this.received, bodiless));
    if (found) this.received = this.received.subarray(found.end);
    return found;
  }

  /** What a stream says until it fits; nothing when the line ended before it. */
  said(pattern) {
    return this.wait(`the stream to say ${pattern}`,
                     () => this.received.toString().match(pattern));
  }

  end() { return this.wait('the connection to be closed', () => this.ended); }

  wait(what, look) {
    return new Promise((resolve, reject) => {
      const tell = (verb, result) => {
        clearTimeout(alarm);
        this.changed = () => {};
        verb(result);
      };
      const alarm = setTimeout(() => tell(reject, new Error(`waited in vain: ${what}`)), patience);
      this.changed = () => {
        const found = look();
        if (found || this.ended) tell(resolve, found);
      };
      this.changed();
    });
  }
}

export class Player {
  constructor(house, ground) {
    this.house = house;
    this.ground = ground;
  }

  slowest = 0;  // health, in milliseconds

  async begin() {
    this.stored = await this.changes();
  }

  metrics() {
    return fetch(`${this.house.url}/metrics`).then((answer) => answer.text());
  }

  async metric(series) {
    const line = (await this.metrics()).split('\n').find((one) => one.startsWith(`${series} `));
    return line ? Number(line.slice(series.length + 1)) : 0;
  }

  /** How often anything was stored. */
  changes() { return this.metric('tandem_store_change_sets_total{outcome="committed"}'); }

  /** How much is owed and due, and not taken up yet. */
  async ready() {
    const counts = (await this.metrics()).matchAll(/^tandem_owed_ready\{.*\} (\d+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  async play(one) {
    const counted = one.counts ? await this.metric(one.counts) : 0;
    if (one.scene) {
      await one.scene(this.ground, this);
      await this.noStreams();
    } else {
      await this.exchange(one);
    }
    if (one.counts) assert.ok(await this.metric(one.counts) > counted, `${one.counts} did not grow`);
    await this.checkStored(one.stores ?? 0);
    if (one.after) await one.after(this.ground, this);
    await this.checkHealth();
  }

  async exchange(one) {
    const line = await Line.open(this.house.port);
    let last = null;
    try {
      line.send(typeof one.send === 'function' ? one.send() : one.send);
      if (one.then === 'shut') line.shutWriting();
      const statuses = [];
      for (const _ of one.answers) {
        last = await line.answer(one.bodiless);
        statuses.push(last?.status ?? 'nothing');
        if (!last) break;
      }
      assert.deepEqual(statuses, one.answers, last?.body);
      this.checkAnswer(one, last);
      if (one.says) assert.ok(await line.said(one.says), `the stream does not say ${one.says}`);
      if (last.stream) return;
      if (one.closes) {
        assert.ok(await line.end());
        assert.equal(line.received.length, 0, 'something more was answered');
      } else {
        // The line is in step: what comes next is the next request's answer.
        line.send('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
        assert.equal((await line.answer())?.status, 200, 'the connection is out of step');
      }
    } finally {
      line.leave();
      if (last?.stream) await this.noStreams();
    }
  }

  /** The next stream must not find the places of the last ones taken. */
  noStreams() {
    return until('all streams to be gone', async () => await this.metric('tandem_streams_open') === 0);
  }

  checkAnswer(one, last) {
    const {headers, body} = last;
    if (one.code) assert.equal(JSON.parse(body).code, one.code, body);
    if (one.closes) assert.equal(headers.get('connection'), 'close');
    if (one.body) assert.equal(body, one.body);
    if (one.contains) assert.ok(body.includes(one.contains), `${one.contains} is not in ${body}`);
    if (one.lacks) assert.ok(!body.includes(one.lacks), `${one.lacks} is in ${body}`);
    for (const [name, value] of Object.entries(one.headers ?? {}))
      assert.equal(headers.get(name), value ?? undefined, name);
  }

  /**
   * `wanted`: how many changes; or 'some', where what follows from it is stored as well; or 'any',
   * where what was begun before is still going on.
   */
  async checkStored(wanted) {
    if (wanted === 'any') {
      this.stored = await this.changes();
      return;
    }
    if (wanted === 'some') {
      const before = this.stored;
      let since = Date.now();
      await until('something to be stored, and then nothing more', async () => {
        const now = await this.changes();
        if (now !== this.stored) since = Date.now();
        this.stored = now;
        if (await this.ready() > 0) since = Date.now();
        return now > before && Date.now() - since > quietMs;
      });
      return;
    }
    this.stored += wanted;
    if (wanted > 0) await until('it to be stored', async () => await this.changes() >= this.stored);
    const now = await this.changes();
    const more = now - this.stored;
    this.stored = now;  // one culprit is enough
    assert.equal(more, 0, `${more} changes more than expected were stored`);
  }

  async checkHealth() {
    let took = 0;
    for (let i = 0; i < healthTries; ++i) {
      const line = await Line.open(this.house.port);
      const begin = performance.now();
      line.send('GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n');
      const answer = await new Promise((resolve) => {
        const look = () => { const found = readAnswer(line.received); if (found) resolve(found); };
        line.socket.on('data', look).on('close', () => resolve(null));
      });
      took = performance.now() - begin;
      line.leave();
      assert.equal(answer?.status, 200, 'the gateway is not well');
      if (took <= healthLimitMs) break;
      await new Promise((next) => setTimeout(next, healthLimitMs));
    }
    this.slowest = Math.max(this.slowest, took);
    assert.ok(took <= healthLimitMs, `health took ${Math.round(took)} ms`);
  }
}
