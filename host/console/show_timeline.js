// The timeline of a conversation: one element an item, made once and changed in place, so that
// the eye and the screen reader stay where they were.

import {icon, make, setText} from './make.js';
import {dayKey, dayName, exactTime, face, lasting, length, plural, timeOf} from './format.js';
import {get} from './ask.js';
import {complain} from './tell.js';

const atTheEnd = 80;      // pixels from the bottom
const pauseMilliseconds = 5000;
const nearTheTop = 300;   // pixels; then older messages are read

const speakers = {user: 'Customer', agent: 'AI', human_agent: 'Agent'};
const authors = {user: 'customer', agent: 'ai', human_agent: 'human', system: 'system'};

export class Timeline {
  constructor(box, newerButton, desk) {
    Object.assign(this, {box, newerButton, desk});
    this.conversation = null;
    this.parts = new Map();   // key → {element, signature}
    this.top = make('p', {class: 'begin'});
    this.places = new Map();  // number → how far from the bottom it was left
    this.missed = 0;
    this.notBefore = 0;       // older messages could not be read; when to ask again
    box.addEventListener('scroll', () => this.scrolled(), {passive: true});
    // A growing answer or a phone's keyboard takes room from the top, not from the newest line.
    new ResizeObserver(() => { if (this.atEnd) this.toEnd(); }).observe(box);
    newerButton.addEventListener('click', () => this.toEnd(true));
    newerButton.replaceChildren(icon('down'), make('span', {}));
  }

  show(conversation) {
    if (this.conversation)
      this.places.set(this.conversation.phoneNumber, this.fromEnd());
    this.conversation = conversation;
    this.parts.clear();
    this.missed = 0;
    this.box.replaceChildren(this.top);
    this.box.setAttribute('aria-live', 'off');
    this.fresh = true;
    this.render();
  }

