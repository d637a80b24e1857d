// The sandbox: the agent plays the customer, and sees what the AI makes of it.

import {post} from './ask.js';
import {labelled} from './ask_in_dialog.js';
import {fact, find, make, setText} from './make.js';
import {phone} from './format.js';

const numberKey = 'tandem.sandbox';
const ideas = ['Hello, when do you open?', 'Is my bike ready?', 'I want to talk to a person',
               'STOP', 'START'];
const exampleCall = 'customer: Hello, do you repair brakes?\n' +
                    'agent: We do. When would you like to bring your bike?\n' +
                    'customer: Tomorrow morning, please.';

export class SandboxPanel {
  constructor(desk) {
    this.desk = desk;
    this.title = 'Sandbox: play the customer';
    this.button = 'open-sandbox';
    this.sentAt = 0;
  }

  show(box) {
    const {desk} = this;
    this.from = make('input', {type: 'tel', required: true, spellcheck: 'false',
                               value: this.someone()});
    this.text = make('textarea', {rows: 3, dir: 'auto', required: true, id: 'sandbox-text'});
    this.text.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.text.form.requestSubmit();
    });
    this.note = make('p', {class: 'note', role: 'status', id: 'sandbox-note'});
    this.turns = make('textarea', {rows: 5, dir: 'auto', value: exampleCall});
    this.summary = make('input', {dir: 'auto', value: 'Wants the brakes repaired tomorrow.'});
    box.replaceChildren(
      make('p', {class: 'soft'},
           'Write as a customer; the AI answers. Nothing leaves this machine.'),
      labelled('Customer’s number', this.from),
      make('form', {id: 'sandbox-write', submit: (event) => this.write(event)},
           labelled('Text', this.text),
           make('div', {class: 'picks'}, ideas.map((idea) =>
             make('button', {type: 'button', click: () => this.propose(idea)}, idea))),
           make('button', {class: 'main wide'}, 'Send as the customer')),
      this.note,
      make('details', {class: 'play-call'}, make('summary', {}, 'Call as the customer'),
           make('form', {id: 'sandbox-call', submit: (event) => this.call(event)},
                labelled('What is said', this.turns, 'One turn a line: customer: … or agent: …'),
                labelled('Summary', this.summary),
                make('button', {class: 'wide'}, 'Make the call'))),
      make('details', {class: 'play-words'}, make('summary', {}, 'Words the sandbox knows'),
           make('dl', {class: 'facts'}, words.map(([word, what]) => fact(word, what)))));
    if (!desk.me.sandbox) this.note.textContent = 'No sandbox is configured.';
    this.text.focus();
  }

  // A number that nobody has (555-01xx is kept for stories).
  someone() {
    return this.desk.conversation?.phoneNumber ?? sessionStorage.getItem(numberKey) ??
      `+1 415 555 01${String(Math.floor(Math.random() * 90) + 10)}`;
  }

  propose(idea) {
    this.text.value = idea;
    this.text.focus();
  }

  who() {
    const from = this.from.value.trim();
    sessionStorage.setItem(numberKey, from);
    return from;
  }

  async write(event) {
    event.preventDefault();
    const text = this.text.value;
    this.text.value = '';  // at once: the next one may be typed already
    this.text.focus();
    this.say('Sending…');
    this.sentAt = performance.now();
    try {
      const {from} = await post('/api/sandbox/messages', {from: this.who(), text});
      this.number = from;
      this.say('Received. The AI reads it…');
      this.look(from);
    } catch (failure) {
      if (!this.text.value) this.text.value = text;
      this.say(failure.message, true);
    }
  }

  async call(event) {
    event.preventDefault();
    try {
      const turns = this.turns.value.split('\n').filter((line) => line.trim()).map((line) => {
        const [, role, message] = /^\s*(customer|agent|ai)\s*:\s*(.*)$/i.exec(line) ?? [];
        if (!role) throw new Error(`“${line.trim()}” begins with neither customer: nor agent:.`);
        return {role: role.toLowerCase() === 'customer' ? 'user' : 'agent', message};
      });
      const {from} = await post('/api/sandbox/calls',
                                {from: this.who(), turns, summary: this.summary.value});
      this.say('The call is over; it stands in the conversation.');
      this.look(from);
    } catch (failure) {
      this.say(failure.message, true);
    }
  }

  look(number) {
    if (document.activeElement === find('answer')) return;  // an answer is being written
    this.desk.openNumber(number, {focus: false});
    // On a phone the panel would hide what happens.
    if (matchMedia('(max-width: 760px)').matches) this.desk.side.show('');
  }

  hear(event) {
    const answers = event.type === 'ai_message_sent' && event.phoneNumber === this.number;
    if (!answers || !this.sentAt) return;
    const seconds = (performance.now() - this.sentAt) / 1000;
    this.sentAt = 0;
    this.say(`The AI answered ${phone(this.number)} after ${seconds.toFixed(1)} s.`);
  }

  say(text, bad = false) {
    setText(this.note, text);
    this.note.classList.toggle('bad', bad);
  }
}

const words = [
  ['person', 'the AI asks for a human'], ['hours', 'the AI tells the opening hours'],
  ['slow …', 'the AI takes five seconds'], ['fail …', 'the AI fails'],
  ['STOP', 'opts out'], ['START', 'opts in again'],
];
