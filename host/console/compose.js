// The answer being written: kept for each conversation, and sent so that it arrives once.

import {controlPath, conversationPath, insist, passing} from './ask.js';
import {icon, make, setText} from './make.js';
import {plural} from './format.js';
import {segmentsOf} from './segments.js';
import {markAnswered} from './take_over.js';
import {complain, speak} from './tell.js';

const mostUnits = 1600;
const freshMilliseconds = 300_000;
const mostQueued = 50;   // shown
const mostMarked = 200;  // at once, by the API

export class Composer {
  constructor(form, desk) {
    Object.assign(this, {form, desk});
    this.prefix = `tandem.draft.${desk.me.organizationId}.${desk.me.subject}.`;
    this.conversation = null;
    this.lostTo = new Map();  // number → who took it while something was half written
    this.text = make('textarea', {id: 'answer', rows: 2, dir: 'auto', maxlength: mostUnits,
                                  'aria-label': 'Your answer',
                                  'aria-describedby': 'answer-count composer-why'});
    this.count = make('span', {id: 'answer-count', class: 'count'});
    this.why = make('p', {id: 'composer-why', class: 'why'});
    this.take = make('button', {type: 'button', id: 'take-over', 'aria-keyshortcuts': 't',
                                click: () => this.desk.act('join')},
                     'Take over', make('kbd', {}, 'T'));
    this.send = make('button', {class: 'main', 'aria-keyshortcuts': 'Enter'}, icon('send'), 'Send');
    this.queued = make('span', {});
    this.queueList = make('ul', {});
    this.queue = make('details', {class: 'queue', toggle: () => this.renderQueue()},
      make('summary', {}, this.queued), this.queueList,
      make('button', {type: 'button', click: () => this.needsNoAnswer(
        this.waiting().slice(-mostMarked).map(({id}) => id))},
           'None needs an answer'));
    form.append(this.queue, this.why, this.text,
                make('div', {class: 'under'}, this.count, this.take, this.send));
    this.text.addEventListener('input', () => this.written());
    this.text.addEventListener('blur', () => this.render());
    this.text.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.say();
    });
  }

  show(conversation) {
    this.conversation = conversation;
    this.text.value = sessionStorage.getItem(this.prefix + conversation.phoneNumber) ?? '';
    this.fit();
    this.render();
  }

  written() {
    this.keep(this.conversation.phoneNumber, this.text.value);
    this.fit();
    this.render();
  }

  keep(number, text) {
    if (text) sessionStorage.setItem(this.prefix + number, text);
    else sessionStorage.removeItem(this.prefix + number);
  }

  fit() {
    this.text.style.height = 'auto';
    this.text.style.height = `${Math.min(200, this.text.scrollHeight + 2)}px`;
  }

  // Whether something half written is here and somebody else took the conversation.
  taken(conversation, event) {
    const {me} = this.desk;
    const number = conversation.phoneNumber;
    if (event.agentId === me.subject) return this.lostTo.delete(number);
    if (sessionStorage.getItem(this.prefix + number)) this.lostTo.set(number, event.agentName);
    return null;
  }

  render() {
    const {conversation, desk} = this;
    if (!conversation) return;
    const {may, me} = desk;
    const session = conversation.humanControl;
    const mine = session?.agentId === me.subject;
    const known = conversation.state === 'ready' || conversation.state === 'unknown';
    this.form.hidden = !may('conversations:manage') && !may('conversations:write');
    const plain = !session && (!me.responder || !may('conversations:manage'));
    const open = known && !conversation.optedOut &&
      (mine ? may('conversations:manage') : plain && may('conversations:write'));
    // Were it disabled under who types, the next letters would be commands.
    this.text.readOnly = !open;
    this.text.disabled = !open && document.activeElement !== this.text;
    this.send.hidden = !open;
    this.take.hidden = open || !may('conversations:manage') || Boolean(session) || !known ||
                       conversation.optedOut;
    this.sayWhy(session, mine, open);
    const {units, count, unicode} = segmentsOf(this.text.value);
    this.send.disabled = !this.text.value.trim();
    setText(this.count, this.text.value
      ? `${units} ${unicode ? 'units' : 'characters'} · ${plural(count, 'segment')}`
      : open ? 'Enter sends, Shift+Enter starts a line' : '');
    this.text.placeholder = open ? `Write to ${desk.customerName(conversation)}` : '';
    this.form.classList.toggle('closed', !open && !this.text.value);
    this.renderQueue();
  }

  sayWhy(session, mine, open) {
    const {conversation, desk} = this;
    const kept = this.text.value ? ' Your text is kept here and was not sent.' : '';
    const lost = this.lostTo.get(conversation.phoneNumber);
    let why = '', warns = false;
    if (conversation.optedOut) {
      why = 'The customer opted out. Nothing may be sent until they write START.';
    } else if (session && !mine) {
      warns = Boolean(lost);
      const name = session.agentName || session.agentId;
      why = name + (lost ? ' took this conversation over.' : ' has this conversation.') + kept;
    } else if (!open && conversation.state !== 'loading') {
      why = desk.may('conversations:manage') ? `The AI answers here.${kept}` : 'You may read here.';
    }
    setText(this.why, why);
    this.why.hidden = !why;
    this.why.classList.toggle('warn', warns);
  }

  waiting() {
    const {humanControl, waiting} = this.conversation;
    const mine = humanControl?.agentId === this.desk.me.subject;
    return mine ? waiting.filter((one) => !one.processed) : [];
  }

  renderQueue() {
    const {queue} = this;
    const waiting = this.waiting();
    queue.hidden = waiting.length === 0;
    setText(this.queued, `${plural(waiting.length, 'customer message')} not answered yet`);
    if (!queue.open) return;
    const shown = waiting.slice(-mostQueued);
    const {children} = this.queueList;
    // What stays is not touched: a press or the focus may be on its button.
    for (const item of [...children])
      if (!shown.some((one) => one.id === item.dataset.id)) item.remove();
    shown.forEach(({id, content}, i) => {
      if (children[i]?.dataset.id === id) return;
      const item = make('li', {data: {id}},
        make('span', {dir: 'auto'}, content || 'A picture or file'),
        make('button', {type: 'button', click: () => this.needsNoAnswer([id])},
             'Needs no answer'));
      this.queueList.insertBefore(item, children[i] ?? null);
    });
  }

  needsNoAnswer(ids) {
    markAnswered(this.desk, this.conversation, ids).catch(complain);
  }

  say() {
    const {conversation} = this;
    const text = this.text.value.trim();
    if (!text || this.text.readOnly) return;
    const sent = {key: crypto.randomUUID(), text, at: Date.now(), state: 'going', problem: '',
                  held: Boolean(conversation.humanControl), id: '', shown: false,
                  after: conversation.newest()};
    conversation.sending.push(sent);
    this.text.value = '';
    this.written();
    this.go(conversation, sent);
    this.desk.refresh();
    this.desk.timeline.toEnd();
    this.text.focus();
  }

  async go(conversation, sent) {
    sent.state = 'going';
    const number = conversation.phoneNumber;
    // Until it is confirmed it is kept as the draft too: a page that is closed loses nothing.
    this.keepUnsure(conversation);
    try {
      const told = sent.held
        ? await insist(controlPath('send-message'), {phoneNumber: number, message: sent.text},
                       sent.key)
        : await insist(`${conversationPath(number)}/messages`, {message: sent.text}, sent.key);
      sent.id = told.messageId;
      sent.state = 'confirmed';
      // Its event comes by the line; where that is away, it is read.
      if (this.desk.line.state !== 'open') conversation.soon();
    } catch (refusal) {
      sent.state = 'failed';
      sent.again = passing(refusal);
      sent.problem = `Not sent. ${refusal.message}`;
      speak('Your message was not sent.');
    }
    this.keepUnsure(conversation);
    this.desk.refresh();
  }

  keepUnsure({phoneNumber, sending}) {
    const unsure = sending.filter((sent) => !sent.shown && sent.state !== 'confirmed')
        .map(({key, text, held, at, after}) => ({key, text, held, at, after}));
    this.keep(`${phoneNumber}.sending`, unsure.length ? JSON.stringify(unsure) : '');
  }

  // What was on its way when the page went: with its old key, so that it is not sent twice.
  recall(conversation) {
    let kept = [];
    try {
      const key = `${this.prefix}${conversation.phoneNumber}.sending`;
      kept = JSON.parse(sessionStorage.getItem(key));
    } catch {
      // nothing readable
    }
    for (const sent of kept ?? [])
      conversation.sending.push({...sent, state: 'failed', id: '', shown: false, again: true,
                                 problem: 'The page was closed while it was being sent.'});
  }

  // The line is back: so is what could not be sent for want of it. What is old is asked for.
  sendAgain(conversation) {
    for (const sent of conversation.sending) {
      const due = sent.state === 'failed' && sent.again && !sent.shown;
      if (due && Date.now() - sent.at < freshMilliseconds) this.go(conversation, sent);
    }
  }

  takeBack(sent) {
    const {conversation} = this;
    sent.shown = true;
    this.keepUnsure(conversation);
    this.text.value = [sent.text, this.text.value].filter(Boolean).join('\n');
    this.written();
    this.desk.refresh();
  }
}
