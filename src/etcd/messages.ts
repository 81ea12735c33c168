/**
 * The calls that go over our own gRPC client, with their messages cut from etcd's api/etcdserverpb/rpc.proto
 * (3.4 to 3.7; a field that a version does not know arrives as its default). etcd3 cannot serve them: its proto
 * lacks the newer fields and its `hashKV` names a method that does not exist. Those of Snapshot: snapshot-messages.ts.
 *
 * 64-bit integers are decimal strings here: etcd's ids are beyond 2^53.
 */
import { fromJSON, type MethodDefinition } from '@grpc/proto-loader';

export type Header = { cluster_id: string; member_id: string; revision: string; raft_term: string };

export type StatusResponse = {
  header: Header | null;
  version: string;
  dbSize: string;
  leader: string;
  raftIndex: string;
  raftTerm: string;
  raftAppliedIndex: string;
  errors: string[];
  dbSizeInUse: string;
  isLearner: boolean;
  storageVersion: string;
  dbSizeQuota: string;
};

export type HashKVRequest = { revision: string };
export type HashKVResponse = {
  header: Header | null;
  hash: number;
  compact_revision: string;
  hash_revision: string;
};

export type AuthenticateRequest = { name: string; password: string };
export type AuthenticateResponse = { token: string };

export type Method<Request, Response> = {
  path: string;
  serialize(request: Request): Buffer;
  deserialize(bytes: Buffer): Response;
};

type Fields = Record<string, { type: string; id: number; rule?: 'repeated' }>;

const fields = (list: [name: string, type: string, id: number, rule?: 'repeated'][]) => ({
  fields: Object.fromEntries(
    list.map(([name, type, id, rule]) => [name, { type, id, ...(rule && { rule }) }]),
  ) as Fields,
});

const call = (requestType: string, responseType: string) => ({ requestType, responseType, comment: '' });

const descriptor: Parameters<typeof fromJSON>[0] = {
  nested: {
    etcdserverpb: {
      nested: {
        ResponseHeader: fields([
          ['cluster_id', 'uint64', 1],
          ['member_id', 'uint64', 2],
          ['revision', 'int64', 3],
          ['raft_term', 'uint64', 4],
        ]),
        StatusRequest: fields([]),
        StatusResponse: fields([
          ['header', 'ResponseHeader', 1],
          ['version', 'string', 2],
          ['dbSize', 'int64', 3],
          ['leader', 'uint64', 4],
          ['raftIndex', 'uint64', 5],
          ['raftTerm', 'uint64', 6],
          ['raftAppliedIndex', 'uint64', 7],
          ['errors', 'string', 8, 'repeated'],
          ['dbSizeInUse', 'int64', 9],
          ['isLearner', 'bool', 10],
          ['storageVersion', 'string', 11],
          ['dbSizeQuota', 'int64', 12],
        ]),
        HashKVRequest: fields([['revision', 'int64', 1]]),
        HashKVResponse: fields([
          ['header', 'ResponseHeader', 1],
          ['hash', 'uint32', 2],
          ['compact_revision', 'int64', 3],
          ['hash_revision', 'int64', 4],
        ]),
        AuthenticateRequest: fields([
          ['name', 'string', 1],
          ['password', 'string', 2],
        ]),
        AuthenticateResponse: fields([['token', 'string', 2]]),
        Maintenance: {
          methods: {
            Status: call('StatusRequest', 'StatusResponse'),
            HashKV: call('HashKVRequest', 'HashKVResponse'),
          },
        },
        Auth: { methods: { Authenticate: call('AuthenticateRequest', 'AuthenticateResponse') } },
      },
    },
  },
};

const definition = fromJSON(descriptor, { keepCase: true, longs: String, defaults: true });

const method = <Request extends object, Response extends object>(
  service: string,
  name: string,
): Method<Request, Response> => {
  const methods = definition[`etcdserverpb.${service}`] as unknown as Record<
    string,
    MethodDefinition<Request, Response> | undefined
  >;
  const found = methods[name];
  if (!found) throw new Error(`no method ${service}.${name}`);
  return { path: found.path, serialize: found.requestSerialize, deserialize: found.responseDeserialize };
};

export const statusMethod = method<object, StatusResponse>('Maintenance', 'Status');
export const hashKVMethod = method<HashKVRequest, HashKVResponse>('Maintenance', 'HashKV');
export const authenticateMethod = method<AuthenticateRequest, AuthenticateResponse>('Auth', 'Authenticate');
