// Waiting for a condition, within bounds.

export const patience = 30_000;  // the machine may be slow; nothing here takes that long

/** Tries until it gets something true, and says what it waited for when it does not. */
export async function until(what, attempt, limit = patience) {
  const end = Date.now() + limit;
  for (;;) {
    const found = await attempt();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((next) => setTimeout(next, 30));
  }
}
