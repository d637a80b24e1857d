// A dialog that asks for something and does it: fields, a button, and what went wrong.

import {icon, make} from './make.js';

let made = 0;

// A label with its field. `field` is an input, select or textarea.
export function labelled(text, field, note) {
  field.id ||= `field-${++made}`;
  const told = note && make('p', {class: 'note', id: `${field.id}-note`}, note);
  if (told) field.setAttribute('aria-describedby', told.id);
  return make('div', {class: 'field'}, make('label', {for: field.id}, text), field, told);
}

export function choice(options) {
  return make('select', {}, Object.entries(options).map(([value, text]) => make('option', {value}, text)));
}

// `act` does it, throws what the person shall read, and may give what follows once the dialog
// is closed. Resolves then, too.
export function openDialog({title, fields, button, act, danger = false}) {
  const problem = make('p', {class: 'note bad', role: 'alert'});
  const go = make('button', {class: danger ? 'main danger' : 'main'}, button);
  const heading = make('h2', {id: `dialog-${++made}`}, title);
  const form = make('form', {class: 'dialog-form', autocomplete: 'off'},
    make('header', {}, heading,
         make('button', {type: 'button', class: 'icon quiet', 'aria-label': 'Close',
                         click: () => dialog.close()}, icon('close'))),
    fields,
    problem,
    make('footer', {}, make('button', {type: 'button', click: () => dialog.close()},
                            act ? 'Cancel' : 'Close'),
         act && go));
  const dialog = make('dialog', {'aria-labelledby': heading.id}, form);
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    problem.textContent = '';
    go.disabled = true;
    try {
      const next = await act();
      dialog.close();
      next?.();
    } catch (failure) {
      problem.textContent = failure.message;
    } finally {
      go.disabled = false;
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  (form.querySelector(':is(input, select, textarea):not([type=checkbox])') ?? go).focus();
  return new Promise((closed) => dialog.addEventListener('close', () => {
    // The focus is back where it was, and may have moved on since.
    dialog.remove();
    closed();
  }));
}
