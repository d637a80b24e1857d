// The list of conversations: only the rows in sight are elements, however many there are.

import {icon, make, setText} from './make.js';
import {face, lasting, listTime, needsReason, phone, span} from './format.js';

const rowHeight = 76;
const spareRows = 6;      // above and below what is in sight
const nearTheEnd = 60;    // rows; then the next page is read

export class InboxList {
  // `choose(row)` opens a conversation.
  constructor(inbox, list, nothing, choose) {
    Object.assign(this, {inbox, list, nothing, choose});
    this.space = make('div', {class: 'space', role: 'presentation'});
    list.replaceChildren(this.space);
    this.shown = new Map();  // number → element
    this.rows = [];
    this.selected = '';
    this.cursor = '';        // the row that the keyboard is at
    list.addEventListener('scroll', () => this.paint(), {passive: true});
    list.addEventListener('click', (event) => {
      const item = event.target.closest('[role=option]');
      const row = item && this.inbox.rows.get(item.dataset.number);
      if (row) this.choose(row);
    });
    list.addEventListener('keydown', (event) => this.press(event));
    new ResizeObserver(() => this.paint()).observe(list);
    setInterval(() => this.paint(), 15_000);  // waiting times
  }

  render() {
    const before = this.list.scrollTop > 0 ? this.rows[this.firstInSight()] : null;
    this.rows = this.inbox.list();
    this.space.style.height = `${this.rows.length * rowHeight}px`;
    if (before) this.keepPlace(before);
    this.paint();
    const none = this.rows.length === 0;
    this.nothing.hidden = !none;
    if (none) setText(this.nothing, this.emptyText());
  }

  // What moved to the top does not push away what is being read.
  keepPlace(row) {
    const now = this.rows.indexOf(row);
    const was = this.firstInSight();
    if (now > was) this.list.scrollTop += (now - was) * rowHeight;
  }

  firstInSight() {
    return Math.floor(this.list.scrollTop / rowHeight);
  }

  emptyText() {
    const view = this.inbox.view;
    if (view.failed) return view.failed;
    if (!view.complete) return 'Reading…';
    if (this.inbox.words) return 'Nobody of this name or number.';
    if (this.inbox.filter === 'needs') return 'Nobody waits for a human. ';
    if (this.inbox.filter === 'mine') return 'You hold no conversation.';
    return 'No conversation yet.';
  }

  paint() {
    const first = Math.max(0, this.firstInSight() - spareRows);
    const end = Math.min(this.rows.length, first + 2 * spareRows +
                         Math.ceil(this.list.clientHeight / rowHeight) + 1);
    const now = Date.now();
    const wanted = new Set();
    for (let place = first; place < end; ++place) {
      const row = this.rows[place];
      wanted.add(row.phoneNumber);
      let item = this.shown.get(row.phoneNumber);
      if (!item) {
        item = new Row(row.phoneNumber);
        this.shown.set(row.phoneNumber, item);
        this.space.append(item.element);
      }
      item.show(row, this.inbox.me, now);
      item.place(place, this.rows.length, row.phoneNumber === this.selected,
                 row.phoneNumber === this.cursor);
    }
    for (const [number, item] of this.shown) {
      if (wanted.has(number)) continue;
      item.element.remove();
      this.shown.delete(number);
    }
    this.order(first, end);
    const current = this.shown.get(this.cursor);
    if (current) this.list.setAttribute('aria-activedescendant', current.element.id);
    else this.list.removeAttribute('aria-activedescendant');
    if (end > this.rows.length - nearTheEnd) this.readOn();
  }

  // Screen readers go by the order of the elements.
  order(first, end) {
    let next = this.space.firstChild;
    for (let place = first; place < end; ++place) {
      const {element} = this.shown.get(this.rows[place].phoneNumber);
      if (element === next) next = next.nextSibling;
      else this.space.insertBefore(element, next);
    }
  }

  readOn() {
    const view = this.inbox.view;
    if (view.complete || view.reading || view.failed) return;
    this.inbox.more().catch((refusal) => {
      view.failed = refusal.message;
      this.render();
    });
  }

  select(number) {
    this.selected = this.cursor = number;
    this.paint();
    this.intoSight();
  }

