/** Text between the lines that begin and end a key (RFC 7468). */

export type PemBlock = {
  /** `PUBLIC KEY`, `PRIVATE KEY`. */
  label: string;
  /** With both lines. */
  text: string;
};

/** All blocks of a file, in order; what stands around them is left out, as openssl does. */
export const pemBlocks = (text: string): PemBlock[] =>
  [...text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----[\s\S]{0,20000}?-----END \1-----/g)].map(
    ([block, label = '']) => ({ label, text: block }),
  );
