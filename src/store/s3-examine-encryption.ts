/** Whether the server encrypts when it is asked to: some take the header and do nothing. */
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { failedBy, passed, type Step } from './examination.ts';
import { ask } from './s3-client.ts';
import type { Examination } from './s3-examination.ts';
import { contentMD5, isEncrypted, newObject } from './s3-object.ts';
import { newTarget } from './s3-target.ts';

/** `encryption`; where none was asked for it tells what would come of it. */
export const encryptionStep = (on: Examination): Step => ({
  name: 'encryption',
  needs: ['put'],
  run: async () => {
    if (on.encryptionTrouble) return { ...failedBy(on.encryptionTrouble), usable: true };
    const asked = on.bucket.settings.encryption;
    if (asked !== null)
      return passed(
        `${asked.kind === 'customer' ? 'the key of the file' : asked.kind}, as the server says itself`,
      );
    return on.mayDelete ? passed(`none asked for; ${await wouldDo(on)}`) : passed('none asked for');
  },
});

const wouldDo = async ({ bucket: used, base, signal }: Examination): Promise<string> => {
  const bucket = { ...used, settings: { ...used.settings, encryption: { kind: 'AES256' as const } } };
  const target = newTarget(bucket, `${base}.encrypted`, bucket.settings.objectLock !== null);
  const body = Buffer.from('encrypted by the server\n');
  const command = new PutObjectCommand({
    Bucket: bucket.bucket,
    Key: target.key,
    Body: body,
    ...newObject(bucket, target, new Date()),
    ...contentMD5(bucket, body),
  });
  try {
    const answer = await ask(bucket, target.about, signal, (client, options) =>
      client.send(command, options),
    );
    return isEncrypted(bucket, answer)
      ? 'this server knows --s3-sse AES256'
      : 'this server passes over --s3-sse in silence: encrypt with --recipient';
  } catch {
    signal.throwIfAborted();
    return 'this server refuses --s3-sse: encrypt with --recipient';
  }
};