  fromEnd() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight;
  }

  render() {
    const {box, conversation} = this;
    if (!conversation) return;
    const ready = conversation.state === 'ready';
    const stays = !this.fresh && this.fromEnd() > atTheEnd;
    const height = box.scrollHeight, place = box.scrollTop;
    const firstBefore = this.firstKey;
    const items = conversation.items();
    this.firstKey = items[0]?.key;
    this.sayBegin(items.length);
    const added = this.put(items);
    if (this.fresh && ready) {
      this.fresh = false;
      const left = this.places.get(conversation.phoneNumber) ?? 0;
      this.atEnd = left <= atTheEnd;
      box.scrollTop = box.scrollHeight - box.clientHeight - (this.atEnd ? 0 : left);
      // From now on what comes is news; what was there is not read aloud.
      setTimeout(() => box.setAttribute('aria-live', 'polite'), 500);
    } else if (stays) {
      // Older ones came in above: what was in sight stays there.
      if (firstBefore && this.firstKey !== firstBefore)
        box.scrollTop = place + box.scrollHeight - height;
      else this.missed += added;
    } else {
      this.toEnd();
    }
    this.sayMissed();
    this.readOlder();
  }

  sayBegin(count) {
    const {state, more, problem} = this.conversation;
    const text = {new: 'Reading…', loading: count ? '' : 'Reading…', failed: problem,
                  unknown: 'Nothing was said yet.',
                  ready: more ? 'Reading older messages…'
                              : count ? 'The beginning of the conversation'
                              : 'Nothing was said yet.'};
    setText(this.top, text[state]);
  }

  // Elements for the items, in order; gives how many came at the end.
  put(items) {
    const wanted = new Set(['top']);
    let next = this.top.nextSibling;
    let day = 0, added = 0, author = '';
    const place = (key, signature, build) => {
      wanted.add(key);
      let part = this.parts.get(key);
      if (!part || part.signature !== signature) {
        const made = build(part?.element);
        if (part && part.element !== made) {
          if (next === part.element) next = next.nextSibling;
          part.element.remove();
        }
        if (!part && !key.startsWith('day ')) ++added;
        part = {element: made, signature};
        this.parts.set(key, part);
      }
      if (part.element === next) next = next.nextSibling;
      else this.box.insertBefore(part.element, next);
    };
    for (const item of items) {
      const itsDay = dayKey(item.at);
      if (itsDay !== day) {
        day = itsDay;
        author = '';
        place(`day ${day}`, dayName(item.at), () => dayMark(item.at));
      }
      const who = item.kind + (item.message?.sentBy ?? '') + (item.message?.agentName ?? '');
      const goesOn = who === author && item.kind === 'message';
      author = who;
      place(item.key, signatureOf(item, goesOn), (old) => this.build(item, goesOn, old));
    }
    for (const [key, part] of this.parts) {
      if (wanted.has(key)) continue;
      part.element.remove();
      this.parts.delete(key);
    }
    return added;
  }

  build(item, goesOn, old) {
    if (item.kind === 'call') return this.callBlock(item.call, old);
    if (item.kind === 'draft') return draftBlock(item.message);
    if (item.kind === 'sending') return this.sendingBlock(item.sent);
    return this.messageBlock(item.message, goesOn);
  }

  messageBlock(message, goesOn) {
    const kind = authors[message.sentBy] ?? 'system';
    const at = Date.parse(message.timestamp);
    if (message.type === 'system' && message.direction === 'internal')
      return make('p', {class: 'note-line', data: {id: message.id}},
                  make('span', {dir: 'auto'}, message.content), ' ', clock(at));
    const name = this.authorName(message);
    const superseded = message.errorCode === 'SUPERSEDED';
    return make('article', {
      class: `message ${kind}${goesOn ? ' goes-on' : ''}${superseded ? ' superseded' : ''}`,
      data: {id: message.id, at: message.timestamp},
      'aria-label': `${name}, ${timeOf(at)}`,
    },
    make('span', {class: 'face', 'aria-hidden': 'true'}, this.face(message, kind, name)),
    make('div', {class: 'bubble'},
         make('p', {class: 'author'}, name),
         message.content && make('p', {class: 'content', dir: 'auto'}, message.content),
         message.media?.length > 0 && make('ul', {class: 'media'}, message.media.map(mediaLine)),
         make('p', {class: 'foot'}, clock(at), statusMark(message))));
  }

  face({phoneNumber}, kind, name) {
    if (kind === 'ai') return 'AI';
    if (kind === 'human') return face(name === 'You' ? this.desk.me.name : name, '··');
    return face(this.conversation.lead?.customerName, phoneNumber);
  }

  authorName(message) {
    const {desk} = this;
    if (message.sentBy === 'user') return desk.customerName(this.conversation);
    if (message.sentBy === 'agent') return 'AI';
    if (message.sentBy === 'human_agent')
      return message.agentName === desk.me.name ? 'You' : message.agentName || 'Agent';
    return 'Tandem';
  }

  sendingBlock(sent) {
    const failed = sent.state === 'failed';
    return make('article', {class: `message human sending${failed ? ' failed' : ''}`,
                            'aria-label': `Your message, ${failed ? 'not sent' : 'on its way'}`},
    make('span', {class: 'face', 'aria-hidden': 'true'}, face(this.desk.me.name, '··')),
    make('div', {class: 'bubble'},
         make('p', {class: 'author'}, 'You'),
         make('p', {class: 'content', dir: 'auto'}, sent.text),
         make('p', {class: 'foot'},
              failed ? make('span', {class: 'status bad'}, icon('alert'), sent.problem)
                     : make('span', {class: 'status'}, icon('clock'), 'on its way')),
         failed && make('p', {class: 'again'},
                        make('button', {type: 'button', click: () => this.desk.sendAgain(sent)},
                             'Try again'),
                        make('button', {type: 'button', class: 'quiet',
                                        click: () => this.desk.takeBack(sent)},
                             'Back to the draft'))));
  }

  callBlock(call, old) {
    const open = old?.querySelector('details')?.open ?? false;
    const details = make('details', {open}, make('summary', {}, 'Transcript'),
                         make('div', {class: 'transcript'}));
    details.addEventListener('toggle', () => { if (details.open) readTranscript(call, details); });
    const started = Date.parse(call.startTime);
    const title = calls[call.callType] ?? 'Call';
    const told = call.active
      ? make('span', {class: 'running', data: {since: call.startTime}}, lasting(call.startTime))
      : make('span', {class: `outcome ${call.outcome ?? ''}`},
             [call.duration ? length(call.duration) : '', outcomes[call.outcome] ?? '']
                 .filter(Boolean).join(' · '));
    return make('section', {class: `call${call.active ? ' active' : ''}`, 'aria-label': title,
                            data: {id: call.callId}},
    make('header', {}, make('span', {class: 'disc'}, icon('phone')), make('strong', {}, title),
         told, clock(started)),
    call.summary && make('p', {class: 'summary', dir: 'auto'}, call.summary),
    call.active ? make('p', {class: 'soft'}, 'The call is running.') : details);
  }

  toEnd(focus = false) {
    this.atEnd = true;
    this.box.scrollTop = this.box.scrollHeight;
    this.missed = 0;
    this.sayMissed();
    if (focus) this.box.focus();
  }

  scrolled() {
    this.atEnd = this.fromEnd() <= atTheEnd;
    if (this.atEnd && this.missed) {
      this.missed = 0;
      this.sayMissed();
    }
    this.readOlder();
  }

  readOlder() {
    if (this.fresh || this.box.scrollTop > nearTheTop || !this.conversation?.more) return;
    if (Date.now() < this.notBefore) return;
    this.conversation.older().catch((refusal) => {
      this.notBefore = Date.now() + pauseMilliseconds;
      complain(refusal);
    });
  }

  sayMissed() {
    this.newerButton.hidden = this.missed === 0;
    setText(this.newerButton.lastChild, plural(this.missed, 'new line'));
  }
}

