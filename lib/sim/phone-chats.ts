/** The phone's chats: at most one to write in for each bot, opened when needed, opened again when the old one is gone. */
import { Inviter, type Session, SessionState, UserAgent } from 'sip.js/lib/api/index.js';
import type { PhoneMedia } from './phone-media.js';

export interface PhoneChatsOptions {
  readonly agent: UserAgent;
  /** Of an INVITE. */
  readonly headers: () => string[];
  readonly openTimeoutMs: number;
  readonly changed: () => void;
}

export interface PhoneChat {
  readonly bot: string;
  readonly session: Session;
  readonly media: PhoneMedia;
}

export class PhoneChats {
  private readonly options: PhoneChatsOptions;
  /** To write in, by the bot's URI. */
  private readonly current = new Map<string, PhoneChat>();
  private readonly opening = new Map<string, Promise<PhoneChat>>();
  /** Also those that a newer one has replaced: their peer may still write in them. */
  private readonly all = new Set<PhoneChat>();

  constructor(options: PhoneChatsOptions) {
    this.options = options;
  }

  /** Whether a chat with the bot is up. */
  has(bot: string): boolean {
    return this.usable(bot) !== undefined;
  }

  /** The chat with the bot, or a new one. Rejects with the status where the gateway refuses it, or does not answer in time. */
  async open(bot: string): Promise<PhoneChat> {
    const usable = this.usable(bot);
    if (usable) return usable;
    const pending = this.opening.get(bot);
    if (pending) return pending;
    const opened = this.invite(bot).finally(() => this.opening.delete(bot));
    this.opening.set(bot, opened);
    return opened;
  }

  /** A chat that was accepted; the latest is the one to write in. */
  keep(bot: string, session: Session): PhoneChat {
    const chat = { bot, session, media: session.sessionDescriptionHandler as PhoneMedia };
    this.current.set(bot, chat);
    this.all.add(chat);
    session.stateChange.addListener((state) => {
      if (state === SessionState.Terminated) this.ended(chat);
    });
    return chat;
  }

  /** By BYE if it is up. */
  async leave(chat: PhoneChat): Promise<void> {
    this.ended(chat);
    if (chat.session.state === SessionState.Established) await chat.session.bye();
  }

  async leaveBot(bot: string): Promise<void> {
    const chat = this.current.get(bot);
    if (chat) await this.leave(chat);
  }

  async leaveSession(session: Session): Promise<void> {
    for (const chat of this.all) if (chat.session === session) await this.leave(chat);
  }

  async leaveAll(): Promise<void> {
    await Promise.allSettled([...this.all].map((chat) => this.leave(chat)));
  }

  private usable(bot: string): PhoneChat | undefined {
    const chat = this.current.get(bot);
    return chat?.session.state === SessionState.Established && !chat.media.closed ? chat : undefined;
  }

  private ended(chat: PhoneChat): void {
    chat.media.close();
    this.all.delete(chat);
    if (this.current.get(chat.bot) === chat) this.current.delete(chat.bot);
    this.options.changed();
  }

  private async invite(bot: string): Promise<PhoneChat> {
    const { agent, headers, openTimeoutMs } = this.options;
    const target = UserAgent.makeURI(bot);
    if (!target) throw new TypeError(`not a SIP URI: ${bot}`);
    const inviter = new Inviter(agent, target, { extraHeaders: headers() });
    const late = setTimeout(() => {
      inviter.cancel().catch(() => undefined);
    }, openTimeoutMs);
    try {
      await established(inviter);
    } finally {
      clearTimeout(late);
    }
    return this.keep(bot, inviter);
  }
}

/** Rejects also where sip.js only says that it is over: no connection, no answer. */
function established(inviter: Inviter): Promise<void> {
  let refusal = 'no answer';
  return new Promise((resolve, reject) => {
    inviter.stateChange.addListener((state) => {
      if (state === SessionState.Established) resolve();
      // The delegate that knows the status is called after this listener.
      if (state === SessionState.Terminating || state === SessionState.Terminated) {
        queueMicrotask(() => reject(new Error(`chat refused: ${refusal}`)));
      }
    });
    const onReject = ({ message }: { message: { statusCode?: number | undefined } }): void => {
      refusal = String(message.statusCode ?? refusal);
    };
    inviter.invite({ requestDelegate: { onReject } }).catch(reject);
  });
}
