/** The error of a database that is whole, and not of etcd. */
import { SnapbackError } from '../errors.ts';

/** `name` is the file as a person knows it, `bucket` what every etcd writes. */
export const foreignDatabase = (name: string, bucket: string): SnapbackError =>
  new SnapbackError('integrity', {
    operation: 'read the database',
    object: name,
    reason: `has no bucket ${JSON.stringify(bucket)}, so it is not of etcd`,
    hint: 'Name a file that etcdctl, etcdutl or this program made.',
  });
