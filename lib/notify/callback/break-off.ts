/** A word to break off what is under way. An AbortSignal would do, at a tenth of the cost of the whole callback. */

export interface BreakOff {
  readonly isOver: boolean;
  /** Says it; idempotent. */
  end(): void;
  /** The one who is to hear it, at once if it was said before; undefined: nobody any more. */
  listen(listener: (() => void) | undefined): void;
}

export function createBreakOff(): BreakOff {
  let isOver = false;
  let heard: (() => void) | undefined;
  return {
    get isOver() {
      return isOver;
    },
    end() {
      isOver = true;
      heard?.();
      heard = undefined;
    },
    listen(listener) {
      if (isOver) listener?.();
      else heard = listener;
    },
  };
}