  intoSight() {
    const place = this.rows.findIndex((row) => row.phoneNumber === this.cursor);
    if (place < 0) return;
    const top = place * rowHeight;
    if (top < this.list.scrollTop) this.list.scrollTop = top;
    else if (top + rowHeight > this.list.scrollTop + this.list.clientHeight)
      this.list.scrollTop = top + rowHeight - this.list.clientHeight;
  }

  // By `steps` rows; gives the row.
  step(steps) {
    const at = this.rows.findIndex((row) => row.phoneNumber === this.cursor);
    const next = at < 0 ? 0 : Math.min(this.rows.length - 1, Math.max(0, at + steps));
    const row = this.rows[next];
    if (!row) return null;
    this.cursor = row.phoneNumber;
    this.intoSight();
    this.paint();
    return row;
  }

  press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(this.list.clientHeight / rowHeight) - 1);
    const steps = {ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity,
                   End: Infinity}[event.key];
    if (steps !== undefined) {
      event.preventDefault();
      this.step(steps);
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      const row = this.inbox.rows.get(this.cursor) ?? this.rows[0];
      if (row) this.choose(row);
    }
  }
}

let made = 0;

class Row {
  constructor(number) {
    this.avatar = make('span', {class: 'avatar', 'aria-hidden': 'true'});
    this.name = make('strong', {class: 'name', dir: 'auto'});
    this.time = make('time', {});
    this.words = make('span', {class: 'words', dir: 'auto'});
    this.unread = make('span', {class: 'unread'});
    this.marks = make('span', {class: 'marks'});
    this.element = make('div', {class: 'row', role: 'option', id: `row-${++made}`,
                                data: {number}},
                        this.avatar,
                        make('span', {class: 'first'}, this.name, this.time),
                        make('span', {class: 'second'}, this.words, this.unread),
                        this.marks);
    this.marked = '';
  }

  place(place, count, selected, current) {
    const {element} = this;
    element.style.transform = `translateY(${place * rowHeight}px)`;
    element.setAttribute('aria-posinset', place + 1);
    element.setAttribute('aria-setsize', count);
    element.setAttribute('aria-selected', selected);
    element.classList.toggle('current', current);
  }

  show(row, me, now) {
    const name = row.customerName || phone(row.phoneNumber);
    setText(this.name, name);
    setText(this.avatar, face(row.customerName, row.phoneNumber));
    setText(this.time, listTime(row.at, now));
    setText(this.words, lastWords(row, me));
    setText(this.unread, row.unread ? String(row.unread) : '');
    this.unread.setAttribute('aria-label', row.unread ? `${row.unread} unread` : '');
    this.element.classList.toggle('fresh', row.unread > 0);
    this.mark(row, me, now);
  }

  mark(row, me, now) {
    const marks = [];
    if (row.activeCall)
      marks.push(['call', 'On a call ', 'phone', row.activeCall.startTime]);
    const {kind, text} = holder(row, me);
    marks.push([kind, text]);
    if (row.needsHuman && !row.humanControl)
      marks.push(['needs', needsReason(row.needsHumanReason) || 'needs a human', 'alert']);
    if (row.optedOut) marks.push(['out', 'opted out']);
    if (row.waitingSince) marks.push(['waits', `waits ${span(now - row.waitingSince)}`, 'clock']);
    const signature = marks.join('\n');
    if (signature === this.marked) return;
    this.marked = signature;
    this.marks.replaceChildren(...marks.map(([kind, text, drawing, since]) =>
      make('span', {class: `mark-${kind}`}, drawing && icon(drawing), text,
           since && make('span', {data: {since}}, lasting(since)))));
  }
}

// Who has a conversation.
export function holder(row, me) {
  const session = row.humanControl;
  if (session?.agentId === me.subject) return {kind: 'mine', text: 'You'};
  if (session) return {kind: 'other', text: session.agentName || session.agentId};
  return me.responder ? {kind: 'ai', text: 'AI'} : {kind: 'nobody', text: 'Nobody'};
}

function lastWords(row, me) {
  const last = row.lastMessage;
  if (!last) return '';
  const words = last.content || (last.media?.length ? 'A picture or file' : '');
  if (last.type === 'voice') return `Call: ${words}`;
  const human = last.agentName === me.name ? 'You' : last.agentName ?? 'Agent';
  const author = {agent: 'AI', human_agent: human}[last.sentBy];
  return (author ? `${author}: ` : '') + words.slice(0, 200);
}
