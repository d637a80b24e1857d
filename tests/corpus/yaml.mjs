// Y01-Y11, Y18: files that are no settings. Each is refused with file, line, column, key and what
// was expected; and a running gateway that is told to read it stays as it is.

const smallest = `server: {public_url: "https://gw.example.com"}
auth:
  - {plugin: jwt, options: {secret: "\${SECRET:-0123456789abcdef0123456789abcdef}"}}
storage: {plugin: memory}
providers:
  - {id: sandbox, plugin: sandbox}
organizations:
  - id: demo
    numbers: ["+15551230000"]
    channel: sandbox
`;
const raw = (text) => Buffer.from(text, 'latin1');
const more = (text) => smallest + text;
const listen = (text) => `server: {listen: ${text}, public_url: "http://h"}\n`;

function aliasBomb() {
  const line = (name, items) => `${name}: &${name} [${items.join(', ')}]\n`;
  const tenTimes = (item) => Array.from({length: 10}, () => item);
  let text = line('a0', tenTimes('x'));
  for (let i = 1; i < 10; ++i) text += line(`a${i}`, tenTimes(`*a${i - 1}`));
  return text;
}

const deep = (levels) => `a: ${'{a: '.repeat(levels)}1${'}'.repeat(levels)}\n`;

/** Name, text, `LINE:COLUMN: key` as the message begins, and what it says of it. */
export const wrong = [
  ['Y01 empty', '', /^1:1: organizations/, 'at least one organization'],
  ['Y01 only comments', '# nothing\n\n# here\n', /^1:1: auth/, 'at least one'],
  ['Y02 a tab', 'server:\n\tlisten: 127.0.0.1:1\n', /^2:/, 'tab'],
  ['Y02 a quote', 'log: {level: info}\nbus: {plugin: "local}\n', /^2:15: bus\.plugin/, 'closing "'],
  ['Y02 an indent', 'server:\n    listen: 127.0.0.1:1\n  public_url: http://h\n',
   /^3:3: settings/, 'valid YAML'],
  ['Y02 binary', raw('\x7fELF\x02\x01\x01'), /^1:1: settings/, 'control character'],
  ['Y02 UTF-16', raw('\xff\xfel\0o\0g\0'), /^1:1: settings/, 'UTF-16'],
  ['Y02 NUL', raw('log:\n  level: in\0fo\n'), /^2:12: settings/, 'NUL'],
  ['Y02 no UTF-8', raw('log:\n  level: \xc3(\n'), /^2:10: settings/, 'UTF-8'],
  ['Y03 a section twice', 'log: {level: info}\nlog: {level: warn}\n', /^2:1: log/,
   'line 1 already'],
  ['Y03 a key twice', 'log:\n  level: info\n  level: warn\n', /^3:3: log\.level/,
   'line 2 already'],
  ['Y04 a section', more('storrage: {plugin: sqlite}\n'), /^11:1: storrage/,
   'did you mean storage?'],
  ['Y04 a key', more('log:\n  levle: info\n'), /^12:3: log\.levle/, 'did you mean level?'],
  ['Y04 a key of a list', more('    numbrs: []\n'), /^11:5: organizations\[0\]\.numbrs/,
   'did you mean numbers?'],
  ...['0123', '1e3', '12:30:45', 'yes', '"15"'].map((text) =>
    [`Y05 ${text} as a number`, more(`stream: {heartbeat_s: ${text}}\n`),
     /^11:23: stream\.heartbeat_s/, '']),
  ['Y05 a region in small letters', more('    default_region: no\n'),
   /^11:21: organizations\[0\]\.default_region/, 'two capital letters'],
  ['Y06 a number without quotes', more('  - {id: two, numbers: [+15551234567]}\n'),
   /^11:25: organizations\[1\]\.numbers\[0\]/, 'in quotes'],
  ['Y06 letters', more('  - {id: two, numbers: ["+1555CALLME"]}\n'), /^11:25:/, 'E.164'],
  ['Y07 an alias bomb', aliasBomb(), /^1:/, 'anchor'],
  ['Y07 an alias', 'log: {level: *x}\n', /^1:/, 'anchor'],
  ['Y08 an object of a language', 'log: !!python/object:os.system {level: info}\n', /^1:/, 'tag'],
  ['Y08 a tag', 'log: {level: !secret info}\n', /^1:/, 'tag'],
  ['Y08 a merge key', 'log:\n  <<: {level: info}\n', /^2:3: log/, 'merge keys'],
  ['Y08 a second document', 'log: {level: info}\n---\nlog: {level: warn}\n', /^2:1: settings/,
   'one document'],
  ['Y09 10 MiB', `#${'x'.repeat(10 << 20)}\n`, /^1:1: settings/, '1 MiB'],
  ['Y09 10,000 keys', Array.from({length: 10_000}, (_, i) => `key_${i}: 1\n`).join(''),
   /^1001:1: settings/, 'at most 1000 keys'],
  ['Y09 1,000 levels', deep(1000), /^1:/, '32 levels'],
  ['Y09 100,000 lists', `a: ${'['.repeat(100_000)}`, /^1:/, 'a key'],
  ...['"h:70000"', '"h:-1"', '"h:http"', '":80"', '8080'].map((text) =>
    [`Y10 ${text}`, listen(text), /^1:18: server\.listen/, 'HOST:PORT']),
  ['Y10 one address twice', listen('["h:80", "h:80"]'), /^1:27: server\.listen/,
   'each address once'],
  ...['15s', '-1', '1 fortnight', '1000000h'].map((text) =>
    [`Y11 ${text}`, more(`stream: {heartbeat_s: ${text}}\n`), /^11:23: stream\.heartbeat_s/,
     '1 to 3600']),
  ['Y18 a query', 'server:\n  public_url: https://h/?a=1\n', /^2:15: server\.public_url/,
   'without query'],
  ...['ftp://h', 'https://u:p@h', 'h'].map((text) =>
    [`Y18 ${text}`, `server:\n  public_url: ${text}\n`, /^2:15: server\.public_url/,
     'http or https']),
];

/** Odd, and what it says. */
export const right = [
  ['Y05 words that look like something else',
   more('    default_region: NO\n    name: "on"\nstream: {heartbeat_s: 15}\n')],
  ['Y10 port 0 picks one', smallest.replace('{public_url', '{listen: "127.0.0.1:0", public_url')],
  ['Y18 a last slash', smallest.replace('example.com"', 'example.com/"')],
  ['Y18 a path', smallest.replace('example.com"', 'example.com/tandem"')],
];
