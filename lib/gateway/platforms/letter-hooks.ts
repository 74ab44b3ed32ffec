/** What the interpreter does when a platform has taken the notification of a user's message, or never will. */
import type { Interpreter } from '../../iwf/interpreter.js';
import type { LetterHooks } from '../../notify/delivery/letters.js';

/** `interpreter` is asked for at each call: notify is there before it. */
export function letterHooks(interpreter: () => Interpreter | undefined): LetterHooks {
  return {
    onDelivered: ({ about }) => (about.kind === 'chatMessage' ? interpreter()?.handovers.taken(about) : undefined),
    onDead: ({ about }) =>
      about.kind === 'chatMessage' && !about.replayed ? interpreter()?.handovers.lost(about) : undefined,
  };
}
