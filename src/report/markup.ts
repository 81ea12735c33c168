import { printable } from './printable.ts';

/** Text for XML and HTML, in an element or in an attribute with double quotes; no control character survives. */
export const markup = (text: string): string =>
  printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    // XML has no place for these two, escaped or not.
    .replaceAll(/[\uFFFE\uFFFF]/g, '\uFFFD');
