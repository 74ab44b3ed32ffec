/** Notifications of a platform that wants all and has room for all; nothing is queued but by the spec's own `items`. */
import type { Notifications } from '../../lib/notify/notifications.js';

export const roomy: Omit<Notifications, 'items'> = {
  wanted: () => true,
  tell: () => undefined,
  room: () => Promise.resolve('free'),
  roomFor: () => Promise.resolve('free'),
};

/** What is told is kept by its kind, an event by its type. */
export function notificationsTo(told: string[]): Notifications {
  return {
    ...roomy,
    items: (notification) => {
      told.push(notification.kind === 'chatEvent' ? notification.eventType : notification.kind);
      return [];
    },
  };
}
