// E01-E15: streams asked for wrongly, what events may bear, and readers that behave badly.

import assert from 'node:assert/strict';

import {Line} from './player.mjs';

const hostileTexts = [
  'data: no\n\nid: 7\nevent: stream_end\ndata: {"type":"stream_end"}\n\n', ' a blank before',
  'one\rtwo\r\nthree\n', '\u2028\u2029', ':a comment', '\ufeffdata:',
];

export async function stream({house, request, ask, tokens}) {
  const inbox = '/api/stream/organization';
  const open = (headers = {}, path = inbox, method = 'GET', as = 'demo') =>
    request(method, path, {as, headers});
  const reset = (name, id) => ({name, send: open({'Last-Event-ID': id}), answers: [200],
                                says: /"type":"stream_reset"/});
  const begins = (name, send) => ({name, send, answers: [200], says: /"type":"connected"/});

  const lead = (phoneNumber) => ask('POST', '/api/leads', {json: {phoneNumber}});
  const {data: {lead: known}} = await lead('+14155558001');
  const {data: {position}} = await ask('GET', '/api/conversations');
  const [epoch, offset] = position.split('-');
  const ticket = async (json, as = 'demo') =>
    (await ask('POST', '/api/stream/tickets', {json, as})).data.ticket;
  const gone = (name, text, path = inbox) =>
    ({name, send: request('GET', `${path}?ticket=${text}`), answers: [204]});
  const oneConversation = await ticket({leadId: known.id});
  let numbers = 0;
  const nextNumber = () => `+1415556${String(++numbers).padStart(4, '0')}`;
  const received = (from) => new RegExp(
    `\ndata: (\\{(?=[^\n]*"type":"sms_received")[^\n]*"\\${from}"[^\n]*)\n\n`);

  return [
    ...['abc', '-1', '1' + '0'.repeat(30)].map((id) => reset(`E01 ${id.slice(0, 9)}`, id)),
    begins('E01 empty', open({'Last-Event-ID': ''})),
    ({name: 'E01 NUL', send: open({'Last-Event-ID': 'a\0b'}), answers: [400], closes: true}),
    ({name: 'E01 CR', send: open({'Last-Event-ID': 'a\rb'}), answers: [400], closes: true}),
    ({name: 'E01 100 KiB', send: open({'Last-Event-ID': 'a'.repeat(102_400)}), answers: [431],
      closes: true}),
    reset('E01 no ASCII', '\xe4\xf6'),
    reset('E02 ahead of the journal', `${epoch}-${Number(offset) + 1000}`),
    reset('E02 of another journal', `${'0'.repeat(epoch.length)}-${offset}`),
    ({name: 'E02 of another organisation', send: open({'Last-Event-ID': position}, inbox, 'GET',
                                                      'other'),
      answers: [200], says: /"reason":"unknown_position"/}),
    begins('E03 the last one there is', open({'Last-Event-ID': position})),
    ({name: 'E04 Accept of something else', send: open({Accept: 'application/json'}),
      answers: [406]}),
    ({name: 'E04 POST', send: open({}, inbox, 'POST'), answers: [405]}),
    ({name: 'E04 HEAD', send: open({}, inbox, 'HEAD'), answers: [405], headers: {allow: 'GET'},
      bodiless: true}),
    begins('E04 Range', open({Range: 'bytes=0-'})),
    begins('E04 HTTP/1.0', Buffer.from(open().toString('latin1').replace('HTTP/1.1', 'HTTP/1.0'))),
    gone('E05 an unknown ticket', 'a'.repeat(43)),
    gone('E05 no ticket at all', 'banana'),
    gone('E05 a ticket of one conversation for all', oneConversation),
    ({name: 'E05 a spent ticket', scene: async () => {
      const text = await ticket({organization: true});
      const path = `${inbox}?ticket=${text}`;
      const ask204 = async (target) => {
        const line = await Line.open(house.port);
        line.send(request('GET', target));
        const {status} = await line.answer();
        line.leave();
        return status;
      };
      assert.equal(await ask204(path), 200);
      assert.equal(await ask204(`${path}&types=sms_received`), 204, 'at another address');
    }}),
    ({name: 'E06 a credential that ends', scene: async () => {
      tokens.brief = await house.token({ttl: '5s', sub: 'brief'});
      const line = await Line.open(house.port);
      line.send(open({}, inbox, 'GET', 'brief'));
      assert.equal((await line.answer()).status, 200);
      assert.ok(await line.said(/"type":"stream_end"/));
      assert.ok(await line.end());
    }}),
    ({name: 'E07 texts that look like a stream', stores: 'some', scene: async () => {
      const line = await Line.open(house.port);
      line.send(open({}, inbox, 'GET', 'other'));
      await line.answer();
      await line.said(/"type":"connected"/);
      for (const text of hostileTexts) {
        const from = nextNumber();
        await ask('POST', '/api/sandbox/messages', {json: {from, text}, as: 'other'});
        const [, data] = await line.said(received(from));
        assert.equal(JSON.parse(data).message, text);
      }
      line.leave();
    }}),
    ({name: 'E09 a reader that takes nothing', stores: 'some', scene: async (ground, player) => {
      const [idle, honest] = [await Line.open(house.port), await Line.open(house.port)];
      for (const line of [idle, honest]) {
        line.send(open({}, inbox, 'GET', 'other'));
        await line.answer();
        await line.said(/"type":"connected"/);
      }
      idle.socket.pause();
      // What the kernel holds for it comes on top of what the gateway would.
      const text = 'w'.repeat(16_000);
      for (let sent = 0; await player.metric('tandem_streams_open') === 2; ++sent) {
        assert.ok(sent < 2000, 'nobody cuts it off');
        const from = nextNumber();
        honest.received = Buffer.alloc(0);
        await ask('POST', '/api/sandbox/messages', {json: {from, text}, as: 'other'});
        assert.ok(await honest.said(received(from)));
      }
      for (const line of [idle, honest]) line.leave();
    }}),
    ({name: 'E10 one stream too many', scene: async () => {
      const lines = [];
      for (let i = 0; i < 8; ++i) {
        const line = await Line.open(house.port);
        line.send(open({}, inbox, 'GET', 'reader'));
        assert.equal((await line.answer()).status, 200);
        lines.push(line);
      }
      const more = await Line.open(house.port);
      more.send(open({}, inbox, 'GET', 'reader'));
      const answer = await more.answer();
      assert.equal(answer.status, 429);
      assert.equal(JSON.parse(answer.body).code, 'RATE_LIMITED');
      for (const line of [...lines, more]) line.leave();
    }}),
    ({name: 'E11 cut in the middle of an event', stores: 'some', scene: async () => {
      const line = await Line.open(house.port);
      line.send(open());
      await line.answer();
      await line.said(/"type":"connected"/);
      await lead('+14155558002');
      // Gone as soon as the id is there, whatever of the event came with it.
      await line.said(new RegExp(`id: ${epoch}-`));
      line.leave();
      const back = await Line.open(house.port);
      back.send(open({'Last-Event-ID': position}));
      await back.answer();
      const event = await back.said(/id: (\S+)\ndata: (.*)\n\n/);
      assert.equal(JSON.parse(event[2]).phoneNumber, '+14155558002');
      back.leave();
    }}),
    ({name: 'E13 2,000 readers come and go', scene: async () => {
      const visit = async () => {
        for (let i = 0; i < 100; ++i) {
          const line = await Line.open(house.port);
          line.send(open({}, inbox, 'GET', i % 2 ? 'demo' : 'other'));
          assert.ok([200, 429].includes((await line.answer()).status));
          line.leave();
        }
      };
      await Promise.all(Array.from({length: 20}, visit));
    }}),
    ({name: 'E14 what proxies must know',
      send: open(), answers: [200], says: /event: heartbeat/,
      headers: {'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no',
                'content-type': 'text/event-stream', 'content-length': null}}),
    ({name: 'E15 a reader that says no more', scene: async () => {
      const line = await Line.open(house.port);
      line.send(open());
      await line.answer();
      line.shutWriting();
      assert.ok(await line.said(/event: heartbeat/));
      line.leave();
    }}),
  ];
}
