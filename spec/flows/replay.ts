/** Plays a flow: what goes in is said verbatim, what comes out is compared octet for octet once its slots are bound. */
import { expect } from 'chai';
import type { Flow, Step } from './flow.js';
import { bodyLength } from './framing.js';
import type { Line } from './line.js';
import { namedAlone } from './platform.js';
import { record } from './record.js';
import { bind, type Bindings, fill } from './slots.js';
import type { Stage } from './stage.js';

export async function replay(flow: Flow, stage: Stage): Promise<void> {
  const line = stage.line(flow.digits);
  const bindings = stage.bindings();
  for (const step of flow.steps) {
    try {
      if (step.direction === 'in') await say(step, { stage, line, bindings });
      else await hear(step, line, bindings);
    } catch (error) {
      throw named(error, `${flow.name}/${step.file}`);
    }
  }
}

interface Scene {
  readonly stage: Stage;
  readonly line: Line;
  readonly bindings: Bindings;
}

/** An answer of REST is awaited by the step that expects it: meanwhile others are played. */
async function say({ channel, template }: Step, { stage, line, bindings }: Scene): Promise<void> {
  if (channel === 'rest') {
    const answered = stage.ask(fill(template, bindings));
    answered.then(
      (text) => line.put('rest', { text }),
      (error: unknown) => line.put('rest', { text: String(error) }),
    );
    return;
  }
  if (channel === 'callback') throw new TypeError('nobody calls the gateway back');
  bindings.set('length', String(filledLength(channel, template, bindings)));
  await stage.network.say(line, channel, fill(template, bindings));
}

/** {length} stands in the head alone. */
function filledLength(channel: 'sip' | 'msrp', template: string, bindings: Bindings): number {
  return bodyLength(channel, fill(template, new Map([...bindings, ['length', '0']])));
}

async function hear(step: Step, line: Line, bindings: Bindings): Promise<void> {
  const { channel } = step;
  const { text } = await line.next(channel);
  if (channel === 'sip' || channel === 'msrp') bindings.set('length', String(bodyLength(channel, text)));
  const template = step.template === '' ? record(step, text, bindings) : step.template;
  const said = channel === 'rest' ? namedAlone(template, text) : text;
  expect(utf8(said)).to.equal(utf8(bind(template, said, bindings)));
}

/** For the reader of a difference; octets that are no text are compared as they are. */
function utf8(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : latin1;
}

function named(error: unknown, where: string): unknown {
  if (error instanceof Error) error.message = `${where}: ${error.message}`;
  return error;
}
