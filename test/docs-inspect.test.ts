/** docs/inspect.md is a story that was lived: each of its commands is run, and prints what the page says. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandsIn } from './support/document-commands.ts';
import { secret, secretKey, startLostSecret } from './support/lost-secret.ts';
import { need } from './support/programs.ts';

const programs = await need('3.6');
const page = await readFile(join(import.meta.dirname, '../docs/inspect.md'), 'utf8');

/**
 * What is another thing on each run and on each machine: ids by the order in which they appear, times, addresses, pages that
 * etcd had not used yet, and how wide columns are.
 */
const masked = () => {
  const ids: string[] = [];
  return (text: string): string =>
    text
      .replaceAll(/\d{8}T\d{6}Z-[0-9a-f]{6}/g, id => {
        if (!ids.includes(id)) ids.push(id);
        return `ID${ids.indexOf(id)}`;
      })
      .replaceAll(/just now|\d+ (s|min|h)( ago)?/g, 'AGE')
      .replaceAll(/https:\/\/[\d.]+:\d+/g, 'URL')
      .replaceAll(/(cluster|m0) [0-9a-f]{12,16}\b/g, '$1 HEX')
      .replaceAll(/\/\S*\/backups/g, 'STORE')
      .replaceAll(/raft index \d+|term \d+/g, 'NUMBER')
      .replaceAll(/storage (version not recorded|3\.6\.0)/g, 'STORAGE')
      .replaceAll(/^(database|defrag) .*/gm, '$1 FREE')
      .replaceAll(/[\d.]+ KiB/g, 'SIZE')
      .replaceAll(/ +/g, ' ')
      .trimEnd();
};

test.skipIf(!programs)(
  'every command of the page prints what the page says, and the Secret is back',
  async () => {
    if (!programs) return;
    await using story = await startLostSecret(programs);
    expect(await story.value(secretKey)).toBeNull();
    const [said, printed] = [masked(), masked()];
    const commands = commandsIn(page);
    expect(commands.length).toBeGreaterThan(12);
    for (const { line, output } of commands)
      expect(`$ ${line}\n${printed(await story.run(line))}`).toBe(`$ ${line}\n${said(output)}`);
    expect(await story.value(secretKey)).toEqual(secret);
  },
);
