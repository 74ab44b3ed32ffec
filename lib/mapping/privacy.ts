/** Privacy management: a user's command as the platform reads it, and the platform's answer as the user's device does. */
import type { PrivacyCommandStatus } from '../resources/privacy-command.js';
import type { PrivacyAnswer } from '../wire/rcs/privacy.js';

/** What the wire calls an action (wire/rcs/privacy.ts) → what the platform is told. */
const actions: ReadonlyMap<string, string> = new Map([
  ['fetchsettings', 'FetchSettings'],
  ['aliason', 'AliasOn'],
  ['aliasoff', 'AliasOff'],
  ['aliaslink', 'AliasLink'],
]);

/** An action that is not known passes verbatim. */
export function mapPrivacyAction(action: string): string {
  return actions.get(action) ?? action;
}

export function mapPrivacyAnswer(commandId: string, { result, setting, alias }: PrivacyCommandStatus): PrivacyAnswer {
  return {
    kind: 'answer',
    commandId,
    result: result === 'Success' ? 'success' : 'failed',
    ...(setting === undefined ? {} : { setting: setting === 'On' ? 'on' : 'off' }),
    ...(alias === undefined ? {} : { alias }),
  };
}

/** Whether a user's alias is in use, and which it is. */
export interface AliasSetting {
  readonly setting: 'On' | 'Off';
  readonly alias?: string;
}

/** What is known of the user's alias once a command is answered; undefined: nothing new. */
export function settingAfter(
  action: string,
  { result, setting, alias }: PrivacyCommandStatus,
): AliasSetting | undefined {
  if (result !== 'Success') return undefined;
  const now = setting ?? settingOf(action);
  return now && { setting: now, ...(alias === undefined ? {} : { alias }) };
}

function settingOf(action: string): AliasSetting['setting'] | undefined {
  if (action === 'AliasOn') return 'On';
  return action === 'AliasOff' ? 'Off' : undefined;
}
