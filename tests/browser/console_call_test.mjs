// A call that runs long enough to be looked at: placed with a reason, its time, taken by a human,
// and what the provider cannot do is said.
//   node console_call_test.mjs CHROMIUM PROGRAMS

import assert from 'node:assert/strict';

import {Gateway} from './gateway.mjs';
import {customer, play} from './stage.mjs';

/** Its provider takes its time: a call begins after one delay and ends after two. */
class Slow extends Gateway {
  text() {
    return super.text().replace('delay_ms: 50', 'delay_ms: 15000');
  }
}

await play('a running call is seen and taken', process.argv.slice(2), async (stage) => {
  await stage.write('Hello');
  const agent = await stage.agent();
  const {page} = agent;

  await stage.story('an address may name a number in another form', async () => {
    await page.evaluate('location.hash = "phone=(415) 555-0131"');
    await agent.sees('Hello', 'customer');
    await agent.until('the number as it is written', async () =>
      await page.evaluate('location.hash') === `#phone=${encodeURIComponent(customer)}`);
  });

  await stage.story('a call is placed, and its time runs', async () => {
    await page.click('#call');
    await page.getByRole('textbox', {name: 'Reason'}).fill('The bike is ready');
    await page.locator('dialog button.main').click();
    const running = page.locator('#timeline .call.active .running');
    await running.waitFor();
    const first = await running.textContent();
    await agent.until('the next second', async () => await running.textContent() !== first);
    await page.locator('#head .mark-call', {hasText: /On a call 0:\d\d/}).waitFor();
    await page.locator('.row .mark-call', {hasText: /On a call 0:\d\d/}).waitFor();
    assert.equal(await page.locator('#call').count(), 0, 'a second call is offered');
  });

  await stage.story('the call is taken; the sandbox cannot put it through, and says so', async () => {
    await page.click('#take-call');
    await page.getByRole('textbox', {name: 'My phone'}).fill('+1 415 555 0199');
    await page.locator('dialog button.main').click();
    await agent.heldBy('You have it');
    await page.locator('.toast.bad', {hasText: 'The call was not taken'}).waitFor();
    await agent.until('the composer', () =>
      page.evaluate('document.activeElement.id === "answer"'));
  });

  await stage.story('the call ends and unfolds', async () => {
    const call = page.locator('#timeline .call:not(.active)');
    await call.locator('summary').click();
    await call.locator('.turn').first().waitFor();
    await page.locator('.mark-call').first().waitFor({state: 'detached'});
  });
}, Slow);
