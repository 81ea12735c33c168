/** The ASCII armor of age files (age-encryption.org/v1, "ASCII armor"): strict PEM in lines of 64 characters. */
import type { Damage } from './damage.ts';
import { byteReader } from './reader.ts';

export const armorHead = '-----BEGIN AGE ENCRYPTED FILE-----';
const armorEnd = '-----END AGE ENCRYPTED FILE-----';

/** White space that is allowed around the armor, in bytes; age has the same limit. */
const spaceLimit = 1024;

/** The stage for a pipeline. Whatever is not whole, strict armor with nothing but white space around is `integrity`. */
export const dearmor = (damage: Damage) =>
  async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const reader = byteReader(source);
    const nextLine = async () => (await reader.line(spaceLimit)).toString('latin1');
    const text = (line: string) => line.replace(/\r?\n$/, '');
    let line = await nextLine();
    while (line !== '' && line.trim() === '') line = await nextLine();
    if (text(line).trimStart() !== armorHead) throw damage('age armor', 'does not begin as age armor does');
    for (let full = true; ; ) {
      line = await nextLine();
      if (text(line) === armorEnd) break;
      if (!line.endsWith('\n')) throw damage('age armor', 'is cut short: it has no last line');
      const bytes: Buffer | null = full ? lineBytes(text(line)) : null;
      if (!bytes) throw damage('age armor', 'has a line that is not valid');
      full = text(line).length === 64 && bytes.length === 48;
      yield bytes;
    }
    for (line = await nextLine(); line !== ''; line = await nextLine()) {
      if (line.trim() !== '') throw damage('age armor', 'goes on after its last line');
    }
  };

/** Null for what is not canonical base64 of 1 to 48 bytes. */
const lineBytes = (text: string): Buffer | null => {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && text.length <= 64 && bytes.toString('base64') === text ? bytes : null;
};
