/** Objects of Kubernetes as API servers write them into etcd, encoded by the published layout of their messages. */

/** A message of protobuf: fields as number and value; a list of fields is a message within. */
export const message = (fields: [number: number, value: string | Uint8Array | number][]): Buffer =>
  Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (typeof value === 'number') return [varint(number * 8), varint(value)];
      const bytes = Buffer.from(value as Uint8Array);
      return [varint(number * 8 + 2), varint(bytes.length), bytes];
    }),
  );

const varint = (value: number): Buffer => {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
};

/** The envelope (apimachinery, runtime.Unknown) around a kind's own message. */
export const envelope = (apiVersion: string, kind: string, raw: Uint8Array): Buffer =>
  Buffer.concat([
    Buffer.from('k8s\0'),
    message([
      [
        1,
        message([
          [1, apiVersion],
          [2, kind],
        ]),
      ],
      [2, raw],
      [3, ''],
      [4, ''],
    ]),
  ]);

/** ObjectMeta with a name, where it belongs to one a namespace, and a uid as every object has. */
export const metadata = (name: string, namespace: string | null): Buffer =>
  message([
    [1, name],
    [2, ''],
    [3, namespace ?? ''],
    [4, ''],
    [5, '6f1c1f0e-6a06-4d1c-9a5e-0d1d3a1a7b55'],
    [6, ''],
    [7, 0],
  ]);

/** Any kind, with nothing but its metadata. */
export const bareObject = (
  apiVersion: string,
  kind: string,
  name: string,
  namespace: string | null,
): Buffer => envelope(apiVersion, kind, message([[1, metadata(name, namespace)]]));

/** A Secret with its data (core/v1, Secret). */
export const secretObject = (name: string, namespace: string, data: Record<string, string>): Buffer =>
  envelope(
    'v1',
    'Secret',
    message([
      [1, metadata(name, namespace)],
      ...Object.entries(data).map(([key, value]): [number, Buffer] => [
        2,
        message([
          [1, key],
          [2, value],
        ]),
      ]),
      [3, 'Opaque'],
    ]),
  );
