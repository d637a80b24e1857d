// The page of somebody who is signed in: what the stream tells goes to the list, the conversation
// and the side, and from there onto the screen.

import {Refusal} from './ask.js';
import {Composer} from './compose.js';
import {Conversation} from './conversation.js';
import {face, phone, plural} from './format.js';
import {Inbox} from './inbox.js';
import {StreamPanel} from './inspect_stream.js';
import {Line} from './listen.js';
import {find, icon, make, setText} from './make.js';
import {SandboxPanel} from './play_customer.js';
import {busy, listenToKeys, showKeys} from './press_keys.js';
import {Head} from './show_head.js';
import {InboxList} from './show_inbox.js';
import {LeadPanel} from './show_lead.js';
import {Timeline} from './show_timeline.js';
import {Side} from './side.js';
import {showMe, signInAgain} from './sign_in.js';
import {complain, speak, toast} from './tell.js';
import {act} from './verbs.js';

const keptConversations = 12;  // live in memory, so that going back is at once
const searchMilliseconds = 200;
const clickMilliseconds = 100;  // a click comes so soon behind its release

export class Desk {
  constructor(me) {
    this.me = me;
    this.conversation = null;
    this.conversations = new Map();
    this.under = null;  // what is being pressed
    this.signedOut = false;
    this.wasLost = false;
    this.inbox = new Inbox(me);
    this.inbox.changed = () => this.refresh();
    this.line = new Line(this);
    this.list = new InboxList(this.inbox, find('rows'), find('no-rows'),
                              (row) => this.openNumber(row.phoneNumber));
    this.timeline = new Timeline(find('timeline'), find('newer'), this);
    this.head = new Head(this);
    this.composer = new Composer(find('composer'), this);
    this.sandbox = new SandboxPanel(this);
    this.inspector = new StreamPanel(this);
    this.side = new Side({lead: new LeadPanel(this), sandbox: this.sandbox,
                          stream: this.inspector});
    this.side.changed = () => this.renderConversation();
  }

  may = (permission) =>
    this.me.permissions.includes('admin') || this.me.permissions.includes(permission);

  async start() {
    const {me} = this;
    setText(find('organization'), me.organizationName);
    find('open-me').replaceChildren(make('span', {class: 'avatar small', 'aria-hidden': 'true'},
                                         face(me.name, '··')),
                                    make('span', {class: 'word'}, me.name));
    find('open-sandbox').hidden = !me.sandbox || !this.may('conversations:write');
    find('new').hidden = !me.channel || !this.may('conversations:write');
    find('new').replaceChildren(icon('plus'));
    this.welcome();
    this.wire();
    find('door').hidden = true;
    find('desk').hidden = false;
    this.openHash();
    await this.loadInbox();
  }

  async loadInbox() {
    try {
      const position = await this.inbox.load();
      this.line.start(position);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      if (refusal.status === 401) return;
      this.banner(`${refusal.message} The conversations could not be read.`, 'Try again',
                  () => this.loadInbox());
      setTimeout(() => { if (this.line.state === 'idle') this.loadInbox(); }, 3000);
      return;
    }
    this.refresh();
  }

  welcome() {
    const plays = !find('open-sandbox').hidden;
    if (plays) setText(find('welcome-text'),
                       'Choose a conversation, or write as a customer and see the AI answer.');
    find('welcome-act').hidden = !plays;
    find('welcome-act').addEventListener('click', () => this.side.show('sandbox'));
  }

