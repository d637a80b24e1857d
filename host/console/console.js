// The way in: a token from a link, from this tab, or from the form at the door.

import {Refusal} from './ask.js';
import {Desk} from './desk.js';
import {find} from './make.js';
import {enter, forgetToken, keptToken, takeLink} from './sign_in.js';

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
