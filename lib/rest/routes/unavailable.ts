/** Resources that the API has and this gateway does not: 403 POL2006, so that a client knows it asked the right question. */
import { ApiError } from '../../resources/api-error.js';
import type { FurtherActions } from '../further-actions.js';
import type { Route } from '../route.js';

const rows: readonly (readonly [path: string, feature: string])[] = [
  // Chatbots have no group chat.
  ['/chat/v1/{userId}/group', 'group chat'],
  ['/chat/v1/{userId}/group/**', 'group chat'],
];

/** Of services that may be absent: their paths when they are. */
const optional: Readonly<Record<keyof FurtherActions, readonly (readonly [path: string, feature: string])[]>> = {
  capabilitySources: [
    ['/capabilitydiscovery/v1/{userId}/capabilitySources', 'capability sources'],
    ['/capabilitydiscovery/v1/{userId}/capabilitySources/**', 'capability sources'],
  ],
  spamReports: [
    ['/spamreport/v1/{userId}/reports', 'spam reports'],
    ['/spamreport/v1/{userId}/reports/**', 'spam reports'],
  ],
  sessions: [
    ['/chat/v1/{userId}/oneToOne/{otherUserId}', 'confirmed chat'],
    ['/chat/v1/{userId}/oneToOne/{otherUserId}/{sessionId}', 'confirmed chat'],
    ['/chat/v1/{userId}/oneToOne/{otherUserId}/{sessionId}/**', 'confirmed chat'],
  ],
  channels: [
    ['/notificationchannel/v1/{userId}/channels', 'notification channels'],
    ['/notificationchannel/v1/{userId}/channels/**', 'notification channels'],
  ],
  privacyCommands: [['/aliasmgmt/v1/{userId}/{contactId}/commands/**', 'privacy commands']],
};

/** After all routes that exist: the first path that fits is taken. */
export function unavailableRoutes(services: FurtherActions): readonly Route[] {
  const names = Object.keys(optional) as (keyof FurtherActions)[];
  const absent = names.filter((name) => services[name] === undefined).flatMap((name) => optional[name]);
  return [...rows, ...absent].map(([path, feature]) => ({
    method: 'ANY',
    path,
    handle: ({ variables }) => {
      // `adhoc` is reserved: below it is what exists, or nothing.
      if (variables['sessionId'] === 'adhoc') throw new ApiError('SVC2008', ['resource', 'adhoc']);
      throw new ApiError('POL2006', [feature]);
    },
  }));
}