  wire() {
    const search = find('search');
    let timer = 0;
    search.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.search(search.value.trim()), searchMilliseconds);
    });
    search.addEventListener('keydown', (event) => {
      if (event.key === 'ArrowDown' || event.key === 'Enter') {
        event.preventDefault();
        find('rows').focus();
        if (!this.list.cursor || event.key === 'ArrowDown') this.list.step(0);
      }
    });
    for (const button of document.querySelectorAll('[data-filter]'))
      button.addEventListener('click', () => this.filter(button.dataset.filter));
    find('open-sandbox').addEventListener('click', () => this.side.toggle('sandbox'));
    find('open-stream').addEventListener('click', () => this.side.toggle('stream'));
    find('open-help').addEventListener('click', () => showKeys());
    find('open-me').addEventListener('click', () => showMe(this));
    find('new').addEventListener('click', () => this.act('new'));
    find('skip').addEventListener('click', (event) => {
      event.preventDefault();
      find('timeline').focus();
    });
    addEventListener('popstate', () => this.openHash());
    addEventListener('hashchange', () => this.openHash());
    addEventListener('online', () => { if (this.line.state === 'lost') this.line.start(); });
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState !== 'visible' || !this.conversation) return;
      this.inbox.look(this.conversation.phoneNumber);
      this.refresh();
    });
    listenToKeys((verb) => this.act(verb));
    this.heedPresses();
    setInterval(() => this.countDown(), 1000);
  }

  heedPresses() {
    let timer = 0;
    const release = () => {
      clearTimeout(timer);
      if (!this.under) return;
      this.under = null;
      this.refresh();
    };
    addEventListener('pointerdown', ({target}) => {
      clearTimeout(timer);
      this.under = target;
    });
    for (const end of ['pointerup', 'pointercancel', 'contextmenu'])
      addEventListener(end, () => { timer = setTimeout(release, clickMilliseconds); });
    addEventListener('click', release);
  }

  // Then it is not built anew: the click would be lost.
  presses(box) {
    return box.contains(this.under);
  }

  state(state) {
    const texts = {waiting: 'connecting', open: 'live', lost: 'reconnecting', cut: 'cut',
                   expired: 'signed out', refused: 'refused'};
    find('line').dataset.state = state;
    setText(find('line-text'), texts[state] ?? state);
    if (state === 'open') {
      find('banner').hidden = true;
      this.signedOut = false;
      if (this.wasLost) toast('Connected again; nothing was missed.', 'good');
      this.wasLost = false;
      for (const conversation of this.conversations.values()) {
        if (conversation.stale) conversation.soon();
        this.composer.sendAgain(conversation);
      }
    } else if (state === 'lost') {
      this.wasLost = true;
      this.countDown();
    } else if (state === 'cut') {
      this.banner('The line was cut on purpose. What you see gets old.', 'Resume',
                  () => this.line.start());
    } else if (state === 'expired') {
      this.expired();
    } else if (state === 'refused') {
      this.banner('This token may not listen to the conversations.', 'Sign in',
                  () => signInAgain(this));
    }
    this.inspector.render();
  }

  countDown() {
    if (this.line.state !== 'lost') return;
    const seconds = Math.max(0, Math.ceil((this.line.retryAt - Date.now()) / 1000));
    // The seconds stand on the button: told each second they would drown what is read aloud.
    this.banner('Connection lost. What you see may be old; the page comes back by itself.',
                seconds ? `Try now (${seconds} s)` : 'Trying…', () => this.line.start());
  }

  event(event, id, place) {
    this.inspector.hear(event, id);
    this.sandbox.hear(event);
    if (event.type === 'stream_reset') return void this.readAnew();
    if (!place) return;
    this.inbox.apply(event, place);
    const conversation = this.conversations.get(event.phoneNumber);
    conversation?.apply(event, place);
    if (conversation && event.type.startsWith('human_control_'))
      this.composer.taken(conversation, event);
    this.tellOf(event);
  }

  flushed() {
    this.refresh();
  }

  // What the agent shall know of even when looking elsewhere.
  tellOf(event) {
    const {me} = this;
    const here = this.conversation?.phoneNumber === event.phoneNumber;
    const row = this.inbox.rows.get(event.phoneNumber);
    const name = row?.customerName || phone(event.phoneNumber ?? '');
    const open = here ? null : {text: 'Open', act: () => this.openNumber(event.phoneNumber)};
    if (event.type === 'human_control_transferred' && event.agentId === me.subject &&
        event.fromAgentId !== me.subject)
      toast(`${event.fromAgentName || event.fromAgentId} gave you ${name}.`, 'good', open);
    if (event.type === 'needs_human' && this.may('conversations:manage'))
      toast(`${name} needs a human.`, 'warn', open);
    if (event.type === 'human_control_started' && here && event.agentId !== me.subject)
      toast(`${event.agentName || event.agentId} took this conversation over.`, 'warn');
    if (event.type === 'human_control_timeout' && event.session.agentId === me.subject)
      toast(`You held ${name} for too long without a word; it is released.`, 'warn', open);
  }

  async readAnew() {
    toast('The stream began anew; everything is read again.', 'warn');
    for (const number of this.conversations.keys())
      if (number !== this.conversation?.phoneNumber) this.conversations.delete(number);
    if (this.conversation) {
      this.conversation.place = null;
      this.conversation.messages.clear();
      this.conversation.calls.clear();
      this.conversation.before = undefined;
      this.conversation.soon();
    }
    await this.inbox.load().catch(complain);
  }

  refresh() {
    this.list.render();
    this.renderConversation();
    const unread = this.inbox.unread();
    setText(document.querySelector('title'), unread ? `(${unread}) Tandem` : 'Tandem');
  }

  renderConversation() {
    if (this.conversation) {
      this.head.render(this.conversation);
      this.composer.render();
      this.timeline.render();
    }
    this.side.render();
  }

  banner(text, button, act) {
    setText(find('banner-text'), text);
    setText(find('banner-act'), button);
    find('banner-act').onclick = act;
    find('banner').hidden = false;
  }

  customerName(conversation) {
    const {lead, phoneNumber} = conversation;
    return lead?.customerName || this.inbox.rows.get(phoneNumber)?.customerName ||
      phone(phoneNumber);
  }

  focusComposer() {
    find('answer').focus();
  }

  openHash() {
    const given = new URLSearchParams(location.hash.slice(1));
    const number = given.get('phone');
    if (given.get('token')) return location.reload();
    if (number) this.openNumber(number.replace(/^ /, '+'), {remember: false});
    else if (this.conversation) this.close(false);
  }

  openNumber(number, {focus = true, remember = true} = {}) {
    document.body.dataset.pane = 'conversation';
    let one = this.conversations.get(number);
    if (one?.stale) one.soon();
    if (this.conversation?.phoneNumber === number) return;
    if (!one) {
      one = new Conversation(number, this.me, () => {
        if (one !== this.conversation) return;
        if (one.normal && one.normal !== number) this.openNumber(one.normal, {focus: !busy()});
        else this.refresh();
      });
      this.composer.recall(one);
      if (this.line.state === 'open') this.composer.sendAgain(one);
      one.load();
    }
    this.conversations.delete(number);
    this.conversations.set(number, one);
    for (const [old, kept] of this.conversations) {
      if (this.conversations.size <= keptConversations) break;
      if (!kept.sending.some((sent) => !sent.shown)) this.conversations.delete(old);
    }
    const before = this.conversation;
    this.conversation = one;
    if (remember) {
      const place = `#${new URLSearchParams({phone: number})}`;
      if (before) history.replaceState(null, '', place);
      else history.pushState(null, '', place);
    }
    find('welcome').hidden = true;
    find('opened').hidden = false;
    this.inbox.look(number);
    this.list.select(number);
    this.head.signature = '';
    this.timeline.show(one);
    this.composer.show(one);
    this.refresh();
    if (focus && !find('answer').readOnly) find('answer').focus();
    else if (focus) find('timeline').focus({preventScroll: true});
  }

  close(remember = true) {
    this.conversation = null;
    this.inbox.look('');
    if (remember) history.pushState(null, '', location.pathname);
    document.body.dataset.pane = 'inbox';
    find('opened').hidden = true;
    find('welcome').hidden = false;
    if (this.side.mode === 'lead') this.side.show('');
    this.list.select('');
    find('rows').focus();
  }

  async search(words) {
    this.inbox.words = words;
    find('rows').scrollTop = 0;
    this.refresh();
    if (!this.inbox.view.complete) await this.inbox.more().catch(complain);
    this.refresh();
    const {length} = this.list.rows;
    speak(words ? `${plural(length, 'conversation')} found` : '');
  }

  filter(name) {
    this.inbox.filter = name;
    for (const button of document.querySelectorAll('[data-filter]'))
      button.setAttribute('aria-pressed', String(button.dataset.filter === name));
    find('rows').scrollTop = 0;
    this.refresh();
  }

  act(verb) {
    act(this, verb);
  }

  stepTo(steps) {
    const row = this.list.step(steps);
    if (row) this.openNumber(row.phoneNumber, {focus: false});
  }

  focusSearch() {
    document.body.dataset.pane = 'inbox';
    find('search').select();
    find('search').focus();
  }

  escape() {
    const at = document.activeElement;
    if (at === find('search') && at.value) {
      at.value = '';
      this.search('');
    } else if (at?.matches('input, textarea') && !at.closest('#side')) {
      find(this.conversation ? 'timeline' : 'rows').focus();
    } else if (this.side.mode) {
      this.side.show('');
    } else if (document.body.dataset.pane === 'conversation' && find('back').offsetParent) {
      this.close();
    } else {
      find('rows').focus();
    }
  }

  sendAgain(sent) {
    this.composer.go(this.conversation, sent);
    this.refresh();
  }

  takeBack(sent) {
    this.composer.takeBack(sent);
  }

  // The credential is over; the page stays as it is.
  expired() {
    if (this.signedOut) return;
    this.signedOut = true;
    this.banner('Your sign-in has expired. What you wrote is kept.', 'Sign in',
                () => signInAgain(this));
  }

  refusedCredential() {
    this.line.end('expired');
    this.expired();
  }
}
