// The stream as it comes: raw events, the state of the line, and the line cut, lost, resumed
// or reset at will.

import {labelled} from './ask_in_dialog.js';
import {span} from './format.js';
import {make, setText} from './make.js';

const keptEvents = 500;
const alarms =
    new Set(['stream_reset', 'stream_end', 'needs_human', 'customer_opted_out', 'unreadable']);
const telling = ['message', 'status', 'reason', 'outcome', 'callType', 'agentName', 'keyword'];

export class StreamPanel {
  constructor(desk) {
    this.desk = desk;
    this.title = 'Stream';
    this.button = 'open-stream';
    this.events = [];  // newest first
    this.box = null;
    setInterval(() => this.figures(), 1000);
  }

  get line() {
    return this.desk.line;
  }

  hear(event, id) {
    this.events.unshift({event, id});
    if (this.events.length > keptEvents) this.events.pop();
    if (this.desk.side.mode !== 'stream' || !this.list) return;
    if (this.passes(event)) this.list.prepend(row(event, id));
    while (this.list.childElementCount > keptEvents) this.list.lastElementChild.remove();
    this.none.hidden = this.list.childElementCount > 0;
  }

  passes(event) {
    const words = this.filter.value.trim().toLowerCase();
    return !words || `${event.type} ${event.phoneNumber ?? ''}`.toLowerCase().includes(words);
  }

  show(box) {
    const figure = (name, id) => make('div', {}, make('dt', {}, name), make('dd', {id}));
    const button = (text, id, act) => make('button', {type: 'button', id, click: act}, text);
    this.from = make('input', {spellcheck: 'false', placeholder: 'the last one'});
    this.filter = make('input', {type: 'search', spellcheck: 'false', placeholder: 'all',
                                 input: () => this.fill()});
    this.list = make('ol', {class: 'events', id: 'events'});
    this.none = make('p', {class: 'soft'}, 'Nothing came yet.');
    box.replaceChildren(
      make('dl', {class: 'figures'},
           figure('line', 'stream-state'), figure('heard', 'stream-heard'),
           figure('events', 'stream-count'), figure('gaps', 'stream-gaps'),
           figure('doubles', 'stream-doubles'), figure('last id', 'stream-last')),
      make('div', {class: 'picks'},
           button('Cut', 'stream-cut', () => this.line.cut()),
           button('Resume', 'stream-resume', () => this.resume()),
           button('Lose', 'stream-lose', () => this.line.lose()),
           button('Reset', 'stream-reset', () => this.line.start('no-such-place')),
           button('Let expire', 'stream-expire', () => this.line.end('expired')),
           button('Clear', 'stream-clear', () => { this.events = []; this.fill(); })),
      make('p', {class: 'note'}, 'Lose is a bad network, Reset an id that nobody knows.'),
      make('div', {class: 'pair'}, labelled('Resume after id', this.from),
           labelled('Show only', this.filter)),
      this.none,
      make('div', {class: 'log', role: 'log', 'aria-label': 'Events, newest first', tabindex: '0'},
           this.list));
    this.fill();
    this.figures();
  }

  resume() {
    const from = this.from.value.trim();
    this.from.value = '';
    this.line.start(from || this.line.lastId);
  }

  fill() {
    this.list.replaceChildren(...this.events.filter(({event}) => this.passes(event))
        .map(({event, id}) => row(event, id)));
    this.none.hidden = this.list.childElementCount > 0;
  }

  figures() {
    if (this.desk.side.mode !== 'stream') return;
    const {line} = this;
    const set = (id, text, bad) => {
      const element = document.getElementById(id);
      setText(element, text);
      element.classList.toggle('bad', Boolean(bad));
    };
    set('stream-state', line.state, line.state === 'lost' || line.state === 'expired');
    set('stream-heard', line.running ? `${span(Date.now() - line.heardAt)} ago` : 'no line');
    set('stream-count', String(line.received));
    set('stream-gaps', String(line.gaps), line.gaps);
    set('stream-doubles', String(line.doubles), line.doubles);
    set('stream-last', line.lastId || 'none');
    const live = line.state === 'open' || line.state === 'waiting';
    document.getElementById('stream-cut').disabled = !live && line.state !== 'lost';
    document.getElementById('stream-lose').disabled = !live;
    document.getElementById('stream-resume').disabled = live;
  }

  render() {
    this.figures();
  }
}

function row(event, id) {
  const at = new Date(event.timestamp ?? NaN);
  const gist = telling.map((name) => event[name]).filter(Boolean).join(' · ').slice(0, 300);
  const details = make('details', {},
    make('summary', {},
         make('time', {}, Number.isNaN(at.getTime()) ? '--:--:--' : at.toLocaleTimeString('en-GB')),
         make('strong', {class: alarms.has(event.type) ? 'warn' : ''}, event.type),
         make('code', {title: id}, id ? `#${id.slice(id.lastIndexOf('-') + 1)}` : ''),
         make('span', {class: 'gist', dir: 'auto'},
              [event.phoneNumber, gist].filter(Boolean).join(' · '))));
  // The whole of it only when someone looks: it may be long.
  details.addEventListener('toggle', () => {
    if (!details.open || details.querySelector('pre')) return;
    details.append(make('pre', {}, (id ? `id: ${id}\n` : '') + JSON.stringify(event, null, 2)));
  });
  return make('li', {}, details);
}
