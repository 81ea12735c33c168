import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSecret, type KeyName, keyName, keysFor, resourceName } from '../src/kubernetes/key-name.ts';

const named = (key: string): KeyName | null => keyName(Buffer.from(key));

// Paths as Kubernetes' own test expects them (test/integration/etcd/data.go), and what a kubeadm cluster has beside.
const known: [key: string, resource: string, namespace: string | null, name: string][] = [
  ['/registry/secrets/prod/db', 'secrets', 'prod', 'db'],
  ['/registry/services/specs/default/kubernetes', 'services', 'default', 'kubernetes'],
  ['/registry/services/endpoints/default/kubernetes', 'endpoints', 'default', 'kubernetes'],
  ['/registry/minions/node-1', 'nodes', null, 'node-1'],
  ['/registry/controllers/default/rc', 'replicationcontrollers', 'default', 'rc'],
  ['/registry/namespaces/kube-system', 'namespaces', null, 'kube-system'],
  ['/registry/events/default/pod.17a', 'events', 'default', 'pod.17a'],
  ['/registry/deployments/prod/web', 'deployments.apps', 'prod', 'web'],
  ['/registry/ingress/prod/web', 'ingresses.networking.k8s.io', 'prod', 'web'],
  ['/registry/leases/kube-node-lease/node-1', 'leases.coordination.k8s.io', 'kube-node-lease', 'node-1'],
  ['/registry/clusterroles/system:node', 'clusterroles.rbac.authorization.k8s.io', null, 'system:node'],
  [
    '/registry/apiregistration.k8s.io/apiservices/v1.apps',
    'apiservices.apiregistration.k8s.io',
    null,
    'v1.apps',
  ],
  [
    '/registry/apiextensions.k8s.io/customresourcedefinitions/foos.cr.bar.com',
    'customresourcedefinitions.apiextensions.k8s.io',
    null,
    'foos.cr.bar.com',
  ],
  ['/registry/cr.bar.com/foos/prod/one', 'foos.cr.bar.com', 'prod', 'one'],
  ['/registry/awesome.bears.com/pandas/three', 'pandas.awesome.bears.com', null, 'three'],
  ['/kubernetes.io/secrets/prod/db', 'secrets', 'prod', 'db'],
];

describe('a key of Kubernetes', () => {
  it.each(known)('%s is %s', (key, resource, namespace, name) => {
    const found = named(key);
    expect(found && resourceName(found)).toBe(resource);
    expect(found).toMatchObject({ namespace, name, ofServer: false });
    expect(keysFor(resource, { namespace, name })).toContain(key);
  });

  it('is told apart from what API servers keep for themselves', () => {
    const keys = ['/registry/masterleases/10.0.0.1', '/registry/ranges/serviceips', 'compact_rev_key'];
    expect(keys.map(key => named(key)?.resource)).toEqual(['masterleases', 'ranges', 'compact_rev_key']);
    expect(keys.map(key => named(key)?.ofServer)).toEqual([true, true, true]);
  });

  it('has no group where a resource is not known here', () => {
    expect(named('/registry/gadgets/prod/x')).toEqual({
      group: null,
      resource: 'gadgets',
      namespace: 'prod',
      name: 'x',
      ofServer: false,
    });
  });

  it.each([
    '',
    '/',
    '/registry',
    '/registry/',
    '/registry/secrets',
    '/registry/secrets/',
    '/registry/secrets//db',
    '/registry/secrets/a/b/c',
    '/registry/services/default/kubernetes/x',
    '/registry/cr.bar.com/foos',
    '/registryx/secrets/prod/db',
    'secrets/prod/db',
  ])('%j is none', key => {
    expect(named(key)).toBeNull();
  });

  it('is never made of bytes that are no text', () => {
    expect(keyName(Buffer.concat([Buffer.from('/registry/secrets/prod/'), Buffer.from([0xff])]))).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array(), bytes => {
        keyName(bytes);
      }),
    );
  });

  it('is of a Secret only where it is one of the core group', () => {
    expect(isSecret(named('/registry/secrets/prod/db'))).toBe(true);
    expect(isSecret(named('/registry/example.com/secrets/prod/db'))).toBe(false);
    expect(isSecret(named('/registry/configmaps/prod/db'))).toBe(false);
    expect(isSecret(null)).toBe(false);
  });

  it('begins as all of its resource and namespace do', () => {
    expect(keysFor('secrets', { namespace: 'prod', name: null })[0]).toBe('/registry/secrets/prod/');
    expect(keysFor('nodes', { namespace: null, name: null })[0]).toBe('/registry/minions/');
    expect(keysFor('events.events.k8s.io', { namespace: null, name: null })[0]).toBe('/registry/events/');
    expect(keysFor('foos.cr.bar.com', { namespace: null, name: null })[0]).toBe('/registry/cr.bar.com/foos/');
  });
});
