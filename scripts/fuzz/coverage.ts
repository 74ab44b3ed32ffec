/** Which blocks of lib/ have run, by V8's precise coverage: what reaches a new one is worth changing further. */
import { Session } from 'node:inspector';

interface Taken {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
    }[];
  }[];
}

export interface Coverage {
  /** Blocks that have run since the last call. */
  take(): ReadonlySet<string>;
  close(): void;
}

/** Counting slows everything down; one at a time in a process. */
export function startCoverage(): Coverage {
  const session = new Session();
  session.connect();
  post(session, 'Profiler.enable');
  post(session, 'Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return {
    take: () => blocksOf(post(session, 'Profiler.takePreciseCoverage') as Taken),
    close() {
      post(session, 'Profiler.stopPreciseCoverage');
      session.disconnect();
    },
  };
}

/** In the same thread the answer is there before the call returns. */
function post(session: Session, method: string, params: object = {}): unknown {
  let answer: unknown;
  session.post(method, params, (error, result) => {
    if (error) throw error;
    answer = result;
  });
  return answer;
}

function blocksOf({ result }: Taken): ReadonlySet<string> {
  const blocks = new Set<string>();
  for (const { url, functions } of result) {
    if (!url.includes('/dist/lib/')) continue;
    for (const { ranges } of functions) {
      for (const { startOffset, endOffset, count } of ranges)
        if (count > 0) blocks.add(`${url}:${startOffset}-${endOffset}`);
    }
  }
  return blocks;
}
