/** Users whom a platform may know by a token alone: they want privacy (RFC 3323), and it is not trusted with numbers. */

/** The domain itself is nobody's (RFC 2606 §2). */
export function isHidden(userKey: string): boolean {
  return userKey.endsWith('@anonymous.invalid');
}
