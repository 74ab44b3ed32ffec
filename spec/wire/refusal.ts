/** What a codec says of an input that it refuses. */
import { expect } from 'chai';
import { DecodeError } from '../../lib/wire/decode-error.js';

/** The place that the DecodeError names; fails where there is none, or another error. */
export function placeOfRefusal(decode: () => unknown): string {
  try {
    decode();
  } catch (error) {
    if (error instanceof DecodeError) return error.place;
    throw error;
  }
  return expect.fail('nothing was refused');
}
