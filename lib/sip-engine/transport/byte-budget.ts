/** Bytes that all connections hold together: of messages begun and not whole, and of what peers have not taken. */

/** What one connection holds of it. */
export interface ByteShare {
  /** From now on so many; false where that is more than before, and more than there is room for. */
  hold(bytes: number): boolean;
}

export class ByteBudget {
  private readonly maxBytes: number;
  private usedBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  open(): ByteShare {
    let held = 0;
    return {
      hold: (bytes) => {
        const more = bytes - held;
        held = bytes;
        this.usedBytes += more;
        return more <= 0 || this.usedBytes <= this.maxBytes;
      },
    };
  }
}
