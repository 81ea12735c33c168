/** What an HTTP request asks of S3, read from its method and its path-style URL, as S3's API reference has them. */

export type S3Request = {
  kind: S3Kind;
  method: string;
  bucket: string;
  key: string;
  /** Of UploadPart. */
  part: number | null;
  /** True where its body comes with one of the newer checksums. */
  checksum: boolean;
};

export type S3Kind = (typeof rows)[number][3];

/** What is not known here is `other`. */
export const readS3Request = (method: string, path: string, headers: NodeJS.Dict<unknown>): S3Request => {
  const { pathname, searchParams } = new URL(`http://any${path}`);
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/.exec(pathname)?.map(decodeURIComponent) ?? [];
  const of = key !== '' ? 'object' : bucket !== '' ? 'bucket' : 'service';
  const has = (mark: string) => mark === '' || searchParams.has(mark) || mark in headers;
  const row = rows.find(([verb, what, mark]) => verb === method && what === of && has(mark));
  const part = Number(searchParams.get('partNumber')) || null;
  const checksum = Object.keys(headers).some(name => /^x-amz-(sdk-)?checksum-/.test(name));
  return { kind: row?.[3] ?? 'other', method, bucket, key, part, checksum };
};

/** Method, what the URL names, a parameter or header that must be there, and the operation; the first that fits. */
const rows = [
  ['GET', 'service', '', 'ListBuckets'],
  ['GET', 'bucket', 'list-type', 'ListObjectsV2'],
  ['GET', 'bucket', 'versions', 'ListObjectVersions'],
  ['GET', 'bucket', 'uploads', 'ListMultipartUploads'],
  ['GET', 'bucket', 'versioning', 'GetBucketVersioning'],
  ['GET', 'bucket', 'object-lock', 'GetObjectLockConfiguration'],
  ['GET', 'bucket', 'location', 'GetBucketLocation'],
  ['GET', 'object', 'uploadId', 'ListParts'],
  ['GET', 'object', 'retention', 'GetObjectRetention'],
  ['GET', 'object', 'legal-hold', 'GetObjectLegalHold'],
  ['GET', 'object', 'tagging', 'GetObjectTagging'],
  ['GET', 'object', '', 'GetObject'],
  ['HEAD', 'bucket', '', 'HeadBucket'],
  ['HEAD', 'object', '', 'HeadObject'],
  ['PUT', 'object', 'partNumber', 'UploadPart'],
  ['PUT', 'object', 'retention', 'PutObjectRetention'],
  ['PUT', 'object', 'legal-hold', 'PutObjectLegalHold'],
  ['PUT', 'object', 'tagging', 'PutObjectTagging'],
  ['PUT', 'object', 'x-amz-copy-source', 'CopyObject'],
  ['PUT', 'object', '', 'PutObject'],
  ['POST', 'bucket', 'delete', 'DeleteObjects'],
  ['POST', 'object', 'uploads', 'CreateMultipartUpload'],
  ['POST', 'object', 'uploadId', 'CompleteMultipartUpload'],
  ['DELETE', 'object', 'uploadId', 'AbortMultipartUpload'],
  ['DELETE', 'object', '', 'DeleteObject'],
  ['', '', '', 'other'],
] as const;
