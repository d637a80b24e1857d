// Puts the page together: who is here, the one stream, the list, the conversation, the side.

import {Refusal, conversationPath, insist} from './ask.js';
import {labelled, openDialog} from './ask_in_dialog.js';
import {Composer} from './compose.js';
import {Conversation} from './conversation.js';
import {face, phone, plural} from './format.js';
import {Inbox} from './inbox.js';
import {StreamPanel} from './inspect_stream.js';
import {Line} from './listen.js';
import {find, icon, make, setText} from './make.js';
import {SandboxPanel} from './play_customer.js';
import {listenToKeys, showKeys} from './press_keys.js';
import {Head} from './show_head.js';
import {InboxList} from './show_inbox.js';
import {LeadPanel} from './show_lead.js';
import {Timeline} from './show_timeline.js';
import {Side} from './side.js';
import {enter, forgetToken, keptToken, leave, takeLink} from './sign_in.js';
import {complain, speak, toast} from './tell.js';
import * as control from './take_over.js';

const keptConversations = 12;  // live in memory, so that going back is at once
const searchMilliseconds = 200;

class Desk {
  constructor(me) {
    this.me = me;
    this.conversation = null;
    this.conversations = new Map();
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
    this.side = new Side({lead: new LeadPanel(this), sandbox: this.sandbox, stream: this.inspector});
    this.side.changed = () => this.renderConversation();
    this.complain = complain;
    this.announce = speak;
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
    setText(find('welcome-text'), plays
      ? 'Choose a conversation, or play the customer: write in the sandbox and watch the AI answer.'
      : 'Choose a conversation on the left.');
    find('welcome-act').hidden = !plays;
    setText(find('welcome-act'), 'Write as a customer');
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
    find('open-me').addEventListener('click', () => this.showMe());
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
    setInterval(() => this.countDown(), 1000);
  }

