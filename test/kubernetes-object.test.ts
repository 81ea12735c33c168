import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recognise } from '../src/kubernetes/object.ts';
import { bareObject, envelope, message, secretObject } from './support/kubernetes-protobuf.ts';

const text = (value: string) => recognise(Buffer.from(value));

describe('what a value is', () => {
  it('says a Secret in protobuf, with its raw message and what it holds', () => {
    const value = secretObject('db', 'prod', { password: 'hunter2', user: 'app' });
    const found = recognise(value);
    expect(found).toMatchObject({
      is: 'kubernetes',
      encoding: 'protobuf',
      object: { group: '', version: 'v1', kind: 'Secret', namespace: 'prod', name: 'db' },
    });
    if (found.is !== 'kubernetes' || found.encoding !== 'protobuf') throw new Error('not protobuf');
    expect(found.data?.map(({ name, value: bytes }) => [name, `${Buffer.from(bytes)}`])).toEqual([
      ['password', 'hunter2'],
      ['user', 'app'],
    ]);
    expect(envelope('v1', 'Secret', found.raw)).toEqual(value);
  });

  it('says an object of the cluster, of a group, without data', () => {
    expect(
      recognise(bareObject('rbac.authorization.k8s.io/v1', 'ClusterRole', 'system:node', null)),
    ).toMatchObject({
      object: {
        group: 'rbac.authorization.k8s.io',
        version: 'v1',
        kind: 'ClusterRole',
        namespace: null,
        name: 'system:node',
      },
      data: null,
    });
  });

  it('says the kind of an object whose message is not as others are', () => {
    expect(recognise(envelope('v1', 'Odd', Buffer.from([0xff, 0xff])))).toMatchObject({
      object: { kind: 'Odd', name: null, namespace: null },
    });
  });

  it('says objects in JSON and YAML, and JSON that is none', () => {
    const object = { group: 'cr.bar.com', version: 'v1', kind: 'Foo', namespace: 'prod', name: 'one' };
    expect(
      text('{"apiVersion":"cr.bar.com/v1","kind":"Foo","metadata":{"name":"one","namespace":"prod"}}'),
    ).toEqual({ is: 'kubernetes', encoding: 'json', object });
    expect(text('apiVersion: cr.bar.com/v1\nkind: Foo\nmetadata:\n  name: one\n  namespace: prod\n')).toEqual(
      { is: 'kubernetes', encoding: 'yaml', object },
    );
    expect(
      text(
        '---\nkind: "Foo"\nmetadata:\n  ownerReferences:\n    - kind: Bar\n      name: other\n  name: "one"\napiVersion: v1\n',
      ),
    ).toMatchObject({ object: { kind: 'Foo', group: '', name: 'one', namespace: null } });
    expect(text('{"kind":"Foo"}')).toEqual({ is: 'json' });
    expect(text('[1,2]')).toEqual({ is: 'json' });
  });

  it('says what is encrypted at rest, and with what', () => {
    expect(text('k8s:enc:aescbc:v1:key1:\u0001\u0002')).toEqual({
      is: 'encrypted',
      provider: 'aescbc',
      version: 'v1',
      key: 'key1',
    });
    expect(text('k8s:enc:kms:v2:vault:x')).toMatchObject({ provider: 'kms', version: 'v2', key: 'vault' });
    expect(text('k8s:enc:')).toEqual({ is: 'bytes' });
  });

  it('says text and bytes of everything else', () => {
    expect(text('')).toEqual({ is: 'text' });
    expect(text('k8s')).toEqual({ is: 'text' });
    expect(text('{"cut":')).toEqual({ is: 'text' });
    expect(text('kind: a\n apiVersion: b\n')).toEqual({ is: 'text' });
    expect(text('a\0b')).toEqual({ is: 'bytes' });
    expect(recognise(Buffer.from([0xff, 0xfe]))).toEqual({ is: 'bytes' });
    expect(text('k8s\0')).toEqual({ is: 'bytes' });
  });

  it('never throws, whatever is written there', () => {
    const real = secretObject('db', 'prod', { password: 'hunter2' });
    const hostile = [
      '['.repeat(200_000),
      `apiVersion: v1\nkind: A\nmetadata: ${'['.repeat(20_000)}`,
      'apiVersion: v1\nkind: A\na: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n',
      '{"apiVersion":"v1","kind":"A","metadata":null}',
    ];
    for (const value of hostile) text(value);
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(real.length - 1), fc.nat(255), (tail, at, byte) => {
        recognise(Buffer.concat([Buffer.from('k8s\0'), tail]));
        const flipped = Buffer.from(real);
        flipped[at] = byte;
        recognise(flipped);
        recognise(real.subarray(0, at));
      }),
      { numRuns: 2000 },
    );
    // A length that reaches beyond the end, as large as it can be written.
    expect(recognise(Buffer.from([0x6b, 0x38, 0x73, 0, 0x0a, ...Array(9).fill(0xff), 0x01]))).toEqual({
      is: 'bytes',
    });
    expect(recognise(Buffer.concat([Buffer.from('k8s\0'), message([[1, '']])]))).toEqual({ is: 'bytes' });
  });
});
