// How times, numbers and people are written.

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const clock = new Intl.DateTimeFormat(undefined, {hour: '2-digit', minute: '2-digit'});
const weekday = new Intl.DateTimeFormat(undefined, {weekday: 'short'});
const date = new Intl.DateTimeFormat(undefined, {day: 'numeric', month: 'short'});
const fullDate =
    new Intl.DateTimeFormat(undefined, {weekday: 'long', day: 'numeric', month: 'long'});
const fullDateYear =
    new Intl.DateTimeFormat(undefined, {day: 'numeric', month: 'long', year: 'numeric'});
const exact = new Intl.DateTimeFormat(undefined, {dateStyle: 'medium', timeStyle: 'medium'});

const startOfDay = (at) => new Date(at).setHours(0, 0, 0, 0);

export const timeOf = (at) => clock.format(at);
export const exactTime = (at) => exact.format(at);
export const dayKey = (at) => startOfDay(at);

// In a list: the newest by the clock, older ones by the day.
export function listTime(at, now = Date.now()) {
  if (startOfDay(at) === startOfDay(now)) return clock.format(at);
  return now - at < 6 * day ? weekday.format(at) : date.format(at);
}

export function dayName(at, now = Date.now()) {
  const days = Math.round((startOfDay(now) - startOfDay(at)) / day);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return (days < 300 ? fullDate : fullDateYear).format(at);
}

// How long something lasts already: 40 s, 12 min, 3 h, 2 d.
export function span(milliseconds) {
  if (milliseconds < minute) return `${Math.max(0, Math.floor(milliseconds / 1000))} s`;
  if (milliseconds < hour) return `${Math.floor(milliseconds / minute)} min`;
  if (milliseconds < day) return `${Math.floor(milliseconds / hour)} h`;
  return `${Math.floor(milliseconds / day)} d`;
}

// A call's length: 0:42, 1:02:03.
export function length(seconds) {
  const two = (number) => String(number).padStart(2, '0');
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(whole % 60)}`;
}

// How long since a timestamp, as a call's length.
export const lasting = (since) => length((Date.now() - Date.parse(since)) / 1000);

// +15551234567 → +1 555 123 4567; other countries stay as they are.
export function phone(number) {
  const american = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  return american ? `+1 ${american[1]} ${american[2]} ${american[3]}` : number;
}

// In place of a picture.
export const face = (name, number) => (name && initials(name)) || number.slice(-2);

function initials(name) {
  const words = name.split(/\s+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const picked = words.length > 1 ? [words[0], words.at(-1)] : words;
  return picked.map((word) => String.fromCodePoint(word.codePointAt(0)).toUpperCase()).join('');
}

export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

const reasons = {
  no_responder: 'no AI answers here',
  responder_failed: 'the AI failed',
  dropped: 'the answer was stopped',
  asked: 'asked for a person',
  late: 'came too late',
  call_daily_limit: 'a cap stopped a call',
};
export const needsReason = (reason) => reasons[reason] ?? (reason ?? '').replaceAll('_', ' ');
