/** Schema version 1: records with revision and lifetime; items of the lanes in the order of their commits. */

// No index on expires_at: it would cost a third of all commits; the sweep goes through the table instead, in the order of its key.
// expires_at and due_at: milliseconds since 1970. text: JSON; last, so that neither the sweep nor the lanes, at the start, need read it.
export const records = `
  CREATE TABLE record (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    expires_at INTEGER,
    text TEXT NOT NULL,
    PRIMARY KEY (kind, key)
  ) WITHOUT ROWID;
  CREATE TABLE item (
    seq INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    lane TEXT NOT NULL,
    id TEXT NOT NULL,
    enqueued_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL DEFAULT 0,
    text TEXT NOT NULL
  );
`;
