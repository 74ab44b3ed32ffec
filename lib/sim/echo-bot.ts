/** The echo chatbot of the demo: it reads, types and answers, and agrees to what users want of their aliases, by REST alone. */
import type { SubscriptionApi } from '../resources/subscription.js';
import type { Callback, RestAnswer, SimulatedPlatform } from './platform.js';

/** What a callback may hold; nothing of it is taken for granted. */
interface ChatMessageNotification {
  readonly senderAddress?: string;
  readonly chatMessage?: { readonly text?: string; readonly contentType?: string };
  readonly link?: readonly { readonly rel: string; readonly href: string }[];
}

interface PrivacyCommandNotification {
  readonly action?: string;
  readonly link?: readonly { readonly rel: string; readonly href: string }[];
  readonly result?: string;
}

/** By which it knows its own subscriptions again. */
const callbackData = 'echo';

/** Answers every message from now on; what fails is told to `onError`. Rejects where the gateway does not let it subscribe. */
export async function startEcho(platform: SimulatedPlatform, onError: (error: unknown) => void): Promise<void> {
  platform.onNotification((callback) => {
    if (callback.kind === 'chatMessageNotification') answer(platform, callback).catch(onError);
    if (callback.kind === 'privacyCommandNotification') agree(platform, callback).catch(onError);
  });
  for (const api of ['chat', 'aliasmgmt'] as const) await subscribeOnce(platform, api);
}

/** A subscription outlives the bot: the one for this notifyURL is kept, those of earlier lives elsewhere are ended. */
async function subscribeOnce(platform: SimulatedPlatform, api: SubscriptionApi): Promise<void> {
  const own = (await platform.subscriptions(api)).filter(
    (found) => found.callbackReference.callbackData === callbackData,
  );
  const isHere = ({ callbackReference }: (typeof own)[number]): boolean =>
    callbackReference.notifyURL === platform.notifyURL;
  for (const old of own.filter((found) => !isHere(found))) await platform.request('DELETE', old.resourceURL);
  if (!own.some(isHere)) expectSuccess(await platform.subscribe(callbackData, api), 'subscribe');
}

async function answer(platform: SimulatedPlatform, { body }: Callback): Promise<void> {
  const { senderAddress, chatMessage, link = [] } = body as ChatMessageNotification;
  if (!chatMessage || senderAddress === undefined) return;
  const receipt = link.find(({ rel }) => rel === 'MessageStatusReport')?.href;
  if (receipt !== undefined) {
    await platform.request('PUT', receipt, { messageStatusReport: { status: 'Displayed' } });
  }
  await platform.composing(senderAddress, 'active');
  const words = chatMessage.text ?? `something of type ${chatMessage.contentType ?? 'unknown'}`;
  const reportRequest = ['Delivered', 'Displayed'] as const;
  expectSuccess(await platform.send(senderAddress, { text: `You said: ${words}`, reportRequest }), 'answer');
}

/** A command that the gateway has answered itself comes with its result. */
async function agree(platform: SimulatedPlatform, { body }: Callback): Promise<void> {
  const { action, link = [], result } = body as PrivacyCommandNotification;
  const place = link.find(({ rel }) => rel === 'PrivacyCommandStatus')?.href;
  if (place === undefined || result !== undefined) return;
  const setting = action === 'AliasOn' ? 'On' : 'Off';
  expectSuccess(
    await platform.request('PUT', place, { privacyCommandStatus: { result: 'Success', setting } }),
    'agree',
  );
}

function expectSuccess({ status, body }: RestAnswer, what: string): void {
  if (status >= 300) throw new Error(`echo bot cannot ${what}: ${status} ${JSON.stringify(body)}`);
}
