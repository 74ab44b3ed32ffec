/** What the demo says when it is ready: where things are, and lines to paste. */
import { messageUrl } from '../resources/urls.js';

export interface Welcome {
  readonly bot: string;
  /** `+15550100001` */
  readonly number: string;
  /** `http://127.0.0.1:8080` */
  readonly rest: string;
  readonly admin: string;
  readonly phone: string;
  readonly sip: readonly string[];
  /** `host:port` */
  readonly msrp: string;
  readonly key: string;
  readonly adminKey: string;
  /** What `/readyz` had to add. */
  readonly warnings: readonly string[];
}

export function printWelcome(welcome: Welcome): string {
  const { bot, number, rest, admin, phone, sip, msrp, key, adminKey, warnings } = welcome;
  const lines = curlLines(welcome);
  return `
maap-iwf demo: the gateway, a simulated phone ${number} and the echo chatbot ${bot}

  REST API, with its page   ${rest}/docs/
                            key: ${key}
  health, metrics, trace    ${admin}/readyz  /metrics  /trace
                            key of /trace: ${adminKey}
  SIP                       ${sip.join(', ')}
  MSRP                      ${msrp}
  the phone                 ${phone}/
${warnings.map((warning) => `  NOTE                      ${warning}\n`).join('')}
Paste into another terminal:

1. The bot writes to the phone
${lines.send}

2. The phone's inbox
${lines.inbox}

3. What became of the bot's message (same terminal as 1)
${lines.status}

4. The phone writes to the bot, which answers: see 2 again
${lines.phoneSend}

Ctrl-C ends it all. Every event: IWF_LOG__LEVEL=info npm start
`;
}

export interface CurlLines {
  readonly send: string;
  readonly inbox: string;
  readonly status: string;
  readonly phoneSend: string;
}

/** For sh, bash and zsh; without comments, which zsh takes for commands. */
export function curlLines({ bot, number, rest, phone, key }: Welcome): CurlLines {
  const messages = messageUrl({ serverRoot: rest, bot }, { contact: `tel:${number}`, messageId: '' }).replace(
    /\/$/,
    '',
  );
  const authorization = `-H 'Authorization: Bearer ${key}'`;
  const message = '{"chatMessage":{"text":"Hello, phone!","reportRequest":["Delivered","Displayed"]}}';
  const cut = String.raw`sed 's/.*"resourceURL":"\([^"]*\)".*/\1/'`;
  return {
    send:
      `MESSAGE=$(curl -sS '${messages}' ${authorization} -H 'Content-Type: application/json' ` +
      `-d '${message}' | ${cut}); echo "$MESSAGE"`,
    inbox: `curl -sS ${phone}/inbox`,
    status: `curl -sS "$MESSAGE/status" ${authorization}; echo`,
    phoneSend: `curl -sS ${phone}/send -d '{"text":"Hello, bot!"}'`,
  };
}
