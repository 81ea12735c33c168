/**
 * Who may do what (etcd: server/storage/schema/auth.go, auth_users.go, auth_roles.go; api/authpb/auth.proto). The hashes
 * of passwords are in there too, and are never taken out.
 */
import { bytesIn, type Field, fieldsOf, numberIn } from '../wire.ts';
import { bucketIn, rootBucket, valueIn } from './bucket.ts';
import type { Database } from './database.ts';
import { type Listed, readSmallBucket } from './small-bucket.ts';

export type StoredAuth = {
  enabled: boolean;
  users: Listed<StoredUser>;
  roles: Listed<StoredRole>;
};

export type StoredUser = {
  name: string;
  roles: string[];
  /** False where the user comes with a certificate alone. */
  password: boolean;
};

export type StoredRole = { name: string; permissions: Listed<Permission> };

export type Permission = {
  access: 'read' | 'write' | 'readwrite';
  key: Uint8Array;
  /** The end of the range, which is not in it; a single zero byte for all that is not less; null for the key alone. */
  rangeEnd: Uint8Array | null;
};

/** Throws `integrity`. */
export const readAuth = (database: Database): StoredAuth => ({
  enabled: isEnabled(database),
  users: readSmallBucket(database, 'authUsers', (key, value) => {
    const fields = fieldsOf(value);
    const named = nameIn(fields, key);
    if (fields === null || named === null) return 'a user is not as etcd writes it';
    const roles = fields.flatMap(({ number, value }) => (number === 3 ? [value] : []));
    if (!roles.every(role => role instanceof Uint8Array)) return 'a user has a role without a name';
    return {
      name: named,
      roles: roles.slice(0, permissionLimit).map(textOf),
      password: (bytesIn(fields, 2)?.length ?? 0) > 0,
    };
  }),
  roles: readSmallBucket(database, 'authRoles', (key, value) => {
    const fields = fieldsOf(value);
    const named = nameIn(fields, key);
    if (fields === null || named === null) return 'a role is not as etcd writes it';
    const all = fields.filter(({ number }) => number === 2);
    const rows = all.slice(0, permissionLimit).map(permissionIn);
    if (!rows.every(one => one !== null)) return 'a role has a permission that is not as etcd writes it';
    return { name: named, permissions: { total: all.length, rows } };
  }),
});

const permissionLimit = 100;

const isEnabled = (database: Database): boolean => {
  const bucket = bucketIn(database, rootBucket(database), 'auth');
  const value = bucket && valueIn(database, bucket, Buffer.from('authEnabled'), 64);
  return value?.length === 1 && value[0] === 1;
};

/** The name is said twice: as the key, and in the message. */
const nameIn = (fields: Field[] | null, key: Buffer): string | null => {
  const name = bytesIn(fields, 1);
  return name !== null && key.equals(name) ? textOf(name) : null;
};

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

const permissionIn = ({ value }: Field): Permission | null => {
  const fields = value instanceof Uint8Array ? fieldsOf(value) : null;
  const access = fields && accesses[Number(numberIn(fields, 1))];
  if (!fields || !access) return null;
  const rangeEnd = bytesIn(fields, 3);
  return {
    access,
    key: Uint8Array.from(bytesIn(fields, 2) ?? []),
    rangeEnd: rangeEnd === null ? null : Uint8Array.from(rangeEnd),
  };
};

const accesses = ['read', 'write', 'readwrite'] as const;
