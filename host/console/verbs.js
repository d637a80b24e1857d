// What a key or a button does, and when: the permissions and the state decide.

import {conversationPath, insist} from './ask.js';
import {labelled, openDialog} from './ask_in_dialog.js';
import {make} from './make.js';
import {showKeys} from './press_keys.js';
import * as control from './take_over.js';
import {complain} from './tell.js';

// Each is asked for a desk and its conversation.
const free = ({may}, one) => may('conversations:manage') && one && !one.humanControl;
const mine = ({may, me}, one) =>
  may('conversations:manage') && one?.humanControl?.agentId === me.subject;
const others = ({may, me}, one) =>
  may('admin') && one?.humanControl && one.humanControl.agentId !== me.subject;
const callable = ({may, me}, one) =>
  may('conversations:write') && me.voice && one && !one.humanControl && !one.activeCall &&
  !one.optedOut;
const always = () => true;
const opened = (desk, one) => one;

const verbs = {
  'next': [always, (desk) => desk.stepTo(1)],
  'previous': [always, (desk) => desk.stepTo(-1)],
  'search': [always, (desk) => desk.focusSearch()],
  'all': [always, (desk) => desk.filter('all')],
  'needs': [always, (desk) => desk.filter('needs')],
  'mine': [always, (desk) => desk.filter('mine')],
  'new': [({may, me}) => me.channel && may('conversations:write'), begin],
  'write': [opened, (desk) => desk.focusComposer()],
  'join': [free, control.join],
  'join with reason': [free, control.joinWithReason],
  'leave': [mine, control.leave],
  'leave with summary': [mine, control.leaveWithSummary],
  'transfer': [mine, control.transfer],
  'force': [others, control.forceBack],
  'call': [callable, control.placeCall],
  'take call': [(desk, one) => one?.activeCall && (free(desk, one) || mine(desk, one)),
                control.takeRunningCall],
  'lead': [opened, (desk) => desk.side.toggle('lead')],
  'sandbox': [({may, me}) => me.sandbox && may('conversations:write'),
              (desk) => desk.side.toggle('sandbox')],
  'stream': [always, (desk) => desk.side.toggle('stream')],
  'help': [always, () => showKeys()],
  'escape': [always, (desk) => desk.escape()],
};

export const can = (desk, verb) => Boolean(verbs[verb][0](desk, desk.conversation));

export async function act(desk, verb) {
  if (!can(desk, verb)) return;
  const {conversation} = desk;
  try {
    await verbs[verb][1](desk, conversation);
  } catch (failure) {
    complain(failure);
    conversation?.soon();
  }
}

// The first word to somebody, or a text without a takeover.
function begin(desk) {
  const number = make('input', {type: 'tel', required: true});
  const text = make('textarea', {rows: 3, required: true, maxlength: 1600, dir: 'auto'});
  const key = crypto.randomUUID();
  return openDialog({
    title: 'New conversation', button: 'Send',
    fields: [labelled('Number', number), labelled('Text', text)],
    act: async () => {
      const sent = await insist(`${conversationPath(number.value.trim())}/messages`,
                                {message: text.value.trim()}, key);
      return () => desk.openNumber(sent.phoneNumber);
    },
  });
}
