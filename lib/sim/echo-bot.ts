/** The echo chatbot of the demo: it reads, types and answers, by REST alone. */
import type { Callback, SimulatedPlatform } from './platform.js';

interface ChatMessageNotification {
  readonly senderAddress: string;
  readonly messageId: string;
  readonly chatMessage?: { readonly text?: string; readonly contentType?: string };
  readonly link?: readonly { readonly rel: string; readonly href: string }[];
}

/** Answers every message from now on; what fails is told to `onError`. */
export function echo(platform: SimulatedPlatform, onError: (error: unknown) => void): void {
  platform.onNotification((callback) => {
    if (callback.kind === 'chatMessageNotification') answer(platform, callback).catch(onError);
  });
}

async function answer(platform: SimulatedPlatform, { body }: Callback): Promise<void> {
  const { senderAddress, chatMessage, link = [] } = body as unknown as ChatMessageNotification;
  if (!chatMessage) return;
  const receipt = link.find(({ rel }) => rel === 'MessageStatusReport')?.href;
  if (receipt !== undefined) {
    await platform.request('PUT', receipt, { messageStatusReport: { status: 'Displayed' } });
  }
  await platform.composing(senderAddress, 'active');
  const words = chatMessage.text ?? `something of type ${chatMessage.contentType ?? 'unknown'}`;
  await platform.send(senderAddress, { text: `You said: ${words}`, reportRequest: ['Delivered', 'Displayed'] });
}
