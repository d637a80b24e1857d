// One conversation as it is on screen: read once, then kept by events. What an event does not
// tell (calls, drafts, lines of the record) is read again after it.

import {ask, conversationPath, get, Refusal} from './ask.js';
import {newer, placeOf} from './listen.js';

const olderRows = 50;
const readAgainMilliseconds = 60;  // what happens together is read once
const lateDraftMilliseconds = 5000;  // an answer that a takeover overtook comes late, untold
const readAgainAfter = new Set([
  'human_control_started', 'human_control_ended', 'human_control_timeout',
  'human_control_transferred', 'call_initiated', 'call_ended', 'lead_updated',
  'lead_auto_created', 'customer_opted_out', 'customer_opted_in', 'needs_human',
]);

export class Conversation {
  constructor(phoneNumber, me, changed) {
    this.phoneNumber = phoneNumber;
    this.me = me;
    this.changed = changed;      // called when something came from the API
    this.messages = new Map();   // by id
    this.calls = new Map();
    this.drafts = new Map();
    this.sending = [];           // what the agent said and nobody confirmed yet
    this.waiting = [];           // customer messages in the queue of the human who holds it
    this.lead = null;
    this.summary = null;
    this.humanControl = null;
    this.activeCall = null;
    this.counts = {messages: 0, calls: 0};
    this.needsHuman = this.optedOut = false;
    this.needsHumanReason = null;
    this.place = null;
    this.state = 'new';          // loading, ready, unknown, failed
    this.problem = '';
    this.more = false;           // older messages are stored
    this.stale = false;          // the last read failed
    this.reading = null;
    this.timer = 0;
    this.deeds = 0;              // how often hold() was told
  }

  load() {
    this.reading ??= this.read().finally(() => { this.reading = null; });
    return this.reading;
  }

  async read() {
    const {deeds} = this;
    if (this.state !== 'ready') this.state = 'loading';
    try {
      const read = await get(conversationPath(this.phoneNumber));
      this.take(read, deeds === this.deeds);
      this.stale = false;
      this.normal = read.phoneNumber;  // an address may have named it in another form
      this.state = 'ready';
      if (this.humanControl) await this.readQueue();
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      if (this.state !== 'ready') this.state = refusal.status === 404 ? 'unknown' : 'failed';
      this.stale = refusal.status !== 404;
      this.problem = refusal.message;
    }
    this.changed();
  }

  take(read, current) {
    const place = placeOf(read.position);
    // What was told since is newer than what was read; it then only fills in.
    const whole = current && (newer(place, this.place) || place.offset === this.place.offset);
    const first = this.messages.size === 0;
    for (const message of read.messages)
      if (whole || !this.messages.has(message.id)) this.messages.set(message.id, message);
    for (const call of read.calls) this.calls.set(call.callId, call);
    for (const draft of read.drafts) {
      this.drafts.set(draft.id, draft);
      this.messages.delete(draft.id);
    }
    if (first) this.more = read.counts.messages > read.messages.length;
    if (!whole) return this.soon();
    this.place = place;
    for (const name of ['lead', 'summary', 'humanControl', 'activeCall', 'counts', 'needsHuman',
                        'needsHumanReason', 'optedOut'])
      this[name] = read[name];
  }

  async readQueue() {
    const number = encodeURIComponent(this.phoneNumber);
    const {place} = this;
    const read = this.readingQueue = get(`/api/conversations/human-control/queue/${number}`);
    const {messages} = await read;
    // What was told, or is asked for, since may be newer.
    if (this.readingQueue !== read) return;
    if (this.place === place) this.waiting = messages;
    else this.soon();
  }

  // As the answer to a request told; what was read before knows nothing of it.
  hold(session) {
    this.humanControl = session;
    this.deeds += 1;
  }

