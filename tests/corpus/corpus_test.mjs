// Plays groups of bad input against the real daemon, each case as its data file says; where the
// first of them brings a daemon of its own (`Home`), against that one.
//   node corpus_test.mjs PROGRAMS GROUP…

import assert from 'node:assert/strict';

import {makeGround} from './ground.mjs';
import {House} from './house.mjs';
import {Player} from './player.mjs';

const [programs, ...groups] = process.argv.slice(2);
const modules = await Promise.all(groups.map((group) => import(`./${group}.mjs`)));
const house = await (modules[0].Home ?? House).create(programs);
const failures = [];
try {
  await house.start();
  const ground = await makeGround(house);
  const player = new Player(house, ground);
  let played = 0;
  for (const [i, group] of groups.entries()) {
    const cases = await modules[i][group](ground);
    await player.begin();
    for (const one of cases) {
      ++played;
      try {
        await player.play(one);
      } catch (failure) {
        failures.push(one.name);
        console.log(`not ok: ${one.name}\n  ${failure.message}\n`);
        await player.begin();
      }
    }
  }
  console.log(`${played} cases; the slowest health took ${Math.round(player.slowest)} ms`);
  assert.equal(await house.ends(), 0);
} finally {
  await house.remove();
}
if (failures.length > 0) {
  console.log(`${failures.length} failed`);
  process.exitCode = 1;
}
