// Above the timeline: who it is, who has it, and what may be done.

import {find, icon, make} from './make.js';
import {face, lasting, needsReason, phone} from './format.js';
import {holder} from './show_inbox.js';
import {can} from './verbs.js';

// One press does it; the small one beside it asks for a reason or a summary first.
function split(text, key, once, asks, label) {
  return make('span', {class: 'split'},
    make('button', {type: 'button', class: 'main', click: once, id: `key-${key}`,
                    'aria-keyshortcuts': key.toLowerCase()}, text, make('kbd', {}, key)),
    make('button', {type: 'button', class: 'icon main', click: asks, id: `key-Shift-${key}`,
                    'aria-label': label,
                    'aria-keyshortcuts': `Shift+${key}`, title: label}, icon('more')));
}

export class Head {
  constructor(desk) {
    this.desk = desk;
    this.signature = '';
  }

  render(conversation) {
    const {desk} = this;
    const name = desk.customerName(conversation);
    const {humanControl, activeCall, optedOut, needsHuman, needsHumanReason, state} = conversation;
    const signature = JSON.stringify([
      conversation.phoneNumber, name, humanControl?.sessionId, humanControl?.agentId, optedOut,
      needsHuman, needsHumanReason, activeCall?.startTime, state, desk.side.mode,
    ]);
    if (signature === this.signature || desk.presses(find('head'))) return;
    this.signature = signature;
    const focused = document.activeElement?.closest('#head') && document.activeElement.id;
    const {kind, text} = holder(conversation, desk.me);
    const number = phone(conversation.phoneNumber);
    find('head').replaceChildren(
      make('button', {type: 'button', class: 'icon quiet back', id: 'back',
                      'aria-label': 'Back to the list', click: () => desk.close()}, icon('back')),
      make('span', {class: 'avatar', 'aria-hidden': 'true'},
           face(conversation.lead?.customerName, conversation.phoneNumber)),
      make('div', {class: 'who'},
           make('h2', {dir: 'auto', id: 'who'}, name),
           make('p', {},
                name !== number && make('span', {}, number),
                make('span', {class: `mark-${kind}`, id: 'holder'},
                     text === 'You' ? 'You have it' : text),
                needsHuman && !humanControl &&
                  make('span', {class: 'mark-needs'}, icon('alert'), needsReason(needsHumanReason)),
                optedOut && make('span', {class: 'mark-out'}, 'opted out'),
                activeCall && make('span', {class: 'mark-call'}, icon('phone'), 'On a call ',
                                   make('span', {data: {since: activeCall.startTime}},
                                        lasting(activeCall.startTime))))),
      make('div', {class: 'actions'}, this.actions(conversation),
           make('button', {type: 'button', class: 'icon quiet', id: 'show-lead',
                           'aria-label': 'Customer', 'aria-keyshortcuts': 'i',
                           title: 'Customer (I)',
                           'aria-expanded': String(desk.side.mode === 'lead'),
                           click: () => desk.side.toggle('lead')}, icon('info'))));
    if (focused) find(focused)?.focus();
  }

  actions({state}) {
    if (state !== 'ready' && state !== 'unknown') return [];
    const may = (verb) => can(this.desk, verb);
    const does = (verb) => () => this.desk.act(verb);
    const button = (verb, text, id, key = '') =>
      make('button', {type: 'button', id, click: does(verb),
                      'aria-keyshortcuts': key ? key.toLowerCase() : null},
           text, key && make('kbd', {}, key));
    return [
      may('call') &&
        button('call', [icon('phone'), make('span', {class: 'word'}, 'Call')], 'call', 'C'),
      may('take call') && button('take call', [icon('phone'), 'Take the call'], 'take-call'),
      may('join') && split('Take over', 'T', does('join'), does('join with reason'),
                           'Take over with a reason'),
      may('transfer') && button('transfer', 'Transfer', 'transfer'),
      may('leave') && split('Hand back', 'H', does('leave'), does('leave with summary'),
                            'Hand back with a summary'),
      may('force') && button('force', 'End their hold', 'force'),
    ];
  }
}
