// The panel at the side: the customer, the sandbox, or the stream.

import {find, icon, make} from './make.js';

export class Side {
  // `panels`: mode → {title, button, show(box), render()}
  constructor(panels) {
    this.panels = panels;
    this.mode = '';
    this.box = find('side');
  }

  toggle(mode) {
    this.show(this.mode === mode ? '' : mode);
  }

  show(mode, focus = true) {
    const before = this.mode;
    this.mode = mode;
    const panel = this.panels[mode];
    document.body.dataset.side = mode;
    this.box.hidden = !panel;
    for (const [name, {button}] of Object.entries(this.panels))
      find(button)?.setAttribute('aria-expanded', String(name === mode));
    if (!panel) {
      this.box.replaceChildren();
      this.changed();
      find(this.panels[before]?.button)?.focus();
      return;
    }
    this.box.setAttribute('aria-label', panel.title);
    const heading = make('h2', {tabindex: '-1'}, panel.title);
    const body = make('div', {class: `side-body ${mode}`});
    this.box.replaceChildren(
      make('header', {class: 'side-head'}, heading,
           make('button', {type: 'button', class: 'icon quiet', 'aria-label': 'Close',
                           click: () => this.show('')}, icon('close'))),
      body);
    panel.show(body);
    this.changed();
    if (focus && !this.box.contains(document.activeElement)) heading.focus();
  }

  render() {
    this.panels[this.mode]?.render?.();
  }

  changed() {}
}
