/**
 * Fills an etcd with what a Kubernetes cluster keeps in one: objects of one to a dozen KiB, most of each the same as
 * in thousands of others, some of it random. zstd -1 makes a snapshot of it about five times smaller.
 */
import { randomBytes } from 'node:crypto';
import { openClient } from '../src/etcd/client.ts';
import type { EtcdSettings } from '../src/etcd/settings.ts';
import { memberStatus } from '../src/etcd/status.ts';

// Below etcd's limits of 128 operations and 1.5 MiB.
const bytesInTransaction = 700_000;
const parallel = 4;

/**
 * Writes until the database file has `size` bytes; what is there already counts. Returns the size that it has then.
 * An etcd for it needs a quota above the size and `--max-txn-ops` and `--max-request-bytes` as they are by default.
 * `incompressible` puts random bytes into every value, as many as the object has: what an API server writes that
 * encrypts all it stores.
 */
export const fillTo = async (
  settings: EtcdSettings,
  size: number,
  { signal, incompressible = false }: { signal: AbortSignal; incompressible?: boolean },
): Promise<number> => {
  await using client = await openClient(settings, settings.endpoints[0] ?? '', { signal });
  const { revision } = await memberStatus(client, { signal });
  const random = sequence(revision);
  let dbSize = 0;
  const write = async () => {
    while (dbSize < size) {
      const success: { request_put: { key: Buffer; value: Buffer } }[] = [];
      for (let bytes = 0; bytes < bytesInTransaction; ) {
        const object = pod(random);
        const { key } = object;
        const value = incompressible ? randomBytes(object.value.length) : object.value;
        success.push({ request_put: { key, value } });
        bytes += key.length + value.length;
        if (success.length === 128) break;
      }
      await client.etcd3((etcd3, options) => etcd3.kv.txn({ compare: [], success, failure: [] }, options), {
        operation: 'fill etcd',
        signal,
      });
      dbSize = (await memberStatus(client, { signal })).dbSize;
    }
  };
  await Promise.all(Array.from({ length: parallel }, write));
  return dbSize;
};

type Random = (below: number) => number;

/** Quick numbers below a limit (the linear congruential generator of the C standard). */
const sequence = (seed: number): Random => {
  let state = seed >>> 0;
  return below => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
};

const pod = (random: Random): { key: Buffer; value: Buffer } => {
  const word = () => random(2 ** 24).toString(36);
  const uid = () => `${word()}-${word()}-${word()}-${word()}`;
  const namespace = `team-${random(60)}`;
  const name = `web-${random(400)}-${word()}-${word()}`;
  const containers = Array.from({ length: 1 + random(6) }, (_, index) => ({
    name: `container-${index}`,
    image: `registry.example/team/app-${random(90)}@sha256:${word()}${word()}${word()}${word()}${word()}`,
    resources: {
      limits: { cpu: '500m', memory: '256Mi' },
      requests: { cpu: '100m', memory: `${64 + random(64)}Mi` },
    },
    env: Array.from({ length: 2 + random(8) }, () => ({ name: `SETTING_${random(300)}`, value: word() })),
    livenessProbe: { httpGet: { path: '/healthz', port: 8080, scheme: 'HTTP' }, periodSeconds: 10 },
    volumeMounts: [
      {
        name: `kube-api-access-${word()}`,
        mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
        readOnly: true,
      },
    ],
    terminationMessagePath: '/dev/termination-log',
    imagePullPolicy: 'IfNotPresent',
  }));
  const body = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name,
      namespace,
      uid: uid(),
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { app: name, 'pod-template-hash': word() },
      // What does not compress: tokens, checksums, certificates.
      annotations: { 'example.com/checksums': randomBytes(100 + random(900)).toString('base64') },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name,
          uid: uid(),
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      containers,
      nodeName: `node-${random(100)}`,
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
    },
    status: {
      phase: 'Running',
      podIP: `10.${random(256)}.${random(256)}.${random(256)}`,
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(type => ({
        type,
        status: 'True',
      })),
      containerStatuses: containers.map(container => ({
        name: container.name,
        ready: true,
        restartCount: random(4),
        containerID: `containerd://${word()}${word()}${word()}${word()}`,
        image: container.image,
      })),
    },
  };
  return {
    key: Buffer.from(`/registry/pods/${namespace}/${name}`),
    value: Buffer.from(JSON.stringify(body)),
  };
};
