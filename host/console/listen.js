// The one stream of the page: all that happens in the organisation, each event once and in
// order, from wherever it was lost. Read by fetch, so that the token stays in a header.

import {bearer} from './ask.js';

const silentMilliseconds = 60_000;  // heartbeats come every 15 s; so silent, a line is dead
const longestWaitSeconds = 30;
const finalReasons = new Set(['token_expired', 'access_revoked']);
const withoutPlace = new Set(['connected', 'stream_reset', 'stream_end']);

// A place in the journal: an epoch, and a number that grows by one with each event.
export function placeOf(id) {
  const dash = (id ?? '').lastIndexOf('-');
  return dash < 1 ? null : {epoch: id.slice(0, dash), offset: Number(id.slice(dash + 1))};
}

// Whether `one` is newer; of another journal it always is.
export const newer = (one, other) =>
  !other || !one || one.epoch !== other.epoch || one.offset > other.offset;

export class Line {
  // `screen` hears state(name, text), event(event, id, place), and flushed() once what came
  // together was told.
  constructor(screen) {
    this.screen = screen;
    this.lastId = '';
    this.attempt = 0;
    this.running = null;   // the AbortController of the stream that is wanted
    this.state = 'idle';
    this.heardAt = 0;
    this.retryAt = 0;
    this.timer = 0;
    this.received = this.gaps = this.doubles = 0;
    setInterval(() => this.look(), 1000);
  }

  start(lastId = this.lastId) {
    this.lastId = lastId;
    this.attempt = 0;
    this.open();
  }

  // On purpose; comes back only by start().
  cut() {
    this.drop();
    this.tell('cut', 'cut');
  }

  // As a bad network would do it.
  lose() {
    this.drop();
    this.comeBack('connection lost');
  }

  drop() {
    clearTimeout(this.timer);
    this.running?.abort();
    this.running = null;
  }

  tell(state, text) {
    this.state = state;
    this.screen.state(state, text);
  }

  look() {
    if (this.running && Date.now() - this.heardAt > silentMilliseconds) this.lose();
  }

  async open() {
    this.drop();
    const running = this.running = new AbortController();
    this.heardAt = Date.now();
    this.tell('waiting', 'connecting');
    const headers = {Authorization: bearer(), Accept: 'text/event-stream'};
    if (this.lastId) headers['Last-Event-ID'] = this.lastId;
    try {
      const answer = await fetch('/api/stream/organization',
                                 {headers, cache: 'no-store', signal: running.signal});
      if (answer.status === 200) {
        await this.read(answer.body, running);
      } else {
        const problem = await answer.json().catch(() => ({}));
        if (running !== this.running) return;
        if (answer.status === 401 || answer.status === 403)
          return this.end(answer.status === 401 ? 'expired' : 'refused', problem.detail);
      }
    } catch {
      // a line that broke; said below
    }
    if (running === this.running) this.comeBack('connection lost');
  }

  end(state, text) {
    this.drop();
    this.tell(state, text ?? state);
  }

  comeBack(why) {
    this.drop();
    const seconds = Math.min(longestWaitSeconds, 2 ** this.attempt++ / 2) * (0.6 + Math.random());
    this.retryAt = Date.now() + seconds * 1000;
    this.tell('lost', why);
    this.timer = setTimeout(() => this.open(), seconds * 1000);
  }

  async read(body, running) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    let block = {data: [], id: '', name: ''};
    for (;;) {
      const {value, done} = await reader.read();
      if (running !== this.running) return void reader.cancel().catch(() => {});
      if (done) return;
      this.heardAt = Date.now();
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        if (line.replace(/\r$/, '') === '') {
          if (block.data.length) this.safely(() => this.hear(block));
          if (running !== this.running) return void reader.cancel().catch(() => {});
          block = {data: [], id: '', name: ''};
        } else {
          take(block, line);
        }
      }
      this.safely(() => this.screen.flushed());
    }
  }

  // A fault of the page is no loss of the line: said on the console, and the line goes on.
  safely(work) {
    try {
      work();
    } catch (fault) {
      reportError(fault);
    }
  }

  hear({data, id, name}) {
    if (name === 'heartbeat') return;
    let event;
    try {
      event = JSON.parse(data.join('\n'));
    } catch {
      event = {type: 'unreadable', timestamp: new Date().toISOString()};
    }
    this.received += 1;
    const place = placeOf(id);
    const live = place && !withoutPlace.has(event.type);
    const before = placeOf(this.lastId);
    if (live && before?.epoch === place.epoch) {
      if (place.offset <= before.offset) {
        this.doubles += 1;
        return;
      }
      if (place.offset > before.offset + 1) this.gaps += 1;
    }
    if (id) this.lastId = id;
    if (event.type === 'connected') {
      this.attempt = 0;
      this.tell('open', 'live');
    }
    this.screen.event(event, id, live ? place : null);
    if (event.type !== 'stream_end') return;
    if (finalReasons.has(event.reason)) this.end('expired', event.reason);
    else this.comeBack(event.reason === 'shutdown' ? 'the gateway restarts' : 'connection lost');
  }
}

// One field of an event (WHATWG HTML section 9.2.6).
function take(block, line) {
  const text = line.replace(/\r$/, '');
  const colon = text.indexOf(':');
  if (colon === 0) return;
  const field = colon < 0 ? text : text.slice(0, colon);
  const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '');
  if (field === 'data') block.data.push(value);
  else if (field === 'id') block.id = value;
  else if (field === 'event') block.name = value;
}
