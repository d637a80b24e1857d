// F01-F24: forms in the shape of Twilio's webhooks. Most are signed: what is told of them is
// what a genuine sender can make of us. The signature is over the fields as they were meant.

import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';

import {Line} from './player.mjs';
import {account, number, publicUrl, twilioSignature} from './house.mjs';

const incoming = '/api/webhooks/twilio/sms/incoming';
const status = '/api/webhooks/twilio/sms/status';
const formType = 'application/x-www-form-urlencoded';

const newSid = () => `SM${randomBytes(16).toString('hex')}`;
let callers = 0;
const newCaller = () => `+1415555${String(++callers).padStart(4, '0')}`;

/** A genuine text, with some fields changed; undefined takes one away. */
function text(change = {}) {
  const fields = {MessageSid: newSid(), AccountSid: account.demo, From: newCaller(),
                  To: number.demo, Body: 'Hello', NumMedia: '0', ...change};
  return Object.entries(fields).filter(([, value]) => value !== undefined);
}
function delivery(change = {}) {
  return Object.entries({MessageSid: newSid(), AccountSid: account.demo, From: number.demo,
                         To: newCaller(), MessageStatus: 'delivered', ...change});
}
const encode = (fields) =>
  fields.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
const pair = (fields, name) => fields.find(([one]) => one === name)?.[1];

