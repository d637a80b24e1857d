// The conversations that the page knows, and what events do to them. A row read from the API is
// as of a position; events that are older than that change nothing.

import {ask, get, Refusal} from './ask.js';
import {newer, placeOf} from './listen.js';

const pageRows = 200;
const mostSeen = 1000;       // marks kept over the day
const rowReadsAtOnce = 2;

const filters = {all: {}, needs: {needsHuman: true}, mine: {humanTakeover: true}};

export class Inbox {
  constructor(me) {
    this.me = me;
    this.rows = new Map();     // by number
    this.views = new Map();    // by filter and words: how far the list was read
    this.filter = 'all';
    this.words = '';
    this.open = '';            // the number on screen: nothing in it is unread
    this.unknown = new Set();  // numbers to be read
    this.reading = 0;
    this.changed = () => {};
    this.seenKey = `tandem.seen.${me.organizationId}.${me.subject}`;
    this.seen = readSeen(this.seenKey);
  }

  // Everything anew. Gives the position from which to listen.
  async load() {
    this.rows.clear();
    this.views.clear();
    this.unknown.clear();
    return this.more();
  }

  get view() {
    const key = `${this.filter} ${this.words}`;
    let view = this.views.get(key);
    if (!view) {
      view = {cursor: '', complete: false, bound: Infinity, members: new Set(), reading: null,
              failed: ''};
      this.views.set(key, view);
    }
    return view;
  }

  // The next page of what is looked at.
  more() {
    const view = this.view;
    if (view.complete) return Promise.resolve('');
    view.reading ??= this.readPage(view).finally(() => { view.reading = null; });
    return view.reading;
  }

  async readPage(view) {
    const {filter, words} = this;
    // A number in any form; the API knows it without blanks.
    const q = /^[\d\s()+./-]{3,}$/.test(words) ? words.replace(/\D/g, '') : words;
    const query = {...filters[filter], q, limit: pageRows, cursor: view.cursor};
    const {data, pagination} = await ask('GET', '/api/conversations', {query});
    const place = placeOf(data.position);
    for (const read of data.conversations) {
      this.take(read, place);
      view.members.add(read.phoneNumber);
    }
    view.cursor = pagination.nextCursor ?? '';
    view.complete = !view.cursor;
    const last = data.conversations.at(-1);
    if (last) view.bound = Date.parse(last.lastActivity);
    this.changed();
    return data.position;
  }

  take(read, place) {
    const known = this.rows.get(read.phoneNumber);
    if (known && !known.partial && !newer(place, known.place)) return;
    const last = read.lastMessage;
    const at = Date.parse(read.lastActivity);
    const waits = last?.sentBy === 'user';
    const row = {
      ...read, at, place, partial: false,
      waitingSince: waits ? known?.waitingSince || Date.parse(last.timestamp) : 0,
      unread: known?.unread ?? 0,
    };
    const here = read.phoneNumber === this.open;
    if (!known && !here && waits && Date.parse(last.timestamp) > this.seenAt(row)) row.unread = 1;
    this.rows.set(read.phoneNumber, row);
  }

  seenAt(row) {
    return this.seen.marks[row.leadId] ?? this.seen.since;
  }

  // The agent looks at it.
  look(number) {
    this.open = number;
    const row = this.rows.get(number);
    if (!row) return;
    row.unread = 0;
    if (!row.leadId) return;
    delete this.seen.marks[row.leadId];
    this.seen.marks[row.leadId] = Math.max(row.at, Date.now());
    const marks = Object.entries(this.seen.marks);
    if (marks.length > mostSeen) this.seen.marks = Object.fromEntries(marks.slice(-mostSeen));
    writeSeen(this.seenKey, this.seen);
  }

  // What is on the list now, newest first.
  list() {
    const view = this.view;
    const words = this.words.toLowerCase();
    const digits = words.replace(/[^\d]/g, '');
    const found = [];
    for (const row of this.rows.values()) {
      if (!view.complete && row.at < view.bound) continue;
      if (this.filter === 'needs' && !row.needsHuman) continue;
      if (this.filter === 'mine' && row.humanControl?.agentId !== this.me.subject) continue;
      if (words && !view.members.has(row.phoneNumber) && !says(row, words, digits)) continue;
      found.push(row);
    }
    return found.sort((one, other) => other.at - one.at ||
                                      (one.phoneNumber < other.phoneNumber ? -1 : 1));
  }

