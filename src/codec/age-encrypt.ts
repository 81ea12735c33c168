/** Bytes to an age file. age-encryption makes the header, for every kind of recipient that it knows. */
import { randomBytes } from 'node:crypto';
import { nonceSize, payloadKey, sealPayload } from './age-payload.ts';
import { newEncrypter } from './recipients.ts';

/** The stage for a pipeline; `usage` where a recipient cannot be used, before the first byte. */
export const encryptAge = (recipients: string[]) =>
  async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const { header, fileKey } = await makeHeader(recipients);
    const nonce = randomBytes(nonceSize);
    yield Buffer.concat([header, nonce]);
    yield* sealPayload(source, payloadKey(fileKey, nonce));
  };

const makeHeader = async (recipients: string[]): Promise<{ header: Uint8Array; fileKey: Uint8Array }> => {
  const encrypter = await newEncrypter(recipients);
  const keys: Uint8Array[] = [];
  // Every recipient is given the file key; this one keeps it, and adds nothing to the header.
  encrypter.addRecipient({
    wrapFileKey: key => {
      keys.push(key);
      return [];
    },
  });
  // After the header of an empty file come its nonce and one empty chunk of 16 bytes, both of which are dropped.
  const empty = await encrypter.encrypt(new Uint8Array(0));
  const [fileKey] = keys;
  if (!fileKey) throw new Error('age-encryption made a header without asking its recipients');
  return { header: empty.subarray(0, -(nonceSize + 16)), fileKey };
};
