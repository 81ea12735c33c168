import { expect, test } from 'vitest';
import { parseEndpoint } from '../src/etcd/endpoint.ts';

const plain = { cacert: null, cert: null, key: null };
const withCa = { ...plain, cacert: '/ca.crt' };

test.each([
  ['https://10.0.0.1:2379', plain, 'https://10.0.0.1:2379', true, '10.0.0.1', '10.0.0.1:2379'],
  ['http://10.0.0.1:2379', withCa, 'http://10.0.0.1:2379', false, '10.0.0.1', '10.0.0.1:2379'],
  ['etcd-0.etcd:2379', plain, 'http://etcd-0.etcd:2379', false, 'etcd-0.etcd', 'etcd-0.etcd:2379'],
  ['etcd-0.etcd:2379', withCa, 'https://etcd-0.etcd:2379', true, 'etcd-0.etcd', 'etcd-0.etcd:2379'],
  ['https://[fd00::1]:2379/', plain, 'https://[fd00::1]:2379', true, 'fd00::1', '[fd00::1]:2379'],
  ['unix:///run/etcd.sock', withCa, 'unix:/run/etcd.sock', false, '/run/etcd.sock', 'unix:/run/etcd.sock'],
  ['unix:m0.sock', plain, 'unix:m0.sock', false, 'm0.sock', 'unix:m0.sock'],
])('%s is read as etcdctl reads it', (text, settings, shown, secure, host, target) => {
  expect(parseEndpoint(text, settings)).toMatchObject({ text: shown, secure, host, target });
});

test.each([
  ['10.0.0.1', 'names no port'],
  ['https://etcd.example', 'names no port'],
  ['', 'is not an address'],
  ['https://', 'is not an address'],
  ['fd00::1:2379', 'is not an address'],
  ['http://h:0', 'is not an address'],
  ['http://h:65536', 'is not an address'],
  ['http://user@h:2379', 'is not an address'],
  ['http://h:2379/v3', 'is not an address'],
  ['a:1,b:2', 'is not an address'],
  ['ftp://h:21', 'has the scheme ftp'],
  ['unix:', 'names no socket'],
])('%j is refused as usage', (text, reason) => {
  expect(() => parseEndpoint(text, plain)).toThrow(
    expect.objectContaining({ code: 'usage', reason: expect.stringContaining(reason) }),
  );
});
