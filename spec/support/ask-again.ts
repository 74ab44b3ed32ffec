/** Waiting for what can only be asked for: between two questions whoever is asked needs the processor more. */

const askMs = 10;
/** What is a matter of turns of the event loop is not kept waiting. */
const turns = 20;

/** Before the next question. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, askMs));
}

/** Resolves once it holds; rejects after the time. */
export async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 5000): Promise<void> {
  const endsAtMs = performance.now() + timeoutMs;
  for (let asked = 0; !(await holds()); asked++) {
    if (performance.now() > endsAtMs) throw new Error('it never came true');
    await (asked < turns ? new Promise((resolve) => setImmediate(resolve)) : pause());
  }
}
