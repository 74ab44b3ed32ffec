/** What the specs of the services beyond chat share. */
import { expect } from 'chai';
import type { SubscriptionApi } from '../../../lib/resources/subscription.js';
import type { World } from '../world.js';

export async function subscribe({ platform }: World, api: SubscriptionApi): Promise<void> {
  expect((await platform.subscribe('the data', api)).status).to.equal(201);
}

/** The status that a MESSAGE of the phone is refused with; undefined: it was taken. */
export async function refusalOf(sending: Promise<void>): Promise<number | undefined> {
  try {
    await sending;
    return undefined;
  } catch (error) {
    return Number(/MESSAGE refused: (\d+)/.exec(String(error))?.[1]);
  }
}
