/** What a parse refused with, for specs. */
import { ApiError } from '../../lib/resources/api-error.js';

/** The ApiError that `action` throws; fails where it throws none. */
export function refusal(action: () => unknown): ApiError {
  try {
    action();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** `SVC0002 chatMessage.text`: identifier and first variable. */
export function refused(action: () => unknown): string {
  const error = refusal(action);
  return `${error.id} ${error.variables[0] ?? ''}`;
}
