// Every case of the corpus has its row in CASES.md, and every item of the standard its row in
// SECURITY.md; what they name as the test of it is there.
//   node index_test.mjs

import assert from 'node:assert/strict';
import {existsSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const tests = dirname(here);
const top = dirname(tests);
const complaints = [];

const groups = {H: 46, F: 24, J: 20, T: 26, P: 15, Y: 20, G: 20, E: 15, R: 14};
// The items of level 1 and 2 in the chapters of ASVS 5.0.0 that a gateway answers for, and those
// of level 3 that it answers for as well.
const items = [
  '3.2.1', '3.2.2', '3.3.1', '3.3.2', '3.3.3', '3.3.4', '3.4.1', '3.4.2', '3.4.3', '3.4.4',
  '3.4.5', '3.4.6', '3.5.1', '3.5.2', '3.5.3', '3.5.4', '3.5.5', '3.7.1', '3.7.2',
  '4.1.1', '4.1.2', '4.1.3', '4.1.4', '4.2.1', '4.2.5', '4.3.1', '4.3.2', '4.4.1', '4.4.2', '4.4.3', '4.4.4',
  '7.1.1', '7.1.2', '7.1.3', '7.2.1', '7.2.2', '7.2.3', '7.2.4', '7.3.1', '7.3.2', '7.4.1',
  '7.4.2', '7.4.3', '7.4.4', '7.4.5', '7.5.1', '7.5.2', '7.6.1', '7.6.2',
  '8.1.1', '8.1.2', '8.2.1', '8.2.2', '8.2.3', '8.3.1', '8.3.2', '8.4.1',
  '9.1.1', '9.1.2', '9.1.3', '9.2.1', '9.2.2', '9.2.3', '9.2.4',
  '13.1.1', '13.1.2', '13.2.1', '13.2.2', '13.2.3', '13.2.4', '13.2.5', '13.2.6', '13.3.1', '13.3.2', '13.4.1',
  '13.4.2', '13.4.3', '13.4.4', '13.4.5', '13.4.6',
  '14.1.1', '14.1.2', '14.2.1', '14.2.2', '14.2.3', '14.2.4', '14.2.6', '14.2.7', '14.3.1', '14.3.2', '14.3.3',
  '16.1.1', '16.2.1', '16.2.2', '16.2.3', '16.2.4', '16.2.5', '16.3.1', '16.3.2', '16.3.3',
  '16.3.4', '16.4.1', '16.4.2', '16.4.3', '16.5.1', '16.5.2', '16.5.3', '16.5.4',
];

/** The rows of a table whose first cell fits. */
function rows(file, first) {
  return readFileSync(join(top, file), 'utf8').split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()))
      .filter(([cell]) => first.test(cell));
}

function once(file, wanted, found) {
  for (const one of wanted)
    if (found.filter((name) => name === one).length !== 1)
      complaints.push(`${file}: ${one} does not stand there once`);
  for (const one of found) if (!wanted.includes(one)) complaints.push(`${file}: ${one} is unknown`);
}

/** `unit/serve/json_test: its_name`: the file has a test of that name; without one, a text. */
function checkTest(place, named) {
  const [path, name] = named.split(': ');
  const file = ['.cpp', '.mjs', ''].map((end) => join(tests, path + end)).find(existsSync);
  if (!file) return complaints.push(`${place}: there is no ${path}`);
  if (!name) return undefined;
  const text = readFileSync(file, 'utf8').replace(/\(\s+/g, '(');
  const there = file.endsWith('.cpp') ? text.includes(`CPPUNIT_TEST(${name})`) : text.includes(name);
  return there || complaints.push(`${place}: ${path} has no test ${name}`);
}

const cases = rows('tests/corpus/CASES.md', /^[A-Z]\d\d$/);
once('CASES.md',
     Object.entries(groups).flatMap(([letter, count]) => Array.from(
         {length: count}, (_, i) => letter + String(i + 1).padStart(2, '0'))),
     cases.map(([number]) => number));
const played = ['http', 'form', 'json', 'token', 'phone', 'yaml', 'settings', 'plugin', 'stream',
                'provider'];
for (const [number, where, why] of cases) {
  if (where === '-') {
    if (!why) complaints.push(`CASES.md: ${number} says not why`);
    continue;
  }
  for (const one of where.split('; ')) {
    if (!played.includes(one)) checkTest(number, one);
    else if (!new RegExp(`\\b${number}\\b`).test(readFileSync(join(here, `${one}.mjs`), 'utf8')))
      complaints.push(`CASES.md: ${one}.mjs does not play ${number}`);
  }
}

const answered = rows('SECURITY.md', /^\d+\.\d+\.\d+$/);
once('SECURITY.md', items, answered.map(([item]) => item));
for (const [item, level, , state, by] of answered) {
  if (state === 'met') for (const one of by.split('; ')) checkTest(item, one);
  else if (state === 'open' && level === '1') complaints.push(`SECURITY.md: ${item} is open`);
  else if (!by || !['open', 'not applicable', 'by design'].includes(state))
    complaints.push(`SECURITY.md: ${item} says not why`);
  if (state === 'open' && !/\d{4}-\d\d/.test(by))
    complaints.push(`SECURITY.md: ${item} is open without a date`);
}

console.log(`${cases.length} cases, ${answered.length} items`);
assert.deepEqual(complaints, []);
