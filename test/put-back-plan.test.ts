/** What is to become of a key, and which keys a prefix means. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { actionFor } from '../src/job/put-back-plan.ts';
import { fewestPrefixes, prefixRange, startsWith } from '../src/key-range.ts';
import { keyName } from '../src/kubernetes/key-name.ts';
import { whyVolatile } from '../src/kubernetes/volatile.ts';

const bytes = (text: string) => Buffer.from(text);
const rules = { overwrite: false, includeVolatile: false };

test.each([
  ['create', 'x', null, {}],
  ['same', 'x', 'x', {}],
  ['exists', 'x', 'y', {}],
  ['overwrite', 'x', 'y', { overwrite: true }],
  ['same', '', '', { overwrite: true }],
  ['exists', '', 'y', {}],
  ['create', '', null, {}],
] as const)('%s: %j in the snapshot, %j in the cluster, %j', (action, value, living, changed) => {
  const now = living === null ? null : { value: bytes(living) };
  expect(actionFor({ value: bytes(value), volatile: false }, now, { ...rules, ...changed })).toBe(action);
});

test.each([
  ['volatile', null, {}],
  ['volatile', 'y', { overwrite: true }],
  ['same', 'x', {}],
  ['create', null, { includeVolatile: true }],
  ['exists', 'y', { includeVolatile: true }],
  ['overwrite', 'y', { includeVolatile: true, overwrite: true }],
] as const)('%s: of a volatile kind, %j in the cluster, %j', (action, living, changed) => {
  const now = living === null ? null : { value: bytes(living) };
  expect(actionFor({ value: bytes('x'), volatile: true }, now, { ...rules, ...changed })).toBe(action);
});

test.each([
  ['/registry/events/shop/db.17a', true],
  ['/registry/leases/kube-system/kube-scheduler', true],
  ['/registry/masterleases/10.0.0.12', true],
  ['/registry/ranges/serviceips', true],
  ['/registry/services/endpoints/shop/web', true],
  ['/registry/endpointslices/shop/web-x7k', true],
  ['/registry/pods/shop/web-0', true],
  ['compact_rev_key', true],
  ['/registry/services/specs/shop/web', false],
  ['/registry/secrets/shop/db', false],
  ['/registry/example.com/leases/shop/house', false],
  ['/registry/deployments/shop/web', false],
])('%s is volatile: %s', (key, volatile) => {
  const name = keyName(bytes(key));
  expect(name && whyVolatile(name)).toEqual(volatile ? expect.any(String) : null);
});

const short = fc
  .uint8Array({ maxLength: 4 })
  .map(array => Buffer.from(array.map(byte => [0, 1, 0x61, 0xfe, 0xff][byte % 5] ?? 0)));
/** As etcd compares: from the key up to the end, where a zero stands for no end (etcd: rpc.proto, RangeRequest). */
const within = (key: Buffer, { key: first, end }: { key: Buffer; end: Buffer }) =>
  key.compare(first) >= 0 && (end.equals(Buffer.from([0])) || key.compare(end) < 0);

test('a prefix is the range of the keys that begin with it', () => {
  // etcd has no empty key.
  const key = short.filter(one => one.length > 0);
  fc.assert(
    fc.property(short, key, (prefix, one) => {
      expect(within(one, prefixRange(prefix))).toBe(startsWith(one, prefix));
    }),
  );
});

test('the fewest prefixes mean the same keys, each by one of them', () => {
  fc.assert(
    fc.property(fc.array(short, { maxLength: 5 }), short, (prefixes, key) => {
      const counted = fewestPrefixes(prefixes).filter(prefix => startsWith(key, prefix)).length;
      expect(counted).toBe(prefixes.some(prefix => startsWith(key, prefix)) ? 1 : 0);
    }),
  );
});
