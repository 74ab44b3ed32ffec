/** docs/api.md shows the callback of a message as it comes. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { bot, startWorld, type World } from '../world.js';

const page = readFileSync(new URL('../../../../docs/api.md', import.meta.url), 'utf8');

interface Shown {
  readonly chatMessageNotification: Readonly<Record<string, unknown>>;
}

/** Every value that the page leaves out, or that is another one each time, as the page writes it. */
function asShown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asShown);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asShown(member)]));
  return typeof value === 'string' ? left(value) : value;
}

function left(text: string): string {
  if (/^http.*\/status$/.test(text)) return '…/status';
  if (/^http.*\/subscriptions\/[\w-]+$/.test(text)) return '…/subscriptions/…';
  if (/^\d{4}-\d\d-\d\dT/.test(text)) return text.replaceAll(/\d/g, '0');
  return /^(?=.*\d)[\w-]{20,}$/.test(text) ? '…' : text;
}

describe('docs/api.md', () => {
  let world: World;
  before(async () => (world = await startWorld({ subscribe: false })));
  after(() => world.stop());

  it('shows the callback of a message, member by member', async () => {
    const [, subscription = ''] = /-d '(\{"chatNotificationSubscription":[^']*)'/.exec(page) ?? [];
    const [, words = ''] = /8082\/send -d '\{"text":"([^"]*)"\}'/.exec(page) ?? [];
    const [, example = ''] = /```json\n(\{"chatMessageNotification":.*)\n```/.exec(page) ?? [];
    const posted = subscription.replace(/"notifyURL":"[^"]*"/, `"notifyURL":"${world.platform.notifyURL}"`);
    const url = `/chat/v1/${encodeURIComponent(bot)}/subscriptions`;
    expect((await world.platform.request('POST', url, JSON.parse(posted))).status).to.equal(201);
    await world.phone.send(bot, words);
    const { body } = await world.platform.waitFor(({ kind }) => kind === 'chatMessageNotification');
    const shown = (JSON.parse(example) as Shown).chatMessageNotification;
    // The order of the members as well.
    expect(JSON.stringify(asShown(shown), undefined, 1)).to.equal(JSON.stringify(asShown(body), undefined, 1));
  });
});
