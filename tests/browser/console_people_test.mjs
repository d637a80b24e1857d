// People at one conversation: taken over, answered, handed back while a colleague watches; given
// away; taken by somebody else; and somebody who may only read.
//   node console_people_test.mjs CHROMIUM PROGRAMS

import assert from 'node:assert/strict';

import {customer, held, play} from './stage.mjs';

/** What an answer made the page do is done. */
const settled = (page) => page.evaluate(() => new Promise((next) => setTimeout(next, 300)));

await play('people and the AI share a conversation', process.argv.slice(2), async (stage) => {
  await stage.write('Hello');
  const permissions = ['conversations:read', 'conversations:write', 'conversations:manage',
                       'leads:read', 'leads:write'].join();
  const sam = await stage.agent({sub: 'sam', permissions});
  const kim = await stage.agent({sub: 'kim'});
  for (const one of [sam, kim]) await one.open();
  await sam.sees('Hello', 'customer');
  // What it had not answered yet would wait for sam as well.
  await sam.until('the AI to have answered', async () => {
    const last = (await sam.lines()).at(-1);
    return last.by === 'ai' && last.foot.includes('delivered');
  });

  await stage.story('one takes over, a colleague sees it', async () => {
    assert.ok(await sam.page.locator('#answer').isDisabled(), 'the composer while the AI has it');
    await sam.page.keyboard.press('t');
    await sam.heldBy('You have it');
    await kim.heldBy('sam');
    assert.ok(await kim.page.locator('#answer').isDisabled());
    assert.match(await kim.page.textContent('#composer-why'), /sam has this conversation/);
    await kim.page.locator('.row .mark-other', {hasText: 'sam'}).waitFor();
    await sam.page.click('[data-filter=mine]');
    await sam.page.locator(`.row[data-number="${customer}"]`).waitFor();
    await kim.page.click('[data-filter=mine]');
    await kim.until('no row of hers', async () => await kim.page.locator('.row').count() === 0);
    for (const one of [sam, kim]) await one.page.click('[data-filter=all]');
  });

  await stage.story('what waits is shown, an answer is sent once and seen by both', async () => {
    const said = (await sam.lines()).filter((line) => line.by === 'ai').length;
    await stage.write('Are my brakes done?');
    await sam.page.locator('.queue summary', {hasText: '1 customer message'}).waitFor();
    await sam.page.fill('#answer', 'Yes €');
    assert.match(await sam.page.textContent('#answer-count'), /6 characters · 1 segment/);
    await sam.page.fill('#answer', '😀'.repeat(40));
    assert.match(await sam.page.textContent('#answer-count'), /80 units · 2 segments/);
    await sam.say('Yes, they are.');
    for (const one of [sam, kim]) {
      await one.sees('Yes, they are.', 'human');
      await one.until('it to be delivered', async () =>
        (await one.lines()).at(-1).foot.includes('delivered'));
    }
    await sam.page.locator('.queue').waitFor({state: 'hidden'});
    assert.equal((await sam.lines()).filter((line) => line.by === 'ai').length, said,
                 'the AI spoke while a human held it');
    await stage.write('Thank you!');
    await sam.page.locator('.queue summary').click();
    const needsNone = sam.page.getByRole('button', {name: 'Needs no answer'});
    // News neither lose a press nor the focus.
    await needsNone.hover();
    await sam.page.mouse.down();
    await stage.ask('PATCH', `/api/leads/${(await stage.conversation()).lead.id}`,
                    {customerName: 'Ann'});
    await sam.until('the name', async () => await sam.page.textContent('#who') === 'Ann');
    await sam.page.mouse.up();
    await sam.page.locator('.queue').waitFor({state: 'hidden'});
    await stage.write('One more');
    await needsNone.focus();
    await stage.write('And one');
    await sam.page.locator('.queue summary', {hasText: '2 customer messages'}).waitFor();
    await sam.page.keyboard.press('Enter');
    await sam.page.locator('.queue summary', {hasText: '1 customer message'}).waitFor();
    assert.match(await sam.page.textContent('.queue ul'), /^And one/);
    await needsNone.click();
    await sam.page.locator('.queue').waitFor({state: 'hidden'});
  });

  await stage.story('what comes while the queue is read waits in it', async () => {
    await stage.write('Before it is read');
    await sam.sees('Before it is read', 'customer');
    const queue = await held(sam.page, '**/human-control/queue/*');
    await sam.page.reload();
    await queue.asked();
    await stage.write('While it is read');
    await sam.sees('While it is read', 'customer');
    await queue.answer();
    await sam.page.locator('.queue summary', {hasText: '2 customer messages'}).waitFor();
    // Nobody has seen what comes between the click and its arrival.
    await sam.page.route('**/queue/*/process', async (route) => {
      await stage.write('Unseen');
      await route.continue();
    }, {times: 1});
    await sam.page.locator('.queue summary').click();
    const marked = sam.page.waitForResponse('**/queue/*/process');
    await sam.page.getByRole('button', {name: 'None needs an answer'}).click();
    await marked;
    const path = `/api/conversations/human-control/queue/${encodeURIComponent(customer)}`;
    const {messages} = await stage.ask('GET', path);
    assert.deepEqual(messages.filter((one) => !one.processed).map((one) => one.content),
                     ['Unseen']);
    await sam.page.locator('.queue summary', {hasText: '1 customer message'}).waitFor();
    await sam.say('All are answered.');
    await sam.page.locator('.queue').waitFor({state: 'hidden'});
  });

  await stage.story('handed back with a summary, the AI goes on', async () => {
    await sam.page.getByRole('button', {name: 'Hand back with a summary'}).click();
    await sam.page.getByRole('textbox', {name: 'Summary'}).fill('Brakes are done.');
    await sam.page.getByLabel('Next steps').fill('send the invoice\nask for a review');
    await sam.page.locator('dialog button.main').click();
    for (const one of [sam, kim]) await one.heldBy('AI');
    const {sessions} = await stage.ask('GET', '/api/human-control/sessions?status=all');
    assert.equal(sessions[0].summary, 'Brakes are done.');
    assert.deepEqual(sessions[0].nextSteps, ['send the invoice', 'ask for a review']);
    await stage.write('hello again');
    await sam.until('the AI to have answered', async () => {
      const last = (await sam.lines()).at(-1);
      return last.by === 'ai' && last.foot.includes('delivered');
    });
  });

  await stage.story('a half-written answer survives that somebody else takes it', async () => {
    await sam.page.click('#take-over');
    await sam.heldBy('You have it');
    await sam.page.fill('#answer', 'half written');
    await kim.page.click('#force');
    await kim.page.locator('dialog button.main').click();
    await sam.heldBy('AI');
    // Who types on gives no commands.
    await sam.page.keyboard.type('nt');
    assert.equal(await sam.page.locator('dialog').count(), 0);
    assert.equal(await sam.page.inputValue('#answer'), 'half written');
    await kim.page.locator('dialog').waitFor({state: 'detached'});
    await kim.page.keyboard.press('t');
    await sam.heldBy('kim');
    assert.match(await sam.page.textContent('#composer-why'),
                 /kim took this conversation over. Your text is kept here and was not sent/);
    await sam.page.reload();
    await sam.live();
    await sam.heldBy('kim');
    assert.equal(await sam.page.inputValue('#answer'), 'half written');
  });

  await stage.story('a colleague is given the conversation', async () => {
    await kim.page.click('#transfer');
    await kim.page.locator('dialog .picks button', {hasText: 'sam'}).click();
    await kim.page.locator('dialog button.main').click();
    await sam.heldBy('You have it');
    await sam.page.locator('.toast', {hasText: 'kim gave you'}).waitFor();
    assert.equal(await sam.page.inputValue('#answer'), 'half written');
    await sam.page.press('#answer', 'Enter');
    await kim.sees('half written', 'human');
  });

  await stage.story('a colleague’s equal words are not taken for mine', async () => {
    stage.expected.push(/status of 409/);
    await sam.page.route('**/send-message', (route) =>
      route.fulfill({status: 409, json: {detail: 'Not now.'}}), {times: 1});
    await sam.say('Same words');
    const mine = sam.page.locator('.message.failed', {hasText: 'Same words'});
    await mine.waitFor();
    await kim.page.click('#force');
    await kim.page.locator('dialog button.main').click();
    await kim.page.locator('dialog').waitFor({state: 'detached'});
    await kim.page.keyboard.press('t');
    await kim.heldBy('You have it');
    await kim.say('Same words');
    await sam.page.locator('.message[data-id]', {hasText: 'Same words'}).waitFor();
    assert.equal(await mine.count(), 1);
    await mine.getByRole('button', {name: 'Back to the draft'}).click();
    await kim.page.click('#transfer');
    await kim.page.locator('dialog .picks button', {hasText: 'sam'}).click();
    await kim.page.locator('dialog button.main').click();
    await sam.heldBy('You have it');
    assert.equal(await sam.page.inputValue('#answer'), 'Same words');
    await sam.page.fill('#answer', '');
  });

  await stage.story('nothing comes between an agent and what they write', async () => {
    const {page} = sam;
    const path = '**/human-control/sessions?*';
    await page.keyboard.press('Escape');
    let colleagues = await held(page, path);
    await page.keyboard.press('g');
    await colleagues.asked();
    await page.keyboard.press('g');
    await page.locator('dialog').waitFor();
    await colleagues.answer();
    await settled(page);
    assert.equal(await page.locator('dialog').count(), 1);
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({state: 'detached'});
    colleagues = await held(page, path);
    await page.keyboard.press('g');
    await colleagues.asked();
    await page.click('#answer');
    await colleagues.answer();
    await settled(page);
    assert.equal(await page.locator('dialog').count(), 0);
    const received = await held(page, '**/api/sandbox/messages');
    await page.click('#open-sandbox');
    await page.getByLabel('Customer’s number').fill('+14155550199');
    await page.fill('#sandbox-text', 'Hello');
    await page.press('#sandbox-text', 'Enter');
    await received.asked();
    await page.click('#answer');
    await received.answer();
    await page.locator('#sandbox-note', {hasText: /Received|answered/}).waitFor();
    assert.equal(await page.textContent('#who'), 'Ann');
    assert.equal(await page.evaluate('document.activeElement.id'), 'answer');
    await page.keyboard.press('Escape');
    await page.keyboard.press('h');
    await kim.heldBy('AI');
  });

  await stage.story('what is pressed or edited outlasts news', async () => {
    const {page} = sam;
    await stage.write('hello');
    await sam.until('the AI to have answered', async () => {
      const last = (await sam.lines()).at(-1);
      return last.by === 'ai' && last.foot.includes('delivered');
    });
    await page.hover('#show-lead');
    await page.mouse.down();
    await stage.write('a person, please');
    await page.locator(`.row[data-number="${customer}"] .mark-needs`).waitFor();
    await page.mouse.up();
    await page.locator('.side-body.lead').waitFor();
    await page.locator('#head .mark-needs').waitFor();
    await page.hover('#edit-lead');
    await page.mouse.down();
    await stage.write('as soon as you can');
    await sam.sees('as soon as you can', 'customer');
    await page.mouse.up();
    const status = page.locator('.lead-form').getByRole('textbox', {name: 'Status'});
    await status.fill('half edited');
    await sam.open('+14155550199');
    await page.locator('.side-body.lead', {hasText: '+1 415 555 0199'}).waitFor();
    await sam.open();
    assert.equal(await status.inputValue(), 'half edited');
    await page.getByRole('button', {name: 'Cancel'}).click();
    await page.locator('#edit-lead').waitFor();
    await page.click('#show-lead');
  });

  await stage.story('a call is placed, and the customer edited', async () => {
    await sam.page.click('#call');
    await sam.page.getByRole('textbox', {name: 'Reason'}).fill('The bike is ready');
    await sam.page.locator('dialog button.main').click();
    const call = kim.page.locator('#timeline .call', {hasText: 'Call to the customer'});
    await call.locator('summary').waitFor();
    await sam.page.click('#show-lead');
    await sam.page.locator('#timeline .call summary').waitFor();
    await sam.page.click('#edit-lead');
    await sam.page.getByRole('textbox', {name: 'Name'}).fill('Ann Smith');
    await sam.page.getByRole('textbox', {name: 'Attributes'}).fill('bike = Gravel 54\nsize = 12');
    await sam.page.locator('.lead-form button.main').click();
    await kim.until('the new name', async () => await kim.page.textContent('#who') === 'Ann Smith');
    await kim.page.locator('.row .name', {hasText: 'Ann Smith'}).waitFor();
    const {lead} = await stage.conversation();
    assert.deepEqual(lead.attributes, {bike: 'Gravel 54', size: '12'});
    await stage.write('STOP');
    await kim.page.locator('#head .mark-out').waitFor();
    assert.match(await kim.page.textContent('#composer-why'), /opted out/);
    await stage.write('START');
    await kim.page.locator('#head .mark-out').waitFor({state: 'detached'});
  });

  await stage.story('what the AI was about to say is shown as never sent', async () => {
    const draft = sam.page.locator('.message.superseded', {hasText: 'You wrote: slow'}).first();
    // Whether the AI thinks already cannot be seen from outside: a takeover that came too early
    // or too late is tried again.
    for (let attempt = 0; ; ++attempt) {
      await stage.write(`slow ${attempt}`);
      await sam.sees(`slow ${attempt}`, 'customer');
      await new Promise((next) => setTimeout(next, 3000));  // it thinks from 1.5 s to 6.5 s
      await sam.page.keyboard.press('Escape');
      await sam.page.keyboard.press('t');
      await sam.heldBy('You have it');
      if (await draft.waitFor({timeout: 12_000}).then(() => true, () => false)) break;
      assert.ok(attempt < 3, 'no draft');
      await sam.page.keyboard.press('Escape');
      await sam.page.keyboard.press('h');
      await sam.heldBy('AI');
    }
    await sam.say('!undelivered, says the sandbox');
    await sam.page.locator('.message.human .status.bad', {hasText: 'not delivered'}).waitFor();
    await sam.page.keyboard.press('Escape');
    await sam.page.keyboard.press('h');
    await sam.heldBy('AI');
  });

  await stage.story('who may only read is offered nothing else', async () => {
    const reader = await stage.agent({sub: 'reader', permissions: 'conversations:read'});
    await reader.open();
    await reader.sees('Hello', 'customer');
    for (const hidden of ['#new', '#open-sandbox', '#composer', '#call', '#head .split',
                          '#transfer', '#welcome-act'])
      assert.equal(await reader.page.locator(hidden).filter({visible: true}).count(), 0, hidden);
    await reader.page.click('#show-lead');
    await reader.page.locator('.facts').first().waitFor();
    assert.equal(await reader.page.locator('#edit-lead').count(), 0);
    for (const key of ['Escape', 't', 'h', 'c', 'n', 's', 'g'])
      await reader.page.keyboard.press(key);
    assert.equal(await reader.page.locator('dialog').count(), 0);
    await stage.write('read this');
    await reader.sees('read this', 'customer');
    assert.equal((await stage.conversation()).humanControl, null);
  });
});
