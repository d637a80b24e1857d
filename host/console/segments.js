// How many SMS a text is billed as: segments of 7-bit letters (GSM 03.38), or of UTF-16 units
// where one letter is not in that alphabet.

const basic = new Set('@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
                      '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà');
const escaped = new Set('\f^{}\\[~]|€');

// {units, count, unicode}; a letter that takes two units stands in one segment whole.
export function segmentsOf(text) {
  const letters = [...text];
  const unicode = letters.some((letter) => !basic.has(letter) && !escaped.has(letter));
  const width = (letter) => (unicode ? letter.length : escaped.has(letter) ? 2 : 1);
  const units = letters.reduce((sum, letter) => sum + width(letter), 0);
  if (units <= (unicode ? 70 : 160)) return {units, count: 1, unicode};
  const room = unicode ? 67 : 153;
  let count = 1, used = 0;
  for (const letter of letters) {
    if (used + width(letter) > room) {
      count += 1;
      used = 0;
    }
    used += width(letter);
  }
  return {units, count, unicode};
}
