// Makes the pictures of the README: desktop and phone, light and dark, of a real gateway.
//   node screenshots.mjs CHROMIUM PROGRAMS FOLDER

import {join} from 'node:path';

import {play} from './stage.mjs';

const [program, programs, folder] = process.argv.slice(2);

const people = [
  ['+14155550131', 'Maya Okafor', 'Trade-in offer'], ['+14155550132', 'Tom Becker', 'Customer'],
  ['+14155550133', 'Lucía Fernández', 'Customer'], ['+14155550134', 'Priya Raman', 'New'],
  ['+14155550135', 'Jonas Lindqvist', 'Customer'], ['+14155550136', 'Aisha Bello', 'Workshop'],
  ['+14155550137', 'Henry Walsh', 'Customer'], ['+14155550138', 'Noor Haddad', 'New'],
];
const texts = ['Hi! Are you open on Saturday?', 'Can I talk to a person, please?',
               'Do you have the 54 in stock?', 'Which hours are you open?',
               'Thanks, see you on Friday.', 'Is the rear wheel back?',
               'How much is a full service?', 'Hello'];

await play('the pictures are made', [program, programs], async (stage) => {
  for (const [i, [phoneNumber, customerName, leadStatus]] of people.entries()) {
    await stage.ask('POST', '/api/leads', {
      phoneNumber, customerName, leadStatus,
      email: `${customerName.split(' ')[0].toLowerCase()}@example.com`
          .normalize('NFD').replace(/[^\x20-\x7e]/g, ''),
      attributes: {bike: 'Gravel 54', 'bought on': '2025-03-14'},
    });
    if (i) await stage.write(texts[i], phoneNumber);
  }
  const colleague = await stage.gateway.token({sub: 'Kim Lee'});
  await stage.ask('POST', '/api/human-control/join', {phoneNumber: people[5][0]}, colleague);
  const [[maya]] = people;
  await stage.write('Hi, when do you open tomorrow?', maya);
  await new Promise((next) => setTimeout(next, 800));
  await stage.ask('POST', '/api/sandbox/calls', {
    from: maya,
    summary: 'Maya’s front brake squeals. She would like to bring the bike tomorrow morning.',
    turns: [{role: 'user', message: 'Hello, my front brake squeals.'},
            {role: 'agent', message: 'I am sorry to hear that. Would you like to bring it in?'},
            {role: 'user', message: 'Tomorrow morning, please.'}],
  });
  const sub = {sub: 'Sam Rivera', viewport: {width: 1280, height: 800}};
  const sam = await stage.agent(sub);
  await sam.open(maya);
  await sam.page.keyboard.press('t');
  await sam.heldBy('You have it');
  await stage.write('Can I get a loan bike while you work on it?', maya);
  await sam.say('Hi Maya, this is Sam. Yes: a city bike is waiting for you, free of charge.');
  await sam.until('it to be delivered', async () =>
    (await sam.lines()).at(-1).foot.includes('delivered'));
  await stage.write('Perfect, thank you! I will be there at nine.', maya);
  await sam.page.fill('#answer', 'See you at nine. Please bring');
  await sam.page.click('#show-lead');
  await sam.page.locator('.call summary').click();
  await sam.page.getByText('Tomorrow morning, please.').waitFor();
  await sam.page.$eval('#timeline', (one) => { one.scrollTop = one.scrollHeight; });
  const picture = (page, name) => page.screenshot({path: join(folder, `${name}.png`)});
  for (const colorScheme of ['light', 'dark']) {
    await sam.page.emulateMedia({colorScheme});
    await sam.page.$$eval('.toast', (all) => all.forEach((one) => one.remove()));
    await picture(sam.page, `desktop-${colorScheme}`);
    const phone = await stage.agent({...sub, colorScheme, viewport: {width: 390, height: 844},
                                     isMobile: true, hasTouch: true});
    await picture(phone.page, `inbox-${colorScheme}`);
    await phone.open(maya);
    await phone.page.locator('#composer textarea').fill('See you at nine. Please bring');
    await picture(phone.page, `phone-${colorScheme}`);
  }
});
