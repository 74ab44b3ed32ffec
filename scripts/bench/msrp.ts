/** How many MSRP frames one core reads and prints a second. */
import { printFrame, type Request } from '../../lib/wire/msrp/frame.js';
import { FrameParser } from '../../lib/wire/msrp/parser.js';

const limits = { maxHeaderBytes: 8192, maxHeaders: 64, maxBodyBytes: 65_536 };
const chunkBytes = 65_536;

/** A SEND of about 400 octets as a phone in a chat session prints it. */
function sample(n: number): Request {
  return {
    kind: 'request',
    method: 'SEND',
    transactionId: `m${n.toString(16).padStart(8, '0')}`,
    toPath: 'msrp://127.0.0.1:2855/5f1c8e0a7b3d49e6a1c2d3e4f5061728;tcp',
    fromPath: 'msrp://127.0.0.1:9/7a6b5c4d0;tcp',
    headers: [
      ['Message-ID', `7a6b5c4d.${n.toString(16)}`],
      ['Success-Report', 'yes'],
      ['Byte-Range', '1-140/140'],
      ['Content-Type', 'message/cpim'],
    ],
    body: Buffer.alloc(140, 'x'),
    flag: '$',
  };
}

/** Of CPU time, so that neighbours do not count. */
function perSecond(count: number, run: () => void): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return Math.round((count * 1e6) / (user + system));
}

function best(rounds: number, measure: () => number): number {
  return Math.max(...Array.from({ length: rounds }, measure));
}

export function benchMsrp(): Promise<{ name: string; perSecond: number }[]> {
  const count = 160_000;
  const frames = Array.from({ length: 1600 }, (_, n) => sample(n));
  const stream = Buffer.concat(frames.map(printFrame));
  const parse = () => {
    const parser = new FrameParser(limits);
    for (let n = 0; n < count; n += frames.length) pushAll(parser);
  };
  const pushAll = (parser: FrameParser) => {
    for (let at = 0; at < stream.length; at += chunkBytes) parser.push(stream.subarray(at, at + chunkBytes));
  };
  const print = () => {
    for (let n = 0; n < count; n += frames.length) for (const frame of frames) printFrame(frame);
  };
  return Promise.resolve([
    { name: 'msrp parse SEND of 400 octets', perSecond: best(5, () => perSecond(count, parse)) },
    { name: 'msrp print SEND of 400 octets', perSecond: best(5, () => perSecond(count, print)) },
  ]);
}
