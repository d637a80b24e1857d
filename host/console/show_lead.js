// Who the customer is: read, and edited where that is allowed.

import {ask} from './ask.js';
import {labelled} from './ask_in_dialog.js';
import {fact, make} from './make.js';
import {exactTime, needsReason, phone, plural} from './format.js';
import {toast} from './tell.js';

export class LeadPanel {
  constructor(desk) {
    this.desk = desk;
    this.title = 'Customer';
    this.button = 'show-lead';
    this.forms = new Map();  // by number: what is being edited, while others are open too
  }

  show(box) {
    this.box = box;
    this.signature = '';
    this.render();
  }

  render() {
    const {desk, box} = this;
    const one = desk.conversation;
    if (!box || desk.presses(box)) return;
    const form = this.forms.get(one?.phoneNumber);
    if (form) {
      this.signature = '';
      if (!box.contains(form)) box.replaceChildren(form);
      return;
    }
    const signature = one ? JSON.stringify([
      one.phoneNumber, one.lead, one.summary, one.counts, one.optedOut, one.needsHuman,
      one.humanControl]) : '';
    if (signature === this.signature && one) return;
    this.signature = signature;
    box.replaceChildren(...(one ? this.parts(one)
                                : [make('p', {class: 'soft'}, 'Open a conversation.')]));
  }

  parts(one) {
    const {lead, summary, counts, optedOut, humanControl} = one;
    const attributes = Object.entries(lead?.attributes ?? {});
    const may = lead && this.desk.may('leads:write');
    return [
      make('dl', {class: 'facts'},
           known('Name', lead?.customerName),
           known('Number', phone(one.phoneNumber)),
           known('E-mail', lead?.email),
           known('Status', lead?.leadStatus),
           known('Source', lead?.source?.replaceAll('_', ' ')),
           known('Texts', optedOut ? 'opted out: nothing may be sent' : 'allowed',
                 optedOut && 'bad'),
           one.needsHuman && known('Needs a human', needsReason(one.needsHumanReason), 'warn'),
           humanControl && known('Held by', humanControl.agentName || humanControl.agentId),
           known('So far', `${plural(counts.messages, 'message')}, ` +
                           plural(counts.calls, 'call')),
           lead && known('Since', exactTime(Date.parse(lead.createdAt)))),
      attributes.length > 0 && make('h3', {}, 'Attributes'),
      attributes.length > 0 && make('dl', {class: 'facts'}, attributes.map(([name, value]) =>
        known(name, typeof value === 'string' ? value : JSON.stringify(value)))),
      summary && make('h3', {}, 'Summary'),
      summary && make('p', {class: 'summary', dir: 'auto'}, summary),
      may && make('button', {type: 'button', id: 'edit-lead', click: () => this.edit(one)}, 'Edit'),
    ].filter(Boolean);
  }

  edit(one) {
    const {lead} = one;
    const field = (value, more = {}) =>
      make('input', {value: value ?? '', maxlength: 1024, dir: 'auto', ...more});
    const name = field(lead.customerName, {autocomplete: 'off'});
    const email = field(lead.email, {type: 'email', autocomplete: 'off'});
    const status = field(lead.leadStatus);
    const attributes = make('textarea', {rows: 5, spellcheck: 'false',
                                         value: linesOf(lead.attributes)});
    const problem = make('p', {class: 'note bad', role: 'alert'});
    const done = () => {
      this.forms.delete(one.phoneNumber);
      this.signature = '';
      this.render();
    };
    const form = make('form', {
      class: 'lead-form', autocomplete: 'off',
      submit: async (event) => {
        event.preventDefault();
        problem.textContent = '';
        try {
          const body = {
            customerName: name.value.trim() || null, email: email.value.trim() || null,
            leadStatus: status.value.trim() || null,
            attributes: attributesOf(attributes.value, lead.attributes),
          };
          const {data} = await ask('PATCH', `/api/leads/${encodeURIComponent(lead.id)}`, {body});
          one.lead = data.lead;
          done();
          toast('Saved.');
          this.desk.refresh();
        } catch (failure) {
          problem.textContent = failure.message;
        }
      },
    },
    labelled('Name', name), labelled('E-mail', email), labelled('Status', status),
    labelled('Attributes', attributes, 'One a line: name = value'), problem,
    make('footer', {}, make('button', {type: 'button', click: done}, 'Cancel'),
         make('button', {class: 'main'}, 'Save')));
    this.forms.set(one.phoneNumber, form);
    this.box.replaceChildren(form);
    name.focus();
  }
}

const known = (name, value, kind) =>
  fact(name, value || 'not known', kind || (value ? '' : 'soft'));

const shown = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

const linesOf = (attributes) =>
  Object.entries(attributes ?? {}).map(([name, value]) => `${name} = ${shown(value)}`).join('\n');

// A value that was no text and was not touched keeps its kind.
function attributesOf(lines, before) {
  const made = {};
  for (const line of lines.split('\n')) {
    if (!line.trim()) continue;
    const mark = line.indexOf('=');
    if (mark < 1) throw new Error(`“${line.trim()}” is not name = value.`);
    const name = line.slice(0, mark).trim();
    const value = line.slice(mark + 1).trim();
    const old = before?.[name];
    made[name] = old !== undefined && shown(old) === value ? old : value;
  }
  return made;
}
