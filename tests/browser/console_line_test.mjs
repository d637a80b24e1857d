// The line is lost, the gateway dies in mid-conversation, the stream is reset, the sign-in
// expires: it is said plainly, heals, and no line is lost or doubled.
//   node console_line_test.mjs CHROMIUM PROGRAMS

import assert from 'node:assert/strict';

import {customer, held, play} from './stage.mjs';

/** What is on screen is what is stored, in its order. */
async function asStored(stage, agent) {
  await agent.until('the screen to be as the record', async () => {
    const {messages} = await stage.conversation();
    const stored = messages.filter((one) => one.direction !== 'internal').map((one) => one.id);
    const shown = (await agent.lines()).filter((line) => !line.superseded)
        .map((line) => line.id);
    assert.equal(new Set(shown).size, shown.length, `a line twice: ${shown}`);
    return shown.join() === stored.join();
  });
}

/** All that was said is confirmed. */
function nothingOnItsWay(agent) {
  return agent.until('nothing on its way', async () =>
    await agent.page.locator('.message.sending').count() === 0);
}

await play('the page outlives its line', process.argv.slice(2), async (stage) => {
  // The browser itself tells of lines that were lost on purpose.
  stage.expected.push(/Failed to load resource/, /net::ERR_/);
  await stage.write('before all');
  const agent = await stage.agent({}, true);
  const {page} = agent;
  await agent.open();
  await agent.sees('before all', 'customer');
  // An answer that is overtaken would be a draft: no story of this test.
  await agent.until('the AI to have answered', async () => {
    const last = (await agent.lines()).at(-1);
    return last.by === 'ai' && last.foot.includes('delivered');
  });
  const banner = () => page.textContent('#banner-text');

  await stage.story('a line is lost and comes back', async () => {
    await page.keyboard.press('t');
    await agent.heldBy('You have it');
    await page.fill('#answer', 'half written');
    stage.relay.cut();
    await stage.write('while you were away');
    await agent.sees('while you were away', 'customer');
    await agent.live();
    assert.equal(await page.inputValue('#answer'), 'half written');
    await asStored(stage, agent);
  });

  await stage.story('the gateway dies in mid-conversation', async () => {
    await stage.gateway.kill();
    await agent.until('the loss to be told', async () =>
      await page.locator('#banner').isVisible() && /Connection lost/.test(await banner()));
    // Said into the silence: kept, tried again with its key, and sent once.
    await page.press('#answer', 'Enter');
    await page.locator('.message.sending', {hasText: 'half written'}).waitFor();
    await stage.gateway.start();
    await agent.live();
    await page.locator('#banner').waitFor({state: 'hidden'});
    await agent.sees('half written', 'human');
    await stage.write('after the power cut');
    await agent.sees('after the power cut', 'customer');
    await nothingOnItsWay(agent);
    await asStored(stage, agent);
    const {messages} = await stage.conversation();
    assert.equal(messages.filter((one) => one.content === 'half written').length, 1, 'sent twice');
  });

  await stage.story('an answer whose confirmation is lost is sent once', async () => {
    let lost = 0;
    await page.route('**/send-message', async (route) => {
      if (lost++) return route.continue();
      await route.fetch();     // it arrives,
      return route.abort();    // its answer does not
    });
    await agent.say('only once, please');
    await agent.sees('only once, please', 'human');
    await agent.until('the second try', () => lost > 1);
    await nothingOnItsWay(agent);
    await asStored(stage, agent);
    const {messages} = await stage.conversation();
    assert.equal(messages.filter((one) => one.content === 'only once, please').length, 1);
    await page.unroute('**/send-message');
  });

  await stage.story('a page that is closed while it sends goes on where it was', async () => {
    await page.route('**/send-message', (route) => route.abort());
    await agent.say('before the page was closed');
    await page.locator('.message.sending', {hasText: 'before the page'}).waitFor();
    await page.unroute('**/send-message');
    await page.reload();
    await agent.live();
    await agent.sees('before the page was closed', 'human');
    await nothingOnItsWay(agent);
    await asStored(stage, agent);
    await page.reload();
    await agent.live();
    await asStored(stage, agent);
  });

  await stage.story('cut, resumed, lost and reset at will', async () => {
    await page.click('#open-stream');
    await page.click('#stream-cut');
    await page.waitForSelector('#line[data-state=cut]');
    await stage.write('behind the cut');
    await page.click('#stream-resume');
    await agent.sees('behind the cut', 'customer');
    await page.click('#stream-lose');
    await agent.live();
    await page.click('#stream-reset');
    await page.locator('#events strong', {hasText: 'stream_reset'}).waitFor();
    await stage.write('behind the reset');
    await agent.sees('behind the reset', 'customer');
    await asStored(stage, agent);
    for (const figure of ['gaps', 'doubles'])
      assert.equal(await page.textContent(`#stream-${figure}`), '0', figure);
    await page.fill('.stream input[type=search]', 'sms_received');
    await page.locator('#events summary').first().click();
    await page.locator('#events pre', {hasText: 'behind the reset'}).waitFor();
  });

  await stage.story('what is read before it is confirmed stands there once', async () => {
    await page.click('#stream-cut');
    const post = await held(page, '**/send-message');
    await agent.say('read before confirmed');
    await post.asked();
    await page.click('#stream-reset');
    await page.locator('.message[data-id]', {hasText: 'read before confirmed'}).waitFor();
    assert.equal(await page.locator('.message.sending').count(), 0);
    await post.answer();
    await nothingOnItsWay(agent);
    await asStored(stage, agent);
  });

  await stage.story('what comes while a conversation is read is shown', async () => {
    const number = '+14155550133';
    await stage.write('before it is read', number);
    const row = page.locator(`.row[data-number="${number}"]`);
    await row.waitFor();
    const read = await held(page, `**/api/conversations/${encodeURIComponent(number)}`);
    await row.click();
    await read.asked();
    await stage.write('while it is read', number);
    await row.locator('text=while it is read').waitFor();
    // Longer than what is read again waits.
    await new Promise((next) => setTimeout(next, 500));
    await read.answer();
    await agent.sees('before it is read', 'customer');
    await agent.sees('while it is read', 'customer');
    await agent.open();
  });

  await stage.story('an old answer does not undo what the agent did since', async () => {
    await page.click('#stream-cut');
    const path = `**/api/conversations/${encodeURIComponent(customer)}`;
    const old = await held(page, path);
    await page.keyboard.press('h');
    await agent.heldBy('AI');
    await old.asked();
    await page.keyboard.press('t');
    await agent.heldBy('You have it');
    const next = await held(page, path);
    await old.answer();
    await next.asked();
    assert.equal(await agent.holder(), 'You have it');
    await next.answer();
    await page.click('#stream-resume');
    await agent.live();
  });

  await stage.story('what could not be read is read once the line is back', async () => {
    const number = '+14155550134';
    const path = `**/api/conversations/${encodeURIComponent(number)}`;
    await stage.write('not read at first', number);
    await page.route(path, (route) => route.abort());
    await page.locator(`.row[data-number="${number}"]`).click();
    await page.locator('.begin', {hasText: 'does not answer'}).waitFor();
    await page.unroute(path);
    await page.click('#stream-lose');
    await agent.sees('not read at first', 'customer');
    await agent.open();
  });

  await stage.story('a sign-in expires, and the page goes on with another', async () => {
    const short = await stage.agent({sub: 'short', ttl: '15s'});
    await short.open();
    await short.page.waitForSelector('#line[data-state=expired]');
    assert.match(await short.page.textContent('#banner-text'), /has expired/);
    await stage.write('after it expired');
    await short.page.click('#banner-act');
    await short.page.fill('#token-again', 'wrong');
    await short.page.locator('dialog button.main').click();
    await short.page.locator('dialog .note.bad', {hasText: /\w/}).waitFor();
    await short.page.fill('#token-again', await stage.gateway.token({sub: 'short'}));
    await short.page.locator('dialog button.main').click();
    await short.live();
    await short.sees('after it expired', 'customer');
    await short.page.reload();
    await short.live();
  });

  await stage.story('a token that is none opens nothing', async () => {
    const page = await stage.browser.open(`${stage.gateway.url}/#token=wrong`);
    await page.locator('#token-problem', {hasText: /\w/}).waitFor();
    assert.ok(await page.locator('#desk').isHidden());
    await page.fill('#token', stage.token);
    await page.press('#token', 'Enter');
    await page.waitForSelector('#line[data-state=open]');
  });
});
