// Elements. Whatever comes from outside gets in as text, never as markup.

const svgSpace = 'http://www.w3.org/2000/svg';

// Drawn on 20 × 20, in lines.
const drawings = {
  phone: 'M6.5 3 8 6.8 6.2 8.3a9 9 0 0 0 5.5 5.5L13.2 12l3.8 1.5V16a1.4 1.4 0 0 1-1.5 1.4A13 13 ' +
         '0 0 1 2.6 4.5 1.4 1.4 0 0 1 4 3Z',
  back: 'M12.5 4 6.5 10l6 6',
  close: 'M5 5l10 10M15 5 5 15',
  info: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 9.2V13.5M10 6.4v.2',
  more: 'm5.5 8 4.5 4.5L14.5 8',
  plus: 'M10 4v12M4 10h12',
  check: 'm4 10.5 4 4L16 6',
  checks: 'm2 10.5 3.6 3.8L12.5 6M9.5 14l.8.5L18 6',
  clock: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 6v4.2l2.8 1.8',
  alert: 'M10 3.5 17.5 16.5h-15ZM10 8.2v3.8M10 14v.2',
  send: 'M3.5 10 16.5 4l-4 12.5-3-5Zm6 1.5 7-7.5',
  file: 'M5.5 3h6l3.5 3.5V17h-9.5ZM11.5 3v3.5H15',
  down: 'M10 4v11.5M5.5 11l4.5 4.5L14.5 11',
};

export function icon(name) {
  const svg = document.createElementNS(svgSpace, 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', 'drawing');
  const path = document.createElementNS(svgSpace, 'path');
  path.setAttribute('d', drawings[name]);
  svg.append(path);
  return svg;
}

// make('button', {class: 'main', click: send, 'aria-label': 'Send'}, 'text', element, null)
export function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === 'function') made.addEventListener(key, value);
    else if (key === 'class') made.className = value;
    else if (key === 'value') made.value = value;
    else if (key === 'data') Object.assign(made.dataset, value);
    else made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined &&
                                                   child !== false && child !== ''));
  return made;
}

// A name and what is known of it, for a list of facts.
export const fact = (name, value, kind) =>
  make('div', {}, make('dt', {}, name), make('dd', {class: kind, dir: 'auto'}, value));

export const find = (id) => document.getElementById(id);

// Sets a text only where it differs, so that nothing is announced or laid out again.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