export function form({request, ask}) {
  const post = (body, {path = incoming, signature, type = formType} = {}) =>
    request('POST', path, {body, headers: {
      ...(type ? {'Content-Type': type} : {}),
      ...(signature === undefined ? {} : {'X-Twilio-Signature': signature})}});
  /** Signed as Twilio signs it. */
  const signed = (fields, {path = incoming, body = encode(fields), ...more} = {}) =>
    post(body, {path, signature: twilioSignature(path, fields), ...more});

  const taken = (name, fields, more = {}) => ({name, send: signed(fields, more),
                                               answers: [200], stores: 'some', ...more});
  const forged = (name, send, more = {}) =>
    ({name, send, answers: [403], code: 'INVALID_SIGNATURE', ...more});
  const refused = (name, status, send, more = {}) => ({name, send, answers: [status], ...more});

  /** The customer's texts as they were stored. */
  const shows = (caller, ...wanted) => async () => {
    const {data} = await ask('GET', `/api/conversations/${encodeURIComponent(caller)}/messages`);
    assert.deepEqual(data.messages.filter((one) => one.type === 'text').map((one) => one.content),
                     wanted);
  };
  const keeps = (name, sent, stored, more = {}) => {
    const fields = text({Body: sent});
    return taken(name, fields, {after: shows(pair(fields, 'From'), stored), ...more});
  };

  const wide = (count) => {
    const fields = text();
    while (fields.length < count) fields.push([`X${fields.length}`, '']);
    return fields;
  };
  const raw = (fields, tail, meant) => signed([...fields, ...meant],
                                              {body: `${encode(fields)}${tail}`});

  return [
    ...['%zz', '%4', '%'].map((broken) =>
      refused(`F01 ${broken}`, 400, raw(text(), `&X=${broken}`, [['X', broken]]))),
    keeps('F02 NUL in a text', 'a\0b', 'a\ufffdb'),
    refused('F02 NUL in an address', 400, signed(text({From: '+1415\0'}))),
    (() => {
      const fields = text({Body: undefined});
      const meant = Buffer.from('Body=a%FFb');
      const send = post(`${encode(fields)}&${meant}`, {
        signature: twilioSignature(incoming, [...fields, ['Body', Buffer.from('a\xffb', 'latin1')]])});
      return {name: 'F03 a text that is no UTF-8', send, answers: [200], stores: 'some',
              after: shows(pair(fields, 'From'), 'a\ufffdb')};
    })(),
    refused('F04 two ids', 400, signed([...text(), ['MessageSid', newSid()]])),
    (() => {
      const fields = [...text(), ['from', '+15550000000'], ['body', 'other']];
      return taken('F05 names differ by case', fields,
                   {after: shows(pair(fields, 'From'), 'Hello')});
    })(),
    refused('F05 only the exact name counts', 400, signed([...text({From: undefined}),
                                                           ['from', '+14155550000']])),
    taken('F06 101 fields', wide(101)),
    taken('F06 256 fields', wide(256)),
    refused('F06 257 fields', 413, signed(wide(257)), {code: 'PAYLOAD_TOO_LARGE'}),
    refused('F07 a text of 64 KiB and a byte', 413, signed(text({Body: 'a'.repeat(65537)}))),
    ...[undefined, '', `CA${'1'.repeat(32)}`, `SM${'1'.repeat(1024)}`].map((sid) =>
      refused(`F08 id ${sid?.slice(0, 4)}`, 400, signed(text({MessageSid: sid})))),
    ...['text/plain', ''].map((type) =>
      refused(`F09 type '${type}'`, 415, signed(text(), {type}),
              {code: 'UNSUPPORTED_MEDIA_TYPE'})),
    refused('F10 multipart', 415, signed(text(), {type: 'multipart/form-data; boundary=x'})),
    (() => {
      const fields = text({Body: undefined});
      return {name: 'F11 separators and blanks', answers: [200], stores: 'some',
              send: raw(fields, '&&Body=a+b%20c;d&=x&', [['Body', 'a b c;d'], ['', 'x']]),
              after: shows(pair(fields, 'From'), 'a b c;d')};
    })(),
    ...['99999', '-1', 'abc', '1'].map((count) =>
      keeps(`F12 ${count} media`, 'Hello', 'Hello', {count})),
    ...['http://169.254.169.254/', 'file:///etc/passwd', 'https://2852039166/'].map((url) => {
      const fields = text({NumMedia: '1', MediaUrl0: url});
      return taken(`F13 media at ${url}`, fields, {after: async () => {
        const caller = encodeURIComponent(pair(fields, 'From'));
        const {data} = await ask('GET', `/api/conversations/${caller}/messages`);
        assert.deepEqual(data.messages[0].media, []);
      }});
    }),
    forged('F14 the account of somebody else', signed(text({AccountSid: account.other}))),
    ...[['another path', publicUrl, status], ['http', publicUrl.replace('https', 'http'), incoming],
        ['another port', `${publicUrl}:8443`, incoming]].map(([name, url, path]) => {
      const fields = text();
      return forged(`F15 signed for ${name}`, post(encode(fields), {
        signature: twilioSignature(path, fields, {url})}));
    }),
    ...['A'.repeat(28), '', '%%%', undefined].map((signature) =>
      forged(`F16 signature ${signature}`, post(encode(text()), {signature}))),
    refused('F16 a signature of 10 KiB', 431, post(encode(text()), {signature: 'A'.repeat(10240)}),
            {closes: true}),
    taken('F17 an unknown field, signed', [...text(), ['BrandNewField', '1']]),
    (() => {
      const fields = text();
      return forged('F18 a field added after signing',
                    post(`${encode(fields)}&Body=more`, {signature: twilioSignature(incoming, fields)}));
    })(),
    {name: 'F19 a status of nobody\'s message', send: signed(delivery(), {path: status}),
     answers: [200], stores: 'some'},
    ...['banana', 'DELIVERED'].map((word) =>
      ({name: `F20 status ${word}`, send: signed(delivery({MessageStatus: word}), {path: status}),
        answers: [200], stores: 'some'})),
    {name: 'F22 the same event 1,000 times at once', stores: 'some',
     scene: async ({house}) => {
       const fields = text();
       const send = signed(fields);
       const lines = await Promise.all(Array.from({length: 50}, () => Line.open(house.port)));
       await Promise.all(lines.map(async (line) => {
         for (let i = 0; i < 20; ++i) {
           line.send(send);
           assert.equal((await line.answer())?.status, 200);
         }
         line.leave();
       }));
       await shows(pair(fields, 'From'), 'Hello')();
     }},
    forged('F23 a JSON body of another hash',
           post('{"a":1}', {path: `${incoming}?bodySHA256=${'0'.repeat(64)}`,
                            type: 'application/json',
                            signature: twilioSignature(`${incoming}?bodySHA256=${'0'.repeat(64)}`,
                                                       [])})),
    ...['abc', '12345678901234567890'].map((code) =>
      ({name: `F24 error code ${code}`, answers: [200], stores: 'some',
        send: signed(delivery({MessageStatus: 'failed', ErrorCode: code}), {path: status})})),
  ];
}
