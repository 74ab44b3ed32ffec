/** CPIM parse and print of a message of 200 bytes, on one core. */
import { Bench } from 'tinybench';
import { parseCpim, printCpim } from '../../lib/wire/cpim.js';

const message = Buffer.from(
  'From: <sip:anonymous@anonymous.invalid>\r\n' +
    'To: <sip:anonymous@anonymous.invalid>\r\n' +
    'NS: imdn <urn:ietf:params:imdn>\r\n' +
    'imdn.Message-ID: 4f9a\r\n' +
    'DateTime: 2026-11-22T10:00:00Z\r\n' +
    '\r\n' +
    'Content-Type: text/plain\r\n' +
    '\r\n' +
    'hello bot',
);

/** Messages per iteration: reading the clock takes a tenth of the time that one message does. */
const batch = 200;

export async function benchCpim(): Promise<{ name: string; perSecond: number }[]> {
  const bench = new Bench({ time: 1000, warmupTime: 300 });
  bench.add(`CPIM parse + print, ${message.length} bytes`, () => {
    for (let i = 0; i < batch; i++) printCpim(parseCpim(message));
  });
  await bench.run();
  return bench.tasks.map(({ name, result }) => ({
    name,
    perSecond: result.state === 'completed' ? Math.round((batch * 1000) / result.latency.mean) : 0,
  }));
}
