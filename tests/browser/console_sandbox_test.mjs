// A newcomer's minute with the sandbox, a customer who writes markup, and the console for those
// who do not see, in light and dark.
//   node console_sandbox_test.mjs CHROMIUM PROGRAMS

import assert from 'node:assert/strict';
import {createRequire} from 'node:module';

import {customer, play} from './stage.mjs';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const hostile =
    '<img src=x onerror="document.title=1"><script>alert(1)</script><b>bold</b>&amp;"\'';
const foreign = 'שלום \u202eمرحبا 👩‍👩‍👧‍👦 🚲 ' + 'W'.repeat(1200);

await play('a newcomer sees everything within a minute', process.argv.slice(2), async (stage) => {
  const agent = await stage.agent();
  const {page} = agent;

  await stage.story('the whole page is light', async () => {
    const files = new Set(page.asked.filter((url) => !url.includes('/api/'))
        .map((url) => url.split('#')[0]));
    let bytes = 0;
    for (const file of files) bytes += (await (await fetch(file)).arrayBuffer()).byteLength;
    console.log(`${files.size} files, ${bytes} bytes`);
    assert.ok(files.size > 20 && bytes <= 150 * 1024, `${bytes} bytes`);
  });

  await stage.story('the customer is played, and the AI answers', async () => {
    await page.click('#welcome-act');
    await page.getByLabel('Customer’s number').fill('(415) 555-0131');
    await page.fill('#sandbox-text', 'Hello, when do you open?');
    await page.press('#sandbox-text', 'Enter');
    await agent.sees('Hello, when do you open?', 'customer');
    await agent.sees('We are open Monday to Saturday from 9 to 18.', 'ai');
    await agent.until('the answer to be delivered', async () =>
      (await agent.lines()).at(-1).foot.includes('delivered'));
    await agent.until('the time it took', async () =>
      /answered .* after \d/.test(await page.textContent('#sandbox-note')));
    assert.equal(await agent.holder(), 'AI');
  });

  await stage.story('a call is a block that unfolds', async () => {
    await page.click('.play-call summary');
    await page.click('#sandbox-call button');
    const call = page.locator('#timeline .call');
    // It comes with its end, and what it was about behind that.
    await call.getByText('Wants the brakes repaired tomorrow').waitFor();
    await call.locator('summary').click();
    await call.getByText('Tomorrow morning, please.').waitFor();
    assert.equal(await page.locator('#timeline .message.voice').count(), 0);
  });

  await stage.story('a person is asked for, and found by the filter', async () => {
    await stage.write('I want to talk to a person', '+14155550177');
    await page.click('[data-filter=needs]');
    await page.locator('.row[data-number="+14155550177"] .mark-needs').waitFor();
    assert.equal(await page.locator('.row').count(), 1);
    await page.click('[data-filter=all]');
    // It was not looked at: unread until it is.
    await page.locator('.row.fresh[data-number="+14155550177"]').waitFor();
    assert.equal(await page.title(), '(1) Tandem');
    await agent.open('+14155550177');
    await agent.until('it to be read', async () => await page.title() === 'Tandem');
    await agent.open();
    await page.fill('#search', '(415) 555-0131');
    await agent.until('the search', async () => await page.locator('.row').count() === 1);
    assert.equal(await page.locator('.row').getAttribute('data-number'), customer);
    await page.fill('#search', '');
    await agent.until('all of them', async () => await page.locator('.row').count() === 2);
  });

  await stage.story('what a customer writes is text', async () => {
    await stage.write(hostile);
    await agent.sees(hostile, 'customer');
    await stage.write(foreign);
    await agent.sees(foreign, 'customer');
    for (const mediaUrl of ['https://example.com/bike.jpg', 'javascript:alert(1)'])
      await stage.ask('POST', '/api/sandbox/messages', {from: customer, mediaUrl});
    const link = page.locator('.media a');
    await link.waitFor();
    assert.equal(await link.getAttribute('href'), 'https://example.com/bike.jpg');
    await page.locator('.media li').nth(1).waitFor();
    assert.equal(await link.count(), 1, 'a link that would run');
    await stage.ask('PATCH', `/api/leads/${(await stage.conversation()).lead.id}`,
                    {customerName: `<i>${'Ann '.repeat(60)}</i>`, attributes: {'<u>': hostile}});
    await agent.until('the name', async () =>
      (await page.textContent('#who')).startsWith('<i>Ann'));
    await page.click('#show-lead');
    assert.equal(await page.locator('#desk :is(img, b, i, u, script)').count(), 0);
    assert.doesNotMatch(await page.title(), /^1$/);
    for (const width of [360, 800, 1100, 1440, 2200]) {
      await page.setViewportSize({width, height: 800});
      const parts = 'html, .inbox, .conversation, .timeline, .side, .head';
      const wider = await page.$$eval(parts, (parts) =>
        parts.filter((part) => part.scrollWidth > part.clientWidth).map((part) => part.className));
      assert.deepEqual(wider, [], `too wide for ${width} pixels`);
    }
    await page.setViewportSize({width: 1440, height: 900});
  });

  await stage.story('everything works by keys', async () => {
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.locator('dialog .keys').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({state: 'detached'});
    // Who closes a dialog and moves on at once stays where they went.
    await page.keyboard.press('?');
    await page.locator('dialog .keys').waitFor();
    await page.evaluate(`document.querySelector('dialog').close();
                         document.getElementById('search').focus();`);
    await page.locator('dialog').waitFor({state: 'detached'});
    assert.equal(await page.evaluate('document.activeElement.id'), 'search');
    await page.keyboard.press('Escape');
    await page.keyboard.press('/');
    assert.equal(await page.evaluate('document.activeElement.id'), 'search');
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('t');
    await agent.heldBy('You have it');
    await agent.until('the composer', () =>
      page.evaluate('document.activeElement.id === "answer"'));
    await page.keyboard.type('typed by keys');
    await page.keyboard.press('Enter');
    await agent.sees('typed by keys', 'human');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+H');
    await page.keyboard.type('All is well.');
    await page.keyboard.press('Control+Enter');
    await agent.heldBy('AI');
  });

  await stage.story('nothing serious for axe, in light and dark', async () => {
    const found = [];
    const look = async (what) => {
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({colorScheme, reducedMotion: 'reduce'});
        const {violations} = await page.evaluate(() => globalThis.axe.run(document, {
          resultTypes: ['violations'],
        }));
        for (const {id, impact, nodes} of violations)
          found.push({what, colorScheme, id, impact,
                      where: nodes.slice(0, 3).map((one) => one.html.slice(0, 160)),
                      why: nodes[0].failureSummary});
      }
    };
    // As a script of the page's own origin would come in: the policy stays on.
    await page.addInitScript({path: axe});
    await page.reload();
    await agent.live();
    await agent.until('the conversation again', async () =>
      await page.locator('.message').count() >= 5);
    await look('the desk');
    for (const panel of ['#show-lead', '#open-sandbox', '#open-stream']) {
      await page.click(panel);
      await look(panel);
    }
    await page.click('#stream-cut');
    await page.waitForSelector('#line[data-state=cut]');
    await look('a line that is cut');
    await page.click('#stream-resume');
    await agent.live();
    await page.click('#show-lead');
    await page.click('#edit-lead');
    await look('the form of a customer');
    await page.keyboard.press('Escape');
    await page.click('#open-help');
    await look('the keys');
    await page.keyboard.press('Escape');
    await page.locator('#head .split button').last().click();
    await look('a dialog');
    await page.keyboard.press('Escape');
    await page.setViewportSize({width: 390, height: 844});
    await look('on a phone');
    await page.setViewportSize({width: 1440, height: 900});
    await page.click('#open-me');
    await page.click('#sign-out');
    await page.locator('#sign-in').waitFor();
    assert.equal(await page.evaluate('sessionStorage.length'), 0, 'something is left in the tab');
    await look('the door');
    const impacts = found.map(({impact}) => impact);
    console.log(`axe-core: ${impacts.length ? impacts.join(', ') : 'no issue'}`);
    for (const one of found) console.log(JSON.stringify(one));
    assert.deepEqual(found.filter(({impact}) => impact === 'serious' || impact === 'critical'), []);
  });
});
