/** A key as a document in JSON has it: keys can have any bytes, and most are texts. */

export type KeyFields = {
  /** Null where the bytes are no UTF-8. */
  key: string | null;
  keyBase64: string;
};

export const keyFields = (bytes: Uint8Array): KeyFields => ({
  key: utf8(bytes),
  keyBase64: Buffer.from(bytes).toString('base64'),
});

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const utf8 = (bytes: Uint8Array): string | null => {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
};