  unread() {
    let count = 0;
    for (const row of this.rows.values()) if (row.unread) ++count;
    return count;
  }

  apply(event, place) {
    const number = event.phoneNumber;
    if (!number || !place) return;
    let row = this.rows.get(number);
    if (!row) {
      row = stranger(event);
      this.rows.set(number, row);
    } else if (!newer(place, row.place)) {
      return;
    }
    row.place = place;
    change(row, event);
    if (event.type === 'sms_received') {
      if (number === this.open && document.visibilityState === 'visible') this.look(number);
      else row.unread += 1;
    }
    if (!row.partial && !event.truncated) return;
    this.unknown.add(number);
    this.readUnknown();
  }

  // Rows that were not on a page yet and got an event: read one by one.
  async readUnknown() {
    if (this.reading >= rowReadsAtOnce) return;
    const [number] = this.unknown;
    if (!number) return;
    this.unknown.delete(number);
    this.reading += 1;
    try {
      const read = await get('/api/conversations', {q: number, limit: pageRows});
      const mine = read.conversations.find((one) => one.phoneNumber === number);
      const known = this.rows.get(number);
      // What was told since it was read is not in it: once more.
      if (known && !newer(known.place, placeOf(read.position))) {
        if (mine) this.take(mine, placeOf(read.position));
        known.partial = false;
      } else if (known) {
        this.unknown.add(number);
      }
      this.changed();
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
    } finally {
      this.reading -= 1;
      if (this.unknown.size) this.readUnknown();
    }
  }
}

const says = (row, words, digits) =>
  (row.customerName ?? '').toLowerCase().includes(words) || row.phoneNumber.includes(words) ||
  (digits.length > 2 && row.phoneNumber.includes(digits));

function stranger(event) {
  return {
    phoneNumber: event.phoneNumber, leadId: event.leadId, customerName: null, lastMessage: null,
    at: Date.parse(event.timestamp), messageCount: 0, humanControl: null, activeCall: null,
    needsHuman: false, needsHumanReason: null, optedOut: false, waitingSince: 0, unread: 0,
    place: null, partial: true,
  };
}

const changes = {
  sms_received(row, event) {
    said(row, event);
    row.waitingSince ||= Date.parse(event.timestamp);
  },
  ai_message_sent(row, event) {
    said(row, event);
    row.waitingSince = 0;
    if (row.needsHumanReason !== 'asked') row.needsHuman = false;
  },
  human_message_sent(row, event) {
    said(row, event);
    row.waitingSince = 0;
    row.needsHuman = false;
  },
  sms_status_update(row, event) {
    if (row.lastMessage?.id === event.messageId) row.lastMessage.status = event.status;
  },
  call_initiated(row, event) {
    row.activeCall = {callType: event.callType, startTime: event.timestamp, active: true};
    moved(row, event);
  },
  call_ended(row, event) {
    row.activeCall = null;
    const words = event.summary ?? event.transcript.at(-1)?.message ?? '';
    row.lastMessage = {id: '', content: words, sentBy: 'system', type: 'voice',
                       timestamp: event.timestamp, status: 'received', media: []};
    moved(row, event);
  },
  human_control_started(row, event) {
    row.humanControl = event.session;
    row.needsHuman = false;
  },
  human_control_transferred(row, event) { row.humanControl = event.session; },
  human_control_ended(row) { row.humanControl = null; },
  human_control_timeout(row) { row.humanControl = null; },
  needs_human(row, event) {
    row.needsHuman = true;
    row.needsHumanReason = event.reason;
  },
  customer_opted_out(row) { row.optedOut = true; },
  customer_opted_in(row) { row.optedOut = false; },
};

function change(row, event) {
  row.leadId ??= event.leadId;
  if (event.customerName) row.customerName = event.customerName;
  changes[event.type]?.(row, event);
}

function said(row, event) {
  row.lastMessage = event.conversationMessage;
  row.messageCount += 1;
  moved(row, event);
}

function moved(row, event) {
  row.at = Math.max(row.at, Date.parse(event.timestamp));
}

// Marks name leads, not people: they outlive the tab.
function readSeen(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(key));
    if (typeof kept?.since === 'number' && kept.marks) return kept;
  } catch {
    // begun anew
  }
  const fresh = {since: Date.now(), marks: {}};
  writeSeen(key, fresh);
  return fresh;
}

function writeSeen(key, seen) {
  try {
    localStorage.setItem(key, JSON.stringify(seen));
  } catch {
    // full or forbidden: the marks last as long as the page
  }
}
