// Where oidc-provider keeps what it knows: in memory, and of registered clients also in a file.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

// What belongs to a registered client.
const KEPT = ['Client', 'RegistrationAccessToken'];

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}

// What the file holds of a kind, by id.
export function kept(file, kind) {
  return (file && read(file)[kind]) ?? {};
}

// The class of which oidc-provider makes one object for each kind.
export function keeper(file) {
  const all = read(file);
  const granted = new Map();

  return class {
    constructor(kind) {
      this.kind = kind;
      all[kind] ??= {};
    }

    // Nothing is acknowledged before it is in the file.
    flush() {
      if (!KEPT.includes(this.kind)) return;
      const chosen = Object.fromEntries(KEPT.map((kind) => [kind, all[kind] ?? {}]));
      writeFileSync(`${file}.new`, JSON.stringify(chosen));
      renameSync(`${file}.new`, file);
    }

    async upsert(id, payload, expiresIn) {
      const ends = expiresIn && Date.now() + expiresIn * 1000;
      all[this.kind][id] = { ...payload, ...(ends && { ends }) };
      if (payload.grantId) {
        const group = granted.get(payload.grantId) ?? new Set();
        granted.set(payload.grantId, group.add([this.kind, id]));
      }
      this.flush();
    }

    async find(id) {
      const found = all[this.kind][id];
      return found && !(found.ends < Date.now()) ? found : undefined;
    }

    findByUid(uid) {
      const found = Object.entries(all[this.kind]).find(([, payload]) => payload.uid === uid);
      return this.find(found?.[0]);
    }

    async findByUserCode() {
      return undefined;
    }

    async consume(id) {
      all[this.kind][id].consumed = Math.floor(Date.now() / 1000);
    }

    async destroy(id) {
      delete all[this.kind][id];
      this.flush();
    }

    async revokeByGrantId(grantId) {
      for (const [kind, id] of granted.get(grantId) ?? []) delete all[kind][id];
    }
  };
}
