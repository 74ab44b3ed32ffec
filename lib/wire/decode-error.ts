/** What every codec of the network's language throws: which codec, and the place in the input. */

export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  readonly codec: string;
  /** A line, header, element or byte offset, as the codec counts. */
  readonly place: string;

  constructor(codec: string, place: string, text: string) {
    super(`${codec}: ${text} (at ${place})`);
    this.codec = codec;
    this.place = place;
  }
}