// Running calls, wherever they are on screen.
setInterval(() => {
  for (const running of document.querySelectorAll('[data-since]'))
    setText(running, lasting(running.dataset.since));
}, 1000);

const calls = {inbound: 'Call from the customer', outbound: 'Call to the customer'};
const outcomes = {success: 'went well', failure: 'went badly', unknown: 'ended',
                  failed: 'did not come about'};

function signatureOf({kind, message, call, sent}, goesOn) {
  if (kind === 'call') return `${call.active} ${call.duration} ${call.outcome} ${call.summary}`;
  if (kind === 'sending') return `${sent.state} ${sent.problem}`;
  return `${message.status} ${message.errorCode} ${goesOn}`;
}

function clock(at) {
  return make('time', {datetime: new Date(at).toISOString(), title: exactTime(at)}, timeOf(at));
}

function dayMark(at) {
  return make('h3', {class: 'day'}, make('span', {}, dayName(at)));
}

const marks = {
  queued: ['clock', 'queued'], sending: ['clock', 'sending'], sent: ['check', 'sent'],
  delivered: ['checks', 'delivered'], read: ['checks', 'read'], failed: ['alert', 'failed'],
  undelivered: ['alert', 'not delivered'], unknown: ['alert', 'not known whether it was sent'],
  expired: ['alert', 'too late to send'], superseded: ['close', 'superseded, never sent'],
};

function statusMark({status, direction, errorMessage, errorCode}) {
  if (direction !== 'outbound' || !marks[status]) return null;
  const [drawing, text] = errorCode === 'SUPERSEDED' ? marks.superseded : marks[status];
  const bad = drawing === 'alert';
  const why = errorMessage || errorCode;
  return make('span', {class: `status ${bad ? 'bad' : status}`, title: why},
              icon(drawing), bad && why ? `${text}: ${why}` : text);
}

function draftBlock(draft) {
  return make('article', {class: 'message ai superseded', data: {id: draft.id},
                          'aria-label': 'Superseded draft of the AI, never sent'},
  make('span', {class: 'face', 'aria-hidden': 'true'}, 'AI'),
  make('div', {class: 'bubble'},
       make('p', {class: 'author'}, 'AI draft, superseded and never sent'),
       make('p', {class: 'content', dir: 'auto'}, draft.content),
       make('p', {class: 'foot'}, clock(Date.parse(draft.timestamp)))));
}

// Shown as a link only: nothing is fetched from another host unless the agent asks for it.
function mediaLine({url, contentType}) {
  let link = null;
  try {
    link = new URL(url);
  } catch {
    // said as text
  }
  const safe = link && (link.protocol === 'https:' || link.protocol === 'http:');
  const words = `${contentType || 'File'}${safe ? ` at ${link.host}` : ''}`;
  return make('li', {}, icon('file'), safe
    ? make('a', {href: link.href, target: '_blank', rel: 'noopener noreferrer'}, words)
    : make('span', {}, words));
}

async function readTranscript(call, details) {
  const box = details.lastElementChild;
  if (box.childElementCount) return;
  box.append(make('p', {class: 'soft'}, 'Reading…'));
  try {
    const {call: record} = await get(`/api/calls/${encodeURIComponent(call.callId)}`);
    box.replaceChildren(...record.transcript.map((turn) =>
      make('p', {class: `turn ${authors[turn.role]}`},
           make('span', {class: 'second'}, length(turn.timeInCallSecs)),
           make('strong', {}, speakers[turn.role] ?? 'Tandem'),
           make('span', {dir: 'auto'}, turn.message))));
    if (!record.transcript.length)
      box.append(make('p', {class: 'soft'}, 'Nothing was written down.'));
  } catch (refusal) {
    box.replaceChildren(make('p', {class: 'note bad'}, refusal.message));
  }
}