  // Something happened that is not told in full.
  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      // What is being read may be older than what happened.
      if (this.reading) this.soon();
      else this.load();
    }, readAgainMilliseconds);
  }

  async older() {
    if (!this.more || this.readingOlder) return;
    this.readingOlder = true;
    try {
      const oldest = this.oldest();
      const {data, pagination} = await ask('GET', `${conversationPath(this.phoneNumber)}/messages`,
                                           {query: {limit: olderRows, before: oldest}});
      for (const message of data.messages)
        if (!this.messages.has(message.id)) this.messages.set(message.id, message);
      this.before = data.messages[0]?.id ?? oldest;
      this.more = pagination.nextBefore !== null;
    } finally {
      this.readingOlder = false;
    }
    this.changed();
  }

  // The message behind which the next older page begins.
  oldest() {
    if (this.before) return this.before;
    let oldest = null;
    for (const message of this.messages.values())
      if (!oldest || message.timestamp < oldest.timestamp) oldest = message;
    return oldest?.id;
  }

  apply(event, place) {
    if (this.place && !newer(place, this.place)) return;
    if (this.state === 'new' || this.state === 'loading') {
      // It is being read; whether this is in it is known only then.
      this.soon();
      return;
    }
    this.place = place;
    if (event.truncated || readAgainAfter.has(event.type)) this.soon();
    if (event.truncated) return;
    changes[event.type]?.(this, event);
  }

  // Everything of the timeline in order.
  items() {
    const all = [];
    const spoken = new Map();
    const begin = this.more ? this.begin() : 0;
    for (const message of this.messages.values()) {
      if (message.type !== 'voice') {
        all.push({key: message.id, kind: 'message', at: Date.parse(message.timestamp), message});
        continue;
      }
      const call = message.callId ?? message.timestamp.slice(0, 13);
      if (!spoken.has(call)) spoken.set(call, []);
      spoken.get(call).push(message);
    }
    for (const draft of this.drafts.values())
      all.push({key: draft.id, kind: 'draft', at: Date.parse(draft.timestamp), message: draft});
    for (const call of this.calls.values())
      if (Date.parse(call.startTime) >= begin)
        all.push({key: call.callId, kind: 'call', at: Date.parse(call.startTime), call});
    for (const [callId, turns] of spoken)
      if (!this.calls.has(callId))
        all.push({key: callId, kind: 'call', at: Date.parse(turns[0].timestamp),
                  call: {callId, callType: '', startTime: turns[0].timestamp, active: false,
                         outcome: null, duration: 0, summary: null}});
    all.sort((one, other) => one.at - other.at || (one.key < other.key ? -1 : 1));
    const stored = new Set(this.sending.map((sent) => sent.id));
    for (const sent of this.sending) {
      if (sent.shown || this.messages.has(sent.id)) continue;
      const early = this.storedEarly(sent, stored);
      if (early) stored.add(early.id);
      else all.push({key: sent.key, kind: 'sending', at: sent.at, sent});
    }
    return all;
  }

  // What was read before its confirmation came. No other one's; `after` is the gateway's time.
  storedEarly({state, text, after}, others) {
    return state === 'going' && [...this.messages.values()].find((message) =>
      message.sentBy === 'human_agent' && message.content === text &&
      message.timestamp > after && !others.has(message.id));
  }

  newest() {
    let newest = '';
    for (const {timestamp} of this.messages.values())
      if (timestamp > newest) newest = timestamp;
    return newest;
  }

  // Where what was read begins; calls before it are not shown yet.
  begin() {
    let begin = Infinity;
    for (const message of this.messages.values())
      begin = Math.min(begin, Date.parse(message.timestamp));
    return begin;
  }
}

const changes = {
  sms_received(one, event) {
    add(one, event);
    if (!event.underHumanControl) return;
    const {id, content, type, timestamp} = event.conversationMessage;
    if (!one.waiting.some((waits) => waits.id === id))
      one.waiting.push({id, content, type, timestamp, processed: false});
  },
  ai_message_sent: add,
  human_message_sent(one, event) {
    add(one, event);
    if (event.sessionId) one.waiting = [];
    one.needsHuman = false;
    const {content, id} = event.conversationMessage;
    const mine = event.agentId === one.me.subject && one.sending.find((sent) =>
      !sent.shown && (sent.id ? sent.id === id : sent.text === content));
    if (mine) mine.shown = true;
  },
  sms_status_update(one, event) {
    const message = one.messages.get(event.messageId);
    if (!message) return;
    Object.assign(message, {status: event.status, messageSid: event.messageSid,
                            errorCode: event.errorCode, errorMessage: event.errorMessage});
  },
  human_control_started(one, event) {
    one.humanControl = event.session;
    one.needsHuman = false;
    setTimeout(() => one.soon(), lateDraftMilliseconds);
  },
  human_control_transferred(one, event) { one.humanControl = event.session; },
  human_control_ended: release,
  human_control_timeout: release,
  call_initiated(one, event) {
    one.activeCall = {callType: event.callType, startTime: event.timestamp, active: true,
                      conversationId: event.conversationId};
  },
  call_ended(one) { one.activeCall = null; },
  needs_human(one, event) {
    one.needsHuman = true;
    one.needsHumanReason = event.reason;
  },
  customer_opted_out(one) { one.optedOut = true; },
  customer_opted_in(one) { one.optedOut = false; },
};

function add(one, event) {
  one.messages.set(event.conversationMessage.id, event.conversationMessage);
  one.counts.messages += 1;
}

function release(one) {
  one.humanControl = null;
  one.waiting = [];
}
