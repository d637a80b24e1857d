// Files that are no settings, given to the program and to a gateway that runs: yaml.mjs says what
// must be said of each.
//   node yaml_test.mjs PROGRAMS

import assert from 'node:assert/strict';

import {Player} from './player.mjs';
import {check, promise, Reloading, tell} from './settings_house.mjs';
import {right, wrong} from './yaml.mjs';

const programs = process.argv[2];

for (const [name, settings, begins, expected] of wrong)
  await promise(name, () => check(programs, {settings, exit: 78, at: {begins, expected}}));
for (const [name, settings] of right)
  await promise(name, () => check(programs, {settings, exit: 0}));

const house = await Reloading.create(programs);
const player = new Player(house);
try {
  await house.writeSecret(house.secret);
  await house.start();
  await player.begin();
  for (const [name, settings] of wrong) {
    await promise(`${name}, read by a running gateway`, async () => {
      await house.ask(() => settings);
      assert.equal(await house.successful(), 0);
      await player.checkStored(0);
      await player.checkHealth();
    });
  }
  await promise('the good ones again', async () => {
    await house.ask();
    assert.equal(await house.successful(), 1);
  });
  assert.equal(await house.ends(), 0);
} finally {
  await house.remove();
}
tell();
