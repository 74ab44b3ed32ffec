/**
 * Requests of one connection that come before the answers to those before them (RFC 9112 §9.3.2): a few are begun at once,
 * the rest wait, and nothing further is read. Node begins all that one read brings, 1,700 of a line each, in one turn.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface PipelinedOptions {
  /** Of all connections, waiting for answers before theirs; who brings more is cut. */
  readonly maxWaiting: number;
  /** Before it is cut. */
  readonly onCut: (socket: Socket) => void;
}

/** So that a poll that hangs keeps none of those behind it from being done. */
const maxBegun = 4;

interface Line {
  begun: number;
  readonly waiting: (() => void)[];
}

/** Makes listeners that share one account of what waits. */
export function pipelined({ maxWaiting, onCut }: PipelinedOptions): (listener: RequestListener) => RequestListener {
  const lines = new WeakMap<Socket, Line>();
  let waiting = 0;

  const lineOf = (socket: Socket): Line => {
    const known = lines.get(socket);
    if (known) return known;
    const line: Line = { begun: 0, waiting: [] };
    lines.set(socket, line);
    socket.once('close', () => (waiting -= line.waiting.splice(0).length));
    return line;
  };
  const next = (line: Line, socket: Socket): void => {
    const begin = line.waiting.shift();
    if (begin === undefined) return;
    waiting--;
    begin();
    if (line.waiting.length === 0) socket.resume();
    else socket.pause();
  };
  const wait = (line: Line, socket: Socket, begin: () => void): void => {
    if (waiting >= maxWaiting) {
      onCut(socket);
      socket.destroy();
      return;
    }
    waiting++;
    line.waiting.push(begin);
    socket.pause();
  };
  return (listener) => (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    // What one read has brought is parsed to its end, whatever becomes of the connection.
    if (socket.destroyed) return;
    const line = lineOf(socket);
    const begin = (): void => {
      line.begun++;
      response.once('close', () => {
        line.begun--;
        // Node reads on at the end of each request, whoever has told it not to.
        if (line.waiting.length > 0) socket.pause();
        // In a turn of its own: answers that the system takes at once would else all be made in this one.
        setImmediate(() => next(line, socket));
      });
      listener(request, response);
    };
    if (line.begun < maxBegun && line.waiting.length === 0) begin();
    else wait(line, socket, begin);
  };
}
