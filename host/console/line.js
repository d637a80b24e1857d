// One stream, kept open: by the browser where it can, with a new ticket where it cannot.

const deadSeconds = 60;          // silent for so long, a line is taken for dead
const longestWaitSeconds = 30;   // between two tries; up to half as much again by chance
const answerMilliseconds = 15000;
const finalReasons = new Set(['token_expired', 'access_revoked', 'replaced']);
const withoutPlace = new Set(['connected', 'conversation_history', 'stream_reset', 'stream_end']);

export async function post(token, path, body) {
  const answer = await fetch(path, {
    method: 'POST',
    headers: {'Authorization': `Bearer ${token}`, 'Content-Type': 'application/json'},
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(answerMilliseconds),
  });
  const json = await answer.json().catch(() => ({}));
  if (answer.ok) return json.data;
  const failure = new Error(json.detail || `${answer.status} ${answer.statusText}`);
  failure.status = answer.status;
  throw failure;
}

// A place in the journal: an epoch, and a number that grows by one with each event of the
// organisation.
function place(id) {
  const dash = id.lastIndexOf('-');
  return dash < 1 ? null : {epoch: id.slice(0, dash), offset: Number(id.slice(dash + 1))};
}

export class Line {
  // `screen` is told of states, as state(name, text), and of events, as event(event, id).
  constructor(screen) {
    this.screen = screen;
    this.wanted = null;    // what to watch: {token, organization, leadId, phoneNumber, …}
    this.source = null;    // the EventSource, while there is one
    this.attempt = 0;      // of coming back, since the last event
    this.timer = 0;
    this.lastId = '';
    this.lastHeard = 0;
    this.connected = 0;    // how often, since start()
    this.restart();
  }

  // Counts from nought; the place is kept.
  restart() {
    this.heard = this.gaps = this.doubles = 0;
  }

  start(wanted, lastId) {
    this.wanted = wanted;
    this.lastId = lastId;
    this.connected = 0;
    this.resume();
  }

  resume() {
    this.attempt = 0;
    this.open();
  }

  cut() {
    this.close();
    this.wanted = {...this.wanted};  // an answer that is still on its way opens nothing
    this.screen.state('idle', 'cut');
  }

  // Seconds since the last sign of life, or null without a line.
  age() {
    return this.source ? Math.floor((Date.now() - this.lastHeard) / 1000) : null;
  }

  // A line can die without a sign; only silence shows it. To be called now and then.
  look() {
    if (this.source?.readyState === EventSource.OPEN && this.age() > deadSeconds)
      this.comeBack('line is silent');
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  // The token goes in a header, for a ticket; only the ticket, which opens one stream once,
  // ever stands in an address.
  async open() {
    this.close();
    this.screen.state('waiting', 'asking for a ticket');
    const {wanted} = this;
    const order = wanted.organization ? {organization: true} : {};
    if (wanted.leadId) order.leadId = wanted.leadId;
    if (wanted.phoneNumber) order.phoneNumber = wanted.phoneNumber;
    try {
      const {ticket} = await post(wanted.token, '/api/stream/tickets', order);
      if (wanted === this.wanted) this.listen(new EventSource(this.address(ticket)));
    } catch (failure) {
      if (wanted !== this.wanted) return;
      const final = failure.status && failure.status < 500 && failure.status !== 429;
      if (final) this.screen.state('failed', failure.message);
      else this.comeBack(failure.status ? failure.message : 'the gateway does not answer');
    }
  }

  address(ticket) {
    const {wanted} = this;
    const query = new URLSearchParams({ticket});
    let path = '/api/stream/organization';
    if (!wanted.organization) {
      path = `/api/stream/conversation/${encodeURIComponent(wanted.leadId || 'unknown')}`;
      if (wanted.phoneNumber) query.set('phoneNumber', wanted.phoneNumber);
      if (wanted.load) query.set('load', 'true');
    }
    if (wanted.types) query.set('types', wanted.types);
    if (this.lastId) query.set('lastEventId', this.lastId);
    return `${path}?${query}`;
  }

  listen(source) {
    this.source = source;
    this.lastHeard = Date.now();
    this.screen.state('waiting', 'connecting');
    source.onmessage = (message) => { if (source === this.source) this.hear(message); };
    source.addEventListener('heartbeat', () => { this.lastHeard = Date.now(); });
    source.onerror = () => {
      if (source !== this.source) return;
      // A lost line is opened again by the browser itself; one that was refused is not, and
      // gets a new ticket.
      if (source.readyState === EventSource.CONNECTING)
        this.screen.state('waiting', 'line lost, coming back');
      else
        this.comeBack('line refused');
    };
  }

  comeBack(why) {
    this.close();
    const wait = Math.min(longestWaitSeconds, 2 ** this.attempt++) * (0.5 + Math.random());
    this.screen.state('waiting', `${why}; again in ${Math.ceil(wait)} s`);
    this.timer = setTimeout(() => this.open(), wait * 1000);
  }

  hear(message) {
    this.lastHeard = Date.now();
    this.attempt = 0;
    this.heard += 1;
    const event = read(message.data);
    const id = message.lastEventId;
    const live = !withoutPlace.has(event.type);
    const fresh = Boolean(id) && id !== this.lastId;
    if (event.type === 'connected') this.welcome();
    if (live && id) this.check(id);
    if (fresh) this.lastId = id;
    this.screen.event(event, live || fresh ? id : '');
    if (event.type === 'stream_end' && finalReasons.has(event.reason)) {
      this.close();
      this.screen.state('failed', `ended: ${event.reason}`);
    }
  }

  welcome() {
    this.connected += 1;
    this.screen.state('open', 'connected');
    // Before the first event there is nothing to go on after, unless a history is sent.
    if (this.connected > 1 && !this.lastId && !this.wanted.load)
      this.screen.event({
        type: 'possible gap',
        reason: 'no id yet to come back after',
        timestamp: new Date().toISOString(),
      }, '');
  }

  check(id) {
    const now = place(id);
    const before = place(this.lastId);
    if (!now || !before || now.epoch !== before.epoch) return;
    if (now.offset <= before.offset) this.doubles += 1;
    // Of one conversation, or of some types, the numbers in between are others' events.
    const dense = this.wanted.organization && !this.wanted.types;
    if (dense && now.offset > before.offset + 1) this.gaps += 1;
  }
}

function read(text) {
  try {
    const event = JSON.parse(text);
    if (typeof event?.type === 'string') return event;
  } catch {
    // shown as it came
  }
  return {type: 'unreadable', reason: text};
}
