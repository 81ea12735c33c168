/** Signatures as options: whose are believed, and what is signed with. A key is named by its file. */
import { listOption, textOption } from './option.ts';

/** For commands that read what is in the store. */
export const trustOptions = {
  trustKey: listOption({
    flag: 'trust-key',
    value: 'FILE',
    help: 'believe only manifests and verdicts that a key of this file has signed (public Ed25519 keys in PEM); may be repeated',
    fallback: [],
  }),
};

/** For commands that write manifests or verdicts. */
export const signOptions = {
  signKey: textOption({
    flag: 'sign-key',
    value: 'FILE',
    help: 'sign the manifest or the verdict with this private Ed25519 key (PEM, as openssl genpkey makes it)',
    fallback: null,
  }),
};