  // ---- what the stream tells

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
      for (const conversation of this.conversations.values()) this.composer.sendAgain(conversation);
    } else if (state === 'lost') {
      this.wasLost = true;
      this.countDown();
    } else if (state === 'cut') {
      this.banner('The line was cut on purpose. What you see gets old.', 'Resume',
                  () => this.line.start());
    } else if (state === 'expired') {
      this.expired();
    } else if (state === 'refused') {
      this.banner('This token may not listen to the conversations.', 'Sign in', () => this.signInAgain());
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
    if (conversation && event.type.startsWith('human_control_')) this.composer.taken(conversation, event);
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

  // ---- on screen

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
    return conversation.lead?.customerName ||
      this.inbox.rows.get(conversation.phoneNumber)?.customerName || phone(conversation.phoneNumber);
  }

  lineState() {
    return this.line.state;
  }

  toEnd() {
    this.timeline.toEnd();
  }

  focusComposer() {
    find('answer').focus();
  }

  // ---- which conversation

  openHash() {
    const given = new URLSearchParams(location.hash.slice(1));
    const number = given.get('phone');
    if (given.get('token')) return location.reload();
    if (number) this.openNumber(number.replace(/^ /, '+'), {remember: false});
    else if (this.conversation) this.close(false);
  }

  openNumber(number, {focus = true, remember = true} = {}) {
    if (this.conversation?.phoneNumber === number) return document.body.dataset.pane = 'conversation';
    let one = this.conversations.get(number);
    if (!one) {
      one = new Conversation(number, () => this.arrived(one));
      this.composer.recall(one);
      if (this.line.state === 'open') this.composer.sendAgain(one);
      const failed = () => this.refresh();
      one.load().catch(failed);
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
    document.body.dataset.pane = 'conversation';
    find('welcome').hidden = true;
    find('opened').hidden = false;
    this.inbox.look(number);
    this.list.select(number);
    this.head.signature = '';
    this.timeline.show(one);
    this.composer.show(one);
    this.refresh();
    if (focus && !find('answer').disabled) find('answer').focus();
    else if (focus) find('timeline').focus({preventScroll: true});
    return undefined;
  }

  arrived(one) {
    if (one !== this.conversation) return;
    this.refresh();
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

  // ---- verbs

  act(verb) {
    const run = this.verbs[verb];
    if (!run) return;
    const {conversation, may} = this;
    const session = conversation?.humanControl;
    const mine = session?.agentId === this.me.subject;
    const manage = may('conversations:manage');
    const needs = {
      'join': manage && conversation && !session, 'join with reason': manage && conversation && !session,
      'leave': manage && mine, 'leave with summary': manage && mine, 'transfer': manage && mine,
      'take call': manage && conversation?.activeCall,
      'force': may('admin') && session && !mine, 'write': conversation,
      'call': may('conversations:write') && this.me.voice && conversation && !session &&
              !conversation.activeCall && !conversation.optedOut,
      'new': may('conversations:write'),
      'sandbox': this.me.sandbox && may('conversations:write'), 'lead': conversation,
    };
    if (verb in needs && !needs[verb]) return;
    Promise.resolve(run(conversation)).catch((failure) => {
      complain(failure);
      conversation?.soon();
    });
  }

  verbs = {
    'next': () => this.stepTo(1), 'previous': () => this.stepTo(-1),
    'search': () => { document.body.dataset.pane = 'inbox'; find('search').select(); find('search').focus(); },
    'all': () => this.filter('all'), 'needs': () => this.filter('needs'),
    'mine': () => this.filter('mine'),
    'new': () => this.begin(),
    'write': () => this.focusComposer(),
    'join': (one) => control.join(this, one),
    'join with reason': (one) => control.joinWithReason(this, one),
    'leave': (one) => control.leave(this, one),
    'leave with summary': (one) => control.leaveWithSummary(this, one),
    'transfer': (one) => control.transfer(this, one),
    'force': (one) => control.forceBack(this, one),
    'call': (one) => control.placeCall(this, one),
    'take call': (one) => control.takeRunningCall(this, one),
    'lead': () => this.side.toggle('lead'), 'sandbox': () => this.side.toggle('sandbox'),
    'stream': () => this.side.toggle('stream'), 'help': () => showKeys(),
    'escape': () => this.escape(),
  };

  stepTo(steps) {
    const row = this.list.step(steps);
    if (row) this.openNumber(row.phoneNumber, {focus: false});
  }

  escape() {
    const at = document.activeElement;
    if (at === find('search') && find('search').value) {
      find('search').value = '';
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

  begin() {
    const number = make('input', {type: 'tel', required: true});
    const text = make('textarea', {rows: 3, required: true, maxlength: 1600, dir: 'auto'});
    const key = crypto.randomUUID();
    return openDialog({
      title: 'New conversation', button: 'Send',
      fields: [labelled('Number', number), labelled('Text', text)],
      act: async () => {
        const sent = await insist(`${conversationPath(number.value.trim())}/messages`,
                                  {message: text.value.trim()}, key);
        this.openNumber(sent.phoneNumber);
      },
    });
  }

  // ---- who is here

  expired() {
    if (this.signedOut) return;
    this.signedOut = true;
    this.banner('Your sign-in has expired. What you wrote is kept.', 'Sign in', () => this.signInAgain());
  }

  signInAgain() {
    const token = make('input', {type: 'password', required: true, autocomplete: 'off',
                                 spellcheck: 'false', id: 'token-again'});
    return openDialog({
      title: 'Sign in again', button: 'Sign in', fields: [labelled('Token', token)],
      act: async () => {
        const me = await enter(token.value.trim(), () => this.refusedCredential());
        const same = me.subject === this.me.subject && me.organizationId === this.me.organizationId &&
                     me.permissions.join() === this.me.permissions.join();
        if (!same) return location.reload();
        this.signedOut = false;
        find('banner').hidden = true;
        this.line.start();
        this.conversation?.soon();
        return undefined;
      },
    });
  }

  refusedCredential() {
    this.line.end('expired', 'the credential is over');
    this.expired();
  }

  showMe() {
    const {me} = this;
    return openDialog({
      title: me.name,
      fields: [
        make('dl', {class: 'facts'},
             [['Organisation', me.organizationName], ['Signed in as', me.subject],
              ['Numbers', me.numbers.map(phone).join(', ') || 'none'],
              ['May', me.permissions.join(', ')],
              ['Until', me.expiresAt ? new Date(me.expiresAt).toLocaleString() : 'revoked']]
                 .map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value)))),
        make('button', {type: 'button', id: 'sign-out', click: () => {
          leave();
          history.replaceState(null, '', location.pathname);
          location.reload();
        }}, 'Sign out'),
      ],
    });
  }
}

async function open(token) {
  const problem = find('token-problem');
  problem.textContent = '';
  try {
    let desk = null;
    const me = await enter(token, () => desk?.refusedCredential());
    desk = new Desk(me);
    await desk.start();
  } catch (failure) {
    if (!(failure instanceof Refusal)) throw failure;
    if (failure.status === 401) forgetToken();
    find('door').hidden = false;
    problem.textContent = failure.status === 403
      ? 'This token may not read conversations.' : failure.message;
    find('token').focus();
  }
}

find('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  const token = find('token').value.trim();
  find('token').value = '';
  open(token);
});

const token = takeLink() || keptToken();
if (token) {
  open(token);
} else {
  find('door').hidden = false;
  find('token').focus();
  addEventListener('hashchange', () => {
    const late = takeLink();
    if (late) open(late);
  }, {once: true});
}
