/** An age file to bytes. age-encryption reads the header, for every kind of identity that it knows. */
import { messageOf, SnapbackError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { nonceSize, openPayload, payloadKey } from './age-payload.ts';
import type { Damage } from './damage.ts';
import { newDecrypter } from './identities.ts';
import { type ByteReader, byteReader } from './reader.ts';

/** Room for some 150 post-quantum recipients or 2,000 others; each costs about a millisecond to try. */
const headerLimit = 256 * 1024;

export type AgeReading = {
  /** What is read, for errors. */
  name: string;
  damage: Damage;
  /** Read to the end before saying that no identity fits, so that who compares the stored bytes can say more. */
  patient: boolean;
};

/**
 * The stage for a pipeline. `usage` where no identity fits or one cannot be read; whatever is cut, longer or
 * changed is an `integrity` error.
 */
export const decryptAge = (identities: Secret[], reading: AgeReading) =>
  async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const { damage, patient } = reading;
    const reader = byteReader(source);
    const header = await readHeader(reader, damage);
    const fileKey = await openHeader(header, identities, reading);
    if (fileKey instanceof Error) {
      if (patient) while (await reader.some(1 << 20));
      throw fileKey;
    }
    const nonce = await reader.take(nonceSize);
    if (nonce.length < nonceSize) throw damage('age', 'is cut short: it ends after its header');
    yield* openPayload(reader, payloadKey(fileKey, nonce), damage);
  };

const readHeader = async (reader: ByteReader, damage: Damage): Promise<Buffer> => {
  const lines: Buffer[] = [];
  for (let size = 0; ; ) {
    const line = await reader.line(headerLimit - size);
    size += line.length;
    if (line.at(-1) !== 0x0a) {
      throw damage(
        'age',
        size < headerLimit ? 'is cut short: it ends in its header' : 'has no header that ends',
      );
    }
    lines.push(line);
    if (lines.length === 1 && line.toString('latin1') !== 'age-encryption.org/v1\n') {
      throw damage('age', 'does not begin as an age file (version 1) does');
    }
    if (line.subarray(0, 3).toString('latin1') === '---') return Buffer.concat(lines);
  }
};

/** The file key, or the error that no identity fits. */
const openHeader = async (
  header: Buffer,
  identities: Secret[],
  { name, damage }: AgeReading,
): Promise<Uint8Array | SnapbackError> => {
  const decrypter = await newDecrypter(identities);
  let allTried = false;
  // Asked only when no identity before it had the key.
  decrypter.addIdentity({
    unwrapFileKey: () => {
      allTried = true;
      return null;
    },
  });
  try {
    return await decrypter.decryptHeader(header);
  } catch (cause) {
    if (allTried)
      return noIdentityFits(name, identities.length, /^-> scrypt /m.test(header.toString('latin1')), cause);
    throw damage('age', `has a header that is not valid (${messageOf(cause)})`, cause);
  }
};

const noIdentityFits = (name: string, count: number, passphrase: boolean, cause: unknown): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'decrypt',
    object: name,
    reason: passphrase
      ? 'is encrypted with a passphrase, which this program does not ask for'
      : count === 0
        ? 'is encrypted with age, and no identity was given'
        : `is encrypted for other recipients than those of the ${count === 1 ? 'identity' : `${count} identities`} given`,
    hint: passphrase
      ? 'Decrypt it with `age -d` first, then give the decrypted file.'
      : 'Name the file with the secret key that fits: --identity FILE.',
    cause,
  });
