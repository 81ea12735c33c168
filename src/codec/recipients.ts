/** Whom a snapshot is encrypted for: `age1…` of every kind that age-encryption knows. */
import type { Encrypter } from 'age-encryption';
import { SnapbackError } from '../errors.ts';

/** The text of a recipients file, and its path for what is said about it. */
export type RecipientsFile = { path: string; text: string };

/**
 * The recipients in it: a line each, blank lines and `#` comments left out. Throws `usage` where there is none, for
 * who names such a file does not want to store in clear.
 */
export const recipientsIn = ({ path, text }: RecipientsFile): string[] => {
  const lines = text.split('\n').map(line => line.trim());
  const recipients = lines.filter(line => line !== '' && !line.startsWith('#'));
  if (recipients.length > 0) return recipients;
  throw new SnapbackError('usage', {
    operation: 'encrypt',
    object: `recipients file ${path}`,
    reason: 'names no recipient, and what is stored would be unencrypted',
    hint: 'Write one age1… a line, or leave --recipients-file out.',
  });
};

/** Rejects with `usage` and a sentence for the first recipient that cannot be used; for asking before work begins. */
export const checkRecipients = async (recipients: string[]): Promise<void> => {
  if (recipients.length > 0) await newEncrypter(recipients);
};

/** An encrypter for all of them; `usage` where one cannot be used. */
export const newEncrypter = async (recipients: string[]): Promise<Encrypter> => {
  // Loaded when it is needed: it costs as much as the rest of the program's start.
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    const refusal = refuse(recipient);
    if (refusal) throw refusal;
    try {
      encrypter.addRecipient(recipient);
    } catch (cause) {
      throw unusable(
        recipient,
        'is not a valid age recipient',
        'Check it for a missing or wrong character.',
        cause,
      );
    }
  }
  // As the age program has it: a copy for an old kind would give away what the new kind is to protect.
  const [first] = recipients;
  const other = recipients.find(recipient => first && isPostQuantum(recipient) !== isPostQuantum(first));
  if (first && other) {
    throw unusable(
      other,
      `cannot be mixed with ${short(first)}: one is post-quantum and the other not`,
      'Give recipients of one kind.',
    );
  }
  return encrypter;
};

const isPostQuantum = (recipient: string): boolean => /^age1(pq|tagpq)1/.test(recipient);

const refuse = (recipient: string): SnapbackError | null => {
  if (/^AGE-(SECRET-KEY|PLUGIN)-/i.test(recipient)) {
    return new SnapbackError('usage', {
      operation: 'encrypt',
      object: 'a recipient',
      reason: 'is a secret key, where its public half is wanted',
      hint: 'Give what `age-keygen -y` prints for it (age1…), and treat the key as leaked if others could see it.',
    });
  }
  const own = 'Make a key with `age-keygen` and give its age1… recipient.';
  if (/^(ssh-|ecdsa-|sk-)/.test(recipient))
    return unusable(recipient, 'is an SSH key, which is not read here', own);
  const [, plugin] = /^age1([^1]+)1/.exec(recipient) ?? [];
  if (plugin && !['pq', 'tag', 'tagpq'].includes(plugin)) {
    return unusable(recipient, `needs the program age-plugin-${plugin}, and plugins are not run here`, own);
  }
  if (!recipient.startsWith('age1'))
    return unusable(recipient, 'is not an age recipient: those begin with age1', own);
  return null;
};

const unusable = (recipient: string, reason: string, hint: string, cause?: unknown): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'encrypt',
    object: `recipient ${short(recipient)}`,
    reason,
    hint,
    cause,
  });

const short = (recipient: string): string => {
  const text = JSON.stringify(recipient).slice(1, -1);
  return text.length > 80 ? `${text.slice(0, 60)}…` : text;
};
